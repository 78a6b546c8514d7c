"""The smallest set of edits after which a design keeps its promises (implicit hitting sets, with z3 for the sets).

Wanted is that the invariants that are asked for are proved, that every invariant that was proved still is, and that
every flow that was possible still is: these are the demands. A set of edits is proposed, a smallest one that all that
was learned allows; the changed design is proved; where a demand fails, the evidence tells which edits could undo the
failure (`policy.study.reasons`), and one of them has to be made, or one that is made has to be left out. So the first
set that meets every demand is a smallest one. It is then written into the text, the text is read again, and everything
is proved once more of what was read.

Where there is no such set, a smallest part of the demands that nothing can meet together is the conflict.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from policy.core.evidence import Witness
from policy.core.model import FlowsPossible, Invariant
from policy.solver import Answer, Chooser
from policy.study.changes import Change, changed, words
from policy.study.design import Case, Design, RefusedError, design
from policy.study.edits import REMOVALS, edits, where
from policy.study.reasons import reason_of
from policy.study.rewriting import rewritten, written
from policy.text.resolve import resolve
from policy.text.rewrite import reread
from policy.text.source import Source, Span

MOST_EDITS, MOST_TRIED, SHOWN, LOOKED_AT = 4, 2000, 5, 50
SENSE, TEXT, FOUND = "sense", "text", "found"  # reasons besides demands: contradictions, what is no text, repairs
Progress = Callable[[int, int], None]  # (changed designs tried, as many as may be)
Choice = tuple[int, ...]  # numbers of edits


class OutOfTriesError(Exception):
    """As many changed designs were tried as may be."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What has to hold after a repair: `name` is that of an invariant, or of a flow that has to be possible."""

    sort: Literal["invariant", "flow"]
    name: str
    invariant: Invariant

    @property
    def reason(self) -> str:
        """What clauses learned from its failures are filed under."""
        return f"{self.sort} {self.name}"


