"""The plain semantics, on designs so small that the language page gives the answer by hand."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.core.model import (
    ALWAYS,
    NEVER,
    Accepts,
    AccountsAccepted,
    Addresses,
    AllOf,
    And,
    AnyOf,
    Anything,
    Binder,
    CanReach,
    Claim,
    Compare,
    Component,
    ConnectionsAreFlows,
    Count,
    Domain,
    Endpoints,
    Failure,
    Firewall,
    Flow,
    FlowsPossible,
    Host,
    Iff,
    InPlace,
    Invariant,
    Is,
    IsKind,
    Joins,
    Link,
    Listens,
    ListensOn,
    Model,
    Named,
    Not,
    Number,
    OfKind,
    Option,
    Or,
    Pass,
    PathClaim,
    Publish,
    Quantified,
    Relay,
    Rule,
    Runs,
    Same,
    Service,
    Tagged,
    Then,
    Threat,
    Tier,
    Trust,
    Trusts,
    Variable,
    Waypoints,
    Zone,
)
from policy.core.paths import Progress
from policy.core.semantics import failures, holds, shortest, verdict, worlds

SERVICES = {
    "web": Service("web", ((80, 80),)),
    "tls": Service("tls", ((443, 443),)),
    "sql": Service("sql", (), ((1433, 1433),)),
    "rpc": Service("rpc", ((135, 135), (49152, 65535))),
}
NOTHING_FAILS: Failure = frozenset()
ANY = Anything(firewalls=True)


def zone(name: str) -> Named:
    return Named("zone", name)


def host(name: str) -> Named:
    return Named("host", name)


def component(name: str) -> Named:
    return Named("component", name)


def firewall(name: str) -> Named:
    return Named("firewall", name)


def ends(*terms: Any) -> Endpoints:
    return Endpoints(terms)


def machine(name: str, *zones: str, listens: str = "", **more: Any) -> Host:
    services = (Listens(tuple(listens.split())),) if listens else ()
    return Host(name, tuple(Tagged(z) for z in zones), listens=services, **more)


def allow(source: Any, target: Any, *services: str, **more: Any) -> Rule:
    return Rule(True, ends(source), ends(target), services or ("any",), **more)


def deny(source: Any, target: Any, *services: str, **more: Any) -> Rule:
    return Rule(False, ends(source), ends(target), services or ("any",), **more)


def design(zones: str, *things: Any, **more: Any) -> Model:
    """A design with a domain of its own for every zone; zones may be replaced by those among the things."""
    found: dict[str, Any] = {"hosts": {}, "components": {}, "firewalls": {}, "flows": {}, "options": {}}
    names = zones.split()
    found["zones"] = {name: Zone(name, name) for name in names}
    found["domains"] = {name: Domain(name, (name,)) for name in names}
    rooms = {Host: "hosts", Component: "components", Firewall: "firewalls", Flow: "flows", Option: "options"}
    rooms |= {Zone: "zones", Domain: "domains"}
    for thing in things:
        found[rooms[type(thing)]][thing.name] = thing
    return Model(services=SERVICES, **found, **more)


def says(model: Model, claim: Claim, failure: Failure = NOTHING_FAILS, **world: str) -> bool:
    """Whether the claim holds in the world given, or else in the only one."""
    if not world:
        (only,) = worlds(model)
        return holds(model, claim, only, failure)
    return holds(model, claim, world, failure)


def reach(source: Any, target: Any, *on: str) -> CanReach:
    return CanReach(ends(source), ends(target), on)


def path(source: Any, target: Any, **more: Any) -> PathClaim:
    return PathClaim("some", ends(source), ends(target), **more)


def every(source: Any, target: Any, **more: Any) -> PathClaim:
    return PathClaim("every", ends(source), ends(target), **more)


def length(model: Model, claim: PathClaim, failure: Failure = NOTHING_FAILS) -> int | None:
    (only,) = worlds(model)
    return shortest(model, claim, only, failure)


def wall(name: str, *zones: str, rules: tuple[Rule, ...] = (), **more: Any) -> Firewall:
    return Firewall(name, zones, rules, **more)


def broken(*names: str) -> Failure:
    return frozenset((name, "bypassed") for name in names)


def taken(*names: str) -> Failure:
    return frozenset((name, "compromised") for name in names)


# ---------------------------------------------------------------- worlds and failures


def test_worlds_satisfy_all_assumptions() -> None:
    """A world is a choice of every option that breaks no assumption."""
    proxy, soap = Option("proxy", ("A", "B")), Option("soap", ("true", "false"))
    model = design("z", proxy, soap, assumptions=(Or((Not(Is("soap", "true")), Is("proxy", "B"))),))
    assert [tuple(world.values()) for world in worlds(model)] == [("A", "false"), ("B", "true"), ("B", "false")]


def test_failures_are_every_admitted_subset_once() -> None:
    """Each threat takes at most so many of its units; threats combine; no failure comes first and none twice."""
    two = Threat((firewall("F"), firewall("G"), firewall("H")), "bypassed", 2)
    found = list(failures([two, Threat((host("h"),), "compromised")]))
    assert found[0] == frozenset() and len(found) == len(set(found)) == (1 + 3 + 3) * 2
    assert [len(failure) for failure in found] == sorted(len(failure) for failure in found)
    assert list(failures([])) == [frozenset()]
    assert len(list(failures([two, two]))) == 8


# ---------------------------------------------------------------- connections


def test_same_zone_connects_and_only_on_what_is_listened_to() -> None:
    """Where x and y share a zone, nothing can stop them; y must listen; nothing connects to itself."""
    model = design("z", machine("a", "z"), machine("b", "z", listens="web"))
    assert says(model, reach(host("a"), host("b")))
    assert says(model, reach(host("a"), host("b"), "web"))
    assert not says(model, reach(host("a"), host("b"), "tls"))
    assert not says(model, reach(host("b"), host("a")))
    assert not says(model, reach(host("b"), host("b")))
    assert says(model, reach(zone("z"), host("b")))


def test_a_firewall_decides_by_its_first_matching_rule_then_its_default() -> None:
    """Order counts; with no match the default decides, which is deny where nothing is said."""
    b, c = machine("b", "y", listens="web tls"), machine("c", "y", listens="web")
    rules = (deny(ANY, host("b"), "web"), allow(ANY, ANY, "web"), allow(ANY, host("b"), "web"))
    closed = design("x y", b, c, wall("F", "x", "y", rules=rules))
    opened = design("x y", b, c, wall("F", "x", "y", rules=rules, default_allow=True))
    assert not says(closed, reach(zone("x"), host("b")))
    assert says(closed, reach(zone("x"), host("c")))
    assert says(opened, reach(zone("x"), host("b"), "tls")) and not says(opened, reach(zone("x"), host("b"), "web"))


def test_rules_may_name_the_zones_they_lead_from_and_into() -> None:
    """`from` and `into` are about the zones of this step, not of the ends."""
    b = machine("b", "z", listens="web")
    rule = allow(ANY, ANY, from_zones=frozenset({"x"}), into_zones=frozenset({"y"}))
    onward = wall("G", "y", "z", default_allow=True)
    assert says(design("x y z", b, wall("F", "x", "y", "z", rules=(rule,)), onward), reach(zone("x"), host("b")))
    direct = design("x y z", b, wall("F", "x", "y", "z", rules=(rule,)))
    assert not says(direct, reach(zone("x"), host("b")))


def test_any_in_a_rule_is_firewalls_too_and_in_a_claim_is_not() -> None:
    """`any` is every host and someone, and in rules firewalls too, as the model says."""
    b, out = machine("b", "y", listens="web"), wall("O", "w", "x")
    both = design("w x y", b, out, wall("F", "x", "y", rules=(allow(ANY, ANY),)))
    hosts = design("w x y", b, out, wall("F", "x", "y", rules=(allow(Anything(), ANY),)))
    assert says(both, reach(firewall("O"), host("b"))) and not says(hosts, reach(firewall("O"), host("b")))
    assert not says(hosts, path(Anything(), firewall("O"))) and says(hosts, path(ANY, firewall("O")))


def test_links_pass_everything_between_each_two_of_their_zones() -> None:
    """A link joins each zone with each, where its condition holds."""
    b, soap = machine("b", "z", listens="web"), Option("soap", ("true", "false"))
    model = design("x y z", b, soap, links=(Link(("x", "y", "z"), Is("soap", "true")),))
    assert says(model, reach(zone("x"), host("b")), soap="true")
    assert not says(model, reach(zone("x"), host("b")), soap="false")


def test_chains_of_zones_are_simple_and_all_count() -> None:
    """Every step of the chain must pass the same packet; a way round counts as well as the direct one."""
    b = machine("b", "z", listens="web")
    one, two = wall("F", "x", "y", rules=(allow(ANY, host("b")),)), wall("G", "y", "z", rules=(allow(zone("x"), ANY),))
    model = design("x y z", b, one, two, wall("D", "x", "z"))
    assert says(model, reach(zone("x"), host("b")))
    assert says(model, every(zone("x"), host("b"), passes=Then((Pass(firewall("F")), Pass(firewall("G"))))))
    other = wall("G", "y", "z", rules=(allow(zone("y"), ANY),))
    assert not says(design("x y z", b, one, other), reach(zone("x"), host("b")))


def test_machines_of_an_isolated_zone_cannot_talk_but_firewalls_can() -> None:
    """No empty chain between two machines; firewalls are none; another zone of a multi-homed host still serves."""
    a, b = machine("a", "z"), machine("b", "z", listens="web")
    lonely = Zone("z", "z", isolated=True)
    model = design("x z", a, b, lonely, wall("F", "x", "z"))
    assert not says(model, reach(zone("z"), host("b"))) and says(model, reach(firewall("F"), host("b")))
    two = design("x z", machine("a", "z", "x"), b, lonely, wall("F", "x", "z", default_allow=True))
    assert says(two, reach(host("a"), host("b")))
    assert not says(two, CanReach(Endpoints((zone("z"),), (host("a"),)), ends(host("b"))))


def test_a_firewall_stands_in_each_of_its_zones_and_does_not_filter_its_own_packets() -> None:
    """A firewall connects into every zone it joins whatever its rules; it listens to nothing by itself."""
    model = design("x y", machine("a", "x", listens="web"), machine("b", "y", listens="web"), wall("F", "x", "y"))
    assert says(model, reach(firewall("F"), host("a"))) and says(model, reach(firewall("F"), host("b")))
    assert not says(model, reach(Anything(), firewall("F")))


def test_multi_homed_hosts_are_present_in_each_zone_and_forward_nothing() -> None:
    """Someone in either zone connects to it; nobody gets through it by a connection."""
    model = design("x y", machine("m", "x", "y", listens="web"), machine("b", "y", listens="web"))
    assert says(model, reach(zone("x"), host("m")))
    someone = Endpoints((zone("x"),), (host("m"),))
    assert not says(model, CanReach(someone, ends(host("b"))))
    assert says(model, path(zone("x"), host("b"))) and length(model, path(zone("x"), host("b"))) == 1


def test_hosts_that_do_not_exist_are_nowhere() -> None:
    """A host whose condition fails is in no set, connects to nothing, and neither do its components exist."""
    soap = Option("soap", ("true", "false"))
    b = machine("b", "z", listens="web", when=Is("soap", "true"))
    model = design("z", b, Component("c", (Tagged("b"),)), soap)
    for value in ("true", "false"):
        there = value == "true"
        assert says(model, reach(zone("z"), host("b")), soap=value) == there
        assert says(model, InPlace(component("c"), zone("z")), soap=value) == there
        some = Quantified("some", (Binder("component", "v"),), ALWAYS)
        assert says(model, some, soap=value) == there


# ---------------------------------------------------------------- addresses


def addressed(rule: Rule, *things: Any, networks: str = "10.0.0.0/8") -> Model:
    nets = tuple(ip_network(net) for net in networks.split())
    x = Zone("x", "x", networks=nets)
    return design("w x y", x, machine("b", "y", listens="web"), wall("F", "x", "y", rules=(rule,)), *things)


def cidr(text: str) -> Addresses:
    return Addresses(ip_network(text))


def test_someone_is_split_by_the_addresses_that_rules_tell_apart() -> None:
    """A rule for a part of the network lets someone at such an address through, and a CIDR in a claim picks them."""
    model = addressed(allow(cidr("10.1.0.0/16"), ANY))
    assert says(model, reach(zone("x"), host("b"))) and says(model, reach(cidr("10.1.0.0/16"), host("b")))
    assert not says(model, CanReach(Endpoints((zone("x"),), (cidr("10.1.0.0/16"),)), ends(host("b"))))


def test_nobody_else_has_the_address_of_a_named_host() -> None:
    """A rule for exactly the address of a host opens to that host alone, and in every world to nobody else."""
    soap = Option("soap", ("true", "false"))
    at = ip_address("10.0.0.7")
    model = addressed(allow(cidr("10.0.0.7"), ANY), machine("a", "x", address=at))
    assert says(model, reach(host("a"), host("b")))
    assert not says(model, CanReach(Endpoints((zone("x"),), (host("a"),)), ends(host("b"))))
    a = machine("a", "x", address=at, address_when=Is("soap", "true"))
    maybe = addressed(allow(cidr("10.0.0.7"), ANY), a, soap)
    assert says(maybe, reach(zone("x"), host("b")), soap="true")
    assert not says(maybe, reach(zone("x"), host("b")), soap="false")


def test_a_host_without_address_is_inside_when_all_it_may_have_are() -> None:
    """All addresses that the zone may give it must be in the network."""
    a = machine("a", "x")
    assert says(addressed(allow(cidr("10.0.0.0/7"), ANY), a), reach(host("a"), host("b")))
    assert not says(addressed(allow(cidr("10.0.0.0/9"), ANY), a), reach(host("a"), host("b")))
    taken_rest = addressed(
        allow(cidr("10.0.0.0/32"), ANY), a, machine("t", "x", address=ip_address("10.0.0.1")), networks="10.0.0.0/31"
    )
    assert says(taken_rest, reach(host("a"), host("b")))


def test_what_has_no_known_address_matches_no_network() -> None:
    """Firewalls, and machines of zones without networks, are in no CIDR."""
    everything = allow(cidr("0.0.0.0/0"), ANY)
    assert not says(addressed(everything, machine("a", "x"), networks=""), reach(zone("x"), host("b")))
    entry = wall("E", "x", "w")
    assert not says(addressed(everything, entry), reach(firewall("E"), host("b")))


def test_an_address_belongs_to_the_most_specific_network() -> None:
    """Someone in the wide zone has none of the addresses of a narrower zone within it."""
    inner = Zone("y", "y", networks=(ip_network("10.1.0.0/16"),))
    model = addressed(allow(cidr("10.1.0.0/16"), ANY), inner, networks="10.0.0.0/8")
    assert not says(model, reach(zone("x"), host("b")))


# ---------------------------------------------------------------- publishes and relays


def test_a_publish_listens_for_its_sources_and_for_all_when_bypassed() -> None:
    """F listens only to what it publishes and only for sources in X; a bypassed one publishes to anyone."""
    publish = Publish(("tls",), ends(host("p")), (host("b"),), ("web",))
    b, front = machine("b", "y", listens="web"), wall("F", "x", "y", publishes=(publish,))
    model = design("x y", machine("p", "x"), b, front)
    someone = Endpoints((zone("x"),), (host("p"),))
    assert says(model, reach(host("p"), firewall("F"))) and not says(model, reach(host("p"), firewall("F"), "web"))
    assert not says(model, CanReach(someone, ends(firewall("F"))))
    assert says(model, CanReach(someone, ends(firewall("F"))), broken("F"))


def test_a_publish_relays_past_its_own_rules_and_counts_as_passed_and_as_a_step() -> None:
    """The onward connection is the firewall's own; two steps; the firewall is passed though no connection crosses."""
    publish = Publish(("tls",), ends(ANY), (host("b"),), ("web",))
    front = wall("F", "x", "y", rules=(deny(ANY, ANY),), publishes=(publish,))
    model = design("x y", machine("b", "y", listens="web"), front)
    assert length(model, path(zone("x"), host("b"))) == 2
    assert says(model, every(zone("x"), host("b"), passes=Pass(firewall("F"))))
    assert says(model, every(zone("x"), host("b"), crosses=1))
    assert not says(model, path(zone("x"), host("b"), within=1))
    assert says(model, path(zone("x"), host("b"), on=("web",)))
    assert not says(model, path(zone("x"), host("b"), on=("tls",)))


