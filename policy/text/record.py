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
    """Collects. A name that is unknown in several places is one fault, and none where faulty text may declare it; what
    is wrong with a line that the parser had to mend has been said."""

    def __init__(self, loaded: Loaded) -> None:
        self.faults: list[Diagnostic] = list(loaded.faults)
        self.origins: dict[Key, Span] = {}
        self.written: list[tuple[Network, Span]] = []
        self.complete = loaded.complete  # nothing that is declared is missing from the names and placements
        self.addresses_known = loaded.complete
        self.trouble = 0  # faults met, those kept silent included
        self._lost, self._nameless = loaded.lost, loaded.nameless
        self._mended = {(f.file, f.span.line) for f in loaded.faults if f.code == "E001" and f.span is not None}
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
        if not self.mended(span):
            self.faults.append(Diagnostic(code, message, span.file, span, label, hint, notes[:MOST_NOTES]))

    def mended(self, span: Span) -> bool:
        """Whether the parser had to mend the line of a place, so that nobody knows what was meant there."""
        return (span.file, span.line) in self._mended

    def unknown(
        self, space: str, what: str, name: str, span: Span, known: Callable[[], Iterable[str]], other: str = ""
    ) -> None:
        """A name that the namespace has not. `what` is needed there, `known` gives the names that would do, `other`
        says what the name is in another namespace."""
        self.trouble += 1
        if self._anything_lost or self.mended(span) or not self._nameless.isdisjoint((space, what)):
            return
        if self._lost.isdisjoint(name.split(".")):
            self._unknown.setdefault((space, name), []).append(_Unknown(name, what, span, known, other))

    def finished(self) -> tuple[Diagnostic, ...]:
        """All faults, in order of place."""
        gathered = [sorted(uses, key=lambda use: _place(use.span)) for uses in self._by_cause()]
        for i, uses in enumerate(sorted(gathered, key=lambda uses: _place(uses[0].span))):
            first, name = uses[0], uses[0].name
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

    def _by_cause(self) -> Iterable[list[_Unknown]]:
        """The uses of each unknown name; a dotted one whose first part is unknown, too, is a use of that."""
        found: dict[tuple[str, str], list[_Unknown]] = {}
        for (space, name), uses in self._unknown.items():
            head, dot, _ = name.partition(".")
            cause = head if dot and len(found) < MOST_HINTS and not _begins_a_name(head, uses[0].known()) else name
            found.setdefault((space, cause), []).extend(uses)
        return found.values()


@dataclass(frozen=True, slots=True)
class _Unknown:
    name: str
    what: str
    span: Span
    known: Callable[[], Iterable[str]]
    other: str


def _begins_a_name(head: str, known: Iterable[str]) -> bool:
    return any(name.partition(".")[0] == head for name in known)


def _place(span: Span) -> tuple[str, int, int]:
    return span.file, span.line, span.column


def article(sort: str) -> str:
    """The sort with its article."""
    return f"an {sort}" if sort[0] in "aeiou" else f"a {sort}"
