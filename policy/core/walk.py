"""Paths and attacks in a view: where an attacker stands, and what one more connection adds.

A path claim asks whether some walk exists (`exists`): any path for `no`, one that satisfies its waypoints for `some`,
one that does not for `every`. Waypoints are followed by what remains of them: the rest of `A then B` after A is B (a
derivative, after Brzozowski 1964). As more events never unmake a satisfied claim, one rest is enough, there are
finitely many, and an attacker who avoids waypoints does best to pass as little as possible, one who wants them to pass
as much.

`Walk` and `Attack` take one step at a time in what is *possible* in their view. A set of places that one more step does
not leave, that holds the start and not the goal, proves that no walk exists; `policy.solver` finds such sets, `closed`
checks them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_

from policy.core.groups import bits
from policy.core.inward import Waypoints
from policy.core.layout import Onward
from policy.core.model import AllOf, AnyOf, Endpoints, Named, Pass, PathClaim, Then
from policy.core.model import Waypoints as Wanted
from policy.core.view import Ear, View

Letter = frozenset[Named]  # what one event passes: a firewall, or a host and the components on it


@dataclass(frozen=True, slots=True)
class Crossed:
    """The rest of `crosses at least N firewalls`: those crossed so far."""

    firewalls: frozenset[Named]
    least: int


Rest = bool | Wanted | Crossed  # True: satisfied


def after(rest: Rest, letter: Letter) -> Rest:
    """What remains of the waypoints after one event."""
    match rest:
        case Pass(what):
            return what in letter or rest
        case Then(of):
            first = after(of[0], letter)
            if first is True:
                return Then(of[1:]) if len(of) > 2 else of[1]
            return Then((first, *of[1:]))  # type: ignore[arg-type]
        case AllOf(of):
            left = tuple(r for r in (after(part, letter) for part in of) if r is not True)
            return True if not left else left[0] if len(left) == 1 else AllOf(left)  # type: ignore[arg-type]
        case AnyOf(of):
            each = tuple(after(part, letter) for part in of)
            return True if True in each else AnyOf(each)  # type: ignore[arg-type]
        case Crossed(firewalls, least):
            more = firewalls | {thing for thing in letter if thing.sort == "firewall"}
            return len(more) >= least or Crossed(more, least)
    return rest


class Passing(Waypoints):
    """The states of a walk that follows waypoints: 0 is the beginning; `wanted` walks end in `done`, others never get
    there."""

    def __init__(self, view: View, waypoints: Rest, wanted: bool) -> None:
        self.wanted = wanted
        self.visits = _visits(view, waypoints, wanted)
        firewalls = view.layout.firewalls if isinstance(waypoints, Crossed) else _firewalls(waypoints)
        self.crossings = {name: frozenset({Named("firewall", name)}) for name in firewalls}
        self.rests: list[Rest] = [waypoints]
        self._numbers: dict[Rest, int] = {waypoints: 0}
        self._next: dict[tuple[int, Letter], int | None] = {}
        self._after: dict[str, list[int | None]] = {}
        letters = sorted({*self.visits.values(), *self.crossings.values()}, key=lambda x: sorted(map(str, x)))
        for state, rest in enumerate(self.rests):  # grows while it runs
            view.spend()
            for letter in letters:
                self._next[state, letter] = self._state(after(rest, letter))
        self.states = len(self.rests)
        changes = {(q, self._next[q, by]) for q in range(self.states) for by in self.crossings.values()}
        self.entered = frozenset(to for q, to in changes if to is not None and to != q)
        self.key = view.layout.key((waypoints, wanted, frozenset(self.visits.items())))

    def _state(self, rest: Rest) -> int | None:
        if rest is True and not self.wanted:
            return None
        if rest not in self._numbers:
            self._numbers[rest] = len(self.rests)
            self.rests.append(rest)
        return self._numbers[rest]

    def crossing(self, state: int, firewall: str) -> int | None:
        letter = self.crossings.get(firewall)
        return state if letter is None else self._next[state, letter]

    def after(self, firewall: str) -> list[int | None] | None:
        if firewall not in self.crossings and not (self.wanted and self.entered):
            return None
        if firewall not in self._after:
            self._after[firewall] = [self.crossing(q, firewall) for q in range(self.states)]
        return self._after[firewall]

    def visit(self, state: int, i: int) -> int | None:
        """The state after the walk visited endpoint `i` (a host)."""
        letter = self.visits.get(i)
        return state if letter is None else self._next[state, letter]

    def done(self, state: int) -> bool:
        """Whether a walk may end here."""
        return not self.wanted or self.rests[state] is True


def named(rest: Rest) -> Iterator[Named]:
    """The things that the waypoints name."""
    match rest:
        case Pass(Named() as what):
            yield what
        case Then(of) | AllOf(of) | AnyOf(of):
            for part in of:
                yield from named(part)


def _firewalls(rest: Rest) -> list[str]:
    return sorted({what.name for what in named(rest) if what.sort == "firewall"})


def _visits(view: View, rest: Rest, wanted: bool) -> dict[int, Letter]:
    """What a visit of each endpoint passes: surely where that is avoided, possibly where it is wanted."""
    found: dict[int, set[Named]] = {}
    for what in named(rest):
        if what.sort == "host":
            for i in view.layout.hosts[what.name]:
                found.setdefault(i, set()).add(what)
        elif what.sort == "component":
            surely, possibly = view.given(view.layout.group(Endpoints((what,))))
            for i in bits(possibly if wanted else surely):
                found.setdefault(i, set()).add(what)
    return {i: frozenset(things) for i, things in found.items()}


class Free(Passing):
    """The states of a walk without waypoints: one."""

    def __init__(self) -> None:
        self.wanted, self.visits, self.crossings, self.states, self.key = False, {}, {}, 1, 0


def passing(view: View, claim: PathClaim, cut: frozenset[str] = frozenset()) -> Passing:
    """The states for the walks whose existence decides the claim. For `every … crosses at least N` the walks that cross
    no firewall of `cut`."""
    if claim.crosses is not None:
        if claim.quantifier == "every":
            return Passing(view, AnyOf(tuple(Pass(Named("firewall", name)) for name in sorted(cut))), False)
        return Passing(view, rest_of(claim), True)
    if claim.passes is None:
        return Free()
    return Passing(view, claim.passes, claim.quantifier != "every")


@dataclass(frozen=True, slots=True)
class Places:
    """For every state of the waypoints: the endpoints a walk may leave from, and the relays that may go on (sets of
    numbers). An attack has one state, `at`, and holds all its places at once."""

    leaving: tuple[int, ...]
    relaying: tuple[int, ...]
    at: int = 0

    def within(self, other: Places) -> bool:
        """Whether nothing is in these places that is not in the other ones."""
        return (
            self.at == other.at
            and not any(a & ~b for a, b in zip(self.leaving, other.leaving, strict=True))
            and not any(a & ~b for a, b in zip(self.relaying, other.relaying, strict=True))
        )

    def __or__(self, other: Places) -> Places:
        return Places(
            tuple(a | b for a, b in zip(self.leaving, other.leaving, strict=True)),
            tuple(a | b for a, b in zip(self.relaying, other.relaying, strict=True)),
            self.at,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """A connection that arrives at an ear in the state `arrive`: from one of `sources` (leaving in state `leave`), or
    as relay `relay`. `goal`: a walk may end here. `places`: where it may go on, as an addition."""

    ear: Ear
    leave: int
    arrive: int
    sources: int
    relay: Onward | None
    goal: bool
    places: Places


class Walk:
    """Paths from the claim's source to its target that go through the states of `way`."""

    def __init__(self, view: View, claim: PathClaim, way: Passing) -> None:
        layout = view.layout
        self.view, self.claim, self.way = view, claim, way
        self.start = view.group(layout.group(claim.source))[1] | view.compromised[1]
        self.target = view.group(layout.group(claim.target))[1]
        self.on = layout.heard(claim.on)[0]
        self.hardened = view.group(layout.hardened)[0]
        self._ways: dict[Ear, list[tuple[int, bool, Places]]] = {}

    @property
    def begins_at_goal(self) -> bool:
        """Whether the walk of no step is one that is looked for."""
        return bool(self.start & self.target) and not self.claim.on and self.way.done(0)

    def begin(self) -> Places:
        none = (0,) * self.way.states
        return Places((self.start, *none[1:]), none)

    @cached_property
    def everything(self) -> Places:
        """All places."""
        relays = (1 << len(self.view.layout.onwards)) - 1
        return Places((self.view.layout.everyone,) * self.way.states, (relays,) * self.way.states)

    @cached_property
    def ears(self) -> tuple[Ear, ...]:
        """All that listens, the target first, as most searches end there; one for packets that nothing here tells
        apart."""
        return (*self._ears_of_target, *self._ears(self.view.layout.everyone & ~self.target))

    @cached_property
    def _ears_of_target(self) -> tuple[Ear, ...]:
        return tuple(self._ears(self.target))

    def _ears(self, endpoints: int) -> Iterator[Ear]:
        for i in bits(endpoints & ~self.view.layout.deaf):
            yield from self.view.alike(i, self.on)

    def _ways_in(self, ear: Ear, known: Places) -> list[tuple[int, bool, Places]]:
        """(state, whether a walk may end, where it may go on) of each way to arrive that adds to `known` or ends."""
        if ear not in self._ways:
            states = range(self.way.states)
            self._ways[ear] = [(q, self.goal(ear, q), self.after(ear, q)) for q in states]
        if known is self.everything:
            return [way for way in self._ways[ear] if way[1]]
        return [way for way in self._ways[ear] if way[1] or not way[2].within(known)]

    def arrivals(self, places: Places, known: Places) -> Iterator[Arrival]:
        """Everything that one connection from the places adds to `known`, and every arrival at the goal."""
        for ear in self._ears_of_target if known is self.everything else self.ears:
            if self._reached(ear, places):
                for arrive, goal, more in self._ways_in(ear, known):
                    yield from self._arriving(ear, arrive, goal, more, places)

    def _reached(self, ear: Ear, places: Places) -> bool:
        """Whether anything at all gets there, waypoints aside."""
        near = self.view.sources(ear.at, ear.packet)[0] & ear.possible
        if any(near & some for some in places.leaving):
            return True
        relaying = reduce(or_, places.relaying)
        return (
            any(relaying >> r.number & 1 and near >> r.at & 1 for r in self.view.onwards_to(ear)) if relaying else False
        )

    def _arriving(self, ear: Ear, arrive: int, goal: bool, more: Places, places: Places) -> Iterator[Arrival]:
        row = self.view.sources(ear.at, ear.packet, way=self.way, arrive=arrive)
        for leave in range(self.way.states):
            sources = row[leave] & ear.possible
            if sources & places.leaving[leave]:
                yield Arrival(ear, leave, arrive, sources & places.leaving[leave], None, goal, more)
            for relay in self.view.onwards_to(ear) if places.relaying[leave] else ():
                if places.relaying[leave] >> relay.number & 1 and sources >> relay.at & 1:
                    yield Arrival(ear, leave, arrive, 0, relay, goal, more)

    def goal(self, ear: Ear, arrive: int) -> bool:
        """Whether a walk that arrives there may end there."""
        return bool(self.target >> ear.at & 1 and self.on >> ear.packet & 1) and self.way.done(arrive)

    def after(self, ear: Ear, arrive: int) -> Places:
        """Where a walk may go on that arrived there; what it passes by that is in the state."""
        leaving, relaying = [0] * self.way.states, [0] * self.way.states
        host = self.view.layout.endpoints[ear.at].sort == "host"
        visited = self.way.visit(arrive, ear.at) if host else arrive
        if visited is not None and not self.hardened >> ear.at & 1:
            leaving[visited] |= 1 << ear.at
        for relay in ear.relays:
            state = visited if host else self.relayed(arrive, ear.at)
            if state is not None:
                relaying[state] |= 1 << relay.number
        return Places(tuple(leaving), tuple(relaying))

    def relayed(self, state: int, firewall: int) -> int | None:
        """The state after the firewall relayed: it passes itself, while it works."""
        name = self.view.layout.endpoints[firewall].name
        bypassed = self.view.bypassed(name)
        counts = bypassed is False or (bypassed is None and self.way.wanted)
        return self.way.crossing(state, name) if counts else state

    def fits(self, places: Places) -> bool:
        """Whether the places speak of endpoints and relays that there are, and of the states of these walks."""
        states = len(places.leaving) == len(places.relaying) == self.way.states and places.at == 0
        return states and self._there(places)

    def _there(self, places: Places) -> bool:
        layout = self.view.layout
        endpoints = all(0 <= some <= layout.everyone for some in places.leaving)
        return endpoints and all(0 <= some < 1 << len(layout.onwards) for some in places.relaying)

    def closed(self, levels: tuple[Places, ...]) -> bool:
        """Whether the places show that no walk exists: they hold the start, and a step from each level stays in the
        next one (the last one counts as its own next, without `within`) and never arrives at the goal."""
        if self.begins_at_goal or not levels or not self.begin().within(levels[0]):
            return False
        bound = self.claim.within
        if bound == 0:
            return True
        if bound is not None and bound < len(levels):
            levels = levels[:bound]
        following = (*levels[1:], levels[-1])
        if bound is not None and len(levels) == bound:
            following = (*levels[1:], self.everything)
        return not any(
            arrival.goal or not arrival.places.within(after_it)
            for here, after_it in zip(levels, following, strict=True)
            for arrival in self.arrivals(here, after_it)
        )


