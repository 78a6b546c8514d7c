"""Every hypothesis strategy: random designs, well formed and small enough to try every world and failure.

`declarations()` draws a design as a tuple of its declarations, `designs()` as one text: a bit of everything. `rows()`
and `networks()` do the same for zones in a row with a firewall between neighbours, and routes along it (hosts that go
on, relays, publishes); their claims are about the whole distance. Designs are drawn from small things to large ones
(options, places, hosts, firewalls, claims) from a small pool of names, so that they shrink well: domains D1, zones z1,
hosts h1, components c1, firewalls F1, kinds k1, services s1, options o1, flows g1, invariants i1, variables v1.
Connections are likely, as most claims are dull without them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
Scope = tuple[tuple[str, str], ...]  # (sort, variable), outermost first

SERVICES = ("s1", "s2", "s3", "s4")
KINDS = ("k1", "k2", "k3")
QUANTIFIERS = ("all", "some", "no", "one", "lone")
SORTS = ("host", "zone", "domain", "firewall", "component")
MOST_CASES = 128  # worlds times failures of one invariant


@dataclass
class Plan:
    """A design while it is drawn: what is declared so far, and how many more worlds there may be."""

    random: Random  # whose choices hypothesis makes: it keeps no account of single draws, so none is tried twice
    worlds_left: int = 1
    options: dict[str, tuple[str, ...]] = field(default_factory=dict)
    domains: list[str] = field(default_factory=list)
    zones: list[str] = field(default_factory=list)
    zones_of: dict[str, list[str]] = field(default_factory=dict)
    networks: dict[str, str] = field(default_factory=dict)
    split: set[str] = field(default_factory=set)
    cidrs: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    components: list[str] = field(default_factory=list)
    firewalls: list[str] = field(default_factory=list)
    stands: dict[str, list[str]] = field(default_factory=dict)
    heard: dict[str, str] = field(default_factory=dict)
    joins: dict[str, set[str]] = field(default_factory=dict)

    # -------------------------------------------------------- choices

    def pick(self, items: Sequence[T]) -> T:
        """One of them, the first by preference."""
        return items[self.random.randrange(len(items))]

    def chance(self, percent: int) -> bool:
        """True in so many of a hundred cases."""
        return self.random.randrange(100) >= 100 - percent

    def number(self, low: int, high: int) -> int:
        return low + self.random.randrange(high - low + 1)

    def few(self, items: Sequence[T], least: int = 1, most: int = 2) -> list[T]:
        """Some different ones, `least` to `most` where there are so many."""
        left, found = list(items), list[T]()
        for _ in range(self.number(min(least, len(left)), min(most, len(left)))):
            found.append(left.pop(self.number(0, len(left) - 1)))
        return found

    def option(self, name: str, values: Sequence[str]) -> bool:
        """Declares an option, unless that makes too many worlds."""
        if len(values) > self.worlds_left:
            return False
        self.worlds_left //= len(values)
        self.options[name] = tuple(values)
        return True

    # -------------------------------------------------------- conditions

    def condition(self, depth: int = 2) -> str:
        kind = self.pick(("plain", "plain", "not", "and", "or", "implies", "iff")) if depth else "plain"
        if kind == "plain":
            name = self.pick(list(self.options))
            values = self.options[name]
            return name if values == ("true", "false") else f"{name} = {self.pick(values)}"
        if kind == "not":
            return f"not ({self.condition(depth - 1)})"
        return f"({self.condition(depth - 1)}) {kind} ({self.condition(depth - 1)})"

    def when(self, percent: int = 20) -> str:
        return f" when {self.condition(1)}" if self.options and self.chance(percent) else ""

    # -------------------------------------------------------- sets

    def services(self, any_percent: int = 30) -> str:
        return "any" if self.chance(any_percent) else ", ".join(self.few(SERVICES))

    def names(self, sort: str, scope: Scope = ()) -> list[str]:
        """Names of a sort: variables first."""
        declared = {
            "host": self.hosts, "zone": self.zones, "domain": self.domains, "firewall": self.firewalls,
            "component": self.components,
        }[sort]  # fmt: skip
        return [name for of, name in reversed(scope) if of == sort] + declared

    def term(self, scope: Scope, first: Sequence[str] = ()) -> str:
        """A term of a set; `first` are names to prefer."""
        choices = ["zone", "host", "zone", "host", "domain", "any", "kind", "component", "firewall", "cidr"]
        kind = self.pick(["first", "first", "first", *choices] if first else choices)
        if kind == "first":
            return self.pick(first)
        if kind == "kind":
            return f"all {self.pick(KINDS)}"
        if kind == "cidr":
            return self.pick(self.cidrs or ["any"])
        return "any" if kind == "any" else self.pick(self.names(kind, scope) or ["any"])

    def terms(self, scope: Scope = (), first: Sequence[str] = ()) -> str:
        found = ", ".join(self.term(scope, first) for _ in range(self.pick((1, 1, 1, 1, 2))))
        return f"{found} except {self.term(scope)}" if self.chance(12) else found

    def ends(self, scope: Scope) -> tuple[str, str]:
        """A source and a target, mostly a zone and a host outside of it, or variables."""
        bound = {of: name for of, name in scope if of != "firewall"}
        source = self.terms(scope) if self.chance(8) else self.pick([*self.zones, *self.zones, *self.hosts])
        near = self.stands.get(source, [source])
        far = [name for name, zones in self.stands.items() if name != source and set(near).isdisjoint(zones)]
        far = [name for name in far if name in self.heard] or far
        target = self.terms(scope, self.hosts) if self.chance(8) or not far else self.pick(far)
        if self.hosts and self.zones[0] not in self.stands[self.hosts[0]] and self.chance(30):
            source, target = self.zones[0], self.hosts[0]  # the two ends of the row of firewalls
        if bound and self.chance(60):
            target = self.pick(list(bound.values()))
        elif bound and self.chance(30):
            source = self.pick(list(bound.values()))
        return source, target


# ---------------------------------------------------------------- services, options, places


def _services(plan: Plan) -> list[str]:
    group = plan.pick(("s1, s2", "s2, s3"))
    asks = [" authenticated" if plan.chance(40) else "" for _ in range(3)]
    third = plan.pick(("tcp 20-25", "udp 53", "tcp 79-81", "icmp", "udp", "ip"))
    return [
        f"service s1{asks[0]} = tcp 80",
        f"service s2{asks[1]} = tcp 22",
        f"service s3{asks[2]} = {third}",
        f"service s4 = {group}",
        "kind k1",
        "kind k2: k1",
        "kind k3",
    ]


def _options(plan: Plan) -> list[str]:
    found = []
    plan.worlds_left = plan.pick((2, 4, 8, 1, 16, 32))
    for i in range(1, plan.number(0, 3) + 1):
        values = plan.pick((("true", "false"), ("a1", "a2"), ("a1", "a2", "a3")))
        if plan.option(f"o{i}", values):
            found.append(f"option o{i}" if values[0] == "true" else f"option o{i} in {{ {', '.join(values)} }}")
    return found


def _places(plan: Plan) -> None:
    """Names of domains and zones."""
    for i in range(1, plan.pick((3, 2, 4, 3, 1)) + 1):
        domain, zones = f"D{i}", plan.pick((0, 0, 2, 1)) if len(plan.zones) < 4 else 0
        own = [f"z{len(plan.zones) + j + 1}" for j in range(zones)] or [domain]
        plan.domains.append(domain)
        plan.zones += own
        plan.zones_of[domain] = own


def _networks(plan: Plan) -> None:
    """Networks of zones in some designs: apart from each other or nested, and what rules may say of them."""
    if not plan.chance(25):
        return
    six = plan.chance(25)
    for i, zone in enumerate(plan.zones, 1):
        if not plan.chance(70):
            continue
        first = plan.networks.get(plan.zones[0])
        if i == 2 and first and plan.zones[0] not in plan.split and plan.chance(30):
            plan.networks[zone] = "fd01:4000::/18" if six else "10.1.64.0/18"
        else:
            plan.networks[zone] = f"fd{i:02}::/16" if six else f"10.{i}.0.0/16"
            if plan.chance(40):
                plan.split.add(zone)
                halves = (f"fd{i:02}::/17", f"fd{i:02}:8000::/17") if six else (f"10.{i}.0.0/17", f"10.{i}.128.0/17")
                plan.cidrs += halves
        plan.cidrs.append(plan.networks[zone])
    if plan.networks:
        plan.cidrs.append("fd00::/8" if six else "10.0.0.0/8")


def _address(plan: Plan, zone: str, number: int) -> str:
    """An address in the zone's network, in either half of it."""
    base = plan.networks[zone].split("/")[0]
    high = zone in plan.split and plan.chance(50)
    if ":" in base:
        return f"{base[:4]}:8000::{number}" if high else f"{base}{number}"
    first, second, third, _ = base.split(".")
    return f"{first}.{second}.{'128' if high else third}.{number}"


