"""A design that is studied: its model, where everything is written, and answers that have been checked.

The verdicts here are those of `policy.checking`: every proof has passed the core's check, every witness its replay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from policy.checking import read, refusal, searched_faults
from policy.core.evidence import Checker, Witness
from policy.core.layout import Layout
from policy.core.model import Invariant, Model
from policy.report.explain import Explainer
from policy.report.outcome import Origins, Violation
from policy.solver import Answer, Prover
from policy.text.diagnostic import Diagnostic
from policy.text.load import Loaded
from policy.text.source import Source


class FaultyError(Exception):
    """The design has faults; nothing can be said about it."""

    def __init__(self, faults: tuple[Diagnostic, ...], sources: Mapping[str, Source]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults, self.sources = faults, sources


class RefusedError(Exception):
    """A bug of ours: the check refuses what the search found."""


@dataclass(frozen=True)
class Case:
    """One model whose invariants are asked about; closures are shared between the questions."""

    model: Model

    @cached_property
    def layout(self) -> Layout:
        """The static side of the model."""
        return Layout(self.model)

    @cached_property
    def checker(self) -> Checker:
        """The check of evidence about the model."""
        return Checker(self.layout)

    @cached_property
    def prover(self) -> Prover:
        """The search."""
        return Prover(self.model)

    def answer(self, invariant: Invariant, budget: int | None = None) -> Answer:
        """The verdict, with evidence that the check has accepted. Raises RefusedError where it does not."""
        answer = self.prover.answer(invariant, budget)
        refusal = self.refusal(invariant, answer)
        if refusal is not None:
            raise RefusedError(f"`{invariant.name}`: the check refuses the evidence: {refusal}")
        return answer

    def refusal(self, invariant: Invariant, answer: Answer) -> str | None:
        """None when the evidence shows the verdict in this model; it may have been found in another one."""
        return refusal(self.checker, invariant, answer)


@dataclass(frozen=True)
class Design(Case):
    """A design without faults. `name` is what it goes by, `sources` are all texts read for it."""

    name: str
    origins: Origins
    sources: Mapping[str, Source]

    def violation(self, invariant: Invariant, witness: Witness) -> Violation:
        """What a reader needs to see that the invariant fails."""
        return Explainer(self.layout, self.origins, self.sources).violation(invariant, witness)

    def changed(self, model: Model) -> Design:
        """The same design with a changed model (the text stays as it was)."""
        return Design(model, self.name, self.origins, self.sources)


def design(source: str | Path, claim: str | None = None) -> Design:
    """A design as `policy.check` takes it; a claim that is asked is a further invariant, QUERY. Raises FaultyError if
    it has faults, those of the search included."""
    resolved, loaded = read(source, claim)
    name = next(iter(loaded.sources), str(source))
    _refuse(resolved.faults, loaded)
    found = Design(resolved.model, name, resolved.origins, loaded.sources)
    _refuse(searched_faults(found.prover, resolved, name), loaded)
    return found


def _refuse(faults: tuple[Diagnostic, ...], loaded: Loaded) -> None:
    if faults:
        raise FaultyError(faults, loaded.sources)
