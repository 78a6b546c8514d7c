"""Sets of packets at a firewall as boxes: sources × destinations × classes of packets × pairs of zones, each side a bit
set. What a rule matches is a few boxes; what is left of one without another is at most four."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from policy.core.groups import Group, bits, both, either
from policy.core.layout import Filter, Layout
from policy.core.model import ALWAYS, Claim

Box = tuple[int, int, int, int]
NARROW = 64  # an item with at most this many destinations (sources) is indexed by each of them


def meet(a: Box, b: Box) -> Box | None:
    """What is in both; None where that is nothing."""
    sources, targets, classes, pairs = a[0] & b[0], a[1] & b[1], a[2] & b[2], a[3] & b[3]
    return (sources, targets, classes, pairs) if sources and targets and classes and pairs else None


def minus(a: Box, b: Box) -> Iterator[Box]:
    """What is in the first box and not in the second, as boxes without overlap. They must meet."""
    sources, targets, classes, pairs = a
    if pairs & ~b[3]:
        yield sources, targets, classes, pairs & ~b[3]
    pairs &= b[3]
    if classes & ~b[2]:
        yield sources, targets, classes & ~b[2], pairs
    classes &= b[2]
    if targets & ~b[1]:
        yield sources, targets & ~b[1], classes, pairs
    targets &= b[1]
    if sources & ~b[0]:
        yield sources & ~b[0], targets, classes, pairs


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """A part of what a rule matches: packets between endpoints that exist, where the condition holds."""

    rule: int
    allow: bool
    box: Box
    when: Claim


class Items:
    """The rules of one firewall as items, in order, and which of them may meet a box."""

    def __init__(self, layout: Layout, firewall: str) -> None:
        self.layout = layout
        zones = layout.model.firewalls[firewall].zones
        self.pairs = [(a, b) for a in zones for b in zones if a != b]
        self.of: list[list[Item]] = [list(self._items(entry)) for entry in layout.filters(firewall)]
        self.always = sum(1 << i for i, when in enumerate(layout.present) if when == ALWAYS)
        self._by_target: dict[int, list[Item]] = {}
        self._by_source: dict[int, list[Item]] = {}
        self._wide: list[Item] = []
        for item in (item for items in self.of for item in items):
            self._index(item)

    def _items(self, entry: Filter) -> Iterator[Item]:
        pairs = sum(1 << i for i, (a, b) in enumerate(self.pairs) if entry.between(a, b))
        for sources, if_sources in _parts(entry.source):
            for targets, if_targets in _parts(entry.target):
                box = sources, targets, entry.classes, pairs
                if all(box):
                    yield Item(entry.place, entry.allow, box, both(entry.when, if_sources, if_targets))

    def _index(self, item: Item) -> None:
        sources, targets, _, _ = item.box
        if targets.bit_count() <= NARROW:
            for i in bits(targets):
                self._by_target.setdefault(i, []).append(item)
        elif sources.bit_count() <= NARROW:
            for i in bits(sources):
                self._by_source.setdefault(i, []).append(item)
        else:
            self._wide.append(item)

    def meeting(self, box: Box, rules: range) -> list[Item]:
        """The items of these rules that meet the box, in order."""
        found = {id(item): item for item in self._near(box) if item.rule in rules and meet(box, item.box)}
        return sorted(found.values(), key=lambda item: item.rule)

    def _near(self, box: Box) -> Iterator[Item]:
        yield from self._wide
        yield from _listed(self._by_target, box[1])
        yield from _listed(self._by_source, box[0])

    def exist(self, box: Box) -> Claim:
        """That a source and a destination of the box exist."""
        return both(*(self._some(side) for side in box[:2]))

    def _some(self, endpoints: int) -> Claim:
        return ALWAYS if endpoints & self.always else either(*(self.layout.present[i] for i in bits(endpoints)))


def _listed(index: Mapping[int, list[Item]], side: int) -> Iterable[Item]:
    if len(index) < side.bit_count():
        return (item for i, items in index.items() if side >> i & 1 for item in items)
    return (item for i in bits(side) for item in index.get(i, ()))


def _parts(group: Group) -> Iterator[tuple[int, Claim]]:
    """The set in parts of which each has one condition, given that its members exist."""
    if group.given:
        yield group.given, ALWAYS
    for bit, when in group.guarded:
        if bit & ~group.given:
            yield bit & ~group.given, when