def chained(hardened: Claim = NEVER) -> Model:
    """x -> F publishes to m -> m relays to b behind G."""
    publish = Publish(("tls",), ends(ANY), (host("m"),), ("web",))
    relay = Relay(("web",), (host("b"),), ("rpc",))
    return design(
        "x y z",
        machine("m", "y", relays=(relay,), hardened=hardened),
        machine("b", "z", listens="rpc"),
        wall("F", "x", "y", publishes=(publish,)),
        wall("G", "y", "z", rules=(allow(host("m"), host("b"), "rpc"),)),
    )


@pytest.mark.parametrize("hardened", [NEVER, ALWAYS])
def test_relays_chain_whether_or_not_the_machine_is_hardened(hardened: Claim) -> None:
    """What arrives on a relayed service goes on; three connections; passed in order: F, m, G."""
    model = chained(hardened)
    f, m, g = Pass(firewall("F")), Pass(host("m")), Pass(firewall("G"))
    assert length(model, path(zone("x"), host("b"))) == 3
    assert says(model, every(zone("x"), host("b"), passes=Then((f, m, g))))
    assert not says(model, every(zone("x"), host("b"), passes=Then((g, f))))
    assert not says(model, every(zone("x"), host("b"), passes=Then((f, f))))
    assert says(model, every(zone("x"), host("b"), passes=AllOf((g, AnyOf((m, Then((g, f))))))))


