"""Claims: the syntax tree of an invariant's claim as a claim of the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from lark import Token

from policy.core.model import (
    ALWAYS,
    Accepts,
    AccountsAccepted,
    AllOf,
    Amount,
    AnyOf,
    Binder,
    CanReach,
    Claim,
    Compare,
    ConnectionsAreFlows,
    Count,
    Endpoints,
    FlowsPossible,
    InPlace,
    IsKind,
    Joins,
    ListensOn,
    Named,
    Number,
    Pass,
    PathClaim,
    Quantified,
    Ref,
    Runs,
    Same,
    Sort,
    Then,
    Threat,
    Tier,
    Trusts,
    Variable,
    Waypoints,
)
from policy.text.conditions import bare, combined, doubtful, operands, option_called, valued
from policy.text.scope import PLACES, Bound, Scope, names_in
from policy.text.syntax import Node

LARGEST = 1_000_000  # steps, firewalls, failures
MOST_VARIABLES = 50  # within each other
WIDEST = 2**63 - 1  # tiers and what they are compared with
STANDING: tuple[Sort, ...] = ("host", "component")
GROUND: tuple[Sort, ...] = ("zone", "domain")
FACTS: dict[str, tuple[Any, tuple[Sort, ...], tuple[Sort, ...]]] = {
    "in_place": (InPlace, STANDING, GROUND),
    "runs": (Runs, ("host",), ("component",)),
    "joins": (Joins, ("firewall",), GROUND),
    "trusts_claim": (Trusts, ("domain",), ("domain",)),
    "accepts": (Accepts, ("domain",), ("domain",)),
}


def claim(scope: Scope, node: Node) -> Claim:
    """The claim that a tree makes; after a fault something that always holds takes the place of the faulty part."""
    return combined(scope, node, _atom)


def _atom(scope: Scope, node: Node) -> Claim:
    match node.kind:
        case "path" | "path_passes":
            return _path(scope, node)
        case "quantified":
            return _quantified(scope, node)
        case "compare":
            return _compare(scope, node)
        case "can_reach":
            source, target = (scope.endpoints(part) for part in node.nodes("set"))
            return CanReach(source, target, _on(scope, node))
        case "flows_possible":
            return FlowsPossible()
        case "accounts":
            return AccountsAccepted()
        case "connections":
            return _connections(scope, node)
        case "option_name":
            return bare(scope, node)
        case "equals":
            return _equals(scope, node)
    return _fact(scope, node)


def _fact(scope: Scope, node: Node) -> Claim:
    first, *rest = names_in(node)
    if node.kind == "is_kind":
        what, kind = scope.ref(first, *STANDING), scope.simple("kind", rest[0])
        return ALWAYS if what is None or kind is None else IsKind(what, kind)
    if node.kind == "listens_on":
        what, on = scope.ref(first, *STANDING), scope.services(node.nodes("services")[0])
        return ALWAYS if what is None or not on else ListensOn(what, on)
    made, left, right = FACTS[node.kind]
    a, b = scope.ref(first, *left), scope.ref(rest[0], *right)
    return ALWAYS if a is None or b is None else cast(Claim, made(a, b))


def _on(scope: Scope, node: Node) -> tuple[str, ...]:
    on = node.node("on")
    return () if on is None else scope.services(on.nodes("services")[0])


def _connections(scope: Scope, node: Node) -> Claim:
    article = node.tokens("NAME")[0]
    if article != "a":
        scope.fault("E001", f"`{article}` is not expected here", article, "expected `a`", "say `is a flow`")
    ends: dict[str, Endpoints] = {}
    word = ""
    for child in node.children:
        if isinstance(child, Token):
            word = child.type
        elif child.kind == "set":
            ends[word] = scope.endpoints(child)
    return ConnectionsAreFlows(ends.get("FROM"), ends.get("INTO"), _on(scope, node))


# ---------------------------------------------------------------- `x = y`


def _equals(scope: Scope, node: Node) -> Claim:
    """About an option where the left side is one and the right side its value; otherwise both are the same thing."""
    left, right = node.children[0], node.children[-1]
    assert isinstance(left, Token) and isinstance(right, Token)
    option = None if left in scope.variables else option_called(scope, left)
    if option is not None and (option.origin == "declared" or not _names_its_sort(scope, left, right)):
        return valued(scope, option, left, right)
    if right.type in ("TRUE", "FALSE"):
        return bare(scope, Node("option_name", (left,)))
    a = None if doubtful(scope, left) else scope.ref(left, *PLACES, also=scope.options)
    b = None if a is None else scope.ref(right, a.sort)
    return ALWAYS if a is None or b is None else Same(a, b)


def _names_its_sort(scope: Scope, left: Token, right: Token) -> bool:
    """Whether the right side is a thing of the sort that the left side is, apart from being an option."""
    if right in scope.variables:
        return True
    sorts = {declared.sort for name in (left, right) for declared in scope.names.places(name)}
    return len(sorts) == 1 and right.type not in ("TRUE", "FALSE")


# ---------------------------------------------------------------- paths


def _path(scope: Scope, node: Node) -> Claim:
    quantifier = node.children[0]
    assert isinstance(quantifier, Token)
    source, target = (scope.endpoints(part) for part in node.nodes("set"))
    attack = node.has("ATTACK")
    passes = waypoints(scope, node.children[-1]) if node.kind == "path_passes" else None
    crosses = None
    if node.has("CROSSES"):
        crosses = scope.number(node.tokens("INT")[0], LARGEST, "a number of firewalls")
    elif quantifier.type == "EVERY" and node.kind == "path":
        what = "attack" if attack else "path"
        hint = f"`no {what}` needs neither" if attack else "`no path` and `some path` need neither"
        scope.fault("E001", f"`every {what}` says nothing yet", node, "expected `passes` or `crosses` after it", hint)
    within = node.node("within")
    steps = None if within is None else scope.number(within.tokens("INT")[0], LARGEST, "a number of steps")
    if within is not None and attack:
        scope.fault("E037", "an attack has no number of steps", within, "only a path has", "leave `within` out")
        steps = None
    said = cast(Any, quantifier.type.lower())
    return PathClaim(said, source, target, _on(scope, node), steps, passes, crosses, attack)


def waypoints(scope: Scope, item: Node | Token) -> Waypoints | None:
    """What a path is to pass; without the faulty parts, None where nothing is left."""
    if isinstance(item, Token):
        what = scope.ref(item, "firewall", "host", "component")
        found: Waypoints | None = None if what is None else Pass(what)
    elif item.kind == "w_group":
        return waypoints(scope, item.children[1])
    else:
        parts = tuple(part for one in operands(item) if (part := waypoints(scope, one)) is not None)
        found = _joint(item.kind, parts) if parts else None
    if found is not None:
        scope.note(found, item)
    return found


def _joint(kind: str, parts: tuple[Waypoints, ...]) -> Waypoints:
    if kind == "w_then":
        return Then(parts)
    return AllOf(parts) if kind == "w_and" else AnyOf(parts)


# ---------------------------------------------------------------- quantifiers and amounts


def _quantified(scope: Scope, node: Node) -> Claim:
    binders, inner = _binders(scope, node)
    body = node.children[-1]
    assert isinstance(body, Node)
    word = node.children[0]
    assert isinstance(word, Token)
    return Quantified(cast(Any, word.type.lower()), binders, claim(inner, body))


def _binders(scope: Scope, node: Node) -> tuple[tuple[Binder, ...], Scope]:
    """The variables of a quantifier or count, and the scope of its body. A set goes on over commas up to the next
    variable."""
    groups: list[tuple[Node, list[Node | Token]]] = []
    for child in node.children:
        if isinstance(child, Token) and child.type == "COLON":
            break
        if isinstance(child, Node) and child.kind == "binder":
            groups.append((child, list(child.children[3:])))
        elif groups:
            groups[-1][1].append(child)
    found = []
    for binder, terms in groups:
        bound, scope = _binder(scope, binder, terms)
        found.append(bound)
    return tuple(found), scope


def _binder(scope: Scope, node: Node, terms: list[Node | Token]) -> tuple[Binder, Scope]:
    word, variable = node.children[0], node.children[1]
    assert isinstance(word, Token) and isinstance(variable, Token)
    name, sort = str(variable), cast(Sort, word.type.lower())
    while terms and isinstance(terms[-1], Token) and terms[-1].type == "COMMA":
        terms.pop()
    within = _range(scope, node, sort, terms)
    hidden = _hidden(scope, name)
    if hidden:
        scope.fault("E014", f"variable `{name}` hides {hidden}", variable, "", "choose another name")
    if len(scope.variables) >= MOST_VARIABLES:
        scope.fault("E004", f"there are more than {MOST_VARIABLES} variables in reach", variable, "too deep")
    bound = Bound(sort, _domains(scope, within) if sort == "domain" else frozenset())
    return Binder(sort, name, within), replace(scope, variables={**scope.variables, name: bound})


def _hidden(scope: Scope, name: str) -> str:
    if name in scope.variables:
        return "another variable"
    if scope.names.places(name):
        return f"the {scope.names.places(name)[0].sort} of that name"
    return "the option of that name" if name in scope.options else ""


def _range(scope: Scope, node: Node, sort: Sort, terms: list[Node | Token]) -> Endpoints | None:
    if not node.has("IN"):
        for term in terms:
            if isinstance(term, Node) or term.type != "COMMA":
                hint = f"say `{node.children[0]} {node.children[1]} in …` to give the variable a range"
                scope.fault("E001", "a variable is expected here", term, "expected a word such as `host`", hint)
                break
        return None
    words = [term for term in terms if isinstance(term, Token) and term.type == "EXCEPT"]
    if len(words) > 1:
        scope.fault("E035", "a second `except` in one set", words[1])
    if sort in STANDING:
        return scope.members(terms)
    allowed: dict[Sort, tuple[Sort, ...]] = {"domain": ("domain",), "zone": GROUND, "firewall": ("firewall",)}
    kept: list[Node | Token] = []
    for term in terms:
        if isinstance(term, Token) and term.type in ("COMMA", "EXCEPT", "NAME", "DOTTED"):
            named = term.type in ("NAME", "DOTTED")
            kept += [] if named and scope.ref(term, *allowed[sort]) is None else [term]
        else:
            scope.fault("E013", f"a {sort} is needed here", term, f"{sort} variables range over {sort}s by name")
    return scope.members(kept)


def _domains(scope: Scope, within: Endpoints | None) -> frozenset[str]:
    """The domains that a variable over the set may stand for."""
    if within is None:
        return frozenset(scope.tiers)
    less = {term.name for term in within.minus if isinstance(term, Named)}
    found: set[str] = set()
    for term in within.terms:
        if isinstance(term, Named):
            found.add(term.name)
        elif isinstance(term, Variable):
            found |= scope.variables[term.name].domains
    return frozenset(found - less)


def _compare(scope: Scope, node: Node) -> Claim:
    left, right = (_amount(scope, part) for part in node.nodes("amount"))
    sign = node.nodes("comparison")[0].children[0]
    return ALWAYS if left is None or right is None else Compare(left, cast(Any, str(sign)), right)


def _amount(scope: Scope, node: Node) -> Amount | None:
    if node.has("COUNT"):
        binders, inner = _binders(scope, node)
        body = node.children[-2]
        assert isinstance(body, Node)
        return Count(binders, claim(inner, body))
    if node.has("TIER"):
        token = names_in(node)[0]
        domain = scope.ref(token, "domain")
        if domain is not None:
            _tier_is_known(scope, token, domain)
        return None if domain is None else Tier(domain)
    value = whole(scope, node.nodes("integer")[0])
    return None if value is None else Number(value)


def whole(scope: Scope, node: Node) -> int | None:
    """A number that may be negative."""
    value = scope.number(node.tokens("INT")[0], WIDEST, "a number")
    return -value if value is not None and node.has("DASH") else value


def _tier_is_known(scope: Scope, token: Token, domain: Ref) -> None:
    """A fault where a domain that is meant has no tier."""
    if not scope.record.complete:
        return
    meant = {domain.name} if isinstance(domain, Named) else scope.variables[domain.name].domains
    without = [name for name in scope.tiers if name in meant and scope.tiers[name] is None]
    if without:
        message = "domain " + ", ".join(f"`{name}`" for name in without[:5]) + " has no tier"
        label = "" if isinstance(domain, Named) else f"`{domain.name}` may stand for it"
        notes = tuple(("declared here", scope.names.of["place"][name].span) for name in without)
        scope.fault("E038", message, token, label, "give the domain a `tier`", notes)


# ---------------------------------------------------------------- failures


def threats(scope: Scope, nodes: Sequence[Node]) -> tuple[Threat, ...]:
    """What `even if` admits."""
    found = (_threat(scope, node) for node in nodes)
    return tuple(threat for threat in found if threat is not None)


def _threat(scope: Scope, node: Node) -> Threat | None:
    bypassed = node.has("BYPASSED")
    sorts: tuple[Sort, ...] = ("firewall",) if bypassed else PLACES
    number = node.token("INT")
    most = 1 if number is None else scope.number(number, LARGEST, "a number of failures")
    if node.has("FIREWALLS"):
        units = [Named("firewall", firewall.name) for firewall in scope.names.each("firewall")]
    else:
        units = []
        names = node.node("names")
        for token in names_in(node if names is None else names):
            unit = scope.named(token, *sorts)
            if unit in units:
                scope.fault("E033", f"`{token}` is listed twice", token, "again")
            elif unit is not None:
                units.append(unit)
    return None if most is None else Threat(tuple(units), "bypassed" if bypassed else "compromised", most)