# ---------------------------------------------------------------- hosts and components


@dataclass(frozen=True, slots=True)
class Written:
    """A host: its block (a zone), or "" at top level; its name, `in` and `at` items. The rest follows later."""

    block: str
    name: str
    items: str


def _placed(plan: Plan, name: str, number: int) -> Written:
    """Where the host stands, and at which address."""
    free = [zone for zone in plan.zones if zone not in plan.split]
    kind = plan.pick(("block", "block", "block", "in", "or", "and", "when"))
    if kind in ("or", "and", "when") and len(free) > 1:
        zones = plan.few(free, 2, 3 if kind == "or" else 2)
        if kind == "and":
            plan.stands[name] = zones
            return Written("", name, f" in {' and '.join(zones)}")
        if kind == "or" and plan.option(name, zones):
            plan.stands[name] = zones
            return Written("", name, f" in {' or '.join(zones)}")
        if kind == "when" and plan.options:
            condition = plan.condition(1)
            other = plan.condition(1) if plan.chance(3) else condition
            other = f"not ({condition})" if other == condition else other
            plan.stands[name] = zones
            return Written("", name, f" in {zones[0]} when {condition} in {zones[1]} when {other}")
    zone = plan.zones[-number % len(plan.zones)] if plan.chance(60) else plan.pick(plan.zones)
    return _in_zone(plan, name, number, zone, kind == "block")


