"""A barrier whose places speak of other states than its claim has is refused, and is no crash of the check."""

from dataclasses import replace

import pytest
from agreement import model_of

from policy.core.evidence import Barrier, Checker, Proof
from policy.core.walk import Places
from policy.solver import Prover

DESIGN = """
service s1 = tcp 80
domain D1
domain D2 { host h1 listens s1 }
firewall F1 joins D1, D2 { allow D1 -> h1 : s1 }
invariant i1: every path from D1 to h1 passes F1
invariant i2: every attack from D1 to h1 passes F1
invariant i3: every path from D1 to h1 crosses at least 1 firewalls
"""
SHAPES = {
    "no state": Places((), ()),
    "one state too many": Places((1, 0, 0), (0, 0, 0)),
    "a state without relays": Places((1,), ()),
    "at a state that there is not": Places((1,), (0,), 7),
    "at a state before the first": Places((1,), (0,), -1),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ("i1", "i2", "i3"))
def test_barrier_of_another_shape(name: str, shape: str) -> None:
    """The proof is accepted as it is and refused with these places."""
    model = model_of(DESIGN)
    prover, invariant = Prover(model), model.invariants[name]
    checker, proof = Checker(prover.layout), prover.answer(invariant).evidence
    assert isinstance(proof, Proof)
    assert checker.proof(invariant, proof) is None
    [barrier] = proof.lemmas
    assert isinstance(barrier, Barrier)
    cuts = tuple(replace(cut, places=(SHAPES[shape],)) for cut in barrier.cuts)
    assert checker.proof(invariant, replace(proof, lemmas=(replace(barrier, cuts=cuts),))) is not None
