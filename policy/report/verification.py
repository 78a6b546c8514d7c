"""What came of verifying evidence about a design: a finding for every evidence file and for every invariant without
one, as text and as JSON.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tabulate import tabulate

from policy.report.evidence import Verdict
from policy.report.json import faults_and_sources, heading
from policy.report.outcome import ALL_WELL, FAULTY, NOT_AS_EXPECTED, REFUSED, gravest
from policy.report.text import Look, folded
from policy.text.diagnostic import Diagnostic, render, visible
from policy.text.source import Source

Outcome = Literal["verified", "refused", "malformed", "stale", "missing"]
CODES: Mapping[Outcome, int] = {
    "verified": ALL_WELL, "refused": REFUSED, "malformed": FAULTY, "stale": FAULTY, "missing": FAULTY,
}  # fmt: skip
ABSENT = ("missing", "stale")  # outcomes that tend to strike all invariants at once
UNCOVERED = (
    "that an invariant that holds is PROVED rather than VACUOUS",
    "that the assumptions of the design do not contradict each other",
    "that no host or component stands in two places in one world",
    "that a counterexample has the fewest failures possible and is a shortest",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One evidence file, or (`missing`) an invariant without one. `invariant` is "" where a file does not say;
    `verdict` is what the file says, None without one that can be read. `expected` is what the design says."""

    outcome: Outcome
    invariant: str = ""
    expected: Verdict | None = None
    verdict: Verdict | None = None
    file: str = ""
    reason: str = ""

    @property
    def as_expected(self) -> bool:
        """Whether it is verified that the invariant has the verdict that it should have."""
        return self.outcome == "verified" and self.verdict == self.expected

    @property
    def exit_code(self) -> int:
        """Its part in the exit code."""
        unexpected = self.outcome == "verified" and not self.as_expected
        return NOT_AS_EXPECTED if unexpected else CODES[self.outcome]


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of a design. `unasked` are its invariants that the one evidence file that was given is not about;
    `others` counts files about other designs, or about texts of this one for which there is a fresh file."""

    file: str
    title: str = ""
    sources: Mapping[str, Source] = field(default_factory=dict)
    faults: tuple[Diagnostic, ...] = ()
    findings: tuple[Finding, ...] = ()
    unasked: tuple[str, ...] = ()
    others: int = 0

    @property
    def exit_code(self) -> int:
        """4 for refused evidence, 2 for faults and for evidence that is missing, stale or malformed, 1 for a verdict
        that is not the expected one."""
        own = (FAULTY,) if self.faults else ()
        return gravest((*own, *(finding.exit_code for finding in self.findings)))


# ---------------------------------------------------------------- text


def rendered(found: Verification, look: Look) -> str:
    """For a person: the faults of the design, or a table, what is wrong, and what was not verified."""
    if found.faults:
        return "\n\n".join(render(fault, found.sources) for fault in found.faults) + "\n"
    title = f"  {visible(found.title)}" if found.title else ""
    blocks = [look.paint(visible(found.file), None, bold=True) + title + "\n" + _table(found, look)]
    blocks += list(_complaints(found, look))
    return "\n\n".join([*blocks, "\n".join(_end(found, look))]) + "\n"


def _table(found: Verification, look: Look) -> str:
    rows = [_row(finding, look) for finding in found.findings if finding.invariant]
    if not rows:
        return "no invariants" if not found.findings else "no evidence that can be read"
    table = tabulate(rows, ["invariant", "verdict", "evidence"], "simple", disable_numparse=True)
    return "\n".join(line.rstrip() for line in table.splitlines())


def _row(finding: Finding, look: Look) -> tuple[str, str, str]:
    said = finding.verdict.upper() if finding.verdict else "none"
    if finding.expected not in ("proved", None):
        said += " (expected)" if finding.verdict == finding.expected else f" (expected {finding.expected})"
    colour = "green" if finding.as_expected else "red"
    return visible(finding.invariant), said, look.paint(finding.outcome, colour)


def _complaints(found: Verification, look: Look) -> Iterator[str]:
    """One for each that is not as expected; but one for all that are missing, or stale for the same reason."""
    alike: Counter[tuple[str, str]] = Counter((f.outcome, f.reason) for f in found.findings if f.outcome in ABSENT)
    for finding in found.findings:
        number = alike.pop((finding.outcome, finding.reason), 0)
        if number > 1:
            lack = "there is no evidence for" if finding.outcome == "missing" else "stale is the evidence for"
            reason = f"\n   {visible(finding.reason)}" if finding.reason else ""
            yield look.paint("error", "red", bold=True) + f": {lack} {number} invariants{reason}"
        elif number == 1 or (finding.outcome not in ABSENT and not finding.as_expected):
            yield _complaint(finding, look)


def _complaint(finding: Finding, look: Look) -> str:
    name, file = f"invariant `{visible(finding.invariant)}`", visible(finding.file)
    told = {
        "verified": f"{name} is {finding.verdict}, and should be {finding.expected}",
        "refused": f"the evidence that {name} is {finding.verdict} is refused",
        "malformed": "this is no evidence that can be checked",
        "stale": f"the evidence for {name} is stale",
        "missing": f"there is no evidence for {name}",
    }[finding.outcome]
    where = f"\n  --> {file}" if finding.file else ""
    reason = f"\n   {visible(finding.reason)}" if finding.reason else ""
    return look.paint("error", "red", bold=True) + f": {told}{where}{reason}"


def _end(found: Verification, look: Look) -> Iterator[str]:
    counts = Counter(_kind(finding) for finding in found.findings)
    told = ", ".join(f"{number} {kind}" for kind, number in counts.items())
    yield f"checked without a solver: {told or 'nothing'}"
    if found.unasked:
        yield from folded("not asked:", [visible(name) for name in found.unasked], look)
    if found.others:
        yield f"passed over: {found.others} evidence file{'s' if found.others > 1 else ''} for other designs or texts"
    yield from folded("not covered:", "; ".join(UNCOVERED).split(" "), look, between=" ")


def _kind(finding: Finding) -> str:
    if finding.outcome != "verified":
        return finding.outcome
    against = "" if finding.as_expected else " against expectation"
    return f"{finding.verdict}{' as expected' if finding.as_expected and finding.verdict != 'proved' else against}"


# ---------------------------------------------------------------- JSON


def document(found: Verification, version: str) -> dict[str, Any]:
    """For a program; obeys the published schema."""
    return {
        **heading(version, found.exit_code),
        "verification": {
            "file": found.file,
            "title": found.title,
            **faults_and_sources(found.sources, found.faults),
            "findings": [_finding(finding) for finding in found.findings],
            "unasked": list(found.unasked),
            "others": found.others,
            "not_covered": list(UNCOVERED),
        },
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "invariant": finding.invariant or None,
        "expected": finding.expected,
        "verdict": finding.verdict,
        "outcome": finding.outcome,
        "as_expected": finding.as_expected,
        "evidence": finding.file or None,
        "reason": finding.reason or None,
    }
