"""Text to tokens, in one pass over it. What begins no token becomes a token of type STRAY; a text without its closing
quote goes up to a brace or the end of its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from lark import Token

from policy.text.grammar import tables
from policy.text.words import WORDS

STRAY = "STRAY"
MARK = "\ufeff"  # the byte order mark that some editors put first


def scan(text: str) -> Iterator[Token]:
    """The tokens of a text, BLANK and COMMENT among them. Together they are the text, but for a byte order mark at its
    start."""
    whole, words, signs = _scanner()
    line, begun = 1, 0  # the line of the next token, and the offset at which that line begins
    for found in whole.finditer(text, text.startswith(MARK)):
        kind, value, start, end = found.lastgroup or "", found.group(), found.start(), found.end()
        column, first = start - begun + 1, line
        if kind == "NAME":
            kind = words.get(value, kind)
        elif kind == "SIGN":
            kind = signs[value]
        elif kind == "BLANK" and "\n" in value:
            line += value.count("\n")
            begun = start + value.rindex("\n") + 1
        yield Token(kind, value, start, first, column, line, end - begun + 1, end)


@lru_cache(maxsize=1)
def _scanner() -> tuple[re.Pattern[str], dict[str, str], dict[str, str]]:
    """One expression for all tokens, and the types of words and of signs by their spelling."""
    known = tables()
    signs = "|".join(re.escape(sign) for sign in sorted(known.signs, key=lambda sign: (-len(sign), sign)))
    parts = [f"(?P<{name}>{expression})" for name, expression in known.patterns]
    stray = rf'(?P<{STRAY}>"(?:[^\n{{]*[^\s{{])?|(?P<again>.)(?P=again)*)'
    words = {word: known.words.get(word, word.upper()) for word in sorted(WORDS)}
    return re.compile("|".join([*parts, f"(?P<SIGN>{signs})", stray])), words, dict(known.signs)
