"""Evidence for a verdict, and its check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from policy.core.endpoints import Endpoint
from policy.core.model import Claim, Failure, Packet


@dataclass(frozen=True, slots=True)
class Crossing:
    """One step of a chain of zones. `via` names the firewall, None for a link (`link` is its place in `Model.links`). `rule` is
    the place of the deciding rule in the firewall's rules; None when `by` is not "rule"."""

    from_zone: str
    into_zone: str
    via: str | None
    by: Literal["rule", "default", "bypassed", "own packet", "link"]
    rule: int | None = None
    link: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One connection. `relay` is None where the attacker opens it; else what relays it: the place in the list of relays of the
    source host (`("host", name, i)`), of a component on it (`("component", name, i)`) or of publishes (`("firewall", name, i)`).
    `point` is the packet on the line of all packets. An empty chain: both stand in `zone`."""

    source: Endpoint
    target: Endpoint
    point: int
    zone: str
    chain: tuple[Crossing, ...] = ()
    relay: tuple[str, str, int] | None = None

    @property
    def packet(self) -> Packet:
        from policy.core.model import packet_at

        return packet_at(self.point)


@dataclass(frozen=True, slots=True)
class Fact:
    """What is wrong besides paths: a sub-claim (as written, variables unbound) that does not hold for these bindings, and a
    sentence-free account of it: `subject` names the things involved (a flow and its two ends, a host and its account, …)."""

    claim: Claim
    bindings: tuple[tuple[str, str], ...] = ()
    holds: bool = False
    subject: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Witness:
    """A world and a failure in which a claim is false. `matters` names the options that the violation depends on (in the order
    of declaration). `steps` is the violating path, attack or single connection, where there is one; `start` its first endpoint
    (set also for the path of no step). `facts` are the sub-claims that fail and the bindings for which they do."""

    world: Mapping[str, str]
    failure: Failure
    matters: tuple[str, ...]
    start: Endpoint | None = None
    steps: tuple[Step, ...] = ()
    facts: tuple[Fact, ...] = ()
