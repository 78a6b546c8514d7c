"""A generated campus: layers of zones from the Internet inwards, firewalls between neighbouring layers, many rules.

`campus(...)` returns the text of a design. The same seed gives the same text. The shape is that of large organisations:
many narrow rules between servers of neighbouring layers, some wide ones, some denials before them, some rules that hang
on what is still undecided, and administrators who come from the side.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

SERVICES = {
    "web": "tcp 80, tcp 443",
    "mail": "tcp 25",
    "files authenticated": "tcp 445",
    "sql authenticated": "tcp 1433",
    "rpc authenticated": "tcp 135, tcp 49152-65535",
    "admin authenticated": "tcp 3389",
    "queue": "tcp 1801",
    "names": "udp 53",
}
NAMES = tuple(name.split()[0] for name in SERVICES)


@dataclass(frozen=True, slots=True)
class Size:
    """How large a campus is."""

    zones: int = 200
    firewalls: int = 250
    rules: int = 10_000
    hosts: int = 1_000
    options: int = 20
    layers: int = 10


def campus(size: Size | None = None, seed: int = 1) -> str:
    """The text of a campus."""
    return "\n".join(_Campus(size or Size(), random.Random(seed)).lines()) + "\n"


class _Campus:
    def __init__(self, size: Size, chance: random.Random) -> None:
        self.size, self.chance = size, chance
        self.layers: list[list[str]] = [[] for _ in range(size.layers)]
        for i in range(size.zones):
            self.layers[i * size.layers // size.zones].append(f"zone_{i}")
        self.hosts: dict[str, list[tuple[str, str]]] = {zone: [] for layer in self.layers for zone in layer}
        for i in range(size.hosts):
            zone = f"zone_{i % size.zones}"
            self.hosts[zone].append((f"host_{i}", chance.choice(NAMES)))
        self.gaps = [i % (size.layers - 1) for i in range(size.firewalls)]

    def lines(self) -> Iterator[str]:
        """Every line of the design."""
        yield 'design "A generated campus"'
        yield from (f"service {name} = {ports}" for name, ports in SERVICES.items())
        yield from (f"option open_{i}" for i in range(self.size.options))
        yield "domain internet { untrusted standalone tier 0 }"
        for depth, layer in enumerate(self.layers):
            for zone in layer:
                yield from self._domain(zone, depth)
        yield "firewall border joins internet, " + ", ".join(self.layers[0]) + " {"
        for zone in self.layers[0]:
            web = [host for host, service in self.hosts[zone] if service == "web"]
            yield from (f"  allow internet -> {host} : web" for host in web)
        yield "}"
        for i, gap in enumerate(self.gaps):
            yield from self._firewall(i, gap)
        yield from self._invariants()

    def _domain(self, zone: str, depth: int) -> Iterator[str]:
        trusts = f" trusts {self.layers[depth + 1][0]}" if depth + 1 < self.size.layers else ""
        yield f"domain {zone}{trusts} {{ tier {depth + 1}"
        yield from (f"  host {name} listens {service}" for name, service in self.hosts[zone])
        yield "}"

    def _host(self, zone: str) -> str:
        return self.chance.choice(self.hosts[zone])[0]

    def _firewall(self, number: int, gap: int) -> Iterator[str]:
        outer, inner = self.chance.choice(self.layers[gap]), self.chance.choice(self.layers[gap + 1])
        also = self.chance.choice(self.layers[gap + 1])
        zones = dict.fromkeys((outer, inner, also))
        yield f"firewall fw_{number} joins {', '.join(zones)} {{"
        rules = self.size.rules // self.size.firewalls + (number < self.size.rules % self.size.firewalls)
        for i in range(rules):
            yield "  " + self._rule(i, outer, self.chance.choice((inner, also)))
        yield "}"

    def _rule(self, number: int, outer: str, inner: str) -> str:
        draw = self.chance.random()
        target, service = self.chance.choice(self.hosts[inner])
        if draw < 0.05:
            return f"deny {outer} -> {inner} : {self.chance.choice(NAMES)}"
        if draw < 0.07:
            return f"allow {outer}, {self._host(inner)} -> {inner} : {service}"
        if draw < 0.09:
            return f"deny any -> {target} : any from {outer}"
        if draw < 0.13:
            option = f"open_{self.chance.randrange(self.size.options)}" if self.size.options else ""
            return f"allow {self._host(outer)} -> {target} : {service}" + (f" when {option}" if option else "")
        if draw < 0.20:
            return f"allow {self._host(inner)} -> {self._host(outer)} : {self.chance.choice(NAMES)}"
        sources = ", ".join(dict.fromkeys(self._host(outer) for _ in range(1 + number % 3)))
        return f"allow {sources} -> {target} : {self.chance.choice((service, self.chance.choice(NAMES)))}"

    def _invariants(self) -> Iterator[str]:
        """Twenty claims of all forms, each with the verdict that seed 1 at full size gives."""
        last, middle = self.layers[-1], self.size.layers // 2
        core, vault, spare = last[0], self._host(last[0]), self._host(last[-1])
        wall = [f"fw_{i}" for i, gap in enumerate(self.gaps) if gap == middle]
        either = " or ".join(wall)
        outer = " or ".join(f"fw_{i}" for i, gap in enumerate(self.gaps) if gap == 0)
        down = wall[0]
        inside, deeper, before = self.layers[1][0], self.layers[2][0], self.layers[-2][0]
        claims = {
            "direct": f"not internet can reach {core}",
            "one_step": f"no path from internet to {core} within 1 steps",
            "three_steps": f"no path from internet to {vault} within 3 steps",
            "two_fall": f"no path from internet to {vault} within 1 steps even if any 2 firewalls are bypassed",
            "wall": f"every path from internet to {core} passes {either}",
            "walls": f"every path from internet to {core} passes ({outer}) then ({either})",
            "border_first": f"every path from internet to {core} passes border then ({either})",
            "both": f"every path from internet to {vault} passes border and ({either})",
            "deep": f"every path from internet to {core} crosses at least 3 firewalls",
            "on_sql": f"every path from internet to {core} on sql passes border",
            "reaches": f"some path from internet to {inside}",
            "reaches_by": f"some path from internet to {inside} passes border",
            "none expect violated": f"no path from internet to {inside}",
            "next_door": f"no path from {before} to {core}",
            "attack_stopped expect violated": f"no attack from internet to {vault}",
            "attack_wall": f"every attack from internet to {core} passes border",
            "attack_in": f"every attack from internet to {deeper} passes {outer}",
            "spare": f"no path from {last[1]} to {spare} on admin within 1 steps",
            "inner": f"every path from internet to {spare} passes border or {wall[0]}",
            "held expect violated": f"every path from internet to {vault} passes border even if {down} is compromised",
        }
        yield from (f"invariant {name}: {claim}" for name, claim in claims.items())
