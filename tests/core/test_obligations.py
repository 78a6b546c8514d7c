"""Claims are taken apart where they are conjunctions, and only there. (That the parts hold iff the claim does, in every
world and failure, is a law of `tests/test_evidence.py`.)"""

from __future__ import annotations

import pytest
from agreement import model_of

from policy.core.judge import Judge
from policy.core.layout import Layout
from policy.core.obligations import obligations
from policy.core.view import View

DESIGN = """
service s = tcp 80
option o
domain A { host x  host y listens s }
domain B { host z listens s in A or B  host w account A }
firewall F joins A, B { allow A -> B : s }
flow f: x -> z : s
flow g: x -> y : s
invariant i: """

PARTS = {
    "o and (x in A and y in B)": 3,
    "x in A and (o or y in B)": 2,
    "o or (x in A and y in B)": 2,
    "(x in A and y in B) or o": 1,
    "not (o or x in A)": 2,
    "not (o and x in A)": 1,
    "not not (o and x in A)": 2,
    "o iff x in A": 1,
    "all host h: h in A": 4,
    "all host h, domain d: h in d": 8,
    "no host h: h in A and o": 4,
    "no host h: h in A or o": 8,
    "not some host h: h in A": 4,
    "some host h: h in A": 1,
    "one host h: h in A": 1,
    "all host h in A: h in A": 3,
    "every flow is possible": 2,
    "every account is accepted": 4,
    "not A can reach B": 1,
    "not B can reach any": 2,
    "every connection into A is a flow": 2,
    "every connection is a flow": 2,
    "no path from A to B": 1,
    "count(host h: h in A) = 2": 1,
}


@pytest.mark.parametrize("claim", PARTS)
def test_as_many_parts_as_the_claim_is_a_conjunction_of(claim: str) -> None:
    """Each by itself, in the order of the text, the same every time; a part has no further parts."""
    model = model_of(DESIGN + claim)
    judge = Judge(View(Layout(model)), lambda _: None)
    parts = list(obligations(judge, model.invariants["i"].claim))
    assert len(parts) == PARTS[claim]
    assert parts == list(obligations(judge, model.invariants["i"].claim))
    if "every" not in claim and "reach" not in claim:
        assert [part for one in parts for part in obligations(judge, one)] == parts
