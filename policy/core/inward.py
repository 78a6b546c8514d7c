"""Packets to one target, followed backwards from zone to zone: who gets through, and what of a walk's waypoints they
pass on the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from policy.core.layout import Filter

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


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """From zone `a` into another one over the firewall `via` (None: a link): `passed` are the sources that get through
    while it works. `own` are its own packets, which start in the best of its zones."""

    a: str
    via: str | None
    passed: int
    own: int


@dataclass(frozen=True, slots=True)
class Inward:
    """The backward walk over zones to one target, for one class of packets. `into`: for each zone, once they are known,
    the passages into it that may let somebody through while all firewalls work (True), and those that do not; they are
    the same for all waypoints and failures."""

    view: View
    rules: Mapping[str, tuple[Filter, ...]]
    target: int
    sure: bool
    way: Waypoints
    into: dict[tuple[str, bool], list[Passage]]

    def closure(self, ends: list[str], arrive: int) -> dict[str, Row]:
        """Over chains that may visit a zone twice: leaving the loop out only passes less."""
        everyone, bypasses, wanted = self.view.layout.everyone, self.view.bypasses, self.way.wanted
        rows = {zone: [everyone if q == arrive else 0 for q in range(self.way.states)] for zone in ends}
        queue = list(rows)
        while queue:
            b = queue.pop(0)
            row = rows[b]
            for passage in self._passages(b):
                if not passage.passed and not wanted and passage.via not in bypasses:
                    continue
                gain = self._before(passage, row)
                if not any(gain):
                    continue
                if known := rows.get(passage.a):
                    gain = [g | k for g, k in zip(gain, known, strict=True)]
                if gain != known:
                    rows[passage.a] = gain
                    if passage.a not in queue:
                        queue.append(passage.a)
        return rows

    def simple_chains(self, ends: list[str], arrive: int) -> dict[str, Row]:
        """Over chains that visit no zone twice (a loop may pass what the walk wants), short ones first, until every
        source that chains with loops would let through has one without. Chains from the same zone over the same zones
        are one: they go on alike (Held and Karp 1962). Exponential in the zones at worst."""
        layout, numbers = self.view.layout, {zone: 1 << i for i, zone in enumerate(self.view.layout.model.zones)}
        rows: dict[str, Row] = {}
        missing = {
            zone: [r & layout.occupants[zone].widest for r in row] for zone, row in self.closure(ends, arrive).items()
        }
        start = [layout.everyone if q == arrive else 0 for q in range(self.way.states)]
        level = {(zone, numbers[zone], False): start for zone in ends}
        while level and (needed := reduce(or_, (some for row in missing.values() for some in row), 0)):
            longer: dict[tuple[str, int, bool], Row] = {}
            for (b, visited, own), whole in level.items():
                self.view.spend()
                row = [some & needed for some in whole]
                rows[b] = [g | r for g, r in zip(row, rows[b], strict=True)] if b in rows else row
                missing[b] = [m & ~r for m, r in zip(missing[b], row, strict=True)]
                for passage in self._passages(b) if any(row) else ():
                    a, mine = passage.a, passage.own
                    if not numbers[a] & visited and any(gain := self._before(passage, row, own)):
                        for is_own, part in ((True, [g & mine for g in gain]), (False, [g & ~mine for g in gain])):
                            key = a, visited | numbers[a], is_own
                            if any(part):
                                known = longer.get(key, [0] * len(part))
                                longer[key] = [g | k for g, k in zip(part, known, strict=True)]
            level = longer
        return rows

    def _passages(self, b: str) -> list[Passage]:
        """Those into the zone that matter: what nobody gets through matters where it fails, or is to be passed."""
        found = self._into(b, True)
        return found + self._into(b, False) if self.way.wanted or self.view.bypasses else found

    def _into(self, b: str, opening: bool) -> list[Passage]:
        if (b, opening) not in self.into:
            near = ((a, via) for a, via in self.view.layout.neighbours[b] if self._opens(via) == opening)
            self.into[b, opening] = [self._passage(a, b, via) for a, via in near]
        return self.into[b, opening]

    def _opens(self, via: str | int) -> bool:
        """Whether the firewall has a rule that may match, or it is a link."""
        return isinstance(via, int) or via in self.rules or self.view.layout.model.firewalls[via].default_allow

    def _passage(self, a: str, b: str, via: str | int) -> Passage:
        view = self.view
        if isinstance(via, int):
            held = view.truth(view.layout.model.links[via].when)
            return Passage(a, None, 0 if held is False or (held is None and self.sure) else view.layout.everyone, 0)
        passed, own = 0, 1 << view.layout.firewalls[via]
        if self._opens(via):
            passed = view.passing(via, self.rules.get(via, ()), self.target, a, b, self.sure)
        return Passage(a, via, passed & ~own, own)

    def _before(self, passage: Passage, row: Row, own: bool = False) -> Row:
        """Who gets through into a zone of which `row` says who arrives from there. A firewall's own packets
        cross it only where somebody wants to pass it, or has passed something before. With `own` they have just crossed
        it: to do so twice running is to do it once, unless both change the state."""
        way, via, passed = self.way, passage.via, passage.passed
        if via is None:
            return [g & passed for g in row]
        bypassed = self.view.bypassed(via)
        if bypassed or (bypassed is None and not self.sure):
            passed = self.view.layout.everyone
        after = None if bypassed or (bypassed is None and not way.wanted) else way.after(via)
        if after is None:
            return [g & passed for g in row]
        if not way.wanted:
            return [0 if q is None else row[q] & passed for q in after]
        also = [passage.own if to != q or (q in way.entered and not own) else 0 for q, to in enumerate(after)]
        return [0 if q is None else row[q] & (passed | mine) for q, mine in zip(after, also, strict=True)]
