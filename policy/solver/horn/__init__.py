"""A second opinion on invariants: the claim as Horn clauses in SMT-LIB 2, which any solver for them can decide.

This room shares nothing with the search and its evidence but the model; what it says is compared with enumeration.
"""

from __future__ import annotations

from collections.abc import Sequence

from policy.core.model import Invariant, Model
from policy.solver.horn.attacks import Attacks
from policy.solver.horn.diagram import NotExpressibleError
from policy.solver.horn.family import Family
from policy.solver.horn.text import Script
from policy.solver.horn.walks import Walks
from policy.solver.horn.ways import Goal, Kind, Ways

__all__ = ["NotExpressibleError", "horn"]


def horn(model: Model, invariant: Invariant) -> str:
    """The clauses; `sat` iff the invariant holds in every world under every admitted failure. Raises
    NotExpressibleError where the claim has a part that would take too much text, which its message names."""
    return Script(model, invariant.threats, _built).write(invariant.claim)


def _built(family: Family, kind: Kind, goals: Sequence[Goal]) -> Ways:
    ways = (Attacks if kind.attack else Walks)(family, kind, goals)
    ways.build()
    ways.finish()
    return ways
