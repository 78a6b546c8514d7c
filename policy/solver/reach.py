"""Closures over sets of endpoints: who gets where in a view, by the fewest steps, or the places that nobody leaves.

`search` answers whether a walk is possible that decides a path claim. In a view with everything decided that is the
truth; under some decisions it is a guess in the attacker's favour, and a `Barrier` where there is none.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy.core.evidence import Cut, fewest_hits, walk
from policy.core.layout import bits
from policy.core.model import PathClaim
from policy.core.steps import Step
from policy.core.view import View
from policy.core.walk import (
    Arrival,
    Attack,
    Places,
    Walk,
    wanted_attack,
    wants,
)
from policy.solver.attack import search_attack, wanted_trail
from policy.solver.budget import Budget
from policy.solver.connect import Trail, connection

Found = Trail | tuple[Cut, ...]


def search(view: View, claim: PathClaim, budget: Budget) -> Found:
    """A walk whose existence decides the claim (a shortest one, for paths), or the cuts that show that there is
    none."""
    if claim.attack and wants(claim):
        return wanted_trail(view, claim, budget) if wanted_attack(view, claim) else ()
    if claim.quantifier == "every" and claim.crosses is not None:
        return _few_firewalls(view, claim, budget)
    found = one_cut(view, claim, frozenset(), budget)
    return found if isinstance(found, Trail) else (found,)


def one_cut(view: View, claim: PathClaim, cut: frozenset[str], budget: Budget) -> Trail | Cut:
    """The same for the walks that cross no firewall of `cut` (where the claim counts what is crossed)."""
    found = walk(view, claim, cut)
    result = search_attack(found, budget) if isinstance(found, Attack) else search_path(found, budget)
    return result if isinstance(result, Trail) else Cut(cut, result)


# ---------------------------------------------------------------- paths


Node = tuple[bool, int, int]  # (a relay?, endpoint or relay, state)


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


# ---------------------------------------------------------------- walks that cross few firewalls


def _few_firewalls(view: View, claim: PathClaim, budget: Budget) -> Found:
    """A walk that crosses fewer firewalls than the claim says, or cuts that fewer cannot meet (implicit hitting sets,
    after Moreno-Centeno and Karp 2013)."""
    most = (claim.crosses or 0) - 1
    cuts: list[Cut] = []
    while (hits := _hits([cut.firewalls for cut in cuts], most)) is not None:
        found = _avoiding(view, claim, hits, budget)
        if isinstance(found, Trail):
            return found
        cuts.append(found)
    return tuple(cuts)


def _hits(cuts: list[frozenset[str]], most: int) -> frozenset[str] | None:
    """At most that many firewalls that meet every cut."""
    if most < 0 or not fewest_hits(cuts, most):
        return None
    chosen: frozenset[str] = frozenset()
    while open_cuts := [cut for cut in cuts if not cut & chosen]:
        names = sorted(sorted(open_cuts, key=len)[0])
        left = most - len(chosen) - 1
        name = next(n for n in names if fewest_hits([c for c in open_cuts if n not in c], left))
        chosen |= {name}
    return chosen


def _avoiding(view: View, claim: PathClaim, hits: frozenset[str], budget: Budget) -> Trail | Cut:
    """A walk that crosses only firewalls of `hits`, or a cut of others."""
    cut: frozenset[str] = frozenset()
    while isinstance(found := one_cut(view, claim, cut, budget), Trail):
        crossed = _crossed(view, found)
        more = next((name for name in crossed if name not in hits), None)
        if more is None:
            return found
        cut |= {more}
    return found


def _crossed(view: View, trail: Trail) -> Iterator[str]:
    """The firewalls that the walk passes while they work, in order."""
    for step in trail.steps:
        names = [step.relay[1]] if step.relay is not None and step.relay[0] == "firewall" else []
        for name in (*names, *(c.via for c in step.chain if c.via is not None)):
            if view.bypassed(name) is False:
                yield name
