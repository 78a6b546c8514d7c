"""What a counterexample shows is checked to the last word: the rule or link of each crossing, the start, the steps."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from agreement import model_of

from policy.core.endpoints import Endpoint
from policy.core.evidence import Checker, Witness
from policy.core.steps import Crossing
from policy.solver import Prover

DESIGN = """
service s1 = tcp 80
domain D1
domain D2
domain D3 { host h1 listens s1 }
firewall F1 joins D1, D2 { deny any -> any : s1 from D2  allow D1 -> h1 : s1  allow any -> h1 : any }
link D2, D3
invariant i1: no path from D1 to h1
"""


def by_rule(rule: int) -> Callable[[Crossing], Crossing]:
    return lambda crossing: replace(crossing, rule=rule) if crossing.via else crossing


def by_link(link: int) -> Callable[[Crossing], Crossing]:
    return lambda crossing: crossing if crossing.via else replace(crossing, link=link)


def because(by: str) -> Callable[[Crossing], Crossing]:
    return lambda crossing: replace(crossing, by=by, rule=None) if crossing.via else crossing


WRONG = {
    "an earlier rule": by_rule(0),
    "a later rule": by_rule(2),
    "a rule that there is not": by_rule(3),
    "the last rule from the end": by_rule(-2),
    "the default": because("default"),
    "a failure": because("bypassed"),
    "its own packet": because("own packet"),
    "a link that there is not": by_link(1),
    "the last link from the end": by_link(-1),
}


def shown() -> tuple[Callable[[Witness], str | None], Witness]:
    """The check of witnesses of the invariant, and the witness that the prover found."""
    model = model_of(DESIGN)
    prover, invariant = Prover(model), model.invariants["i1"]
    witness = prover.answer(invariant).evidence
    assert isinstance(witness, Witness)
    return lambda other: Checker(prover.layout).witness(invariant, other), witness


def test_what_is_shown_is_accepted_as_found() -> None:
    """One step, by the second rule and the link."""
    refusal, witness = shown()
    assert refusal(witness) is None
    assert [(c.via, c.rule, c.link) for c in witness.steps[0].chain] == [("F1", 1, None), (None, None, 0)]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_crossing_laid_to_another_cause_is_refused(wrong: str) -> None:
    """Whatever is named besides the rule that decides and the link that joins."""
    refusal, witness = shown()
    chain = tuple(map(WRONG[wrong], witness.steps[0].chain))
    assert refusal(replace(witness, steps=(replace(witness.steps[0], chain=chain),))) is not None


def test_another_start_and_other_steps_are_refused() -> None:
    """The path begins where its first step does, and ends at the target."""
    refusal, witness = shown()
    for start in (Endpoint("someone", "D2"), Endpoint("someone", "D3"), Endpoint("host", "h1"), None):
        assert refusal(replace(witness, start=start)) is not None
    assert refusal(replace(witness, steps=())) is not None
    assert refusal(replace(witness, steps=(*witness.steps, *witness.steps))) is not None
