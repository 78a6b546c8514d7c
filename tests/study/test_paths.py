"""Minimal paths and attacks, held against trying all of them, and known ones of the specs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import pytest
import strategies
import walking
from agreement import model_of
from hypothesis import event, given, note
from hypothesis import strategies as st

from policy.core import semantics
from policy.core.evidence import threatened
from policy.core.model import Failure, Invariant, Model, PathClaim, World
from policy.core.network import Network
from policy.core.replay import Replay
from policy.core.view import View
from policy.solver.budget import Budget, OutOfBudgetError
from policy.solver.connect import Trail
from policy.study.design import Case
from policy.study.paths import each_minimal, minimal_paths

LONGEST = 4  # steps of the walks that are tried
ALL = 10_000


def variants(claim: PathClaim) -> Iterator[PathClaim]:
    """The claim, that there is no walk at all, and that none passes what it says."""
    yield claim
    yield replace(claim, quantifier="no", passes=None, crosses=None)
    if claim.passes is not None:
        yield replace(claim, quantifier="some", attack=False)
        yield replace(claim, quantifier="every")
    if not claim.attack:
        yield replace(claim, attack=True, within=None)


def view_of(case: Case, invariant: Invariant, world: World, failure: Failure) -> View:
    failing = {literal: literal in failure for literal in threatened(invariant.threats)}
    return View(case.layout, {**dict.fromkeys(world.items(), True), **failing}, threatened(invariant.threats))


def visited(trail: Trail) -> walking.Visited:
    """The endpoints of a trail as the plain reading numbers them: a host stands in one place of each world."""
    return tuple(replace(end, place=0) for end in (trail.start, *(step.target for step in trail.steps)))


def disagreements(model: Model, invariant: Invariant, world: World, failure: Failure) -> Iterator[str]:
    """What is wrong with the minimal walks of an invariant's claim there."""
    assert isinstance(invariant.claim, PathClaim)
    case, net = Case(model), Network(model, world, failure)
    view = view_of(case, invariant, world, failure)
    for claim in variants(invariant.claim):
        trails = minimal_paths(case, claim, view, ALL)
        for trail in trails:
            if refusal := Replay(view, claim).refusal(trail.start, trail.steps):
                yield f"{trail} is refused: {refusal}"
        if claim.attack:
            expected = walking.minimal_attacks(net, claim, 8)
            found = {frozenset(visited(trail)) - net.compromised for trail in trails}
            if expected is not None and (found != expected or len(found) != len(trails)):
                yield f"attacks for {claim}: {found - expected} too many, {expected - found} too few"
            event(f"{'many' if expected is None else min(len(expected), 3)} attacks")
        else:
            walks = [visited(trail) for trail in trails]
            expected_walks = walking.Walks(net, claim).minimal(LONGEST)
            found_walks = {walk for walk in walks if len(walk) <= LONGEST + 1}
            if found_walks != expected_walks or len(set(walks)) != len(walks):
                yield f"{claim}: {found_walks - expected_walks} too many, {expected_walks - found_walks} too few"
            number = case.layout.number
            ranks = [(len(t.steps), number[t.start], *(number[s.target] for s in t.steps)) for t in trails]
            if ranks != sorted(ranks):
                yield f"{claim}: not shortest first, in the order of the text"
            event(f"{min(len(walks), 3)} paths")


@pytest.mark.parametrize("designs", [strategies.designs(), strategies.networks()], ids=["designs", "networks"])
def test_minimal_walks_are_those_found_by_trying_all(designs: st.SearchStrategy[str]) -> None:
    """Each is replayed; none is missing, none visits more than another."""

    @given(designs, st.randoms(use_true_random=False))
    def agrees(text: str, random: object) -> None:
        note(text)
        model = model_of(text)
        worlds = list(semantics.worlds(model))
        for invariant in model.invariants.values():
            if isinstance(invariant.claim, PathClaim) and worlds:
                failures = list(semantics.failures(invariant.threats))
                world, failure = random.choice(worlds), random.choice(failures)  # type: ignore[attr-defined]
                assert list(disagreements(model, invariant, world, failure)) == []

    agrees()


LADDER = "\n".join(
    ["service s = tcp 1", "domain a { host a1 listens s }"]
    + [f"domain z{i} {{ host l{i} listens s host r{i} listens s }}" for i in range(12)]
    + ["firewall F0 joins a, z0 { allow a1 -> z0 : s }"]
    + [f"firewall F{i + 1} joins z{i}, z{i + 1} {{ allow l{i}, r{i} -> l{i + 1}, r{i + 1} : s }}" for i in range(11)]
    + ["invariant far: no path from a1 to l11", "invariant attacked: no attack from a1 to l11"]
)


@pytest.mark.parametrize("name", ["far", "attacked"])
def test_many_are_listed_as_far_as_asked(name: str) -> None:
    """2,048 minimal paths lead over the rungs of a ladder; the first ten come at once, and the budget is kept."""
    case = Case(model_of(LADDER))
    claim = case.model.invariants[name].claim
    assert isinstance(claim, PathClaim)
    view = View(case.layout)
    trails = minimal_paths(case, claim, view, 10)
    assert len({visited(trail) for trail in trails}) == 10
    assert {len(trail.steps) for trail in trails} == {12}
    with pytest.raises(OutOfBudgetError):
        list(islice(each_minimal(view, claim, Budget(200)), ALL))
