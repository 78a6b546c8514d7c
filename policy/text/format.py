"""Syntax tree to canonical text: the same tokens and comments, laid out in one way.

Two blanks of indentation, one item a line; a block that stood on one line stays there while it fits. The flags and
the tier of a domain or zone stand behind its brace. An item that was written over several lines keeps its line breaks,
one wider than 120 characters gets more. A comment stays behind the token that it followed on its line, or before the
one that it preceded; at most one empty line stays between two items.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from lark import Token

from policy.text.grammar import END
from policy.text.parse import parse
from policy.text.scan import scan
from policy.text.source import Source
from policy.text.syntax import Node, leaves
from policy.text.words import DECLARATIONS

WIDTH = 120
INDENT = "  "
BLOCKS = frozenset(("domain", "zone", "host", "component", "firewall"))
SHORT = frozenset(("flag", "tier"))  # items that share the line of their brace
TIGHT_BEFORE = frozenset(("COMMA", "RPAR", "DOTS"))
TIGHT_AFTER = frozenset(("LPAR", "DASH", "DOTS"))
AFTER = frozenset(("COMMA", "COLON"))  # good places for the end of a line are behind these
BEFORE = frozenset(  # and before these
    ("AND", "OR", "IMPLIES", "IFF", "WHEN", "FROM", "TO", "INTO", "PASSES", "CROSSES", "WITHIN", "EXCEPT", "THEN")
)


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment on a line of its own, and whether an empty line stands before it."""

    text: str
    apart: bool


@dataclass(frozen=True, slots=True)
class Notes:
    """What stands around a token besides blanks: the comments before it, the one behind it on its line and the column
    of that, and whether an empty line stands right before the token."""

    before: tuple[Remark, ...] = ()
    behind: str = ""
    column: int = 0
    apart: bool = False


def formatted(source: Source) -> str:
    """The canonical text of a source that has no syntax faults."""
    return format_tree(source, parse(source).tree)


def format_tree(source: Source, tree: Node) -> str:
    """The canonical text of a source, given its tree. Parsing the result gives the same tree, and formatting it the
    same text."""
    wide, heads = _colons(tree, -1, "rule", "flow"), _colons(tree, 0, "invariant")
    printer = _Printer(_notes(source), frozenset(wide), frozenset(heads))
    for child in tree.nodes(*DECLARATIONS, "title"):
        printer.item(child, 0)
    printer.remarks(len(source.text), 0)
    printer.align()
    return "".join(line + "\n" for line in printer.lines)


def _notes(source: Source) -> dict[int, Notes]:
    """What stands around every token, by its offset; around the end of the text by the length of that."""
    found: dict[int, Notes] = {}
    before: list[Remark] = []
    last: Token | None = None
    breaks = 0
    for token in (*scan(source.text), Token(END, "", len(source.text))):
        if token.type == "BLANK":
            breaks += token.count("\n")
        elif token.type == "COMMENT" and last is not None and not before and not breaks:
            offset = last.start_pos or 0
            found[offset] = replace(found[offset], behind=token.rstrip(), column=token.column or 0)
        elif token.type == "COMMENT":
            before.append(Remark(token.rstrip(), breaks > 1))
            breaks = 0
        else:
            found[token.start_pos or 0] = Notes(tuple(before), apart=breaks > 1)
            before, last, breaks = [], token, 0
    return found


def _colons(tree: Node, at: int, *kinds: str) -> Iterator[int]:
    """The offset of the first (0) or last (-1) colon of every node of these kinds."""
    stack: list[Node | Token] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, Node):
            stack.extend(node.children)
            if node.kind in kinds:
                yield node.tokens("COLON")[at].start_pos or 0


def _parts(node: Node) -> tuple[list[Token], list[Node], Token | None]:
    """The tokens of an item up to its brace, the items in its block, and the brace that closes it; all of its tokens
    where it has no block."""
    if node.kind not in BLOCKS or not node.has("LBRACE"):
        return list(leaves(node)), [], None
    at = next(n for n, child in enumerate(node.children) if isinstance(child, Token) and child.type == "LBRACE")
    head = [token for child in node.children[: at + 1] for token in leaves(child)]
    return head, [child for child in node.children[at:] if isinstance(child, Node)], node.tokens("RBRACE")[-1]


