"""Whether a proof survives changes, many changes at a time: the question behind "what does this invariant rest on?".

A `Probe` holds a lifted model of some items and the proof of an invariant of the design. It follows the proof's own
cases, once more, in the lifted model: for a set of items whose options stay open (all of their changes at once, in all
of their combinations, which is more than is asked), or for one change that is decided. What survives is sound by the
bounds of `policy.core.view`. Where it does not, the failing case is completed to a world; what fails there fails by the
exact reading of one network. Between the two nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass

from policy.core.endpoints import Endpoint
from policy.core.evidence import (
    Barrier,
    Lemmas,
    Proof,
    Route,
    Split,
    admissible,
    exists,
    impossible,
    settled,
    threatened,
)
from policy.core.groups import bits, options_in
from policy.core.judge import ANYONE, Judge
from policy.core.layout import Layout
from policy.core.model import (
    AccountsAccepted,
    And,
    CanReach,
    Claim,
    ConnectionsAreFlows,
    FlowsPossible,
    Invariant,
    Named,
    Not,
    Or,
    PathClaim,
    Threat,
    packet_at,
)
from policy.core.obligations import obligations
from policy.core.replay import Replay
from policy.core.view import EFFECTS, Decisions, Literal, View, happening
from policy.report.facts import things_in
from policy.solver.budget import Budget, OutOfBudgetError
from policy.solver.connect import Trail
from policy.solver.search import search
from policy.study.lift import Item, chosen, lifted, untouched

CASES = 64  # that are tried for one obligation beyond those of the proof
TRIES = 2  # open cases of which some world is tried before they are split
GROUP_CASES = 4  # that are tried for all obligations while several items are open
STEPS = 20_000  # of search for one walk


@dataclass(frozen=True, slots=True)
class Broken:
    """A way in which a claim fails: the values of options and the failures of one world, and what goes wrong there: the
    endpoints of a walk (or of one connection, with its packet), or the names of what it is about."""

    world: Mapping[str, str]
    failure: frozenset[Literal]
    walk: tuple[Endpoint, ...] = ()
    packet: str = ""
    flow: str = ""
    subject: tuple[Named, ...] = ()


class Probe:
    """The changes of some items, held against the proof of one invariant of the model."""

    def __init__(self, layout: Layout, invariant: Invariant, proof: Proof, found: tuple[Item, ...] = ()) -> None:
        self.model, self.invariant, self.items, self.threats = layout.model, invariant, found, invariant.threats
        self.layout = Layout(lifted(layout.model, found)) if found else layout
        self.like = View(self.layout)
        self.proof = proof
        self.failures = sorted(threatened(self.threats))
        self.goals = tuple(obligations(Judge(self.like, lambda _: None), invariant.claim))
        before = obligations(Judge(View(layout), lambda _: None), invariant.claim) if proof.cases else ()
        known = {_core(goal): split for goal, split in zip(before, proof.cases, strict=True)}
        self.splits = tuple(known.get(_core(goal)) for goal in self.goals)
        self.bound = frozenset(name for claim in self.layout.model.assumptions for name in options_in(claim))
        self.barriers = [lemma for lemma in proof.lemmas if isinstance(lemma, Barrier)]
        self._failed = 0  # the obligation of the last open case
        self._walks: dict[tuple[PathClaim, frozenset[tuple[Literal, bool]]], Trail | None] = {}

    def under(self, threats: Sequence[Threat]) -> Probe:
        """The same with other threats."""
        other = copy(self)
        other.threats, other.failures, other._walks = tuple(threats), sorted(threatened(threats)), {}
        return other

    # -------------------------------------------------------- with some items open

    def survives(self, open_items: Iterable[int]) -> bool:
        """Whether the invariant surely holds whatever happens to these items, the others being as they are."""
        left = set(range(len(self.items))) - set(open_items)
        return self._closed({untouched(i): True for i in left})

    def survives_any(self, item: int, some: Sequence[int]) -> bool:
        """Whether the invariant surely holds after each of these changes of the item, the others being as they are."""
        base = {untouched(i): i != item for i in range(len(self.items))}
        base |= {chosen(item, j): False for j in range(len(self.items[item].changes)) if j not in some}
        return self._closed(base)

    def _closed(self, base: dict[Literal, bool]) -> bool:
        """Whether all barriers of the proof still stand, and with them the obligations follow."""
        for lemma in self.barriers:
            if not self._still(lemma, base):
                self.barriers.remove(lemma)
                self.barriers.insert(0, lemma)  # the next set of changes will likely break it, too
                return False
        for tried, case in enumerate(self._open_cases(base)):
            if case.walked or case.stuck or tried > GROUP_CASES:
                return False
        return True

    def after(self, item: int, change: int) -> bool | Broken | None:
        """True when the invariant surely holds after the change of the item, how it fails when it surely does not, None
        when that is not seen."""
        others = {untouched(i): True for i in range(len(self.items)) if i != item}
        return self.given({**others, chosen(item, change): True})

    def given(self, base: dict[Literal, bool]) -> bool | Broken | None:
        """The same under decisions of all items, and perhaps of failures."""
        told: bool | None = True
        for number, case in enumerate(self._open_cases(base)):
            for world in self._worlds(case.decided) if case.stuck or number < TRIES else ():
                if (broken := self._broken(world, case.goal)) is not None:
                    return broken
            told = None if case.stuck else told
        return told

    def broken(self, world: Mapping[str, str], failure: frozenset[Literal]) -> Broken | None:
        """How the invariant fails in a world under a failure, if it does."""
        decided = dict.fromkeys(world.items(), True) | {x: x in failure for x in self.failures}
        return next((found for goal in self.goals if (found := self._broken(decided, goal)) is not None), None)

    def view(self, decisions: Decisions) -> View:
        """The view of a case."""
        return View(self.layout, settled(self.threats, decisions), self.failures, self.like)

    def _open_cases(self, base: dict[Literal, bool]) -> Iterator[OpenCase]:
        """The cases in which an obligation is not seen to follow, each before the cases that it is split into; those of
        the obligation that failed last come first."""
        lemmas = Lemmas(self.threats, [lemma for lemma in self.proof.lemmas if self._still(lemma, base)])
        begin = self.view(base)
        for i in sorted(range(len(self.goals)), key=lambda i: i != self._failed):
            for case in _Cases(self, lemmas, self.goals[i], base, begin).open(self.splits[i], base):
                self._failed = i
                yield case

    def _still(self, lemma: Barrier | Route, base: dict[Literal, bool]) -> bool:
        """Whether what the lemma says is so with these decisions, too."""
        if isinstance(lemma, Route):
            return False
        try:
            return self.walk(self.view({**base, **dict(lemma.decisions)}), lemma.claim) is None
        except OutOfBudgetError:
            return False

    def walk(self, view: View, claim: PathClaim) -> Trail | None:
        """A walk that is possible in the view and decides the claim. Raises OutOfBudgetError."""
        key = claim, frozenset(view.decisions.items())
        if key not in self._walks:
            found = search(view, claim, Budget(STEPS))
            self._walks[key] = found if isinstance(found, Trail) else None
        return self._walks[key]

    def told(self, view: View, lemmas: Lemmas | None, claim: PathClaim) -> bool | None:
        """Whether the path claim holds in the view; None where that is open."""
        known = lemmas.told(view)(claim) if lemmas is not None else None
        if known is not None:
            return known
        try:
            found = self.walk(view, claim)
        except OutOfBudgetError:
            return None
        if found is None:
            return exists(claim, False)
        sure = Replay(view, claim).refusal(found.start, found.steps) is None
        return exists(claim, True) if sure else None

    # -------------------------------------------------------- one world

    def _worlds(self, case: dict[Literal, bool]) -> Iterator[dict[Literal, bool]]:
        """The case completed: plain values for what it leaves open; failures that may yet happen do not, or as many as
        may do."""
        world = self._completed(case)
        if world is None:
            return
        quiet = {x: case.get(x, False) for x in self.failures}
        yield {**world, **quiet}
        more = dict(quiet)
        for x in self.failures:
            if x not in case and admissible(self.threats, happening({**more, x: True})):
                more[x] = True
        if more != quiet:
            yield {**world, **more}

    def _completed(self, case: dict[Literal, bool]) -> dict[Literal, bool] | None:
        """A world of the case; None where none is found without turning back."""
        decided = {x: v for x, v in case.items() if x[1] not in EFFECTS}
        for option in self.layout.model.options.values():
            for value in option.values:
                attempt = {**decided, (option.name, value): True}
                if decided.get((option.name, value)) is not False and self._allowed(attempt, option.name):
                    decided = attempt
                    break
            else:
                return None
        return decided

    def _allowed(self, decided: dict[Literal, bool], name: str) -> bool:
        held = [decided.get((name, value)) for value in self.layout.model.options[name].values]
        if held.count(True) != 1 or name not in self.bound:
            return held.count(True) == 1
        view = View(self.layout, decided)
        return all(view.truth(a) is not False for a in self.layout.model.assumptions)

    def _broken(self, world: dict[Literal, bool], goal: Claim) -> Broken | None:
        """How the obligation fails in the world, if it does."""
        view = self.view(world)
        if impossible(self.threats, view, world):
            return None
        judge = Judge(view, lambda claim: self.told(view, None, claim))
        if judge.claim(goal) is not False:
            return None
        values = {name: value for (name, value), so in world.items() if so and name in self.model.options}
        return self._shown(Broken(values, happening(world)), judge, goal)

    def _shown(self, broken: Broken, judge: Judge, goal: Claim) -> Broken:
        parts = list(self._parts(broken, judge, goal, False))
        return next((part for part in parts if part.walk or part.flow or part.subject), broken)

    def _parts(self, broken: Broken, judge: Judge, claim: Claim, wanted: bool) -> Iterator[Broken]:
        """What shows that the claim is `wanted`, for the parts of it that are so."""
        world, failure = broken.world, broken.failure
        match claim:
            case And(of) | Or(of):
                for part in of:
                    if judge.claim(part) is wanted:
                        yield from self._parts(broken, judge, part, wanted)
            case Not(of):
                yield from self._parts(broken, judge, of, not wanted)
            case PathClaim() if exists(claim, wanted):
                found = self.walk(judge.view, claim)
                if found is not None:
                    walk = (found.start, *(step.target for step in found.steps))
                    yield Broken(world, failure, walk)
            case CanReach() | ConnectionsAreFlows() if wanted is isinstance(claim, CanReach):
                yield from self._connection(broken, judge, claim)
            case FlowsPossible(names) if not wanted:
                flows = names or tuple(self.model.flows)
                failed = (name for name in flows if judge.claim(FlowsPossible((name,))) is False)
                yield from (Broken(world, failure, flow=name) for name in failed)
            case AccountsAccepted(names) if not wanted:
                hosts = (name for name in names or () if judge.claim(AccountsAccepted((name,))) is False)
                yield from (Broken(world, failure, subject=(Named("host", name),)) for name in hosts)
            case _:
                yield Broken(world, failure, subject=tuple(things_in(claim)))

    def _connection(self, broken: Broken, judge: Judge, claim: CanReach | ConnectionsAreFlows) -> Iterator[Broken]:
        ends, packets = self.layout.endpoints, self.layout.classes
        if isinstance(claim, ConnectionsAreFlows):
            found = ((ear, sources) for (ear, sources), sure in judge.strays(claim) if sure)
        else:
            among = judge.view.group(self.layout.group(claim.source or ANYONE))[0]
            targets = judge.view.group(self.layout.group(claim.target))[0]
            heard = judge.heard_by(targets, self.layout.heard(claim.on)[0])
            found = ((ear, judge.reaching(ear, sure=True) & among) for ear in heard)
        for ear, sources in found:
            if sources:
                walk = ends[next(bits(sources))], ends[ear.at]
                yield Broken(broken.world, broken.failure, walk, str(packet_at(packets[ear.packet])))


def _core(goal: Claim) -> Claim:
    """An obligation without the condition under which something is in a set."""
    while isinstance(goal, Or) and len(goal.of) > 1 and isinstance(goal.of[0], Not):
        goal = goal.of[-1]
    return goal


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case in which an obligation is not seen to follow. `walked`: for a walk that is possible; `stuck`: it is not
    split further."""

    goal: Claim
    decided: dict[Literal, bool]
    walked: bool
    stuck: bool