def _in_zone(plan: Plan, name: str, number: int, zone: str, block: bool) -> Written:
    """The host, in one zone, and at which address."""
    plan.stands[name] = [zone]
    items = "" if block else f" in {zone}"
    if zone in plan.split or (zone in plan.networks and plan.chance(50)):
        address = _address(plan, zone, number)
        items += f" at {address}" + ("" if zone in plan.split else plan.when(25))
        plan.cidrs.append(address)
    return Written(zone if block else "", name, items)


def _things(plan: Plan) -> tuple[list[Written], dict[str, str], dict[str, str]]:
    """Hosts; for every component its `on` items; for every host its `runs` items."""
    hosts = [_placed(plan, f"h{i}", i) for i in range(1, plan.pick((3, 4, 5, 6, 2, 4, 1, 3, 0)) + 1)]
    plan.hosts = [host.name for host in hosts]
    on: dict[str, str] = {}
    runs: dict[str, str] = dict.fromkeys(plan.hosts, "")
    for i in range(1, (plan.number(0, 3) if plan.hosts else 0) + 1):
        name, kind = f"c{i}", plan.pick(("on", "runs", "or", "when"))
        two = plan.few(plan.hosts, 2, 2)
        if kind == "or" and len(two) == 2 and plan.option(name, two):
            on[name] = f" on {two[0]} or {two[1]}"
            plan.stands[name] = plan.stands[two[0]] + plan.stands[two[1]]
        elif kind == "when" and len(two) == 2 and plan.options:
            condition = plan.condition(1)
            on[name] = f" on {two[0]} when {condition} on {two[1]} when not ({condition})"
            plan.stands[name] = plan.stands[two[0]] + plan.stands[two[1]]
        elif kind == "runs":
            on[name] = ""
            runs[two[0]] += f" runs {name}"
            plan.stands[name] = plan.stands[two[0]]
        else:
            on[name] = f" on {two[0]}"
            plan.stands[name] = plan.stands[two[0]]
    plan.components = list(on)
    return hosts, on, runs


def _relay(plan: Plan, word: str, targets: Sequence[str]) -> str:
    onward = f" as {plan.services(10)}" if plan.chance(50) else ""
    return f" {word} {plan.services(10)} to {', '.join(plan.few(targets))}{onward}{plan.when()}"


def _carried(plan: Plan, name: str, listens: int) -> str:
    """Items that hosts and components may have; `listens` is a percentage."""
    items = f" is {', '.join(plan.few(KINDS))}{plan.when()}" if plan.chance(40) else ""
    if plan.chance(listens):
        plan.heard[name] = plan.services(15)
        items += f" listens {plan.heard[name]}{plan.when(15)}"
        if plan.chance(15):
            items += f" listens {plan.services(15)}{plan.when()}"
    if plan.chance(20):
        items += _relay(plan, "relays", plan.hosts + plan.components + plan.firewalls)
    if plan.chance(20):
        items += f" account {', '.join(plan.few(plan.domains))}{plan.when()}"
    return items


def _host(plan: Plan, host: Written, runs: str) -> str:
    items = plan.when(15) + host.items + _carried(plan, host.name, 85) + runs
    if plan.chance(15):
        items += f" hardened{plan.when(50)}"
    if plan.chance(15):
        most = plan.pick((2, 1, 3))
        if plan.option(f"{host.name} count", [str(n) for n in range(1, most + 1)]):
            del plan.options[f"{host.name} count"]
            items += f" count 1..{most}"
    return f"host {host.name}{items}"


def _component(plan: Plan, name: str, on: str) -> str:
    return f"component {name}{plan.when(10)}{on}{_carried(plan, name, 50)}"


# ---------------------------------------------------------------- domains, firewalls, links


def _flags(plan: Plan) -> str:
    flags = (("standalone", 15), ("isolated", 25), ("untrusted", 10))
    return "".join(f" {flag}" for flag, often in flags if plan.chance(often))