def test_a_relay_listens_and_goes_on_only_from_the_relayed_service() -> None:
    """Arrival on another service sets nothing off; the relaying machine connects as itself."""
    relay = Relay(("web",), (host("b"),), ("web",))
    m = machine("m", "y", listens="tls", relays=(relay,), hardened=ALWAYS)
    b = machine("b", "z", listens="web")
    inner = wall("G", "y", "z", rules=(allow(host("m"), ANY),))
    only_tls = design("x y z", m, b, wall("F", "x", "y", rules=(allow(ANY, ANY, "tls"),)), inner)
    web = design("x y z", m, b, wall("F", "x", "y", rules=(allow(ANY, ANY, "web"),)), inner)
    assert says(only_tls, ListensOn(host("m"), ("web",)))
    assert not says(only_tls, path(zone("x"), host("b"))) and says(web, path(zone("x"), host("b")))
    assert says(web, every(zone("x"), host("b"), passes=Then((Pass(firewall("F")), Pass(firewall("G"))))))


# ---------------------------------------------------------------- paths


def corridor(**more: Any) -> Model:
    """x -F- y -G- z with m in y and b in z; only m may go on through G."""
    return design(
        "x y z",
        machine("m", "y", listens="web", **more),
        machine("b", "z", listens="web"),
        wall("F", "x", "y", rules=(allow(ANY, host("m")),)),
        wall("G", "y", "z", rules=(allow(host("m"), ANY),)),
    )


