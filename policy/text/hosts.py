"""Hosts and components: where they stand and what is on them.

Placement comes in two passes, as conditions speak of placement options: `places_of` reads which zones (hosts) each host
(component) may stand in, which settles the options; `hosts` and `components` build the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lark import Token

from policy.core.groups import both
from policy.core.model import (
    ALWAYS,
    NEVER,
    Address,
    Claim,
    Component,
    Host,
    Is,
    Listens,
    Option,
    Relay,
    Tagged,
)
from policy.text.conditions import when
from policy.text.names import Declared, first_line
from policy.text.scope import Scope, names_in
from policy.text.services import about
from policy.text.source import Span
from policy.text.syntax import Node

MOST_REPLICAS = 10_000


@dataclass(frozen=True, slots=True)
class Item:
    """One `in`, `on` or `runs`: the names of the zones (hosts), whether an option chooses among them, and the host
    whose item it is, for `runs`."""

    names: tuple[str, ...]
    scope: Scope
    node: Node
    at: Node | Token
    chosen: bool = False
    runs_on: str = ""

    @property
    def span(self) -> Span:
        return self.scope.span(self.at)


@dataclass(slots=True)
class Placements:
    """The items that place each host and component, by full name; `unsure` are those with a fault in them."""

    items: dict[str, list[Item]] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)

    def options(self) -> Iterator[Option]:
        """A placement option for everything that has an item with `or`."""
        for name, items in self.items.items():
            for item in items:
                if item.chosen:
                    yield Option(name, item.names, "placement")


def places_of(scope: Scope) -> Placements:
    """Where everything may stand, without conditions."""
    found = Placements()
    for host in scope.names.each("host"):
        here = scope.within(host.source)
        items = [_item(here, found, host, node) for node in host.node.nodes("in_item")]
        found.items[host.name] = items or _in_block(here, found, host)
        _one_option(found, host)
    for component in scope.names.each("component"):
        here = scope.within(component.source)
        found.items[component.name] = [_item(here, found, component, node) for node in component.node.nodes("on_item")]
        _one_option(found, component)
    for host in scope.names.each("host"):
        for node in host.node.nodes("runs_item"):
            _runs(scope.within(host.source), found, host, node)
    return found


def _item(scope: Scope, found: Placements, declared: Declared, node: Node) -> Item:
    placement = node.nodes("placement")[0]
    joints = placement.tokens("OR", "AND")
    mixed = next((joint for joint in joints if joint.type != joints[0].type), None)
    names: list[str] = []
    for token in names_in(placement):
        name = _ground(scope, declared, token)
        if name is None:
            found.unsure.add(declared.name)
        elif name in names:
            scope.fault("E033", f"`{token}` is listed twice", token, "again")
        else:
            names.append(name)
    if mixed is not None:
        found.unsure.add(declared.name)
        hint = "`or` leaves the choice open, `and` means each of them; a host can do one of the two"
        scope.fault("E032", "`and` and `or` are mixed in a placement", mixed, f"`{joints[0]}` before", hint)
    elif joints and joints[0].type == "AND" and declared.sort == "component":
        found.unsure.add(declared.name)
        message = f"component `{declared.name}` is placed on two hosts"
        hint = "declare a component for each host, or leave the choice open by `or`"
        scope.fault("E031", message, placement, "", hint)
    return Item(tuple(names), scope, node, placement, bool(joints) and joints[0].type == "OR" and len(names) > 1)


def _ground(scope: Scope, declared: Declared, token: Token) -> str | None:
    """The zone (for a component the host) of that name; a domain with one zone is that zone."""
    if declared.sort == "component":
        host = scope.named(token, "host")
        return None if host is None else host.name
    place = scope.named(token, "zone", "domain")
    if place is None:
        return None
    zones = scope.zones_of(place)
    if len(zones) == 1:
        return zones[0]
    hint = "name one of " + ", ".join(f"`{zone}`" for zone in zones[:8])
    scope.fault("E013", f"`{token}` is a domain of several zones", token, "a zone is needed here", hint)
    return None


def _in_block(scope: Scope, found: Placements, host: Declared) -> list[Item]:
    """The zone in whose block the host is declared."""
    zones = scope.names.zones.get(host.inside, (host.inside,))
    if host.inside and len(zones) == 1:
        return [Item(zones, scope, host.node, host.token)]
    found.unsure.add(host.name)
    if host.inside:
        hint = "say `in` with one of " + ", ".join(f"`{zone}`" for zone in zones[:8])
        label = f"`{host.inside}` has several zones"
    else:
        hint, label = "say `in` with its zone, or declare it in the block of a zone or domain", "no zone is named"
    if host.inside or scope.record.complete:
        scope.fault("E030", f"host `{host.name}` stands nowhere", host.token, label, hint)
    return []


def _one_option(found: Placements, declared: Declared) -> None:
    chosen = [item for item in found.items[declared.name] if item.chosen]
    for item in chosen[1:]:
        found.unsure.add(declared.name)
        message = f"`{declared.name}` has a second placement with `or`"
        notes = (("the first is here", chosen[0].span),)
        item.scope.fault("E035", message, item.at, "", "list all places in one, each but the first after `or`", notes)
    if len(chosen) > 1:
        found.items[declared.name] = [i for i in found.items[declared.name] if not i.chosen or i is chosen[0]]


def _runs(scope: Scope, found: Placements, host: Declared, node: Node) -> None:
    seen: set[str] = set()
    for token in names_in(node.nodes("names")[0]):
        component = scope.named(token, "component")
        if component is None:
            scope.record.complete = False
        elif component.name in seen:
            scope.fault("E033", f"`{token}` is listed twice", token, "again")
        else:
            seen.add(component.name)
            found.items[component.name].append(Item((host.name,), scope, node, token, runs_on=host.name))


# ---------------------------------------------------------------- building


def hosts(scope: Scope, placed: Placements) -> Mapping[str, Host]:
    """Every host of the design."""
    found: dict[str, Host] = {}
    for host in scope.names.each("host"):
        here, name = scope.within(host.source), host.name
        carried = _Carried.of(here, host)
        address, address_when = _address(here, host)
        hardened = here.only(host.node.nodes("hardened_item"), f"`hardened` of `{name}`")
        count = here.only(host.node.nodes("count_item"), f"`count` of `{name}`")
        found[name] = Host(
            name,
            _tags(here, placed, host, {}),
            when(here, host.node),
            carried.kinds,
            carried.listens,
            carried.relays,
            carried.accounts,
            address,
            address_when,
            NEVER if hardened is None else when(here, hardened),
            None if count is None else f"{name} count",
            about(host.node),
        )
    return found


def _address(scope: Scope, host: Declared) -> tuple[Address | None, Claim]:
    item = scope.only(host.node.nodes("at_item"), f"`at` of `{host.name}`")
    if item is None:
        return None, ALWAYS
    token = item.tokens("ADDRESS")[0]
    address = scope.address(token)
    scope.record.origins["at", host.name] = scope.span(token)
    scope.record.addresses_known &= address is not None
    return address, when(scope, item)


def components(scope: Scope, placed: Placements, of_hosts: Mapping[str, Host]) -> Mapping[str, Component]:
    """Every component of the design."""
    found: dict[str, Component] = {}
    for component in scope.names.each("component"):
        here, name = scope.within(component.source), component.name
        carried = _Carried.of(here, component)
        tags = _tags(here, placed, component, {host.name: host.when for host in of_hosts.values()})
        own = when(here, component.node)
        kept = carried.kinds, carried.listens, carried.relays, carried.accounts
        found[name] = Component(name, tags, own, *kept, about(component.node))
        if not placed.items[name] and name not in placed.unsure and scope.record.complete:
            label, hint = "no host is named", "say `on` with its host, or `runs` at the host"
            here.fault("E030", f"component `{name}` stands nowhere", component.token, label, hint)
    return found


def _tags(scope: Scope, placed: Placements, declared: Declared, exists: Mapping[str, Claim]) -> tuple[Tagged, ...]:
    """The zones (hosts) with their conditions; a `runs` holds when its host `exists`."""
    tags: list[Tagged] = []
    first: dict[Claim, Item] = {}
    for item in placed.items[declared.name]:
        here = scope.within(item.scope.source)
        held = ALWAYS if item.node is declared.node else when(here, item.node)
        held = both(exists.get(item.runs_on, ALWAYS), held)
        before = first.setdefault(held, item)
        if before is not item and declared.name not in placed.unsure:
            message = f"{declared.sort} `{declared.name}` stands in two places"
            notes = (("the first is here", before.span),)
            here.fault("E031", message, item.at, "the second", "", notes)
        for name in item.names:
            tags.append(Tagged(name, both(held, Is(declared.name, name)) if item.chosen else held))
    return tuple(tags)


def counts(scope: Scope) -> Iterator[Option]:
    """The count option of every host that has replicas."""
    for host in scope.names.each("host"):
        here = scope.within(host.source)
        for node in host.node.nodes("count_item")[:1]:
            tokens = node.tokens("INT")
            bounds = [here.number(token, MOST_REPLICAS, "a number of replicas", least=1) for token in tokens]
            low, high = bounds[0], bounds[-1]
            if low is None or high is None:
                low = high = 1
            elif low > high:
                low_first = f"is `{high}..{low}` meant?"
                here.fault("E021", "this range of numbers is empty", tokens[-1], f"less than {low}", low_first)
                low = high = 1
            values = tuple(str(number) for number in range(low, high + 1))
            yield Option(f"{host.name} count", values, "count")


@dataclass(frozen=True, slots=True)
class _Carried:
    """What hosts and components have alike."""

    kinds: tuple[Tagged, ...]
    listens: tuple[Listens, ...]
    relays: tuple[Relay, ...]
    accounts: tuple[Tagged, ...]

    @classmethod
    def of(cls, scope: Scope, declared: Declared) -> _Carried:
        kinds: list[Tagged] = []
        listens: list[Listens] = []
        relays: list[Relay] = []
        accounts: list[Tagged] = []

        def note(what: str, items: Sequence[object], node: Node) -> None:
            place = first_line(scope.source, node)
            scope.record.origins[what, declared.sort, declared.name, len(items)] = place

        for node in declared.node.nodes("is_item", "listens_item", "relays_item", "account_item"):
            held = when(scope, node)
            if node.kind == "is_item":
                names = [scope.simple("kind", token) for token in node.tokens("NAME")]
                kinds += [Tagged(name, held) for name in names if name is not None]
            elif node.kind == "account_item":
                for domain in scope.things(node.nodes("names")[0], "domain"):
                    note("account", accounts, node)
                    accounts.append(Tagged(domain.name, held))
            else:
                heard = scope.services(node.nodes("services")[0])
                if node.kind == "relays_item":
                    note("relay", relays, node)
                    targets = scope.things(node.nodes("names")[0], "host", "component", "firewall")
                    relays.append(Relay(heard, targets, onward(scope, node, heard), held))
                note("listens", listens, node)
                listens.append(Listens(heard, held))
        return cls(tuple(kinds), tuple(listens), tuple(relays), tuple(accounts))


def onward(scope: Scope, node: Node, heard: tuple[str, ...]) -> tuple[str, ...]:
    """What a relay or publish goes on with: the same services, where it does not say."""
    clause = node.node("onward")
    return heard if clause is None else scope.services(clause.nodes("services")[0])
