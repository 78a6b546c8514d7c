"""Lists of paths: all minimal ones of all worlds, each with the choices that it needs and a world in which it is one.

With options open, a search finds what is possible taking each guard by itself. If all minimal walks of such a view are
sure, they are the minimal walks of every world that agrees with it: whatever walk a world has, one of them is a part of
it. So the options that a walk is unsure for are decided one by one, both ways, until all are sure; options on which no
minimal walk depends are never looked at. The same goes for failures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from policy.core.endpoints import Endpoint
from policy.core.evidence import Fact, Route, Witness, check_route, impossible, settled, threatened
from policy.core.model import Invariant, PathClaim
from policy.core.replay import Replay
from policy.core.view import EFFECTS, Decisions, Literal, View, happening
from policy.report.outcome import Violation
from policy.solver import case as search
from policy.solver.budget import Budget, OutOfBudgetError
from policy.solver.connect import Trail
from policy.study.design import Case, Design, RefusedError
from policy.study.paths import each_minimal


@dataclass(frozen=True, slots=True)
class Found:
    """A minimal path or attack, in a world and under a failure; the decisions of the route are those that it needs."""

    route: Route
    world: Decisions


@dataclass(frozen=True, slots=True)
class Listing:
    """The paths that were asked for, shortest first; `complete`: there are no others."""

    paths: tuple[Violation, ...]
    complete: bool
    exhausted: bool = False


def listing(design: Design, invariant: Invariant, decided: Decisions, most: int, budget: int | None) -> Listing:
    """The first paths or attacks, at most `most`, that decide the claim of an invariant in some world that agrees with
    the decisions, under some failure that its threats admit. Raises TooManyError."""
    lister = _Lister(design, invariant, most + 1, budget)
    exhausted = False
    try:
        for leaf in lister.leaves(dict(decided)):
            lister.collect(*leaf)
    except OutOfBudgetError:
        exhausted = True
    found = lister.found()
    told = tuple(design.violation(invariant, _witness(design, invariant, one)) for one in found[:most])
    return Listing(told, not exhausted and len(found) <= most, exhausted)


class _Lister:
    def __init__(self, case: Case, invariant: Invariant, most: int, budget: int | None) -> None:
        assert isinstance(invariant.claim, PathClaim)
        self.case, self.claim, self.threats, self.most = case, invariant.claim, invariant.threats, most
        self.budget, prover = Budget(budget), case.prover
        self.search = search.Case(prover.layout, prover.like, prover.words, invariant, self.budget)
        self.known: dict[tuple[Endpoint, ...], Found] = {}

    # -------------------------------------------------------- the cases

    def leaves(self, decided: dict[Literal, bool]) -> Iterator[tuple[dict[Literal, bool], list[Trail]]]:
        """Cases, that together are all, with the first minimal walks of each, all of them sure there."""
        view = self.search.learner.view(decided)
        if impossible(self.threats, view, decided):
            return
        trails = list(islice(each_minimal(view, self.claim, self.budget), self.most))
        unsure = next((literal for trail in trails if (literal := self._unsure(trail, decided))), None)
        if unsure is not None:
            for value in (True, False):
                yield from self.leaves({**decided, unsure: value})
        elif trails:
            yield decided, trails

    def _unsure(self, trail: Trail, decided: Decisions) -> Literal | None:
        """Something open that the trail may depend on; None where it is sure."""
        view = View(self.case.layout, settled(self.threats, decided), threatened(self.threats))
        refusal = Replay(view, self.claim).refusal(trail.start, trail.steps)
        if refusal is None:
            return None
        bypassed = [(c.via, e) for step in trail.steps for c in step.chain if c.by == "bypassed" for e in EFFECTS]
        asked = sorted(view.open, key=lambda name: (-view.open[name], name))
        options = [literal for name in asked for literal in self.case.layout.literals[name]]
        literals = [*bypassed, *options, *sorted(view.threatened)]
        found = next(((a, b) for a, b in literals if a is not None and view.known((a, b)) is None), None)
        if found is None:
            raise RefusedError(f"the check refuses a path: {refusal}")
        return found

    # -------------------------------------------------------- what is listed

    def collect(self, decided: dict[Literal, bool], trails: list[Trail]) -> None:
        """Notes the walks of a case, each in the case with the fewest failures and choices that has it."""
        world = self._plainest(decided)
        for trail in trails if world is not None else ():
            route = self.search.learner.route(self.claim, trail, decided)
            if refusal := check_route(self.case.layout, self.threats, route):
                raise RefusedError(f"the check refuses a path: {refusal}")
            visited = (route.start, *(step.target for step in route.steps))
            found = Found(route, world or {})
            if visited not in self.known or _needs(found) < _needs(self.known[visited]):
                self.known[visited] = found

    def _plainest(self, decided: dict[Literal, bool]) -> Decisions | None:
        """A world of the case: no more failures than need be, every option at as early a value as can be."""
        if self.search.some_world(decided) is None:
            return None
        literals = [literal for some in self.case.layout.literals.values() for literal in some]
        for literal, value in [*((x, False) for x in sorted(threatened(self.threats))), *((x, True) for x in literals)]:
            if decided.get(literal) is None and self.search.some_world({**decided, literal: value}) is not None:
                decided = {**decided, literal: value}
        return self.search.some_world(decided)

    def found(self) -> list[Found]:
        """All that was noted, shortest first, ties in the order of the text."""
        number = self.case.layout.number

        def rank(found: Found) -> tuple[object, ...]:
            ends = (found.route.start, *(step.target for step in found.route.steps))
            return len(ends), *(number[end] for end in ends)

        return sorted(self.known.values(), key=rank)


def _needs(found: Found) -> tuple[int, int]:
    return len(happening(found.world)), len(found.route.decisions)


def _witness(design: Design, invariant: Invariant, found: Found) -> Witness:
    """The path as what shows that the claim holds, or fails."""
    chosen = {name: value for (name, value), held in found.world.items() if held and value not in EFFECTS}
    needed = {name for (name, _), _ in found.route.decisions}
    matters = tuple(name for name in design.model.options if name in needed)
    assert isinstance(invariant.claim, PathClaim)
    fact = Fact(invariant.claim, (), invariant.claim.quantifier == "some")
    return Witness(chosen, happening(found.world), matters, found.route.start, found.route.steps, (fact,))
