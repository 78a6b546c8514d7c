"""What a design says, as tables: its options, domains, hosts, components and firewalls, and who can connect to whom.

Everything is seen in a view: under the options that are decided. What no world that is left has, is left out; what only
some may have carries a `?`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from policy.core.model import (
    ANY_SERVICE,
    Claim,
    Component,
    Host,
    Listens,
    Publish,
    Relay,
    Rule,
    Tagged,
)
from policy.core.view import View, meet
from policy.report.words import Words
from policy.report.world import view_of
from policy.text.diagnostic import Diagnostic
from policy.text.load import Loaded
from policy.text.resolve import Resolved
from policy.text.source import Source

Cell = str | tuple[str, ...]
MAYBE = "?"
Pair = tuple[str, str]  # a zone, and a zone or firewall
MOST_WORK = 20_000  # worlds times endpoints that are looked at one by one


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; a cell is a text or a list of them."""

    name: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """A design seen under `world`, the choices made; where it has faults there are no tables."""

    file: str
    title: str
    sources: Mapping[str, Source]
    faults: tuple[Diagnostic, ...] = ()
    world: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()


def survey(file: str, loaded: Loaded, resolved: Resolved, choices: Sequence[str] = ()) -> Survey:
    """The tables of a design under choices `OPT=VALUE`. Raises ChoiceError."""
    model = resolved.model
    if resolved.faults:
        return Survey(file, model.title, loaded.sources, resolved.faults)
    tables = Surveyor(view_of(model, choices)).tables()
    return Survey(file, model.title, loaded.sources, (), tuple(choices), tables)


