"""Reports with one line for every fault and every invariant: place, code, what it is, and who gets where."""

from __future__ import annotations

from policy.report.findings import Finding
from policy.report.run import Run
from policy.report.sentences import trail
from policy.text.diagnostic import disarmed

MARKS = {"error": "error[{}]", "note": "expected[{}]", "pass": "ok"}


def rendered(run: Run) -> str:
    """A line for each finding, as editors and `grep` want them."""
    return disarmed("".join(_line(found) + "\n" for found in run.findings))


def _line(found: Finding) -> str:
    violation = found.result.violation if found.result else None
    way = trail(violation) if violation else ""
    return f"{found.place}: {MARKS[found.level].format(found.code)}: {found.message}{f': {way}' if way else ''}"