class Attack(Walk):
    """Attacks: sequences of steps, each from any place held so far, as far as accounts allow. `Places.at` is the state
    of all of the sequence."""

    def begins(self) -> Iterator[Places]:
        """One for each endpoint of the source; failures are held besides."""
        compromised = self.view.compromised[1]
        source = self.view.group(self.view.layout.group(self.claim.source))[1]
        for i in bits(source):
            yield Places((1 << i | compromised,), (0,))
        if not source and compromised:
            yield Places((compromised,), (0,))

    def begin(self) -> Places:
        """All of the source at once: what cannot be done from there, cannot be done from one of them."""
        return Places((self.start,), (0,))

    def arrivals(self, places: Places, known: Places) -> Iterator[Arrival]:
        """As for paths; `Arrival.places` are all places afterwards."""
        purse = self._purse(places.leaving[0])
        for ear in self.ears:
            if not self._reached(ear, places):
                continue
            for arrive in range(self.way.states):
                goal, later = self.goal(ear, arrive), self._later(ear, arrive, places)
                if goal or (later is not None and not later.within(known)):
                    yield from self._attacking(ear, arrive, goal, later or places, places, purse)

    def _attacking(
        self, ear: Ear, arrive: int, goal: bool, later: Places, places: Places, purse: frozenset[str]
    ) -> Iterator[Arrival]:
        row = self.view.sources(ear.at, ear.packet, way=self.way, arrive=arrive)
        admits = self.view.admits(ear.at) if ear.asks else frozenset()
        leaving = row[places.at] & ear.possible & places.leaving[0]
        if leaving and (not ear.asks or not admits.isdisjoint(purse)):
            yield Arrival(ear, places.at, arrive, leaving, None, goal, later)
        for relay in self.view.onwards_to(ear) if places.relaying[0] else ():
            firewall = self.view.layout.endpoints[relay.at].sort == "firewall"
            leave = self.relayed(places.at, relay.at) if firewall else places.at
            if leave is None or not places.relaying[0] >> relay.number & 1:
                continue
            own = purse | self.view.accounts(relay.at) if ear.asks else purse
            if row[leave] & ear.possible & 1 << relay.at and (not ear.asks or not admits.isdisjoint(own)):
                yield Arrival(ear, leave, arrive, 0, relay, goal, later)

    def _later(self, ear: Ear, arrive: int, places: Places) -> Places | None:
        host = self.view.layout.endpoints[ear.at].sort == "host"
        state = self.way.visit(arrive, ear.at) if host else arrive
        if state is None:
            return None
        taken = 0 if self.hardened >> ear.at & 1 else 1 << ear.at
        relays = sum(1 << relay.number for relay in ear.relays)
        return Places((places.leaving[0] | taken,), (places.relaying[0] | relays,), state)

    def _purse(self, held: int) -> frozenset[str]:
        return frozenset().union(*(self.view.accounts(i) for i in bits(held)))

    def fits(self, places: Places) -> bool:
        """Whether the places speak of endpoints and relays that there are, and of a state of these attacks."""
        states = len(places.leaving) == len(places.relaying) == 1 and 0 <= places.at < self.way.states
        return states and self._there(places)

    def closed(self, family: tuple[Places, ...]) -> bool:
        """Whether every beginning is within one of the family, and every step from one of it leads to within one of it,
        and none arrives at the goal."""
        if self.begins_at_goal:
            return False
        inside = [p for p in self.begins() if not any(p.within(other) for other in family)]
        return not inside and not any(
            arrival.goal or not any(arrival.places.within(other) for other in family)
            for here in family
            for arrival in self.arrivals(here, here)
        )


