"""Decision diagrams mean what the conditions that they stand for mean."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from policy.solver.horn.diagram import ALWAYS, NEVER, Cube, Diagrams

VARIABLES = {"a": ("x", "y", "z"), "b": ("false", "true"), "c": ("k", "l", "m", "n"), "d": ("false", "true")}
WORLDS = [dict(zip(VARIABLES, values, strict=True)) for values in product(*VARIABLES.values())]
World = Mapping[str, str]

literals = st.sampled_from([("is", name, value) for name, values in VARIABLES.items() for value in values])
conditions = st.recursive(
    literals,
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=0, max_size=3)),
        st.tuples(st.just("if"), inner, inner, inner),
    ),
    max_leaves=12,
)


def true(condition: tuple, world: World) -> bool:
    match condition:
        case ("is", name, value):
            return world[name] == value
        case ("not", of):
            return not true(of, world)
        case ("and", parts):
            return all(true(part, world) for part in parts)
        case ("or", parts):
            return any(true(part, world) for part in parts)
        case ("if", when, yes, no):
            return true(yes, world) if true(when, world) else true(no, world)
    raise AssertionError(condition)


def built(d: Diagrams, condition: tuple) -> int:
    match condition:
        case ("is", name, value):
            return d.equals(d.unknown("variable", name), value)
        case ("not", of):
            return d.negated(built(d, of))
        case ("and", parts):
            return d.both(*(built(d, part) for part in parts))
        case ("or", parts):
            return d.either(built(d, part) for part in parts)
        case ("if", when, yes, no):
            return d.chosen(built(d, when), built(d, yes), built(d, no))
    raise AssertionError(condition)


def diagrams() -> Diagrams:
    d = Diagrams()
    for name, values in VARIABLES.items():
        d.unknown("variable", name, values)
    return d


def inside(d: Diagrams, cube: Cube, world: World) -> bool:
    return all(d.unknowns[i].values.index(world[d.unknowns[i].name]) in values for i, values in cube)


@given(conditions)
def test_cubes_are_the_condition_and_none_is_superfluous(condition: tuple) -> None:
    d = diagrams()
    cubes = d.cubes(built(d, condition))
    covers = [{i for i, world in enumerate(WORLDS) if inside(d, cube, world)} for cube in cubes]
    assert set().union(*covers) == {i for i, world in enumerate(WORLDS) if true(condition, world)}
    for i, cover in enumerate(covers):
        assert cover - set().union(*covers[:i], *covers[i + 1 :])


@given(conditions, conditions)
def test_equal_conditions_are_one_diagram(one: tuple, other: tuple) -> None:
    d = diagrams()
    a, b = built(d, one), built(d, other)
    assert (a == b) == all(true(one, world) == true(other, world) for world in WORLDS)
    assert (d.without(a, b) == NEVER) == all(true(other, world) for world in WORLDS if true(one, world))
    assert (a == ALWAYS) == all(true(one, world) for world in WORLDS)


@given(conditions)
def test_support_is_what_makes_a_difference(condition: tuple) -> None:
    d = diagrams()
    names = {d.unknowns[i].name for i in d.support(built(d, condition))}
    for name, values in VARIABLES.items():
        changed = [(world, {**world, name: value}) for world in WORLDS for value in values]
        assert (name in names) == any(true(condition, a) != true(condition, b) for a, b in changed)
