"""A multi-homed host gets round an isolated zone by its other zone; cuts between firewalls know of that way."""

from agreement import disagreements, verdicts

DESIGN = """
service s1 = icmp
domain D1 { zone z1 zone z2 }
domain D2 { isolated }
domain D3 { host h1 }
host h2 in D2 listens s1
host h3 in z2 and D2
firewall F1 joins z2, D2 { allow D2 -> h2 : s1 }
invariant i1: every path from z1 to h1 crosses at least 3 firewalls even if D1 is compromised
"""


def test_way_round_an_isolated_zone() -> None:
    """The proof is accepted, as nobody gets to D3."""
    assert disagreements(DESIGN) == []
    assert verdicts(DESIGN) == {"i1": "proved"}
