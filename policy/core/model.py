"""The design as a family of networks: frozen values without any trace of the text they came from.

Defines what `policy.text` builds, what `policy.core.semantics` gives a meaning to, and what `policy.solver` searches.

Names are full names (`corporate.intranet.files`); a domain without zones has one zone of its own name. Everything that
options may switch on or off carries a `when`: a condition, that is a `Claim` made of `Is`, `Not`, `And`, `Or` and `Iff`
only. Mappings keep the order of declaration and are never written to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Literal

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Sort = Literal["host", "component", "domain", "zone", "firewall"]
World = Mapping[str, str]  # a value for every option
Failure = frozenset[tuple[str, str]]  # (firewall, "bypassed") and (place, "compromised")

# ---------------------------------------------------------------- packets

TCP, UDP, ICMP, OTHER = 0, 65536, 131072, 131073  # where each protocol starts on the line of all packets
LAST_POINT = OTHER
Interval = tuple[int, int]  # points of that line, both ends included


@dataclass(frozen=True, slots=True)
class Packet:
    """What a connection asks for; port is None where the protocol has none."""

    protocol: Literal["tcp", "udp", "icmp", "ip"]
    port: int | None = None

    def __str__(self) -> str:
        return self.protocol if self.port is None else f"{self.protocol} {self.port}"


def packet_at(point: int) -> Packet:
    """The packet at a point of the line 0..LAST_POINT."""
    if point < UDP:
        return Packet("tcp", point)
    if point < ICMP:
        return Packet("udp", point - UDP)
    return Packet("icmp" if point == ICMP else "ip")


@dataclass(frozen=True, slots=True)
class Service:
    """A set of packets: `plain` are open to everyone, `authenticated` ask for an account. Disjoint sorted intervals
    each; a point may stand in both (it then needs no account)."""

    name: str
    plain: tuple[Interval, ...] = ()
    authenticated: tuple[Interval, ...] = ()
    about: str = ""

    def __contains__(self, point: int) -> bool:
        return any(low <= point <= high for low, high in self.plain + self.authenticated)


ANY_SERVICE = "any"  # the name, in every list of services, of the service that holds every packet (plain)

# ---------------------------------------------------------------- references and sets of endpoints


@dataclass(frozen=True, slots=True)
class Named:
    """A declared thing by its full name."""

    sort: Sort
    name: str


@dataclass(frozen=True, slots=True)
class Variable:
    """A quantified variable; it stands for a `Named` of its sort."""

    sort: Sort
    name: str


Ref = Named | Variable


@dataclass(frozen=True, slots=True)
class Anything:
    """`any`: every host and someone; in rules and publish firewalls too."""

    firewalls: bool = False


@dataclass(frozen=True, slots=True)
class OfKind:
    """`all KIND`: every host of that kind or of a kind below it."""

    kind: str


@dataclass(frozen=True, slots=True)
class Addresses:
    """An address (a network of one) or a CIDR."""

    network: Network


Term = Named | Variable | Anything | OfKind | Addresses


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The union of `terms` without that of `minus`."""

    terms: tuple[Term, ...]
    minus: tuple[Term, ...] = ()


# ---------------------------------------------------------------- claims (conditions are claims, too)


@dataclass(frozen=True, slots=True)
class Is:
    """The option has the value. Options that are true or false have the values "true" and "false"; a placement option
    has the names of its zones or hosts; the count option of a host has decimal numbers."""

    option: str
    value: str


@dataclass(frozen=True, slots=True)
class Not:
    of: Claim


@dataclass(frozen=True, slots=True)
class And:
    of: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Or:
    of: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Iff:
    left: Claim
    right: Claim


ALWAYS = And(())
NEVER = Or(())


@dataclass(frozen=True, slots=True)
class Pass:
    """The path passes this firewall, host or component."""

    what: Ref