class Surveyor:
    """Fills the tables of one model in a view."""

    def __init__(self, view: View) -> None:
        self.view, self.layout, self.model = view, view.layout, view.layout.model
        self.words = Words(self.model)

    def tables(self) -> tuple[Table, ...]:
        """All tables that have a row."""
        found = (
            self.options(), self.assumptions(), self.domains(), self.zones(), self.hosts(), self.components(),
            self.firewalls(), self.rules(), self.links(), self.flows(), self.connections(),
        )  # fmt: skip
        return tuple(table for table in found if table.rows)

    # -------------------------------------------------------- marks

    def _marked(self, word: str, when: Claim) -> list[str]:
        """The word, with a mark where it is open whether it holds; nothing where it does not."""
        held = self.view.truth(when)
        return [] if held is False else [word if held else word + MAYBE]

    def _tags(self, tags: Iterable[Tagged]) -> tuple[str, ...]:
        return tuple(word for tag in tags for word in self._marked(self.words.place(tag.name), tag.when))

    def _services(self, items: Iterable[Listens]) -> tuple[str, ...]:
        found = (word for item in items for name in item.services for word in self._marked(name, item.when))
        words = dict.fromkeys(found)
        return tuple(word for word in words if not (word.endswith(MAYBE) and word.removesuffix(MAYBE) in words))

    # -------------------------------------------------------- options

    def options(self) -> Table:
        """Every option, the values that are left to it, and what it is about."""
        rows = []
        for option in self.model.options.values():
            values = [v for v in option.values if self.view.known((option.name, v)) is not False]
            rows.append((self._option(option.name), tuple(self.words.place(v) for v in values), option.origin))
        return Table("options", ("option", "values", "origin"), tuple(rows))

    def _option(self, name: str) -> str:
        count = self.model.options[name].origin == "count"
        return f"{self.words.place(name.removesuffix(' count'))} count" if count else self.words.place(name)

    def assumptions(self) -> Table:
        """What every world satisfies."""
        rows = tuple((self.words.condition(claim),) for claim in self.model.assumptions)
        return Table("assumptions", ("assume",), rows)

    # -------------------------------------------------------- domains and zones

    def domains(self) -> Table:
        """Every domain with its tier, flags, zones, and the domains whose accounts it trusts."""
        rows: list[tuple[Cell, ...]] = []
        for domain in self.model.domains.values():
            flags = _flags(untrusted=domain.untrusted, standalone=domain.standalone)
            zones = tuple(self.words.place(zone) for zone in domain.zones)
            tier = "" if domain.tier is None else str(domain.tier)
            rows.append((domain.name, tier, flags, zones, self._trusts(domain.name)))
        return Table("domains", ("domain", "tier", "flags", "zones", "trusts"), tuple(rows))

    def _trusts(self, domain: str) -> tuple[str, ...]:
        return tuple(
            word
            for trust in self.model.trusts
            if trust.truster == domain
            for word in self._marked(trust.trusted + " transitively" * trust.transitive, trust.when)
        )

    def zones(self) -> Table:
        """Every zone with its domain, flags and networks, but for those that say no more than their domain does."""
        rows: list[tuple[Cell, ...]] = []
        told = (z for z in self.model.zones.values() if z.name != z.domain or z.networks or z.isolated)
        for zone in told:
            flags = _flags(untrusted=zone.untrusted, standalone=zone.standalone, isolated=zone.isolated)
            networks = tuple(str(network) for network in zone.networks)
            rows.append((self.words.place(zone.name), zone.domain, flags, networks))
        return Table("zones", ("zone", "domain", "flags", "networks"), tuple(rows))

    # -------------------------------------------------------- hosts and components

    def hosts(self) -> Table:
        """Every host that may exist: where it stands, what it is, listens to, runs and relays, and its accounts."""
        rows: list[tuple[Cell, ...]] = []
        for name, host in self.model.hosts.items():
            for shown in self._marked(self.words.place(name), self.layout.exists(name)):
                runs = (
                    word
                    for component in self.model.components.values()
                    for tag in component.hosts
                    if tag.name == name
                    for word in self._marked(self.words.place(component.name), tag.when)
                )
                address = "" if host.address is None else str(host.address)
                flags = tuple(self._marked("hardened", host.hardened))
                rows.append((shown, self._tags(host.zones), *self._items(host), tuple(runs), flags, address))
        heads = ("host", "in", "is", "listens", "relays", "accounts", "runs", "flags", "address")
        return Table("hosts", heads, tuple(rows))

    def components(self) -> Table:
        """Every component that may exist, with the hosts it may be on."""
        rows: list[tuple[Cell, ...]] = []
        for component in self.model.components.values():
            for shown in self._marked(self.words.place(component.name), component.when):
                rows.append((shown, self._tags(component.hosts), *self._items(component)))
        return Table("components", ("component", "on", "is", "listens", "relays", "accounts"), tuple(rows))

    def _items(self, thing: Host | Component) -> tuple[Cell, Cell, Cell, Cell]:
        """Kinds, services, relays, accounts."""
        relays = tuple(word for relay in thing.relays for word in self._marked(self._relay(relay), relay.when))
        return self._tags(thing.kinds), self._services(thing.listens), relays, self._tags(thing.accounts)

    def _relay(self, relay: Relay | Publish) -> str:
        targets = ", ".join(self.words.place(target.name) for target in relay.targets)
        onward = "" if relay.onward == relay.services else f" as {_services(relay.onward)}"
        return f"{_services(relay.services)} to {targets}{onward}"

    # -------------------------------------------------------- firewalls

    def firewalls(self) -> Table:
        """Every firewall with the zones that it joins, its default, and what it publishes."""
        rows: list[tuple[Cell, ...]] = []
        for firewall in self.model.firewalls.values():
            zones = tuple(self.words.place(zone) for zone in firewall.zones)
            default = "allow" if firewall.default_allow else "deny"
            published = (word for p in firewall.publishes for word in self._marked(self._publish(p), p.when))
            rows.append((firewall.name, zones, default, tuple(published)))
        return Table("firewalls", ("firewall", "joins", "default", "publishes"), tuple(rows))

    def _publish(self, publish: Publish) -> str:
        source = self.words.endpoints(publish.source)
        words = self._relay(publish)
        services, _, rest = words.partition(" to ")
        return f"{services} from {source} to {rest}"

    def rules(self) -> Table:
        """Every rule that may be there, in the order in which its firewall asks them."""
        rows: list[tuple[Cell, ...]] = []
        for firewall in self.model.firewalls.values():
            for place, rule in enumerate(firewall.rules):
                held = self.view.truth(rule.when)
                if held is not False:
                    number = str(place + 1) + ("" if held else MAYBE)
                    rows.append((firewall.name, number, rule.label, *self._rule(rule, bool(held))))
        return Table("rules", ("firewall", "rule", "label", "does", "from", "to", "services", "only"), tuple(rows))

    def _rule(self, rule: Rule, held: bool) -> tuple[str, str, str, str, str]:
        only = [f"from {self._zones(rule.from_zones)}"] if rule.from_zones is not None else []
        only += [f"into {self._zones(rule.into_zones)}"] if rule.into_zones is not None else []
        only += [] if held else [f"when {self.words.condition(rule.when)}"]
        source, target = self.words.endpoints(rule.source), self.words.endpoints(rule.target)
        return "allow" if rule.allow else "deny", source, target, _services(rule.services), " ".join(only)

    def _zones(self, zones: frozenset[str]) -> str:
        return ", ".join(sorted(self.words.place(zone) for zone in zones))

    def links(self) -> Table:
        """Zones that are joined without a filter."""
        rows: list[tuple[Cell, ...]] = []
        for link in self.model.links:
            held = self.view.truth(link.when)
            zones = tuple(self.words.place(zone) for zone in link.zones)
            if held is not False:
                rows.append((zones, "" if held else f"when {self.words.condition(link.when)}"))
        return Table("links", ("link", "only"), tuple(rows))

    def flows(self) -> Table:
        """The connections that the design needs."""
        rows: list[tuple[Cell, ...]] = []
        for flow in self.model.flows.values():
            for name in self._marked(flow.name, flow.when):
                ends = self.words.endpoints(flow.source), self.words.endpoints(flow.target)
                rows.append((name, *ends, flow.services))
        return Table("flows", ("flow", "from", "to", "services"), tuple(rows))

    # -------------------------------------------------------- who connects to whom

    def connections(self) -> Table:
        """For every two zones (or zone and publishing firewall) with a connection, the services on which somebody of
        the one connects to somebody of the other: in every world that is left, or in some."""
        always: dict[Pair, set[str]] = {}
        sometimes: dict[Pair, set[str]] = {}
        for first, view in enumerate(worlds(self.view)):
            surely, possibly = _connected(view, self.words)
            always = surely if not first else {pair: always[pair] & surely.get(pair, set()) for pair in always}
            for pair, services in possibly.items():
                sometimes.setdefault(pair, set()).update(services)
        order = [*self.model.zones, *self.model.firewalls]
        rows: list[tuple[Cell, ...]] = []
        for a, b in sorted(sometimes, key=lambda pair: (order.index(pair[0]), order.index(pair[1]))):
            sure, some = always.get((a, b), set()), sometimes[a, b]
            named = [name for name in (*self.model.services, ANY_SERVICE) if name in some]
            marked = tuple(name + MAYBE for name in named if name not in sure)
            rows.append((self.words.place(a), self.words.place(b), tuple(n for n in named if n in sure), marked))
        return Table("connections", ("from", "into", "always", "sometimes"), tuple(rows))