def rest_of(claim: PathClaim) -> Rest:
    """What a walk has to pass by the claim, before it starts."""
    if claim.passes is not None:
        return claim.passes
    return True if not claim.crosses else Crossed(frozenset(), claim.crosses)


def wants(claim: PathClaim) -> bool:
    """Whether the walks that decide the claim look for waypoints rather than avoid them."""
    return claim.quantifier != "every" and (claim.passes is not None or claim.crosses is not None)


def wanted_attack(view: View, claim: PathClaim) -> bool:
    """Whether an attack is possible that satisfies its waypoints. As every step may be taken again, in any order, it
    needs to reach the target and to be able to pass each thing somehow."""
    free = Attack(view, claim, Free())
    waypoints = rest_of(claim)
    return any(_wanted_from(view, claim, waypoints, free, begin) for begin in free.begins())


def saturate(attack: Attack, places: Places) -> tuple[Places, bool]:
    """All places that can be held from there in the same state of the waypoints; and whether an attack may end on the
    way."""
    goal, grown = False, True
    while grown:
        grown = False
        for arrival in attack.arrivals(places, places):
            goal = goal or arrival.goal
            if arrival.places.at == places.at and not arrival.places.within(places):
                places, grown = places | arrival.places, True
    return places, goal


def _wanted_from(view: View, claim: PathClaim, waypoints: Rest, free: Attack, begin: Places) -> bool:
    if waypoints is True and begin.leaving[0] & free.target and not claim.on:
        return True
    held, goal = saturate(free, begin)
    if not goal:
        return False
    if isinstance(waypoints, Crossed):
        things = {Named("firewall", name) for name in view.layout.firewalls}
        return sum(_may_pass(view, claim, thing, held) for thing in sorted(things, key=str)) >= waypoints.least
    passed = frozenset(thing for thing in named(waypoints) if _may_pass(view, claim, thing, held))
    return _satisfied(waypoints, passed)


def _may_pass(view: View, claim: PathClaim, thing: Named, held: Places) -> bool:
    """Whether some step from the places passes the thing."""
    attack = Attack(view, claim, Passing(view, Pass(thing), True))
    return any(arrival.places.at == 1 for arrival in attack.arrivals(held, held))


def _satisfied(waypoints: Rest, passed: Letter) -> bool:
    match waypoints:
        case Pass(what):
            return what in passed
        case Then(of) | AllOf(of):
            return all(_satisfied(part, passed) for part in of)
        case AnyOf(of):
            return any(_satisfied(part, passed) for part in of)
    return waypoints is True
