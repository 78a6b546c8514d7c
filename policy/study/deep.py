"""Depths as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from policy.report import json
from policy.report.outcome import Violation
from policy.report.tables import table_of
from policy.report.text import INDENT, Look, folded, told
from policy.study.depth import Accounts, Depth, Measure
from policy.study.design import Design
from policy.text.diagnostic import visible

HEADS = ("target", "firewalls crossed", "must be bypassed", "accounts of an attack")


@dataclass(frozen=True, slots=True)
class Told:
    """One measure in words: in the worst world and in the best one, each with the choices that it depends on."""

    worst: str
    best: str
    worst_options: tuple[str, ...]
    best_options: tuple[str, ...]
    shown: Violation | None

    @property
    def cell(self) -> str:
        """Both, where they differ."""
        return self.worst if self.worst == self.best else f"{self.worst} (best: {self.best})"


def rendered(design: Design, source: str, depths: Sequence[Depth], look: Look) -> str:
    """A table, what the worst and the best worlds are, and if wanted the paths that show the numbers."""
    title = f"  {visible(design.model.title)}" if design.model.title else ""
    head = look.paint(visible(design.name), None, bold=True) + title
    rows = [(visible(depth.target), *(one.cell for one in _told(depth))) for depth in depths]
    blocks = [head, f"from {visible(source)}\n{table_of(HEADS, rows, look.width)}", *_worlds(depths, look)]
    if look.verbose:
        blocks += (block for depth in depths for block in _paths(depth, look))
    return "\n\n".join(blocks) + "\n"


def _told(depth: Depth) -> tuple[Told, Told, Told]:
    attack = depth.accounts.shown
    accounts = _accounts(depth.accounts), _accounts(depth.best_accounts)
    return (
        _measure(depth.crossed, "no path"),
        _measure(depth.bypassed, "never"),
        Told(*accounts, _matter(attack), depth.options, attack),
    )


def _measure(measure: Measure, never: str) -> Told:
    worst, best = (never if value is None else str(value) for value in (measure.worst, measure.best))
    return Told(worst, best, _matter(measure.shown), measure.options, measure.shown)


def _accounts(accounts: Accounts) -> str:
    if accounts.kind in ("none", "no path"):
        return accounts.kind
    sets = " or ".join(" and ".join(names) for names in accounts.sets)
    return f"{'takes' if accounts.kind == 'taken' else 'lacks'} {visible(sets)}{' or …' if accounts.more else ''}"


def _matter(shown: Violation | None) -> tuple[str, ...]:
    return tuple(choice.words for choice in shown.world if choice.matters) if shown else ()


def _worlds(depths: Sequence[Depth], look: Look) -> Iterator[str]:
    """For every measure that depends on the world, once for all targets of which the same is true."""
    found: dict[tuple[str, Told], list[str]] = {}
    for depth in depths:
        for head, one in zip(HEADS[1:], _told(depth), strict=True):
            if one.worst != one.best:
                same = Told(one.worst, one.best, one.worst_options, one.best_options, None)
                found.setdefault((head, same), []).append(visible(depth.target))
    for (head, one), names in found.items():
        lines = [line.removeprefix(" " * INDENT) for line in folded(f"{head} of", names, look, len(head) + 4)]
        wide = max(len(one.worst), len(one.best)) + 2
        for value, options in ((one.worst, one.worst_options), (one.best, one.best_options)):
            choices = [visible(words) for words in options] or ["nothing else is so"]
            lines += folded(value, [f"where {choices[0]}", *choices[1:]], look, wide)
        yield "\n".join(lines)


def _paths(depth: Depth, look: Look) -> Iterator[str]:
    """The paths that have no more than the numbers say."""
    for head, one in zip(HEADS[1:], _told(depth), strict=True):
        if one.shown is not None:
            yield f"{visible(depth.target)}, {head}: {one.worst}\n{told(one.shown, look)}"


# ---------------------------------------------------------------- JSON


def document(design: Design, source: str, depths: Sequence[Depth], version: str) -> dict[str, Any]:
    """The same as plain values; `null` for a number where there is no path at all."""
    return {
        **json.heading(version, 0),
        "file": design.name,
        "sources": json.sources(design.sources),
        "from": source,
        "depths": [_depth(depth) for depth in depths],
    }


def _depth(depth: Depth) -> dict[str, Any]:
    return {
        "target": depth.target,
        "crossed": _number(depth.crossed),
        "bypassed": _number(depth.bypassed),
        "accounts": {
            "worst": _asked(depth.accounts),
            "best": _asked(depth.best_accounts),
            "best_where": list(depth.options),
        },
    }


def _number(measure: Measure) -> dict[str, Any]:
    shown = None if measure.shown is None else json.walked(measure.shown)
    return {"worst": measure.worst, "best": measure.best, "best_where": list(measure.options), "shown": shown}


def _asked(accounts: Accounts) -> dict[str, Any]:
    shown = None if accounts.shown is None else json.walked(accounts.shown)
    return {
        "kind": accounts.kind,
        "sets": [list(names) for names in accounts.sets],
        "more": accounts.more,
        "shown": shown,
    }
