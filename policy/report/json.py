"""Reports as one JSON document; its schema is `schema.json` beside this module."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from policy.report.outcome import (
    ALL_WELL,
    FAULTY,
    Choice,
    Crossed,
    End,
    Hop,
    Relayed,
    Report,
    Result,
    Told,
    Violation,
    exit_code,
)
from policy.report.survey import Cell, Survey, Table
from policy.text.diagnostic import COMMAND, Diagnostic
from policy.text.source import Source, Span

FORMAT = 1  # raised when a reader of the document would have to change


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) that every document obeys."""
    loaded: dict[str, Any] = json.loads((Path(__file__).parent / "schema.json").read_text(encoding="utf-8"))
    return loaded


def line_schema() -> dict[str, Any]:
    """The JSON Schema that every line of JSON lines obeys."""
    whole = schema()
    return {"$schema": whole["$schema"], "$ref": "#/$defs/line", "$defs": whole["$defs"]}


def rendered(tree: Any) -> str:
    """A document as text: ASCII only, so that it survives every locale, and without the marks by which build
    machines know a command."""
    return _disarmed(json.dumps(tree, indent=2, ensure_ascii=True)) + "\n"


def on_one_line(tree: Any) -> str:
    """The same without any line break."""
    return _disarmed(json.dumps(tree, ensure_ascii=True))


def _disarmed(text: str) -> str:
    return COMMAND.sub(r"\1\\u005b", text)  # this can only be inside a string


def document(reports: Sequence[Report], version: str) -> dict[str, Any]:
    """What `check` tells of designs, as plain values; `version` is the tool's."""
    return {**heading(version, exit_code(reports)), "designs": [_report(report) for report in reports]}


def heading(version: str, exit_code: int) -> dict[str, Any]:
    """What every document begins with."""
    return {"tool": "bartizan", "version": version, "format": FORMAT, "exit_code": exit_code}


def walked(violation: Violation) -> dict[str, Any]:
    """A path, with the world and the failures in which it is one."""
    return {
        "world": [_choice(choice) for choice in violation.world],
        "failures": [{"name": name, "effect": effect} for name, effect in violation.failures],
        "walk": None if violation.start is None else _walk(violation, violation.start),
    }


def survey_document(surveys: Sequence[Survey], version: str) -> dict[str, Any]:
    """What `show` tells of designs, as plain values."""
    code = FAULTY if any(survey.faults for survey in surveys) else ALL_WELL
    return {**heading(version, code), "surveys": [_survey(survey) for survey in surveys]}


def _survey(survey: Survey) -> dict[str, Any]:
    return {
        "file": survey.file,
        "title": survey.title,
        "sources": sources(survey.sources),
        "faults": [_fault(fault) for fault in survey.faults],
        "world": list(survey.world),
        "tables": {table.name: [_row(table, row) for row in table.rows] for table in survey.tables},
    }


def _row(table: Table, row: Sequence[Cell]) -> dict[str, Any]:
    return {head: cell if isinstance(cell, str) else list(cell) for head, cell in zip(table.heads, row, strict=True)}


def faults_and_sources(sources_read: Mapping[str, Source], faults: Sequence[Diagnostic]) -> dict[str, Any]:
    """What every document says of a design that was read."""
    return {"sources": sources(sources_read), "faults": [_fault(fault) for fault in faults]}


def sources(sources: Mapping[str, Source]) -> list[dict[str, Any]]:
    """The files of a design with their digests."""
    return [{"file": name, "sha256": source.sha256} for name, source in sources.items()]


def _report(report: Report) -> dict[str, Any]:
    return {
        "file": report.file,
        "title": report.title,
        "sources": sources(report.sources),
        "faults": [_fault(fault) for fault in report.faults],
        "bug": report.bug or None,
        "declared": list(report.declared),
        "invariants": [_result(result) for result in report.results],
    }


def place(span: Span | None) -> dict[str, Any] | None:
    """A place in a file."""
    if span is None:
        return None
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def _fault(fault: Diagnostic) -> dict[str, Any]:
    nowhere = {"file": fault.file, "line": None, "column": None, "end_line": None, "end_column": None}
    return {
        "code": fault.code,
        "message": fault.message,
        **(place(fault.span) or nowhere),
        "label": fault.label or None,
        "hint": fault.hint or None,
        "notes": [{"text": text, "at": place(span)} for text, span in fault.notes],
    }


def _result(result: Result) -> dict[str, Any]:
    return {
        "name": result.name,
        "description": result.about or None,
        "at": place(result.span),
        "expected": result.expected,
        "verdict": result.verdict,
        "as_expected": result.as_expected,
        "code": result.code,
        "milliseconds": result.milliseconds,
        "note": result.note or None,
        "violation": None if result.violation is None else _violation(result.violation),
    }


def _violation(violation: Violation) -> dict[str, Any]:
    return {
        "at": place(violation.culprit),
        "label": violation.label,
        **walked(violation),
        "facts": [_told(told) for told in violation.facts],
        "help": violation.help or None,
    }


def _choice(choice: Choice) -> dict[str, Any]:
    return {"option": choice.option, "value": choice.value, "words": choice.words, "matters": choice.matters}


def _walk(violation: Violation, start: End) -> dict[str, Any]:
    return {"kind": violation.noun, "start": _end(start), "steps": [_hop(hop) for hop in violation.steps]}


def _told(told: Told) -> dict[str, Any]:
    return {"words": told.words, "subject": list(told.subject), "at": [place(span) for span in told.spans]}


def _end(end: End) -> dict[str, Any]:
    return {
        "sort": end.sort,
        "name": end.name,
        "words": end.words,
        "address": end.address,
        "components": list(end.components),
    }


def _hop(hop: Hop) -> dict[str, Any]:
    return {
        "from": _end(hop.source),
        "to": _end(hop.target),
        "service": hop.service or None,
        "protocol": hop.protocol,
        "port": hop.port,
        "account": hop.account or None,
        "relayed_by": None if hop.relay is None else _relayed(hop.relay),
        "crossings": [_crossed(crossed) for crossed in hop.crossings],
    }


def _relayed(relay: Relayed) -> dict[str, Any]:
    return {"sort": relay.sort, "name": relay.name, "words": relay.words, "at": place(relay.span)}


def _crossed(crossed: Crossed) -> dict[str, Any]:
    return {
        "from_zone": crossed.from_zone,
        "into_zone": crossed.into_zone,
        "firewall": crossed.firewall,
        "by": crossed.by,
        "rule": crossed.rule,
        "label": crossed.label or None,
        "at": place(crossed.span),
    }
