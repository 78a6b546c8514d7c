"""Which of several smallest choices z3 made depended on what else had been asked in the same process."""

import z3

from policy.solver import Chooser


def chosen() -> list[tuple[int, ...] | None]:
    chooser = Chooser(range(12))
    found = []
    for i in range(6):
        chooser.learn("a", (i, i + 3, i + 6), (i + 1,) if i % 2 else ())
        found.append(chooser.smallest(("a",), 0, 4))
    return found


def test_choices_do_not_depend_on_the_past() -> None:
    before = chosen()
    for n in range(40):
        other = z3.Solver()
        items = [z3.Bool(f"item {i}") for i in range(n % 12, -1, -1)]
        other.add(z3.Or(items), z3.AtMost(*items, 2))
        other.check()
        assert chosen() == before