def _network(plan: Plan, zone: str) -> str:
    return f" network {plan.networks[zone]}" if zone in plan.networks else ""


def _trusts(plan: Plan, name: str) -> str:
    others = [d for d in plan.domains if d != name]
    trusts = ""
    for other in plan.few(others, 0, 2) if others and plan.chance(70) else ():
        trusts += f" trusts {other}{' transitively' if plan.chance(60) else ''}{plan.when()}"
    return trusts


def _domain(plan: Plan, name: str, hosts: dict[str, list[str]], trusts: str) -> str:
    lines = [f"domain {name}{trusts} {{{_flags(plan)} tier {plan.number(0, 3)}"]
    if plan.zones_of[name] == [name]:
        lines[0] += _network(plan, name)
        lines += [f"  {host}" for host in hosts[name]]
    else:
        for zone in plan.zones_of[name]:
            lines.append(f"  zone {zone} {{{_flags(plan)}{_network(plan, zone)}")
            lines += [f"    {host}" for host in hosts[zone]]
            lines.append("  }")
    return "\n".join([*lines, "}"])


def _rule(plan: Plan, joined: Sequence[str]) -> str:
    near = [host for host in plan.hosts if not set(joined).isdisjoint(plan.stands[host])]
    if near and plan.chance(80):
        target = plan.pick(near)
        source = plan.pick([*joined, "any", *joined, *plan.hosts, *joined, *plan.firewalls])
        services = plan.heard.get(target, "any") if plan.chance(70) else plan.services(60)
        line = f"{plan.pick(('allow', 'allow', 'allow', 'allow', 'deny'))} {source} -> {target} : {services}"
    else:
        source, target = plan.terms((), joined), plan.terms((), plan.hosts or joined)
        line = f"{plan.pick(('allow', 'deny'))} {source} -> {target} : {plan.services(40)}"
    if plan.chance(12):
        line += f" from {', '.join(plan.few(joined))}"
    if plan.chance(12):
        line += f" into {', '.join(plan.few(joined))}"
    return line + plan.when(20)


def _publish(plan: Plan, name: str, joined: Sequence[str]) -> str:
    targets = [*plan.hosts, *plan.components, *(f for f in plan.firewalls if f != name)]
    onward = f" as {plan.services(10)}" if plan.chance(50) else ""
    source = plan.pick(joined) if plan.chance(60) else plan.terms((), joined)
    return f"publish {plan.services(10)} from {source} to {', '.join(plan.few(targets))}{onward}{plan.when()}"


def _firewall(plan: Plan, name: str) -> str:
    first = int(name[1:]) - 1
    joined = [plan.zones[first % len(plan.zones)], plan.zones[(first + 1) % len(plan.zones)]]
    if plan.chance(40):
        joined = plan.few(plan.zones, 2, 3)
    plan.joins[name] = set(joined)
    lines = [f"firewall {name} joins {', '.join(joined)} {{"]
    lines += [f"  {_rule(plan, joined)}" for _ in range(plan.pick((2, 3, 4, 1)))]
    if plan.chance(35):
        lines.append(f"  allow {joined[0]} -> {joined[1]} : {plan.services(60)}{plan.when(40)}")
    if plan.chance(25) and (plan.hosts or plan.components or len(plan.firewalls) > 1):
        lines += [f"  {_publish(plan, name, joined)}" for _ in range(plan.number(1, 2))]
    if plan.chance(20):
        lines.append(f"  default {plan.pick(('allow', 'deny'))}")
    return "\n".join([*lines, "}"])


# ---------------------------------------------------------------- claims


def _claim(plan: Plan, depth: int, scope: Scope) -> str:
    """A claim; what is inside it stands in parentheses."""
    simple = ["path", "path", "path", "attack", "attack", "reach", "fact", "fact"]
    other = ["quantified", "quantified", "not", "and", "or", "implies", "iff", "compare", "whole"]
    kind = plan.pick(simple + other if depth else simple)
    if kind in ("path", "attack"):
        return _path(plan, kind, scope)
    if kind == "reach":
        source, target = plan.ends(scope)
        return f"{source} can reach {target}{_on(plan)}"
    if kind == "fact":
        return _fact(plan, scope)
    if kind == "quantified":
        binders, inner = _binders(plan, scope)
        return f"{plan.pick(QUANTIFIERS)} {binders}: {_claim(plan, depth - 1, inner)}"
    if kind == "not":
        return f"not ({_claim(plan, depth - 1, scope)})"
    if kind == "compare":
        return f"{_amount(plan, scope)} {plan.pick(('>=', '<', '<=', '>', '=', '!='))} {_amount(plan, scope)}"
    if kind == "whole":
        return _whole(plan, scope)
    return f"({_claim(plan, depth - 1, scope)}) {kind} ({_claim(plan, depth - 1, scope)})"


