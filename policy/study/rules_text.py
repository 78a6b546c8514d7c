"""Findings about rules as messages with places, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from policy.report import json
from policy.report.text import Look, message
from policy.report.words import Words
from policy.study.design import Design
from policy.study.rules import Finding, Kind
from policy.text.diagnostic import Diagnostic
from policy.text.source import Span

Severity = Literal["off", "note", "warning", "error"]
SEVERITIES: tuple[Severity, ...] = ("off", "note", "warning", "error")

CODES: Mapping[Kind, str] = {
    "contradicting": "R001", "empty": "R002", "shadowed": "R003", "redundant": "R004", "overridden": "R005",
    "unused": "R006",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A design with the findings about its rules."""

    design: Design
    findings: tuple[Finding, ...]


def rendered(reviewed: Sequence[Reviewed], severities: Mapping[Kind, Severity], look: Look) -> str:
    """A message for every finding that is not off, and a last line that counts them."""
    blocks: list[str] = []
    for each in reviewed:
        shown = [f for f in each.findings if severities[f.kind] != "off"]
        blocks += [message(told(each.design, f), each.design.sources, look, severities[f.kind]) for f in shown]
    counts = Counter(f.kind for each in reviewed for f in each.findings if severities[f.kind] != "off")
    rules = sum(len(firewall.rules) for each in reviewed for firewall in each.design.model.firewalls.values())
    kinds = ", ".join(f"{counts[kind]} {kind}" for kind in CODES if counts[kind])
    return "\n\n".join([*blocks, f"{rules} {'rule' if rules == 1 else 'rules'}: {kinds or 'nothing odd'}"]) + "\n"


def told(design: Design, finding: Finding) -> Diagnostic:
    """The finding as a message at the rule, with notes at the rules and assumptions that it names."""
    span = _place(design, finding, finding.rule)
    words, label = _words(design, finding)
    notes = [(_name(design, finding, i), _place(design, finding, i)) for i in finding.by]
    notes += [("this assumption", design.origins.get(("assume", i))) for i in finding.assumptions]
    file = span.file if span else design.name
    kept = tuple((text, place) for text, place in notes if place is not None)
    return Diagnostic(CODES[finding.kind], words, file, span, label, "", kept)


def _place(design: Design, finding: Finding, rule: int) -> Span | None:
    return design.origins.get(("rule", finding.firewall, rule))


def _name(design: Design, finding: Finding, i: int) -> str:
    label = design.model.firewalls[finding.firewall].rules[i].label
    return f"rule `{label}`" if label else f"rule {i + 1}"


def _words(design: Design, finding: Finding) -> tuple[str, str]:
    """The message, and what is said at the rule itself."""
    firewall = design.model.firewalls[finding.firewall]
    rule = firewall.rules[finding.rule]
    name = f"{_name(design, finding, finding.rule)} of {Words(design.model).place(finding.firewall)}"
    others = ", ".join(_name(design, finding, i) for i in finding.by)
    does = "allows" if rule.allow else "denies"
    match finding.kind:
        case "contradicting":
            why = "the assumptions rule its condition out" if finding.assumptions else "its condition is never true"
            return f"{name} is never there", why
        case "empty":
            return f"{name} matches nothing", "no world has a source and a destination for it"
        case "shadowed":
            return f"{name} is shadowed by {others}", "decided before, and in part otherwise"
        case "redundant" if not finding.by:
            return f"{name} is redundant", f"the default {does} the same"
        case "redundant":
            later = all(i > finding.rule for i in finding.by)
            rest = " and the default" if later and firewall.default_allow == rule.allow else ""
            return f"{name} is redundant", f"{others}{rest} {'decide' if rest or finding.by[1:] else 'decides'} it so"
        case "overridden":
            return f"{name} is overridden in part by {others}", f"not all that it {does} gets here"
    return f"{name} is used by no possible connection", "nothing that may arrive is decided here"


def document(
    reviewed: Sequence[Reviewed], severities: Mapping[Kind, Severity], version: str, code: int
) -> dict[str, Any]:
    """The findings as plain values; rules count from 1, as in the text."""
    return {**json.heading(version, code), "reviews": [_review(each, severities) for each in reviewed]}


def _review(each: Reviewed, severities: Mapping[Kind, Severity]) -> dict[str, Any]:
    return {
        "file": each.design.name,
        "title": each.design.model.title,
        "sources": json.sources(each.design.sources),
        "findings": [_value(each.design, finding, severities[finding.kind]) for finding in each.findings],
    }


def _value(design: Design, finding: Finding, severity: Severity) -> dict[str, Any]:
    told_so = told(design, finding)
    return {
        "code": told_so.code,
        "kind": finding.kind,
        "severity": severity,
        "firewall": finding.firewall,
        "rule": _rule(design, finding, finding.rule),
        "by": [_rule(design, finding, i) for i in finding.by],
        "assumptions": [i + 1 for i in finding.assumptions],
        "message": f"{told_so.message}: {told_so.label}",
    }


def _rule(design: Design, finding: Finding, i: int) -> dict[str, Any]:
    label = design.model.firewalls[finding.firewall].rules[i].label
    return {"number": i + 1, "label": label, "at": json.place(_place(design, finding, i))}
