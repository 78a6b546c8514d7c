"""Repairs as text, and as plain values for JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from policy.report import json
from policy.report.outcome import ALL_WELL, NOT_AS_EXPECTED, UNKNOWN
from policy.study.repair import Demand, Edit, Outcome, Repair
from policy.text.diagnostic import visible
from policy.text.rewrite import difference

LABEL = 11  # columns of what stands before each line of the summary


def exit_code(outcome: Outcome) -> int:
    """0 with a repair, or with nothing to repair; 1 where there is none; 3 where the budget ran out."""
    return {"none": NOT_AS_EXPECTED, "unknown": UNKNOWN}.get(outcome.ended, ALL_WELL)


# ---------------------------------------------------------------- text


def told(outcome: Outcome, width: int, numbers: Sequence[int] = ()) -> str:
    """All that there is to say; of the repairs only those with these numbers (from 1), if any are given."""
    design = outcome.design
    blocks = ["\n".join([f"{visible(design.name)}  {visible(design.model.title)}".rstrip(), *_summary(outcome, width)])]
    for number, repair in enumerate(outcome.repairs, 1):
        if not numbers or number in numbers:
            blocks.append("\n".join(_repair(repair, number, width)))
    return "\n\n".join(blocks) + "\n"


def _summary(outcome: Outcome, width: int) -> Iterator[str]:
    if outcome.wanted:
        yield from _line("to repair", ", ".join(invariant.name for invariant in outcome.wanted), width)
        yield from _line("to keep", _kept(outcome.kept), width)
    yield from _line("answer", _answer(outcome), width)


def _line(label: str, words: str, width: int) -> list[str]:
    wrapped = textwrap.wrap(visible(words), max(20, width - LABEL), break_long_words=False, break_on_hyphens=False)
    return [("" if i else label).ljust(LABEL) + line for i, line in enumerate(wrapped)]


def _kept(kept: Sequence[Demand]) -> str:
    flows = sum(demand.sort == "flow" for demand in kept)
    proofs = _counted(len(kept) - flows, "invariant that is proved", "invariants that are proved")
    return f"{proofs}, {_counted(flows, 'flow that is possible', 'flows that are possible')}"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number or 'no'} {one if number == 1 else many}"


def _answer(outcome: Outcome) -> str:
    most = f"at most {_counted(outcome.limits.edits, 'edit', 'edits')}"
    match outcome.ended:
        case "nothing":
            return "there is nothing to repair"
        case "unknown":
            fewer = f"; none has fewer than {_counted(outcome.fewest, 'edit', 'edits')}" if outcome.fewest > 1 else ""
            return f"unknown: no repair is among the {outcome.tried} changed designs that were tried{fewer}"
        case "none":
            return _none(outcome, "however many edits it has" if outcome.ever else f"of {most}")
    count, size = len(outcome.repairs), _counted(outcome.fewest, "edit", "edits")
    more = "" if outcome.complete else ", and maybe more"
    if count == 1 and not more:
        return f"one repair of {size}, and none as small"
    return f"{_counted(count, 'repair', 'repairs')} of {size}{' each' if count > 1 else ''}{more}; none is smaller"


def _none(outcome: Outcome, bound: str) -> str:
    names = ", ".join(f"`{invariant.name}`" for invariant in outcome.wanted)
    if outcome.conflict is None:
        return f"no repair, {bound}; why was not found out, as the budget ran out"
    if not outcome.conflict.demands:
        return f"no repair, {bound}: even if nothing else is kept, none makes {names} hold"
    kept = [f"{demand.sort} `{demand.name}`" for demand in outcome.conflict.demands]
    without = " and ".join(outcome.conflict.without)
    return f"no repair, {bound}, keeps {' and '.join(kept)}; without {kept[-1]} this would do: {without}"


def _repair(repair: Repair, number: int, width: int) -> Iterator[str]:
    for i, edit in enumerate(repair.edits):
        place = f" ({edit.span.file}:{edit.span.line})" if edit.span else ""
        yield from _line("" if i else f"repair {number}", f"{edit.words}{place}", width)
    for old, new in repair.files:
        yield difference(old, new.text).rstrip("\n")


def notes(outcome: Outcome, repair: Repair) -> Iterator[str]:
    """What the design says of itself that is not so any more."""
    for name, invariant in outcome.design.model.invariants.items():
        verdict = repair.verdicts[name]
        if verdict != invariant.expect and outcome.verdicts[name] == invariant.expect:
            yield f"`{name}` is {verdict} now, but says `expect {invariant.expect}`"
    for old, _ in repair.files:
        if old.name != outcome.design.name:
            yield f"{old.name} is included: whatever else includes it changes, too"


# ---------------------------------------------------------------- JSON


def document(outcome: Outcome, version: str) -> dict[str, Any]:
    """What `repair` tells of a design; `version` is the tool's."""
    design = outcome.design
    return {
        **json.heading(version, exit_code(outcome)),
        "file": design.name,
        "title": design.model.title,
        "sources": json.sources(design.sources),
        "to_repair": [invariant.name for invariant in outcome.wanted],
        "to_keep": [_demand(demand) for demand in outcome.kept],
        "answer": outcome.ended,
        "most_edits": outcome.limits.edits,
        "tried": outcome.tried,
        "fewest_edits": outcome.fewest if outcome.wanted else None,
        "complete": outcome.complete,
        "never": outcome.ever,
        "repairs": [_repair_document(outcome, repair) for repair in outcome.repairs],
        "conflict": _conflict(outcome),
    }


def _demand(demand: Demand) -> dict[str, str]:
    return {"sort": demand.sort, "name": demand.name}


def _conflict(outcome: Outcome) -> dict[str, Any] | None:
    if outcome.conflict is None:
        return None
    return {
        "keep": [_demand(demand) for demand in outcome.conflict.demands],
        "without_the_last": list(outcome.conflict.without),
    }


def _repair_document(outcome: Outcome, repair: Repair) -> dict[str, Any]:
    return {
        "edits": [_edit(edit) for edit in repair.edits],
        "files": [
            {"file": old.name, "sha256_before": old.sha256, "sha256": new.sha256, "diff": difference(old, new.text)}
            for old, new in repair.files
        ],
        "verdicts": [{"name": name, "verdict": verdict} for name, verdict in repair.verdicts.items()],
        "notes": list(notes(outcome, repair)),
    }


def _edit(edit: Edit) -> dict[str, Any]:
    return {"kind": edit.change.kind, "words": edit.words, "at": json.place(edit.span)}