def test_paths_go_on_from_what_is_held_but_not_from_what_is_hardened() -> None:
    """A path may end at a hardened machine but not go on from there; it may start at one."""
    assert length(corridor(), path(zone("x"), host("b"))) == 2
    hard = corridor(hardened=ALWAYS)
    assert not says(hard, path(zone("x"), host("b"))) and says(hard, path(zone("x"), host("m")))
    assert says(hard, path(host("m"), host("b")))
    assert says(hard, PathClaim("no", ends(zone("x")), ends(host("b"))))


def test_a_path_that_comes_back_to_a_hardened_start_ends_there() -> None:
    """Only m gets through G: a way by a and back to m goes on where m can be taken over, not where it is hardened."""
    a, claim = machine("a", "y", listens="web"), path(host("m"), host("b"), passes=Pass(host("a")))
    for hardened, expected in ((NEVER, True), (ALWAYS, False)):
        model = corridor(hardened=hardened)
        assert says(replace(model, hosts={**model.hosts, "a": a}), claim) == expected


def test_within_bounds_the_number_of_connections() -> None:
    """Exactly the bound is still within."""
    assert says(corridor(), path(zone("x"), host("b"), within=2))
    assert not says(corridor(), path(zone("x"), host("b"), within=1))


def test_the_path_of_no_step_counts_only_without_on() -> None:
    """Where the ends share an endpoint, there is a path that passes nothing."""
    model = design("z", machine("a", "z"))
    assert length(model, path(zone("z"), host("a"))) == 0
    assert not says(model, path(zone("z"), host("a"), on=("web",)))
    assert not says(model, every(zone("z"), host("a"), passes=Pass(host("a"))))
    assert says(model, path(zone("z"), host("a"), within=0))


def test_machines_are_passed_strictly_between_the_ends() -> None:
    """Start and end do not count; a component is passed at its host."""
    model = replace(corridor(), components={"c": Component("c", (Tagged("m"),))})
    assert says(model, every(zone("x"), host("b"), passes=Pass(component("c"))))
    assert not says(model, every(host("m"), host("b"), passes=Pass(host("m"))))
    assert not says(model, every(zone("x"), host("b"), passes=Pass(host("b"))))


def test_crosses_counts_distinct_working_firewalls() -> None:
    """Two on the way; the same one twice counts once; a bypassed one does not count."""
    model = corridor()
    assert says(model, every(zone("x"), host("b"), crosses=2))
    assert not says(model, every(zone("x"), host("b"), crosses=3))
    assert not says(model, every(zone("x"), host("b"), crosses=1), broken("F", "G"))
    a, m = machine("a", "x", listens="web"), machine("m", "y", listens="web")
    again = design("x y", a, m, wall("F", "x", "y", default_allow=True))
    assert not says(again, path(host("a"), host("m"), crosses=2))


def test_then_needs_the_events_in_order_and_one_event_for_each_part() -> None:
    """`F then m then G` on the corridor; not `m then F`; `passes` of a bypassed firewall fails."""
    f, m, g = Pass(firewall("F")), Pass(host("m")), Pass(firewall("G"))
    model = corridor()
    assert says(model, every(zone("x"), host("b"), passes=Then((f, m, g))))
    assert says(model, every(zone("x"), host("b"), passes=Then((AnyOf((g, f)), AllOf((g, m))))))
    assert not says(model, every(zone("x"), host("b"), passes=Then((m, f))))
    assert not says(model, every(zone("x"), host("b"), passes=f), broken("F"))
    assert says(model, every(zone("x"), host("b"), passes=AnyOf((f, g))), broken("F"))


def test_every_path_needs_all_ways_and_some_path_one() -> None:
    """Two firewalls side by side: no single one is always passed; without any path every path passes all."""
    b = machine("b", "y", listens="web")
    side = design("x y", b, wall("F", "x", "y", default_allow=True), wall("G", "x", "y", default_allow=True))
    assert not says(side, every(zone("x"), host("b"), passes=Pass(firewall("F"))))
    assert says(side, path(zone("x"), host("b"), passes=Pass(firewall("G"))))
    assert says(side, every(zone("x"), host("b"), crosses=1))
    assert says(design("x y", b, wall("F", "x", "y")), every(zone("x"), host("b"), passes=Pass(firewall("F"))))


