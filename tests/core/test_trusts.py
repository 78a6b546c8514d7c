"""Whose accounts a domain accepts, held against the closure of the trusts of each world."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from policy.core.model import ALWAYS, NEVER, And, Domain, Is, Model, Not, Option, Trust
from policy.core.network import Network, true
from policy.core.trusts import accepted

OPTIONS = {name: Option(name, ("true", "false")) for name in "opq"}
DOMAINS = {name: Domain(name, ()) for name in "ABCDE"}
CONDITIONS = [ALWAYS, *(Is(name, "true") for name in OPTIONS), Not(Is("o", "true")), NEVER]
NAMES = st.sampled_from(sorted(DOMAINS))
TRUSTS = st.builds(Trust, NAMES, NAMES, st.booleans(), st.sampled_from(CONDITIONS))


@given(st.lists(TRUSTS, max_size=12))
def test_acceptance_in_every_world(trusts: list[Trust]) -> None:
    """A domain accepts its own accounts, those it trusts directly, and those to which transitive trusts lead."""
    model = Model(options=OPTIONS, domains=DOMAINS, trusts=tuple(trusts))
    conditions = {domain: accepted(model.trusts, domain) for domain in DOMAINS}
    for values in product(("true", "false"), repeat=len(OPTIONS)):
        world = dict(zip(OPTIONS, values, strict=True))
        found = {(a, b) for a, some in conditions.items() for b, when in some.items() if true(when, world)}
        assert found == Network(model, world).accepting


def test_many_chains_of_few_conditions() -> None:
    """Forty domains that all trust each other have more chains than can be told one by one."""
    o, p, names = Is("o", "true"), Is("p", "true"), [f"D{i}" for i in range(40)]
    trusts = [
        Trust(a, b, True, (o, p)[(i + j) % 2]) for i, a in enumerate(names) for j, b in enumerate(names) if a != b
    ]
    found = accepted(trusts, "D0")
    assert found["D0"] == ALWAYS and found.keys() == set(names)
    assert not any(true(found[other], {"o": "false", "p": "false"}) for other in names[1:])
    for other in names[1:]:
        assert true(found[other], {"o": "true", "p": "true"})
        assert true(found[other], {"o": "true", "p": "false"}) == (names.index(other) % 2 == 0)
    assert And((o, p)) not in found.values()
