"""The search for an answer: what it may and may not depend on."""

from hypothesis import given
from hypothesis import strategies as st
from strategies import designs

from policy.core.evidence import Checker, Proof, Witness
from policy.core.layout import Layout
from policy.core.model import Invariant, Model, PathClaim
from policy.core.semantics import failures, shortest, worlds
from policy.solver import Prover
from policy.solver import split as splitting
from policy.text.load import load_text
from policy.text.resolve import resolve


def sound(text: str) -> tuple[Model, list[Invariant]]:
    """The model of a design and its invariants, none where the design has faults that take a search."""
    model = resolve(load_text(text)).model
    return model, [] if Prover(model).faults() else list(model.invariants.values())


@given(designs(), st.integers(0, 400))
def test_a_budget_changes_no_verdict(text: str, budget: int) -> None:
    """With a budget the answer is the one without, or unknown."""
    model, invariants = sound(text)
    for invariant in invariants:
        free, bounded = Prover(model).answer(invariant), Prover(model).answer(invariant, budget)
        assert bounded.verdict in (free.verdict, "unknown")


@given(designs())
def test_z3_and_the_quick_split_agree(text: str) -> None:
    """What a short split settles without z3, the loop with z3 settles too, with a proof that the check accepts."""
    model, invariants = sound(text)
    checker = Checker(Layout(model))
    few, splitting.FEW = splitting.FEW, -1
    try:
        slow = [Prover(model).answer(invariant) for invariant in invariants]
    finally:
        splitting.FEW = few
    for invariant, answer in zip(invariants, slow, strict=True):
        assert Prover(model).answer(invariant).verdict == answer.verdict
        if isinstance(answer.evidence, Proof):
            assert checker.proof(invariant, answer.evidence) is None


@given(designs(), st.randoms(use_true_random=False))
def test_answers_do_not_depend_on_what_was_asked_before(text: str, chance: object) -> None:
    """One prover that answers all invariants, in any order, gives what a new one gives for each."""
    model, invariants = sound(text)
    shuffled = list(invariants)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    prover = Prover(model)
    together = {invariant.name: prover.answer(invariant) for invariant in shuffled}
    for invariant in invariants:
        alone = Prover(model).answer(invariant)
        assert (together[invariant.name].verdict, together[invariant.name].note) == (alone.verdict, alone.note)
        if alone.verdict == "violated":
            assert together[invariant.name].evidence == alone.evidence


@given(designs())
def test_no_world_breaks_a_path_claim_in_fewer_steps(text: str) -> None:
    """The path that is shown has the fewest failures that any has, and of those the fewest steps, in all worlds."""
    model, invariants = sound(text)
    for invariant in invariants:
        claim = invariant.claim
        if not isinstance(claim, PathClaim) or claim.attack or claim.quantifier == "some":
            continue
        found = [
            (len(failure), steps)
            for world in worlds(model)
            for failure in failures(invariant.threats)
            if (steps := shortest(model, claim, world, failure)) is not None
        ]
        evidence = Prover(model).answer(invariant).evidence
        if isinstance(evidence, Witness):
            assert (len(evidence.failure), len(evidence.steps)) == min(found)
        else:
            assert not found
