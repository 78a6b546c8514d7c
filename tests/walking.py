"""Minimal walks by trying them all: sequences of endpoints one by one for paths, sets of endpoints for attacks.

Takes the plain reading of one world under one failure (`policy.core.network`); shares nothing with the search.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from policy.core.endpoints import Endpoint
from policy.core.model import AllOf, AnyOf, Endpoints, Named, Pass, PathClaim, Then, Waypoints
from policy.core.network import Binding, Network, Offer, Points, Set
from policy.core.paths import path_exists

Visited = tuple[Endpoint, ...]
Events = tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Stand:
    """At the end of a sequence: the relays that the last connection set off, and what was passed."""

    offers: frozenset[Offer]
    events: Events


def subsequence(few: Sequence[object], many: Sequence[object]) -> bool:
    """Whether the many hold the few, in that order."""
    rest = iter(many)
    return all(item in rest for item in few)


def satisfied(net: Network, claim: PathClaim, events: Events) -> bool:
    """Whether a walk that passes these things satisfies the waypoints of the claim."""
    if claim.crosses is not None:
        return len({event for event in events if event.sort == "firewall"}) >= claim.crosses
    return claim.passes is None or _passes(net, claim.passes, events)


def _passes(net: Network, wanted: Waypoints, events: Events) -> bool:
    match wanted:
        case Pass(Named() as what):
            place = net.place(what)
            return place is not None and Named("firewall" if place.sort == "firewall" else "host", place.name) in events
        case Then((first, *more)):
            cuts = [i for i in range(len(events) + 1) if _passes(net, first, events[:i])]
            return any(not more or _passes(net, Then(tuple(more)), events[i:]) for i in cuts)
        case AllOf(of):
            return all(_passes(net, part, events) for part in of)
        case AnyOf(of):
            return any(_passes(net, part, events) for part in of)
    raise AssertionError(wanted)


# ---------------------------------------------------------------- paths


class Walks:
    """All walks of a claim, by the endpoints that they visit."""

    def __init__(self, net: Network, claim: PathClaim) -> None:
        self.net, self.claim = net, claim
        self.starts = net.members(claim.source) | net.compromised
        self.ends = net.members(claim.target)
        self.on: Points = net.points_on(claim.on)
        self.wanted = claim.quantifier != "every"

    def minimal(self, most: int) -> set[Visited]:
        """The minimal ones of at most so many steps."""
        found = set(self._all(most))
        return {v for v in found if not any(w != v and subsequence(w, v) for w in found)}

    def _all(self, most: int) -> Iterator[Visited]:
        begun: dict[Visited, set[Stand]] = {(start,): {Stand(frozenset(), ())} for start in self.starts}
        for (start,) in list(begun):
            if not self.claim.on and start in self.ends and self._decides(()):
                yield (start,)
        for _ in range(most if self.claim.within is None else min(most, self.claim.within)):
            longer: dict[Visited, set[Stand]] = {}
            for visited, stands in begun.items():
                for stand in stands:
                    for y, point, further in self._onward(visited, stand):
                        longer.setdefault((*visited, y), set()).add(further)
                        if y in self.ends and point in self.on and self._decides(further.events):
                            yield (*visited, y)
            begun = longer

    def _decides(self, events: Events) -> bool:
        return satisfied(self.net, self.claim, events) == self.wanted

    def _onward(self, visited: Visited, stand: Stand) -> Iterator[tuple[Endpoint, int, Stand]]:
        net, here, events = self.net, visited[-1], stand.events
        if len(visited) > 1 and here.sort == "host":
            events = (*events, Named("host", here.name))
        if len(visited) == 1 or not net.hardened(here):
            for y, point in net.connections(here):
                yield from self._arrivals(here, y, point, events)
        if here.sort == "firewall" and here.name not in net.bypassed:
            events = (*events, Named("firewall", here.name))
        for offer in stand.offers:
            for y, point in net.relayed(offer):
                yield from self._arrivals(here, y, point, events)

    def _arrivals(
        self, here: Endpoint, y: Endpoint, point: int, events: Events
    ) -> Iterator[tuple[Endpoint, int, Stand]]:
        for chain in self.net.chains(here, y, point):
            yield y, point, Stand(self.net.offers(here, y, point), events + chain)


# ---------------------------------------------------------------- attacks


class Walled(Network):
    """A network in which only some endpoints listen, and only those of a set of sources are in it."""

    def within(self, allowed: Set, source: Endpoints) -> Walled:
        self.allowed, self.source = allowed, source
        return self

    def takes(self, x: Endpoint, y: Endpoint) -> Points:
        return super().takes(x, y) if y in self.allowed else frozenset()

    def members(self, sets: Endpoints, binding: Binding | None = None) -> Set:
        found = super().members(sets, binding)
        return found & self.allowed if sets is self.source else found


def minimal_attacks(net: Network, claim: PathClaim, most: int) -> set[Set] | None:
    """The minimal sets of endpoints within which there is an attack that decides the claim, but for what is compromised
    from the start; None where more than `most` endpoints may be of use."""
    source = replace(claim.source)
    claim = replace(claim, source=source)
    listens = {y for y in net.endpoints for x in net.endpoints if net.takes(x, y)}
    listens -= {y for y in listens if not any(y == z for x in net.endpoints for z, _ in net.connections(x))}
    of_use = listens | net.members(source)
    if len(of_use) > most:
        return None
    found: set[Set] = set()
    for size in range(len(of_use) + 1):
        for some in combinations(sorted(of_use, key=str), size):
            allowed = frozenset(some)
            if any(known <= allowed for known in found):
                continue
            if path_exists(Walled(net.model, net.world, net.failure).within(allowed, source), claim, {}):
                found.add(allowed)
    return {allowed - net.compromised for allowed in found}
