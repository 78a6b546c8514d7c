"""A flow without a destination is impossible; the options that leave it without one matter."""

from agreement import disagreements, model_of

from policy.core.evidence import Witness
from policy.solver import Prover

DESIGN = """
service s1 = icmp
domain D1 { host h2 }
host h1 in D1 listens s1 when c1 = h1
component c1 on h2 or h1
flow g1: D1 -> h1 : s1
invariant i1: every flow is possible
"""


def test_options_that_a_flow_needs() -> None:
    """Nothing listens unless c1 is on h1: the violation names that option."""
    assert disagreements(DESIGN) == []
    model = model_of(DESIGN)
    evidence = Prover(model).answer(model.invariants["i1"]).evidence
    assert isinstance(evidence, Witness)
    assert evidence.matters == ("c1",)
