"""Runs to write in every format: what came of a design whose times are nought, and outcomes of every kind, made up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from policy.checking import check
from policy.report.files import Files
from policy.report.outcome import Report, Result
from policy.report.run import Run
from policy.report.text import Look
from policy.text.diagnostic import Diagnostic
from policy.text.source import Source, Span

HERE = Path(__file__).parent
NAMES = ("text", "concise", "json", "jsonl", "sarif", "junit", "github", "gitlab", "markdown")


def run(reports: Sequence[Report], here: str = str(HERE), verbose: bool = False) -> Run:
    """A run in that directory, which names of files count from."""
    return Run(reports, "1.2.3", Files(here, here), Look(verbose=verbose))


def timeless(report: Report) -> Report:
    """The same as if it had taken no time."""
    return replace(report, results=tuple(replace(result, milliseconds=0.0) for result in report.results))


@cache
def checked(name: str) -> Report:
    """What came of a design beside this module, which goes by its bare name."""
    return timeless(renamed(check(HERE / name), str(HERE / name), name))


def renamed(report: Report, old: str, new: str) -> Report:
    """The report with another name of a file wherever it names it."""

    def changed(value: object) -> object:
        if isinstance(value, str):
            return value.replace(old, new)
        if isinstance(value, Span):
            return replace(value, file=value.file.replace(old, new))
        if isinstance(value, tuple):
            return tuple(changed(item) for item in value)
        if hasattr(value, "__dataclass_fields__") and not isinstance(value, Source):
            names = value.__dataclass_fields__
            return replace(value, **{name: changed(getattr(value, name)) for name in names})  # type: ignore[type-var]
        return value

    sources = {changed(name): replace(source, name=changed(source.name)) for name, source in report.sources.items()}
    return replace(changed(replace(report, sources={})), sources=sources)  # type: ignore[type-var, return-value]


def faulty() -> Report:
    """A design with faults, one of which points at another place, and one at a file that is not there."""
    source = Source.of("faulty.policy", "option a\nassume a\nassume not a\n")
    first, last = Span("faulty.policy", 2, 1, 2, 9), Span("faulty.policy", 3, 1, 3, 13)
    faults = (
        Diagnostic("E040", "no choice satisfies these", "faulty.policy", last, "contradicts", "", (("and", first),)),
        Diagnostic("E002", "there is no file", "sub/missing.policy", hint="look again"),
    )
    return Report("faulty.policy", "Faulty", {"faulty.policy": source}, faults)


def odd() -> Report:
    """A design of which one invariant is unknown, one refused, and two are as bad as they should be."""
    span = Span("odd.policy", 1, 1, 1, 4)
    results = (
        Result("slow", "takes long", span, "proved", "unknown", 1.0, "the budget ran out"),
        Result("wrong", "", span, "proved", "refused", 1.0, "the check refuses the evidence"),
        Result("empty", "", span, "vacuous", "vacuous", 1.0, "its source is empty"),
        Result("plain", "", None, "proved", "proved", 1.0),
    )
    names = tuple(result.name for result in results)
    return Report("odd.policy", "", {"odd.policy": Source.of("odd.policy", "odd\n")}, (), names, results)


def broken() -> Report:
    """A design on which bartizan itself failed."""
    return Report("broken.policy", bug="reading the design failed: KeyError")


def everything() -> list[Report]:
    """Reports with every kind of outcome."""
    return [checked("small.policy"), checked("flawed.policy"), faulty(), odd(), broken()]
