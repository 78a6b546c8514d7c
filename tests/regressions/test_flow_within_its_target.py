"""A flow needs a destination once, not for each of its sources: the only one need not reach itself."""

from agreement import disagreements

DESIGN = """
service s1 = tcp 80
domain D1 { host h1 host h2 listens s1 }
flow g1: D1 -> D1 : s1
invariant i1: every flow is possible
"""


def test_flow_within_its_target() -> None:
    """The prover agrees with enumeration."""
    assert disagreements(DESIGN) == []
