"""`any k firewalls` in a design without firewalls admits that nothing fails."""

from agreement import disagreements

DESIGN = """
domain D1 { host h1 listens s1 }
domain D2
service s1 = tcp 80
invariant i1: no path from D2 to h1 even if any 2 firewalls are bypassed
"""


def test_no_firewalls_to_bypass() -> None:
    """The prover agrees with enumeration."""
    assert disagreements(DESIGN) == []
