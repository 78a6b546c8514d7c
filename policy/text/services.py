"""Services and kinds: what each holds, through groups and parents of any depth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lark import Token

from policy.core.model import ANY_SERVICE, ICMP, LAST_POINT, OTHER, TCP, UDP, Interval, Service
from policy.text.load import unquoted
from policy.text.scope import Scope
from policy.text.syntax import Node

PORTS = 65535  # the last one
STARTS = (UDP, ICMP, OTHER)


def services(scope: Scope) -> Mapping[str, Service]:
    """Every service of the design with all its packets, and `any`."""
    direct: dict[str, list[Interval]] = {}
    groups: dict[str, list[tuple[str, Token]]] = {}
    authenticated: set[str] = set()
    declared = list(scope.names.each("service"))
    for service in declared:
        here, name = scope.within(service.source), service.name
        equals = next(i for i, c in enumerate(service.node.children) if isinstance(c, Token) and c.type == "EQUALS")
        parts = service.node.children[equals:]
        direct[name] = [i for part in parts if isinstance(part, Node) for i in _interval(here, part)]
        names = [part for part in parts if isinstance(part, Token) and part.type == "NAME"]
        groups[name] = [(str(token), token) for token in names if here.simple("service", token)]
        if service.node.has("AUTHENTICATED"):
            authenticated.add(name)
    found: dict[str, Service] = {}
    for name in _inside_out(scope, "service", groups):
        held = [found[part] for part, _ in groups[name] if part in found]
        plain = _merged([*direct[name], *(i for service in held for i in service.plain)])
        asking = _merged(i for service in held for i in service.authenticated)
        found[name] = Service(name, plain, asking)
        if name in authenticated:
            found[name] = Service(name, (), _merged([*plain, *asking]))
    return {
        **{d.name: _about(found[d.name], d.node) for d in declared},
        ANY_SERVICE: Service(ANY_SERVICE, ((0, LAST_POINT),)),
    }


def kinds(scope: Scope) -> Mapping[str, tuple[str, ...]]:
    """Every kind with its parents."""
    parents: dict[str, list[tuple[str, Token]]] = {}
    for kind in scope.names.each("kind"):
        here = scope.within(kind.source)
        tokens = kind.node.tokens("NAME")[1:]
        parents[kind.name] = [(str(token), token) for token in tokens if here.simple("kind", token)]
    _inside_out(scope, "kind", parents)
    return {name: tuple(dict.fromkeys(parent for parent, _ in found)) for name, found in parents.items()}


def _about(service: Service, node: Node) -> Service:
    return Service(service.name, service.plain, service.authenticated, about(node))


def about(node: Node) -> str:
    """The description of a declaration."""
    token = node.token("STRING")
    return "" if token is None else unquoted(token)


def _interval(scope: Scope, protocol: Node) -> list[Interval]:
    """The packets of a protocol and its ports; none after a fault."""
    if protocol.has("ICMP"):
        return [(ICMP, ICMP)]
    if protocol.has("IP"):
        return [(0, LAST_POINT)]
    start = TCP if protocol.has("TCP") else UDP
    ports = protocol.node("ports")
    if ports is None:
        return [(start, start + PORTS)]
    numbers = [scope.number(token, PORTS, "a port", "E020") for token in ports.tokens("INT")]
    low, high = numbers[0], numbers[-1]
    if low is None or high is None:
        return []
    if low > high:
        scope.fault("E020", "this range of ports is empty", ports, "", f"is `{high}-{low}` meant?")
        return []
    return [(start + low, start + high)]


def _merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Disjoint and sorted. Neighbours become one, unless a protocol ends between them."""
    found: list[Interval] = []
    for low, high in sorted(intervals):
        if found and (low <= found[-1][1] or (low == found[-1][1] + 1 and low not in STARTS)):
            found[-1] = found[-1][0], max(found[-1][1], high)
        else:
            found.append((low, high))
    return tuple(found)


def _inside_out(scope: Scope, what: str, graph: Mapping[str, Sequence[tuple[str, Token]]]) -> list[str]:
    """The names so that each comes after those that it refers to. A reference that closes a circle is a fault."""
    done: dict[str, None] = {}
    for first in graph:
        chain = [] if first in done else [first]
        todo = [iter(graph[first])] if chain else []
        while chain:
            name, token = next(todo[-1], ("", None))
            if token is None:
                todo.pop()
                done[chain.pop()] = None
            elif name in chain:
                _circle(scope, what, [*chain[chain.index(name) :], name], token)
            elif name not in done:
                chain.append(name)
                todo.append(iter(graph[name]))
    return list(done)


def _circle(scope: Scope, what: str, around: list[str], token: Token) -> None:
    source = scope.names.of[what][around[-2]].source
    verb = "holds" if what == "service" else "is a kind of"
    shown = around if len(around) <= 8 else [*around[:4], "…", *around[-3:]]
    message = f"{what} `{around[0]}` {verb} itself: " + f" {verb} ".join(f"`{name}`" for name in shown)
    scope.within(source).fault("E015", message, token, "the circle closes here")
