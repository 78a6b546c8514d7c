"""Conditions: what is said of options, and how claims and conditions are put together from parts."""

from __future__ import annotations

from collections.abc import Callable

from lark import Token

from policy.core.model import ALWAYS, And, Claim, Iff, Is, Not, Option, Or
from policy.text.diagnostic import nearest
from policy.text.parse import DEEPEST
from policy.text.record import article
from policy.text.scope import Scope, names_in
from policy.text.syntax import Node

BOOLEAN = ("true", "false")
JOINTS = ("iff", "implies", "or", "and", "not", "group")


def when(scope: Scope, node: Node) -> Claim:
    """The condition of an item or declaration; always where it has none."""
    clause = node.node("when")
    if clause is None:
        return ALWAYS
    inner = clause.children[-1]
    assert isinstance(inner, Node)
    return condition(scope, inner)


def condition(scope: Scope, node: Node) -> Claim:
    """A condition; after a fault the rest of it."""
    return combined(scope, node, _atom)


def _atom(scope: Scope, node: Node) -> Claim:
    if node.kind == "option_name":
        return bare(scope, node)
    left, right = node.children[0], node.children[-1]
    assert isinstance(left, Token) and isinstance(right, Token)
    option = option_called(scope, left)
    if option is None:
        not_an_option(scope, left)
        return ALWAYS
    return valued(scope, option, left, right)


def combined(scope: Scope, node: Node, atom: Callable[[Scope, Node], Claim]) -> Claim:
    """What a tree of `iff`, `implies`, `or`, `and`, `not` and parentheses over atoms says."""
    if node.kind not in JOINTS:
        claim = atom(scope, node)
    elif node.kind == "group":
        return combined(scope, _inner(node), atom)
    else:
        parts = [combined(scope, part, atom) for part in operands(node) if isinstance(part, Node)]
        claim = _joined(scope, node, parts)
    scope.note(claim, node)
    return claim


def _joined(scope: Scope, node: Node, parts: list[Claim]) -> Claim:
    match node.kind:
        case "and":
            return And(tuple(parts))
        case "or":
            return Or(tuple(parts))
        case "not":
            return Not(parts[0])
        case "implies":
            return Or((Not(parts[0]), parts[1]))
    if len(parts) > DEEPEST:
        scope.fault("E004", f"more than {DEEPEST} claims are joined by `iff`", node, "too deep")
        return ALWAYS
    claim = parts[0]
    for part in parts[1:]:
        claim = Iff(claim, part)
    return claim


def _inner(group: Node) -> Node:
    return next(child for child in group.children if isinstance(child, Node))


def operands(node: Node) -> list[Node | Token]:
    """What a node joins, from left to right: the same joint on its left is the same list. Names count, words do not."""
    found: list[Node | Token] = []
    while True:
        parts = [c for c in node.children if isinstance(c, Node) or c.type in ("NAME", "DOTTED")]
        found += reversed(parts[1:])
        first = parts[0]
        if isinstance(first, Node) and first.kind == node.kind and node.kind != "not":
            node = first
            continue
        return [first, *reversed(found)]


# ---------------------------------------------------------------- options


def option_called(scope: Scope, token: Token) -> Option | None:
    """The declared option of that name, or else the one that places the thing of that (short) name."""
    option = scope.options.get(token)
    if option is not None and option.origin == "declared":
        return option
    found = [scope.options[d.name] for d in scope.names.places(token) if d.name in scope.options]
    return found[0] if len(found) == 1 and len(scope.names.places(token)) == 1 else None


def doubtful(scope: Scope, token: Token) -> bool:
    """Whether it is the name of something that may be an option, had its placement no fault."""
    places = scope.names.places(token)
    return token not in scope.variables and len(places) == 1 and places[0].name in scope.unsure


def not_an_option(scope: Scope, token: Token) -> None:
    """The fault of speaking of something else as if it were an option."""
    name = str(token)
    if name in scope.variables:
        _no_option(scope, token, scope.variables[name].sort, "a variable is never an option")
        return
    places = scope.names.places(name)
    sort = scope.names.sort_of(name)
    if len(places) > 1:
        scope.named(token, "host")
    elif not sort or sort == "option":
        known = [option for option in scope.options if " " not in option]
        scope.record.unknown("place", "option", name, scope.span(token), lambda: known)
    elif not doubtful(scope, token):
        movable = sort in ("host", "component")
        hint = "only a host or component that is placed with `or` is an option, too" if movable else ""
        _no_option(scope, token, sort, hint)


def _no_option(scope: Scope, token: Token, sort: str, hint: str) -> None:
    scope.fault("E036", f"`{token}` is {article(sort)}, not an option", token, "an option is needed here", hint)


def bare(scope: Scope, node: Node) -> Claim:
    """An option that stands for itself, and so is true or false."""
    token = names_in(node)[0]
    option = None if token in scope.variables else option_called(scope, token)
    if option is None:
        not_an_option(scope, token)
        return ALWAYS
    if option.values == BOOLEAN and option.origin == "declared":
        return Is(option.name, "true")
    if option.name not in scope.unsure:
        hint = f"say which value, as in `{token} = {option.values[0]}`" if option.values else ""
        scope.fault("E036", f"option `{token}` is not true or false", token, "a comparison is needed here", hint)
    return ALWAYS


def valued(scope: Scope, option: Option, left: Token, right: Token) -> Claim:
    """The option has the value that is written; a domain is any of its zones."""
    values = values_meant(scope, option, right)
    if values is None:
        return ALWAYS
    fitting = tuple(Is(option.name, value) for value in values if value in option.values)
    if fitting:
        return fitting[0] if len(fitting) == 1 else Or(fitting)
    declared = scope.names.of["option"].get(option.name)
    if option.name not in scope.unsure and (declared is None or not scope.record.mended(declared.span)):
        listed = ", ".join(f"`{value}`" for value in option.values[:8])
        like = nearest(right, option.values)
        hint = f"did you mean `{like}`?" if like else f"it has {listed}"
        scope.fault("E039", f"option `{left}` has no value `{right}`", right, "", hint)
    return ALWAYS


def values_meant(scope: Scope, option: Option, right: Token) -> tuple[str, ...] | None:
    """The values that the text may mean; None after a fault."""
    if option.origin == "declared" or right.type in ("TRUE", "FALSE"):
        return (str(right),)
    place = scope.named(right, "domain", "zone") if _of_host(scope, option) else scope.named(right, "host")
    if place is None:
        return None
    return scope.zones_of(place) if place.sort in ("domain", "zone") else (place.name,)


def _of_host(scope: Scope, option: Option) -> bool:
    return scope.names.of["place"][option.name].sort == "host"
