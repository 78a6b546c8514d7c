"""Smallest choices, held against trying them all."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from policy.solver import Chooser

ITEMS = 6
some = st.frozensets(st.integers(0, ITEMS - 1), max_size=3)
clauses = st.lists(st.tuples(st.sampled_from("xy"), some, some), max_size=8)


def smallest(groups: list[int], learned: list[tuple[str, frozenset[int], frozenset[int]]], reasons: str) -> int | None:
    for size in range(ITEMS + 1):
        for choice in combinations(range(ITEMS), size):
            apart = len({groups[i] for i in choice}) == size
            if apart and all(r not in reasons or yes & {*choice} or no - {*choice} for r, yes, no in learned):
                return size
    return None


@given(st.lists(st.integers(0, 4), min_size=ITEMS, max_size=ITEMS), clauses, st.sampled_from(["", "x", "y", "xy"]))
def test_a_smallest_choice(
    groups: list[int], learned: list[tuple[str, frozenset[int], frozenset[int]]], reasons: str
) -> None:
    """It satisfies every clause whose reason is heeded, takes one of a group at most, and none is smaller."""
    chooser = Chooser(groups)
    for reason, yes, no in learned:
        chooser.learn(reason, yes, no)
    found = chooser.smallest(reasons, 0, ITEMS)
    assert (None if found is None else len(found)) == smallest(groups, learned, reasons)
    if found is not None:
        assert len({groups[i] for i in found}) == len(found)
        assert all(r not in reasons or yes & {*found} or no - {*found} for r, yes, no in learned)
        assert chooser.smallest(reasons, 0, len(found) - 1) is None


def test_nothing_to_choose_from() -> None:
    chooser = Chooser([])
    assert chooser.smallest((), 0, 3) == ()
    chooser.learn("x", (), ())
    assert chooser.smallest(("x",), 0, 3) is None
