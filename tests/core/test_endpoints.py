"""Someone of every part of a zone's network that the rules tell apart, held against a count address by address."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from hypothesis import given
from hypothesis import strategies as st

from policy.core.endpoints import Part, endpoints, parts
from policy.core.model import ALWAYS, Addresses, Endpoints, Firewall, Host, Model, Rule, Tagged, Zone

ALL = IPv4Network("10.0.0.0/28")
NETWORKS = [net for length in range(28, 33) for net in ALL.subnets(new_prefix=length)]


def model(zones: list[frozenset[IPv4Network]], written: frozenset[IPv4Network], hosts: frozenset[IPv4Address]) -> Model:
    """Zones with those networks, one rule for each network written, and hosts at those addresses."""
    names = [f"z{i}" for i in range(len(zones))]
    anything = Endpoints(tuple(Addresses(net) for net in sorted(written)))
    return Model(
        zones={n: Zone(n, n, networks=tuple(sorted(nets))) for n, nets in zip(names, zones, strict=True)},
        hosts={f"h{at}": Host(f"h{at}", (Tagged(names[0], ALWAYS),), address=at) for at in sorted(hosts)},
        firewalls={"F": Firewall("F", tuple(names), (Rule(True, anything, anything, ("any",)),))},
    )


@given(
    st.lists(st.frozensets(st.sampled_from(NETWORKS), max_size=3), min_size=2, max_size=3),
    st.frozensets(st.sampled_from(NETWORKS), max_size=4),
    st.frozensets(st.sampled_from(list(ALL)), max_size=4),
)
def test_parts_are_what_addresses_are_told_apart_by(
    zones: list[frozenset[IPv4Network]], written: frozenset[IPv4Network], hosts: frozenset[IPv4Address]
) -> None:
    """A zone has a part for every set of written networks that holds one of its free addresses, with such an address;
    one without address where it has none."""
    zones = [nets - frozenset().union(*zones[:i]) for i, nets in enumerate(zones)]  # no network of two zones
    found = parts(model(zones, written, hosts))
    expected: dict[str, set[frozenset[IPv4Network]]] = {name: set() for name in found}
    for at in ALL:
        around = [(net.prefixlen, f"z{i}") for i, nets in enumerate(zones) for net in nets if at in net]
        inside = frozenset(net for net in written if at in net)
        if around and at not in hosts:
            expected[max(around)[1]].add(inside)
            assert any(part.inside == inside for part in found[max(around)[1]])
    for zone, some in found.items():
        assert {part.inside for part in some if part.address is not None} == expected[zone]
        assert len({part.inside for part in some}) == len(some)
        assert expected[zone] or some == (Part(),)
        for part in some:
            if part.address is not None:
                assert part.inside == {net for net in written if part.address in net}
                assert part.address not in hosts


def test_everybody_is_listed_once() -> None:
    """Hosts, firewalls, then someone of every part, told apart by an address only where a zone has several."""
    half, whole = IPv4Network("10.0.0.0/29"), ALL
    some = model([frozenset({whole}), frozenset()], frozenset({half}), frozenset({IPv4Address("10.0.0.0")}))
    assert [str(e) for e in endpoints(some, parts(some))] == [
        "h10.0.0.0", "F", "someone in z0 at 10.0.0.1", "someone in z0 at 10.0.0.8", "someone in z1",
    ]  # fmt: skip
