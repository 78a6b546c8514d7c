"""Reports as a person reads them: faults, a table for every design, a counterexample for every violation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import click
from tabulate import tabulate

from policy.report.bug import PLEA
from policy.report.outcome import Crossed, End, Hop, Report, Result, Told, Violation
from policy.text.asked import QUERY
from policy.text.diagnostic import Diagnostic, render, snippet, visible
from policy.text.source import Source, Span

LEAST_NOTE = 24  # columns that a note in the table gets, however narrow the terminal


@dataclass(frozen=True, slots=True)
class Look:
    """How to write: columns, whether in colour, whether expected violations are told in full."""

    width: int = 100
    colour: bool = False
    verbose: bool = False

    def paint(self, text: str, colour: str | None, bold: bool = False) -> str:
        """The text in a colour, where colours are wanted."""
        return click.style(text, fg=colour, bold=bold or None) if self.colour else text


def rendered(reports: Sequence[Report], look: Look) -> str:
    """All reports of a run and a last line that sums them up."""
    sources = {name: source for report in reports for name, source in report.sources.items()}
    faults = sorted({f for report in reports for f in report.faults}, key=lambda f: (f.place, f.code, f.message))
    blocks = [_coloured(render(fault, sources), look) for fault in faults]
    for report in reports:
        blocks += _of_one(report, look)
    return "\n\n".join([*blocks, summary(reports)]) + "\n"


def answered(report: Report, look: Look) -> str:
    """The answer to one claim that was asked of a design: the verdict, and what there is to say of it; or faults."""
    blocks = [_coloured(render(fault, report.sources), look) for fault in report.faults]
    if report.bug:
        blocks.append(_bug(report, look))
    for result in report.results:
        word = _painted(result.verdict.upper(), result, look)
        note = f": {visible(result.note)}" if result.note and result.as_expected else ""
        blocks.append(f"{word}{note} ({result.milliseconds:.0f} ms)")
        blocks += [] if result.as_expected else [_coloured("\n".join(_told(result, report.sources, look)), look)]
    return "\n\n".join(blocks) + "\n"


def told(violation: Violation, look: Look) -> str:
    """The world, the failures and the path of a violation."""
    return "\n".join(_violation(violation, look))


def faulty(faults: Iterable[Diagnostic], sources: Mapping[str, Source], look: Look) -> str:
    """The faults of a design."""
    return "\n\n".join(_coloured(render(fault, sources), look) for fault in faults) + "\n"


def summary(reports: Sequence[Report]) -> str:
    """How many designs were checked, and how many invariants came out how."""
    counts = Counter(_kind(result) for report in reports for result in report.results)
    faulty, bugs = sum(bool(r.faults) for r in reports), sum(bool(r.bug) for r in reports)
    parts = [f"{counts[kind]} {kind}" for kind in KINDS if counts[kind]]
    parts += [f"{_files(faulty)} not proved for faults"] if faulty else []
    parts += [f"{_files(bugs)} not read for a bug"] if bugs else []
    return f"checked {_files(len(reports))}: {', '.join(parts) or 'no invariants'}"


KINDS = (
    "proved", "violated as expected", "vacuous as expected", "violated", "vacuous", "proved against expectation",
    "unknown", "refused",
)  # fmt: skip


def _kind(result: Result) -> str:
    if result.verdict == "proved":
        return "proved" if result.as_expected else "proved against expectation"
    return f"{result.verdict} as expected" if result.as_expected else result.verdict


def _files(number: int) -> str:
    return f"{number} file" if number == 1 else f"{number} files"


def _of_one(report: Report, look: Look) -> Iterator[str]:
    if report.bug:
        yield _bug(report, look)
    if report.faults or report.bug:
        return
    title = f"  {visible(report.title)}" if report.title else ""
    yield look.paint(visible(report.file), None, bold=True) + title + "\n" + _table(report, look)
    for result in report.results:
        if not result.as_expected or (look.verbose and result.violation is not None):
            yield _coloured("\n".join(_told(result, report.sources, look)), look)


def _bug(report: Report, look: Look) -> str:
    return _coloured(f"error[V005]: {visible(report.bug)}\n  --> {visible(report.file)}\n   {PLEA}", look)


# ---------------------------------------------------------------- the table


def _table(report: Report, look: Look) -> str:
    if not report.results:
        return "no invariants" if not report.declared else "none of its invariants was asked for"
    rows = [[visible(r.name), _verdict(r), f"{r.milliseconds:.0f} ms"] for r in report.results]
    notes = [visible(r.note) if r.as_expected else "" for r in report.results]
    heads = ["invariant", "verdict", "time"]
    used = sum(max(len(row[i]) for row in [heads, *rows]) + 2 for i in range(3))
    for row, result in zip(rows, report.results, strict=True):
        row[1] = _painted(row[1], result, look)
    if not any(notes):
        return _tabulated(rows, heads, None)
    rows = [[*row, note] for row, note in zip(rows, notes, strict=True)]
    return _tabulated(rows, [*heads, "note"], [None, None, None, max(LEAST_NOTE, look.width - used)])


def _tabulated(rows: list[list[str]], heads: list[str], widest: list[int | None] | None) -> str:
    aligned = ["left", "left", "right", "left"][: len(heads)]
    table = tabulate(
        rows, heads, "simple", disable_numparse=True, colalign=aligned, maxcolwidths=widest, preserve_whitespace=False
    )
    return "\n".join(line.rstrip() for line in table.splitlines())


def _verdict(result: Result) -> str:
    word = result.verdict.upper()
    if result.expected == "proved":
        return word
    return f"{word} (expected)" if result.as_expected else f"{word} (expected {result.expected})"


def _painted(word: str, result: Result, look: Look) -> str:
    colour = "green" if result.as_expected else "yellow" if result.verdict == "unknown" else "red"
    return look.paint(word, colour)


# ---------------------------------------------------------------- one invariant

INDENT, LABEL = 3, 15


def _told(result: Result, sources: Mapping[str, Source], look: Look) -> Iterator[str]:
    """The lines about a result that is not as expected, or about an expected violation."""
    violation = result.violation
    span, label = (violation.culprit, violation.label) if violation else (result.span, _label(result))
    head = f"error[{result.code}]" if result.code else "expected[V001]"
    yield f"{head}: {_headline(result)}"
    if span is not None:
        yield f"  --> {visible(str(span))}"
        yield from snippet(span, sources, visible(label))
    if violation is not None:
        yield from _violation(violation, look)
    if hint := violation.help if violation else _hint(result):
        yield from folded("help:", hint.split(" "), look, 6, " ")


def _headline(result: Result) -> str:
    name = "the claim" if result.name == QUERY else f"invariant `{visible(result.name)}`"
    about = f" ({visible(result.about)})" if result.about else ""
    match result.code:
        case "V002":
            return f"{name} is vacuous: {visible(result.note)}{about}"
        case "V003":
            return f"{name} is proved, but it says that it is {result.expected}{about}"
        case "V004":
            return f"{name} has no verdict: {visible(result.note)}{about}"
        case "V005":
            return f"{name} has no verdict: {visible(result.note)}"
    return f"{name} is violated{about}"


def _label(result: Result) -> str:
    return {"V002": "speaks of nothing", "V003": "holds"}.get(result.code or "", "")


def _hint(result: Result) -> str:
    return {
        "V003": f"take `expect {result.expected}` away, or find out what became better than it was meant to be",
        "V004": "unknown is never a pass; try a larger --budget",
        "V005": PLEA,
    }.get(result.code or "", "")


def _violation(violation: Violation, look: Look) -> Iterator[str]:
    if violation.world:
        matter = [visible(choice.words) for choice in violation.world if choice.matters]
        yield from folded("in the world" if matter else "in every world", matter, look)
    if violation.failures:
        yield from folded("while", [f"{visible(name)} is {effect}" for name, effect in violation.failures], look)
    if violation.start is not None:
        yield from _path(violation, look)
    for told in violation.facts:
        yield from _fact(told, look)


def folded(label: str, items: Sequence[str], look: Look, width: int = LABEL, between: str = ", ") -> Iterator[str]:
    """The label and the items, on as many lines as they need; no item is ever cut."""
    margin, line = " " * INDENT + label.ljust(width), ""
    for i, item in enumerate(items):
        piece = item + (between.rstrip() if i < len(items) - 1 else "")
        if line and len(margin) + len(line) + 1 + len(piece) > look.width:
            yield (margin + line).rstrip()
            margin, line = " " * (INDENT + width), ""
        line += (" " if line else "") + piece
    yield (margin + line).rstrip()


def _fact(told: Told, look: Look) -> Iterator[str]:
    places = dict.fromkeys(f"({_place(span)})" for span in told.spans)
    yield from folded("because", [*visible(told.words).split(" "), *places], look, between=" ")


# ---------------------------------------------------------------- the path


def _path(violation: Violation, look: Look) -> Iterator[str]:
    first = "connection" if violation.noun == "connection" else f"this {violation.noun}"
    margin = " " * INDENT + first.ljust(LABEL)
    if not violation.steps and violation.start is not None:
        words = f"none is needed: {_end(violation.start)} is at both ends"
        yield from folded(first, words.split(" "), look, between=" ")
        return
    rows = [(_ends(hop), _packet(hop), _ways(hop)) for hop in violation.steps]
    for line in _side_by_side(rows, len(margin), look) or _stacked(rows):
        yield margin + line
        margin = " " * len(margin)


Row = tuple[str, str, list[tuple[str, str]]]  # from and to, packet, (how, where that is written)


def _side_by_side(rows: Sequence[Row], margin: int, look: Look) -> list[str]:
    """A line for each thing that is crossed, in columns; nothing when that is too wide."""
    ends, packet = max(len(row[0]) for row in rows), max(len(row[1]) for row in rows)
    how = max(len(way[0]) for row in rows for way in row[2])
    lines: list[str] = []
    for number, row in enumerate(rows, 1):
        start = f"{number:>{len(str(len(rows)))}}  {row[0]:<{ends}}  {row[1]:<{packet}}  "
        for way, place in row[2]:
            lines.append(f"{start}{way:<{how}}  {place}".rstrip())
            start = " " * len(start)
    return lines if all(margin + len(line) <= look.width for line in lines) else []


def _stacked(rows: Sequence[Row]) -> list[str]:
    lines: list[str] = []
    for number, row in enumerate(rows, 1):
        start = f"{number:>{len(str(len(rows)))}}  "
        lines.append(f"{start}{row[0]}  {row[1]}")
        lines += [f"{' ' * len(start)}  {way}  {place}".rstrip() for way, place in row[2]]
    return lines


def _ends(hop: Hop) -> str:
    return f"{_end(hop.source)} -> {_end(hop.target)}"


def _end(end: End) -> str:
    return visible(end.words + (f" ({', '.join(end.components)})" if end.components else ""))


def _packet(hop: Hop) -> str:
    return hop.protocol if hop.port is None else f"{hop.protocol} {hop.port}"


def _ways(hop: Hop) -> list[tuple[str, str]]:
    ways = []
    if hop.relay is not None:
        verb = "publishes" if hop.relay.sort == "firewall" else "relays"
        ways.append((f"{hop.relay.words} {verb} it", _place(hop.relay.span)))
    ways += [(_way(crossed), _place(crossed.span)) for crossed in hop.crossings] or [("same zone", "")]
    return [*ways, (f"with an account of {visible(hop.account)}", "")] if hop.account else ways


def _way(crossed: Crossed) -> str:
    if crossed.firewall is None:
        return "link"
    told = {
        "rule": f"rule `{visible(crossed.label)}`" if crossed.label else f"rule {crossed.rule}",
        "default": "default",
        "bypassed": "is bypassed",
        "own packet": "sends it itself",
    }
    return f"{crossed.firewall} {told[crossed.by]}"


def _place(span: Span | None) -> str:
    return visible(f"{span.file}:{span.line}") if span else ""


# ---------------------------------------------------------------- colour


def _coloured(block: str, look: Look) -> str:
    """The block with its first line and the marks under the text in colour."""
    if not look.colour:
        return block
    head, *rest = block.split("\n")
    colour = "red" if head.startswith("error") else "cyan"
    code, colon, message = head.partition(":")
    first = look.paint(code, colour, bold=True) + colon + message
    return "\n".join([first, *(_marked(line, colour, look) for line in rest)])


def _marked(line: str, colour: str, look: Look) -> str:
    before, bar, after = line.partition(" | ")
    if bar and not before.strip() and after.lstrip().startswith("^"):
        return before + bar + look.paint(after, colour)
    return look.paint(line, "blue") if line.startswith("  --> ") else line
