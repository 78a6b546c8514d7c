"""The facts of one world under one failure, up to "x connects to y" (language, sections 2, 3, 6 and 7).

Takes a model, a world and a failure; `Network` says who exists, where, what sets hold, what listens, what relays, who
connects to whom on which chains of firewalls, and whose accounts are accepted. The plain reading, for `semantics`: it
shares nothing with the machinery that proves but the model and its endpoints.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from policy.core.endpoints import Endpoint, endpoints, parts
from policy.core.model import (
    ANY_SERVICE,
    ICMP,
    LAST_POINT,
    OTHER,
    TCP,
    UDP,
    Addresses,
    And,
    Anything,
    Claim,
    Component,
    Endpoints,
    Failure,
    Host,
    Iff,
    Is,
    Model,
    Named,
    Not,
    OfKind,
    Or,
    Ref,
    Relay,
    Service,
    Term,
    Variable,
    World,
)
from policy.core.model import Network as Cidr

Binding = Mapping[str, Named]  # what each variable in scope stands for
Set = frozenset[Endpoint]
Points = frozenset[int]  # one packet for every class of packets that the services of the design tell apart
RuleHere = tuple[bool, Set, Set, Points, frozenset[str], frozenset[str]]  # allow, sources, targets, packets, from, into


def true(condition: Claim, world: World) -> bool:
    """A condition's value; it speaks of options only."""
    match condition:
        case Is(option, value):
            return world[option] == value
        case Not(of):
            return not true(of, world)
        case And(claims):
            return all(true(claim, world) for claim in claims)
        case Or(claims):
            return any(true(claim, world) for claim in claims)
        case Iff(left, right):
            return true(left, world) == true(right, world)
    raise TypeError(f"not a condition: {condition!r}")


def named(ref: Ref, binding: Binding) -> Named:
    """What a reference stands for."""
    return binding[ref.name] if isinstance(ref, Variable) else ref


@dataclass(frozen=True, slots=True)
class Offer:
    """A relay that a connection has set off: `source` goes on to `targets` on `services`."""

    source: Endpoint
    targets: tuple[Named, ...]
    services: tuple[str, ...]


