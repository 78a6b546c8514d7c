"""A connection between two machines of one isolated zone, of which one stands in another zone, too, has a chain."""

from agreement import disagreements, verdicts

DESIGN = """
service s1 = ip
domain D1 { zone z1 zone z2 }
domain D2 { isolated host h1 listens s1 }
domain D3 { tier 2 }
host h2 in D2 and z1 listens s1
firewall F1 joins z1, D2
invariant i1: some path from z1 to h1 passes h2 even if any 2 firewalls are bypassed
invariant i2: tier(D3) <= count(host v1: some path from z1 to v1 passes v1) even if any 2 firewalls are bypassed
invariant i3: every path from h2 to h1 passes F1 even if any 1 firewalls are bypassed
"""


def test_chain_round_an_isolated_zone() -> None:
    """From h2 to h1 there is a way only by the firewall, while it is bypassed; that path does not pass it."""
    assert disagreements(DESIGN) == []
    assert verdicts(DESIGN) == {"i1": "violated", "i2": "violated", "i3": "violated"}
