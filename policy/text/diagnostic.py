"""Faults of a design as values, their catalogue, and how they look."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from policy.text.source import Source, Span

CODES: dict[str, str] = {
    "E001": "the text is not in the language",
    "E002": "a file cannot be read",
    "E003": "a file is not UTF-8 text",
    "E004": "an expression is nested too deeply",
    "E005": "includes form a cycle",
    "E006": "a second title",
    "E010": "an unknown name",
    "E011": "a name that fits several things",
    "E012": "a name declared twice",
    "E013": "a name of the wrong sort",
    "E014": "a variable that hides a name",
    "E015": "a cycle of kinds or services",
    "E020": "a port or range of ports out of bounds",
    "E021": "a number out of bounds",
    "E022": "an address or network that is none",
    "E023": "networks or addresses that overlap",
    "E024": "an address in a rule that overlaps nothing declared",
    "E025": "a rule that splits the network of a host without an address",
    "E026": "networks of a domain that has zones",
    "E027": "an address outside the networks of its zone",
    "E030": "a host or component that stands nowhere",
    "E031": "a host or component that stands in two places",
    "E032": "`and` mixed with `or` in a placement",
    "E033": "a value given twice",
    "E034": "fewer than two zones joined",
    "E035": "a second default, label, or item of which there is one",
    "E036": "a condition on something that is not an option, or not true or false",
    "E037": "`within` on an attack",
    "E038": "a tier asked of a domain that has none",
    "E039": "a value that the option does not have",
    "E040": "assumptions that contradict each other",
}


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault. `span` is the culprit itself (None: the file as a whole); `notes` point at other places."""

    code: str
    message: str
    file: str
    span: Span | None = None
    label: str = ""
    hint: str = ""
    notes: tuple[tuple[str, Span], ...] = ()

    @property
    def place(self) -> tuple[str, int, int]:
        """What faults are sorted by."""
        return (self.file, self.span.line, self.span.column) if self.span else (self.file, 0, 0)


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that looks most like this one, or "" where none does; the same in other letters, if there is."""
    names = sorted(set(known))
    same = [other for other in names if other.lower() == name.lower()]
    close = same or difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return close[0] if close else ""


COMMAND = re.compile(r"(##\w*)\[")  # of GitHub and Azure (`##[`, `##vso[`) and TeamCity (`##teamcity[`)


def visible(text: str) -> str:
    """The text with everything that could move a cursor, hide or colour something made visible, and without the marks
    by which build machines know a command anywhere in a line."""
    shown = "".join(
        char if char == " " or (char.isprintable() and unicodedata.category(char) not in ("Cf", "Zl", "Zp")) else
        " " if char == "\t" else f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}"
        for char in text
    )  # fmt: skip
    return COMMAND.sub(r"\1\\x5b", shown)


def disarmed(text: str) -> str:
    """The text, of which no line begins as a command does to the build machine that prints it."""
    return re.sub(r"^( *):(?=:.*::)", r"\1\\x3a", text, flags=re.MULTILINE)


WIDEST = 100  # characters of a line that are shown around a culprit


def snippet(span: Span, sources: Mapping[str, Source], label: str = "") -> list[str]:
    """The line of the place with the place underlined, as messages show it."""
    source = sources.get(span.file)
    line = source.line(span.line) if source is not None else ""
    end = span.end_column if span.end_line == span.line else len(line) + 1
    first = max(0, min(span.column - 1, len(line)))
    start = 0 if len(line) <= WIDEST else max(0, first - WIDEST // 2)
    shown = line[start : start + WIDEST]
    before, marked = visible(line[start:first]), visible(line[first : max(first, end - 1)][:WIDEST])
    cut, rest = "…" if start else "", "…" if len(line) > start + WIDEST else ""
    number = str(span.line)
    pad = " " * len(number)
    marks = "^" * max(1, min(len(marked), WIDEST - len(before)))
    under = f"{pad} | {' ' * len(cut + before)}{marks} {label}".rstrip()
    return [f"{pad} |", f"{number} | {cut}{visible(shown)}".rstrip() + rest, under]


def render(diagnostic: Diagnostic, sources: Mapping[str, Source], severity: str = "error") -> str:
    """The fault as a reader sees it: code, place, the line, the span, what to do."""
    lines = [f"{severity}[{diagnostic.code}]: {visible(diagnostic.message)}"]
    if diagnostic.span is None:
        lines.append(f"  --> {visible(diagnostic.file)}")
    else:
        lines.append(f"  --> {visible(str(diagnostic.span))}")
        lines += snippet(diagnostic.span, sources, visible(diagnostic.label))
    for text, span in diagnostic.notes:
        lines.append(f"   = note: {visible(text)}: {visible(str(span))}")
    if diagnostic.hint:
        lines.append(f"   = help: {visible(diagnostic.hint)}")
    return "\n".join(lines)
