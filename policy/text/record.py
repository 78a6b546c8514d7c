"""What resolving notes down as it goes: faults, where things are written, and the addresses in sets."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

from policy.core.model import Network
from policy.text.diagnostic import Diagnostic, nearest
from policy.text.load import Loaded
from policy.text.source import Span

Key = tuple[Hashable, ...]
MOST_HINTS = 20  # unknown names for which a near one is looked for
MOST_NOTES = 3  # further places that a fault points at


class Record:
    """Collects. A name that is unknown in several places is one fault, and none where faulty text may declare it."""

    def __init__(self, loaded: Loaded) -> None:
        self.faults: list[Diagnostic] = list(loaded.faults)
        self.origins: dict[Key, Span] = {}
        self.written: list[tuple[Network, Span]] = []
        self.complete = loaded.complete  # nothing that is declared is missing from the names and placements
        self.addresses_known = loaded.complete
        self.trouble = 0  # faults met, those kept silent included
        self._lost = loaded.lost
        self._anything_lost = any(fault.code in ("E002", "E003") for fault in loaded.faults)
        self._unknown: dict[tuple[str, str], list[_Unknown]] = {}

    def fault(
        self,
        code: str,
        message: str,
        span: Span,
        label: str = "",
        hint: str = "",
        notes: tuple[tuple[str, Span], ...] = (),
    ) -> None:
        self.trouble += 1
        self.faults.append(Diagnostic(code, message, span.file, span, label, hint, notes[:MOST_NOTES]))

    def unknown(
        self, space: str, what: str, name: str, span: Span, known: Callable[[], Iterable[str]], other: str = ""
    ) -> None:
        """A name that the namespace has not. `what` is needed there, `known` gives the names that would do, `other`
        says what the name is in another namespace."""
        self.trouble += 1
        if not self._anything_lost and self._lost.isdisjoint(name.split(".")):
            self._unknown.setdefault((space, name), []).append(_Unknown(what, span, known, other))

    def finished(self) -> tuple[Diagnostic, ...]:
        """All faults, in order of place."""
        gathered = [(name, sorted(uses, key=lambda use: _place(use.span))) for (_, name), uses in self._unknown.items()]
        for i, (name, uses) in enumerate(sorted(gathered, key=lambda entry: _place(entry[1][0].span))):
            first = uses[0]
            notes = tuple(("also here", use.span) for use in uses[1:])
            if first.other:
                label = f"{article(first.what)} is needed here"
                self.fault("E013", f"`{name}` is {article(first.other)}", first.span, label, "", notes)
                continue
            like = nearest(name, first.known()) if i < MOST_HINTS else ""
            hint = f"did you mean `{like}`?" if like else ""
            self.fault("E010", f"unknown {first.what} `{name}`", first.span, "not declared anywhere", hint, notes)
        self._unknown.clear()
        return tuple(sorted(self.faults, key=lambda fault: (fault.place, fault.code, fault.message)))


@dataclass(frozen=True, slots=True)
class _Unknown:
    what: str
    span: Span
    known: Callable[[], Iterable[str]]
    other: str


def _place(span: Span) -> tuple[str, int, int]:
    return span.file, span.line, span.column


def article(sort: str) -> str:
    """The sort with its article."""
    return f"an {sort}" if sort[0] in "aeiou" else f"a {sort}"
