"""Tokens that are not in the language, mended until they are, with one report for every fault.

Takes the tokens of a text and those of its characters that make none; returns tokens that parse, and the faults. Only
states of the parser are followed here, as linked stacks, so a state can be kept and tried at no cost; the tree is built
afterwards.

At a fault one change of one token (or a swap of two) near it is looked for after which the rest of the line, and the
beginning of the next, are understood: the idea of Burke and Fisher (TOPLAS 1987). It becomes the hint, and parsing goes
on as if it had been made. Where there is none, the faulty item is left out up to the next item of its block, or up to
the next declaration.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lark import Token

from policy.text.diagnostic import Diagnostic
from policy.text.grammar import END, tables
from policy.text.source import Source, Span
from policy.text.words import WORDS

MOST = 100  # faults of a file after which the rest is left unread
FAR = 60  # tokens after which a change is believed, were the line ever so long
NEAR, NEARER = 0.5, 0.7  # how much alike a name, or a word, and the word that was meant are at least

Stack = tuple[int, "Stack | None"]

SIGNS = {
    "LBRACE": "{", "RBRACE": "}", "COLON": ":", "COMMA": ",", "EQUALS": "=", "ARROW": "->", "RPAR": ")", "LPAR": "(",
}  # fmt: skip
SPOKEN = {
    "NAME": "a name", "DOTTED": "a name", "INT": "a number", "STRING": "a quoted text",
    "ADDRESS": "an address",
    END: "the end",
}  # fmt: skip
MEANT = {
    "→": "->", "–": "-", "—": "-", "“": '"', "”": '"', "≤": "<=", "≥": ">=", "≠": "!=",
    "&": "and", "|": "or", "!": "not",
}  # fmt: skip
BRACES = ("LBRACE", "RBRACE")
WORD_LIKE = frozenset(("NAME", "DOTTED"))
DECLARING = {
    "SERVICE": "service", "KIND": "kind", "OPTION": "option", "DOMAIN": "place", "ZONE": "place", "HOST": "place",
    "COMPONENT": "place", "FIREWALL": "place", "FLOW": "flow", "INVARIANT": "invariant",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mended:
    """Tokens that parse, the faults of those that came in, the names that what was left out seems to declare, and the
    namespaces of what is declared without a name."""

    tokens: Sequence[Token]
    faults: tuple[Diagnostic, ...] = ()
    lost: frozenset[str] = frozenset()
    nameless: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Change:
    """Go back to the token `back` of those taken, take `new` instead, and go on with the token `next` of the text.
    Something is missing after the token `after`, where there is one."""

    culprit: Token
    hint: str
    back: int
    new: tuple[Token, ...]
    next: int
    after: Token | None = None


def mend(source: Source, tokens: Sequence[Token], strays: Sequence[Token] = ()) -> Mended:
    """Tokens (the last one END) to tokens that parse; `strays` are reported, and what else is wrong with their lines is
    not."""
    return _Mending(source, tokens, strays).run()


def follow(stack: Stack, terminal: str) -> Stack | None:
    """The stack after one more token, or None where it cannot stand here."""
    known = tables()
    while True:
        action = known.actions[stack[0]].get(terminal)
        if action is None:
            return None
        if action >= 0:
            return (action, stack)
        rule = known.rules[~action]
        for _ in range(rule.size):
            assert stack[1] is not None
            stack = stack[1]
        stack = (known.actions[stack[0]][rule.origin], stack)


def expected(stack: Stack) -> list[str]:
    """The terminals that can come next."""
    known = tables()
    terminals = (symbol for symbol in sorted(known.actions[stack[0]]) if symbol.strip("$").isupper())
    return [terminal for terminal in terminals if follow(stack, terminal) is not None]


def ends(stack: Stack) -> bool:
    """Whether the block, or the text, can end here."""
    return follow(stack, "RBRACE") is not None or follow(stack, END) is not None


def declared(tokens: Iterable[Token]) -> Iterator[str]:
    """The names that the tokens seem to declare."""
    return (str(b) for a, b in pairwise(tokens) if a.type in DECLARING and b.type == "NAME")


class _Mending:
    """What was taken so far: the tokens, the stack before each of them, and for every open brace (and the file) where
    in them it opened and where its last item began; `before` is where the item before that began."""

    def __init__(self, source: Source, tokens: Sequence[Token], strays: Sequence[Token]) -> None:
        self.source, self.tokens = source, tokens
        self.stack: Stack = (tables().start, None)
        self.taken: list[Token] = []
        self.trail: list[Stack] = []
        self.levels: list[tuple[Stack, int]] = [(self.stack, 0)]
        self.before = 0
        self.lost: set[str] = set()
        first = {token.line: token for token in reversed(strays)}
        self.faults = [_stray(source, token) for token in reversed(first.values())]
        self.left = MOST  # the faults that are mended before the rest is left out
        self.silent = frozenset(first)

    def run(self) -> Mended:
        i = 0
        while i < len(self.tokens):
            if self.take(self.tokens[i]):
                i += 1
            elif self.left < 0:
                self.lost.update(declared(self.tokens[i:]))
                i = self.skip(len(self.tokens) - 1)
            else:
                i = self.mended(i)
        follows = pairwise(self.tokens)
        nameless = frozenset(DECLARING[a.type] for a, b in follows if a.type in DECLARING and b.type != "NAME")
        return Mended(self.taken, tuple(self.faults), frozenset(self.lost), nameless)

    def take(self, token: Token) -> bool:
        """Takes the token if it can stand here."""
        after = follow(self.stack, token.type)
        if after is None:
            return False
        opened, begun = self.levels[-1]
        if self.complete() and follow(opened, token.type) is not None:
            self.levels[-1], self.before = (opened, len(self.taken)), begun
        self.trail.append(self.stack)
        self.taken.append(token)
        self.stack = after
        if token.type == "LBRACE":
            self.before = len(self.taken)
            self.levels.append((after, self.before))
        elif token.type == "RBRACE":
            self.levels.pop()
        return True

    def complete(self) -> bool:
        """Whether what comes next could begin an item."""
        return ends(self.stack)

    def fresh(self, token: Token) -> bool:
        """Whether the token looks like the beginning of an item, and one could begin here."""
        return self.complete() and (not self.taken or self.taken[-1].line != token.line)

    def cut(self, length: int) -> None:
        """Goes back to where so many tokens were taken, within the innermost block."""
        if length < len(self.taken):
            self.stack = self.trail[length]
            opened, begun = self.levels[-1]
            self.levels[-1] = (opened, begun if length >= begun else self.before)
            del self.trail[length:], self.taken[length:]

    def mended(self, i: int) -> int:
        """Reports the fault at a token and mends it; the token to go on with."""
        self.left -= 1
        change = next((change for change in self.changes(i) if self.fits(change)), None)
        culprit = change.culprit if change else self.tokens[i]
        last = self.taken[-1] if self.taken else culprit
        brace = change is not None and change.new[:1] != () and change.new[0].type in BRACES
        early = change.after if change else None
        if last.line != culprit.line and (brace or not self.complete()):
            early = last
        if (early or culprit).line not in self.silent:
            self.faults.append(self.report(culprit, change, early))
        if change is None:
            i = self.skip(i)
            assert follow(self.stack, self.tokens[i].type) is not None
            return i
        if not change.new and culprit.type == "NAME":
            self.lost.add(str(culprit))
        self.cut(change.back)
        for token in change.new:
            assert self.take(token)
        return change.next

    # -------------------------------------------------------------- changes

    def changes(self, i: int) -> Iterator[Change]:
        """The changes worth a try, the most likely first."""
        here, size = self.tokens[i], len(self.taken)
        yield from self.unfinished(i)
        yield from self.respelled(i)
        if here.type.lower() in WORDS and follow(self.stack, "NAME") is not None:
            yield Change(here, "choose another name", size, (_like(here, "NAME"),), i + 1)
        if self.taken and self.taken[-1].type in DECLARING and here.type != END:
            yield Change(here, "", size, (_before(here, "NAME", ""), here), i + 1)
        fresh = self.fresh(here)
        for kind, sign in SIGNS.items():
            if kind in BRACES or not fresh:
                yield Change(here, f"a `{sign}` may be missing", size, (_before(here, kind, sign), here), i + 1)
        yield from self.exchanged(i)
        yield from self.swapped(i)
        yield from self.with_word(i)
        if size > self.levels[-1][1] and not fresh:
            last = self.taken[-1]
            yield Change(last, "a `,` may be missing", size - 1, (_before(last, "COMMA", ","), last, here), i + 1)
            if last.line == here.line and here.type != END:
                yield Change(last, f"`{last}` may be one too many", size - 1, (here,), i + 1)
        if here.type != END:
            yield Change(here, f"`{here}` may be one too many", size, (), i + 1)

    def unfinished(self, i: int) -> Iterator[Change]:
        """A name put at the end of the line before, for which the label of a rule was taken."""
        here, size = self.tokens[i], len(self.taken)
        if here.type == "COLON" and size - self.levels[-1][1] > 1:
            before, label = self.taken[-2:]
            if label.type == "NAME" and before.line != label.line == here.line:
                name = Token("NAME", "", before.end_pos, before.line, before.end_column, before.line, before.end_column)
                yield Change(label, "", size - 1, (name, label, here), i + 1, before)

    def respelled(self, i: int) -> Iterator[Change]:
        """The word at the fault, or one of the two before it, replaced by one like it that can stand there; a word of
        the line that ended an item may be one that goes on."""
        size, first = len(self.taken), self.levels[-1][1]
        if self.before < first < size and self.taken[first - 1].line == self.tokens[i].line:
            first = self.before
        found: list[tuple[float, int, str, Change]] = []
        for back in range(size, max(first, size - 2) - 1, -1):
            old = self.tokens[i] if back == size else self.taken[back]
            if old.type not in WORD_LIKE and old.type.lower() not in WORDS:
                continue
            rest = (*self.taken[back + 1 :], self.tokens[i])[: size - back]
            least = NEARER if old in WORDS else NEAR
            for kind in expected(self.trail[back] if back < size else self.stack):
                word = _spelling(kind)
                if word in WORDS and word != old and (alike := _alike(old, word)) >= least:
                    change = Change(old, f"did you mean `{word}`?", back, (_like(old, kind, word), *rest), i + 1)
                    found.append((-alike, size - back, word, change))
        yield from (change for *_, change in sorted(found, key=lambda entry: entry[:3]))

    def exchanged(self, i: int) -> Iterator[Change]:
        """Another sign in the place of the one at the fault."""
        here = self.tokens[i]
        doubled = self.taken and self.taken[-1].type == here.type
        for kind in expected(self.stack) if here.type in tables().signs.values() and not doubled else ():
            if kind in SIGNS:
                sign = _like(here, kind, SIGNS[kind])
                yield Change(here, f"did you mean `{sign}`?", len(self.taken), (sign,), i + 1)

    def with_word(self, i: int) -> Iterator[Change]:
        """A word put before the token at the fault, where no name would fit and just one word does, or just one of
        those that begin nothing new."""
        here, ahead, opened = self.tokens[i], expected(self.stack), self.levels[-1][0]
        fitting = []
        for word, kind in tables().words.items() if "NAME" not in ahead else ():
            if kind in ahead:
                new = (_before(here, kind, word), here)
                change = Change(here, f"`{word}` may be missing", len(self.taken), new, i + 1)
                fitting += [change] if self.fits(change) else []
        if len(fitting) > 1:
            fitting = [change for change in fitting if follow(opened, change.new[0].type) is None]
        yield from fitting if len(fitting) == 1 else ()

    def swapped(self, i: int) -> Iterator[Change]:
        """The token at the fault in the place of its neighbour."""
        size, here = len(self.taken), self.tokens[i]
        if size > self.levels[-1][1] and here.type != END and self.taken[-1].line == here.line:
            last = self.taken[-1]
            yield Change(here, f"did you mean `{here} {last}`?", size - 1, (here, last), i + 1)
        if i + 2 < len(self.tokens) and self.tokens[i + 1].line == here.line:
            after = self.tokens[i + 1]
            yield Change(here, f"did you mean `{after} {here}`?", size, (after, here), i + 2)

    def fits(self, change: Change) -> bool:
        """Whether after the change the rest of the line is understood, and the next one begins with what may stand
        there, or with a name, which may be a misspelt word."""
        if any(token.type in BRACES for token in self.taken[change.back :]):
            return False
        stack: Stack | None = self.trail[change.back] if change.back < len(self.taken) else self.stack
        for token in change.new:
            stack = follow(stack, token.type) if stack else None
        line = change.new[-1].line if change.new else change.culprit.line
        ahead = self.tokens[change.next : change.next + FAR]
        for n, token in enumerate(ahead):
            after = follow(stack, token.type) if stack else None
            if stack and token.line != line:
                if after is None:
                    return token.type == "NAME" and ends(stack)
                label = token.type == "NAME" and n + 1 < len(ahead)
                return not label or follow(after, ahead[n + 1].type) is not None
            stack = after
        return stack is not None

    # -------------------------------------------------------------- leaving out

    def skip(self, i: int) -> int:
        """Leaves out the item that the token stands in; the token that begins the next one, which can be taken then."""
        depth, start, stays = 0, i, self.fresh(self.tokens[i])
        while True:
            token = self.tokens[i]
            opened, item = self.levels[-1]
            item = len(self.taken) if stays else item
            first = i == 0 or self.tokens[i - 1].line != token.line
            if token.type == END or (first and token.column == 1 and self.closes(token)):
                self.drop(item, start, i)
                self.close()
                return i
            if depth == 0 and first and follow(opened, token.type) is not None and self.starts(i):
                self.drop(item, start, i)
                return i
            if token.type == "LBRACE":
                depth += 1
            elif token.type == "RBRACE" and depth:
                depth -= 1
            elif token.type == "RBRACE" and len(self.levels) > 1:
                self.drop(item, start, i)
                if follow(self.stack, "RBRACE") is not None:
                    return i
                self.levels.pop()
            i += 1

    def closes(self, token: Token) -> bool:
        """Whether the token begins a declaration of the file and nothing in the block."""
        return follow(self.levels[0][0], token.type) is not None and (
            len(self.levels) == 1 or follow(self.levels[-1][0], token.type) is None
        )

    def starts(self, i: int) -> bool:
        """Whether a token that could begin an item does: a name only before a colon."""
        return self.tokens[i].type != "NAME" or self.tokens[i + 1].type == "COLON"

    def drop(self, item: int, start: int, end: int) -> None:
        """Forgets the tokens of the item, and keeps the names that it and those not taken seem to declare."""
        gone = [*self.taken[item:], *self.tokens[start:end]]
        self.lost.update(declared(gone))
        self.cut(item)

    def close(self) -> None:
        """Ends all open blocks; a declaration that cannot end there is forgotten."""
        while len(self.levels) > 1:
            if not self.complete() or not self.take(_before(self.tokens[-1], "RBRACE", "}")):
                self.levels.pop()
                self.drop(self.levels[-1][1], 0, 0)

    # -------------------------------------------------------------- reports

    def report(self, culprit: Token, change: Change | None, early: Token | None) -> Diagnostic:
        """The fault at a token; or, where a line ends too early, after its last token."""
        stack = self.trail[change.back] if change and change.back < len(self.taken) else self.stack
        label = _listed(sorted({SPOKEN.get(kind) or f"`{_spelling(kind)}`" for kind in expected(stack)}))
        name, span, hint = self.source.name, _span(self.source, culprit), change.hint if change else ""
        if culprit.type == END:
            message = "the text ends in the middle of a declaration"
        elif early is not None:
            message = f"something is missing after `{early}`"
            span = self.source.span(early.end_pos or 0, early.end_pos or 0)
        elif change and change.new and change.new[0].type == "NAME" and culprit.type != "NAME" and change.new[0]:
            message, label = f"`{culprit}` is a word of the language and cannot be a name", "a name is expected here"
        else:
            message = f"`{culprit}` is not expected here"
        return Diagnostic("E001", message, name, span, label, hint)


def _stray(source: Source, token: Token) -> Diagnostic:
    span = _span(source, token)
    if token.startswith('"'):
        return Diagnostic("E001", "this text has no closing quote", source.name, span, 'a `"` is missing on this line')
    shown = token[0] if token[0].isprintable() else f"U+{ord(token[0]):04X}"
    hint = f"did you mean `{MEANT[token[0]]}`?" if token[0] in MEANT else ""
    return Diagnostic("E001", f"`{shown}` is no part of the language", source.name, span, hint=hint)


def _spelling(kind: str) -> str:
    """How a terminal of one spelling is written; of others, their names."""
    known = tables()
    return next((spelling for spelling, name in (*known.words.items(), *known.signs.items()) if name == kind), kind)


def _alike(name: str, word: str) -> float:
    """How much two words have in common, from 0 to 1."""
    return difflib.SequenceMatcher(None, name[:30].lower(), word).ratio()


def _like(token: Token, kind: str, text: str | None = None) -> Token:
    return Token.new_borrow_pos(kind, str(token) if text is None else text, token)


def _before(token: Token, kind: str, text: str) -> Token:
    """A token of no width before another one."""
    return Token(kind, text, token.start_pos, token.line, token.column, token.line, token.column, token.start_pos)


def _listed(words: Sequence[str]) -> str:
    if len(words) > 6:
        return "expected " + ", ".join(words[:5]) + " or other words"
    return "expected " + (" or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words))


def _span(source: Source, token: Token) -> Span:
    return source.span(token.start_pos or 0, token.end_pos or 0)
