"""Texts and places in them."""

from __future__ import annotations

import bisect
import hashlib
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class Source:
    """A file as it was read: its name for messages, its text, and the SHA-256 of its bytes."""

    name: str
    text: str
    sha256: str = field(default="", compare=False)

    @classmethod
    def of(cls, name: str, text: str) -> Source:
        """A text that came from no file."""
        return cls(name, text, hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest())

    @cached_property
    def starts(self) -> list[int]:
        """The offset of the first character of every line."""
        return [0, *(i + 1 for i, char in enumerate(self.text) if char == "\n")]

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1, of an offset."""
        line = bisect.bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def line(self, number: int) -> str:
        """A line, from 1, without its end; empty past the end."""
        return self.text.split("\n")[number - 1].rstrip("\r") if 0 < number <= len(self.starts) else ""

    def span(self, start: int, end: int) -> Span:
        """The place from one offset up to (not including) another."""
        return Span(self.name, *self.place(start), *self.place(max(start, end)))


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a file: lines and columns from 1, the end not included."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"
