"""Packets to one target, followed backwards from zone to zone: who gets through, and what of a walk's waypoints they
pass on the way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, NamedTuple

from policy.core.layout import Relevant

if TYPE_CHECKING:
    from policy.core.view import View

Row = list[int]  # for every state of the waypoints, a set of sources


class Waypoints:
    """What a walk has passed so far, as one of `states`. This one tells nothing apart; `policy.core.walk` has those
    that do.

    `wanted` says that the walk wants to pass things (an open failure is then taken not to happen for what it passes);
    otherwise it avoids them."""

    states = 1
    wanted = False
    plain = True  # there is one state, and nothing changes it
    key = 0  # the same for those that tell the same apart (`Layout.key`)
    entered: frozenset[int] = frozenset()  # the states in which some crossing of a firewall leaves a walk

    def crossing(self, state: int, firewall: str) -> int | None:
        """The state after a connection crossed the firewall; None where no walk may go on."""
        del firewall
        return state

    def after(self, firewall: str) -> list[int | None] | None:
        """`crossing` of every state; None where it changes none, and the firewall's own packets need not cross it."""
        del firewall
        return None


ANY_WAY = Waypoints()


class Passage(NamedTuple):  # a tuple, as there are many: it costs a tenth of a frozen dataclass
    """From zone `a` into another one over the firewall `via` (None: a link): `passed` are the sources that get through
    while it works. `own` are its own packets, which start in the best of its zones."""

    a: str
    via: str | None
    passed: int
    own: int


@dataclass(frozen=True, slots=True)
class Passages:
    """What was found of the ways to one target, for one class of packets; the same for all waypoints and failures.
    `into`: for each zone the passages into it that may let somebody through while all firewalls work (True), and those
    that do not. `by_rules`: whom a firewall passes by its rules, by zones where the rules speak of zones."""

    into: dict[tuple[str, bool], list[Passage]] = field(default_factory=dict)
    by_rules: dict[object, int] = field(default_factory=dict)


