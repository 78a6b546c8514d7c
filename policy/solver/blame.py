"""What to show of a violation: the options that matter, the path that breaks the claim, or the facts that do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy.core.binding import bind
from policy.core.endpoints import Endpoint
from policy.core.evidence import Fact, Lemma, Lemmas, Route, Witness, exists
from policy.core.groups import bits
from policy.core.inward import ANY_WAY
from policy.core.judge import Judge
from policy.core.model import (
    AccountsAccepted,
    And,
    CanReach,
    Claim,
    ConnectionsAreFlows,
    Flow,
    FlowsPossible,
    Iff,
    Named,
    Not,
    Or,
    PathClaim,
    Quantified,
)
from policy.core.steps import Step
from policy.core.view import EFFECTS, Ear, Literal, happening
from policy.solver.connect import Trail, connection
from policy.solver.search import search
from policy.solver.shortest import shortest

if TYPE_CHECKING:
    from policy.solver.case import Case

Bindings = dict[str, Named]


@dataclass(frozen=True, slots=True)
class Culprit:
    """A part of the claim (as written) that holds, or fails, although it should not; with what was found in its
    place."""

    claim: Claim
    bindings: Bindings
    holds: bool
    subject: tuple[str, ...] = ()
    route: Route | None = None
    step: Step | None = None


class Blame:
    """Explains why the claim of a case fails in a world and failure (decisions of everything)."""

    def __init__(self, case: Case, world: dict[Literal, bool]) -> None:
        self.case, self.layout, self.learner, self.world = case, case.layout, case.learner, world
        self.view = case.learner.view(world)
        self._judge = Judge(self.view, case.truth(self.view, world))

    def witness(self) -> Witness:
        """The witness of that world and failure."""
        claim = self.case.invariant.claim
        assert self._judge.claim(claim) is False, "the claim of a counterexample holds"
        culprits = list(self._culprits(claim, {}, False))
        shown = next((c for c in culprits if c.route is not None or c.step is not None), None)
        start: Endpoint | None = None
        steps: tuple[Step, ...] = ()
        if shown is not None and shown.route is not None:
            start, steps = shown.route.start, shown.route.steps
        elif shown is not None and shown.step is not None:
            start, steps = shown.step.source, (shown.step,)
        facts = tuple(
            Fact(c.claim, tuple((v, thing.name) for v, thing in c.bindings.items()), c.holds, c.subject)
            for c in culprits
        )
        chosen = {name: value for (name, value), is_so in self.world.items() if is_so and value not in EFFECTS}
        lemmas = self._lemmas(culprits)
        return Witness(chosen, happening(self.world), self._matters(lemmas), start, steps, facts, lemmas)

    # -------------------------------------------------------- what matters

    def _matters(self, lemmas: tuple[Lemma, ...]) -> tuple[str, ...]:
        """The options without whose value the claim might hold, as far as these lemmas tell: none is superfluous."""
        case, model = self.case, self.layout.model
        failures = {x: v for x, v in self.world.items() if x[1] in EFFECTS}
        values = [(name, value) for (name, value), is_so in self.world.items() if is_so and value not in EFFECTS]
        known = Lemmas(case.threats, lemmas)

        def enough(items: list[tuple[Literal, bool]]) -> bool:
            view = self.learner.view({**failures, **dict(items)})
            return Judge(view, known.told(view)).claim(case.invariant.claim) is False

        kept = {literal[0] for literal, _ in self.learner.fewest([(x, True) for x in values], enough)}
        return tuple(name for name in model.options if name in kept)

    def _lemmas(self, culprits: list[Culprit]) -> tuple[Lemma, ...]:
        """The routes that are shown, and one lemma for every other path claim that decides the verdict."""
        used: dict[PathClaim, Lemma] = {c.route.claim: c.route for c in culprits if c.route is not None}

        def told(claim: PathClaim) -> bool | None:
            if claim not in used:
                used[claim] = self._lemma(claim)
            return exists(claim, isinstance(used[claim], Route))

        Judge(self.view, told).claim(self.case.invariant.claim)
        return tuple(used.values())

    def _lemma(self, claim: PathClaim) -> Lemma:
        """One that decides the claim in the world, whatever was learned before."""
        return self._route(claim) or next(self.learner.barriers(claim, self.world, 1))

    # -------------------------------------------------------- culprits

    def _culprits(self, claim: Claim, bound: Bindings, wanted: bool) -> Iterator[Culprit]:
        """The parts that make the claim `wanted` (true or false) in the world."""
        match claim:
            case Not(of):
                yield from self._culprits(of, bound, not wanted)
            case And(of) | Or(of):
                decisive = isinstance(claim, Or) == wanted  # one part is enough
                for part in of:
                    if self._truth(part, bound) == wanted:
                        yield from self._culprits(part, bound, wanted)
                        if decisive:
                            return
            case Iff(left, right):
                for part in (left, right):
                    yield from self._culprits(part, bound, self._truth(part, bound))
            case Quantified():
                yield from self._instances(claim, bound, wanted)
            case PathClaim():
                yield Culprit(claim, bound, wanted, route=self._route(bind(claim, bound)))
            case CanReach():
                yield Culprit(claim, bound, wanted, step=self._connection(bind(claim, bound)))
            case ConnectionsAreFlows() if not wanted:
                (ear, sources), _ = next(s for s in self._judge.strays(bind(claim, bound)) if s[1])
                yield Culprit(claim, bound, wanted, step=self._step(ear, sources))
            case FlowsPossible() if not wanted:
                yield from self._flows(claim, bound)
            case AccountsAccepted() if not wanted:
                for host in self.layout.model.hosts:
                    for domain, held, accepted in self._judge.accounts(host):
                        if held and not accepted:
                            yield Culprit(claim, bound, wanted, (host, domain))
            case _:
                yield Culprit(claim, bound, wanted)

    def _truth(self, claim: Claim, bound: Bindings) -> bool:
        return self._judge.claim(bind(claim, bound)) is True

    def _instances(self, claim: Quantified, bound: Bindings, wanted: bool) -> Iterator[Culprit]:
        """`all` fails by one instance, `no` by one; the others are told as a whole, with the instances that there
        are."""
        body_wanted = {"all": False, "no": True}.get(claim.quantifier)
        if wanted:
            body_wanted = {"some": True}.get(claim.quantifier)
        cases = [b for b, when in self._judge.tuples(bind(claim.binders, bound)) if self.view.truth(when)]
        if body_wanted is not None:
            for more in cases:
                if self._truth(claim.body, bound | more) == body_wanted:
                    yield from self._culprits(claim.body, bound | more, body_wanted)
                    return
        held = [more for more in cases if self._truth(claim.body, bound | more)]
        subject = tuple(", ".join(thing.name for thing in more.values()) for more in held)
        yield Culprit(claim, bound, wanted, subject)

    def _route(self, claim: PathClaim) -> Route | None:
        """A shortest one in the world, where there is one."""
        found = search(self.view, claim, self.learner.budget)
        if not isinstance(found, Trail):
            return None
        return self.learner.route(claim, shortest(self.view, claim, found, self.learner.budget), self.world)

    def _connection(self, claim: CanReach) -> Step | None:
        sources = self.view.group(self.layout.group(claim.source))[0]
        targets = self.view.group(self.layout.group(claim.target))[0]
        for ear in self._judge.heard_by(targets, self.layout.heard(claim.on)[0]):
            if found := self._judge.reaching(ear, sure=True) & sources:
                return self._step(ear, found)
        return None

    def _step(self, ear: Ear, sources: int) -> Step:
        return connection(self.view, next(bits(sources)), ear, None, ANY_WAY, 0, 0)

    def _flows(self, claim: FlowsPossible, bound: Bindings) -> Iterator[Culprit]:
        for flow in self.layout.model.flows.values():
            if self.view.truth(flow.when):
                yield from (Culprit(claim, bound, False, subject) for subject in self._broken(flow))

    def _broken(self, flow: Flow) -> Iterator[tuple[str, ...]]:
        """(flow, source, destination, packet) of what the flow needs and does not have; fewer names where there is no
        such end."""
        ends, points = self.layout.endpoints, self.layout.classes
        if not self.view.truth(self._judge.has_end(flow)):
            yield (flow.name,)
        sources = self._judge.flow_sources(flow)[0]
        for source in bits(sources):
            for ear in self._judge.flow_ends(flow):
                if ear.at != source and not self._judge.open_to(ear.at, ear.packet)[0] >> source & 1:
                    yield flow.name, str(ends[source]), str(ends[ear.at]), str(points[ear.packet])
