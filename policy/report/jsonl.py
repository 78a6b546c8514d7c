"""Reports as JSON, one value a line, for programs that read line by line; `line` in `schema.json` says what is in it.

The first line is the run; then comes every design, followed by its faults and its invariants.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy.report import json
from policy.report.run import Run


def rendered(run: Run) -> str:
    """The lines, each with the `kind` of thing that it tells of."""
    return "".join(json.on_one_line(value) + "\n" for value in _values(run))


def _values(run: Run) -> Iterator[dict[str, Any]]:
    document = json.document(run.reports, run.version)
    designs = document.pop("designs")
    yield {"kind": "run", **document}
    for design in designs:
        faults, invariants = design.pop("faults"), design.pop("invariants")
        yield {"kind": "design", **design}
        yield from ({"kind": "fault", "design": design["file"], "fault": fault} for fault in faults)
        yield from ({"kind": "invariant", "design": design["file"], "invariant": each} for each in invariants)
