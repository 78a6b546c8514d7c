"""All minimal walks that decide a path claim where everything is decided, shortest first.

A walk is told by the endpoints that it visits, one after the other. It is minimal iff no other walk that decides the
claim visits a proper subsequence of them: then no step can be left out. Walks are followed through places (an endpoint
that may be left, or a relay that may go on, each in a state of the waypoints); beside the places that all endpoints so
far lead to, those are known that some of them lead to. Whoever stands in one of the latter is on no minimal walk (the
shortcut goes on as well), and as that is noticed at once, only beginnings without shortcuts are followed, the most
promising first (A*, Hart et al. 1968).

Attacks are in `policy.study.attacks`: what an attack took it keeps, so its order says little.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from math import comb

from policy.core.groups import bits
from policy.core.layout import Onward
from policy.core.model import PathClaim
from policy.core.replay import Replay
from policy.core.steps import Step
from policy.core.view import Ear, View
from policy.core.walk import Crossed, Passing, Places, Walk, passing
from policy.solver.budget import Budget
from policy.solver.connect import Trail, connection
from policy.study.attacks import minimal_attacks
from policy.study.design import Case, RefusedError

SUBSETS = 1_000  # sets of crossed firewalls that are told apart


class TooManyError(Exception):
    """There are too many sets of firewalls for walks that count what they cross to be told apart."""


def minimal_paths(case: Case, claim: PathClaim, view: View, most: int) -> tuple[Trail, ...]:
    """The minimal walks that decide the claim (without free variables) in a view with everything decided, at most
    `most`: shortest first, ties of paths in the order of the text. For attacks, see `policy.study.attacks`. Each is
    replayed by the core in a view of its own. Raises TooManyError."""
    trails = tuple(islice(each_minimal(view, claim, Budget(None)), most))
    for trail in trails:
        replayed(case, claim, view, trail)
    return trails


def replayed(case: Case, claim: PathClaim, view: View, trail: Trail) -> Trail:
    """The trail, once the core has replayed it. Raises RefusedError."""
    fresh = View(case.layout, view.decisions, view.threatened)
    if refusal := Replay(fresh, claim).refusal(trail.start, trail.steps):
        raise RefusedError(f"the check refuses a path: {refusal}")
    return trail


def each_minimal(view: View, claim: PathClaim, budget: Budget) -> Iterator[Trail]:
    """All of them, one by one. Raises TooManyError, and OutOfBudgetError when there may be more."""
    way = _way(view, claim)
    if claim.attack:
        return minimal_attacks(view, claim, way, budget)
    return _Search(Walk(view, claim, way), budget).trails()


def _way(view: View, claim: PathClaim) -> Passing:
    """The states of the walks that decide the claim; those that count firewalls remember which they crossed."""
    if claim.crosses is None:
        return passing(view, claim)
    if sum(comb(len(view.layout.firewalls), k) for k in range(claim.crosses)) > SUBSETS:
        raise TooManyError(f"there are too many sets of fewer than {claim.crosses} firewalls to be told apart")
    rest = Crossed(frozenset(), claim.crosses) if claim.crosses else True
    return Passing(view, rest, claim.quantifier != "every")


Node = tuple[bool, int, int]  # (a relay?, endpoint or relay, state): where a walk may go on
Nodes = frozenset[Node]
NOWHERE: Nodes = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class _Arriving:
    """A way to arrive: what hears, in which state, from which sources by the state in which they leave, by which
    relays; whether a walk may end there, and where it may go on."""

    ear: Ear
    state: int
    row: list[int]
    relays: tuple[Onward, ...]
    goal: bool
    nodes: Nodes

    def relay_from(self, node: Node) -> Onward | None:
        """The relay that the node is, if it goes on to here."""
        is_relay, number, _ = node
        return next((relay for relay in self.relays if is_relay and relay.number == number), None)

    def reached(self, node: Node) -> bool:
        """Whether a connection leads here from the node."""
        relay = self.relay_from(node)
        source = node[1] if not node[0] else None if relay is None else relay.at
        return source is not None and bool(self.row[node[2]] >> source & 1)


@dataclass(frozen=True, slots=True, order=True)
class _Beginning:
    """A walk over `visited` that takes `length` steps at least, and if `whole` ends there. `full`: the nodes that lead
    on from its end and take no shortcut; `short`: those there that a proper subsequence of `visited` leads to;
    `before`: those at the endpoints before that any subsequence leads to."""

    length: int
    visited: tuple[int, ...]
    whole: bool
    full: Nodes = field(default=NOWHERE, compare=False)
    short: Nodes = field(default=NOWHERE, compare=False)
    before: Nodes = field(default=NOWHERE, compare=False)


class _Search:
    def __init__(self, walk: Walk, budget: Budget) -> None:
        self.walk, self.view, self.budget = walk, walk.view, budget
        self.stays = walk.start & walk.target if walk.begins_at_goal else 0
        self.distance: dict[Node, int] = {}
        self.arriving = list(self._backwards())
        self._onto: dict[Node, dict[int, tuple[bool, Nodes]]] = {}

    def trails(self) -> Iterator[Trail]:
        queue = [begun for i in bits(self.walk.start) if (begun := self._beginning(i)) is not None]
        heapq.heapify(queue)
        while queue:
            begun = heapq.heappop(queue)
            self.budget.spend()
            if begun.whole:
                yield self._trail(begun.visited)
            else:
                for longer in self._longer(begun):
                    heapq.heappush(queue, longer)

    # -------------------------------------------------------- how far it is to the goal

    def _backwards(self) -> Iterator[_Arriving]:
        """The ways to arrive that lead to the goal, the nearest first; on the way the distance of every node."""
        rest = [(ear, q) for ear in self.walk.ears for q in range(self.walk.way.states)]
        steps = 0
        while True:
            near = [item for item in rest if self._leads(*item, steps)]
            if not near:
                return
            found = [self._arrival(*item) for item in near]
            steps += 1
            for arriving in found:
                for node in _sources(arriving):
                    self.distance.setdefault(node, steps)
            yield from found
            taken = set(near)
            rest = [item for item in rest if item not in taken]

    def _leads(self, ear: Ear, state: int, steps: int) -> bool:
        """Whether it arrives at the goal (no steps to go), or where the goal is known to be so many steps away."""
        if steps == 0:
            return self.walk.goal(ear, state)
        return any(node in self.distance for node in _nodes(self.walk.after(ear, state)))

    def _arrival(self, ear: Ear, state: int) -> _Arriving:
        self.budget.spend()
        row = self.view.sources(ear.at, ear.packet, way=self.walk.way, arrive=state)
        row = [some & ear.possible for some in row]
        nodes = frozenset(_nodes(self.walk.after(ear, state)))
        return _Arriving(ear, state, row, self.view.onwards_to(ear), self.walk.goal(ear, state), nodes)

    # -------------------------------------------------------- forwards

    def _begins(self, i: int) -> Nodes:
        return frozenset({(False, i, 0)}) if self.walk.start >> i & 1 else NOWHERE

    def _beginning(self, i: int) -> _Beginning | None:
        if self.stays >> i & 1:
            return _Beginning(0, (i,), True)
        return self._open(_Beginning(0, (i,), False, self._begins(i)))

    def _open(self, begun: _Beginning) -> _Beginning | None:
        """The beginning with the steps that it takes at least; None where it leads nowhere in time."""
        full = frozenset(node for node in begun.full if node in self.distance)
        if not full:
            return None
        length = len(begun.visited) - 1 + min(self.distance[node] for node in full)
        within = self.walk.claim.within
        if within is not None and length > within:
            return None
        return _Beginning(length, begun.visited, False, full, begun.short, begun.before)

    def _longer(self, begun: _Beginning) -> Iterator[_Beginning]:
        """By one step, where that is no detour."""
        shortcuts = begun.before | begun.short
        before = begun.before | begun.short | begun.full
        for i in sorted({i for node in begun.full for i in self._ahead(node)}):
            visited = (*begun.visited, i)
            earlier, short = self._step(shortcuts, i)
            if earlier or self.stays >> i & 1:
                continue
            ends, full = self._step(begun.full, i)
            if ends:
                yield _Beginning(len(begun.visited), visited, True)
                continue
            short |= self._begins(i)
            if opened := self._open(_Beginning(0, visited, False, full - short, short, before)):
                yield opened

    def _step(self, nodes: Nodes, i: int) -> tuple[bool, Nodes]:
        """Whether a step from one of the nodes to the endpoint may end a walk, and where it may go on."""
        ahead = [found for node in nodes if (found := self._ahead(node).get(i))]
        return any(goal for goal, _ in ahead), NOWHERE.union(*(some for _, some in ahead))

    def _ahead(self, node: Node) -> dict[int, tuple[bool, Nodes]]:
        if node not in self._onto:
            found: dict[int, tuple[bool, Nodes]] = {}
            for arriving in self.arriving:
                if arriving.reached(node):
                    goal, nodes = found.get(arriving.ear.at, (False, NOWHERE))
                    found[arriving.ear.at] = goal or arriving.goal, nodes | arriving.nodes
            self._onto[node] = found
        return self._onto[node]

    # -------------------------------------------------------- the walk itself

    def _trail(self, visited: tuple[int, ...]) -> Trail:
        """The connections of a walk over these endpoints."""
        layers: list[dict[Node, tuple[Node, _Arriving] | None]] = [dict.fromkeys(self._begins(visited[0]))]
        for i in visited[1:-1]:
            layer: dict[Node, tuple[Node, _Arriving] | None] = {}
            for origin, arriving in self._moves(layers[-1], i):
                for node in sorted(arriving.nodes):
                    layer.setdefault(node, (origin, arriving))
            layers.append(layer)
        last = next((m for m in self._moves(layers[-1], visited[-1]) if m[1].goal), None) if visited[1:] else None
        steps: list[Step] = []
        while last is not None:
            steps.append(self._connection(*last))
            last = layers.pop()[last[0]]
        return Trail(self.view.layout.endpoints[visited[0]], tuple(reversed(steps)))

    def _moves(self, nodes: Iterable[Node], i: int) -> Iterator[tuple[Node, _Arriving]]:
        for node in nodes:
            yield from ((node, a) for a in self.arriving if a.ear.at == i and a.reached(node))

    def _connection(self, node: Node, arriving: _Arriving) -> Step:
        relay = arriving.relay_from(node)
        source = node[1] if relay is None else relay.at
        return connection(self.view, source, arriving.ear, relay, self.walk.way, node[2], arriving.state)


def _nodes(places: Places) -> Iterator[Node]:
    for is_relay, sets in ((False, places.leaving), (True, places.relaying)):
        for state, members in enumerate(sets):
            yield from ((is_relay, i, state) for i in bits(members))


def _sources(arriving: _Arriving) -> Iterator[Node]:
    """The nodes from which a step arrives so."""
    for leave, sources in enumerate(arriving.row):
        yield from ((False, i, leave) for i in bits(sources))
        yield from ((True, relay.number, leave) for relay in arriving.relays if sources >> relay.at & 1)
