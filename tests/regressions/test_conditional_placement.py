"""The conditions of `in` and `on` items may speak of any option, placements among them."""

from agreement import disagreements

DESIGN = """
option o1
domain D1
domain D2
host h1 in D1 or D2
host h2 in D1 when (o1) and (o1) in D2 when not ((o1) and (o1))
host h3 in D1 when h1 = D1 in D2 when not (h1 = D1)
component c1 on h2 when h1 = D1 on h3 when not (h1 = D1)
invariant i1: h1 = D1 iff h3 in D1
invariant i2: o1 implies (c1 in D1)
"""


def test_conditional_placement() -> None:
    """The prover agrees with enumeration."""
    assert disagreements(DESIGN) == []
