"""No text whatsoever is too much for the parser: it answers with a tree and faults, soon."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lark import Token

from policy.text.diagnostic import render
from policy.text.format import formatted
from policy.text.grammar import END, tables
from policy.text.parse import MOST, parse, tree_of
from policy.text.recover import mend
from policy.text.scan import scan
from policy.text.source import Source
from policy.text.syntax import leaves

EXAMPLE = (Path(__file__).parents[1] / "corpus" / "accept" / "example.policy").read_text(encoding="utf-8")
PIECES = [str(token) for token in scan(EXAMPLE)]
OTHERS = ["name", "a.b", "7", '"text"', "10.0.0.0/8", "::1", "# note\n", "\n", "\n"]
SPELLINGS = [*tables().words, *tables().signs, *OTHERS]


def survives(text: str) -> None:
    """What must hold for every text: faults or not, the answer is in order, and what is not faulty can be formatted."""
    source = Source.of("test", text)
    parsed = parse(source)
    assert parsed.tree.kind == "start"
    assert len(parsed.faults) <= MOST + 1
    assert [fault.place for fault in parsed.faults] == sorted(fault.place for fault in parsed.faults)
    for fault in parsed.faults:
        assert fault.span is not None
        assert (1, 1) <= (fault.span.line, fault.span.column) <= (fault.span.end_line, fault.span.end_column)
        assert fault.span.end_line <= text.count("\n") + 1
        assert fault.message in render(fault, {"test": source}) or not fault.message.isprintable()
    if not parsed.faults:
        kept = [token for token in scan(text) if token.type not in ("BLANK", "COMMENT")]
        assert list(leaves(parsed.tree)) == kept
        assert parse(Source.of("test", formatted(source))).tree == parsed.tree


@given(st.text())
def test_any_text(text: str) -> None:
    """Text of any characters, lone surrogates among them."""
    survives(text)


@given(st.text(alphabet=st.characters(categories=["Cs", "Cc", "Nd", "Ll", "Po"]), max_size=50))
def test_odd_characters(text: str) -> None:
    """Lone surrogates and control characters within what would be a design."""
    survives("host a {\n" + text + "\n}\nkind b")


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    """Bytes, read as if each were a character."""
    survives(data.decode("latin-1"))


@given(st.lists(st.sampled_from(SPELLINGS), max_size=60))
def test_any_tokens(pieces: list[str]) -> None:
    """Words, signs and names in any order."""
    survives(" ".join(pieces))


CHANGES = st.tuples(st.integers(0, len(PIECES) - 1), st.sampled_from(["", "double", "next", *SPELLINGS]))


@given(st.lists(CHANGES, max_size=6))
def test_mutated_design(changes: list[tuple[int, str]]) -> None:
    """A design of which some tokens are dropped, doubled, swapped with the next one, or replaced."""
    pieces = list(PIECES)
    for place, change in changes:
        if change == "double":
            pieces[place] *= 2
        elif change == "next":
            pieces[place : place + 2] = reversed(pieces[place : place + 2])
        else:
            pieces[place] = change
    survives("".join(pieces))


@given(st.integers(0, len(EXAMPLE)), st.integers(0, len(EXAMPLE)))
def test_cut_design(start: int, end: int) -> None:
    """A design that begins or ends anywhere."""
    survives(EXAMPLE[:end])
    survives(EXAMPLE[start:])


@given(st.lists(st.sampled_from(SPELLINGS), max_size=40))
def test_mended_tokens_are_in_the_language(pieces: list[str]) -> None:
    """Whatever tokens come in, those that come out parse; and there are faults just where what came in does not."""
    source = Source.of("test", " ".join(pieces))
    tokens = [token for token in scan(source.text) if token.type not in ("BLANK", "COMMENT")]
    end = Token(END, "", len(source.text), 1, 1, 1, 1, len(source.text))
    mended = mend(source, [*tokens, end])
    assert tree_of(mended.tokens) is not None
    assert (tree_of([*tokens, end]) is not None) == (mended.faults == ())


def rules(count: int, word: str = "allow") -> str:
    """A firewall of many rules."""
    lines = "".join(f"  r{n}: {word} a, x -> b, y : s, s from a into b\n" for n in range(count))
    return f"domain a {{ host x }}\ndomain b {{ host y }}\nservice s = tcp 80\nfirewall F joins a, b {{\n{lines}}}\n"


HUGE = {
    "open parentheses": "assume " + "(" * 10**5,
    "parentheses": "assume " + "(" * 10**5 + "a" + ")" * 10**5,
    "not": "invariant i: " + "not " * 10**5 + "a",
    "implies": "invariant i: " + "a implies " * 10**5 + "a",
    "and": "invariant i: " + "a and " * 10**5 + "a",
    "quantifiers": "invariant i: " + "all host h: " * 20_000 + "a",
    "braces": "domain a {" * 5000,
    "braces on lines": "domain a {\n" * 5000,
    "balanced braces": "zone a {" * 5000 + "}" * 5000,
    "closing braces": "}\n" * 50_000,
    "open texts": 'design "a\n' * 20_000,
    "quotes": '"' * 100_001,
    "nothing": "\0" * 10**6,
    "strays on a line": "a\0" * 10**5,
    "strays on lines": "; x\n" * 50_000,
    "surrogates": "\ud800" * 1000 + EXAMPLE,
    "a long name": "kind " + "a" * 10**6,
    "a long number": "service a = tcp " + "9" * 10**6,
    "names on a line": "a " * 250_000,
    "names on lines": "a\n" * 250_000,
    "items that end early": "host\n" * 100_000,
    "unclosed blocks": "firewall f joins a, b {\nallow a -> b : c\n" * 10_000,
    "characters": "".join(chr(32 + (n * n * 7 + n // 3) % 95) for n in range(10**6)),
    "misspelt rules": rules(10_000, "alow"),
    "one misspelt rule": rules(5000) + rules(5000).replace("r2500: allow", "r2500: alow"),
    "everything on a line": rules(5000).replace("\n", " ") + " bad bad bad",
}


@pytest.mark.parametrize("name", sorted(HUGE))
def test_huge_texts_take_no_time(name: str) -> None:
    """Up to a megabyte of anything is answered in seconds, with a bounded number of faults."""
    begun = time.process_time()
    parsed = parse(Source.of("test", HUGE[name]))
    assert time.process_time() - begun < 20
    assert len(parsed.faults) <= MOST + 1


def test_many_rules_are_read_fast() -> None:
    """Ten thousand rules are understood in the time that a person does not notice, on a slow machine."""
    tables()
    source = Source.of("test", rules(10_000))
    begun = time.process_time()
    parsed = parse(source)
    assert time.process_time() - begun < 5
    assert parsed.faults == ()
    assert len(list(leaves(parsed.tree))) > 150_000
