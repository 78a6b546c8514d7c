"""Mutation analysis of the invariants of a design: which changes that matter would no invariant notice?

A *mutant* is the design with one change (see `policy.study.mutants`). Each comes out as

- *no effect*: nothing connects otherwise than before (see `policy.study.effect`), while all firewalls work, and while
  any one is bypassed that some invariant supposes to be; it is not counted;
- *noticed*: it has an effect, and some invariant has another verdict than in the design;
- *unnoticed*: it has an effect, and every invariant has the verdict that it has in the design. Where the budget runs
  out for an invariant, that invariant does not notice; it is named;
- *accepted*: unnoticed, and said to be so on purpose;
- *faulty*: the design would have a fault, so that no invariant is asked; it is not counted.

What makes it fast: a claim that needs no path is judged first in the world where the effect shows; the evidence for the
verdicts of the design is then checked anew in the mutant, and only where that refuses it there is a search; of the
invariants those are asked first that noticed similar changes before; and one that notices is enough.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal as OneOf

from policy.core.evidence import admissible, threatened
from policy.core.judge import Judge
from policy.core.model import (
    AccountsAccepted,
    CanReach,
    Claim,
    ConnectionsAreFlows,
    FlowsPossible,
    Invariant,
    PathClaim,
)
from policy.report.outcome import Key, Verdict
from policy.solver import Answer
from policy.study.changes import Change, changed, words
from policy.study.design import Case, Design
from policy.study.effect import Effect, effect
from policy.study.mutants import mutants
from policy.text.source import Span

Outcome = OneOf["no effect", "noticed", "unnoticed", "accepted", "faulty"]
Progress = Callable[[int, int], None]  # (mutants done, mutants to do)


@dataclass(frozen=True, slots=True)
class Notice:
    """An invariant that has another verdict in the mutant."""

    invariant: str
    before: Verdict
    after: Verdict


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change and what came of it. `words` say what is done, `span` is where what changes is written. `unknown`
    names invariants whose budget ran out."""

    change: Change
    words: str
    span: Span | None
    outcome: Outcome
    effect: Effect | None = None
    noticed_by: tuple[Notice, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """What came of all changes of one design. `verdicts` are those of the design itself."""

    design: Design
    verdicts: Mapping[str, Verdict]
    mutants: tuple[Mutant, ...]

    def count(self, *outcomes: Outcome) -> int:
        """How many mutants came out so."""
        return sum(mutant.outcome in outcomes for mutant in self.mutants)

    @property
    def effective(self) -> int:
        """How many mutants have an effect."""
        return self.count("noticed", "unnoticed", "accepted")

    @property
    def percentage(self) -> float:
        """How many percent of those that have an effect are noticed; 100 where there is none."""
        return self._share(self.count("noticed"))

    @property
    def satisfied(self) -> float:
        """How many percent are noticed or accepted."""
        return self._share(self.count("noticed", "accepted"))

    def _share(self, number: int) -> float:
        return 100 * number / self.effective if self.effective else 100.0

    def accepting(self, accepted: Collection[str]) -> Coverage:
        """The same where unnoticed changes with these words are accepted."""
        found = (
            replace(m, outcome="accepted") if m.outcome == "unnoticed" and m.words in accepted else m
            for m in self.mutants
        )
        return replace(self, mutants=tuple(found))


def cover(
    design: Design, *, budget: int | None = None, every: bool = False, progress: Progress | None = None
) -> Coverage:
    """Tries all mutants of the design. `budget` bounds the search for each invariant in each mutant, `every` asks all
    invariants though one has noticed. Raises RefusedError where the check refuses what the search found."""
    trial, changes = Trial(design, budget, every), mutants(design.model)
    found: list[Mutant] = []
    for change in changes:
        found.append(trial.mutant(change))
        if progress is not None:
            progress(len(found), len(changes))
    verdicts: dict[str, Verdict] = {name: answer.verdict for name, answer in trial.answers.items()}
    return Coverage(design, verdicts, tuple(found))


class Trial:
    """Tries changes of one design one after the other, and learns which invariants notice what."""

    def __init__(self, design: Design, budget: int | None = None, every: bool = False) -> None:
        self.design, self.budget, self.every = design, budget, every
        invariants = design.model.invariants
        self.answers: Mapping[str, Answer] = {name: design.answer(i, budget) for name, i in invariants.items()}
        self.suppose = tuple(name for name in design.model.firewalls if name in set(_supposed(invariants.values())))
        self.rank = {name: (_rank(i.claim), place) for place, (name, i) in enumerate(invariants.items())}
        self.hits: Counter[tuple[Key, str]] = Counter()

    def mutant(self, change: Change) -> Mutant:
        """What comes of the change."""
        model = changed(self.design.model, (change,))
        case = Case(model)
        tried = Mutant(change, words(self.design.model, change), self._span(change), "no effect")
        found = effect(self.design.layout, case.layout, change, self.suppose)
        if found is None:
            return tried
        if change.kind == "remove assumption" and case.prover.faults():
            return replace(tried, outcome="faulty", effect=found)
        notices, unknown = self._notices(case, change, found)
        outcome: Outcome = "noticed" if notices else "unnoticed"
        return replace(tried, outcome=outcome, effect=found, noticed_by=notices, unknown=unknown)

    def _span(self, change: Change) -> Span | None:
        """Where what changes is written; for what is added, its first zone or domain."""
        sort = {"add link": "zone", "add trust": "domain"}.get(change.kind)
        return self.design.origins.get(change.key if sort is None else (sort, change.key[1]))

    # -------------------------------------------------------- who notices

    def _notices(self, case: Case, change: Change, found: Effect) -> tuple[tuple[Notice, ...], tuple[str, ...]]:
        """The first invariant that notices, or all of them; and those of which it is unknown."""
        notices: list[Notice] = []
        unknown = [name for name, answer in self.answers.items() if answer.verdict == "unknown"]
        for name, after in self._verdicts(case, change, found):
            before = self.answers[name].verdict
            if after == "unknown":
                unknown.append(name)
            elif after != before:
                notices.append(Notice(name, before, after))
                self._learn(change, name)
                if not self.every:
                    break
        return tuple(notices), tuple(unknown)

    def _verdicts(self, case: Case, change: Change, found: Effect) -> Iterator[tuple[str, Verdict]]:
        """The verdicts in the mutant that may differ from those in the design; whether it makes something empty is
        asked last."""
        kept: list[str] = []
        for name in self._promising(change):
            invariant, answer = case.model.invariants[name], self.answers[name]
            if answer.verdict != "violated" and _plainly_violated(case, invariant, change, found):
                yield name, "violated"
            elif case.refusal(invariant, answer) is not None:
                yield name, case.answer(invariant, self.budget).verdict
            elif answer.verdict != "violated":
                kept.append(name)
        if kept and change.kind in ("move host", "move component", "remove assumption"):
            vacuity = case.prover.vacuity
            for name in kept:
                yield name, "vacuous" if vacuity.reason(case.model.invariants[name].claim) else "proved"

    def _promising(self, change: Change) -> Sequence[str]:
        """All invariants that have a verdict, those first that noticed most of such changes."""
        like = _likeness(change)
        known = (name for name, answer in self.answers.items() if answer.verdict != "unknown")
        return sorted(known, key=lambda name: (*(-self.hits[key, name] for key in like), self.rank[name]))

    def _learn(self, change: Change, name: str) -> None:
        for key in _likeness(change):
            self.hits[key, name] += 1


def _plainly_violated(case: Case, invariant: Invariant, change: Change, found: Effect) -> bool:
    """Whether the claim fails in the world of the effect, under the failure in which it shows. Paths are not looked
    for; a claim that rests on one is not plainly violated."""
    threats, broken = invariant.threats, {found.bypassed} - {""}
    broken |= {str(change.key[1])} if change.kind == "bypass firewall" else set()
    failed = frozenset((name, "bypassed") for name in broken)
    if found.world is None or not failed <= threatened(threats) or not admissible(threats, failed):
        return False
    decisions = dict.fromkeys(found.world.items(), True) | {x: x in failed for x in threatened(threats)}
    return Judge(case.checker.view(threats, decisions), lambda _: None).claim(invariant.claim) is False


def _likeness(change: Change) -> tuple[Key, ...]:
    """What changes have in common, the closest first: the same sort at the same thing, the same sort, anything."""
    thing: Key = change.key[:2] if change.kind not in ("add trust", "add link") else ()
    return (change.kind, *thing, change.value.partition(".")[0]), (change.kind,), ()


def _rank(claim: Claim) -> int:
    """What to ask first as long as nothing is learned: claims about all connections and flows, then those that need no
    path, then paths."""
    if isinstance(claim, ConnectionsAreFlows | FlowsPossible | AccountsAccepted):
        return 0
    return 2 if isinstance(claim, PathClaim | CanReach) else 1


def _supposed(invariants: Collection[Invariant]) -> Iterator[str]:
    """The firewalls that some invariant supposes to be bypassed."""
    for invariant in invariants:
        for threat in invariant.threats:
            yield from (unit.name for unit in threat.units if threat.effect == "bypassed")
