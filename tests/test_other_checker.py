"""What our check accepts is accepted by a checker that was written from `docs/evidence.md`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import other_checker
import strategies
from agreement import model_of
from hypothesis import assume, given, note
from hypothesis import strategies as st

from policy.checking import check
from policy.core import semantics
from policy.core.codec import MalformedError, Reader
from policy.core.evidence import Barrier, check_barrier
from policy.core.layout import Layout
from policy.core.model import Invariant, Model
from policy.core.names import Vocabulary


def barriers(text: str) -> tuple[Model, Vocabulary, list[tuple[Invariant, Any, Barrier]]]:
    """The barriers in the evidence about a design that the other checker knows what to do with: as JSON, and read."""
    note(text)
    model, report = model_of(text), check(text, evidence=True)
    assume(not report.faults and any(True for _ in semantics.worlds(model)))
    vocabulary = Vocabulary(Layout(model))
    found = [
        (model.invariants[result.name], value, read(vocabulary, model.invariants[result.name], value))
        for result in report.results
        for value in (result.evidence or {"lemmas": []})["lemmas"]
        if "cuts" in value
    ]
    return model, vocabulary, [(i, v, b) for i, v, b in found if other_checker.suited(i, b.claim)]


def read(vocabulary: Vocabulary, invariant: Invariant, value: Any) -> Barrier:
    (lemma,) = Reader(vocabulary, invariant).proof({"lemmas": [value], "cases": []}).lemmas
    assert isinstance(lemma, Barrier)
    return lemma


@given(strategies.designs() | strategies.networks())
def test_both_accept_what_is_true(text: str) -> None:
    """Every barrier that is written holds in every world, read from the file alone."""
    model, _, found = barriers(text)
    for invariant, value, barrier in found:
        assert list(other_checker.complaints(model, invariant, barrier.claim, value)) == [], value


def damaged(value: Any) -> Iterator[Any]:
    """The barrier with one thing that is held, or a whole level, left out; or with a decision less."""
    for i, cut in enumerate(value["cuts"]):
        for j, level in enumerate(cut["places"]):
            for k, state in enumerate(level):
                for name in state["leaving"]:
                    less = {**state, "leaving": [other for other in state["leaving"] if other != name]}
                    places = [*cut["places"][:j], [*level[:k], less, *level[k + 1 :]], *cut["places"][j + 1 :]]
                    yield {**value, "cuts": [*value["cuts"][:i], {**cut, "places": places}, *value["cuts"][i + 1 :]]}
    for i in range(len(value["decisions"])):
        yield {**value, "decisions": value["decisions"][:i] + value["decisions"][i + 1 :]}


@given(st.data(), strategies.designs() | strategies.networks())
def test_what_ours_accepts_the_other_accepts(data: st.DataObject, text: str) -> None:
    """A damaged barrier that our check lets pass is none that the other one refuses."""
    model, vocabulary, found = barriers(text)
    assume(found)
    invariant, value, _ = data.draw(st.sampled_from(found))
    others = list(damaged(value))
    for other in [data.draw(st.sampled_from(others)) for _ in range(8)] if others else ():
        note(repr(other))
        try:
            barrier = read(vocabulary, invariant, other)
        except MalformedError:
            continue
        if check_barrier(vocabulary.layout, invariant.threats, barrier) is None:
            assert list(other_checker.complaints(model, invariant, barrier.claim, other)) == []
