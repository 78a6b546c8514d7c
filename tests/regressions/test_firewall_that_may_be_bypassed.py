"""Cuts at each distance let packets through a firewall of which it is open whether it is bypassed."""

from agreement import disagreements, verdicts

DESIGN = """
service s1 = tcp 80
domain D1 { zone z1 zone z2 }
domain D3 { host h2 listens s1 }
domain D4 { host h1 listens s1 }
host h3 in z1
firewall F1 joins z1, z2
firewall F2 joins D3, z2, D4 { allow h3 -> h2 : s1 }
invariant i1: every path from z1 to h1 crosses at least 1 firewalls even if any 1 firewalls are bypassed
"""


def test_firewall_that_may_be_bypassed() -> None:
    """The proof is accepted: with F1 bypassed h3 gets to h2, but crosses F2."""
    assert disagreements(DESIGN) == []
    assert verdicts(DESIGN) == {"i1": "proved"}