def _blocks(node: Node) -> Iterator[Node]:
    """The item and all items in its block."""
    yield node
    for child in _parts(node)[1]:
        yield from _blocks(child)


@dataclass(slots=True)
class _Margin:
    """The indentation of the next line of an item: lines after the first are indented, those after the first line of a
    claim that begins on a line of its own once more."""

    depth: int
    lines: int = 0
    claim: int = 0  # lines since the colon before the claim, if a line ended there

    @property
    def text(self) -> str:
        return INDENT * (self.depth + bool(self.lines) + (self.claim > 1))

    def passed(self, head: bool) -> None:
        """A line was written; whether it ended with the colon before a claim."""
        self.lines += 1
        self.claim += bool(self.claim or head)


def unbroken(tokens: Sequence[Token]) -> bool:
    """Whether tokens stood on one line, a brace at their end aside."""
    last = tokens[-2] if len(tokens) > 1 and tokens[-1].type == "LBRACE" else tokens[-1]
    return tokens[0].line == last.line


class _Printer:
    """The lines so far. Indentation is counted in steps. `wide`: the colons with a blank on both sides, those before
    services; `heads`: the colons before the claims of invariants."""

    def __init__(self, notes: dict[int, Notes], wide: frozenset[int], heads: frozenset[int]) -> None:
        self.notes, self.wide, self.heads = notes, wide, heads
        self.lines: list[str] = []
        self.tails: list[tuple[int, Notes]] = []  # the comments behind lines, by the number of the line
        self.opened = True  # whether the next line is the first of the text or of a block, where no empty line belongs

    def around(self, token: Token) -> Notes:
        return self.notes[token.start_pos or 0]

    # ------------------------------------------------------------------ items

    def item(self, node: Node, depth: int) -> None:
        """A declaration or an item, with what stands before it."""
        tokens = list(leaves(node))
        self.remarks(tokens[0].start_pos or 0, depth)
        if self.around(tokens[0]).apart and not self.opened:
            self.lines.append("")
        self.opened = False
        flat = self.flat(node) if self.inline(node, tokens) else None
        if flat is not None and len(INDENT) * depth + len(flat) <= WIDTH:
            self.lines.append(INDENT * depth + flat)
            self.behind(tokens[-1])
        else:
            self.spread(node, depth)

    def spread(self, node: Node, depth: int) -> None:
        """An item over as many lines as it has items, if it is a block, and as it needs."""
        head, items, closing = _parts(node)
        whole = unbroken(head)
        while items and self.joins(head[-1], items[0]):
            head += leaves(items.pop(0))
        self.filled(head, depth, whole)
        if closing is None:
            return
        self.opened = True
        for child in items:
            self.item(child, depth + 1)
        self.remarks(closing.start_pos or 0, depth + 1)
        self.opened = False
        self.lines.append(INDENT * depth + str(closing))
        self.behind(closing)

    def joins(self, last: Token, item: Node) -> bool:
        """Whether an item goes on the line of the brace before it."""
        free = not self.around(last).behind and not self.around(next(leaves(item))).before
        return free and item.kind in SHORT

    def inline(self, node: Node, tokens: Sequence[Token]) -> bool:
        """Whether an item belongs on one line: no comment is in it, it was not written over several lines, and its
        blocks stood on one line or have only short items."""
        parts = [*map(_parts, _blocks(node))]
        return self.uncommented(tokens) and all(
            unbroken(head) and (closing is None or head[-1].line == closing.line or {i.kind for i in items} <= SHORT)
            for head, items, closing in parts
        )

    def uncommented(self, tokens: Sequence[Token]) -> bool:
        """Whether no comment is among the tokens."""
        return not any(self.around(a).behind or self.around(b).before for a, b in pairwise(tokens))

    def flat(self, node: Node) -> str:
        """An item on one line; two blanks part the items of a block."""
        head, items, closing = _parts(node)
        text = self.joined(head)
        for n, item in enumerate(items):
            short = n == 0 or {items[n - 1].kind, item.kind} <= SHORT
            text += (" " if short else "  ") + self.flat(item)
        return f"{text} {closing}" if closing is not None else text

    # ------------------------------------------------------------------ lines

    def remarks(self, offset: int, depth: int) -> None:
        """The comments before a token."""
        for remark in self.notes[offset].before:
            if remark.apart and not self.opened:
                self.lines.append("")
            self.lines.append(INDENT * depth + remark.text)
            self.opened = False

    def behind(self, token: Token) -> None:
        """The comment behind a token, for the end of the last line."""
        if self.around(token).behind:
            self.tails.append((len(self.lines) - 1, self.around(token)))

    def align(self) -> None:
        """Puts comments behind their lines, those of neighbouring lines below each other if they were."""
        run: list[int] = []
        for n, (number, notes) in enumerate(self.tails):
            run.append(number)
            after, next_notes = self.tails[n + 1] if n + 1 < len(self.tails) else (-1, notes)
            if after != number + 1 or next_notes.column != notes.column:
                edge = max(len(self.lines[line]) for line in run)
                for line, (_, tail) in zip(run, self.tails[n + 1 - len(run) :], strict=False):
                    self.lines[line] = f"{self.lines[line]:{edge}}{INDENT}{tail.behind}"
                run = []

    def filled(self, tokens: Sequence[Token], depth: int, whole: bool) -> None:
        """Tokens on the lines that they stood on (on one if they are `whole` and no comment stands among them), which
        go on where they are too wide."""
        alone = whole and self.uncommented(tokens)
        begun, margin = 0, _Margin(depth)
        for n, token in enumerate(tokens):
            if n > begun and not alone and self.parted(tokens[n - 1], token):
                self.wrapped(tokens[begun:n], margin)
                begun = n
            if n:
                self.lines += [INDENT * (depth + 1) + remark.text for remark in self.around(token).before]
        self.wrapped(tokens[begun:], margin)

    def parted(self, last: Token, token: Token) -> bool:
        """Whether two tokens stay on lines of their own: a comment is between them, or they stood so and are more than
        a brace."""
        noted = self.around(last).behind or self.around(token).before
        return bool(noted) or (token.line != last.line and token.type != "LBRACE")

    def wrapped(self, tokens: Sequence[Token], margin: _Margin) -> None:
        """Tokens on lines that are wide enough."""
        last = tokens[-1]
        while tokens:
            count = self.fitting(tokens, WIDTH - len(margin.text))
            self.lines.append(margin.text + self.joined(tokens[:count]))
            margin.passed(tokens[count - 1].start_pos in self.heads)
            tokens = tokens[count:]
        self.behind(last)

    def fitting(self, tokens: Sequence[Token], room: int) -> int:
        """How many tokens the next line takes: as many as fit, or fewer where that is a better place for its end."""
        width, ends = 0, [0, 0, 0]
        for n, token in enumerate(tokens):
            gap = self.gap(tokens[n - 1], token) if n else ""
            if gap:
                ends[self.rank(tokens[n - 1], token, width > room // 2)] = n
            width += len(gap) + len(token)
            if width > room:
                return ends[2] or ends[1] or ends[0] or max(n, 1)
        return len(tokens)

    def rank(self, last: Token, token: Token, late: bool) -> int:
        """How good a place for the end of a line is between two tokens."""
        if token.type in ("ARROW", "EVEN") or token.start_pos in self.wide or last.start_pos in self.heads:
            return 2
        return int(late and last.start_pos not in self.wide and (last.type in AFTER or token.type in BEFORE))

    def joined(self, tokens: Sequence[Token]) -> str:
        """Tokens on one line."""
        return "".join((self.gap(tokens[n - 1], token) if n else "") + token for n, token in enumerate(tokens))

    def gap(self, last: Token, token: Token) -> str:
        """What stands between two tokens."""
        if token.type == "COLON":
            return " " if token.start_pos in self.wide or (last.type == "ADDRESS" and ":" in last) else ""
        if token.type in TIGHT_BEFORE or last.type in TIGHT_AFTER:
            return ""
        called = token.type == "LPAR" and last.type in ("TIER", "COUNT")
        return "" if called or (token.type == "DASH" and last.type == "INT") else " "
