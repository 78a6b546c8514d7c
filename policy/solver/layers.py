"""How many firewalls lie between: cuts at each distance from the source.

Walks are followed with a count of the firewalls that they cross, a firewall as often as it is crossed. Let R be the
places that some walk gets to with a count of k at most. Whoever leaves R crosses one of the firewalls that raise the
count from k to k + 1: they are a cut, and R shows that nobody gets round it. There is one for every k, and they tend to
be disjoint, so that no few firewalls meet them all (layered cuts, as in Dinitz's algorithm for flows).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policy.core.evidence import Cut
from policy.core.inward import ANY_WAY, Row
from policy.core.model import PathClaim
from policy.core.view import Ear, View
from policy.core.walk import Passing, Places, Walk
from policy.solver.budget import Budget
from policy.solver.connect import Trail
from policy.solver.reach import search_path

Onto = tuple[str, int, str | None]  # a zone, the sources that get there, and the firewall, if it counts


class Counting(Passing):
    """The states of a walk by the count of firewalls that it crossed, not counting those of `free`: fewer than
    `bound`."""

    def __init__(self, view: View, bound: int, free: frozenset[str]) -> None:
        self.wanted, self.visits, self.crossings, self.states, self.free = False, {}, {}, bound, free
        self.key = view.layout.key(("crossed", bound, free))

    def crossing(self, state: int, firewall: str) -> int | None:
        """One more, unless it is free."""
        if firewall in self.free:
            return state
        return state + 1 if state + 1 < self.states else None

    def after(self, firewall: str) -> list[int | None] | None:
        return None if firewall in self.free else [*range(1, self.states), None]


def layers(view: View, claim: PathClaim, bound: int, free: frozenset[str], budget: Budget) -> Trail | tuple[Cut, ...]:
    """A walk that crosses fewer firewalls than the bound besides those of `free` (each as often as it is crossed), or
    that many cuts by others."""
    counting = Counting(view, bound, free)
    walk = Walk(view, claim, counting)
    found = search_path(walk, budget)
    return found if isinstance(found, Trail) else tuple(_Layers(walk, counting, found[-1]).cuts(budget))


class _Layers:
    def __init__(self, walk: Walk, way: Counting, reached: Places) -> None:
        self.walk, self.view, self.states, self.free = walk, walk.view, way.states, way.free
        self.leaving = _first(reached.leaving)
        self.relaying = _first(reached.relaying)
        self.raising: list[set[str]] = [set() for _ in range(self.states)]
        self.steps: dict[tuple[int, str], dict[str, list[Onto]]] = {}  # from each zone, for every kind of ear

    def cuts(self, budget: Budget) -> Iterator[Cut]:
        """One for every count."""
        for ear in self.walk.ears:
            budget.spend()
            self._follow(ear)
        self._relay()
        leaving = relaying = 0
        for k in range(self.states):
            leaving, relaying = leaving | self.leaving[k], relaying | self.relaying[k]
            yield Cut(frozenset(self.raising[k]), (Places((leaving,), (relaying,)),))

    def _follow(self, ear: Ear) -> None:
        """Follows the packets to the ear forward from zone to zone and notes the firewalls that raise the count. A
        machine in an isolated zone of the ear has to leave it and to come in by another one."""
        machines, apart = ~self.view.layout.firewall_bits, self._apart(ear)
        self._forward(ear, dict.fromkeys(self.view.layout.model.zones, -1) | dict.fromkeys(apart, ~machines))
        for zone in apart:
            self._forward(ear, {zone: machines}, without=zone)

    def _forward(self, ear: Ear, starting: Mapping[str, int], without: str = "") -> None:
        """The packets of those that may start in the zones, to the ear in any of its zones but `without`."""
        rows = self.view.inward(ear.at, ear.packet, False, ANY_WAY, 0, without)
        standing = {zone: self._standing(ear, zone, row[0] & starting.get(zone, 0)) for zone, row in rows.items()}
        at = {zone: list(row) for zone, row in standing.items()}
        key = ear.kind.number, without
        if key not in self.steps:
            self.steps[key] = {a: list(self._steps(ear, rows, a)) for a in rows}
        steps = self.steps[key]
        queue = [(zone, row) for zone, row in standing.items() if any(row)]
        while queue:
            a, here = queue.pop(0)
            for b, passed, counted in steps[a]:
                if self._advance(here, at[b], passed, counted):
                    queue.append((b, at[b]))
        for a, here in at.items():
            for b, passed, counted in steps[a]:
                if counted is not None:
                    self._note(here, at[b], passed, counted)

    def _steps(self, ear: Ear, rows: Mapping[str, Row], a: str) -> Iterator[Onto]:
        """The zones that packets to the ear get to from zone `a`, each with their sources and the firewall, if it
        counts."""
        view = self.view
        rules = ear.kind.rules
        for b, via in view.layout.neighbours[a]:
            if b not in rows:
                continue
            passed = rows[b][0]
            if isinstance(via, int):
                if view.truth(view.layout.model.links[via].when) is not False:
                    yield b, passed, None
            elif view.bypassed(via) is not False:
                yield b, passed, None
            elif via in rules or via in view.lax:
                passed &= view.passing(via, rules.get(via, ()), ear.at, a, b, False)
                yield b, passed, None if via in self.free else via

    def _apart(self, ear: Ear) -> list[str]:
        """The isolated zones in which the ear stands, if it is a machine."""
        if self.view.layout.endpoints[ear.at].sort == "firewall":
            return []
        return [zone for zone in self.view.zones(ear.at) if self.view.layout.model.zones[zone].isolated]

    def _standing(self, ear: Ear, zone: str, row: int) -> Row:
        """By count, the sources that stand in the zone and would get through."""
        here = self.view.group(self.view.layout.occupants[zone])[1] & row & ear.possible
        relays = [0] * self.states
        for relay in self.view.onwards_to(ear):
            for k in range(self.states):
                relays[k] |= (self.relaying[k] >> relay.number & 1) << relay.at
        return [here & (self.leaving[k] | relays[k]) for k in range(self.states)]

    def _advance(self, here: Row, there: Row, passed: int, counted: str | None) -> bool:
        """Adds to `there` what passes from `here`, at the least count; whether that was anything."""
        grown = False
        for k in range(self.states if counted is None else self.states - 1):
            to = k + (counted is not None)
            gain = here[k] & passed
            for less in there[: to + 1]:
                gain &= ~less
            if gain:
                there[to] |= gain
                for more in range(to + 1, self.states):
                    there[more] &= ~gain
                grown = True
        return grown

    def _note(self, here: Row, there: Row, passed: int, firewall: str) -> None:
        """Notes every count from which the firewall lets something pass that got there with no count as low."""
        known = 0
        for k in range(self.states):
            known |= there[k]
            if here[k] & passed & ~known:
                self.raising[k].add(firewall)

    def _relay(self) -> None:
        """A firewall that relays raises the count itself."""
        for relay in self.view.layout.onwards:
            name = self.view.layout.endpoints[relay.at].name
            if relay.limit is not None and name not in self.free and self.view.bypassed(name) is False:
                least = (k for k in range(1, self.states) if self.relaying[k] >> relay.number & 1)
                self.raising[next(least, self.states) - 1].add(name)


def _first(rows: tuple[int, ...]) -> list[int]:
    """Each place at its least count alone."""
    known, found = 0, list[int]()
    for row in rows:
        found.append(row & ~known)
        known |= row
    return found
