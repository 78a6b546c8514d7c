"""Faults that only the whole model shows: networks and addresses that clash, or that rules tell apart by nothing."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from itertools import pairwise

from policy.core.endpoints import Part, parts
from policy.core.model import ALWAYS, Address, Host, Model, Network, Zone
from policy.text.names import Names
from policy.text.record import Record
from policy.text.source import Span


def check(model: Model, names: Names, record: Record) -> None:
    """Adds the faults of the model's addresses to the record."""
    before = record.trouble
    _networks(model, record)
    _addresses(model, record)
    if record.complete and record.addresses_known and record.trouble == before:
        _outside(model, record)
        _meaningless(model, record)
        _split(model, names, record)


def _place(record: Record, *key: object) -> Span:
    return record.origins[key]


def _networks(model: Model, record: Record) -> None:
    """Two zones with the same network."""
    owners: dict[Network, str] = {}
    for zone in model.zones.values():
        for network in zone.networks:
            owner = owners.setdefault(network, zone.name)
            if owner != zone.name:
                message = f"`{network}` is the network of two zones, `{owner}` and `{zone.name}`"
                notes = (("the first is here", _place(record, "network", owner, network)),)
                record.fault("E023", message, _place(record, "network", zone.name, network), "again", "", notes)


def _addresses(model: Model, record: Record) -> None:
    """Two hosts with the same address."""
    owners: dict[Address, str] = {}
    for host in model.hosts.values():
        owner = owners.setdefault(host.address, host.name) if host.address is not None else host.name
        if owner != host.name:
            message = f"`{host.address}` is the address of two hosts, `{owner}` and `{host.name}`"
            notes = (("the first is here", _place(record, "at", owner)),)
            record.fault("E023", message, _place(record, "at", host.name), "again", "", notes)


class _Owners:
    """Which zone an address belongs to: the one with the most specific network that holds it."""

    def __init__(self, model: Model) -> None:
        self._of = {network: zone for zone in model.zones.values() for network in zone.networks}
        self._lengths = {v: sorted({n.prefixlen for n in self._of if n.version == v}, reverse=True) for v in (4, 6)}

    def of(self, address: Address) -> Zone | None:
        around = (ip_network((address, length), strict=False) for length in self._lengths[address.version])
        return next((self._of[network] for network in around if network in self._of), None)


def _outside(model: Model, record: Record) -> None:
    """A host whose address is not one of its zone's."""
    owners = _Owners(model)
    for host in model.hosts.values():
        zones = [model.zones[tag.name] for tag in host.zones]
        if host.address is None or not zones:
            continue
        owner = owners.of(host.address)
        if owner in zones or (owner is None and not any(zone.networks for zone in zones)):
            continue
        where = " or ".join(f"`{zone.name}`" for zone in zones)
        message = f"`{host.address}` is no address of {where}, where `{host.name}` stands"
        label = f"an address of `{owner.name}`" if owner is not None else "in no network"
        networks = ", ".join(f"`{network}`" for zone in zones for network in zone.networks[:4])
        hint = f"its addresses are those of {networks}" if networks else ""
        record.fault("E027", message, _place(record, "at", host.name), label, hint)


def _meaningless(model: Model, record: Record) -> None:
    """Addresses in sets that nothing declared has."""
    known = {version: _Runs(_declared(model, version)) for version in (4, 6)}
    for network, span in record.written:
        if not known[network.version].meets(int(network.network_address), int(network.broadcast_address)):
            message = f"`{_written(network)}` overlaps no declared network and no host's address"
            hint = "give the zone a `network`, or the host an address by `at`"
            record.fault("E024", message, span, "nothing is there", hint)


def _declared(model: Model, version: int) -> Iterator[tuple[int, int]]:
    """First and last of every run of addresses that a zone or host has."""
    for zone in model.zones.values():
        for network in zone.networks:
            if network.version == version:
                yield int(network.network_address), int(network.broadcast_address)
    for host in model.hosts.values():
        if host.address is not None and host.address.version == version:
            yield int(host.address), int(host.address)


class _Runs:
    """A set of whole numbers, as runs from a first to a last."""

    def __init__(self, runs: Iterable[tuple[int, int]]) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in sorted(runs):
            if self._lasts and first <= self._lasts[-1]:
                self._lasts[-1] = max(self._lasts[-1], last)
            else:
                self._firsts.append(first)
                self._lasts.append(last)

    def meets(self, first: int, last: int) -> bool:
        """Whether one of the numbers lies between the two."""
        before = bisect_right(self._firsts, last)
        return before > 0 and self._lasts[before - 1] >= first


def _split(model: Model, names: Names, record: Record) -> None:
    """Networks in sets that hold some addresses of a zone, not others, where a host of the zone may have any."""
    doubtful = [host for host in model.hosts.values() if _unknown(model, host)]
    by_zone = parts(model) if doubtful and record.written else {}
    told: set[Network] = set()
    for network, span in sorted(record.written, key=lambda entry: (entry[1].file, entry[1].line, entry[1].column)):
        if network in told:
            continue
        told.add(network)
        cut = {zone for zone, found in by_zone.items() if _cuts(network, found)}
        hosts = [host for host in doubtful if any(tag.name in cut for tag in host.zones)]
        if hosts:
            zone = next(tag.name for tag in hosts[0].zones if tag.name in cut)
            message = f"whether `{hosts[0].name}` is in `{_written(network)}` is open: it has no address of its own"
            label = f"this is a part of the network of `{zone}`"
            notes = tuple(("a host without an address", names.of["place"][host.name].span) for host in hosts)
            record.fault("E025", message, span, label, "give the host an address by `at`", notes)


def _unknown(model: Model, host: Host) -> bool:
    """Whether the host may have any address of a zone in some world."""
    fixed = host.address is not None and host.address_when == ALWAYS
    return not fixed and any(model.zones[tag.name].networks for tag in host.zones)


def _cuts(network: Network, found: tuple[Part, ...]) -> bool:
    return any((network in a.inside) != (network in b.inside) for a, b in pairwise(found))


def _written(network: Network) -> str:
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)