def _on(plan: Plan) -> str:
    return f" on {', '.join(plan.few(SERVICES))}" if plan.chance(20) else ""


def _path(plan: Plan, word: str, scope: Scope) -> str:
    quantifier = plan.pick(("no", "every", "some", "every"))
    source, target = plan.ends(scope)
    claim = f"{quantifier} {word} from {source} to {target}{_on(plan)}"
    if word == "path" and plan.chance(20):
        claim += f" within {plan.number(1, 3)} steps"
    if quantifier == "every" or plan.chance(25):
        sorts = ("firewall", "firewall", "host", "component")
        things = [name for sort in sorts for name in plan.names(sort, scope)]
        around = plan.stands.get(target, [])
        near = [name for name, joined in plan.joins.items() if not joined.isdisjoint(around)]
        if near and plan.chance(40):
            return f"{claim} passes {' or '.join(near) if plan.chance(40) else plan.pick(near)}"
        if things and plan.chance(70):
            return f"{claim} passes {_waypoints(plan, things + 3 * near, plan.pick((1, 2)))}"
        claim += f" crosses at least {plan.number(1, 3)} firewalls"
    return claim


def _waypoints(plan: Plan, things: Sequence[str], depth: int) -> str:
    kind = plan.pick(("name", "name", "then", "and", "or")) if depth else "name"
    if kind == "name":
        return plan.pick(things)
    parts = [_waypoints(plan, things, depth - 1) for _ in range(plan.pick((2, 2, 3)))]
    return "(" + f" {kind} ".join(parts) + ")"


def _fact(plan: Plan, scope: Scope) -> str:
    """A fact about things that there are."""
    things = plan.names("host", scope) + plan.names("component", scope)
    places = plan.names("zone", scope) + plan.names("domain", scope)
    hosts, components, firewalls = (plan.names(sort, scope) for sort in ("host", "component", "firewall"))
    domains = plan.names("domain", scope)
    kinds = ["accepts", "trusts", "accepts", "same"]
    kinds += ["option"] if plan.options else []
    kinds += ["in", "is", "listens"] if things else []
    kinds += ["runs"] if hosts and components else []
    kinds += ["joins"] if firewalls else []
    match plan.pick(kinds):
        case "trusts" | "accepts" as word:
            return f"{plan.pick(domains)} {word} {plan.pick(domains)}"
        case "option":
            return plan.condition(0)
        case "same":
            names = plan.names(plan.pick(("domain", "host", "zone", "firewall", "component")), scope)
            names = [name for name in names if names is domains or name not in plan.domains] or domains
            return f"{plan.pick(names)} = {plan.pick(names)}"
        case "in":
            return f"{plan.pick(things)} in {plan.pick(places)}"
        case "is":
            return f"{plan.pick(things)} is {plan.pick(KINDS)}"
        case "listens":
            return f"{plan.pick(things)} listens on {', '.join(plan.few(SERVICES))}"
        case "runs":
            return f"{plan.pick(hosts)} runs {plan.pick(components)}"
    return f"{plan.pick(firewalls)} joins {plan.pick(places)}"


def _binders(plan: Plan, scope: Scope) -> tuple[str, Scope]:
    """One or two binders, and the scope with their variables."""
    found = []
    for _ in range(plan.pick((1, 1, 2))):
        sort, name = plan.pick(SORTS), f"v{len(scope) + 1}"
        within = ""
        if plan.chance(50):
            within = _range(plan, sort, scope)
        found.append(f"{sort} {name}{within}")
        scope = (*scope, (sort, name))
    return ", ".join(found), scope


def _range(plan: Plan, sort: str, scope: Scope) -> str:
    if sort in ("host", "component"):
        return f" in {plan.terms(scope)}"
    names = plan.names(sort, scope) + (plan.names("domain", scope) if sort == "zone" else [])
    return f" in {', '.join(plan.few(names, 1, 3))}" if names else ""


def _amount(plan: Plan, scope: Scope) -> str:
    match plan.pick(("count", "number", "tier")):
        case "number":
            return str(plan.number(0, 3))
        case "tier":
            return f"tier({plan.pick(plan.names('domain', scope))})"
    binders, inner = _binders(plan, scope)
    return f"count({binders}: {_claim(plan, 0, inner)})"


def _whole(plan: Plan, scope: Scope) -> str:
    kind = plan.pick(("every flow is possible", "every account is accepted", "connections"))
    if kind != "connections":
        return kind
    source = f" from {plan.terms(scope)}" if plan.chance(50) else ""
    target = f" into {plan.terms(scope, plan.hosts)}" if plan.chance(50) else ""
    return f"every connection{source}{target}{_on(plan)} is a flow"


