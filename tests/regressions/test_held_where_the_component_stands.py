"""Who holds a component from the start by a failure holds its host, which may be open."""

from agreement import disagreements

DESIGN = """
option o1
domain D1 { zone z2 { host h4 } zone z3 }
domain D3 { zone z4 }
domain D4 { host h3 }
host h2 in D4
component c1 on h2
component c2 on h3 when o1 on h4 when not o1
firewall F1 joins z3, z4
firewall F2 joins z2, z3
invariant i1: some domain v2: no attack from v2 to h4 even if c1 is compromised and any 1 of c2, c1 is compromised
"""


def test_held_where_the_component_stands() -> None:
    """The prover agrees with enumeration."""
    assert disagreements(DESIGN) == []
