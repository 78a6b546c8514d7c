"""Formatting a random design keeps what it says, and changes nothing the second time."""

from __future__ import annotations

import strategies
from hypothesis import given

from policy.text.format import formatted
from policy.text.parse import parse
from policy.text.source import Source
from policy.text.syntax import leaves


@given(strategies.designs())
def test_round_trip(text: str) -> None:
    """parse(format(x)) == parse(x), and format(format(x)) == format(x)."""
    source = Source.of("design", text)
    parsed = parse(source)
    assert parsed.faults == ()
    again = Source.of("design", formatted(source))
    assert parse(again).tree == parsed.tree
    assert formatted(again) == again.text


@given(strategies.designs())
def test_layout_does_not_matter(text: str) -> None:
    """A design all on one line says the same, and so does one with every token on a line of its own; formatted, too."""
    tree = parse(Source.of("design", text)).tree
    for blank in (" ", "\n"):
        other = Source.of("design", blank.join(leaves(tree)))
        assert parse(other).tree == tree
        assert parse(Source.of("design", formatted(other))).tree == tree