def worlds(view: View) -> Iterator[View]:
    """The worlds that the view leaves, one by one, where they are few enough to look at each; else the view itself, in
    which a connection may seem possible that no world has. Options that decide no connection are left open."""
    model, layout = view.layout.model, view.layout
    open_ones = [o for o in model.options.values() if o.origin != "count" and view.known((o.name, o.values[0])) is None]
    if math.prod(len(option.values) for option in open_ones) * len(layout.endpoints) > MOST_WORK:
        yield view
        return
    for values in itertools.product(*(option.values for option in open_ones)):
        decided = dict(view.decisions)
        for option, value in zip(open_ones, values, strict=True):
            decided.update({(option.name, v): v == value for v in option.values})
        world = View(layout, decided)
        if all(world.truth(assumption) is not False for assumption in model.assumptions):
            yield world


def _connected(view: View, words: Words) -> tuple[dict[Pair, set[str]], dict[Pair, set[str]]]:
    """By zone and zone (or firewall), the services of the connections there (surely, possibly) are."""
    surely: dict[Pair, set[str]] = {}
    possibly: dict[Pair, set[str]] = {}
    services = [words.service(point) or ANY_SERVICE for point in view.layout.classes]
    for target in range(len(view.layout.endpoints)):
        for packet, zone, sure in _arrivals(view, target):
            for into, there in _into(view, target):
                possibly.setdefault((zone, into), set()).add(services[packet])
                if sure and there:
                    surely.setdefault((zone, into), set()).add(services[packet])
    return surely, possibly


def _arrivals(view: View, target: int) -> Iterator[tuple[int, str, bool]]:
    """(class of packets, zone, surely) of the connections that arrive, without those of firewalls, which open none of
    their own accord."""
    layout = view.layout
    machines = layout.everyone & ~layout.firewall_bits
    for ear in view.ears(target):
        surely = view.sources(target, ear.packet, sure=True)[0] & ear.sure & machines
        possibly = view.sources(target, ear.packet)[0] & ear.possible & machines
        for zone, group in layout.occupants.items() if possibly else ():
            here = view.group(group)
            if possibly & here[1]:
                yield ear.packet, zone, bool(surely & here[0])


def _into(view: View, target: int) -> Iterator[tuple[str, bool]]:
    """Where a connection to the endpoint leads, and whether surely there."""
    endpoint = view.layout.endpoints[target]
    if endpoint.sort == "firewall":
        yield endpoint.name, True
        return
    for zone, when in view.layout.zones_of(target):
        held = meet((view.truth(view.layout.present[target]), view.truth(when)))
        if held is not False:
            yield zone, bool(held)


def _services(names: Sequence[str]) -> str:
    return ", ".join(names) or ANY_SERVICE


def _flags(**flags: bool) -> tuple[str, ...]:
    return tuple(name for name, is_set in flags.items() if is_set)
