"""Attacks as Horn rules: what is held, which relays are set off and who accepts the accounts gained, by stage."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import combinations
from math import comb

from policy.core.endpoints import Endpoint
from policy.core.model import AllOf, AnyOf, Named, Pass, Then, Waypoints
from policy.solver.horn.diagram import ALWAYS, NEVER, NotExpressibleError
from policy.solver.horn.family import Offer
from policy.solver.horn.passing import Avoiding, Chains, Counting, Ledger, Passing, ordered, things
from policy.solver.horn.ways import Choice, Place, Step, Ways, spoken

MOST_SETS = 3_000  # of things that an attack passes


class Attacks(Ways):
    """A growing set of what is held. The facts are: the attacker holds this, at that stage."""

    def build(self) -> None:
        self.stage = Passing()
        self.reached = [goal.fact for goal in self.goals]
        self.events: dict[Named, str] = {}
        self._decide()
        self.known: dict[Passing, dict[str, Place | None]] = {}
        self.entered: dict[Passing, dict[Passing, str]] = {}
        self.steps: dict[str, dict[tuple[object, ...], int]] = {}
        self.pending: list[tuple[Place, Passing]] = []
        self.stay()
        several = len(self.starts) > 1
        if several:
            self.system.numbered["start"] = [str(x) for x in self.starts]
        for x, when in self.family.compromised.items():
            self._gain(x, self.stage, (), when)
        for i, (x, when) in enumerate(self.starts.items()):
            self._gain(x, self.stage, (), when, ("start", i) if several else None)
        while self.pending:
            self._go_on(*self.pending.pop(0))
        if not self.kind.every:
            self._conclude()

    def _decide(self) -> None:
        """How account is kept of what is passed, and the stage in which an attack begins."""
        kind = self.kind
        if not kind.every:
            self.ledger = Ledger(self.family)
            if self.begin != Passing():
                self.events = {thing: f"passed {thing.name}" for thing in self._countable()}
                self.reached = [f"{goal.fact}, whatever it passed" for goal in self.goals]
        elif ordered(kind.passes):
            self.stage = self.begin
        else:
            self.ledger = Avoiding(self.family, self._guess())

    def _countable(self) -> tuple[Named, ...]:
        """What the claim names or counts."""
        if self.kind.passes is None:
            return tuple(Named("firewall", name) for name in self.family.model.firewalls)
        return tuple(dict.fromkeys(things(self.kind.passes)))

    def _guess(self) -> Mapping[Named, int]:
        """A guess of the things that an attack may pass without having passed what it should not."""
        named = self._countable()
        unknowns = {thing: self.d.unknown("guess", f"may pass {thing.name}") for thing in named}
        most = tuple(self._largest(named))
        self.system.free = {f"may pass {thing.name}": unknown for thing, unknown in unknowns.items()}
        self.system.most = tuple(frozenset(f"may pass {thing.name}" for thing in some) for some in most)
        outside = [[u for thing, u in unknowns.items() if thing not in some] for some in most]
        self.system.guessed = self.d.either(
            self.d.both(*(self.d.negated(self.d.equals(u)) for u in some)) for some in outside
        )
        return {thing: self.d.equals(unknown) for thing, unknown in unknowns.items()}

    def _largest(self, named: Sequence[Named]) -> Iterator[frozenset[Named]]:
        """The largest sets of the things that are not yet enough."""
        found: list[frozenset[Named]] = []
        sizes = range(len(named), -1, -1) if self.kind.passes is not None else (self.kind.crosses - 1,)
        for size in sizes:
            for some in _chosen(named, size):
                left = self.begin
                for thing in some:
                    left = left.after(frozenset({thing}))
                if not left.satisfied and not any(frozenset(some) <= other for other in found):
                    found.append(frozenset(some))
                    yield found[-1]

    # ------------------------------------------------ gaining things

    def _fact(self, name: str, stage: Passing) -> str:
        return f"{name}, {stage}" if stage != Passing() else name

    def _gain(
        self, place: Place, stage: Passing, body: tuple[str, ...], when: int, choice: Choice | None = None
    ) -> None:
        if self.rule(self._fact(spoken(place), stage), body, when, choice):
            self._learn(spoken(place), place, stage)
            self.pending.append((place, stage))
            if isinstance(place, Endpoint):
                self._accounts(place, stage)

    def _accounts(self, x: Endpoint, stage: Passing) -> None:
        """Which domains accept an account that holding x gives."""
        body = (self._fact(spoken(x), stage),)
        for domain in self.family.model.domains:
            name = f"accepted in {domain}"
            if self.rule(self._fact(name, stage), body, self._accepted(x, domain)):
                self._learn(name, None, stage)

    def _accepted(self, x: Endpoint, domain: str) -> int:
        """When the domain accepts one of the accounts of x."""
        d, accepting = self.d, self.family.accepting
        others = self.family.model.domains
        return d.either(d.both(accepting[domain, o], self.family.has_account(x, o)) for o in others)

    def _learn(self, name: str, place: Place | None, stage: Passing) -> None:
        """Keeps in mind that the thing may be had at a stage: it is still had at the stages that follow."""
        self.known.setdefault(stage, {})[name] = place
        for further, entry in tuple(self.entered.get(stage, {}).items()):
            self._keep(name, place, stage, further, entry)

    def _keep(self, name: str, place: Place | None, stage: Passing, further: Passing, entry: str) -> None:
        body = (self._fact(name, stage), entry)
        if place is not None:
            self._gain(place, further, body, ALWAYS)
        elif self.rule(self._fact(name, further), body, ALWAYS):
            self._learn(name, None, further)

    def _enter(self, stage: Passing, further: Passing, choice: Choice, body: tuple[str, ...], when: int) -> None:
        """The step that is chosen leads from one stage to the other."""
        entry = f"goes on from {stage}, to {further}"
        self.rule(entry, body, when, choice)
        if further not in self.entered.setdefault(stage, {}):
            self.entered[stage][further] = entry
            for name, place in tuple(self.known.get(stage, {}).items()):
                self._keep(name, place, stage, further, entry)

    # ------------------------------------------------ steps

    def _go_on(self, place: Place, stage: Passing) -> None:
        body = (self._fact(spoken(place), stage),)
        if isinstance(place, Endpoint):
            for step in self.connections(place, stage):
                self._arrive(step, stage, body)
            return
        for left, relays in self.ledger.relaying(stage, place.source).items():
            for step in self.relayed(place, left):
                self._arrive(replace(step, when=self.d.both(step.when, relays)), stage, body)

    def _arrive(self, step: Step, stage: Passing, body: tuple[str, ...]) -> None:
        """What follows from a step where its target lets it in."""
        for extra, admitted in self._admitted(step, stage):
            there = replace(step, when=self.d.both(step.when, admitted))
            if there.when != NEVER:
                self._succeed(there, stage, (*body, *extra))

    def _succeed(self, step: Step, stage: Passing, body: tuple[str, ...]) -> None:
        d, y = self.d, step.target
        for goal, fact in zip(self.goals, self.reached, strict=True):
            if step.point in goal.points and y in goal.ends:
                self.rule(fact, body, d.both(step.when, goal.ends[y]))
        self._note(step, body)
        for left, seen in self.ledger.visiting(step.left, y).items():
            self._get(replace(step, when=d.both(step.when, seen), left=left), stage, body)

    def _admitted(self, step: Step, stage: Passing) -> Iterator[tuple[tuple[str, ...], int]]:
        """Which facts the target lets the packet in for, each with when it does."""
        y = step.target
        if y.sort == "firewall":
            yield (), ALWAYS
            return
        d = self.d
        anyway = self.family.plain(y, step.point)
        for domain, there in self.family.domains[y].items():
            own = NEVER if step.relay is None else self._accepted(step.source, domain)
            anyway = d.either((anyway, d.both(there, own)))
        yield (), anyway
        for domain, there in self.family.domains[y].items():
            asks = d.without(there, anyway)
            if asks != NEVER:
                yield (self._fact(f"accepted in {domain}", stage),), asks

    def _get(self, step: Step, stage: Passing, body: tuple[str, ...]) -> None:
        """The target is held unless it is hardened, and its relays are set off."""
        y, left = step.target, step.left
        offers = tuple(self.family.sets_off(step.source, y, step.point))
        choice = None
        if left != stage and step.when != NEVER:
            choice = f"step with {left} left", self._number(y, offers, stage, left)
            self._enter(stage, left, choice, body, step.when)
        self._gain(y, left, body, self.d.without(step.when, self.family.hardened(y)), choice)
        for offer, given in offers:
            self._gain(offer, left, body, self.d.both(step.when, given), choice)

    def _number(self, y: Endpoint, offers: tuple[tuple[Offer, int], ...], stage: Passing, left: Passing) -> int:
        """The number of a step from one stage to another; steps that gain the same are one."""
        known = self.steps.setdefault(str(left), {})
        key = y, offers, stage
        if key not in known:
            known[key] = len(known)
            relays = " and ".join(str(offer.number + 1) for offer, _ in offers)
            told = f"to {y}" + (f", which relays {relays}" if relays else "") + f", with {stage}"
            self.system.numbered.setdefault(f"step with {left} left", []).append(told)
        return known[key]

    # ------------------------------------------------ attacks that have to pass something

    def _note(self, step: Step, body: tuple[str, ...]) -> None:
        """What the step passes: everything can be done again, so only what can be passed at all matters."""
        d, y = self.d, step.target
        for thing, fact in self.events.items():
            if thing.sort == "firewall":
                works = d.negated(self.family.bypassed[thing.name])
                relays = step.relay is not None and step.source == Endpoint("firewall", thing.name)
                passed = works if relays else self._crossing(step, thing)
                self.rule(fact, body, d.both(step.when, passed))
            elif y.sort == "host":
                self.rule(fact, body, d.both(step.when, self.family.place(thing).get(y, NEVER)))

    def _crossing(self, step: Step, firewall: Named) -> int:
        """When some chain of the step crosses the firewall while it works."""
        if firewall not in self._listings:
            ledger = Counting(self.family, Pass(firewall), lambda _: False, simple=True)
            self._listings[firewall] = Chains(self.family, ledger)
        found = self._listings[firewall].outcomes(step.source, step.target, step.point, Passing(Pass(firewall)))
        return found.get(Passing(), NEVER)

    @cached_property
    def _listings(self) -> dict[Named, Chains]:
        return {}

    def _conclude(self) -> None:
        """An attack that got there and passed enough."""
        for goal, reached in zip(self.goals, self.reached, strict=True):
            for some in self._least() if self.events else ():
                self.rule(goal.fact, (reached, *(self.events[thing] for thing in some)), ALWAYS)

    def _least(self) -> Iterator[tuple[Named, ...]]:
        """The smallest sets of things that are enough to pass, each as often as it takes."""
        found: list[frozenset[Named]] = []
        named = self._countable()
        for size in range(len(named) + 1) if self.kind.passes is not None else (self.kind.crosses,):
            for some in _chosen(named, size) if size <= len(named) else ():
                enough = self.kind.passes is None or _enough(self.kind.passes, some)
                if enough and not any(other <= frozenset(some) for other in found):
                    found.append(frozenset(some))
                    yield some


def _chosen(named: Sequence[Named], size: int) -> Iterator[tuple[Named, ...]]:
    """All sets of so many of the things, or of all where there are fewer."""
    size = min(size, len(named))
    if size >= 0 and comb(len(named), size) > MOST_SETS:
        raise NotExpressibleError(f"there are too many sets of {size} of {len(named)} things that could be passed")
    yield from combinations(named, size) if size >= 0 else ()


def _enough(waypoints: Waypoints, passed: Collection[Named]) -> bool:
    """Whether these are enough where everything can be passed again."""
    match waypoints:
        case Pass(what):
            return what in passed
        case AnyOf(of):
            return any(_enough(part, passed) for part in of)
        case Then(of) | AllOf(of):
            return all(_enough(part, passed) for part in of)
