"""Coverages as one JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from policy.report import json
from policy.report.words import Words
from policy.study.cover import Coverage, Mutant
from policy.study.cover_text import effect_words, shown
from policy.study.effect import Effect
from policy.study.sight import NOBODY, Thing


def document(coverages: Sequence[Coverage], version: str, code: int) -> dict[str, Any]:
    """What `cover` tells of designs, as plain values; `version` is the tool's, `code` the exit code."""
    return {**json.heading(version, code), "coverages": [_coverage(coverage) for coverage in coverages]}


def _coverage(coverage: Coverage) -> dict[str, Any]:
    design, words = coverage.design, Words(coverage.design.model)
    return {
        "file": design.name,
        "title": design.model.title,
        "sources": json.sources(design.sources),
        "invariants": [{"name": name, "verdict": verdict} for name, verdict in coverage.verdicts.items()],
        "tried": len(coverage.mutants),
        "effective": coverage.effective,
        "noticed": coverage.count("noticed"),
        "accepted": coverage.count("accepted"),
        "percentage": float(shown(coverage.percentage)),
        "changes": [_mutant(mutant, words) for mutant in coverage.mutants],
    }


def _mutant(mutant: Mutant, words: Words) -> dict[str, Any]:
    notices = [
        {"invariant": notice.invariant, "before": notice.before, "after": notice.after} for notice in mutant.noticed_by
    ]
    return {
        "kind": mutant.change.kind,
        "key": list(mutant.change.key),
        "value": mutant.change.value or None,
        "words": mutant.words,
        "at": json.place(mutant.span),
        "outcome": mutant.outcome,
        "effect": None if mutant.effect is None else _effect(mutant.effect, words),
        "noticed_by": notices,
        "unknown": list(mutant.unknown),
    }


def _effect(effect: Effect, words: Words) -> dict[str, Any]:
    return {
        "kind": effect.kind,
        "gained": effect.gained,
        "words": effect_words(words, effect),
        "source": _end(effect.source),
        "target": _end(effect.target),
        "via": _end(effect.via),
        "packet": None if effect.packet is None else str(effect.packet),
        "onward": None if effect.onward is None else str(effect.onward),
        "domain": effect.domain or None,
        "bypassed": effect.bypassed or None,
    }


def _end(end: Thing) -> dict[str, Any] | None:
    return None if end == NOBODY else {"sort": end.sort, "name": end.name, "address": end.address or None}
