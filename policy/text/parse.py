"""Text to syntax tree: one pass of an LALR(1) parser. Where that fails, the tokens are mended first, one report for
every fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from lark import Token

from policy.text.diagnostic import Diagnostic
from policy.text.grammar import END, Rule, tables
from policy.text.recover import MOST, Mended, declared, mend
from policy.text.scan import STRAY, scan
from policy.text.source import Source
from policy.text.syntax import Node, leaves, offsets

DEEPEST = 200  # expressions within each other
# the nodes that can go on for ever
NESTING = frozenset(("group", "w_group", "not", "implies", "iff", "quantified", "amount"))


Part = Node | Token | list[Any]  # a list: parts that have no node of their own


@dataclass(frozen=True, slots=True)
class Parsed:
    """A tree of what could be understood, the faults in the rest, the names that the rest seems to declare, and the
    namespaces in which it declares something without a name."""

    tree: Node
    faults: tuple[Diagnostic, ...] = ()
    lost: frozenset[str] = frozenset()
    nameless: frozenset[str] = frozenset()


def parse(source: Source, changed: Callable[[list[Token]], list[Token]] = list) -> Parsed:
    """The syntax tree of a text, of its tokens as they are `changed`. Never raises for anything that is in the text."""
    tokens, strays = _tokens(source)
    tokens = changed(tokens)
    tree = None if strays else tree_of(tokens)
    mended = Mended(tokens) if tree is not None else mend(source, tokens, strays)
    tree = tree if tree is not None else tree_of(mended.tokens)
    assert tree is not None
    kept, deep, lost = _shallow(source, tree)
    faults = sorted((*mended.faults, *deep), key=lambda fault: fault.place)
    return Parsed(kept, tuple(_capped(source, faults)), mended.lost | lost, mended.nameless)


def _capped(source: Source, faults: list[Diagnostic]) -> list[Diagnostic]:
    """The first MOST faults, and a last one that says that there are more."""
    if len(faults) <= MOST:
        return faults
    message = f"there are more than {MOST} faults, and those from here on are not shown"
    return [*faults[:MOST], Diagnostic("E001", message, source.name, faults[MOST].span)]


def comments(source: Source) -> list[Token]:
    """The comments of a text, in order."""
    return [token for token in scan(source.text) if token.type == "COMMENT"]


def _tokens(source: Source) -> tuple[list[Token], list[Token]]:
    """The tokens of a text up to its end, and what is none."""
    tokens: list[Token] = []
    strays: list[Token] = []
    for token in scan(source.text):
        if token.type == STRAY:
            strays.append(token)
        elif token.type not in ("BLANK", "COMMENT"):
            tokens.append(token)
    offset = len(source.text.rstrip())
    line, column = source.place(offset)
    return [*tokens, Token(END, "", offset, line, column, line, column, offset)], strays


def tree_of(tokens: Iterable[Token]) -> Node | None:
    """The tree of tokens that end with END, or None where they are not in the language."""
    known = tables()
    actions, rules = known.actions, known.rules
    states, values = [known.start], list[Part]()
    for token in tokens:
        kind = token.type
        while True:
            action = actions[states[-1]].get(kind)
            if action is None:
                break
            if action >= 0:
                states.append(action)
                values.append(token)
                break
            rule = rules[~action]
            parts = values[len(values) - rule.size :]
            del states[len(states) - rule.size :], values[len(values) - rule.size :]
            values.append(_reduced(rule, parts))
            states.append(actions[states[-1]][rule.origin])
        if action is None:
            break
    return values[0] if kind == END and states[-1] == known.end and isinstance(values[0], Node) else None


def _reduced(rule: Rule, parts: list[Part]) -> Part:
    """What a production makes of its parts. A list is a sequence in the making and belongs to this reduction alone, so
    the first one is extended rather than copied."""
    flat: list[Any] = [] if rule.spliced else parts
    for part in parts if rule.spliced else ():
        if not isinstance(part, list):
            flat.append(part)
        elif flat:
            flat += part
        else:
            flat = part
    if not rule.kind:
        return flat
    return flat[0] if rule.folds and len(flat) == 1 else Node(rule.kind, tuple(flat))


def _shallow(source: Source, tree: Node) -> tuple[Node, list[Diagnostic], frozenset[str]]:
    """The tree without the declarations in which something is nested too deeply, a fault for each of them, and their
    names."""
    faults: list[Diagnostic] = []
    kept: list[Node | Token] = []
    lost: set[str] = set()
    for child in tree.children:
        deep = _too_deep(child)
        if deep is None:
            kept.append(child)
            continue
        start = offsets(deep)[0]
        message = f"this is nested more than {DEEPEST} deep"
        span, hint = source.span(start, start + 1), "say it with several invariants"
        faults.append(Diagnostic("E004", message, source.name, span, "too deep", hint))
        lost.update(declared([*leaves(child)]))
    return Node(tree.kind, tuple(kept)) if faults else tree, faults, frozenset(lost)


def _too_deep(tree: Node | Token) -> Node | None:
    """The first node that stands within more than DEEPEST others of the kinds that nest."""
    stack: list[tuple[Node | Token, int]] = [(tree, 0)]
    while stack:
        node, depth = stack.pop()
        if isinstance(node, Node):
            depth += node.kind in NESTING
            if depth > DEEPEST:
                return node
            stack.extend((child, depth) for child in reversed(node.children) if isinstance(child, Node))
    return None