def _threats(plan: Plan, most: int) -> str:
    """Threats that admit at most so many failures."""
    found = []
    places = list(dict.fromkeys(plan.firewalls + plan.hosts + plan.components + plan.zones + plan.domains))
    for _ in range(plan.pick((0, 1, 1, 2))):
        kind = plan.pick(("bypassed", "firewalls", "any", "compromised", "firewalls", "any", "any compromised"))
        units = 1 if "any" not in kind else len(plan.firewalls) if kind == "firewalls" else 3
        if 2**units > most:
            continue
        most //= 2**units
        if kind == "firewalls":
            found.append(f"any {plan.number(1, 2)} firewalls are bypassed")
        elif kind == "compromised":
            found.append(f"{plan.pick(places)} is compromised")
        elif kind == "any compromised":
            found.append(f"any {plan.number(1, 2)} of {', '.join(plan.few(places, 2, 3))} is compromised")
        elif plan.firewalls and kind == "bypassed":
            found.append(f"{plan.pick(plan.firewalls)} is bypassed")
        elif plan.firewalls:
            found.append(f"any {plan.number(1, 2)} of {', '.join(plan.few(plan.firewalls, 1, 3))} is bypassed")
    return f" even if {' and '.join(found)}" if found else ""


# ---------------------------------------------------------------- zones in a row


@dataclass
class Row:
    """What routes along the row need: items of hosts, rules and publishes of firewalls; the hosts that they go by."""

    items: dict[str, str]
    rules: dict[str, list[str]]
    stones: list[str] = field(default_factory=list)
    walls: list[str] = field(default_factory=list)


def _row(plan: Plan) -> None:
    """Domains and zones in a row."""
    length = plan.pick((3, 4, 2, 5))
    while len(plan.zones) < length:
        domain = f"D{len(plan.domains) + 1}"
        two = len(plan.zones) + 2 <= length and plan.chance(30)
        own = [f"z{len(plan.zones) + j + 1}" for j in range(2)] if two else [domain]
        plan.domains.append(domain)
        plan.zones += own
        plan.zones_of[domain] = own


def _along(plan: Plan, number: int) -> Written:
    """A host at its place in the row, or at several: mostly the last first, as routes end there."""
    name, last = f"h{number}", len(plan.zones) - 1
    at = last if number == 1 else (last + 1 - number) % len(plan.zones)
    free = [zone for zone in plan.zones if zone not in plan.split]
    two = list(dict.fromkeys((plan.zones[at], plan.pick(free or plan.zones))))
    kind = plan.pick(("block", "block", "block", "in", "and", "or") if number > 1 or plan.chance(30) else ("block",))
    if len(two) == 2 and set(two) <= set(free):
        if kind == "and":
            plan.stands[name] = two
            return Written("", name, f" in {' and '.join(two)}")
        if kind == "or" and plan.option(name, two):
            plan.stands[name] = two
            return Written("", name, f" in {' or '.join(two)}")
    return _in_zone(plan, name, number, plan.zones[at], kind == "block")


def _route(plan: Plan, row: Row) -> None:
    """A way from the first zone to the first host, by hosts between; what is needed for it is let pass, mostly."""
    place = {name: plan.zones.index(zones[0]) for name, zones in plan.stands.items() if name in plan.hosts}
    between = plan.few(plan.hosts[1:], plan.pick((1, 1, 0)), plan.pick((2, 1, 3)))
    here, carrier, heard = 0, plan.zones[0], ""
    for stone in (*sorted(between, key=lambda name: place[name]), plan.hosts[0]):
        service, there, when = plan.pick(("s1", "s2", "s3", "s1", "s4", "any")), place[stone], plan.when(25)
        word, source = plan.pick(("connect", "connect", "relay", "publish")), carrier
        firewalls = plan.firewalls[here:there] or plan.firewalls[there:here]
        row.walls += [name for name in firewalls if name not in row.walls]
        if word == "relay" and heard:
            onward = "" if heard == service else f" as {service}"
            row.items[source] += f" relays {heard} to {stone}{onward}{when}"
            row.items[source] += f" account {plan.pick(plan.domains)}" if plan.chance(30) else ""
        elif word == "publish" and firewalls:
            first = firewalls[0] if here < there else firewalls[-1]
            onward = f" as {service}" if plan.chance(70) else ""
            arriving = plan.pick(("s1", "s2")) if onward else service
            row.rules[first].append(f"publish {arriving} from {source} to {stone}{onward}{when}")
            source, firewalls = first, [name for name in firewalls if name != first]
        elif heard and plan.chance(30):
            source = plan.pick((plan.zones[here], plan.zones[here], "any"))
        row.items[stone] += f" listens {service}{plan.when(15)}"
        for name in firewalls:
            if plan.chance(92):
                own = when if plan.chance(60) else plan.when(40)
                between = f" from {_side(plan, name)}" if plan.chance(12) else ""
                between += f" into {_side(plan, name)}" if plan.chance(12) else ""
                row.rules[name].append(f"allow {source} -> {stone} : {service}{between}{own}")
        here, carrier, heard = there, stone, service
        if stone not in row.stones:
            row.stones.append(stone)


