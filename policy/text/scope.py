"""What a name, set, list or number in the text means at one place of it.

A `Scope` knows the names of the design, the file, and the variables in reach. Its answers are parts of the model; what
means nothing is a fault in the record, and left out.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import cast

from lark import Token

from policy.core.model import (
    ANY_SERVICE,
    Address,
    Addresses,
    Anything,
    Endpoints,
    Named,
    Network,
    OfKind,
    Option,
    Ref,
    Sort,
    Term,
    Variable,
)
from policy.text.names import Names, first_line
from policy.text.record import Record, article
from policy.text.source import Source, Span
from policy.text.syntax import Node, bare_name, offsets

PLACES: tuple[Sort, ...] = ("domain", "zone", "host", "component", "firewall")


@dataclass(frozen=True, slots=True)
class Bound:
    """A variable in reach: its sort, and for a domain those that it may stand for."""

    sort: Sort
    domains: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Scope:
    """`options` are all options of the design, `unsure` those among them whose values are not all known; `tiers` holds
    the tier of every domain; `invariant` is the one whose claim is read."""

    names: Names
    record: Record
    source: Source
    options: Mapping[str, Option] = field(default_factory=dict)
    unsure: frozenset[str] = frozenset()
    tiers: Mapping[str, int | None] = field(default_factory=dict)
    variables: Mapping[str, Bound] = field(default_factory=dict)
    invariant: str = ""

    def within(self, source: Source) -> Scope:
        """The same in another file."""
        return self if source is self.source else replace(self, source=source)

    # -------------------------------------------------------- places in the text

    def span(self, at: Node | Token) -> Span:
        return self.source.span(*offsets(at))

    def fault(
        self,
        code: str,
        message: str,
        at: Node | Token,
        label: str = "",
        hint: str = "",
        notes: tuple[tuple[str, Span], ...] = (),
    ) -> None:
        self.record.fault(code, message, self.span(at), label, hint, notes)

    def note(self, part: object, at: Node | Token) -> None:
        """Notes where a part of the claim is first written."""
        if self.invariant:
            self.record.origins.setdefault(("part", self.invariant, part), self.span(at))

    def only(self, nodes: Sequence[Node], what: str) -> Node | None:
        """The first of the nodes; any other is one too many."""
        for node in nodes[1:]:
            notes = (("the first is here", first_line(self.source, nodes[0])),)
            self.fault("E035", f"a second {what}", node, "there can be one", "", notes)
        return nodes[0] if nodes else None

    # -------------------------------------------------------- names

    def ref(self, token: Token, *sorts: Sort, also: Iterable[str] = ()) -> Ref | None:
        """The place or variable of one of the sorts that a name means. `also` are other words that fit there, for the
        hint where there is no such name."""
        name = str(token)
        variable = self.variables.get(name)
        if variable is not None:
            if variable.sort in sorts:
                return Variable(variable.sort, name)
            self.fault("E013", f"`{name}` is {article(variable.sort)}", token, f"{_one_of(sorts)} is needed here")
            return None
        return self.named(token, *sorts, also=also)

    def named(self, token: Token, *sorts: Sort, also: Iterable[str] = ()) -> Named | None:
        """The place of one of the sorts that a name means. A domain without zones is a zone, too."""
        name = str(token)
        found = self.names.places(name)
        if len(found) == 1:
            sort, full = cast(Sort, found[0].sort), found[0].name
            if sort in sorts:
                return Named(sort, full)
            if sort == "domain" and "zone" in sorts and self.names.zones[full] == (full,):
                return Named("zone", full)
            self.fault("E013", f"`{name}` is {article(sort)}", token, f"{_one_of(sorts)} is needed here")
        elif found:
            listed = ", ".join(f"`{declared.name}`" for declared in found[:6]) + (" …" if len(found) > 6 else "")
            self.fault("E011", f"`{name}` fits several things", token, "which one is meant?", f"it may be {listed}")
        else:
            self._missing(token, sorts, also)
        return None

    def _missing(self, token: Token, sorts: tuple[Sort, ...], also: Iterable[str]) -> None:
        name = str(token)
        what = sorts[0] if len(sorts) == 1 else "name"
        other = self.names.sort_of(name)
        self.record.unknown("place", what, name, self.span(token), lambda: [*self._short_names(sorts), *also], other)

    def _short_names(self, sorts: tuple[Sort, ...]) -> Iterable[str]:
        fitting = (*sorts, "domain") if "zone" in sorts else sorts
        return [name for name, found in self.names.short.items() if any(d.sort in fitting for d in found)]

    def simple(self, space: str, token: Token, also: Iterable[str] = ()) -> str | None:
        """The name, if its namespace (not that of places) has it. `also` as for `ref`."""
        name = str(token)
        if name in self.names.of[space]:
            return name
        other = self.names.sort_of(name)
        self.record.unknown(space, space, name, self.span(token), lambda: [*self.names.of[space], *also], other)
        return None

    def services(self, node: Node) -> tuple[str, ...]:
        """A list of services, each once."""
        if node.has("ANY"):
            return (ANY_SERVICE,)
        found = (self.simple("service", token, ("any",)) for token in node.tokens("NAME"))
        return tuple(dict.fromkeys(name for name in found if name is not None))

    def things(self, node: Node, *sorts: Sort) -> tuple[Named, ...]:
        """A list of places."""
        found = (self.named(token, *sorts) for token in names_in(node))
        return tuple(thing for thing in found if thing is not None)

    def zones(self, node: Node) -> tuple[str, ...]:
        """All zones of a list of zones and domains, each once; one that is listed twice is a fault."""
        found: dict[str, None] = {}
        seen: set[Named] = set()
        for token in names_in(node):
            place = self.named(token, "domain", "zone")
            if place is None:
                continue
            if place in seen:
                self.fault("E033", f"`{token}` is listed twice", token, "again")
            seen.add(place)
            found.update(dict.fromkeys(self.zones_of(place)))
        return tuple(found)

    def zones_of(self, place: Named) -> tuple[str, ...]:
        """The zone itself, or those of the domain."""
        return self.names.zones[place.name] if place.sort == "domain" else (place.name,)

    # -------------------------------------------------------- sets, addresses, numbers

    def endpoints(self, node: Node, firewalls: bool = False) -> Endpoints:
        """A set; `firewalls` says whether `any` is meant to hold them."""
        return self.members(node.children, firewalls)

    def members(self, children: Iterable[Node | Token], firewalls: bool = False) -> Endpoints:
        """The set that these terms, separated by commas and `except`, make."""
        terms: list[Term] = []
        minus: list[Term] = []
        into = terms
        for child in children:
            if isinstance(child, Token) and child.type == "EXCEPT":
                into = minus
            elif isinstance(child, Node) or child.type != "COMMA":
                term = self._term(child, firewalls)
                into += [term] if term is not None else []
        return Endpoints(tuple(terms), tuple(minus))

    def _term(self, item: Node | Token, firewalls: bool) -> Term | None:
        if isinstance(item, Node):
            kind = self.simple("kind", item.tokens("NAME")[0])
            return None if kind is None else OfKind(kind)
        if item.type == "ANY":
            return Anything(firewalls)
        if item.type == "ADDRESS":
            network = self.network(item)
            if network is not None:
                self.record.written.append((network, self.span(item)))
            return None if network is None else Addresses(network)
        return self.ref(item, *PLACES, also=("any",))

    def network(self, token: Token) -> Network | None:
        """An address (as a network of one) or a network."""
        found = _network(str(token))
        if found is not None:
            return found
        try:
            right = ipaddress.ip_network(str(token), strict=False)
        except ValueError:
            self.fault("E022", f"`{token}` is no address or network", token)
            return None
        message = f"`{token}` is no network: it has bits after the first {right.prefixlen}"
        self.fault("E022", message, token, "", f"the network around it is `{right}`")
        return None

    def address(self, token: Token) -> Address | None:
        try:
            return ipaddress.ip_address(str(token))
        except ValueError:
            self.fault("E022", f"`{token}` is no address", token)
            return None

    def number(self, token: Token, most: int, what: str, code: str = "E021", least: int = 0) -> int | None:
        """A whole number within bounds."""
        digits = token.lstrip("0") or "0"
        value = int(digits) if len(digits) <= len(str(most)) else most + 1
        if least <= value <= most:
            return value
        self.fault(code, f"{what} must be between {least} and {most}", token)
        return None


@lru_cache(maxsize=4096)
def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def names_in(node: Node) -> list[Token]:
    """The names directly below, dotted or not."""
    return [child for child in node.children if isinstance(child, Token) and bare_name(child)]


def _one_of(sorts: tuple[Sort, ...]) -> str:
    listed = [article(sort) for sort in sorts]
    return listed[0] if len(listed) == 1 else ", ".join(listed[:-1]) + " or " + listed[-1]