class Inward:
    """The backward walk over zones to one target, for one class of packets; `found` remembers its passages. The rows of
    all states stand in one int: the sources of state q are shifted by `shifts[q]`."""

    def __init__(
        self,
        view: View,
        relevant: Relevant,
        target: int,
        sure: bool,
        way: Waypoints,
        found: Passages,
    ) -> None:
        self.view, self.relevant, self.rules, self.target = view, relevant, relevant.rules, target
        self.sure, self.way, self.found = sure, way, found
        self.everyone, width = view.layout.everyone, len(view.layout.endpoints)
        self.shifts = tuple(q * width for q in range(way.states))

    def rows(self, ends: list[str], arrive: int) -> dict[str, Row]:
        """For every zone and state who gets from there to the target, into one of the zones `ends` and state
        `arrive`."""
        found = self._simple_chains(ends, arrive) if self.way.wanted else self._closure(ends, arrive)
        return {zone: [whole >> shift & self.everyone for shift in self.shifts] for zone, whole in found.items()}

    def _spread(self, sources: int) -> int:
        """The sources, in every state."""
        spread = sources
        for shift in self.shifts[1:]:
            spread |= sources << shift
        return spread

    def _closure(self, ends: list[str], arrive: int) -> dict[str, int]:
        """Over chains that may visit a zone twice: leaving the loop out only passes less."""
        rows = dict.fromkeys(ends, self.everyone << self.shifts[arrive])
        queue = list(rows)
        plain = self.way.plain and not self.view.bypasses
        while queue:
            b = queue.pop(0)
            for passage in self._passages(b):
                a, known = passage.a, rows.get(passage.a, 0)
                gain = (rows[b] & passage.passed if plain else self._before(passage, rows[b])) | known
                if gain != known:
                    rows[a] = gain
                    if a not in queue:
                        queue.append(a)
        return rows

    def _simple_chains(self, ends: list[str], arrive: int) -> dict[str, int]:
        """Over chains that visit no zone twice (a loop may pass what the walk wants), short ones first, until every
        source that chains with loops would let through has one without. Chains from the same zone over the same zones
        are one: they go on alike (Held and Karp 1962). Exponential in the zones at worst."""
        layout, numbers = self.view.layout, {zone: 1 << i for i, zone in enumerate(self.view.layout.model.zones)}
        rows: dict[str, int] = {}
        closed = self._closure(ends, arrive).items()
        missing = {zone: whole & self._spread(layout.occupants[zone].widest) for zone, whole in closed}
        start = self.everyone << self.shifts[arrive]
        level = {(zone, numbers[zone], False): start for zone in ends}
        while level and (needed := self._spread(self._anywhere(missing.values()))):
            longer: dict[tuple[str, int, bool], int] = {}
            for (b, visited, own), whole in level.items():
                self.view.spend()
                row = whole & needed
                rows[b] = rows.get(b, 0) | row
                missing[b] &= ~row
                for passage in self._passages(b) if row else ():
                    a, mine = passage.a, self._spread(passage.own)
                    if not numbers[a] & visited and (gain := self._before(passage, row, own)):
                        for is_own, part in ((True, gain & mine), (False, gain & ~mine)):
                            if part:
                                key = a, visited | numbers[a], is_own
                                longer[key] = longer.get(key, 0) | part
            level = longer
        return rows

    def _anywhere(self, wholes: Iterable[int]) -> int:
        """The sources that are in some state of one of them."""
        union = reduce(or_, wholes, 0)
        return reduce(or_, (union >> shift for shift in self.shifts)) & self.everyone

    def _passages(self, b: str) -> list[Passage]:
        """Those into the zone that matter: what nobody gets through matters where it fails, or is to be passed."""
        found = self._into(b, True)
        return found + self._into(b, False) if self.way.wanted or self.view.bypasses else found

    def _into(self, b: str, opening: bool) -> list[Passage]:
        into = self.found.into
        if (b, opening) not in into:
            near = (joint for joint in self.view.layout.joints[b] if self._opens(joint[0]) == opening)
            into[b, opening] = [self._passage(a, b, via) for via, zones in near for a in zones]
        return into[b, opening]

    def _opens(self, via: str | int) -> bool:
        """Whether the firewall has a rule that may match, or it is a link."""
        return isinstance(via, int) or via in self.rules or self.view.layout.model.firewalls[via].default_allow

    def _passage(self, a: str, b: str, via: str | int) -> Passage:
        view = self.view
        if isinstance(via, int):
            held = view.truth(view.layout.model.links[via].when)
            return Passage(a, None, 0 if held is False or (held is None and self.sure) else view.layout.everyone, 0)
        own = 1 << view.layout.firewalls[via]
        return Passage(a, via, self._by_rules(via, a, b) & ~own if self._opens(via) else 0, own)

    def _by_rules(self, via: str, a: str, b: str) -> int:
        passed = self.found.by_rules
        key = (via, a, b) if via in self.relevant.zoned else via
        if key not in passed:
            passed[key] = self.view.passing(via, self.rules.get(via, ()), self.target, a, b, self.sure)
        return passed[key]

    def _before(self, passage: Passage, row: int, own: bool = False) -> int:
        """Who gets through into a zone of which `row` says who arrives from there. A firewall's own packets
        cross it only where somebody wants to pass it, or has passed something before. With `own` they have just crossed
        it: to do so twice running is to do it once, unless both change the state."""
        way, via, passed = self.way, passage.via, passage.passed
        if via is None:
            return row & self._spread(passed)
        bypassed = self.view.bypasses.get(via, False)
        if bypassed or (bypassed is None and not self.sure):
            passed = self.everyone
        after = None if bypassed or (bypassed is None and not way.wanted) else way.after(via)
        if after is None:
            return row & self._spread(passed) if passed else 0
        shifts, gain = self.shifts, 0
        for q, to in enumerate(after):
            if to is not None:
                also = way.wanted and (to != q or (q in way.entered and not own))
                gain |= (row >> shifts[to] & (passed | passage.own if also else passed)) << shifts[q]
        return gain
