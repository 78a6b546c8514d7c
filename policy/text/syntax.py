"""The syntax tree: nodes named after the rules of the grammar, with every token as a leaf.

Nothing of the text but blanks and comments is lost, so the formatter prints trees, and every node knows its place.
Places do not take part in equality.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lark import Token


@dataclass(frozen=True, slots=True)
class Node:
    """A rule of the grammar with what it consists of. Tokens are strings that know their `type` and place."""

    kind: str
    children: tuple[Node | Token, ...]

    def tokens(self, *types: str) -> list[Token]:
        """The tokens of these types directly below."""
        return [child for child in self.children if isinstance(child, Token) and child.type in types]

    def token(self, *types: str) -> Token | None:
        """The first of them."""
        return next(iter(self.tokens(*types)), None)

    def has(self, *types: str) -> bool:
        """Whether there is one."""
        return self.token(*types) is not None

    def nodes(self, *kinds: str) -> list[Node]:
        """The nodes of these kinds directly below."""
        return [child for child in self.children if isinstance(child, Node) and child.kind in kinds]

    def node(self, *kinds: str) -> Node | None:
        """The first of them."""
        return next(iter(self.nodes(*kinds)), None)


def leaves(tree: Node | Token) -> Iterator[Token]:
    """All tokens of the tree, in order."""
    stack: list[Node | Token] = [tree]
    while stack:
        item = stack.pop()
        if isinstance(item, Token):
            yield item
        else:
            stack.extend(reversed(item.children))


def first_leaf(tree: Node | Token) -> Token:
    """The token that the tree begins with."""
    while not isinstance(tree, Token):
        tree = tree.children[0]
    return tree


def last_leaf(tree: Node | Token) -> Token:
    """The token that the tree ends with."""
    while not isinstance(tree, Token):
        tree = tree.children[-1]
    return tree


def offsets(tree: Node | Token) -> tuple[int, int]:
    """Where the tree begins and ends in the text."""
    return first_leaf(tree).start_pos or 0, last_leaf(tree).end_pos or 0


def bare_name(token: Token) -> bool:
    """Whether the token is a name, dotted or not."""
    return token.type in ("NAME", "DOTTED")
