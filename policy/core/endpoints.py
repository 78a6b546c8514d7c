"""Who can open a connection: the endpoints of a model, and which addresses they have.

`endpoints(model)` lists them once for all worlds: hosts, firewalls, and someone of every zone, split into one for every
part of the zone's network that the addresses written in the design tell apart (language, section 3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Literal

from policy.core.model import Address, Addresses, Endpoints, Model, Network


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host or firewall by its full name, or someone in the zone `name`, at `address` where the zone is split. A host
    of which it is open where it stands may be split, too: `place` numbers the places (0: not split)."""

    sort: Literal["host", "firewall", "someone"]
    name: str
    address: Address | None = None
    place: int = 0

    def __str__(self) -> str:
        at = "" if self.address is None else f" at {self.address}"
        return f"someone in {self.name}{at}" if self.sort == "someone" else self.name


@dataclass(frozen=True, slots=True)
class Part:
    """Addresses of a zone that no address written in the design tells apart: one of them, and the networks written in
    sets that hold it. A zone without addresses has one part with neither."""

    address: Address | None = None
    inside: frozenset[Network] = frozenset()


def networks_in(tree: object) -> Iterator[Network]:
    """Every network written in a set, anywhere below a value of the model."""
    if isinstance(tree, Addresses):
        yield tree.network
    elif is_dataclass(tree):
        for item in fields(tree):
            yield from networks_in(getattr(tree, item.name))
    elif isinstance(tree, tuple):
        for child in tree:
            yield from networks_in(child)
    elif isinstance(tree, Mapping):
        for child in tree.values():
            yield from networks_in(child)


def _sets(model: Model) -> Iterator[Endpoints]:
    """The sets of endpoints that rules, publishes and flows speak of."""
    for firewall in model.firewalls.values():
        for rule in firewall.rules:
            yield rule.source
            yield rule.target
        yield from (publish.source for publish in firewall.publishes)
    for flow in model.flows.values():
        yield flow.source
        yield flow.target


def parts(model: Model) -> Mapping[str, tuple[Part, ...]]:
    """For every zone the parts of its addresses, lowest first; an address belongs to the zone with the most specific
    network that holds it, and those of named hosts (in whatever world) to nobody else. Never empty."""
    terms = (term for some in _sets(model) for term in (*some.terms, *some.minus))
    written = frozenset(term.network for term in terms if isinstance(term, Addresses))
    written |= frozenset(networks_in(model.invariants))
    found: dict[str, dict[frozenset[Network], Part]] = {name: {} for name in model.zones}
    taken = {host.address for host in model.hosts.values() if host.address is not None}
    for version in (4, 6):
        for address, stack in _pieces(model, written, version):
            owner = next((zone for _, zone in reversed(stack) if zone is not None), None)
            if owner is not None and address not in taken:
                inside = frozenset(network for network, zone in stack if zone is None)
                found[owner].setdefault(inside, Part(address, inside))
    return {zone: tuple(some.values()) or (Part(),) for zone, some in found.items()}


def _pieces(
    model: Model, written: Iterable[Network], version: int
) -> Iterator[tuple[Address, tuple[tuple[Network, str | None], ...]]]:
    """The first address of every run of addresses in which nothing written begins or ends, with the networks around it
    from wide to narrow: written ones (None) and those of zones (their name). Networks nest or are disjoint, so a stack
    holds them.
    """
    entries = [(net, zone.name) for zone in model.zones.values() for net in zone.networks if net.version == version]
    entries += [(net, None) for net in written if net.version == version]  # type: ignore[misc]
    entries.sort(key=lambda e: (int(e[0].network_address), e[0].prefixlen, e[1] is None))
    single = {int(h.address) for h in model.hosts.values() if h.address is not None and h.address.version == version}
    cuts = {int(net.network_address) for net, _ in entries} | {int(net.broadcast_address) + 1 for net, _ in entries}
    cuts |= single | {point + 1 for point in single}
    stack: list[tuple[Network, str | None]] = []
    position = 0
    for cut in sorted(cuts):
        while position < len(entries) and int(entries[position][0].network_address) <= cut:
            while stack and int(stack[-1][0].broadcast_address) < int(entries[position][0].network_address):
                stack.pop()
            stack.append(entries[position])
            position += 1
        while stack and int(stack[-1][0].broadcast_address) < cut:
            stack.pop()
        if stack:
            base = stack[-1][0].network_address
            yield base + (cut - int(base)), tuple(stack)


def endpoints(model: Model, zone_parts: Mapping[str, tuple[Part, ...]]) -> tuple[Endpoint, ...]:
    """All endpoints: hosts, then firewalls, then someone of every part of every zone, each in order of declaration."""
    hosts = [Endpoint("host", name) for name in model.hosts]
    firewalls = [Endpoint("firewall", name) for name in model.firewalls]
    someone = [
        Endpoint("someone", zone, part.address if len(of_zone) > 1 else None)
        for zone, of_zone in zone_parts.items()
        for part in of_zone
    ]
    return (*hosts, *firewalls, *someone)
