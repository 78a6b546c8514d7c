"""What evidence calls the things that code tells by numbers or by identity: endpoints, relays, packets, the states of
waypoints, and the parts of a claim.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from policy.core.binding import bind
from policy.core.endpoints import Endpoint
from policy.core.evidence import settled, threatened, walk
from policy.core.judge import Judge
from policy.core.layout import Layout
from policy.core.model import (
    ICMP,
    LAST_POINT,
    OTHER,
    TCP,
    UDP,
    AllOf,
    AnyOf,
    Binder,
    Claim,
    Count,
    Invariant,
    Named,
    Pass,
    PathClaim,
    Quantified,
    Then,
    Variable,
    packet_at,
)
from policy.core.values import Json, MalformedError, items, known, refuse, shortened, text
from policy.core.view import Literal, View
from policy.core.walk import Crossed, Rest, Walk


def endpoint_words(endpoint: Endpoint) -> str:
    """`host NAME`, `host NAME/PLACE`, `firewall NAME`, `someone ZONE` or `someone ZONE at ADDRESS`."""
    split = f"/{endpoint.place}" if endpoint.place else ""
    at = f" at {endpoint.address}" if endpoint.address is not None else ""
    return f"{endpoint.sort} {endpoint.name}{split}{at}"


def rest_words(rest: Rest) -> str:
    """What is still to pass: a name (`all(nothing)` for a thing called `nothing`), or `then(…)`, `all(…)`, `any(…)` of
    such; `nothing` where all is passed. Where firewalls are counted, `crossed(…)` with those that were."""
    match rest:
        case Crossed(firewalls):
            return f"crossed({', '.join(sorted(firewall.name for firewall in firewalls))})"
        case Pass(Named(_, name)):
            return "all(nothing)" if name == "nothing" else name
        case Then(of) | AllOf(of) | AnyOf(of):
            word = {Then: "then", AllOf: "all", AnyOf: "any"}[type(rest)]
            return f"{word}({', '.join(rest_words(part) for part in of)})"
    return "nothing"


def relay_words(key: tuple[str, str, int]) -> str:
    """`relay 1 of host NAME`, `relay 1 of component NAME` or `publish 1 of firewall NAME`."""
    sort, name, i = key
    return f"{'publish' if sort == 'firewall' else 'relay'} {i + 1} of {sort} {name}"


def states(found: Walk) -> list[str]:
    """What is still to pass in each state of the walks."""
    return [rest_words(rest) for rest in found.way.rests]


def numbered(names: Iterable[str]) -> list[str]:
    """The names, from the second of the same name on followed by `#2`, `#3`, …"""
    seen: dict[str, int] = {}
    found: list[str] = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return found


@dataclass(frozen=True, slots=True)
class Part:
    """A claim within a claim, and the binders around it from the outside in."""

    claim: Claim
    binders: tuple[Binder, ...]


def parts_of(tree: object, around: tuple[Binder, ...] = ()) -> Iterator[Part]:
    """The claim and every claim in it, each before its own parts, from left to right."""
    if isinstance(tree, Claim):
        yield Part(tree, around)
    if isinstance(tree, (Quantified, Count)):
        yield from parts_of(tree.body, (*around, *tree.binders))
    elif isinstance(tree, tuple):
        for child in tree:
            yield from parts_of(child, around)
    elif is_dataclass(tree):
        for item in fields(tree):
            yield from parts_of(getattr(tree, item.name), around)


def fits(pattern: Any, tree: Any, found: dict[str, Named]) -> bool:
    """Whether the tree is the pattern with its variables replaced; `found` then says what they stand for."""
    if isinstance(pattern, Variable):
        return isinstance(tree, Named) and tree.sort == pattern.sort and found.setdefault(pattern.name, tree) == tree
    if type(pattern) is not type(tree):
        return False
    if isinstance(pattern, tuple):
        return len(pattern) == len(tree) and all(fits(a, b, found) for a, b in zip(pattern, tree, strict=True))
    if is_dataclass(pattern):
        return all(fits(getattr(pattern, f.name), getattr(tree, f.name), found) for f in fields(pattern))
    return bool(pattern == tree)


class Vocabulary:
    """What the endpoints and relays of a design are called, and which are called so."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.like = View(layout)
        self.endpoints = [endpoint_words(endpoint) for endpoint in layout.endpoints]
        self.relays = numbered(f"{relay_words(o.key)} at {self.endpoints[o.at]}" for o in layout.onwards)
        self.endpoint_numbers = {name: i for i, name in enumerate(self.endpoints)}
        self.relay_numbers = {name: i for i, name in enumerate(self.relays)}
        self.relay_keys = {relay_words(o.key): o.key for o in layout.onwards}


class Topic:
    """What evidence about one invariant may speak of: parts of its claim, and failures that it admits."""

    def __init__(self, vocabulary: Vocabulary, invariant: Invariant) -> None:
        self.vocabulary, self.threats = vocabulary, invariant.threats
        self.parts = tuple(parts_of(invariant.claim))
        self.failures = threatened(self.threats)
        self.judge = Judge(vocabulary.like, lambda _: None)

    def walks(self, claim: PathClaim, decisions: Iterable[tuple[Literal, bool]], cut: frozenset[str]) -> Walk:
        """The walks that a barrier speaks of."""
        view = View(self.vocabulary.layout, settled(self.threats, dict(decisions)), self.failures, self.vocabulary.like)
        return walk(view, claim, cut)

    def ranges(self, part: Part, given: Mapping[str, str]) -> bool:
        """Whether the binders around the part are these, and range over that."""
        try:
            return given.keys() == {binder.name for binder in part.binders} and self.bound(part, given, "") is not None
        except MalformedError:
            return False

    def bound(self, part: Part, given: Mapping[str, str], where: str) -> dict[str, Named]:
        """What the variables of the binders around the part stand for; refused where a binder does not range over
        it."""
        bound: dict[str, Named] = {}
        for binder in part.binders:
            things = {thing.name: thing for thing, _ in self.judge.range(bind(binder, bound))}
            bound[binder.name] = known(given[binder.name], f"{where}.{binder.name}", things, binder.sort)
        return bound


def chosen(names: Sequence[str], mask: int) -> list[str]:
    """The names whose bits are set."""
    return [name for name, bit in zip(names, reversed(f"{mask:b}"), strict=False) if bit == "1"]


def mask_of(value: Json, where: str, numbers: Mapping[str, int], what: str) -> int:
    """The set of what is named."""
    digits = ["0"] * (len(numbers) + 1)
    for item, there in items(value, where):
        i = known(item, there, numbers, what)
        if digits[-1 - i] == "1":
            refuse(there, f"`{item}` is there twice")
        digits[-1 - i] = "1"
    return int("".join(digits), 2)


def point_of(value: Json, where: str) -> int:
    """The packet, as a point of the line of all packets."""
    word, _, port = text(value, where).partition(" ")
    starts = {"tcp": TCP, "udp": UDP, "icmp": ICMP, "ip": OTHER}
    digits = port if port.isascii() and port.isdigit() and len(port) <= 5 else "0"
    point = starts.get(word, 0) + int(digits)
    if point > LAST_POINT or str(packet_at(point)) != value:
        refuse(where, f"there is no packet `{shortened(value)}`")
    return point
