"""What a view says of a network is so: under partial decisions no fact is sure that is not true, none is ruled out that
is, and with everything decided nothing is open. Enumeration by `policy.core.semantics` is the judge."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product

import pytest
import strategies
from agreement import Enumeration, model_of
from hypothesis import assume, given, note
from hypothesis import strategies as st

from policy.core import semantics
from policy.core.evidence import settled, threatened
from policy.core.judge import Judge
from policy.core.layout import Layout
from policy.core.model import Accepts, CanReach, Claim, Endpoints, ListensOn, Model, Named
from policy.core.view import Ear, Literal, View
from policy.solver import Prover

DESIGNS = {"designs": strategies.designs(), "networks": strategies.networks()}
CASES = 12  # worlds and failures that each claim is tried in


def facts(model: Model) -> Iterator[Claim]:
    """Who accepts whom, who connects to whom, who listens on what."""
    domains = [Named("domain", name) for name in model.domains]
    yield from (Accepts(a, b) for a, b in product(domains, domains))
    hosts = [Named("host", name) for name in model.hosts]
    zones, firewalls = [Named("zone", n) for n in model.zones], [Named("firewall", n) for n in model.firewalls]
    for source, target in product((*zones, *hosts, *firewalls), (*hosts, *firewalls)):
        yield CanReach(Endpoints((source,)), Endpoints((target,)))
    yield from (ListensOn(host, (service,)) for host, service in product(hosts, model.services))


@pytest.mark.parametrize("designs", DESIGNS.values(), ids=DESIGNS)
def test_views_bound_the_truth(designs: st.SearchStrategy[str]) -> None:
    """Whatever is decided, as one world and failure have it, the truth there is between what is sure and possible."""

    @given(st.data(), designs)
    def bounded(data: st.DataObject, text: str) -> None:
        note(text)
        model = model_of(text)
        assume(not Prover(model).faults())
        layout, invariant = Layout(model), next(iter(model.invariants.values()))
        every, threats = Enumeration(model, invariant), invariant.threats
        cases = list(islice(product(reversed(every.failures), every.worlds), CASES))
        claims = data.draw(st.lists(st.sampled_from(list(facts(model))), min_size=1, max_size=30, unique=True))
        for failure, world in cases:
            whole: dict[Literal, bool] = dict.fromkeys(world.items(), True)
            whole |= {literal: literal in failure for literal in threatened(threats)}
            kept = data.draw(st.sets(st.sampled_from(sorted(whole)))) if whole else set()
            for decided in (whole, {literal: so for literal, so in whole.items() if literal in kept}):
                view = View(layout, settled(threats, decided), threatened(threats))
                judge = Judge(view, lambda _: None)
                for claim in claims:
                    told, true = judge.claim(claim), semantics.holds(model, claim, world, failure)
                    assert told is true or (told is None and decided is not whole), (claim, dict(world), failure)
                for a, b in product(model.domains, model.domains):
                    true = semantics.holds(model, Accepts(Named("domain", a), Named("domain", b)), world)
                    assert (b in view.accepted(a, sure=True)) <= true <= (b in view.accepted(a)), (a, b, dict(world))

    bounded()


@pytest.mark.parametrize("designs", DESIGNS.values(), ids=DESIGNS)
def test_sharing_changes_nothing(designs: st.SearchStrategy[str]) -> None:
    """Views that share what they find, in any order of asking, say what each would say by itself."""

    @given(st.data(), designs)
    def same(data: st.DataObject, text: str) -> None:
        note(text)
        model = model_of(text)
        layout, invariant = Layout(model), next(iter(model.invariants.values()))
        threats = invariant.threats
        literals = [(name, value) for name, option in model.options.items() for value in option.values]
        literals += sorted(threatened(threats))
        decisions = st.dictionaries(st.sampled_from(literals), st.booleans()) if literals else st.just({})
        like = View(layout)
        for decided in data.draw(st.lists(decisions, min_size=1, max_size=4)):
            settled_ones = settled(threats, decided)
            shared = View(layout, settled_ones, threatened(threats), like)
            alone = View(layout, settled_ones, threatened(threats))
            for i in range(len(layout.endpoints)):
                assert [_told(ear) for ear in shared.ears(i)] == [_told(ear) for ear in alone.ears(i)]
                assert [_told(ear) for ear in shared.alike(i, 1)] == [_told(ear) for ear in alone.alike(i, 1)]
                for ear in alone.ears(i):
                    for sure in (False, True):
                        assert shared.sources(i, ear.packet, sure) == alone.sources(i, ear.packet, sure), (i, decided)

    same()


def _told(ear: Ear) -> tuple[object, ...]:
    return ear.at, ear.packet, ear.sure, ear.possible, ear.asks, [relay.key for relay in ear.relays]