def test_on_restricts_the_last_connection_alone() -> None:
    """The first connection may be on another service."""
    model = design(
        "x y z",
        machine("m", "y", listens="tls"),
        machine("b", "z", listens="web"),
        wall("F", "x", "y", default_allow=True),
        wall("G", "y", "z", rules=(allow(host("m"), ANY),)),
    )
    assert says(model, path(zone("x"), host("b"), on=("web",)))
    assert not says(model, path(zone("x"), host("b"), on=("tls",)))


EVENTS = (firewall("F"), firewall("G"), host("m"))
WAYPOINTS: st.SearchStrategy[Waypoints] = st.recursive(
    st.sampled_from(EVENTS).map(Pass),
    lambda inner: st.builds(
        lambda node, of: node(tuple(of)), st.sampled_from([Then, AllOf, AnyOf]), st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=5,
)


def passes(events: tuple[Named, ...], waypoints: Waypoints) -> bool:
    """What the waypoints say of a whole sequence of events, by trying every way to split it."""
    match waypoints:
        case Pass(what):
            return what in events
        case AllOf(of):
            return all(passes(events, part) for part in of)
        case AnyOf(of):
            return any(passes(events, part) for part in of)
        case Then((last,)):
            return passes(events, last)
        case Then((first, *rest)):
            splits = ((events[:i], events[i:]) for i in range(len(events) + 1))
            return any(passes(left, first) and passes(right, Then(tuple(rest))) for left, right in splits)
    raise AssertionError(waypoints)


@given(WAYPOINTS, st.lists(st.sampled_from(EVENTS), max_size=5))
def test_what_is_left_to_pass_is_what_splitting_the_path_says(waypoints: Waypoints, events: list[Named]) -> None:
    """Following the events one by one ends satisfied exactly when the whole sequence satisfies the waypoints."""
    assert Progress(waypoints).after(events).satisfied == passes(tuple(events), waypoints)


# ---------------------------------------------------------------- failures


def test_a_bypassed_firewall_passes_everything() -> None:
    """Rules and default have no say any more."""
    assert not says(corridor(), reach(zone("x"), host("b")))
    assert says(corridor(), reach(zone("x"), host("b")), broken("F", "G"))


def test_the_attacker_starts_at_what_is_compromised_too() -> None:
    """A host, hardened or not; a zone with all its hosts and its someone; a firewall is bypassed as well."""
    hard = corridor(hardened=ALWAYS)
    assert not says(hard, path(zone("x"), host("b")))
    assert says(hard, path(zone("x"), host("b")), taken("m")) and says(hard, path(zone("x"), host("b")), taken("y"))
    assert says(hard, path(zone("x"), host("b")), taken("G"))
    assert not says(hard, every(zone("x"), host("b"), crosses=1), taken("G"))
    assert length(hard, path(zone("x"), host("m"), attack=True), taken("m")) == 0
    assert not says(hard, reach(zone("x"), host("b")), taken("m"))


# ---------------------------------------------------------------- attacks


def guarded(*things: Any, **more: Any) -> Model:
    """b in z asks for accounts on sql; x and z are joined without filter."""
    opened = wall("F", "x", "z", default_allow=True)
    return design("x z", machine("b", "z", listens="sql"), opened, *things, **more)


ATTACK = path(zone("x"), host("b"), attack=True)


def test_an_authenticated_service_needs_an_accepted_account() -> None:
    """A path exists all the same; an attack needs a trust from z to x, direct or through transitive ones."""
    assert says(guarded(), path(zone("x"), host("b"))) and not says(guarded(), ATTACK)
    assert says(guarded(trusts=(Trust("z", "x"),)), ATTACK) and not says(guarded(trusts=(Trust("x", "z"),)), ATTACK)
    far = (Domain("y", ()),)
    assert says(guarded(*far, trusts=(Trust("z", "y", True), Trust("y", "x", True))), ATTACK)
    assert not says(guarded(*far, trusts=(Trust("z", "y", True), Trust("y", "x"))), ATTACK)
    assert not says(guarded(), PathClaim("every", ATTACK.source, ATTACK.target, passes=Pass(host("b"))), taken("z"))


def test_standalone_machines_hold_no_accounts_of_their_domain() -> None:
    """Neither of a standalone zone nor of a standalone domain; an `account` on a machine stays one."""
    trusts = (Trust("z", "x"),)
    assert not says(guarded(Zone("x", "x", standalone=True), trusts=trusts), ATTACK)
    assert not says(guarded(Domain("x", ("x",), standalone=True), trusts=trusts), ATTACK)
    runner = machine("a", "x", accounts=(Tagged("z"),))
    assert says(guarded(runner, Zone("x", "x", standalone=True)), path(host("a"), host("b"), attack=True))


def test_accounts_once_gained_serve_from_anywhere() -> None:
    """Someone in x takes over m for its account and then goes to b from x: two steps of one attack."""
    m = machine("m", "x", listens="web", accounts=(Tagged("z"),))
    only_p = wall("F", "x", "z", rules=(allow(host("p"), ANY),))
    p = machine("p", "x")
    model = guarded(m, p, only_p)
    assert length(model, path(host("p"), host("b"), attack=True)) == 2
    assert length(model, path(host("p"), host("b"))) == 1
    hard = guarded(replace(m, hardened=ALWAYS), p, only_p)
    assert not says(hard, path(host("p"), host("b"), attack=True))


def test_an_attack_starts_at_one_endpoint_of_its_source() -> None:
    """Accounts of one start do not help an attack from another, but those of a compromised machine do."""
    m, p = machine("m", "x", accounts=(Tagged("z"),)), machine("p", "x")
    only_p = wall("F", "x", "z", rules=(allow(host("p"), ANY),))
    model = guarded(m, p, only_p)
    claim = PathClaim("some", ends(host("m"), host("p")), ends(host("b")), attack=True)
    assert not says(model, claim)
    assert says(model, claim, taken("m"))


def test_a_relay_serves_with_its_own_accounts() -> None:
    """The onward connection may use the accounts of the machine that relays, even a hardened one."""
    relay = Relay(("web",), (host("b"),), ("sql",))
    m = machine("m", "z", relays=(relay,), hardened=ALWAYS)
    assert length(guarded(m), ATTACK) == 2
    stranger = machine("m", "x", relays=(relay,), hardened=ALWAYS)
    assert not says(guarded(stranger), ATTACK)
    assert says(guarded(replace(stranger, accounts=(Tagged("z"),))), ATTACK)


def test_a_relay_may_go_on_at_any_later_time() -> None:
    """It is set off first and goes on once the attacker has gained the account that its target asks for."""
    m = machine("m", "z", relays=(Relay(("web",), (host("b"),), ("sql",)),), hardened=ALWAYS)
    k = machine("k", "x", listens="tls", accounts=(Tagged("z"),))
    only_m = wall("F", "x", "z", rules=(allow(ANY, host("m")),))
    model = guarded(m, k, Zone("z", "z", standalone=True), only_m)
    order = Then((Pass(host("m")), Pass(host("k"))))
    assert length(model, replace(ATTACK, passes=order)) == 3
    assert not says(guarded(m, Zone("z", "z", standalone=True), only_m), ATTACK)
    assert length(guarded(m, Zone("z", "z", standalone=True), only_m), replace(ATTACK, attack=False)) == 2


def test_a_connection_that_does_not_succeed_relays_nothing() -> None:
    """m relays from an authenticated service: without an account nothing goes on."""
    m = machine("m", "z", relays=(Relay(("sql",), (host("c"),), ("web",)),))
    c = machine("c", "y", listens="web")
    inner = wall("G", "z", "y", rules=(allow(host("m"), ANY),))
    model = design("x y z", m, c, wall("F", "x", "z", default_allow=True), inner)
    assert says(model, path(zone("x"), host("c"))) and not says(model, path(zone("x"), host("c"), attack=True))


def test_a_packet_taken_with_and_without_authentication_needs_none() -> None:
    """Listening plainly on the same port opens it."""
    services = {**SERVICES, "raw": Service("raw", ((1433, 1433),))}
    model = replace(guarded(machine("b", "z", listens="sql raw")), services=services)
    assert says(model, ATTACK)


def test_firewalls_ask_nobody_but_the_target_of_a_publish_asks() -> None:
    """The publish is reached without an account; its target asks, and firewalls have no accounts of their own."""
    publish = Publish(("sql",), ends(ANY), (host("b"),), ("sql",))
    model = design("x z", machine("b", "z", listens="sql"), wall("F", "x", "z", publishes=(publish,)))
    assert says(model, path(zone("x"), firewall("F"), attack=True))
    assert not says(model, ATTACK) and says(replace(model, trusts=(Trust("z", "x"),)), ATTACK)


def test_all_steps_of_an_attack_count_as_passed() -> None:
    """The account lies behind G, so every attack crosses both firewalls though the last way crosses one."""
    key = machine("k", "y", listens="web", accounts=(Tagged("z"),))
    model = design(
        "x y z",
        Zone("x", "x", standalone=True),
        Zone("y", "y", standalone=True),
        machine("b", "z", listens="sql"),
        key,
        wall("F", "x", "z", rules=(allow(zone("x"), ANY),)),
        wall("G", "x", "y", rules=(allow(zone("x"), ANY),)),
    )
    assert says(model, every(zone("x"), host("b"), attack=True, crosses=2))
    order = Then((Pass(firewall("G")), Pass(firewall("F"))))
    assert says(model, every(zone("x"), host("b"), attack=True, passes=order))
    assert says(model, every(zone("x"), host("b"), attack=True, passes=Pass(host("k"))))
    assert not says(model, every(zone("x"), host("b"), passes=Pass(firewall("G"))))


# ---------------------------------------------------------------- single facts


def test_facts_about_declarations() -> None:
    """Kinds have parents; a host has the kinds and services of its components; `f joins D` is about some zone."""
    c = Component("c", (Tagged("h"),), kinds=(Tagged("db"),), listens=(Listens(("sql",)),))
    model = design(
        "x", machine("h", "d.one"), c, Domain("d", ("d.one", "d.two")), Zone("d.one", "d"), Zone("d.two", "d"),
        wall("F", "x", "d.two"), kinds={"db": ("server",), "server": ()}, trusts=(Trust("d", "x"),),
    )  # fmt: skip
    d, x = Named("domain", "d"), Named("domain", "x")
    facts: tuple[Claim, ...] = (
        IsKind(host("h"), "server"), IsKind(component("c"), "db"), Runs(host("h"), component("c")),
        InPlace(host("h"), d), InPlace(component("c"), zone("d.one")), ListensOn(host("h"), ("sql",)),
        Joins(firewall("F"), d), Trusts(d, x), Accepts(d, x), Accepts(x, x), Same(d, d),
    )  # fmt: skip
    for claim in facts:
        assert says(model, claim), claim
    errors: tuple[Claim, ...] = (
        InPlace(host("h"), zone("d.two")), Joins(firewall("F"), zone("d.one")), Trusts(x, d), Trusts(x, x),
        Accepts(x, d), ListensOn(host("h"), ("web",)), Same(d, x), Iff(Is("o", "1"), Not(ALWAYS)),
    )  # fmt: skip
    for claim in errors:
        assert not says(replace(model, options={"o": Option("o", ("1",))}), claim), claim


def test_sets_are_unions_without_their_exceptions() -> None:
    """A domain stands for hosts and someone of all its zones; `all KIND` for hosts of kinds below it."""
    model = design(
        "x", machine("a", "x", kinds=(Tagged("sub"),), listens="web"), machine("b", "x", listens="web"),
        kinds={"sub": ("top",), "top": ()},
    )  # fmt: skip
    count = Count((Binder("host", "h", Endpoints((Named("domain", "x"),), (OfKind("top"),))),), ALWAYS)
    assert says(model, Compare(count, "=", Number(1)))
    assert says(model, CanReach(Endpoints((Anything(),), (zone("x"),)), ends(host("a")))) is False
    assert says(model, reach(OfKind("top"), host("b")))


def test_conditions_switch_rules_publishes_and_trusts() -> None:
    """What a false condition belongs to is not there."""
    soap, on = Option("soap", ("true", "false")), Is("soap", "true")
    publish = Publish(("tls",), ends(ANY), (host("b"),), ("web",), on)
    rule = allow(ANY, host("b"), "web", when=on)
    b, front = machine("b", "y", listens="web"), wall("F", "x", "y", rules=(rule,), publishes=(publish,))
    model = design("x y", b, soap, front, trusts=(Trust("x", "y", when=on),))
    x, y = Named("domain", "x"), Named("domain", "y")
    for claim in (reach(zone("x"), host("b")), reach(zone("x"), firewall("F")), Trusts(x, y), Accepts(x, y)):
        assert says(model, claim, soap="true") and not says(model, claim, soap="false")


# ---------------------------------------------------------------- quantifiers and counts


def test_quantifiers_count_tuples() -> None:
    """`one` and `lone` count pairs where there are two variables."""
    model = design("x y", machine("a", "x"), machine("b", "y"))
    h, g = Variable("host", "h"), Variable("host", "g")
    two = (Binder("host", "h"), Binder("host", "g"))
    both = And((InPlace(h, zone("x")), InPlace(g, zone("y"))))
    assert says(model, Quantified("one", two, both)) and says(model, Quantified("lone", two, both))
    assert not says(model, Quantified("one", two, Same(h, g))) and not says(model, Quantified("lone", two, Same(h, g)))
    assert says(model, Quantified("some", two, Same(h, g))) and not says(model, Quantified("all", two, Same(h, g)))
    assert says(model, Quantified("no", two, And((Same(h, g), Not(Same(g, h))))))
    assert says(model, Quantified("one", (two[0],), InPlace(h, zone("x"))))


def test_ranges_of_the_sorts() -> None:
    """Hosts of the set, components on hosts of the set, zones of the domains named, firewalls and domains named."""
    model = design(
        "x", machine("a", "d.one"), machine("b", "x"), Component("c", (Tagged("a"),)), Component("e", (Tagged("b"),)),
        Domain("d", ("d.one", "d.two")), Zone("d.one", "d"), Zone("d.two", "d"), wall("F", "x", "d.one"),
        wall("G", "x", "d.two"),
    )  # fmt: skip
    d = Named("domain", "d")
    sizes = {("host", d): 1, ("component", d): 1, ("zone", d): 2, ("domain", d): 1, ("firewall", firewall("G")): 1}
    for (sort, within), size in sizes.items():
        ranged = Count((Binder(sort, "v", ends(within)),), ALWAYS)  # type: ignore[arg-type]
        assert says(model, Compare(ranged, "=", Number(size))), sort
    for sort, size in {"host": 2, "component": 2, "zone": 3, "domain": 2, "firewall": 2}.items():
        assert says(model, Compare(Count((Binder(sort, "v"),), ALWAYS), "=", Number(size))), sort  # type: ignore[arg-type]


def test_a_later_range_may_speak_of_earlier_variables() -> None:
    """`zone z in d` with d bound before it."""
    model = design("x", Domain("d", ("d.one", "d.two")), Zone("d.one", "d"), Zone("d.two", "d"))
    d = Variable("domain", "d")
    pairs = Count((Binder("domain", "d"), Binder("zone", "z", ends(d))), ALWAYS)
    assert says(model, Compare(pairs, "=", Number(3)))


def test_count_multiplies_replicas_and_quantifiers_do_not() -> None:
    """Three replicas of a and one b: four machines, sixteen pairs; but `one` sees one declaration."""
    model = design("x", machine("a", "x", count="a count"), machine("b", "x"), Option("a count", ("1", "3")))
    world = {"a count": "3"}
    one, two = (Binder("host", "h"),), (Binder("host", "h"), Binder("host", "g"))
    assert holds(model, Compare(Count(one, ALWAYS), "=", Number(4)), world)
    assert holds(model, Compare(Count(two, ALWAYS), "=", Number(16)), world)
    assert holds(model, Quantified("one", one, Same(Variable("host", "h"), host("a"))), world)
    assert holds(model, Compare(Count(one, ALWAYS), "=", Number(2)), {"a count": "1"})


def test_tiers_are_compared() -> None:
    """Every comparison of two tiers."""
    model = design("low high", Domain("low", ("low",), 1), Domain("high", ("high",), 2))
    low, high = Tier(Named("domain", "low")), Tier(Named("domain", "high"))
    for sign, expected in {"<": True, "<=": True, ">": False, ">=": False, "=": False, "!=": True}.items():
        assert says(model, Compare(low, sign, high)) == expected  # type: ignore[arg-type]


# ---------------------------------------------------------------- flows and accounts


def flow(source: Any, target: Any, *services: str) -> Flow:
    return Flow("flow", ends(source), ends(target), services)


def test_a_flow_needs_each_named_source_and_every_port_listened_on() -> None:
    """Someone does not count beside a named source; a closed port of a range breaks it; other destinations do not."""
    a, b = machine("a", "x"), machine("b", "y", listens="rpc")
    closed = wall("F", "x", "y", rules=(allow(host("a"), ANY, "rpc"),))
    assert says(design("x y", a, b, closed, flow(zone("x"), zone("y"), "rpc", "web")), FlowsPossible())
    partial = wall("F", "x", "y", rules=(deny(ANY, ANY, "epm"), allow(ANY, ANY)))
    model = design("x y", a, b, partial, flow(host("a"), host("b"), "rpc"))
    services = {**SERVICES, "epm": Service("epm", ((135, 135),))}
    assert not says(replace(model, services=services), FlowsPossible())
    two = design("x y", a, machine("c", "x"), b, closed, flow(zone("x"), zone("y"), "rpc"))
    assert not says(two, FlowsPossible())


def test_a_flow_needs_a_destination_and_its_someone_where_no_source_is_named() -> None:
    """Nobody who listens, no flow; a zone without hosts is its someone; a machine is no destination of its own."""
    b, opened = machine("b", "y", listens="web"), wall("F", "x", "y", default_allow=True)
    assert not says(design("x y", b, opened, flow(zone("x"), zone("y"), "tls")), FlowsPossible())
    assert says(design("x y", b, opened, flow(zone("x"), zone("y"), "web")), FlowsPossible())
    assert not says(design("x y", b, wall("F", "x", "y"), flow(zone("x"), zone("y"), "web")), FlowsPossible())
    assert not says(design("x y", b, flow(host("b"), host("b"), "web")), FlowsPossible())


def test_least_privilege_is_about_endpoints_that_share_no_zone() -> None:
    """Neighbours are free; across a firewall every packet must be covered, firewalls' own connections included."""
    a, b, n = machine("a", "x"), machine("b", "y", listens="web"), machine("n", "y")
    exact = wall("F", "x", "y", rules=(allow(host("a"), host("b"), "web"),))
    covered = design("x y", a, b, n, exact, flow(host("a"), host("b"), "web"))
    assert says(covered, ConnectionsAreFlows())
    assert not says(design("x y", a, b, n, exact), ConnectionsAreFlows())
    loose = wall("F", "x", "y", rules=(allow(zone("x"), host("b"), "web"),))
    model = design("x y", a, b, n, loose, flow(host("a"), host("b"), "web"))
    assert not says(model, ConnectionsAreFlows()) and says(model, ConnectionsAreFlows(source=ends(host("a"))))
    assert says(model, ConnectionsAreFlows(on=("tls",))) and says(model, ConnectionsAreFlows(target=ends(zone("x"))))
    outer = design("w x y", b, wall("O", "w", "x"), wall("F", "x", "y", rules=(allow(firewall("O"), ANY),)))
    assert not says(outer, ConnectionsAreFlows()) and says(outer, ConnectionsAreFlows(source=ends(Anything())))


def test_accounts_must_be_accepted_where_they_run() -> None:
    """The host's domain accepts the account's, also for components."""
    a = machine("a", "x", accounts=(Tagged("x"),))
    c = Component("c", (Tagged("a"),), accounts=(Tagged("y"),))
    assert says(design("x y", a), AccountsAccepted()) and not says(design("x y", a, c), AccountsAccepted())
    assert says(design("x y", a, c, trusts=(Trust("x", "y"),)), AccountsAccepted())


# ---------------------------------------------------------------- verdicts


def test_proved_needs_every_world_and_every_failure() -> None:
    """One world with a way in, or one admitted failure, is a violation."""
    soap = Option("soap", ("true", "false"))
    b = machine("b", "y", listens="web")
    closed = design("x y", b, wall("F", "x", "y"))
    claim = PathClaim("no", ends(zone("x")), ends(host("b")))
    assert verdict(closed, Invariant("i", claim)) == "proved"
    assert verdict(closed, Invariant("i", claim, (Threat((firewall("F"),), "bypassed"),))) == "violated"
    maybe = design("x y", b, soap, wall("F", "x", "y", rules=(allow(ANY, ANY, when=Is("soap", "true")),)))
    assert verdict(maybe, Invariant("i", claim)) == "violated"
    assert verdict(replace(maybe, assumptions=(Is("soap", "false"),)), Invariant("i", claim)) == "proved"


def test_vacuous_is_an_end_or_range_that_is_empty_in_every_world() -> None:
    """Empty in one world only is not vacuous; a count may be empty; a violated claim stays violated."""
    soap = Option("soap", ("true", "false"))
    nobody = ends(OfKind("ghost"))
    model = design("x", machine("a", "x", when=Is("soap", "true")), soap)
    sometimes = PathClaim("no", ends(host("a")), nobody)
    assert verdict(model, Invariant("i", sometimes)) == "vacuous"
    assert verdict(model, Invariant("i", PathClaim("no", ends(host("a")), ends(zone("x")), on=("web",)))) == "proved"
    assert verdict(model, Invariant("i", Quantified("all", (Binder("host", "h", nobody),), NEVER))) == "vacuous"
    assert verdict(model, Invariant("i", Quantified("some", (Binder("host", "h", nobody),), ALWAYS))) == "violated"
    none = Compare(Count((Binder("host", "h", nobody),), ALWAYS), "=", Number(0))
    assert verdict(model, Invariant("i", none)) == "proved"
    assert verdict(model, Invariant("i", Not(CanReach(nobody, ends(zone("x")))))) == "vacuous"
    assert verdict(model, Invariant("i", ConnectionsAreFlows(target=nobody))) == "vacuous"
    assert verdict(model, Invariant("i", FlowsPossible())) == "vacuous"
    assert verdict(model, Invariant("i", AccountsAccepted())) == "vacuous"


def test_a_nested_range_is_empty_when_it_is_for_every_binding() -> None:
    """`all zone z: no host h in z: …` speaks of something when one zone has a host."""
    v = Variable("zone", "z")
    inner = Quantified("no", (Binder("host", "h", ends(v)),), NEVER)
    claim = Quantified("all", (Binder("zone", "z"),), inner)
    assert verdict(design("x y", machine("a", "y")), Invariant("i", claim)) == "proved"
    assert verdict(design("x y"), Invariant("i", claim)) == "vacuous"
