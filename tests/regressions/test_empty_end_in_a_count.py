"""An end that is empty in every world is vacuous inside a count, too; the range of the count is not."""

from agreement import disagreements

DESIGN = """
kind k3
service s1 = tcp 80
domain D1 { host h1 listens s1 }
invariant i1: count(host v1: all k3 can reach h1) <= 1
invariant i2: count(host v1 in all k3: v1 can reach h1) <= 1
"""


def test_empty_end_in_a_count() -> None:
    """The prover agrees with enumeration."""
    assert disagreements(DESIGN) == []