def _side(plan: Plan, name: str) -> str:
    """One of the neighbours between which the firewall stands."""
    at = plan.firewalls.index(name)
    return plan.pick(plan.zones[at : at + 2])


def _between(plan: Plan, name: str, rules: list[str]) -> str:
    """The firewall between two neighbours in the row, or one that goes round another."""
    at = plan.firewalls.index(name)
    joined = plan.zones[at : at + 2] if at + 1 < len(plan.zones) else plan.few(plan.zones, 2, 3)
    if plan.chance(15) and len(plan.zones) > 2:
        joined = list(dict.fromkeys([*joined, plan.pick(plan.zones)]))
    plan.joins[name] = set(joined)
    lines = list(rules)
    for _ in range(plan.pick((0, 0, 0, 1, 2)) if at + 1 < len(plan.zones) else 2):
        lines.insert(plan.number(0, len(lines)), _rule(plan, joined))
    if plan.chance(10):
        lines.append(_publish(plan, name, joined))
    if plan.chance(12):
        lines.append("default allow")
    return "\n".join([f"firewall {name} joins {', '.join(joined)} {{", *(f"  {line}" for line in lines), "}"])


def _inward(plan: Plan, name: str) -> str:
    """Trusts along the row, in the direction of the routes or against it, and others."""
    at = plan.domains.index(name)
    near = [plan.domains[i] for i in (at - 1, at + 1) if 0 <= i < len(plan.domains)]
    if near and plan.chance(60):
        return f" trusts {plan.pick(near)}{' transitively' if plan.chance(70) else ''}{plan.when()}"
    return _trusts(plan, name)


def _distance(plan: Plan, row: Row, length: int) -> str:
    """A claim on ways along the whole row."""
    word, quantifier = plan.pick(("path", "attack", "path")), plan.pick(("every", "no", "some", "every"))
    first, last = plan.zones[0], plan.hosts[0]
    source = plan.pick((first,) * 6 + (plan.domains[0], plan.pick(plan.hosts), plan.pick(plan.firewalls)))
    target = plan.pick((last,) * 6 + (*plan.components, plan.stands[last][0], plan.domains[-1]))
    target = f"{target} except {plan.pick(plan.hosts)}" if plan.chance(5) else target
    claim = f"{quantifier} {word} from {source} to {target}{_on(plan)}"
    if word == "path" and plan.chance(30):
        claim += f" within {max(1, length + plan.pick((0, -1, 1, 2)))} steps"
    if quantifier == "every" or plan.chance(30):
        things = [*row.walls, *(name for name in row.stones if name != last)] or plan.hosts
        things += plan.components if plan.chance(30) else []
        if plan.chance(60):
            return f"{claim} passes {_ordered(plan, things)}"
        claim += f" crosses at least {plan.pick((1, 2, 1, 3, 2, 4))} firewalls"
    return claim


def _ordered(plan: Plan, things: Sequence[str]) -> str:
    """Waypoints, mostly in the order of the row."""
    if len(things) < 2 or plan.chance(25):
        return plan.pick(things)
    if plan.chance(20):
        return _waypoints(plan, things, 2)
    chosen = plan.few(things, 2, 3)
    chosen = sorted(chosen, key=things.index) if plan.chance(75) else chosen
    return f" {plan.pick(('then', 'or', 'and', 'then'))} ".join(chosen)


def _about_distance(plan: Plan, row: Row, length: int) -> str:
    """A claim on the whole distance, mostly by itself."""
    claim = _distance(plan, row, length)
    kind = plan.pick(("itself",) * 12 + ("not", "and", "or", "implies", "some", "all", "count"))
    if kind == "itself":
        return claim
    if kind == "not":
        return f"not ({claim})"
    if kind in ("some", "all", "count"):
        sort, name = plan.pick((("host", plan.hosts[0]), ("firewall", plan.firewalls[0])))
        claim = re.sub(rf"\b{name}\b", "v1", claim)
        counted = f"count({sort} v1: {claim}) {plan.pick(('>=', '<='))} 1"
        return counted if kind == "count" else f"{kind} {sort} v1: {claim}"
    other = plan.condition(1) if plan.options and plan.chance(50) else _distance(plan, row, length)
    return f"({other}) {kind} ({claim})"


