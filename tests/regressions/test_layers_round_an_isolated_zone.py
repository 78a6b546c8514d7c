"""Firewalls that count on the way into an isolated zone are in the cut, though who comes through them stands there,
too: it cannot leave the zone and come back into it."""

from agreement import disagreements, verdicts

DESIGN = """
service s1 = tcp 80
domain D1
domain D2
domain D3 { zone z3 { isolated } zone z4 }
domain D4 { host h1 }
host h2 in z3 listens s1
host h3 in D2 and z3 listens s1
firewall F1 joins D1, D2 { default allow }
firewall F2 joins D2, z3 { allow D2 -> h2 : s1 }
link z3, z4
invariant i1: every path from D1 to h1 crosses at least 3 firewalls
invariant i2: every path from D1 to h2 crosses at least 2 firewalls
invariant i3: every path from D1 to h2 crosses at least 3 firewalls
"""


def test_layers_round_an_isolated_zone() -> None:
    """The proofs are accepted; the way to the host in the isolated zone crosses both firewalls."""
    assert disagreements(DESIGN) == []
    assert verdicts(DESIGN) == {"i1": "proved", "i2": "proved", "i3": "violated"}
