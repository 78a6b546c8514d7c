"""Cuts at each distance hold every firewall that lets something out of them, and take no link that is not there."""

from agreement import disagreements, verdicts

SIDE_BY_SIDE = """
service s1 = tcp 80
domain D1
domain D2
domain D3
domain D4 { host h2 listens s1 }
host h1 in D4
firewall F1 joins D1, D2
firewall F2 joins D2, D3 { allow D1 -> h2 : s1 }
firewall F3 joins D3, D4 { allow D1 -> h2 : s1 }
firewall F4 joins D3, D2 { default allow }
invariant i1: every path from D1 to h1 crosses at least 2 firewalls even if F1 is bypassed
"""
ABSENT_LINK = """
option o1
service s1 = tcp 80
domain D1
domain D2 { zone z2 zone z3 zone z4 zone z5 { host h1 listens s1 } }
firewall F1 joins D1, z2
firewall F2 joins z2, z3 { allow D1 -> h1 : s1 }
firewall F3 joins z3, z4 { allow D1 -> h1 : s1 }
firewall F4 joins z4, z5
link D1, z5 when o1
assume not o1
invariant i1: every path from D1 to h1 crosses at least 2 firewalls even if any 2 firewalls are bypassed
"""


def test_firewalls_side_by_side() -> None:
    """F2 and F4 both lead from D2 to D3: one alone is no cut."""
    assert disagreements(SIDE_BY_SIDE) == []
    assert verdicts(SIDE_BY_SIDE) == {"i1": "proved"}


def test_absent_link() -> None:
    """The proof is accepted: without the link two firewalls are left to be crossed, whichever two fail."""
    assert disagreements(ABSENT_LINK) == []
    assert verdicts(ABSENT_LINK) == {"i1": "proved"}
