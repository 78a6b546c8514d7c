"""A firewall does not filter its own packets; who goes through the firewall, itself included, passes it."""

from agreement import disagreements, model_of, verdicts

from policy.core.evidence import Witness
from policy.solver import Prover

DESIGN = """
service s1 = tcp 80
domain D1
domain D2 { host h1 listens s1 }
firewall F1 joins D1, D2 { deny any -> any : any }
invariant i1: some path from F1 to h1 passes F1
invariant i2: no path from F1 to h1 crosses at least 1 firewalls
invariant i3: every path from F1 to h1 passes F1
invariant i4: no path from D1 to h1
"""
ROUND_ABOUT = """
service s1 = tcp 80
domain D1 { host h1 listens s1 }
domain D2
domain D3
firewall F1 joins D2, D3 { default allow }
firewall F2 joins D1, D2, D3
invariant i1: no path from F2 to h1 passes F1
invariant i2: some attack from F2 to h1 passes F1
invariant i3: some path from F2 to h1 passes (F1 then F2)
invariant i4: some path from F2 to h1 passes (F2 then F1)
invariant i5: every path from F2 to h1 passes F1
"""


def test_own_packets() -> None:
    """From F1 there are ways to h1 that pass it and ways that do not."""
    assert disagreements(DESIGN) == []
    assert verdicts(DESIGN) == {"i1": "proved", "i2": "violated", "i3": "violated", "i4": "proved"}
    model = model_of(DESIGN)
    evidence = Prover(model).answer(model.invariants["i2"]).evidence
    assert isinstance(evidence, Witness)
    assert [crossing.by for crossing in evidence.steps[0].chain] == ["own packet"]


def test_round_about() -> None:
    """F2 may send its packet to D3 by F1, from where it comes back to F2 and gets to D1."""
    assert disagreements(ROUND_ABOUT) == []
    told = {"i1": "violated", "i2": "proved", "i3": "proved", "i4": "violated", "i5": "violated"}
    assert verdicts(ROUND_ABOUT) == told
