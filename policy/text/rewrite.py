"""Small changes of a text that leave all else as it is: comments, layout, order.

A `Rewriter` knows where everything in a design is written. Each of its methods returns patches, the pieces of text that
one change replaces; `patched` is the design after them. Names, sets and conditions to write come from the caller.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from lark import Token

from policy.text.format import formatted
from policy.text.load import Loaded
from policy.text.names import Declared, Names, collect
from policy.text.parse import parse
from policy.text.record import Record
from policy.text.scope import names_in
from policy.text.source import Source
from policy.text.syntax import Node, offsets


@dataclass(frozen=True, slots=True)
class Patch:
    """In the file, the text from `start` up to (not including) `end` becomes `text`."""

    file: str
    start: int
    end: int
    text: str = ""


def reread(sources: Mapping[str, Source]) -> Loaded:
    """Texts that were read before, without faults, as trees."""
    return Loaded(sources, tuple((source, parse(source).tree) for source in sources.values()))


def patched(loaded: Loaded, patches: Iterable[Patch]) -> Loaded:
    """The design after the patches. A file that was laid out in the canonical way is so again."""
    by_file: dict[str, list[Patch]] = {}
    for patch in patches:
        by_file.setdefault(patch.file, []).append(patch)
    changed = {name: _rewritten(loaded.sources[name], some) for name, some in by_file.items()}
    parsed = {name: parse(source) for name, source in changed.items()}
    return replace(
        loaded,
        sources={name: changed.get(name, source) for name, source in loaded.sources.items()},
        trees=tuple(
            (changed[source.name], parsed[source.name].tree) if source.name in changed else (source, tree)
            for source, tree in loaded.trees
        ),
        faults=(*loaded.faults, *(fault for some in parsed.values() for fault in some.faults)),
    )


def _rewritten(source: Source, patches: Sequence[Patch]) -> Source:
    text = source.text
    for patch in sorted(patches, key=lambda patch: (patch.start, patch.end), reverse=True):
        text = text[: patch.start] + patch.text + text[patch.end :]
    new = Source.of(source.name, text)
    canonical = not parse(new).faults and formatted(source) == source.text
    return Source.of(source.name, formatted(new)) if canonical else new


def difference(source: Source, new: str) -> str:
    """What is different in the new text, as a unified diff."""
    before, after = (text.splitlines(keepends=True) for text in (source.text, new))
    found = difflib.unified_diff(before, after, source.name, source.name)
    return "".join(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in found)


class Rewriter:
    """Patches for one design without faults. Names are full names, numbers count from 0 in the order of the model."""

    def __init__(self, loaded: Loaded) -> None:
        self.names: Names = collect(loaded, Record(loaded))

    # -------------------------------------------------------- what is taken away

    def without_rule(self, firewall: str, i: int) -> list[Patch]:
        source, node = self._item(firewall, "rule", i)
        return [_gone(source, node)]

    def without_publish(self, firewall: str, i: int) -> list[Patch]:
        source, node = self._item(firewall, "publish", i)
        return [_gone(source, node)]

    def without_link(self, i: int) -> list[Patch]:
        return [_gone(*self.names.loose["link"][i])]

    def without_relay(self, owner: str, i: int) -> list[Patch]:
        """It still listens."""
        source, node = self._item(owner, "relays_item", i)
        last = node.node("onward") or node.nodes("names")[0]
        heard = node.nodes("services")[0]
        (start, _), (first, until) = offsets(node), offsets(heard)
        after, end = until, offsets(last)[1]
        return [Patch(source.name, start, first, "listens "), Patch(source.name, after, end)]

    def without_trust(self, i: int) -> list[Patch]:
        declared, clause, node = self._trusts()[i]
        if len(clause.nodes("trust")) == 1:
            return [_gone(declared.source, clause)]
        return _unlisted(declared.source, clause, node)

    # -------------------------------------------------------- rules that say something else

    def without_service(self, firewall: str, i: int, service: str) -> list[Patch]:
        source, node = self._item(firewall, "rule", i)
        services = node.nodes("services")[0]
        named = [token for token in services.tokens("NAME") if token == service]
        return [patch for token in named for patch in _unlisted(source, services, token)]

    def without_term(self, firewall: str, i: int, target: bool, term: int) -> list[Patch]:
        source, node = self._item(firewall, "rule", i)
        part = node.nodes("set")[int(target)]
        return _unlisted(source, part, _terms(part)[term])

    def excepting(self, firewall: str, i: int, target: bool, words: str) -> list[Patch]:
        source, node = self._item(firewall, "rule", i)
        part = node.nodes("set")[int(target)]
        joint = ", " if part.has("EXCEPT") else " except "
        return [_after(source, part, joint + words)]

    def saying(self, firewall: str, i: int, words: Sequence[str]) -> list[Patch]:
        """The rule with another source, destination and other services; what is "" stays as it is."""
        source, node = self._item(firewall, "rule", i)
        parts = (*node.nodes("set"), node.nodes("services")[0])
        return [_instead(source, part, said) for part, said in zip(parts, words, strict=True) if said]

    def denying(self, firewall: str) -> list[Patch]:
        """The firewall denies by default."""
        source, node = self._item(firewall, "default", 0)
        return [_instead(source, token, "deny") for token in node.tokens("ALLOW")]

    def leaving(self, firewall: str, zone: str, called: Mapping[str, str]) -> list[Patch]:
        """The firewall does not join the zone; `called` says how zones are written."""
        declared = self.names.of["place"][firewall]
        joined = declared.node.nodes("names")[0]
        for token in names_in(joined):
            zones = self._zones(token)
            if zones == (zone,):
                return _unlisted(declared.source, joined, token)
            if zone in zones:
                left = ", ".join(called[other] for other in zones if other != zone)
                return [_instead(declared.source, token, left)]
        raise ValueError(f"{firewall} does not join {zone}")

    # -------------------------------------------------------- what is said anew

    def trusting(self, truster: str, words: str) -> list[Patch]:
        """The domain trusts another one, too."""
        declared = self.names.of["place"][truster]
        clauses = declared.node.nodes("trusts")
        if clauses:
            return [_after(declared.source, clauses[-1], f", {words}")]
        return [_after(declared.source, _head(declared), f" trusts {words}")]

    def moving(self, name: str, words: str) -> list[Patch]:
        """The host stands in another zone, the component on another host."""
        declared = self.names.of["place"][name]
        kind, word = ("in_item", "in") if declared.sort == "host" else ("on_item", "on")
        item = declared.node.node(kind)
        if item is not None:
            return [_instead(declared.source, item.nodes("placement")[0], words)]
        placed = [] if declared.sort == "host" else self._not_run(declared)
        return [*placed, _after(declared.source, _head(declared), f" {word} {words}")]

    def assuming(self, option: str, words: str) -> list[Patch]:
        """An assumption after the declaration that makes the option."""
        declared = self.names.of["option"].get(option) or self.names.of["place"][option]
        while declared.inside:
            declared = self.names.of["place"][declared.inside]
        source, (_, end) = declared.source, offsets(declared.node)
        newline = "\r\n" if "\r\n" in source.text else "\n"
        line = source.text.find(newline, end)
        line = len(source.text) if line < 0 else line
        rest = source.text[end:line].strip()
        if not rest or rest.startswith("#"):
            return [Patch(source.name, line, line, f"{newline}assume {words}")]
        return [Patch(source.name, end, end, f"{newline}assume {words}{newline}")]

    def counting(self, host: str, number: str) -> list[Patch]:
        """The host has so many replicas."""
        source, node = self._item(host, "count_item", 0)
        numbers = node.tokens("INT")
        return [Patch(source.name, offsets(numbers[0])[0], offsets(numbers[-1])[1], number)]

    # -------------------------------------------------------- where things are

    def _item(self, owner: str, kind: str, i: int) -> tuple[Source, Node]:
        declared = self.names.of["place"][owner]
        return declared.source, declared.node.nodes(kind)[i]

    def _trusts(self) -> list[tuple[Declared, Node, Node]]:
        return [
            (domain, clause, node)
            for domain in self.names.each("domain")
            for clause in domain.node.nodes("trusts")
            for node in clause.nodes("trust")
        ]

    def _zones(self, token: Token) -> tuple[str, ...]:
        place = self.names.places(str(token))[0]
        return self.names.zones[place.name] if place.sort == "domain" else (place.name,)

    def _not_run(self, component: Declared) -> list[Patch]:
        """No host `runs` the component any more."""
        found: list[Patch] = []
        for host in self.names.each("host"):
            for item in host.node.nodes("runs_item"):
                listed = item.nodes("names")[0]
                for token in names_in(listed):
                    if self.names.places(str(token)) == (component,):
                        alone = len(names_in(listed)) == 1
                        found += [_gone(host.source, item)] if alone else _unlisted(host.source, listed, token)
        return found


# ---------------------------------------------------------------- pieces of text


def _head(declared: Declared) -> Node | Token:
    """The last of name, description and condition of a declaration."""
    head: Node | Token = declared.token
    for child in declared.node.children:
        if isinstance(child, Token) and child.type == "STRING":
            head = child
    return declared.node.node("when") or head if declared.sort in ("host", "component") else head


def _terms(part: Node) -> list[Node | Token]:
    """The terms of a set, without those after `except`."""
    found: list[Node | Token] = []
    for child in part.children:
        if isinstance(child, Token) and child.type == "EXCEPT":
            break
        if isinstance(child, Node) or child.type != "COMMA":
            found.append(child)
    return found


def _instead(source: Source, at: Node | Token, text: str) -> Patch:
    return Patch(source.name, *offsets(at), text)


def _after(source: Source, at: Node | Token, text: str) -> Patch:
    end = offsets(at)[1]
    return Patch(source.name, end, end, text)


def _gone(source: Source, node: Node) -> Patch:
    """The whole lines of an item, with the comment behind it, where it has them for itself; else with the blanks on one
    side."""
    text, (start, end) = source.text, offsets(node)
    first, last = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    last = len(text) if last < 0 else last
    rest = text[end:last].strip()
    before = text[first:start].rstrip()
    if before and not before.endswith("{"):
        return Patch(source.name, len(text[:start].rstrip(" \t")), end)
    if before or (rest and not rest.startswith("#")):
        return Patch(source.name, start, last - len(text[end:last].lstrip(" \t")))
    return Patch(source.name, first, min(last + 1, len(text)))


def _unlisted(source: Source, node: Node, child: Node | Token) -> list[Patch]:
    """A list without one of its members and the comma beside it."""
    at = next(i for i, other in enumerate(node.children) if other is child)
    start, end = offsets(child)
    before = node.children[at - 1] if at else None
    if isinstance(before, Token) and before.type == "COMMA":
        return _pieces(source, offsets(before)[0], offsets(before)[1], start, end)
    comma = node.children[at + 1]
    return [Patch(source.name, start, _past_blanks(source.text, offsets(comma)[1]))]


def _pieces(source: Source, comma: int, after: int, start: int, end: int) -> list[Patch]:
    """A comma and the member after it; a comment between the two stays."""
    if "#" not in source.text[after:start]:
        return [Patch(source.name, comma, end)]
    return [Patch(source.name, comma, after), Patch(source.name, len(source.text[:start].rstrip(" \t")), end)]


def _past_blanks(text: str, offset: int) -> int:
    return offset + len(text[offset:]) - len(text[offset:].lstrip(" \t"))
