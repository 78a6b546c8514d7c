"""What a process proved before changes nothing: answers are equal, the worlds of counterexamples and all."""

from agreement import model_of

from policy.solver import Answer, Prover

DESIGN = """
option o1 in { a1, a2, a3 }
option o2
option o3 in { a1, a2 }
service s1 = tcp 80
domain D1
domain D2 { host h1 listens s1 }
host h2 in D1 or D2 listens s1
firewall F1 joins D1, D2 { allow D1 -> h1 : s1 when o1 = a3 or o2  allow any -> h2 : s1 when o3 = a1 }
invariant i1: no path from D1 to h1
invariant i2: o1 = a2 implies (o2 and o3 = a1)
invariant i3: some path from D2 to h2 on s1
"""
OTHERS = [DESIGN.replace("a1", f"b{i}").replace("a3", "a1").replace("D1", f"E{i}") for i in range(8)]


def answers(text: str) -> list[Answer]:
    prover = Prover(model_of(text))
    return [prover.answer(invariant) for invariant in prover.model.invariants.values()]


def test_answers_do_not_depend_on_earlier_ones() -> None:
    """The same design is answered the same before and after others, which share names with it."""
    before = answers(DESIGN)
    for other in OTHERS:
        answers(other)
        assert answers(DESIGN) == before
    assert [answer.verdict for answer in before] == ["violated"] * 3
