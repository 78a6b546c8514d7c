"""A run as formats are given it: the reports, and all else that they may show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from policy.report.files import Files
from policy.report.findings import Finding, findings
from policy.report.fingerprint import digest
from policy.report.outcome import Report, exit_code
from policy.report.text import Look
from policy.text.source import Source


@dataclass(frozen=True)
class Run:
    """`version` is the tool's. `look` is for formats that people read as they are."""

    reports: Sequence[Report]
    version: str
    files: Files
    look: Look

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that was found, in an order that is the same on every run."""
        return findings(self.reports, Look())

    @cached_property
    def errors(self) -> tuple[Finding, ...]:
        """What keeps the run from passing."""
        return tuple(found for found in self.findings if found.level == "error")

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """All files that were read."""
        return {name: source for report in self.reports for name, source in report.sources.items()}

    @cached_property
    def exit_code(self) -> int:
        """What the run exits with."""
        return exit_code(self.reports)

    @cached_property
    def fingerprints(self) -> Mapping[int, str]:
        """For every finding, by its place in the list, what tells it from all others and stays when lines move."""
        seen: Counter[str] = Counter()
        found: dict[int, str] = {}
        for i, each in enumerate(self.findings):
            plain = digest(self.files.stable(each.file if each.fault else each.design), each.code, each.identity)
            found[i] = digest(plain, seen[plain]) if seen[plain] else plain
            seen[plain] += 1
        return found
