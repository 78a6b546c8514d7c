"""Conditions put together mean what their parts say, and sets of endpoints have whom their conditions say."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from policy.core.groups import Group, bits, both, either, exclude, membership, options_in
from policy.core.layout import Layout
from policy.core.model import ALWAYS, NEVER, And, Claim, Iff, Is, Model, Not, Option, Or, World
from policy.core.network import true
from policy.core.view import View

VALUES = {"o": ("a", "b"), "p": ("a", "b", "c")}
WORLDS = [dict(zip(VALUES, values, strict=True)) for values in product(*VALUES.values())]
OPTIONS = Model(options={name: Option(name, values) for name, values in VALUES.items()})
SIZE = 5  # endpoints


def conditions() -> st.SearchStrategy[Claim]:
    """Conditions on two options, the simple ones by preference."""
    simple = st.sampled_from([ALWAYS, NEVER, *(Is(name, value) for name, some in VALUES.items() for value in some)])
    return st.recursive(
        simple,
        lambda inner: st.one_of(
            inner.map(Not),
            st.lists(inner, max_size=3).map(lambda of: And(tuple(of))),
            st.lists(inner, max_size=3).map(lambda of: Or(tuple(of))),
            st.builds(Iff, inner, inner),
        ),
        max_leaves=4,
    )


Items = list[tuple[int, Claim]]
PRESENT = st.lists(conditions(), min_size=SIZE, max_size=SIZE)
ITEMS = st.lists(st.tuples(st.integers(0, SIZE - 1), conditions()), max_size=6)


@given(st.lists(conditions(), max_size=4))
def test_both_and_either_are_conjunction_and_disjunction(some: list[Claim]) -> None:
    """In every world; they speak of no other options."""
    for world in WORLDS:
        assert true(both(*some), world) == all(true(c, world) for c in some)
        assert true(either(*some), world) == any(true(c, world) for c in some)
    assert set(options_in(both(*some))) | set(options_in(either(*some))) <= set(options_in(tuple(some)))


@given(conditions(), conditions())
def test_what_excludes_never_holds_together(a: Claim, b: Claim) -> None:
    """Whatever is said to exclude each other."""
    assert not exclude(a, b) or not any(true(a, world) and true(b, world) for world in WORLDS)


def test_exclusion_is_seen_where_it_is_plain() -> None:
    """Two values of one option, a condition and its negation, by themselves or within a conjunction."""
    a, b, other = Is("o", "a"), Is("o", "b"), Is("p", "a")
    assert exclude(a, b) and exclude(Not(other), other) and exclude(And((other, a)), And((b, Not(NEVER))))
    assert not exclude(a, other) and not exclude(a, a)


@given(st.lists(conditions(), max_size=4))
def test_a_disjunction_that_leaves_nothing_out_is_seen_soundly(some: list[Claim]) -> None:
    """`Layout.some` means the same as `either`, and sees that all values of an option are all."""
    layout = Layout(OPTIONS)
    for world in WORLDS:
        assert true(layout.some(*some), world) == any(true(c, world) for c in some)
    assert layout.some(Is("o", "b"), *some, Is("o", "a")) == ALWAYS


def members(items: Items, minus: Items, world: World) -> int:
    """The set by the plain reading."""
    inside = {i for i, when in items if true(when, world)} - {i for i, when in minus if true(when, world)}
    return sum(1 << i for i in inside)


def built(items: Items, minus: Items, present: list[Claim]) -> tuple[Items, Items, Group]:
    """The group, its items only where they exist."""
    there = [(i, both(present[i], when)) for i, when in items]
    less = [(i, both(present[i], when)) for i, when in minus]
    taken = Group([(1 << i, when) for i, when in less], present) if less else None
    return there, less, Group([(1 << i, when) for i, when in there], present, taken)


@given(ITEMS, ITEMS, PRESENT)
def test_a_group_has_whom_its_conditions_say(items: Items, minus: Items, present: list[Claim]) -> None:
    """In every world the fixed ones, and those of `guarded` whose condition holds; `membership` says so of each;
    nobody is in it that is not in `widest`."""
    there, less, group = built(items, minus, present)
    for world in WORLDS:
        expected = members(there, less, world)
        found = group.fixed
        for bit, when in group.guarded:
            found |= bit if true(when, world) else 0
        assert found == expected
        assert found == sum(1 << i for i in range(SIZE) if true(membership(group, i), world))
        assert found & ~group.widest == 0


@given(ITEMS, ITEMS, PRESENT)
def test_given_ones_are_in_it_whenever_they_exist(items: Items, minus: Items, present: list[Claim]) -> None:
    """And who of the others is in it depends on the decisive options alone."""
    there, less, group = built(items, minus, present)
    for world in WORLDS:
        here = sum(1 << i for i in range(SIZE) if true(present[i], world))
        assert group.given & here & ~members(there, less, world) == 0
        for other in WORLDS:
            if all(world[name] == other[name] for name in group.decisive):
                rest = group.widest & ~group.given
                assert members(there, less, world) & rest == members(there, less, other) & rest


@given(ITEMS, PRESENT, st.dictionaries(st.sampled_from(sorted(VALUES)), st.just(True), max_size=2))
def test_bounds_under_some_decisions(items: Items, present: list[Claim], names: dict[str, bool]) -> None:
    """Sure members are in it in every world that agrees with the decisions, others than possible ones in none."""
    there, less, group = built(items, [], present)
    for world in WORLDS:
        sure, possible = View(Layout(OPTIONS), {(name, world[name]): True for name in names}).group(group)
        expected = members(there, less, world)
        assert sure & ~expected == 0 and expected & ~possible == 0
        assert len(names) < len(VALUES) or sure == possible


@given(st.integers(0, 1 << 200))
def test_bits(mask: int) -> None:
    """The set bits, lowest first."""
    assert list(bits(mask)) == [i for i in range(201) if mask >> i & 1]
