"""Verdicts on invariants, and the faults of a design that take a search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Literal as OneOf

import z3

from policy.core.evidence import Checker, Proof, Witness
from policy.core.groups import options_in
from policy.core.layout import Layout
from policy.core.model import Claim, Component, Host, Invariant, Is, Model, PathClaim, Tagged, World
from policy.core.view import EFFECTS, Decisions, Literal, View
from policy.solver.budget import Budget, OutOfBudgetError
from policy.solver.case import Case
from policy.solver.connect import Trail
from policy.solver.encode import Encoder, Words, new_solver
from policy.solver.hitting import smallest_conflict
from policy.solver.search import search
from policy.solver.vacuity import Vacuity
from policy.solver.worlds import Worlds

Verdict = OneOf["proved", "violated", "vacuous", "unknown"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict with its evidence, and a note for the reader."""

    verdict: Verdict
    evidence: Witness | Proof | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with the design that takes a search: assumptions (by place) that contradict each other, a
    smallest such set; or a host or component that stands in `count` places at once in the world."""

    kind: OneOf["contradiction", "placement"]
    assumptions: tuple[int, ...] = ()
    sort: OneOf["host", "component"] = "host"
    name: str = ""
    count: int = 0
    world: Mapping[str, str] | None = None


class Prover:
    """Answers invariants of one model; closures are shared between them."""

    def __init__(self, model: Model) -> None:
        self.model, self.layout, self.words = model, Layout(model), Words(model)
        self.like = View(self.layout)
        self._in_first: dict[PathClaim, bool] = {}

    # -------------------------------------------------------- faults of the design

    def faults(self) -> tuple[Fault, ...]:
        """What no reader of the text alone can see."""
        encoder = Encoder(self.layout, (), self.words)
        solver = new_solver()
        marks = {f"assume {i:06}": i for i in range(len(self.model.assumptions))}
        for mark, i in marks.items():
            solver.add(z3.Implies(z3.Bool(mark), encoder.condition(self.model.assumptions[i])))
        solver.add(encoder.choices())
        if not _together(solver, marks):
            conflict = smallest_conflict(marks, partial(_together, solver))
            return (Fault("contradiction", tuple(sorted(marks[mark] for mark in conflict))),)
        return tuple(self._misplaced(encoder, solver, [z3.Bool(mark) for mark in marks]))

    def _misplaced(self, encoder: Encoder, solver: z3.Solver, marks: list[z3.BoolRef]) -> Iterator[Fault]:
        """Hosts that stand in more or less than one place in some world, components that stand in more."""
        things: list[tuple[Host | Component, tuple[Tagged, ...]]] = []
        things += [(host, host.zones) for host in self.model.hosts.values()]
        things += [(component, component.hosts) for component in self.model.components.values()]
        for thing, tags in things:
            places = tuple(dict.fromkeys(tag.when for tag in tags))  # zones of one item have one condition
            if not any(True for _ in options_in(places)) or self._chosen_once(places, isinstance(thing, Host)):
                continue
            held = [(encoder.condition(when), 1) for when in places]
            sound = z3.PbEq(held, 1) if isinstance(thing, Host) else z3.PbLe(held, 1)
            misplaced = z3.And(encoder.condition(thing.when), z3.Not(sound))
            solver.add(encoder.choices())
            if solver.check(*marks, misplaced) == z3.sat:
                decided = encoder.world(solver.model())
                view = View(self.layout, decided)
                count = sum(view.truth(when) is True for when in places)
                sort: OneOf["host", "component"] = "host" if isinstance(thing, Host) else "component"
                yield Fault("placement", (), sort, thing.name, count, _chosen(decided))

    def _chosen_once(self, places: Sequence[Claim], always: bool) -> bool:
        """Whether the places are plainly values of one option: at most one is chosen; `always` one of them."""
        chosen = [place for place in places if isinstance(place, Is)]
        values = {place.value for place in chosen}
        if len({place.option for place in chosen}) != 1 or len(values) != len(places):
            return False
        return not always or values == set(self.model.options[chosen[0].option].values)

    # -------------------------------------------------------- invariants

    def answer(self, invariant: Invariant, budget: int | None = None) -> Answer:
        """The verdict on the invariant. The budget counts steps of search; when it runs out the verdict is
        "unknown"."""
        case = Case(self.layout, self.like, self.words, invariant, Budget(budget))
        try:
            found = case.decide()
        except OutOfBudgetError:
            return Answer("unknown", None, f"the budget of {budget} steps ran out")
        if isinstance(found, Witness):
            return Answer("violated", found)
        if reason := self.vacuity.reason(invariant.claim):
            return Answer("vacuous", found, reason)
        return Answer("proved", found, self._remark(invariant, budget))

    def _remark(self, invariant: Invariant, budget: int | None) -> str:
        """Says so where every path passes something because there is no path at all."""
        claim = invariant.claim
        if not isinstance(claim, PathClaim) or claim.quantifier != "every":
            return ""
        no_path = replace(claim, quantifier="no", passes=None, crosses=None)
        nothing = replace(invariant, claim=no_path)
        try:
            if self._in_first_world(no_path, budget):
                return ""
            proof = Case(self.layout, self.like, self.words, nothing, Budget(budget)).proof()
        except OutOfBudgetError:
            return ""
        none_at_all = proof is not None and Checker(self.layout).proof(nothing, proof) is None
        return f"there is no such {'attack' if claim.attack else 'path'} at all" if none_at_all else ""

    def _in_first_world(self, claim: PathClaim, budget: int | None) -> bool:
        """Whether the path that the claim denies exists in the first world, where most is switched on."""
        if claim not in self._in_first:
            self._first_world.spend = Budget(budget).spend
            self._in_first[claim] = isinstance(search(self._first_world, claim, Budget(budget)), Trail)
        return self._in_first[claim]

    @cached_property
    def vacuity(self) -> Vacuity:
        """Whether claims speak of anything."""
        return Vacuity(self.like, self.worlds)

    @cached_property
    def worlds(self) -> Worlds:
        """Which conditions hold in some world."""
        return Worlds(self.layout, self.words)

    @cached_property
    def _first_world(self) -> View:
        """The world in which every option has as early a value as the assumptions and the options before it allow."""
        bound = {name for assumption in self.model.assumptions for name in options_in(assumption)}
        chosen: list[Claim] = []
        values: dict[Literal, bool] = {}
        for option in self.model.options.values():
            for value in option.values:
                choice = Is(option.name, value)
                if option.name not in bound or self.worlds.some(*chosen, choice):
                    chosen += [choice] if option.name in bound else []
                    values[option.name, value] = True
                    break
        return View(self.layout, values, (), self.like)


def _together(solver: z3.Solver, marks: Iterable[str]) -> bool:
    """Whether the assumptions with these marks can hold together."""
    return bool(solver.check(*(z3.Bool(mark) for mark in sorted(marks))) == z3.sat)


def _chosen(decided: Decisions) -> World:
    return {name: value for (name, value), is_so in decided.items() if is_so and value not in EFFECTS}
