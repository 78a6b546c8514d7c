"""The names that a design declares, by namespace, and who is meant by a short one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lark import Token

from policy.text.load import Loaded
from policy.text.record import Record
from policy.text.source import Source, Span
from policy.text.syntax import Node, offsets

SPACES = ("service", "kind", "option", "place", "flow", "invariant")


@dataclass(frozen=True, slots=True)
class Declared:
    """A declaration with its full name; `inside` is that of the zone or domain in whose block a host stands."""

    sort: str
    name: str
    source: Source
    node: Node
    token: Token
    inside: str = ""

    @property
    def span(self) -> Span:
        """Where the name is."""
        return self.source.span(self.token.start_pos or 0, self.token.end_pos or 0)


@dataclass(frozen=True, slots=True)
class Names:
    """Every declaration by namespace and full name, places by every short name too; `zones` lists those of each
    domain (its own name where it has none), and `loose` the declarations without a name by their kind."""

    of: Mapping[str, Mapping[str, Declared]]
    short: Mapping[str, tuple[Declared, ...]]
    zones: Mapping[str, tuple[str, ...]]
    loose: Mapping[str, tuple[tuple[Source, Node], ...]]

    def places(self, name: str) -> tuple[Declared, ...]:
        """The places that a name may mean: the one that it names in full, or else all that it is a short name of."""
        exact = self.of["place"].get(name)
        return (exact,) if exact is not None else self.short.get(name, ())

    def sort_of(self, name: str) -> str:
        """What the name is in the first namespace that has it, or ""."""
        for space in SPACES:
            if space == "place" and (found := self.places(name)):
                return found[0].sort
            if name in self.of[space]:
                return space
        return ""

    def each(self, sort: str) -> Iterator[Declared]:
        """All declarations of a sort, in order."""
        space = sort if sort in self.of else "place"
        return (declared for declared in self.of[space].values() if declared.sort == sort)


def collect(loaded: Loaded, record: Record) -> Names:
    """The names of a design; a second declaration of a name is a fault and left out."""
    collecting = _Collecting(record)
    for source, tree in loaded.trees:
        for node in tree.children:
            if isinstance(node, Node):
                collecting.declaration(source, node)
    short: dict[str, list[Declared]] = {}
    for declared in collecting.of["place"].values():
        parts = declared.name.split(".")
        for i in range(len(parts)):
            short.setdefault(".".join(parts[i:]), []).append(declared)
    return Names(
        collecting.of,
        {name: tuple(found) for name, found in short.items()},
        {domain: tuple(zones) or (domain,) for domain, zones in collecting.zones.items()},
        {kind: tuple(found) for kind, found in collecting.loose.items()},
    )


@dataclass(slots=True)
class _Collecting:
    record: Record
    of: dict[str, dict[str, Declared]] = field(default_factory=lambda: {space: {} for space in SPACES})
    zones: dict[str, list[str]] = field(default_factory=dict)
    loose: dict[str, list[tuple[Source, Node]]] = field(
        default_factory=lambda: {kind: [] for kind in ("title", "assume", "link")}
    )

    def declaration(self, source: Source, node: Node) -> None:
        if node.kind in self.loose:
            self.loose[node.kind].append((source, node))
        elif node.kind == "domain":
            self._domain(source, node)
        elif node.kind != "include":
            space = node.kind if node.kind in self.of else "place"
            self._declare(space, source, node)

    def _domain(self, source: Source, node: Node) -> None:
        domain = self._declare("place", source, node)
        zones = self.zones.setdefault(domain, [])
        again = self.of["place"][domain].node is not node
        for item in node.nodes("zone", "host"):
            name = self._declare("place", source, item, domain, again)
            if item.kind == "zone":
                zones += [name] if self.of["place"][name].node is item else []
                for host in item.nodes("host"):
                    self._declare("place", source, host, name, again or self.of["place"][name].node is not item)

    def _declare(self, space: str, source: Source, node: Node, inside: str = "", again: bool = False) -> str:
        """The full name; a fault where it is declared twice, but for `again`: what it is in is declared twice."""
        token = node.token("NAME")
        assert token is not None, f"the grammar gives every {node.kind} a name"
        name = f"{inside}.{token}" if inside else str(token)
        declared = Declared(node.kind, name, source, node, token, inside)
        first = self.of[space].setdefault(name, declared)
        if first is not declared:
            what = "" if first.sort == node.kind else f", as a {first.sort}"
            notes = ((f"first declared here{what}", first.span),)
            if not again and not self.record.mended(first.span):
                self.record.fault("E012", f"`{name}` is declared twice", declared.span, "again", "", notes)
            self.record.complete = False
        return name


def first_line(source: Source, node: Node) -> Span:
    """The place of a node, up to the end of its first line."""
    start, end = offsets(node)
    newline = source.text.find("\n", start, end)
    if newline >= 0:
        end = start + len(source.text[start:newline].rstrip())
    return source.span(start, end)
