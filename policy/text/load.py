"""A file and all that it includes, as syntax trees.

`load` takes the path of a design and reads it and every file that it includes, each once, whichever way it is reached.
What cannot be read, is not text, or includes itself is a fault in the result; so are the faults of the parser.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lark import Token

from policy.text.diagnostic import Diagnostic
from policy.text.parse import parse
from policy.text.source import Source, Span
from policy.text.syntax import Node

DECLARES = re.compile(r"\b(?:service|kind|option|domain|zone|host|component|firewall|flow|invariant)\s+([A-Za-z_]\w*)")


@dataclass(frozen=True, slots=True)
class Loaded:
    """All texts of a design by the names that messages use, in order of reading, with their trees, the faults found on
    the way, the names that faulty text seems to declare, and the namespaces in which it declares something without a
    name. `complete` says that nothing of the design is missing but what these two speak of."""

    sources: Mapping[str, Source]
    trees: tuple[tuple[Source, Node], ...]
    faults: tuple[Diagnostic, ...] = ()
    lost: frozenset[str] = frozenset()
    complete: bool = True
    nameless: frozenset[str] = frozenset()


def read_file(path: Path) -> bytes:
    """The bytes of a file; OSError or ValueError where there is none, and for what may have no end."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(None, "it is a directory")
    if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
        raise OSError(None, "it is a device, not a file")
    return path.read_bytes()


def load(path: Path, reader: Callable[[Path], bytes] = read_file) -> Loaded:
    """The design that begins in a file."""
    loading = _Loading(reader)
    key = loading.read(path, str(path), None)
    return loading.finish(key)


def load_text(text: str, name: str = "<text>", reader: Callable[[Path], bytes] = read_file) -> Loaded:
    """The design that a text is; what it includes is looked for beside the file that `name` would be."""
    loading = _Loading(reader)
    loading.take(name, Path(name), Source.of(name, text))
    return loading.finish(name)


class _Loading:
    def __init__(self, reader: Callable[[Path], bytes]) -> None:
        self.reader = reader
        self.sources: dict[str, Source] = {}
        self.trees: dict[str, tuple[Source, Node, Path]] = {}  # by real path
        self.names: dict[str, str] = {}  # what messages call each real path
        self.faults: list[Diagnostic] = []
        self.lost: set[str] = set()
        self.nameless: set[str] = set()
        self.complete = True

    def finish(self, key: str | None) -> Loaded:
        if key is not None:
            self._follow(key)
        trees = tuple((source, tree) for source, tree, _ in self.trees.values())
        lost, nameless = frozenset(self.lost), frozenset(self.nameless)
        return Loaded(self.sources, trees, tuple(self.faults), lost, self.complete, nameless)

    def _follow(self, first: str) -> None:
        """Reads what is included, in depth first; `chain` leads from the first file to the present one."""
        chain = [first]
        todo = [iter(self._includes(first))]
        while chain:
            step = next(todo[-1], None)
            if step is None:
                chain.pop()
                todo.pop()
                continue
            key = self._include(*step, chain)
            if key is not None:
                chain.append(key)
                todo.append(iter(self._includes(key)))

    def _includes(self, key: str) -> list[tuple[Source, Path, Token]]:
        if key not in self.trees:
            return []
        source, tree, path = self.trees[key]
        found = (node.token("STRING") for node in tree.nodes("include"))
        return [(source, path, token) for token in found if token is not None]

    def _include(self, source: Source, path: Path, token: Token, chain: list[str]) -> str | None:
        """The real path of an included file that is read for the first time."""
        written = unquoted(token)
        there = path.parent / written
        span = source.span(token.start_pos or 0, token.end_pos or 0)
        if not written:
            self._unreadable("the name of the file is missing", source.name, span)
            return None
        key = _real(there)
        if key in chain:
            around = [self.names[k] for k in [*chain[chain.index(key) :], key]]
            message = "this includes itself: " + " includes ".join(f"`{name}`" for name in _shortened(around))
            self.faults.append(Diagnostic("E005", message, source.name, span, "the circle closes here"))
            return None
        if key in self.names:
            return None
        return self.read(there, os.path.normpath(there), (source.name, written, span))

    def read(self, path: Path, name: str, wanted: tuple[str, str, Span] | None) -> str | None:
        """Reads one file and parses it; `wanted` is the include that asks for it. Its real path, None if that fails."""
        key = _real(path)
        self.names[key] = name = name if name not in self.sources else key
        try:
            data = self.reader(path)
        except (OSError, ValueError) as error:
            reason = _reason(error)
            if wanted is None:
                self._unreadable(f"`{name}` cannot be read: {reason}", name, None)
            else:
                self._unreadable(f"`{wanted[1]}` cannot be read: {reason}", wanted[0], wanted[2])
            return None
        self._decode(key, path, name, data)
        return key

    def _decode(self, key: str, path: Path, name: str, data: bytes) -> None:
        digest = hashlib.sha256(data).hexdigest()
        try:
            source, at = Source(name, data.decode("utf-8-sig"), digest), data.find(b"\0")
        except UnicodeDecodeError as error:
            source, at = Source(name, data.decode("utf-8-sig", "replace"), digest), error.start
        if at < 0:
            self.take(key, path, source)
            return
        self.sources[name] = source
        self.complete = False
        start = len(data[:at].decode("utf-8-sig", "replace"))
        message = f"this is not UTF-8 text: byte {at + 1} is {data[at]:#04x}"
        self.faults.append(Diagnostic("E003", message, name, source.span(start, start + 1), "text is expected"))

    def take(self, key: str, path: Path, source: Source) -> None:
        """Parses a text."""
        parsed = parse(source)
        self.names[key] = source.name
        self.sources[source.name] = source
        self.trees[key] = source, parsed.tree, path
        self.faults += parsed.faults
        self.lost |= parsed.lost
        self.nameless |= parsed.nameless
        if parsed.faults:
            self.lost |= {match[1] for match in DECLARES.finditer(source.text)}
            self.complete = False

    def _unreadable(self, message: str, file: str, span: Span | None) -> None:
        self.faults.append(Diagnostic("E002", message, file, span, "" if span is None else "asked for here"))
        self.complete = False


def unquoted(token: Token) -> str:
    """The text of a quoted string."""
    return re.sub(r"\\(.)", r"\1", token[1:-1])


def _real(path: Path) -> str:
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return str(path)


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    text = error.strerror if isinstance(error, OSError) and error.strerror else "that is no name of a file"
    return text[:1].lower() + text[1:]


def _shortened(names: list[str]) -> list[str]:
    return names if len(names) <= 8 else [*names[:4], "…", *names[-3:]]