class Network:
    """The facts of one world under one failure (language, sections 2, 3 and 7)."""

    def __init__(self, model: Model, world: World, failure: Failure = frozenset()) -> None:
        self.model, self.world, self.failure = model, world, failure
        self.parts = parts(model)
        self.endpoints = tuple(e for e in endpoints(model, self.parts) if self._exists(e))
        self.bypassed = frozenset(name for name, _ in failure if name in model.firewalls)
        self._chains: dict[tuple[Endpoint, Endpoint, int], frozenset[tuple[Named, ...]]] = {}
        self._connections: dict[Endpoint, tuple[tuple[Endpoint, int], ...]] = {}
        self._accounts: dict[Endpoint, frozenset[str]] = {}

    def _exists(self, endpoint: Endpoint) -> bool:
        return endpoint.sort != "host" or true(self.model.hosts[endpoint.name].when, self.world)

    # ------------------------------------------------ what there is, and where

    @cached_property
    def homes(self) -> Mapping[str, Endpoint]:
        """The host of every component that exists."""
        found = {}
        for component in self.model.components.values():
            places = [Endpoint("host", host.name) for host in component.hosts if true(host.when, self.world)]
            if true(component.when, self.world) and places and places[0] in self.endpoints:
                found[component.name] = places[0]
        return found

    @cached_property
    def zones(self) -> Mapping[Endpoint, tuple[str, ...]]:
        """The zones that every endpoint is present in."""
        found = {}
        for endpoint in self.endpoints:
            if endpoint.sort == "host":
                places = self.model.hosts[endpoint.name].zones
                found[endpoint] = tuple(zone.name for zone in places if true(zone.when, self.world))
            elif endpoint.sort == "firewall":
                found[endpoint] = self.model.firewalls[endpoint.name].zones
            else:
                found[endpoint] = (endpoint.name,)
        return found

    def things(self, ref: Named) -> tuple[Host | Component, ...]:
        """A component, or a host and all components on it; nothing where it does not exist."""
        if ref.sort == "component":
            return (self.model.components[ref.name],) if ref.name in self.homes else ()
        host = Endpoint("host", ref.name)
        on_it = tuple(self.model.components[name] for name, home in self.homes.items() if home == host)
        return (self.model.hosts[ref.name], *on_it) if host in self.endpoints else ()

    def things_on(self, endpoint: Endpoint) -> tuple[Host | Component, ...]:
        """A host and all components on it; nothing for other endpoints."""
        return self.things(Named("host", endpoint.name)) if endpoint.sort == "host" else ()

    def place(self, ref: Named) -> Endpoint | None:
        """The endpoint that a host, component or firewall is or is on, if it exists."""
        if ref.sort == "component":
            return self.homes.get(ref.name)
        endpoint = Endpoint("firewall" if ref.sort == "firewall" else "host", ref.name)
        return endpoint if endpoint in self.endpoints else None

    def zones_of(self, place: Named) -> tuple[str, ...]:
        """A zone, or all zones of a domain."""
        return self.model.domains[place.name].zones if place.sort == "domain" else (place.name,)

    def domain(self, endpoint: Endpoint) -> str | None:
        """The domain of its first zone; firewalls have none."""
        zones = self.zones[endpoint] if endpoint.sort != "firewall" else ()
        return self.model.zones[zones[0]].domain if zones else None

    def kinds(self, things: Iterable[Host | Component]) -> frozenset[str]:
        """Their kinds and all kinds above these."""
        found: set[str] = set()
        fresh = {kind.name for thing in things for kind in thing.kinds if true(kind.when, self.world)}
        while fresh:
            found |= fresh
            fresh = {parent for kind in fresh for parent in self.model.kinds.get(kind, ())} - found
        return frozenset(found)

    def relays(self, things: Iterable[Host | Component]) -> tuple[Relay, ...]:
        return tuple(relay for thing in things for relay in thing.relays if true(relay.when, self.world))

    def services(self, things: Iterable[Host | Component]) -> tuple[str, ...]:
        """What they listen to: also what they relay."""
        things = tuple(things)
        listens = [item.services for thing in things for item in thing.listens if true(item.when, self.world)]
        relays = [relay.services for relay in self.relays(things)]
        return tuple(name for names in listens + relays for name in names)

    # ------------------------------------------------ packets

    @cached_property
    def packets(self) -> tuple[int, ...]:
        """The first packet of every run in which no service begins or ends."""
        ranges = [r for service in self.model.services.values() for r in service.plain + service.authenticated]
        cuts = {TCP, UDP, ICMP, OTHER} | {low for low, _ in ranges} | {high + 1 for _, high in ranges}
        return tuple(sorted(cut for cut in cuts if cut <= LAST_POINT))

    def service(self, name: str) -> Service:
        return Service(name, ((0, LAST_POINT),)) if name == ANY_SERVICE else self.model.services[name]

    def points(self, names: Iterable[str]) -> Points:
        """The packets of the services named."""
        services = [self.service(name) for name in names]
        return frozenset(point for point in self.packets if any(point in service for service in services))

    def points_on(self, names: tuple[str, ...]) -> Points:
        """The packets that `on` leaves: all where it names nothing."""
        return self.points(names or (ANY_SERVICE,))

    @cached_property
    def plain(self) -> Mapping[Endpoint, Points]:
        """The packets that every endpoint takes without authentication."""
        found = {}
        for endpoint in self.endpoints:
            names = self.services(self.things_on(endpoint))
            open_only = [Service(name, self.service(name).plain) for name in names]
            found[endpoint] = frozenset(p for p in self.packets if any(p in service for service in open_only))
        return found

    # ------------------------------------------------ sets

    def members(self, sets: Endpoints, binding: Binding | None = None) -> Set:
        """The endpoints of a set in this world."""
        terms = [self._term(term, binding or {}) for term in sets.terms]
        minus = [self._term(term, binding or {}) for term in sets.minus]
        return frozenset().union(*terms).difference(*minus)

    def _term(self, term: Term, binding: Binding) -> Set:
        match term:
            case Variable():
                return self._term(binding[term.name], binding)
            case Anything(firewalls):
                return frozenset(e for e in self.endpoints if firewalls or e.sort != "firewall")
            case OfKind(kind):
                return frozenset(e for e in self.endpoints if kind in self.kinds(self.things_on(e)))
            case Addresses(network):
                return frozenset(e for e in self.endpoints if self._inside(e, network))
            case Named("domain" | "zone"):
                zones = self.zones_of(term)
                inside = [e for e in self.endpoints if any(zone in zones for zone in self.zones[e])]
                return frozenset(e for e in inside if e.sort != "firewall")
            case _:
                place = self.place(term)
                return frozenset() if place is None else frozenset({place})

    def _inside(self, endpoint: Endpoint, network: Cidr) -> bool:
        """Whether all addresses that it may have are known and in the network."""
        if endpoint.sort == "firewall":
            return False
        if endpoint.sort == "host":
            host = self.model.hosts[endpoint.name]
            if host.address is not None and true(host.address_when, self.world):
                return host.address in network
        if endpoint.address is not None:
            return endpoint.address in network
        addresses = [part.address for zone in self.zones[endpoint] for part in self.parts[zone]]
        return bool(addresses) and all(address is not None and address in network for address in addresses)

    @cached_property
    def compromised(self) -> Set:
        """Where the attacker is from the start."""
        found: Set = frozenset()
        for name, effect in self.failure:
            if effect == "compromised":
                found |= self.members(Endpoints((self._named(name),)))
        return found

    def _named(self, name: str) -> Named:
        """The place of that name; places have one namespace."""
        if name in self.model.domains:
            return Named("domain", name)
        if name in self.model.zones:
            return Named("zone", name)
        if name in self.model.hosts:
            return Named("host", name)
        return Named("component" if name in self.model.components else "firewall", name)

    # ------------------------------------------------ listening and relaying

    @cached_property
    def listening(self) -> Mapping[Endpoint, Points]:
        """The packets that every endpoint listens on, whoever may send them."""
        found = {}
        for endpoint in self.endpoints:
            names = self.services(self.things_on(endpoint))
            published = (points for points, _, _ in self._publishes.get(endpoint, ()))
            found[endpoint] = self.points(names).union(*published)
        return found

    @cached_property
    def _publishes(self) -> Mapping[Endpoint, tuple[tuple[Points, Set, Offer], ...]]:
        """What each firewall publishes: packets, sources, and what it then does."""
        found = {}
        for firewall in self.model.firewalls.values():
            me = Endpoint("firewall", firewall.name)
            found[me] = tuple(
                (
                    self.points(publish.services),
                    frozenset(self.endpoints) if firewall.name in self.bypassed else self.members(publish.source),
                    Offer(me, publish.targets, publish.onward),
                )
                for publish in firewall.publishes
                if true(publish.when, self.world)
            )
        return found

    def takes(self, x: Endpoint, y: Endpoint) -> Points:
        """The packets of x that y listens on."""
        if y.sort != "firewall":
            return self.listening[y]
        return frozenset().union(*(points for points, sources, _ in self._publishes[y] if x in sources))

    def offers(self, x: Endpoint, y: Endpoint, point: int) -> frozenset[Offer]:
        """The relays that a connection from x sets off when it arrives at y."""
        if y.sort == "firewall":
            return frozenset(o for points, sources, o in self._publishes[y] if x in sources and point in points)
        relays = self.relays(self.things_on(y))
        return frozenset(Offer(y, r.targets, r.onward) for r in relays if point in self.points(r.services))

    def hardened(self, endpoint: Endpoint) -> bool:
        """Whether arriving there does not take it over."""
        if endpoint.sort == "host":
            return true(self.model.hosts[endpoint.name].hardened, self.world)
        return endpoint.sort == "firewall"

    # ------------------------------------------------ connections

    @cached_property
    def _rules(self) -> Mapping[str, tuple[RuleHere, ...]]:
        """The rules of every firewall that are there in this world: allow, sources, targets, packets, from, into."""
        every = frozenset(self.model.zones)
        return {
            name: tuple(
                (
                    rule.allow,
                    self.members(rule.source),
                    self.members(rule.target),
                    self.points(rule.services),
                    every if rule.from_zones is None else rule.from_zones,
                    every if rule.into_zones is None else rule.into_zones,
                )
                for rule in firewall.rules
                if true(rule.when, self.world)
            )
            for name, firewall in self.model.firewalls.items()
        }

    def passes(self, firewall: str, x: Endpoint, y: Endpoint, point: int, a: str, b: str) -> bool:
        """Whether the firewall passes that packet from zone a into zone b, both of which it joins."""
        if firewall in self.bypassed or x == Endpoint("firewall", firewall):
            return True
        for allow, sources, targets, points, from_zones, into_zones in self._rules[firewall]:
            if x in sources and y in targets and point in points and a in from_zones and b in into_zones:
                return allow
        return self.model.firewalls[firewall].default_allow

    @cached_property
    def _edges(self) -> Mapping[str, tuple[tuple[str, str | None], ...]]:
        """From every zone, into which zone what leads: a firewall, or a link (None)."""
        joints: list[tuple[tuple[str, ...], str | None]] = [(f.zones, f.name) for f in self.model.firewalls.values()]
        joints += [(link.zones, None) for link in self.model.links if true(link.when, self.world)]
        found: dict[str, dict[tuple[str, str | None], None]] = {zone: {} for zone in self.model.zones}
        for zones, via in joints:
            for a, b in product(zones, zones):
                if a != b:
                    found[a][b, via] = None
        return {zone: tuple(edges) for zone, edges in found.items()}

    def chains(self, x: Endpoint, y: Endpoint, point: int) -> frozenset[tuple[Named, ...]]:
        """For every chain of zones on which x connects to y, the working firewalls that it crosses, in order."""
        key = x, y, point
        if key not in self._chains:
            open_here = x != y and point in self.takes(x, y)
            starts = self.zones[x] if open_here else ()
            self._chains[key] = frozenset(c for zone in starts for c in self._lead(x, y, point, (zone,), ()))
        return self._chains[key]

    def _lead(
        self, x: Endpoint, y: Endpoint, point: int, visited: tuple[str, ...], crossed: tuple[Named, ...]
    ) -> Iterator[tuple[Named, ...]]:
        """The chains that go on from the last zone visited."""
        here = visited[-1]
        if here in self.zones[y] and not (len(visited) == 1 and self._kept_apart(x, y, here)):
            yield crossed
        for there, via in self._edges[here]:
            if there in visited or (via is not None and not self.passes(via, x, y, point, here, there)):
                continue
            counts = () if via is None or via in self.bypassed else (Named("firewall", via),)
            yield from self._lead(x, y, point, (*visited, there), crossed + counts)

    def _kept_apart(self, x: Endpoint, y: Endpoint, zone: str) -> bool:
        return self.model.zones[zone].isolated and x.sort != "firewall" and y.sort != "firewall"

    def connects(self, x: Endpoint, y: Endpoint, point: int) -> bool:
        return bool(self.chains(x, y, point))

    def connections(self, x: Endpoint) -> tuple[tuple[Endpoint, int], ...]:
        """What x connects to, on which packets."""
        if x not in self._connections:
            self._connections[x] = tuple(
                (y, point) for y in self.endpoints for point in sorted(self.takes(x, y)) if self.connects(x, y, point)
            )
        return self._connections[x]

    def relayed(self, offer: Offer) -> tuple[tuple[Endpoint, int], ...]:
        """The connections that a relay makes."""
        targets = {self.place(target) for target in offer.targets}
        points = self.points(offer.services)
        return tuple((y, point) for y, point in self.connections(offer.source) if y in targets and point in points)

    # ------------------------------------------------ accounts

    @cached_property
    def accepting(self) -> frozenset[tuple[str, str]]:
        """All pairs of domains, the first of which accepts accounts of the second."""
        trusts = [trust for trust in self.model.trusts if true(trust.when, self.world)]
        chained = {(trust.truster, trust.trusted) for trust in trusts if trust.transitive}
        while further := {(a, d) for a, b in chained for c, d in chained if b == c} - chained:
            chained |= further
        own = {(domain, domain) for domain in self.model.domains}
        return frozenset(own | chained | {(trust.truster, trust.trusted) for trust in trusts})

    def declared_accounts(self, things: Iterable[Host | Component]) -> frozenset[str]:
        return frozenset(tag.name for thing in things for tag in thing.accounts if true(tag.when, self.world))

    def accounts(self, endpoint: Endpoint) -> frozenset[str]:
        """The domains whose accounts the endpoint has."""
        if endpoint not in self._accounts:
            found = self.declared_accounts(self.things_on(endpoint))
            domain = self.domain(endpoint)
            if domain is not None:
                zone = self.model.zones[self.zones[endpoint][0]]
                found |= frozenset() if zone.standalone or self.model.domains[domain].standalone else {domain}
            self._accounts[endpoint] = found
        return self._accounts[endpoint]

    def admits(self, y: Endpoint, point: int, accounts: frozenset[str]) -> bool:
        """Whether y lets in a connection on that packet, which it listens on, with these accounts."""
        if y.sort == "firewall" or point in self.plain[y]:
            return True
        return any((self.domain(y), account) in self.accepting for account in accounts)
