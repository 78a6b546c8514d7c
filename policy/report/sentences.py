"""What is said of a result, in plain words: verdict, headline, hint, and the hops of a path.

All that comes from a design has passed `visible`; places are left to whoever lays the words out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from policy.report.bug import PLEA
from policy.report.outcome import Crossed, End, Hop, Report, Result, Violation
from policy.text.asked import QUERY
from policy.text.diagnostic import visible
from policy.text.source import Span

KINDS = (
    "proved", "violated as expected", "vacuous as expected", "violated", "vacuous", "proved against expectation",
    "unknown", "refused",
)  # fmt: skip


def summary(reports: Sequence[Report]) -> str:
    """How many designs were checked, and how many invariants came out how."""
    counts = Counter(_kind(result) for report in reports for result in report.results)
    faulty, bugs = sum(bool(r.faults) for r in reports), sum(bool(r.bug) for r in reports)
    parts = [f"{counts[kind]} {kind}" for kind in KINDS if counts[kind]]
    parts += [f"{_files(faulty)} not proved for faults"] if faulty else []
    parts += [f"{_files(bugs)} not read for a bug"] if bugs else []
    return f"checked {_files(len(reports))}: {', '.join(parts) or 'no invariants'}"


def _kind(result: Result) -> str:
    if result.verdict == "proved":
        return "proved" if result.as_expected else "proved against expectation"
    return f"{result.verdict} as expected" if result.as_expected else result.verdict


def _files(number: int) -> str:
    return f"{number} file" if number == 1 else f"{number} files"


def verdict(result: Result) -> str:
    """The verdict with what was expected, where that is not a proof."""
    word = result.verdict.upper()
    if result.expected == "proved":
        return word
    return f"{word} (expected)" if result.as_expected else f"{word} (expected {result.expected})"


def headline(result: Result, expectation: bool = False) -> str:
    """One line on what came of the invariant; on demand it says that a verdict other than a proof is expected."""
    name = "the claim" if result.name == QUERY else f"invariant `{visible(result.name)}`"
    about = f" ({visible(result.about)})" if result.about else ""
    expected = ", as expected" if expectation and result.as_expected and result.verdict != "proved" else ""
    match result.code:
        case "V002":
            return f"{name} is vacuous: {visible(result.note)}{about}"
        case "V003":
            return f"{name} is proved, but it says that it is {result.expected}{about}"
        case "V004":
            return f"{name} has no verdict: {visible(result.note)}{about}"
        case "V005":
            return f"{name} has no verdict: {visible(result.note)}"
    return f"{name} is {result.verdict}{expected}{about}"


def culprit(result: Result) -> tuple[Span | None, str]:
    """The place to look at, and what is wrong with it."""
    if result.violation is not None:
        return result.violation.culprit, visible(result.violation.label)
    return result.span, {"V002": "speaks of nothing", "V003": "holds"}.get(result.code or "", "")


def hint(result: Result) -> str:
    """What to do about it; "" where there is nothing to say."""
    if result.violation is not None:
        return visible(result.violation.help)
    return {
        "V003": f"take `expect {result.expected}` away, or find out what became better than it was meant to be",
        "V004": "unknown is never a pass; try a larger --budget",
        "V005": PLEA,
    }.get(result.code or "", "")


# ---------------------------------------------------------------- the path


def trail(violation: Violation) -> str:
    """The ends of all hops in a row; "" where there is no path."""
    if violation.start is None or not violation.steps:
        return ""
    return " -> ".join(words(end) for end in (violation.start, *(hop.target for hop in violation.steps)))


def no_hop(start: End) -> str:
    """What the path of no step is."""
    return f"none is needed: {words(start)} is at both ends"


def words(end: End) -> str:
    """An endpoint, with its components that the claim names."""
    return visible(end.words + (f" ({', '.join(end.components)})" if end.components else ""))


def ends(hop: Hop) -> str:
    """From whom to whom."""
    return f"{words(hop.source)} -> {words(hop.target)}"


def packet(hop: Hop) -> str:
    """Protocol and port."""
    return hop.protocol if hop.port is None else f"{hop.protocol} {hop.port}"


def ways(hop: Hop) -> list[tuple[str, Span | None]]:
    """All that lets the hop happen, each with the place where that is written."""
    found: list[tuple[str, Span | None]] = []
    if hop.relay is not None:
        verb = "publishes" if hop.relay.sort == "firewall" else "relays"
        found.append((f"{visible(hop.relay.words)} {verb} it", hop.relay.span))
    found += [(_way(crossed), crossed.span) for crossed in hop.crossings] or [("same zone", None)]
    return [*found, (f"with an account of {visible(hop.account)}", None)] if hop.account else found


def _way(crossed: Crossed) -> str:
    if crossed.firewall is None:
        return "link"
    told = {
        "rule": f"rule `{visible(crossed.label)}`" if crossed.label else f"rule {crossed.rule}",
        "default": "default",
        "bypassed": "is bypassed",
        "own packet": "sends it itself",
    }
    return f"{visible(crossed.firewall)} {told[crossed.by]}"
