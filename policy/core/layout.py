"""The static side of a model: endpoints by number, sets of them as bit sets, packets by class, rules by destination.

Everything that options can change keeps its condition; `policy.core.view` evaluates those under some decisions. A bit
set is an int whose bit i stands for `Layout.endpoints[i]` (or class i of packets, or relay i).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, TypeVar

from policy.core.binding import bind
from policy.core.endpoints import Endpoint, endpoints, parts
from policy.core.groups import Group, bits, both, either, exclude, options_in
from policy.core.model import (
    ALWAYS,
    NEVER,
    Addresses,
    Anything,
    Claim,
    Component,
    Endpoints,
    Host,
    Is,
    Model,
    Named,
    Network,
    Not,
    OfKind,
    Relay,
    Rule,
    Sort,
    Tagged,
    Term,
)
from policy.core.packets import Packets
from policy.core.trusts import accepted

T = TypeVar("T")
NARROW = 64  # a rule with at most this many destinations is indexed by each of them


class Filter(NamedTuple):  # a tuple, as there are many: it costs a tenth of a frozen dataclass
    """A rule of a firewall, with its place in the list; `classes` are those of its services; `options` decide whom of
    those that exist it matches."""

    firewall: str
    place: int
    allow: bool
    source: Group
    target: Group
    classes: int
    from_zones: frozenset[str] | None
    into_zones: frozenset[str] | None
    when: Claim
    options: frozenset[str]

    @property
    def zoned(self) -> bool:
        """Whether it is about packets between some zones only."""
        return self.from_zones is not None or self.into_zones is not None

    def between(self, a: str, b: str) -> bool:
        """Whether it speaks of packets from zone `a` into zone `b`."""
        return (self.from_zones is None or a in self.from_zones) and (self.into_zones is None or b in self.into_zones)


@dataclass(frozen=True, slots=True, eq=False)
class Relevant:
    """The rules that may match a packet to a target, by firewall and in order, the firewalls that have one which is
    about some zones only, and the options that decide the rules and where the target stands. Packets to the target that
    the same rules may match share the `number`."""

    number: int
    rules: Mapping[str, tuple[Filter, ...]]
    zoned: frozenset[str]
    options: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Onward:
    """A relay or publish by its number: endpoint `at` passes on what arrives on `classes`, to each target on `onward`.
    `limit` is the source of a publish. `key` names it as `Step.relay` does."""

    number: int
    at: int
    classes: int
    targets: tuple[tuple[int, Claim], ...]
    onward: int
    when: Claim
    limit: Group | None
    key: tuple[str, str, int]


class Layout(Packets):
    """Facts of a model that no option changes, or with the condition under which they hold."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.parts = parts(model)
        self._placements = {name: self._apart(host) for name, host in model.hosts.items()}
        self.endpoints: tuple[Endpoint, ...] = tuple(
            placed for endpoint in endpoints(model, self.parts) for placed in self._placed(endpoint)
        )
        self.number = {endpoint: i for i, endpoint in enumerate(self.endpoints)}
        self.everyone = (1 << len(self.endpoints)) - 1
        self.hosts: dict[str, tuple[int, ...]] = dict.fromkeys(model.hosts, ())
        self.firewalls: dict[str, int] = {}
        for i, endpoint in enumerate(self.endpoints):
            if endpoint.sort == "host":
                self.hosts[endpoint.name] += (i,)
            elif endpoint.sort == "firewall":
                self.firewalls[endpoint.name] = i
        self.host_bits = sum(1 << i for numbers in self.hosts.values() for i in numbers)
        self.firewall_bits = sum(1 << i for i in self.firewalls.values())
        self._someone: dict[str, list[int]] = {zone: [] for zone in model.zones}
        for i, endpoint in enumerate(self.endpoints):
            if endpoint.sort == "someone":
                self._someone[endpoint.name].append(i)
        self._groups: dict[Endpoints, Group] = {}
        self._relevant: dict[tuple[int, int], Relevant] = {}
        self._shared: dict[object, Relevant] = {}
        self._hearing: dict[int, frozenset[str]] = {}
        self._names: dict[frozenset[str], frozenset[str]] = {}
        self._keys: dict[object, int] = {}
        self._flows_to: dict[tuple[int, int], list[tuple[Claim, Group, Group]]] = {}
        self._bound: dict[tuple[int, tuple[tuple[str, Named], ...]], tuple[object, object]] = {}
        self._accepted: dict[str, Mapping[str, Claim]] = {}
        self.literals = {name: tuple((name, value) for value in o.values) for name, o in model.options.items()}
        self.facts: dict[Claim, Claim] = {}
        self.ends: dict[str, Claim] = {}  # for flows by name: when there is a destination
        self._components_on: dict[str, list[tuple[Component, Claim]]] = {name: [] for name in model.hosts}
        for component in model.components.values():
            for tag in component.hosts:
                if tag.name in self._components_on:
                    self._components_on[tag.name].append((component, both(component.when, tag.when)))

    def key(self, value: object) -> int:
        """A number above 0 that equal values share."""
        return self._keys.setdefault(value, len(self._keys) + 1)

    def bound(self, tree: T, bindings: Mapping[str, Named]) -> T:
        """As `bind`, and remembered."""
        key = (id(tree), tuple(bindings.items()))
        if key not in self._bound:
            self._bound[key] = tree, bind(tree, bindings)  # the tree is kept, so that no other gets its id
        return self._bound[key][1]  # type: ignore[return-value]

    # -------------------------------------------------------- hosts and what is on them

    @cached_property
    def deaf(self) -> int:
        """Endpoints that never listen to anything."""
        loud = {i for i, items in self.listening.items() if items} | {o.at for o in self.onwards if o.limit is not None}
        return self.everyone & ~sum(1 << i for i in loud)

    @staticmethod
    def _apart(host: Host) -> tuple[Claim, ...]:
        """The conditions of the places where the host may stand, if it is plain that they exclude each other: it is
        then an endpoint for each, so that no walk enters it in one place and leaves it in another."""
        places = tuple(dict.fromkeys(tag.when for tag in host.zones))
        apart = all(exclude(a, b) for i, a in enumerate(places) for b in places[:i])
        return places if len(places) > 1 and apart else ()

    def _placed(self, endpoint: Endpoint) -> Sequence[Endpoint]:
        places = self._placements[endpoint.name] if endpoint.sort == "host" else ()
        return [replace(endpoint, place=i + 1) for i in range(len(places))] or [endpoint]

    @cached_property
    def present(self) -> tuple[Claim, ...]:
        """For every endpoint, when it exists."""
        found: list[Claim] = []
        for endpoint in self.endpoints:
            if endpoint.sort == "host":
                host = self.model.hosts[endpoint.name]
                places = self._placements[host.name]
                somewhere = places[endpoint.place - 1] if places else self.some(*(tag.when for tag in host.zones))
                found.append(both(host.when, somewhere))
            else:
                found.append(ALWAYS)
        return tuple(found)

    def exists(self, host: str) -> Claim:
        """When the host exists."""
        return self._existing[host]

    @cached_property
    def _existing(self) -> dict[str, Claim]:
        hosts = self.model.hosts.values()
        return {host.name: both(host.when, self.some(*(tag.when for tag in host.zones))) for host in hosts}

    def some(self, *conditions: Claim) -> Claim:
        """The disjunction, ALWAYS where the conditions plainly leave nothing out: all values of an option."""
        found = either(*conditions)
        values: dict[str, set[str]] = {}
        for condition in conditions:
            if isinstance(condition, Is):
                values.setdefault(condition.option, set()).add(condition.value)
            elif isinstance(condition, Not) and condition.of in conditions:
                return ALWAYS
        options = self.model.options
        whole = any(name in options and some.issuperset(options[name].values) for name, some in values.items())
        return ALWAYS if whole else found

    @cached_property
    def _zones(self) -> tuple[tuple[tuple[str, Claim], ...], ...]:
        found: list[tuple[tuple[str, Claim], ...]] = []
        for endpoint in self.endpoints:
            if endpoint.sort == "host":
                host = self.model.hosts[endpoint.name]
                places = self._placements[host.name]
                if places:
                    place = places[endpoint.place - 1]
                    found.append(tuple((tag.name, ALWAYS) for tag in host.zones if tag.when == place))
                else:
                    found.append(tuple((tag.name, tag.when) for tag in host.zones))
            elif endpoint.sort == "firewall":
                found.append(tuple((zone, ALWAYS) for zone in self.model.firewalls[endpoint.name].zones))
            else:
                found.append(((endpoint.name, ALWAYS),))
        return tuple(found)

    def zones_of(self, i: int) -> Sequence[tuple[str, Claim]]:
        """Zones in which the endpoint may stand, each with its condition (given that it exists), in order."""
        return self._zones[i]

    def homes(self, i: int) -> Sequence[tuple[str, Claim]]:
        """The zones that may be the endpoint's first (given that it exists), which gives it its domain; none for
        firewalls."""
        if self.endpoints[i].sort == "firewall":
            return []
        found: list[tuple[str, Claim]] = []
        before: list[Claim] = []
        for zone, when in self.zones_of(i):
            found.append((zone, both(when, *(Not(c) for c in before))))
            if when == ALWAYS:
                break
            before.append(when)
        return found

    @cached_property
    def occupants(self) -> dict[str, Group]:
        """Who stands in each zone."""
        found: dict[str, list[tuple[int, Claim]]] = {zone: [] for zone in self.model.zones}
        for i in range(len(self.endpoints)):
            for zone, when in self.zones_of(i):
                found[zone].append((1 << i, both(self.present[i], when)))
        return {zone: Group(items, self.present) for zone, items in found.items()}

    @cached_property
    def isolated(self) -> frozenset[str]:
        """The zones whose members do not reach each other."""
        return frozenset(name for name, zone in self.model.zones.items() if zone.isolated)

    @cached_property
    def placing(self) -> frozenset[str]:
        """The options that decide who stands in which zone."""
        return frozenset[str]().union(*(group.options for group in self.occupants.values()))

    def hearing(self, i: int) -> frozenset[str]:
        """The options that decide to what the endpoint listens, and who may go on to it."""
        if i not in self._hearing:
            relays = self.onwards_at.get(i, ())
            conditions = [self.present[i], *(when for *_, when in self.listening.get(i, ()))]
            conditions += [relay.when for relay in relays]
            conditions += [when for relay in self.onwards_to.get(i, ()) for at, when in relay.targets if at == i]
            limits = (relay.limit.decisive for relay in relays if relay.limit is not None)
            names = frozenset(options_in(tuple(conditions))).union(*limits)
            self._hearing[i] = self._names.setdefault(names, names)
        return self._hearing[i]

    @cached_property
    def all_hearing(self) -> frozenset[str]:
        """The options that decide to what anything listens, and who may go on to it."""
        return frozenset[str]().union(*(self.hearing(i) for i in range(len(self.endpoints))))

    def carriers(self, name: str) -> Sequence[tuple[Host | Component, Claim]]:
        """The host and the components that may be on it, each with the condition (given that the host exists)."""
        return [(self.model.hosts[name], ALWAYS), *self._components_on[name]]

    def stands(self, component: str) -> Sequence[tuple[int, Claim]]:
        """The hosts that may run the component, by number."""
        thing = self.model.components[component]
        return [(i, both(thing.when, tag.when, self.present[i])) for tag in thing.hosts for i in self.hosts[tag.name]]

    def runs(self, component: str) -> Claim:
        """When the component exists."""
        return self._running[component]

    @cached_property
    def _running(self) -> dict[str, Claim]:
        return {
            thing.name: both(thing.when, self.some(*(both(tag.when, self.exists(tag.name)) for tag in thing.hosts)))
            for thing in self.model.components.values()
        }

    def place(self, name: str) -> Group:
        """The endpoints that a place stands for: a domain, zone, host, component or firewall by its full name."""
        model = self.model
        sorts: dict[Sort, object] = {"domain": model.domains, "zone": model.zones, "host": model.hosts}
        sorts |= {"component": model.components, "firewall": model.firewalls}
        sort = next(sort for sort, names in sorts.items() if name in names)  # type: ignore[operator]
        return self.group(Endpoints((Named(sort, name),)))

    @cached_property
    def listening(self) -> dict[int, list[tuple[int, int, Claim]]]:
        """For every host, (classes, those that ask for an account, condition given that it exists) of all that it or a
        component on it listens to."""
        found: dict[int, list[tuple[int, int, Claim]]] = {}
        for name, i in self._machines():
            found[i] = [
                (*self.heard(listens.services), both(when, listens.when))
                for carrier, when in self.carriers(name)
                for listens in carrier.listens
            ]
        return found

    def hears(self, i: int, classes: int) -> Iterator[Claim]:
        """The conditions of all for which the endpoint listens to one of the classes (from somewhere, if it
        publishes)."""
        items = self.listening.get(i, ())
        yield from (both(self.present[i], when) for heard, _, when in items if heard & classes)
        if self.endpoints[i].sort == "firewall":
            yield from (o.when for o in self.onwards_at.get(i, ()) if o.classes & classes)

    def _machines(self) -> Iterator[tuple[str, int]]:
        """Every host with each of its numbers."""
        return ((name, i) for name, numbers in self.hosts.items() for i in numbers)

    @cached_property
    def accounts(self) -> dict[int, list[tuple[str, Claim]]]:
        """For every endpoint, the domains whose accounts holding it gives, each with its condition."""
        found: dict[int, list[tuple[str, Claim]]] = {}
        for i, endpoint in enumerate(self.endpoints):
            zones = [(self.model.zones[zone], when) for zone, when in self.homes(i)]
            found[i] = [(zone.domain, both(self.present[i], when)) for zone, when in zones if not zone.standalone]
            if endpoint.sort == "host":
                for carrier, when in self.carriers(endpoint.name):
                    found[i] += [(t.name, both(self.present[i], when, t.when)) for t in carrier.accounts]
        return found

    @cached_property
    def hardened(self) -> Group:
        """Whom the attacker cannot take over."""
        hosts = [(1 << i, self.model.hosts[name].hardened) for name, i in self._machines()]
        return Group([(self.firewall_bits, ALWAYS), *(pair for pair in hosts if pair[1] != NEVER)], self.present)

    def kinds_below(self, kind: str) -> frozenset[str]:
        """The kind and those that have it as an ancestor."""
        found = {kind}
        while more := {k for k, up in self.model.kinds.items() if k not in found and not found.isdisjoint(up)}:
            found |= more
        return frozenset(found)

    def has_kind(self, tags: Sequence[Tagged], kind: str) -> Claim:
        """When one of the tags is the kind or one below it."""
        below = self.kinds_below(kind)
        return either(*(tag.when for tag in tags if tag.name in below))

    def accepted(self, domain: str) -> Mapping[str, Claim]:
        """Every domain whose accounts the domain may accept, with the condition under which it does."""
        if domain not in self._accepted:
            self._accepted[domain] = accepted(self.model.trusts, domain)
        return self._accepted[domain]

    # -------------------------------------------------------- sets of endpoints

    def group(self, written: Endpoints) -> Group:
        """The endpoints of a set without variables."""
        found = self._groups.get(written)
        if found is None:
            less = [item for term in written.minus for item in self._members(term)]
            minus = Group(less, self.present) if less else None
            items = [item for term in written.terms for item in self._members(term)]
            found = self._groups[written] = Group(items, self.present, minus)
        return found

    def _members(self, term: Term) -> Sequence[tuple[int, Claim]]:
        match term:
            case Anything(firewalls=with_firewalls):
                mask = self.everyone if with_firewalls else self.everyone & ~self.firewall_bits
                return [(mask & ~self.host_bits, ALWAYS), *((1 << i, self.present[i]) for _, i in self._machines())]
            case Named("domain", name):
                return [item for zone in self.model.domains[name].zones for item in self._in_zone(zone)]
            case Named("zone", name):
                return self._in_zone(name)
            case Named("host", name):
                return [(1 << i, self.present[i]) for i in self.hosts[name]]
            case Named("component", name):
                return [(1 << i, when) for i, when in self.stands(name)]
            case Named("firewall", name):
                return [(1 << self.firewalls[name], ALWAYS)]
            case OfKind(kind):
                return self._of_kind(kind)
            case Addresses(network):
                return self._at(network)
        raise TypeError(f"an unbound variable in a set: {term}")

    def _in_zone(self, zone: str) -> Sequence[tuple[int, Claim]]:
        group = self.occupants[zone]
        return [(group.fixed & ~self.firewall_bits, ALWAYS), *group.guarded]

    def _of_kind(self, kind: str) -> Sequence[tuple[int, Claim]]:
        found = []
        for name, i in self._machines():
            for carrier, when in self.carriers(name):
                has = self.has_kind(carrier.kinds, kind)
                if has != NEVER:
                    found.append((1 << i, both(self.present[i], when, has)))
        return found

    def _at(self, network: Network) -> Sequence[tuple[int, Claim]]:
        found: list[tuple[int, Claim]] = []
        for name, i in self._machines():
            host = self.model.hosts[name]
            at = host.address_when if host.address is not None and host.address in network else NEVER
            fixed = host.address is not None and host.address_when == ALWAYS
            unknown = NEVER if fixed else ALWAYS if host.address is None else Not(host.address_when)
            outside = [
                when for zone, when in self.zones_of(i) if not all(network in p.inside for p in self.parts[zone])
            ]
            by_zone = both(unknown, *(Not(when) for when in outside)) if ALWAYS not in outside else NEVER
            where = by_zone if host.address is None else either(at, by_zone)
            if where != NEVER:
                found.append((1 << i, both(self.present[i], where)))
        for zone, numbers in self._someone.items():
            for i, part in zip(numbers, self.parts[zone], strict=True):
                if network in part.inside:
                    found.append((1 << i, ALWAYS))
        return found

    # -------------------------------------------------------- rules and relays

    def relevant(self, target: int, packet: int) -> Relevant:
        """The rules that may match a packet of the class to the target."""
        key = (target, packet)
        if key not in self._relevant:
            narrow, wide = self._indexed
            found: dict[str, list[Filter]] = {}
            for rule in (*narrow.get(target, ()), *(r for r in wide if r.target.widest >> target & 1)):
                if rule.classes >> packet & 1:
                    found.setdefault(rule.firewall, []).append(rule)
            ordered = {name: tuple(sorted(rules, key=lambda r: r.place)) for name, rules in found.items()}
            which = (target, *((name, *(rule.place for rule in rules)) for name, rules in sorted(ordered.items())))
            if which not in self._shared:
                zoned = frozenset(rule.firewall for rules in ordered.values() for rule in rules if rule.zoned)
                self._shared[which] = Relevant(len(self._shared), ordered, zoned, self._deciding(target, ordered))
            self._relevant[key] = self._shared[which]
        return self._relevant[key]

    def _deciding(self, target: int, rules: Mapping[str, Sequence[Filter]]) -> frozenset[str]:
        names = {name for _, when in self.zones_of(target) for name in options_in(when)} | self._link_options
        names.update(name for some in rules.values() for rule in some for name in rule.options)
        return self._names.setdefault(frozenset(names), frozenset(names))

    @cached_property
    def _link_options(self) -> set[str]:
        return {name for link in self.model.links for name in options_in(link.when)}

    @cached_property
    def _indexed(self) -> tuple[dict[int, list[Filter]], list[Filter]]:
        """Rules with few destinations by each of them; the others."""
        narrow: dict[int, list[Filter]] = {}
        wide: list[Filter] = []
        for firewall in self.model.firewalls.values():
            for entry in self.filters(firewall.name):
                if entry.target.widest.bit_count() > NARROW:
                    wide.append(entry)
                else:
                    for i in bits(entry.target.widest):
                        narrow.setdefault(i, []).append(entry)
        return narrow, wide

    def filters(self, firewall: str) -> Iterator[Filter]:
        """The rules of the firewall, in order."""
        rules = self.model.firewalls[firewall].rules
        return (self._filter(firewall, place, rule) for place, rule in enumerate(rules))

    def _filter(self, firewall: str, place: int, rule: Rule) -> Filter:
        source, target = self.group(rule.source), self.group(rule.target)
        options = source.decisive | target.decisive
        if rule.when is not ALWAYS:
            options |= frozenset(options_in(rule.when))
        classes = self.heard(rule.services)[0]
        zones = rule.from_zones, rule.into_zones
        return Filter(firewall, place, rule.allow, source, target, classes, *zones, rule.when, options)

    @cached_property
    def onwards(self) -> tuple[Onward, ...]:
        """All relays (of hosts and of their components) and publishes, numbered."""
        found: list[Onward] = []
        for name, at in self._machines():
            for carrier, when in self.carriers(name):
                sort = "host" if isinstance(carrier, Host) else "component"
                for i, relay in enumerate(carrier.relays):
                    found.append(self._onward(len(found), at, relay, when, (sort, carrier.name, i), None))
        for name, at in self.firewalls.items():
            for i, publish in enumerate(self.model.firewalls[name].publishes):
                as_relay = Relay(publish.services, publish.targets, publish.onward, publish.when)
                limit = self.group(publish.source)
                found.append(self._onward(len(found), at, as_relay, ALWAYS, ("firewall", name, i), limit))
        return tuple(found)

    @cached_property
    def onwards_at(self) -> dict[int, list[Onward]]:
        """Those of every endpoint that has any."""
        found: dict[int, list[Onward]] = {}
        for onward in self.onwards:
            found.setdefault(onward.at, []).append(onward)
        return found

    @cached_property
    def onwards_to(self) -> dict[int, list[Onward]]:
        """Those that may go on to each endpoint."""
        found: dict[int, list[Onward]] = {}
        for onward in self.onwards:
            for target in sorted({i for i, _ in onward.targets}):
                found.setdefault(target, []).append(onward)
        return found

    def _onward(
        self, number: int, at: int, relay: Relay, when: Claim, key: tuple[str, str, int], limit: Group | None
    ) -> Onward:
        targets: list[tuple[int, Claim]] = []
        for target in relay.targets:
            if target.sort == "component":
                targets += self.stands(target.name)
            elif target.sort == "host":
                targets += [(i, self.present[i]) for i in self.hosts[target.name]]
            else:
                targets.append((self.firewalls[target.name], ALWAYS))
        condition = both(self.present[at], when, relay.when)
        classes, onward = self.heard(relay.services)[0], self.heard(relay.onward)[0]
        return Onward(number, at, classes, tuple(targets), onward, condition, limit, key)

    def flows_to(self, target: int, packet: int) -> Sequence[tuple[Claim, Group, Group]]:
        """(condition, sources, destinations) of the flows that may cover packets of the class to the target."""
        if (target, packet) not in self._flows_to:
            self._flows_to[target, packet] = [
                (when, sources, targets)
                for classes, when, sources, targets in self._flows
                if classes >> packet & 1 and targets.widest >> target & 1
            ]
        return self._flows_to[target, packet]

    @cached_property
    def _flows(self) -> list[tuple[int, Claim, Group, Group]]:
        flows = self.model.flows.values()
        return [(self.heard(f.services)[0], f.when, self.group(f.source), self.group(f.target)) for f in flows]

    @cached_property
    def joints(self) -> dict[str, tuple[tuple[str | int, tuple[str, ...]], ...]]:
        """For every zone, (firewall or number of the link, the other zones that it joins) of everything that joins it,
        in order."""
        found: dict[str, list[tuple[str | int, tuple[str, ...]]]] = {zone: [] for zone in self.model.zones}
        joining: list[tuple[str | int, tuple[str, ...]]] = [(f.name, f.zones) for f in self.model.firewalls.values()]
        joining += [(i, link.zones) for i, link in enumerate(self.model.links)]
        for via, zones in joining:
            for zone in zones:
                found[zone].append((via, tuple(other for other in zones if other != zone)))
        return {zone: tuple(some) for zone, some in found.items()}

    @cached_property
    def neighbours(self) -> dict[str, tuple[tuple[str, str | int], ...]]:
        """For every zone, (other zone, firewall or number of the link) of everything that joins the two, in order."""
        joints = self.joints.items()
        return {zone: tuple((other, via) for via, others in some for other in others) for zone, some in joints}