@dataclass(frozen=True, slots=True)
class Limits:
    """The most edits of a repair, the most changed designs that are tried, how many repairs are shown."""

    edits: int = MOST_EDITS
    tried: int = MOST_TRIED
    shown: int = SHOWN


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit in words, and where it is made."""

    change: Change
    words: str
    span: Span | None


@dataclass(frozen=True, slots=True)
class Repair:
    """Edits, the files that they change (before, after), and the verdict on every invariant afterwards."""

    edits: tuple[Edit, ...]
    files: tuple[tuple[Source, Source], ...]
    verdicts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Demands that no repair meets together with the wanted ones, each of them needed for that (none, where the wanted
    ones cannot be met in any case); and what would do if the last of them were given up, in words."""

    demands: tuple[Demand, ...]
    without: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What came of it. `wanted` are the invariants to repair, `verdicts` those of all invariants before. `ended`:
    "repaired", "nothing" to repair, "none" (no repair of at most so many edits), "unknown" (the budget ran out).
    `complete`: all repairs of that size were found. `fewest`: no repair has fewer edits than that. `ever`: more edits
    would not help either."""

    design: Design
    wanted: tuple[Invariant, ...]
    kept: tuple[Demand, ...]
    verdicts: Mapping[str, str]
    limits: Limits
    ended: Literal["repaired", "nothing", "none", "unknown"]
    tried: int = 0
    repairs: tuple[Repair, ...] = ()
    complete: bool = True
    fewest: int = 0
    ever: bool = False
    conflict: Conflict | None = None


def repair(
    source: str | Path | Design,
    only: Collection[str] = (),
    limits: Limits = Limits(),
    progress: Progress | None = None,
) -> Outcome:
    """Repairs the invariants named in `only`; without any those that are violated against expectation, or, if there is
    none, all that are violated. Raises FaultyError and RefusedError as `policy.study.design`."""
    base = source if isinstance(source, Design) else design(source)
    invariants = base.model.invariants
    verdicts = {name: base.answer(invariant).verdict for name, invariant in invariants.items()}
    wanted = tuple(invariants[name] for name in _wanted(base, verdicts, only))
    kept = (*_flows(base), *_promises(base, verdicts))
    if not wanted:
        return Outcome(base, wanted, kept, verdicts, limits, "nothing")
    return _Search(base, wanted, kept, verdicts, limits, progress).outcome()


def _wanted(base: Design, verdicts: Mapping[str, str], only: Collection[str]) -> list[str]:
    invariants = base.model.invariants
    if only:
        return [name for name in invariants if name in only and verdicts[name] != "proved"]
    violated = [name for name in invariants if verdicts[name] == "violated"]
    return [name for name in violated if invariants[name].expect != "violated"] or violated


def _flows(base: Design) -> Iterator[Demand]:
    """The flows that are possible."""
    for name in base.model.flows:
        demand = Demand("flow", name, Invariant(f"flow {name}", FlowsPossible((name,))))
        if base.answer(demand.invariant).verdict == "proved":
            yield demand


def _promises(base: Design, verdicts: Mapping[str, str]) -> Iterator[Demand]:
    for name, invariant in base.model.invariants.items():
        if verdicts[name] == "proved":
            yield Demand("invariant", name, invariant)


@dataclass
class _Search:
    base: Design
    wanted: tuple[Invariant, ...]
    kept: tuple[Demand, ...]
    verdicts: Mapping[str, str]
    limits: Limits
    progress: Progress | None
    edits: tuple[Change, ...] = ()
    tried: int = 0
    goals: list[Demand] = field(default_factory=list)
    recent: list[Demand] = field(default_factory=list)  # those that failed, the last first

    def __post_init__(self) -> None:
        self.edits = edits(self.base)
        self.chooser = Chooser([edit.key for edit in self.edits])
        self.removals = {edit.key: (i,) for i, edit in enumerate(self.edits) if edit.kind in REMOVALS}
        self.goals = [Demand("invariant", invariant.name, invariant) for invariant in self.wanted]

    # -------------------------------------------------------- the answer

    def outcome(self) -> Outcome:
        """A smallest repair, and all others of its size; or why there is none."""
        found: list[tuple[Choice, Repair]] = []
        demands = [*self.goals, *self.kept]
        complete = True
        try:
            for choice, one in self._repairs(demands):
                found.append((choice, one))
                if len(found) >= max(LOOKED_AT, self.limits.shown):
                    complete = False
                    break
        except OutOfTriesError:
            complete = False
        size = len(found[0][0]) if found else self._size(demands)
        if found:
            shown = [one for _, one in sorted(found, key=lambda pair: pair[0])]
            complete &= len(shown) <= self.limits.shown
            return self._ended("repaired", size, tuple(shown[: self.limits.shown]), complete)
        if not complete:
            return self._ended("unknown", size, complete=False)
        return self._ended("none", size, ever=self._never(demands), conflict=self._conflict())

    def _ended(
        self,
        ended: Literal["repaired", "none", "unknown"],
        fewest: int,
        repairs: tuple[Repair, ...] = (),
        complete: bool = True,
        ever: bool = False,
        conflict: Conflict | None = None,
    ) -> Outcome:
        known = self.base, self.wanted, self.kept, self.verdicts, self.limits
        return Outcome(*known, ended, self.tried, repairs, complete, fewest, ever, conflict)

    def _repairs(self, demands: Sequence[Demand]) -> Iterator[tuple[Choice, Repair]]:
        """All repairs of the smallest size. Raises OutOfTriesError."""
        most, seen = self.limits.edits, set[Choice]()
        while (choice := self._next(demands, most)) is not None:
            bolder = self._bolder(choice, demands)
            if bolder not in seen:
                seen.add(bolder)
                one = self._written(bolder)
                if one is None:
                    self._forget(TEXT, {choice, bolder})
                    continue
                most = len(choice)
                yield bolder, one
            self._forget(FOUND, {choice, bolder, *self._lesser(bolder)})

    def _forget(self, reason: str, choices: Collection[Choice]) -> None:
        """These are not to be proposed again, nor with more edits."""
        for choice in sorted(choices):
            self.chooser.learn(reason, (), choice)

    def _lesser(self, choice: Choice) -> Iterator[Choice]:
        """The choices that narrow what this one removes: no better, and more to read."""
        for i in choice:
            if self.edits[i].kind in REMOVALS:
                others = (n for n, edit in enumerate(self.edits) if edit.key == self.edits[i].key and n != i)
                yield from (tuple(n if j == i else j for j in choice) for n in others)

    def _bolder(self, choice: Choice, demands: Sequence[Demand]) -> Choice:
        """The choice with removals in the place of narrowings, wherever that does as well."""
        with suppress(OutOfTriesError):  # the choice that is known does, too
            for i in choice:
                for n in self.removals.get(self.edits[i].key, ()):
                    bolder = tuple(n if j == i else j for j in choice)
                    if n != i and self._unmet(bolder, demands) is None:
                        choice = bolder
        return choice

    # -------------------------------------------------------- the loop

    def _next(self, demands: Sequence[Demand], most: int) -> Choice | None:
        """The next choice, a smallest one that is left, that meets the demands. Raises OutOfTriesError."""
        reasons = self._reasons(demands)
        size = 0
        while (choice := self.chooser.smallest(reasons, size, most)) is not None:
            size = len(choice)
            if self._unmet(choice, demands) is None:
                return choice
        return None

    def _reasons(self, demands: Sequence[Demand]) -> set[str]:
        return {SENSE, TEXT, FOUND, *(demand.reason for demand in demands)}

    def _size(self, demands: Sequence[Demand]) -> int:
        """The size that a repair has at least."""
        left = self.chooser.smallest(self._reasons(demands), 0, self.limits.edits)
        return self.limits.edits + 1 if left is None else len(left)

    def _never(self, demands: Sequence[Demand]) -> bool:
        return self.chooser.smallest(self._reasons(demands), len(self.edits), len(self.edits)) is None

    def _unmet(self, choice: Choice, demands: Sequence[Demand]) -> Demand | str | None:
        """The first demand found that the design does not meet after these edits, having learned why."""
        if self.tried >= self.limits.tried:
            raise OutOfTriesError
        self.tried += 1
        if self.progress is not None:
            self.progress(self.tried, self.limits.tried)
        made = [self.edits[i] for i in choice]
        case = Case(changed(self.base.model, made))
        if self._contradictory(case, choice):
            return SENSE
        for demand in self._ordered(demands):
            answer = case.answer(demand.invariant)
            if answer.verdict != "proved":
                self._learn(demand, case, choice, answer)
                self.recent = [demand, *(other for other in self.recent if other != demand)]
                return demand
        return None

    def _contradictory(self, case: Case, choice: Choice) -> bool:
        """Whether no world is left, as the options that are fixed contradict the assumptions."""
        fixed = [i for i in choice if self.edits[i].kind == "fix option"]
        if not fixed or all(fault.kind != "contradiction" for fault in case.prover.faults()):
            return False
        self.chooser.learn(SENSE, (), fixed)
        return True

    def _ordered(self, demands: Sequence[Demand]) -> list[Demand]:
        """The demands, those that failed before first."""
        first = [demand for demand in self.recent if demand in demands]
        return [*first, *(demand for demand in demands if demand not in first)]

    def _learn(self, demand: Demand, case: Case, choice: Choice, answer: Answer) -> None:
        """Which edits may end the failure: one that is not made, or one that is made and had better not be."""
        others = [i for i in range(len(self.edits)) if i not in choice]
        unchosen: Sequence[int] = choice
        if isinstance(answer.evidence, Witness) and answer.verdict == "violated":
            reason = reason_of(case.layout, self.base.model, answer.evidence)
            others = [i for i in others if reason.undone_by(self.edits[i])]
            unchosen = [i for i in choice if reason.rests_on(self.edits[i])]
        self.chooser.learn(demand.reason, others, unchosen)

    # -------------------------------------------------------- the text

    def _written(self, choice: Choice) -> Repair | None:
        """The repair in the text, everything proved again of the text as it is read; None where that has faults."""
        model, made = self.base.model, [self.edits[i] for i in choice]
        loaded = rewritten(reread(self.base.sources), model, made)
        resolved = resolve(loaded)
        if resolved.faults:
            return None
        if not written(resolved.model, model, made):
            raise RefusedError(f"the text does not say what it should: {', '.join(words(model, e) for e in made)}")
        case = Case(resolved.model)
        verdicts = {name: case.answer(invariant).verdict for name, invariant in resolved.model.invariants.items()}
        for demand in (*self.goals, *self.kept):
            held = verdicts[demand.name] if demand.sort == "invariant" else case.answer(demand.invariant).verdict
            if held != "proved":
                raise RefusedError(f"the {demand.sort} `{demand.name}` fails in the text, though not in the model")
        before = self.base.sources
        files = tuple((before[name], new) for name, new in loaded.sources.items() if new.text != before[name].text)
        return Repair(tuple(self._edit(edit) for edit in made), files, verdicts)

    def _edit(self, change: Change) -> Edit:
        return Edit(change, words(self.base.model, change), self.base.origins.get(where(change)))

    # -------------------------------------------------------- why there is none

    def _conflict(self) -> Conflict | None:
        """Demands are added as long as what meets those so far breaks another; then those that were not needed are
        dropped. None where the budget runs out."""
        given: list[Demand] = []
        try:
            while (choice := self._next([*self.goals, *given], self.limits.edits)) is not None:
                broken = next(d for d in self.kept if d not in given and self._unmet(choice, [d]) is not None)
                given.append(broken)
            given.sort(key=self.kept.index)
            last: Choice = ()
            for demand in list(given):
                fewer = [other for other in given if other != demand]
                choice = self._next([*self.goals, *fewer], self.limits.edits)
                if choice is None:
                    given = fewer
                else:
                    last = choice
        except OutOfTriesError:
            return None
        return Conflict(tuple(given), tuple(words(self.base.model, self.edits[i]) for i in last))
