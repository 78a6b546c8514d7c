"""The prover agrees with enumeration of every world and failure, on random designs."""

from __future__ import annotations

import agreement
import pytest
import strategies
from hypothesis import given, note, seed, settings
from hypothesis import strategies as st

DEEP = settings().max_examples >= 1000
SHARDS = 20 if DEEP else 4
DESIGNS = {"designs": strategies.designs(), "networks": strategies.networks()}


@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("designs", DESIGNS.values(), ids=DESIGNS)
def test_prover_agrees_with_enumeration(designs: st.SearchStrategy[str], shard: int) -> None:
    """Verdicts are those of enumeration; evidence is accepted, true, and a smallest; faults are there iff they are."""

    @seed(shard)
    @given(designs)
    def agrees(text: str) -> None:
        note(text)
        assert agreement.disagreements(text) == []

    agrees()
