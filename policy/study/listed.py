"""Lists of paths as text and as JSON."""

from __future__ import annotations

from typing import Any

from policy.report import json, text
from policy.report.outcome import Violation
from policy.study.design import Design
from policy.study.listing import Listing
from policy.text.diagnostic import visible


def rendered(listing: Listing, look: text.Look, noun: str) -> str:
    """Every path with the world and the failures, hop by hop."""
    number = len(listing.paths)
    blocks = []
    for i, path in enumerate(listing.paths, 1):
        head = look.paint(f"{noun} {i}", None, bold=True) + f"  {_summary(path)}"
        blocks.append(f"{head}\n{text.told(path, look)}")
    count = f"{number} {noun}{'' if number == 1 else 's'}" if number else f"there is no {noun}"
    if listing.exhausted:
        count = f"{count}; the budget ran out, there may be more" if number else "the budget ran out"
    elif not listing.complete:
        count += ", and there are more (see --all)"
    return "\n\n".join([*blocks, count]) + "\n"


def _summary(path: Violation) -> str:
    """How long it is, and what it crosses, in order."""
    steps = len(path.steps)
    crossed = [
        name
        for hop in path.steps
        for name in (
            *([hop.relay.name] if hop.relay is not None and hop.relay.sort == "firewall" else []),
            *(crossing.firewall for crossing in hop.crossings if crossing.firewall and crossing.by != "bypassed"),
        )
    ]
    through = f", through {', '.join(visible(name) for name in dict.fromkeys(crossed))}" if crossed else ""
    return f"{steps} {'step' if steps == 1 else 'steps'}{through}"


def document(design: Design, claim: str, listing: Listing, exit_code: int, version: str) -> dict[str, Any]:
    """The list as plain values."""
    return {
        **json.heading(version, exit_code),
        "file": design.name,
        "sources": json.sources(design.sources),
        "claim": claim,
        "complete": listing.complete,
        "paths": [json.walked(path) for path in listing.paths],
    }
