"""Connections as they happen: the steps of a path, each with the chain of zones it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from policy.core.endpoints import Endpoint
from policy.core.model import Packet, packet_at


@dataclass(frozen=True, slots=True)
class Crossing:
    """One step of a chain of zones. `via` names the firewall, None for a link (`link` is its place in `Model.links`).
    `rule` is the place of the deciding rule in the firewall's rules; None when `by` is not "rule"."""

    from_zone: str
    into_zone: str
    via: str | None
    by: Literal["rule", "default", "bypassed", "own packet", "link"]
    rule: int | None = None
    link: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One connection. `relay` is None where the attacker opens it; else what relays it: the place in the list of relays
    of the source host (`("host", name, i)`), of a component on it (`("component", name, i)`) or of publishes
    (`("firewall", name, i)`). `point` is the packet on the line of all packets. It starts in `zone`; with an empty
    chain, both stand there."""

    source: Endpoint
    target: Endpoint
    point: int
    zone: str
    chain: tuple[Crossing, ...] = ()
    relay: tuple[str, str, int] | None = None

    @property
    def packet(self) -> Packet:
        """Protocol and port."""
        return packet_at(self.point)
