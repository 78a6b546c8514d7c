"""Reports as a person reads them: faults, a table for every design, a counterexample for every violation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import click
from tabulate import tabulate

from policy.report.bug import PLEA
from policy.report.outcome import Report, Result, Told, Violation
from policy.report.sentences import culprit, ends, headline, hint, no_hop, packet, summary, verdict, ways
from policy.text.diagnostic import Diagnostic, disarmed, render, snippet, visible
from policy.text.source import Source, Span

LEAST_NOTE = 24  # columns that a note in the table gets, however narrow the terminal


SEVERITIES = {"error": "red", "warning": "yellow"}  # the colours of messages; others are cyan


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
    blocks = [message(fault, sources, look) for fault in faults]
    for report in reports:
        blocks += _of_one(report, look)
    return disarmed("\n\n".join([*blocks, summary(reports)]) + "\n")


def answered(report: Report, look: Look) -> str:
    """The answer to one claim that was asked of a design: the verdict, and what there is to say of it; or faults."""
    blocks = [message(fault, report.sources, look) for fault in report.faults]
    if report.bug:
        blocks.append(_bug(report, look))
    for result in report.results:
        word = _painted(result.verdict.upper(), result, look)
        note = f": {visible(result.note)}" if result.note and result.as_expected else ""
        blocks.append(f"{word}{note} ({result.milliseconds:.0f} ms)")
        blocks += [] if result.as_expected else [_coloured("\n".join(_told(result, report.sources, look)), look)]
    return disarmed("\n\n".join(blocks) + "\n")


def told(violation: Violation, look: Look) -> str:
    """The world, the failures and the path of a violation."""
    return "\n".join(_violation(violation, look))


def faulty(faults: Iterable[Diagnostic], sources: Mapping[str, Source], look: Look) -> str:
    """The faults of a design."""
    return disarmed("\n\n".join(message(fault, sources, look) for fault in faults) + "\n")


def message(fault: Diagnostic, sources: Mapping[str, Source], look: Look, severity: str = "error") -> str:
    """One message with its place."""
    return _coloured(render(fault, sources, severity), look)


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
    rows = [[visible(r.name), verdict(r), f"{r.milliseconds:.0f} ms"] for r in report.results]
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


def _painted(word: str, result: Result, look: Look) -> str:
    colour = "green" if result.as_expected else "yellow" if result.verdict == "unknown" else "red"
    return look.paint(word, colour)


# ---------------------------------------------------------------- one invariant

INDENT, LABEL = 3, 15


def _told(result: Result, sources: Mapping[str, Source], look: Look) -> Iterator[str]:
    """The lines about a result that is not as expected, or about an expected violation."""
    head = f"error[{result.code}]" if result.code else "expected[V001]"
    yield f"{head}: {headline(result)}"
    yield from shown(result, sources)
    yield from story(result, look)


def shown(result: Result, sources: Mapping[str, Source]) -> Iterator[str]:
    """The place to look at, with its line."""
    span, label = culprit(result)
    if span is not None:
        yield f"  --> {visible(str(span))}"
        yield from snippet(span, sources, label)


def story(result: Result, look: Look) -> Iterator[str]:
    """The counterexample, where there is one, and what to do."""
    if result.violation is not None:
        yield from _violation(result.violation, look)
    if advice := hint(result):
        yield from folded("help:", advice.split(" "), look, 6, " ")


def _violation(violation: Violation, look: Look) -> Iterator[str]:
    if violation.world:
        matter = [visible(choice.words) for choice in violation.world if choice.matters]
        yield from folded("in the world" if matter else "in every world", matter, look)
    if violation.failing:
        yield from folded("while", [visible(words) for words in violation.failing], look)
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
        yield from folded(first, no_hop(violation.start).split(" "), look, between=" ")
        return
    rows = [(ends(hop), packet(hop), [(way, _place(at)) for way, at in ways(hop)]) for hop in violation.steps]
    for line in _side_by_side(rows, len(margin), look) or _stacked(rows):
        yield margin + line
        margin = " " * len(margin)


Row = tuple[str, str, list[tuple[str, str]]]  # from and to, packet, (how, where that is written)


def _side_by_side(rows: Sequence[Row], margin: int, look: Look) -> list[str]:
    """A line for each thing that is crossed, in columns; nothing when that is too wide."""
    wide, middle = max(len(row[0]) for row in rows), max(len(row[1]) for row in rows)
    how = max(len(way[0]) for row in rows for way in row[2])
    lines: list[str] = []
    for number, row in enumerate(rows, 1):
        start = f"{number:>{len(str(len(rows)))}}  {row[0]:<{wide}}  {row[1]:<{middle}}  "
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


def _place(span: Span | None) -> str:
    return visible(f"{span.file}:{span.line}") if span else ""


# ---------------------------------------------------------------- colour


def _coloured(block: str, look: Look) -> str:
    """The block with its first line and the marks under the text in colour."""
    if not look.colour:
        return block
    head, *rest = block.split("\n")
    colour = next((colour for word, colour in SEVERITIES.items() if head.startswith(word)), "cyan")
    code, colon, message = head.partition(":")
    first = look.paint(code, colour, bold=True) + colon + message
    return "\n".join([first, *(_marked(line, colour, look) for line in rest)])


def _marked(line: str, colour: str, look: Look) -> str:
    before, bar, after = line.partition(" | ")
    if bar and not before.strip() and after.lstrip().startswith("^"):
        return before + bar + look.paint(after, colour)
    return look.paint(line, "blue") if line.startswith("  --> ") else line
