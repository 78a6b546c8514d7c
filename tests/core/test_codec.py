"""Evidence as JSON: what is written is read as it was, and what is not written so is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import strategies
from agreement import model_of
from hypothesis import given
from test_evidence import Answered, answered

from policy.core.codec import Reader, Writer
from policy.core.evidence import Proof, Witness
from policy.core.layout import Layout
from policy.core.model import Invariant
from policy.core.names import Vocabulary

Evidence = Proof | Witness


def written(layout: Layout, invariant: Invariant, evidence: Evidence) -> Any:
    """The evidence as a JSON value that went through a file."""
    return json.loads(json.dumps(Writer(Vocabulary(layout), invariant).evidence(evidence)))


def read(layout: Layout, invariant: Invariant, kind: type, value: Any) -> Evidence:
    reader = Reader(Vocabulary(layout), invariant)
    return reader.proof(value) if kind is Proof else reader.witness(value)


def evidence_of(answer: Answered) -> Iterator[tuple[Invariant, Evidence]]:
    for invariant, told in answer.answers:
        assert told.evidence is not None
        yield invariant, told.evidence


@given(strategies.designs() | strategies.networks())
def test_what_is_written_is_read_as_it_was(text: str) -> None:
    """Every proof and witness, by a layout of its own; and in the same words when it is written again."""
    answer = answered(text)
    for invariant, evidence in evidence_of(answer):
        value = written(answer.prover.layout, invariant, evidence)
        other = Layout(model_of(text))
        again = read(other, other.model.invariants[invariant.name], type(evidence), value)
        assert again == evidence
        assert written(other, invariant, again) == value
