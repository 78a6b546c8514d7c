"""Assumptions that contradict each other: the prover names a smallest set of them."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from policy.core.model import And, Claim, Is, Model, Not, Option, Or
from policy.core.semantics import worlds
from policy.solver import Prover

NAMES = ("a", "b", "c", "d")
ATOMS = st.builds(Is, st.sampled_from(NAMES), st.sampled_from(("true", "false")))
CONDITIONS: st.SearchStrategy[Claim] = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.tuples(inner, inner)),
        st.builds(Or, st.tuples(inner, inner)),
    ),
    max_leaves=3,
)


def model(assumptions: tuple[Claim, ...]) -> Model:
    return Model(options={name: Option(name, ("true", "false")) for name in NAMES}, assumptions=assumptions)


@given(st.lists(CONDITIONS, min_size=1, max_size=7).map(tuple))
def test_the_set_is_a_smallest_one(assumptions: tuple[Claim, ...]) -> None:
    """There is a fault iff there is no world; its assumptions contradict each other, and no fewer do."""
    faults = Prover(model(assumptions)).faults()
    if any(worlds(model(assumptions))):
        assert faults == ()
        return
    (fault,) = faults
    chosen = tuple(assumptions[i] for i in fault.assumptions)
    assert fault.kind == "contradiction"
    assert not any(worlds(model(chosen)))
    for fewer in combinations(assumptions, len(chosen) - 1):
        assert any(worlds(model(fewer)))