@dataclass(frozen=True, slots=True)
class Then:
    """A first part of the path satisfies `of[0]`, the rest `of[1]`, and so on."""

    of: tuple[Waypoints, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    of: tuple[Waypoints, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    of: tuple[Waypoints, ...]


Waypoints = Pass | Then | AllOf | AnyOf


@dataclass(frozen=True, slots=True)
class PathClaim:
    """no | some | every path (or attack) from source to target [on] [within] [passes | crosses at least].

    `on` holds names of services, () means any; `passes` and `crosses` exclude each other; "no" may have either ("no
    path … passes W" is not in the grammar but has the obvious meaning); "every" has one of them.
    """

    quantifier: Literal["no", "some", "every"]
    source: Endpoints
    target: Endpoints
    on: tuple[str, ...] = ()
    within: int | None = None
    passes: Waypoints | None = None
    crosses: int | None = None
    attack: bool = False


@dataclass(frozen=True, slots=True)
class CanReach:
    source: Endpoints
    target: Endpoints
    on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InPlace:
    """`h in Z`: a host or component stands in the zone, or in some zone of the domain."""

    what: Ref
    place: Ref


@dataclass(frozen=True, slots=True)
class IsKind:
    """`h is K`: a host or component; a host has the kinds of its components too."""

    what: Ref
    kind: str


@dataclass(frozen=True, slots=True)
class Runs:
    host: Ref
    component: Ref


@dataclass(frozen=True, slots=True)
class ListensOn:
    """`h listens on s`: a host (with its components' services) or component, on some packet of the services."""

    what: Ref
    on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Joins:
    firewall: Ref
    place: Ref


@dataclass(frozen=True, slots=True)
class Trusts:
    truster: Ref
    trusted: Ref


@dataclass(frozen=True, slots=True)
class Accepts:
    accepter: Ref
    accepted: Ref


@dataclass(frozen=True, slots=True)
class Same:
    """`x = y` where x is no option: both stand for the same declared thing."""

    left: Ref
    right: Ref


@dataclass(frozen=True, slots=True)
class Binder:
    """`SORT v [in SET]`; `within` is None where the variable ranges over all things of its sort."""

    sort: Sort
    name: str
    within: Endpoints | None = None


@dataclass(frozen=True, slots=True)
class Quantified:
    quantifier: Literal["all", "some", "no", "one", "lone"]
    binders: tuple[Binder, ...]
    body: Claim


@dataclass(frozen=True, slots=True)
class Number:
    value: int


@dataclass(frozen=True, slots=True)
class Tier:
    domain: Ref


@dataclass(frozen=True, slots=True)
class Count:
    """How many tuples satisfy the body, each host as often as it has replicas (several binders multiply)."""

    binders: tuple[Binder, ...]
    body: Claim


Amount = Number | Tier | Count


@dataclass(frozen=True, slots=True)
class Compare:
    left: Amount
    operator: Literal["<", "<=", ">", ">=", "=", "!="]
    right: Amount


@dataclass(frozen=True, slots=True)
class FlowsPossible:
    """every flow is possible; `flows` narrows it to these (None: all)."""

    flows: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ConnectionsAreFlows:
    """every connection [from S] [into T] [on s] is a flow; None and () mean any, firewalls included."""

    source: Endpoints | None = None
    target: Endpoints | None = None
    on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountsAccepted:
    """every account is accepted; `hosts` narrows it to the accounts on these (None: on all)."""

    hosts: tuple[str, ...] | None = None


Claim = (
    Is | Not | And | Or | Iff | PathClaim | CanReach | InPlace | IsKind | Runs | ListensOn | Joins | Trusts | Accepts
    | Same | Quantified | Compare | FlowsPossible | ConnectionsAreFlows | AccountsAccepted
)  # fmt: skip

# ---------------------------------------------------------------- declarations


@dataclass(frozen=True, slots=True)
class Option:
    """`origin` says where it came from: "declared" by `option`, the "placement" of a host or component (same name), or
    the "count" of a host (name: host + " count")."""

    name: str
    values: tuple[str, ...]
    origin: Literal["declared", "placement", "count"] = "declared"
    about: str = ""


@dataclass(frozen=True, slots=True)
class Domain:
    name: str
    zones: tuple[str, ...]
    tier: int | None = None
    standalone: bool = False
    untrusted: bool = False
    about: str = ""


@dataclass(frozen=True, slots=True)
class Zone:
    """`standalone`, `isolated` and `untrusted` include what its domain says."""

    name: str
    domain: str
    standalone: bool = False
    isolated: bool = False
    untrusted: bool = False
    networks: tuple[Network, ...] = ()
    about: str = ""


@dataclass(frozen=True, slots=True)
class Listens:
    services: tuple[str, ...]
    when: Claim = ALWAYS


@dataclass(frozen=True, slots=True)
class Relay:
    """What arrives on `services` goes on to each target on `onward` (the same services where the text has no `as`)."""

    services: tuple[str, ...]
    targets: tuple[Named, ...]  # hosts, components, firewalls
    onward: tuple[str, ...]
    when: Claim = ALWAYS


@dataclass(frozen=True, slots=True)
class Tagged:
    """A name with a condition: a kind that a thing has, a domain whose account it has."""

    name: str
    when: Claim = ALWAYS


@dataclass(frozen=True, slots=True)
class Host:
    """In each zone of `zones` whose condition holds; its domain is that of the first such zone. It exists when `when`
    holds. `count` is the name of its count option, or None for one."""

    name: str
    zones: tuple[Tagged, ...]
    when: Claim = ALWAYS
    kinds: tuple[Tagged, ...] = ()
    listens: tuple[Listens, ...] = ()
    relays: tuple[Relay, ...] = ()
    accounts: tuple[Tagged, ...] = ()
    address: Address | None = None
    address_when: Claim = ALWAYS
    hardened: Claim = NEVER
    count: str | None = None
    about: str = ""


@dataclass(frozen=True, slots=True)
class Component:
    """On the host of `hosts` whose condition holds; without one, or when that host does not exist, it does not
    exist."""

    name: str
    hosts: tuple[Tagged, ...]
    when: Claim = ALWAYS
    kinds: tuple[Tagged, ...] = ()
    listens: tuple[Listens, ...] = ()
    relays: tuple[Relay, ...] = ()
    accounts: tuple[Tagged, ...] = ()
    about: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """`from_zones` and `into_zones` are None where the rule does not say. A rule without `label` is known by its
    place."""

    allow: bool
    source: Endpoints
    target: Endpoints
    services: tuple[str, ...]
    from_zones: frozenset[str] | None = None
    into_zones: frozenset[str] | None = None
    when: Claim = ALWAYS
    label: str = ""


@dataclass(frozen=True, slots=True)
class Publish:
    services: tuple[str, ...]
    source: Endpoints
    targets: tuple[Named, ...]  # hosts, components, firewalls
    onward: tuple[str, ...]
    when: Claim = ALWAYS


@dataclass(frozen=True, slots=True)
class Firewall:
    name: str
    zones: tuple[str, ...]
    rules: tuple[Rule, ...] = ()
    publishes: tuple[Publish, ...] = ()
    default_allow: bool = False
    about: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    zones: tuple[str, ...]
    when: Claim = ALWAYS


@dataclass(frozen=True, slots=True)
class Trust:
    truster: str
    trusted: str
    transitive: bool = False
    when: Claim = ALWAYS


@dataclass(frozen=True, slots=True)
class Flow:
    name: str
    source: Endpoints
    target: Endpoints
    services: tuple[str, ...]
    when: Claim = ALWAYS
    about: str = ""


@dataclass(frozen=True, slots=True)
class Threat:
    """At most `most` of the units suffer the effect. Units of "bypassed" are firewalls; of "compromised" any place."""

    units: tuple[Named, ...]
    effect: Literal["bypassed", "compromised"]
    most: int = 1


@dataclass(frozen=True, slots=True)
class Invariant:
    name: str
    claim: Claim
    threats: tuple[Threat, ...] = ()
    expect: Literal["proved", "violated", "vacuous"] = "proved"
    about: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """A whole design. `kinds` maps each kind to its parents; `assumptions` are conditions that every world
    satisfies."""

    title: str = ""
    options: Mapping[str, Option] = field(default_factory=dict)
    assumptions: tuple[Claim, ...] = ()
    services: Mapping[str, Service] = field(default_factory=dict)
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    domains: Mapping[str, Domain] = field(default_factory=dict)
    zones: Mapping[str, Zone] = field(default_factory=dict)
    hosts: Mapping[str, Host] = field(default_factory=dict)
    components: Mapping[str, Component] = field(default_factory=dict)
    firewalls: Mapping[str, Firewall] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    trusts: tuple[Trust, ...] = ()
    flows: Mapping[str, Flow] = field(default_factory=dict)
    invariants: Mapping[str, Invariant] = field(default_factory=dict)
