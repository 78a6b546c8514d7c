"""The facts of all worlds and failures at once, each with the condition under which it is one, as a diagram.

`Family` says of a model what `policy.core.network` says of one world under one failure, sentence by sentence: who
exists, where, what sets hold, what listens, what relays, who connects to whom, and whose accounts are accepted. It
shares nothing with the machinery that proves but the model and its endpoints, as it serves a second opinion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from policy.core.endpoints import Endpoint, endpoints, parts
from policy.core.model import (
    ANY_SERVICE,
    LAST_POINT,
    Addresses,
    And,
    Anything,
    Claim,
    Component,
    Endpoints,
    Host,
    Iff,
    Is,
    Listens,
    Model,
    Named,
    Not,
    OfKind,
    Or,
    Relay,
    Service,
    Tagged,
    Term,
    Threat,
)
from policy.core.model import Network as Cidr
from policy.solver.horn.diagram import ALWAYS, NEVER, Diagrams

T = TypeVar("T")
Set = Mapping[Endpoint, int]  # who may be in it, and when


@dataclass(frozen=True, slots=True)
class Offer:
    """A relay of a host or publish of a firewall, by its number there; what arrives on `points` it passes on."""

    source: Endpoint
    number: int
    points: frozenset[int]
    targets: tuple[Named, ...]
    onward: frozenset[int]


class Family:
    """The networks that a design describes, under any failure that the threats may make up."""

    def __init__(self, model: Model, threats: Sequence[Threat] = ()) -> None:
        self.model = model
        self.diagrams = Diagrams()
        self.options = {o.name: self.diagrams.unknown("option", o.name, o.values) for o in model.options.values()}
        units: set[tuple[str, str]] = {(unit.name, threat.effect) for threat in threats for unit in threat.units}
        self.failures = {
            (name, effect): self.diagrams.unknown("failure", f"{name} {effect}") for name, effect in sorted(units)
        }
        self.parts = parts(model)
        self.endpoints = endpoints(model, self.parts)
        self._conditions: dict[Claim, int] = {}
        self._members: dict[Endpoints, Set] = {}
        self._passed: dict[tuple[str, Endpoint, Endpoint, int, str, str], int] = {}
        self._points: dict[tuple[str, ...], frozenset[int]] = {}

    # ------------------------------------------------ conditions and failures

    def true(self, condition: Claim) -> int:
        """A condition of the model."""
        if condition not in self._conditions:
            self._conditions[condition] = self._true(condition)
        return self._conditions[condition]

    def _true(self, condition: Claim) -> int:
        d = self.diagrams
        match condition:
            case Is(option, value):
                return d.equals(self.options[option], value)
            case Not(of):
                return d.negated(self.true(of))
            case And(claims):
                return d.both(*(self.true(claim) for claim in claims))
            case Or(claims):
                return d.either(self.true(claim) for claim in claims)
            case Iff(left, right):
                return d.chosen(self.true(left), self.true(right), d.negated(self.true(right)))
        raise TypeError(f"not a condition: {condition!r}")

    def fails(self, name: str, effect: str) -> int:
        unknown = self.failures.get((name, effect))
        return NEVER if unknown is None else self.diagrams.equals(unknown)

    @cached_property
    def bypassed(self) -> Mapping[str, int]:
        """When each firewall does not work."""
        either = self.diagrams.either
        return {f: either((self.fails(f, "bypassed"), self.fails(f, "compromised"))) for f in self.model.firewalls}

    @cached_property
    def compromised(self) -> Set:
        """Where the attacker is from the start."""
        found: dict[Endpoint, int] = {}
        for name, effect in self.failures:
            if effect == "compromised":
                for endpoint, when in self.members(Endpoints((self._named(name),))).items():
                    _add(self.diagrams, found, endpoint, self.diagrams.both(when, self.fails(name, effect)))
        return found

    def _named(self, name: str) -> Named:
        if name in self.model.domains:
            return Named("domain", name)
        if name in self.model.zones:
            return Named("zone", name)
        if name in self.model.hosts:
            return Named("host", name)
        return Named("component" if name in self.model.components else "firewall", name)

    # ------------------------------------------------ what there is, and where

    def exists(self, endpoint: Endpoint) -> int:
        return self.true(self.model.hosts[endpoint.name].when) if endpoint.sort == "host" else ALWAYS

    @cached_property
    def homes(self) -> Mapping[str, Set]:
        """For every component the hosts that it may be on."""
        found = {}
        for component in self.model.components.values():
            places = dict[Endpoint, int]()
            for name, when in self._first(component.hosts):
                host = Endpoint("host", name)
                there = self.diagrams.both(self.true(component.when), when, self.exists(host))
                _add(self.diagrams, places, host, there)
            found[component.name] = places
        return found

    def _first(self, tags: Sequence[Tagged]) -> Iterator[tuple[str, int]]:
        """Each name with the condition that it is the first whose tag holds."""
        before = NEVER
        for tag in tags:
            yield tag.name, self.diagrams.without(self.true(tag.when), before)
            before = self.diagrams.either((before, self.true(tag.when)))

    @cached_property
    def zones(self) -> Mapping[Endpoint, Mapping[str, int]]:
        """The zones that every endpoint may be present in."""
        found: dict[Endpoint, dict[str, int]] = {}
        for endpoint in self.endpoints:
            found[endpoint] = {}
            if endpoint.sort == "host":
                for tag in self.model.hosts[endpoint.name].zones:
                    there = self.diagrams.both(self.true(tag.when), self.exists(endpoint))
                    _add(self.diagrams, found[endpoint], tag.name, there)
            elif endpoint.sort == "firewall":
                found[endpoint] = dict.fromkeys(self.model.firewalls[endpoint.name].zones, ALWAYS)
            else:
                found[endpoint] = {endpoint.name: ALWAYS}
        return found

    def first_zones(self, endpoint: Endpoint) -> Iterator[tuple[str, int]]:
        """The zones that may be its first one, which gives it its domain; none for firewalls."""
        if endpoint.sort == "someone":
            yield endpoint.name, ALWAYS
        elif endpoint.sort == "host":
            for zone, when in self._first(self.model.hosts[endpoint.name].zones):
                yield zone, self.diagrams.both(when, self.exists(endpoint))

    @cached_property
    def domains(self) -> Mapping[Endpoint, Mapping[str, int]]:
        """The domains that every endpoint may be of."""
        found: dict[Endpoint, dict[str, int]] = {endpoint: {} for endpoint in self.endpoints}
        for endpoint in self.endpoints:
            for zone, when in self.first_zones(endpoint):
                _add(self.diagrams, found[endpoint], self.model.zones[zone].domain, when)
        return found

    def place(self, ref: Named) -> Set:
        """The endpoints that a host, component or firewall may be or be on."""
        if ref.sort == "component":
            return self.homes[ref.name]
        endpoint = Endpoint("firewall" if ref.sort == "firewall" else "host", ref.name)
        return {endpoint: self.exists(endpoint)}

    def things(self, ref: Named) -> tuple[tuple[Host | Component, int], ...]:
        """A component, or a host and all components that may be on it, each with its condition."""
        if ref.sort == "component":
            exists = self.diagrams.either(self.homes[ref.name].values())
            return ((self.model.components[ref.name], exists),)
        host = Endpoint("host", ref.name)
        on_it = [(self.model.components[c], homes[host]) for c, homes in self.homes.items() if host in homes]
        return ((self.model.hosts[ref.name], self.exists(host)), *on_it)

    @cached_property
    def things_on(self) -> Mapping[Endpoint, tuple[tuple[Host | Component, int], ...]]:
        """A host and all components that may be on it; nothing for other endpoints."""
        return {e: self.things(Named("host", e.name)) if e.sort == "host" else () for e in self.endpoints}

    def zones_of(self, place: Named) -> tuple[str, ...]:
        """A zone, or all zones of a domain."""
        return self.model.domains[place.name].zones if place.sort == "domain" else (place.name,)

    def within(self, endpoint: Endpoint, zones: Iterable[str]) -> int:
        """When the endpoint is present in one of the zones."""
        return self.diagrams.either(self.zones[endpoint].get(zone, NEVER) for zone in zones)

    def has_kind(self, things: Iterable[tuple[Host | Component, int]], kind: str) -> int:
        """When one of the things is of the kind or of one below it."""
        below, grown = {kind}, True
        while grown:
            more = {name for name, parents in self.model.kinds.items() if below & set(parents)} - below
            below, grown = below | more, bool(more)
        return self._tagged(((thing.kinds, when) for thing, when in things), below)

    def has_account(self, endpoint: Endpoint, domain: str) -> int:
        """When the endpoint has accounts of the domain."""
        own = [
            when
            for zone, when in self.first_zones(endpoint)
            if self.model.zones[zone].domain == domain
            and not (self.model.zones[zone].standalone or self.model.domains[domain].standalone)
        ]
        return self.diagrams.either((self.declares_account(endpoint, domain), *own))

    def declares_account(self, endpoint: Endpoint, domain: str) -> int:
        """When something on the endpoint says `account` and the domain."""
        return self._tagged(((thing.accounts, when) for thing, when in self.things_on[endpoint]), {domain})

    def _tagged(self, tagged: Iterable[tuple[Sequence[Tagged], int]], names: set[str]) -> int:
        found = [(when, tag.when) for tags, when in tagged for tag in tags if tag.name in names]
        return self.diagrams.either(self.diagrams.both(when, self.true(tag)) for when, tag in found)

    @cached_property
    def accepting(self) -> Mapping[tuple[str, str], int]:
        """When the first domain accepts accounts of the second."""
        d, names = self.diagrams, tuple(self.model.domains)
        found = {(a, b): ALWAYS if a == b else NEVER for a in names for b in names}
        for trust in self.model.trusts:
            if trust.transitive:
                _add(d, found, (trust.truster, trust.trusted), self.true(trust.when))
        for via in names:
            for a in names:
                for b in names if found[a, via] != NEVER else ():
                    _add(d, found, (a, b), d.both(found[a, via], found[via, b]))
        for trust in self.model.trusts:
            _add(d, found, (trust.truster, trust.trusted), self.true(trust.when))
        return found

    # ------------------------------------------------ packets

    @cached_property
    def packets(self) -> tuple[int, ...]:
        """A packet for every class of those that no service tells apart."""
        services = self.model.services.values()
        ranges = [interval for service in services for interval in service.plain + service.authenticated]
        cuts = {0} | {low for low, _ in ranges} | {high + 1 for _, high in ranges}
        classes: dict[tuple[bool, ...], int] = {}
        for cut in sorted(cut for cut in cuts if cut <= LAST_POINT):
            sides = (side for service in services for side in (service.plain, service.authenticated))
            classes.setdefault(tuple(any(low <= cut <= high for low, high in side) for side in sides), cut)
        return tuple(classes.values())

    def points(self, names: tuple[str, ...]) -> frozenset[int]:
        """The packets of the services named."""
        if names not in self._points:
            services = [self._service(name) for name in names]
            self._points[names] = frozenset(p for p in self.packets if any(p in service for service in services))
        return self._points[names]

    def _service(self, name: str) -> Service:
        return Service(name, ((0, LAST_POINT),)) if name == ANY_SERVICE else self.model.services[name]

    def points_on(self, names: tuple[str, ...]) -> frozenset[int]:
        """The packets that `on` leaves: all where it names nothing."""
        return self.points(names or (ANY_SERVICE,))

    def plain(self, endpoint: Endpoint, point: int) -> int:
        """When the endpoint takes the packet without authentication."""
        heard = self._heard(self.things_on[endpoint])
        return self.diagrams.either(
            when for names, when in heard if any(point in Service(n, self._service(n).plain) for n in names)
        )

    def hears(self, things: Iterable[tuple[Host | Component, int]], point: int) -> int:
        """When one of the things listens to the packet; relays listen, too."""
        return self.diagrams.either(when for names, when in self._heard(things) if point in self.points(names))

    def _heard(self, things: Iterable[tuple[Host | Component, int]]) -> Iterator[tuple[tuple[str, ...], int]]:
        for thing, when in things:
            items: tuple[Listens | Relay, ...] = (*thing.listens, *thing.relays)
            for item in items:
                yield item.services, self.diagrams.both(when, self.true(item.when))

    # ------------------------------------------------ sets

    def members(self, sets: Endpoints) -> Set:
        """Who may be in a set."""
        if sets not in self._members:
            d = self.diagrams
            found: dict[Endpoint, int] = {}
            for endpoint in self.endpoints:
                inside = d.either(self._in_term(endpoint, term) for term in sets.terms)
                if inside != NEVER:
                    inside = d.without(inside, d.either(self._in_term(endpoint, term) for term in sets.minus))
                if inside != NEVER:
                    found[endpoint] = inside
            self._members[sets] = found
        return self._members[sets]

    def _in_term(self, endpoint: Endpoint, term: Term) -> int:
        match term:
            case Anything(firewalls):
                return self.exists(endpoint) if firewalls or endpoint.sort != "firewall" else NEVER
            case OfKind(kind):
                return self.has_kind(self.things_on[endpoint], kind)
            case Addresses(network):
                return self.diagrams.both(self.exists(endpoint), self._inside(endpoint, network))
            case Named("domain" | "zone"):
                return NEVER if endpoint.sort == "firewall" else self.within(endpoint, self.zones_of(term))
            case Named():
                return self.place(term).get(endpoint, NEVER)
        raise TypeError(f"not bound: {term!r}")

    def _inside(self, endpoint: Endpoint, network: Cidr) -> int:
        """When all addresses that it may have are known and in the network."""
        if endpoint.sort == "firewall":
            return NEVER
        if endpoint.address is not None:
            return ALWAYS if endpoint.address in network else NEVER
        d = self.diagrams
        outside = d.either(when for zone, when in self.zones[endpoint].items() if not self._covers(network, zone))
        elsewhere = d.without(d.either(self.zones[endpoint].values()), outside)
        host = self.model.hosts[endpoint.name] if endpoint.sort == "host" else None
        if host is None or host.address is None:
            return elsewhere
        return d.chosen(self.true(host.address_when), ALWAYS if host.address in network else NEVER, elsewhere)

    def _covers(self, network: Cidr, zone: str) -> bool:
        return all(part.address is not None and part.address in network for part in self.parts[zone])

    # ------------------------------------------------ listening and relaying

    @cached_property
    def offers(self) -> Mapping[Endpoint, tuple[tuple[Offer, int, Set | None], ...]]:
        """What every endpoint relays or publishes, when, and (where it is a firewall) for which sources."""
        return {endpoint: tuple(self._offers(endpoint)) for endpoint in self.endpoints}

    def _offers(self, endpoint: Endpoint) -> Iterator[tuple[Offer, int, Set | None]]:
        d = self.diagrams
        if endpoint.sort == "firewall":
            broken = self.bypassed[endpoint.name]
            for i, publish in enumerate(self.model.firewalls[endpoint.name].publishes):
                sources = self.members(publish.source)
                limit = {x: d.either((d.both(self.exists(x), broken), sources.get(x, NEVER))) for x in self.endpoints}
                points, onward = self.points(publish.services), self.points(publish.onward)
                yield Offer(endpoint, i, points, publish.targets, onward), self.true(publish.when), limit
        relays = [(relay, when) for thing, when in self.things_on[endpoint] for relay in thing.relays]
        for i, (relay, when) in enumerate(relays):
            points, onward = self.points(relay.services), self.points(relay.onward)
            yield Offer(endpoint, i, points, relay.targets, onward), d.both(when, self.true(relay.when)), None

    def sets_off(self, x: Endpoint, y: Endpoint, point: int) -> Iterator[tuple[Offer, int]]:
        """The relays that a connection from x sets off when it arrives at y."""
        for offer, when, sources in self.offers[y]:
            if point in offer.points:
                yield offer, when if sources is None else self.diagrams.both(when, sources.get(x, NEVER))

    def takes(self, x: Endpoint, y: Endpoint, point: int) -> int:
        """When y listens on that packet of x."""
        if y.sort == "firewall":
            return self.diagrams.either(when for _, when in self.sets_off(x, y, point))
        return self.listens(y, point)

    def listens(self, y: Endpoint, point: int) -> int:
        """When y listens on the packet, whoever may send it."""
        if (y, point) not in self._listening:
            published = [when for offer, when, _ in self.offers[y] if point in offer.points]
            heard = self.hears(self.things_on[y], point)
            self._listening[y, point] = self.diagrams.either((heard, *published))
        return self._listening[y, point]

    @cached_property
    def _listening(self) -> dict[tuple[Endpoint, int], int]:
        return {}

    def hardened(self, endpoint: Endpoint) -> int:
        """When arriving there does not take it over."""
        if endpoint.sort == "host":
            return self.true(self.model.hosts[endpoint.name].hardened)
        return ALWAYS if endpoint.sort == "firewall" else NEVER

    # ------------------------------------------------ what firewalls and links pass

    @cached_property
    def edges(self) -> Mapping[str, tuple[tuple[str, str | None, int], ...]]:
        """From every zone, into which zone what leads, and when: a firewall, or a link (None)."""
        joints: list[tuple[tuple[str, ...], str | None, int]] = [
            (firewall.zones, firewall.name, ALWAYS) for firewall in self.model.firewalls.values()
        ]
        joints += [(link.zones, None, self.true(link.when)) for link in self.model.links]
        found: dict[str, list[tuple[str, str | None, int]]] = {zone: [] for zone in self.model.zones}
        for zones, via, when in joints:
            for zone in dict.fromkeys(zones):
                found[zone] += [(other, via, when) for other in dict.fromkeys(zones) if other != zone]
        return {zone: tuple(edges) for zone, edges in found.items()}

    def passes(self, firewall: str, x: Endpoint, y: Endpoint, point: int, a: str, b: str) -> int:
        """When the working firewall passes that packet from zone a into zone b, both of which it joins."""
        key = firewall, x, y, point, a, b
        if key not in self._passed:
            self._passed[key] = self._passes(*key)
        return self._passed[key]

    def _passes(self, firewall: str, x: Endpoint, y: Endpoint, point: int, a: str, b: str) -> int:
        if x == Endpoint("firewall", firewall):
            return ALWAYS
        d = self.diagrams
        found, unmatched = NEVER, ALWAYS
        for rule in self.model.firewalls[firewall].rules:
            here = rule.from_zones is None or a in rule.from_zones
            if not here or not (rule.into_zones is None or b in rule.into_zones):
                continue
            if point in self.points(rule.services):
                ends = self.members(rule.source).get(x, NEVER), self.members(rule.target).get(y, NEVER)
                matches = d.both(*ends, unmatched, self.true(rule.when))
                found = d.either((found, matches)) if rule.allow else found
                unmatched = d.without(unmatched, matches)
                if unmatched == NEVER:
                    break
        return d.either((found, unmatched)) if self.model.firewalls[firewall].default_allow else found


def _add(diagrams: Diagrams, to: dict[T, int], key: T, when: int) -> None:
    """Adds a condition under which the key is in it, unless it never is."""
    if when != NEVER or key in to:
        to[key] = diagrams.either((to.get(key, NEVER), when))

