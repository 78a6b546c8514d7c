"""Trees to the model: what every name means, in order.

Names are collected first, from all files, so that order does not matter (`names`). Then comes what other things are
said in terms of: domains and zones (`domains`), and where hosts and components may stand, which settles the options
(`hosts`). Then everything that may carry a condition, then claims (`conditions`, `claims`), and in the end what only
the whole shows (`checks`). Each pass takes a `Scope`, gives parts of the model, and notes
faults and places in the `Record`; a fault leaves its part out and never causes another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from policy.core.model import Claim, Invariant, Model, Option
from policy.text.checks import check
from policy.text.claims import claim, threats
from policy.text.conditions import BOOLEAN, condition
from policy.text.diagnostic import Diagnostic
from policy.text.domains import domains, trusts, zones
from policy.text.firewalls import firewalls, flows, links
from policy.text.hosts import Placements, components, counts, hosts, places_of
from policy.text.load import Loaded, unquoted
from policy.text.names import Declared, collect, first_line
from policy.text.record import Key, Record
from policy.text.scope import Scope
from policy.text.services import about, kinds, services
from policy.text.source import Source, Span
from policy.text.syntax import Node


@dataclass(frozen=True, slots=True)
class Resolved:
    """A model, the places of its parts, and all faults of the text in order of place; with any of them the model is
    incomplete and must not be solved.

    Keys of `origins`: ("design",) ("service", n) ("kind", n) ("option", n) ("domain", n) ("zone", n) ("host", n)
    ("component", n) ("firewall", n) ("flow", n) ("invariant", n) are the places of names; ("assume", i) ("link", i)
    ("trust", i) ("rule", firewall, i) ("publish", firewall, i) ("default", firewall) and ("relay" | "listens" |
    "account", "host" | "component", name, i) first lines; ("at", host) and ("network", zone, network) addresses;
    ("claim", invariant) the whole claim; ("part", invariant, part) the first occurrence of a claim or waypoint in it.
    """

    model: Model
    origins: Mapping[Key, Span]
    faults: tuple[Diagnostic, ...]


def resolve(loaded: Loaded) -> Resolved:
    """The model that the trees describe. Never raises for what is in the text."""
    record = Record(loaded)
    names = collect(loaded, record)
    nowhere = Source.of("", "")
    scope = Scope(names, record, nowhere)
    of_domains = domains(scope)
    of_zones = zones(scope)
    placed = places_of(scope)
    scope = replace(
        scope,
        options=_options(scope, placed),
        unsure=frozenset(placed.unsure),
        tiers={domain.name: domain.tier for domain in of_domains.values()},
    )
    of_hosts = hosts(scope, placed)
    model = Model(
        _title(scope),
        scope.options,
        _assumptions(scope),
        services(scope),
        kinds(scope),
        of_domains,
        of_zones,
        of_hosts,
        components(scope, placed, of_hosts),
        firewalls(scope),
        links(scope),
        trusts(scope),
        flows(scope),
        _invariants(scope),
    )
    _name_places(scope)
    check(model, names, record)
    return Resolved(model, record.origins, record.finished())


def _title(scope: Scope) -> str:
    titles = scope.names.loose["title"]
    for source, node in titles[1:]:
        notes = (("the first is here", first_line(*titles[0])),)
        scope.within(source).fault("E006", "a second title", node, "a design has one", "", notes)
    if not titles:
        return ""
    source, node = titles[0]
    scope.record.origins[("design",)] = first_line(source, node)
    return unquoted(node.tokens("STRING")[0])


def _options(scope: Scope, placed: Placements) -> Mapping[str, Option]:
    """Those that are declared, then those of placements, then those of counts."""
    found: dict[str, Option] = {}
    for declared in scope.names.each("option"):
        found[declared.name] = _declared_option(scope.within(declared.source), declared)
    for option in placed.options():
        if option.name in found:
            place, other = scope.names.of["place"][option.name], scope.names.of["option"][option.name]
            message = f"`{option.name}` is an option already, so its placement cannot be one"
            notes = (("the option is here", other.span),)
            placed.unsure.add(option.name)
            scope.record.fault("E012", message, place.span, "placed with `or`", "rename one of them", notes)
        else:
            found[option.name] = option
    found |= {option.name: option for option in counts(scope)}
    return found


def _declared_option(scope: Scope, declared: Declared) -> Option:
    values: list[str] = []
    for token in declared.node.tokens("NAME")[1:]:
        if str(token) in values:
            scope.fault("E033", f"`{token}` is listed twice", token, "again")
        else:
            values.append(str(token))
    return Option(declared.name, tuple(values) or BOOLEAN, "declared", about(declared.node))


def _assumptions(scope: Scope) -> tuple[Claim, ...]:
    found = []
    for i, (source, node) in enumerate(scope.names.loose["assume"]):
        scope.record.origins["assume", i] = first_line(source, node)
        inner = node.children[-1]
        assert isinstance(inner, Node)
        found.append(condition(scope.within(source), inner))
    return tuple(found)


def _invariants(scope: Scope) -> Mapping[str, Invariant]:
    return {invariant.name: invariant for invariant in _each_invariant(scope)}


def _each_invariant(scope: Scope) -> Iterator[Invariant]:
    for declared in scope.names.each("invariant"):
        node, name = declared.node, declared.name
        here = replace(scope.within(declared.source), invariant=name)
        inner = next(c for c in node.children if isinstance(c, Node) and c.kind not in ("expect", "threat"))
        scope.record.origins["claim", name] = here.span(inner)
        made = claim(here, inner)
        expect = node.node("expect")
        expected = "proved"
        if expect is not None:
            expected = str(expect.children[-1])
        admitted = threats(here, node.nodes("threat"))
        yield Invariant(name, made, admitted, expected, about(node))  # type: ignore[arg-type]


def _name_places(scope: Scope) -> None:
    """Notes where every name is declared."""
    for space in scope.names.of.values():
        for declared in space.values():
            scope.record.origins[declared.sort, declared.name] = declared.span
            if declared.sort == "domain" and scope.names.zones[declared.name] == (declared.name,):
                scope.record.origins["zone", declared.name] = declared.span
    for name, option in scope.options.items():
        if option.origin != "declared":
            owner = scope.names.of["place"][name.removesuffix(" count")]
            scope.record.origins["option", name] = owner.span