@st.composite
def rows(draw: Any) -> tuple[str, ...]:
    """A design of zones in a row as its declarations; those of places, firewalls and invariants among them."""
    plan = Plan(draw(st.randoms(use_true_random=False)))
    found = [*_options(plan), *_services(plan)]
    _row(plan)
    _networks(plan)
    plan.firewalls = [f"F{i}" for i in range(1, len(plan.zones) + plan.pick((0, 0, 1)))]
    hosts = [_along(plan, i) for i in range(1, len(plan.zones) + plan.pick((0, 1, -1, 2)) + 1)]
    plan.hosts = [host.name for host in hosts]
    row = Row(dict.fromkeys(plan.hosts, ""), {name: [] for name in plan.firewalls})
    for _ in range(plan.pick((1, 2, 3))):
        _route(plan, row)
    plan.heard = dict.fromkeys(row.stones, "any")
    plan.components = ["c1", "c2"][: plan.pick((0, 1, 2))]
    components = []
    for name in plan.components:
        where = plan.few(row.stones, 1, 2)
        where = where if len(where) == 1 or plan.option(name, where) else where[:1]
        plan.stands[name] = plan.stands[where[0]]
        components.append(_component(plan, name, f" on {' or '.join(where)}"))
    blocks: dict[str, list[str]] = {block: [] for block in ("", *plan.zones)}
    for host in hosts:
        items = plan.when(5) + host.items + row.items[host.name]
        items += _carried(plan, host.name, 10) + (f" hardened{plan.when(50)}" if plan.chance(12) else "")
        blocks[host.block].append(f"host {host.name}{items}")
    found += [_domain(plan, name, blocks, _inward(plan, name)) for name in plan.domains]
    found += [*blocks[""], *components, *(_between(plan, name, row.rules[name]) for name in plan.firewalls)]
    if plan.chance(25):
        found.append(f"link {', '.join(plan.few(plan.zones, 2, 3))}{plan.when(60)}")
    if plan.options and plan.chance(15):
        found.append(f"assume {plan.condition(2)}")
    if plan.chance(20):
        found.append(f"flow g1: {plan.pick((plan.zones[0], 'any'))} -> {plan.pick(plan.hosts)} : {plan.services()}")
    claims = [
        _claim(plan, 1, ()) if plan.chance(12) else _about_distance(plan, row, len(row.stones))
        for _ in range(plan.number(1, 3))
    ]
    return (*found, *_claimed(plan, claims))


# ---------------------------------------------------------------- whole designs


@st.composite
def declarations(draw: Any) -> tuple[str, ...]:
    """A design as its declarations; those of places, firewalls and invariants among them."""
    plan = Plan(draw(st.randoms(use_true_random=False)))
    found = _options(plan)
    _places(plan)
    _networks(plan)
    if len(plan.zones) > 1:
        plan.firewalls = [f"F{i}" for i in range(1, plan.pick((2, 3, 4, 1, 0)) + 1)]
    hosts, on, runs = _things(plan)
    found += _services(plan)
    blocks: dict[str, list[str]] = {block: [] for block in ("", *plan.zones)}
    for host in hosts:
        blocks[host.block].append(_host(plan, host, runs[host.name]))
    found += [_domain(plan, name, blocks, _trusts(plan, name)) for name in plan.domains]
    found += blocks[""]
    found += [_component(plan, name, items) for name, items in on.items()]
    found += [_firewall(plan, name) for name in plan.firewalls]
    for _ in range(plan.pick((0, 0, 1, 2)) if len(plan.zones) > 1 else 0):
        found.append(f"link {', '.join(plan.few(plan.zones, 2, 3))}{plan.when(40)}")
    for _ in range(plan.pick((0, 0, 1, 2)) if plan.options else 0):
        found.append(f"assume {plan.condition(2)}")
    for i in range(1, plan.pick((0, 1, 2)) + 1):
        source, target = plan.ends(())
        found.append(f"flow g{i}: {source} -> {target} : {plan.services()}{plan.when()}")
    claims = [_claim(plan, plan.pick((0, 0, 1, 2)), ()) for _ in range(plan.number(1, 3))]
    return (*found, *_claimed(plan, claims))


def _claimed(plan: Plan, claims: Sequence[str]) -> list[str]:
    """Invariants with these claims, and threats that leave few enough cases."""
    worlds = 1
    for values in plan.options.values():
        worlds *= len(values)
    return [f"invariant i{i}: {claim}{_threats(plan, MOST_CASES // worlds)}" for i, claim in enumerate(claims, 1)]


def designs() -> st.SearchStrategy[str]:
    """A design as its text."""
    return declarations().map("\n".join)


def networks() -> st.SearchStrategy[str]:
    """A design of zones in a row as its text."""
    return rows().map("\n".join)
