"""Closures over sets of endpoints: how a walk gets to its target by the fewest steps, or the places that it never
leaves, for walks that all go through the states of one automaton (`policy.core.walk.Passing`)."""

from __future__ import annotations

from collections.abc import Iterator

from policy.core.evidence import Cut, walk
from policy.core.groups import bits
from policy.core.model import PathClaim
from policy.core.steps import Step
from policy.core.view import View
from policy.core.walk import Arrival, Attack, Places, Walk
from policy.solver.attack import search_attack
from policy.solver.budget import Budget
from policy.solver.connect import Trail, connection

Node = tuple[bool, int, int]  # (a relay?, endpoint or relay, state)


def one_cut(view: View, claim: PathClaim, cut: frozenset[str], budget: Budget) -> Trail | Cut:
    """A walk that decides the claim and, where that counts firewalls, crosses none of `cut`; or the places that show
    that there is none."""
    found = walk(view, claim, cut)
    result = search_attack(found, budget) if isinstance(found, Attack) else search_path(found, budget)
    return result if isinstance(result, Trail) else Cut(cut, result)


def search_path(found: Walk, budget: Budget) -> Trail | tuple[Places, ...]:
    """Breadth first: the walk with the fewest steps, or the places at each number of steps (all of them, without a
    bound)."""
    layout = found.view.layout
    if found.begins_at_goal:
        return Trail(layout.endpoints[next(bits(found.start & found.target))], ())
    known = frontier = found.begin()
    levels, parents = [known], dict[Node, Arrival]()
    bound = found.claim.within
    while any(frontier.leaving) or any(frontier.relaying):
        if bound is not None and len(levels) > bound:
            break
        nodes = Places((0,) * found.way.states, (0,) * found.way.states)
        last = bound is not None and len(levels) == bound
        for arrival in found.arrivals(frontier, found.everything if last else known):
            budget.spend()
            if arrival.goal:
                return _trail(found, parents, arrival)
            for node in _nodes(arrival.places):
                parents.setdefault(node, arrival)
            nodes = nodes | arrival.places
        frontier = _less(nodes, known)
        known = known | nodes
        levels.append(known)
    return tuple(levels[: bound + 1]) if bound is not None else (known,)


def _less(places: Places, known: Places) -> Places:
    return Places(
        tuple(a & ~b for a, b in zip(places.leaving, known.leaving, strict=True)),
        tuple(a & ~b for a, b in zip(places.relaying, known.relaying, strict=True)),
    )


def _nodes(places: Places) -> Iterator[Node]:
    for relay, sets in ((False, places.leaving), (True, places.relaying)):
        for state, members in enumerate(sets):
            yield from ((relay, i, state) for i in bits(members))


def _trail(found: Walk, parents: dict[Node, Arrival], last: Arrival) -> Trail:
    steps: list[Step] = []
    arrival: Arrival | None = last
    while arrival is not None:
        at, before = _origin(found, parents, arrival)
        steps.append(connection(found.view, at, arrival.ear, arrival.relay, found.way, arrival.leave, arrival.arrive))
        arrival = before
    return Trail(steps[-1].source, tuple(reversed(steps)))


def _origin(found: Walk, parents: dict[Node, Arrival], arrival: Arrival) -> tuple[int, Arrival | None]:
    """Where the connection comes from, and how the walk got there."""
    if arrival.relay is not None:
        return arrival.relay.at, parents[True, arrival.relay.number, arrival.leave]
    if arrival.leave == 0 and (start := arrival.sources & found.start):
        return next(bits(start)), None
    i = next(bits(arrival.sources))
    return i, parents[False, i, arrival.leave]
