"""What came of a design: faults, or a result for every invariant, with all that text and JSON tell of it.

Names are full names; `words` beside them are what a reader is shown (the shortest name that is clear). Places are spans
of the text, None for what was written nowhere.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from policy.text.diagnostic import Diagnostic
from policy.text.source import Source, Span

Key = tuple[Hashable, ...]
Origins = Mapping[Key, Span]  # where each thing of a model is written
Verdict = Literal["proved", "violated", "vacuous", "unknown", "refused"]
Code = Literal["V001", "V002", "V003", "V004", "V005"]

CODES: Mapping[Code, str] = {
    "V001": "an invariant is violated",
    "V002": "an invariant is vacuous: it holds, but speaks of nothing",
    "V003": "an invariant was expected to be violated or vacuous and is not",
    "V004": "the budget ran out before there was a verdict",
    "V005": "a bug of bartizan: evidence that its own check refuses, or a failure of the search",
}

ALL_WELL, NOT_AS_EXPECTED, FAULTY, UNKNOWN, REFUSED = 0, 1, 2, 3, 4
PRECEDENCE = (REFUSED, FAULTY, NOT_AS_EXPECTED, UNKNOWN, ALL_WELL)


@dataclass(frozen=True, slots=True)
class End:
    """An endpoint; `components` are those on it that the claim names."""

    sort: Literal["host", "firewall", "someone"]
    name: str
    words: str
    address: str | None = None
    components: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Crossed:
    """One step of a chain of zones; `firewall` is None for a link. `rule` counts from 1."""

    from_zone: str
    into_zone: str
    firewall: str | None
    by: Literal["rule", "default", "bypassed", "own packet", "link"]
    rule: int | None = None
    label: str = ""
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Relayed:
    """What passes a connection on: a host or component that relays, a firewall that publishes."""

    sort: Literal["host", "component", "firewall"]
    name: str
    words: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Hop:
    """One connection of a path; `service` is the narrowest service that holds its packet, or "". `account` names the
    domain of the account that an attack shows to its target, or is ""."""

    source: End
    target: End
    protocol: str
    port: int | None
    service: str
    crossings: tuple[Crossed, ...] = ()
    relay: Relayed | None = None
    account: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """An option and its value in the world of a violation; `matters`: the violation depends on it."""

    option: str
    value: str
    words: str
    matters: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A fact that breaks a claim, in words, with the names of what it is about and where that is written."""

    words: str
    subject: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Violation:
    """How a claim fails. `culprit` is the part of its text to look at, `label` what is wrong with it. `start` is set
    where there is a path, also for the path of no step; `noun` says what it is. `failing` are the failures in words."""

    culprit: Span | None
    label: str
    world: tuple[Choice, ...] = ()
    failures: tuple[tuple[str, str], ...] = ()
    noun: Literal["path", "attack", "connection"] = "path"
    start: End | None = None
    steps: tuple[Hop, ...] = ()
    facts: tuple[Told, ...] = ()
    help: str = ""
    failing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one invariant. `note` is a remark on the verdict, or the reason for "refused". `evidence` is, where
    it was asked for and there is any, what the verdict rests on, as a JSON value by `policy.core.codec`."""

    name: str
    about: str
    span: Span | None
    expected: Literal["proved", "violated", "vacuous"]
    verdict: Verdict
    milliseconds: float
    note: str = ""
    violation: Violation | None = None
    evidence: Any = field(default=None, repr=False)

    @property
    def as_expected(self) -> bool:
        """Whether the verdict is the one that the design says."""
        return self.verdict == self.expected

    @property
    def code(self) -> Code | None:
        """What is wrong, by the catalogue; None when it is as expected."""
        if self.as_expected:
            return None
        codes: dict[Verdict, Code] = {
            "refused": "V005", "unknown": "V004", "proved": "V003", "violated": "V001", "vacuous": "V002",
        }  # fmt: skip
        return codes[self.verdict]

    @property
    def exit_code(self) -> int:
        """Its part in the exit code of the run."""
        if self.verdict in ("refused", "unknown"):
            return REFUSED if self.verdict == "refused" else UNKNOWN
        return ALL_WELL if self.as_expected else NOT_AS_EXPECTED


@dataclass(frozen=True, slots=True)
class Report:
    """What came of one design: `file` is the name it goes by, `sources` all files read for it. Where there are faults,
    nothing was proved. `declared` names all invariants of the design, also those that were not asked for. `bug` says
    what went wrong in bartizan itself before any invariant was tried."""

    file: str
    title: str = ""
    sources: Mapping[str, Source] = field(default_factory=dict)
    faults: tuple[Diagnostic, ...] = ()
    declared: tuple[str, ...] = ()
    results: tuple[Result, ...] = ()
    bug: str = ""

    @property
    def exit_code(self) -> int:
        """What a run on this design alone exits with."""
        own = (REFUSED,) if self.bug else (FAULTY,) if self.faults else ()
        return gravest((*own, *(result.exit_code for result in self.results)))

    @property
    def ok(self) -> bool:
        """Whether every invariant has the verdict that it should have."""
        return self.exit_code == ALL_WELL


def gravest(codes: Iterable[int]) -> int:
    """The exit code that takes precedence: 4, then 2, 1, 3, 0."""
    return min(codes, key=PRECEDENCE.index, default=ALL_WELL)


def exit_code(reports: Iterable[Report]) -> int:
    """The exit code of a run."""
    return gravest(report.exit_code for report in reports)