@dataclass(slots=True)
class _Cases:
    """The cases of one obligation: those of the proof, then a few more."""

    probe: Probe
    lemmas: Lemmas
    goal: Claim
    base: dict[Literal, bool]
    begin: View  # of the base, for all obligations
    left: int = CASES

    def open(self, split: Split | None, decided: dict[Literal, bool]) -> Iterator[OpenCase]:
        """Those that are open, in order."""
        if split is not None:
            for value, branch in ((True, split.if_true), (False, split.if_false)):
                if decided.get(split.literal, value) == value:
                    yield from self.open(branch, {**decided, split.literal: value})
            return
        view = self.begin if decided is self.base else self.probe.view(decided)
        view.open.clear()
        walked = list[bool]()

        def told(claim: PathClaim) -> bool | None:
            known = self.probe.told(view, self.lemmas, claim)
            walked.append(known is not exists(claim, False))
            return known

        truth = Judge(view, told).claim(self.goal)
        if truth or impossible(self.probe.threats, view, decided):
            return
        literal = self._next(view) if truth is None else None
        self.left -= 1
        stuck = literal is None or self.left <= 0
        yield OpenCase(self.goal, decided, any(walked), stuck)
        if literal is not None and not stuck:
            yield from self.open(Split(literal, None, None), decided)

    def _next(self, view: View) -> Literal | None:
        """The next literal to decide: a failure, else of the option that was asked for most."""
        failure = next((x for x in self.probe.failures if view.known(x) is None), None)
        if failure is not None:
            return failure
        asked = [name for name in view.open if name in self.probe.model.options]
        for name in sorted(asked, key=lambda name: (-view.open[name], name)):
            for value in self.probe.model.options[name].values:
                if view.known((name, value)) is None:
                    return name, value
        return None
