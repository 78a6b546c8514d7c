"""A claim that is asked of a design and stands in no file of it.

The claim is a text of its own, with its own lines and columns, read as what stands after `invariant NAME:` in a further
file of the design; the name is none that a design can declare. `paths from …` and `attacks from …` ask for a list: they
are read as `some path from …`, whose walks are those to list.
"""

from __future__ import annotations

from dataclasses import replace

from lark import Token

from policy.text.diagnostic import Diagnostic
from policy.text.grammar import tables
from policy.text.load import DECLARES, Loaded
from policy.text.parse import parse
from policy.text.recover import Stack, follow
from policy.text.scan import scan
from policy.text.source import Source
from policy.text.syntax import Node, first_leaf, leaves

QUERY = "<query>"  # the name of the claim as an invariant, and of its text
BEGUN = (("INVARIANT", ""), ("NAME", QUERY), ("COLON", ""))  # what stands before the claim, by type and text
LISTS = {"paths": "PATH", "attacks": "ATTACK"}
JOINING = ("AND", "OR", "IMPLIES", "IFF")


def lists(text: str) -> bool:
    """Whether the text begins with `paths` or `attacks`, and not as a claim about something of that name."""
    tokens = [token for token in scan(text) if token.type not in ("BLANK", "COMMENT")]
    return bool(tokens) and _lists(tokens)


def asked(loaded: Loaded, text: str) -> Loaded:
    """The design with the claim as a further invariant of the name QUERY. Never raises for what is in the text."""
    name = QUERY
    while name in loaded.sources:
        name = f"<{name}>"
    source = Source.of(name, text)
    parsed = parse(source, _after_its_name)
    faults = [_of_a_claim(fault, source) for fault in parsed.faults] or _too_much(source, parsed.tree)
    lost = {match[1] for match in DECLARES.finditer(text)} if faults else set()
    return Loaded(
        {**loaded.sources, name: source},
        (*loaded.trees, (source, Node(parsed.tree.kind, parsed.tree.children[:1]))),
        (*loaded.faults, *faults),
        loaded.lost | parsed.lost | lost,
        loaded.complete and not faults,
        loaded.nameless,
    )


def _after_its_name(tokens: list[Token]) -> list[Token]:
    """The tokens of a claim as those of an invariant; a list as the claim that there is some."""
    begun = [_at(tokens[0], kind, text) for kind, text in BEGUN]
    if not _lists(tokens):
        return [*begun, *tokens]
    word = Token.new_borrow_pos(LISTS[tokens[0]], str(tokens[0]), tokens[0])
    return [*begun, _at(word, "SOME", "some"), word, *tokens[1:]]


def _lists(tokens: list[Token]) -> bool:
    stack: Stack | None = (tables().start, None)
    for kind in (*(kind for kind, _ in BEGUN), *(token.type for token in tokens[:2])):
        stack = follow(stack, kind) if stack else None
    return tokens[0].type == "NAME" and str(tokens[0]) in LISTS and stack is None


def _at(token: Token, kind: str, text: str) -> Token:
    """A token of no width before another one."""
    return Token(kind, text, token.start_pos, token.line, token.column, token.line, token.column, token.start_pos)


def _of_a_claim(fault: Diagnostic, source: Source) -> Diagnostic:
    """The fault as it is told of a claim: nothing is said of what was put before it."""
    first = next((token for token in scan(source.text) if token.type not in ("BLANK", "COMMENT")), None)
    if first is None:
        return replace(fault, message="there is no claim", label="a claim is expected here", hint="")
    if "``" in fault.message or fault.label.startswith("expected `:`"):
        return replace(_unexpected(source, first, ""), label="a claim is expected here")
    if fault.message == "the text ends in the middle of a declaration":
        return replace(fault, message="the text ends in the middle of the claim")
    return replace(fault, hint="") if "``" in fault.hint or fault.hint.startswith("`:`") else fault


def _too_much(source: Source, tree: Node) -> list[Diagnostic]:
    """A fault for what does not belong to one claim, or one list."""
    invariant, *others = tree.children
    assert isinstance(invariant, Node)
    if others:
        return [_unexpected(source, first_leaf(others[0]), "one claim is asked at a time")]
    claim = next(child for child in invariant.children if isinstance(child, Node) and child.kind != "threat")
    if lists(source.text) and claim.kind not in ("path", "path_passes"):
        joint = next(leaf for leaf in leaves(claim) if leaf.type in JOINING)
        return [_unexpected(source, joint, "a list of paths is no part of another claim")]
    return []


def _unexpected(source: Source, token: Token, hint: str) -> Diagnostic:
    span = source.span(token.start_pos or 0, token.end_pos or 0)
    return Diagnostic("E001", f"`{token}` is not expected here", source.name, span, "expected the end", hint)
