"""All that a run found as one flat list: every fault, every bug of ours, and what came of every invariant.

A finding is what the formats for machines have in common: code, place, a line that says what it is, and the lines that
tell more. All of its text has passed `visible`; file names have not.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from policy.report.bug import PLEA
from policy.report.fingerprint import canonical
from policy.report.outcome import Report, Result
from policy.report.sentences import culprit, headline
from policy.report.text import Look, shown, story
from policy.text.diagnostic import Diagnostic, snippet, visible
from policy.text.source import Span

Level = Literal["error", "note", "pass"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`level` is "error" for what keeps the run from passing, "note" for what is wrong but expected, "pass" for a
    proof. `design` is the file that was checked, `file` the one that `span` is in. `point` is the culprit and what is
    wrong with it, `lines` are its line with the marks below, `story` is the counterexample or advice. `identity` tells
    the finding from the others of its design and stays when lines move. `result` is None for faults and bugs."""

    level: Level
    code: str
    design: str
    file: str
    span: Span | None
    message: str
    point: str
    lines: tuple[str, ...]
    story: tuple[str, ...]
    identity: tuple[Hashable, ...]
    result: Result | None = None
    fault: Diagnostic | None = None

    @property
    def place(self) -> str:
        """File, line and column, as they may be shown."""
        return visible(self.file if self.span is None else str(self.span))


def findings(reports: Sequence[Report], look: Look) -> tuple[Finding, ...]:
    """Faults by place, each once for all designs that have it; then design by design bugs and results."""
    return (*_faults(reports), *(found for report in reports for found in _of_one(report, look)))


def _faults(reports: Sequence[Report]) -> Iterator[Finding]:
    first: dict[Diagnostic, Report] = {}
    for report in reports:
        for fault in report.faults:
            first.setdefault(fault, report)
    for fault in sorted(first, key=lambda f: (f.place, f.code, f.message)):
        yield _fault(fault, first[fault])


def _fault(fault: Diagnostic, report: Report) -> Finding:
    notes = [f"note: {visible(text)}: {visible(str(span))}" for text, span in fault.notes]
    return Finding(
        "error",
        fault.code,
        report.file,
        fault.file,
        fault.span,
        visible(fault.message),
        _point(fault.span, fault.label, report),
        _lines(fault, report),
        (*notes, *([f"help: {visible(fault.hint)}"] if fault.hint else [])),
        ("fault", fault.code, fault.message),
        fault=fault,
    )


def _lines(fault: Diagnostic, report: Report) -> tuple[str, ...]:
    if fault.span is None:
        return (f"  --> {visible(fault.file)}",)
    return (f"  --> {visible(str(fault.span))}", *snippet(fault.span, report.sources, visible(fault.label)))


def _of_one(report: Report, look: Look) -> Iterator[Finding]:
    if report.bug:
        lines = (f"  --> {visible(report.file)}",)
        yield Finding(
            "error", "V005", report.file, report.file, None, visible(report.bug), "", lines, (PLEA,), ("bug",)
        )  # fmt: skip
    for result in report.results:
        yield _result(result, report, look)


def _result(result: Result, report: Report, look: Look) -> Finding:
    span, label = culprit(result)
    span = span or result.span
    expected = {"violated": "V001", "vacuous": "V002"}.get(result.verdict, "")
    return Finding(
        "error" if result.code else "note" if expected else "pass",
        result.code or expected,
        report.file,
        span.file if span else report.file,
        span,
        headline(result, expectation=True),
        _point(span, label, report),
        tuple(shown(result, report.sources)),
        tuple(story(result, look)),
        ("invariant", result.name, result.verdict, result.expected, canonical(result.violation)),
        result=result,
    )


def _point(span: Span | None, label: str, report: Report) -> str:
    """The text of the place, as far as it is on one line, and what is wrong with it; "" where either is unknown."""
    source = report.sources.get(span.file) if span else None
    if span is None or source is None or not label:
        return ""
    line = source.line(span.line)
    whole = span.end_line == span.line
    text = line[span.column - 1 : span.end_column - 1] if whole else line[span.column - 1 :] + "…"
    return f"`{visible(text)}`: {visible(label)}" if text.strip() else ""
