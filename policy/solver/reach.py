"""Closures over sets of endpoints: who gets where in a view, by the fewest steps, or the places that nobody leaves.

`search` answers whether a walk is possible that decides a path claim. In a view with everything decided that is the
truth; under some decisions it is a guess in the attacker's favour, and a `Barrier` where there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policy.core.endpoints import Endpoint
from policy.core.evidence import Cut, fewest_hits, walk
from policy.core.layout import Onward, bits
from policy.core.model import Named, Pass, PathClaim
from policy.core.steps import Crossing, Step
from policy.core.view import Ear, View, Waypoints
from policy.core.walk import (
    Arrival,
    Attack,
    Crossed,
    Free,
    Passing,
    Places,
    Rest,
    Walk,
    after,
    rest_of,
    wanted_attack,
    wants,
)
from policy.solver.budget import Budget


@dataclass(frozen=True, slots=True)
class Trail:
    """A walk that is possible in the view it was found in."""

    start: Endpoint
    steps: tuple[Step, ...]


Found = Trail | tuple[Cut, ...]


def search(view: View, claim: PathClaim, budget: Budget) -> Found:
    """A walk whose existence decides the claim (a shortest one, for paths), or the cuts that show that there is
    none."""
    if claim.attack and wants(claim):
        return _wanted_attack(view, claim, budget) if wanted_attack(view, claim) else ()
    if claim.quantifier == "every" and claim.crosses is not None:
        return _few_firewalls(view, claim, budget)
    found = one_cut(view, claim, frozenset(), budget)
    return found if isinstance(found, Trail) else (found,)


def one_cut(view: View, claim: PathClaim, cut: frozenset[str], budget: Budget) -> Trail | Cut:
    """The same for the walks that cross no firewall of `cut` (where the claim counts what is crossed)."""
    found = walk(view, claim, cut)
    result = _attack(found, budget) if isinstance(found, Attack) else _path(found, budget)
    return result if isinstance(result, Trail) else Cut(cut, result)


# ---------------------------------------------------------------- paths


Node = tuple[bool, int, int]  # (a relay?, endpoint or relay, state)


def _path(found: Walk, budget: Budget) -> Trail | tuple[Places, ...]:
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
        for arrival in found.arrivals(frontier, known):
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


# ---------------------------------------------------------------- one connection


def connection(
    view: View, source: int, ear: Ear, relay: Onward | None, way: Waypoints, leave: int, arrive: int
) -> Step:
    """The connection by a shortest chain of zones that takes the waypoints from one state to the other."""
    zone, chain = next(_chains(view, source, ear, way, leave, arrive))
    ends = view.layout.endpoints
    point = view.layout.classes[ear.packet]
    return Step(ends[source], ends[ear.at], point, zone, chain, None if relay is None else relay.key)


def _chains(
    view: View, source: int, ear: Ear, way: Waypoints, leave: int, arrive: int
) -> Iterator[tuple[str, tuple[Crossing, ...]]]:
    """Breadth first. Who wants to pass things goes from zone to zone without return; who avoids them may cut out any
    loop."""
    layout, ends = view.layout, view.zones(ear.at)
    rows = view.inward(ear.at, ear.packet, False, way, arrive)
    machines = not (1 << source | 1 << ear.at) & layout.firewall_bits
    queue: list[tuple[str, tuple[str, ...], int, tuple[Crossing, ...]]] = [
        (zone, (zone,), leave, ()) for zone in view.zones(source)
    ]
    seen = {(zone, leave) for zone, _, _, _ in queue}
    while queue:
        zone, visited, state, chain = queue.pop(0)
        apart = machines and zone == visited[0] and layout.model.zones[zone].isolated
        if zone in ends and state == arrive and not apart:
            yield visited[0], _without_loops(chain)
        for b, via in layout.neighbours[zone]:
            if way.wanted and b in visited:
                continue
            for crossing, later in _crossings(view, source, ear, zone, b, via, way, state):
                if (rows.get(b, [0] * way.states)[later] >> source & 1) and (way.wanted or (b, later) not in seen):
                    seen.add((b, later))
                    queue.append((b, (*visited, b), later, (*chain, crossing)))
    raise AssertionError("a connection without a chain")


def _without_loops(chain: tuple[Crossing, ...]) -> tuple[Crossing, ...]:
    kept: list[Crossing] = []
    for crossing in chain:
        kept.append(crossing)
        earlier = next((i for i, c in enumerate(kept) if c.from_zone == crossing.into_zone), None)
        if earlier is not None:
            del kept[earlier:]
    return tuple(kept)


def _crossings(
    view: View, source: int, ear: Ear, a: str, b: str, via: str | int, way: Waypoints, state: int
) -> Iterator[tuple[Crossing, int]]:
    if isinstance(via, int):
        if view.truth(view.layout.model.links[via].when) is not False:
            yield Crossing(a, b, None, "link", link=via), state
        return
    bypassed = view.bypassed(via)
    counts = bypassed is False or (bypassed is None and way.wanted)
    later = way.crossing(state, via) if counts else state
    if later is None:
        return
    if bypassed is not False:
        yield Crossing(a, b, via, "bypassed"), later
    elif view.layout.firewalls[via] == source:
        yield Crossing(a, b, via, "own packet"), later
    else:
        rules = view.layout.relevant(ear.at, ear.packet)[0].get(via, ())
        if view.passing(via, rules, ear.at, a, b, sure=False) >> source & 1:
            place = deciding(view, via, source, ear, a, b)
            yield Crossing(a, b, via, "default" if place is None else "rule", place), later


def deciding(view: View, firewall: str, source: int, ear: Ear, a: str, b: str) -> int | None:
    """The place of the first rule that may allow the packet, None for the default."""
    for rule in view.layout.relevant(ear.at, ear.packet)[0].get(firewall, ()):
        zones = (rule.from_zones is None or a in rule.from_zones) and (rule.into_zones is None or b in rule.into_zones)
        if (
            zones
            and rule.allow
            and view.applies(rule, ear.at) is not False
            and view.group(rule.source)[1] >> source & 1
        ):
            return rule.place
    return None


# ---------------------------------------------------------------- attacks


@dataclass(frozen=True, slots=True, eq=False)
class _Story:
    """Places that an attack came to, by its last arrivals, after an earlier story."""

    places: Places
    told: tuple[tuple[Places, Arrival], ...]
    before: _Story | None


def _attack(found: Attack, budget: Budget) -> Trail | tuple[Places, ...]:
    """All that can be held without passing anything more, then each way to pass something: the places, or the steps."""
    layout = found.view.layout
    if found.begins_at_goal:
        return Trail(layout.endpoints[next(bits(found.start & found.target))], ())
    everyone = _family(found, [found.begin()], budget)
    if not isinstance(everyone, _Story):
        return everyone
    family: list[Places] = []
    for begin in found.begins():
        some = _family(found, [begin], budget)
        if isinstance(some, _Story):
            return _told(found, some)
        family += some
    return tuple(family)


def _family(found: Attack, begins: list[Places], budget: Budget) -> _Story | tuple[Places, ...]:
    stories = [_Story(begin, (), None) for begin in begins]
    family: list[Places] = []
    while stories:
        story = stories.pop(0)
        if any(story.places.within(other) for other in family):
            continue
        places, told = story.places, list(story.told)
        grown = True
        while grown:
            grown = False
            for arrival in found.arrivals(places, places):
                budget.spend()
                if arrival.goal:
                    return _Story(places, (*told, (places, arrival)), story.before)
                if arrival.places.at == places.at and not arrival.places.within(places):
                    told.append((places, arrival))
                    places, grown = places | arrival.places, True
        family = [p for p in family if not p.within(places)] + [places]
        here = _Story(places, tuple(told), story.before)
        for arrival in found.arrivals(places, places):
            if arrival.places.at != places.at:
                stories.append(_Story(arrival.places, ((places, arrival),), here))
    return tuple(family)


def _told(found: Attack, story: _Story | None) -> Trail:
    """The steps of the story, less those that the last one does not need."""
    told: list[tuple[Places, Arrival]] = []
    while story is not None:
        told = [*story.told, *told]
        story = story.before
    held = told[0][0].leaving[0]
    steps: list[Step] = []
    for places, arrival in told:
        source = arrival.relay.at if arrival.relay else next(bits(arrival.sources & places.leaving[0]))
        steps.append(
            connection(found.view, source, arrival.ear, arrival.relay, found.way, arrival.leave, arrival.arrive)
        )
    start = found.view.layout.endpoints[next(bits(held & ~found.view.compromised[1] or held))]
    return Trail(start, tuple(steps))


def _wanted_attack(view: View, claim: PathClaim, budget: Budget) -> Trail:
    """An attack that passes what it should: everything that can be held first, then a step for each thing, then the
    target."""
    free = Attack(view, claim, Free())
    for begin in free.begins():
        trail = _wanted_from(view, claim, free, begin, budget)
        if trail is not None:
            return trail
    raise AssertionError("a wanted attack that is not there")


def _wanted_from(view: View, claim: PathClaim, free: Attack, begin: Places, budget: Budget) -> Trail | None:
    steps: list[Step] = []
    places, grown = begin, True
    last: Step | None = None
    while grown:
        grown = False
        for arrival in free.arrivals(places, places):
            budget.spend()
            source = arrival.relay.at if arrival.relay else next(bits(arrival.sources & places.leaving[0]))
            step = connection(view, source, arrival.ear, arrival.relay, free.way, 0, 0)
            if arrival.goal:
                last = last or step
            if not arrival.places.within(places):
                steps.append(step)
                places, grown = places | arrival.places, True
    start = next(bits(begin.leaving[0] & ~view.compromised[1] or begin.leaving[0]))
    if last is None:
        return None
    rest: Rest = rest_of(claim)
    for thing in _wished(view, rest):
        attack = Attack(view, claim, Passing(view, Pass(thing), True))
        for arrival in attack.arrivals(places, places):
            if arrival.places.at == 1 and rest is not True:
                source = arrival.relay.at if arrival.relay else next(bits(arrival.sources & places.leaving[0]))
                steps.append(
                    connection(view, source, arrival.ear, arrival.relay, attack.way, arrival.leave, arrival.arrive)
                )
                rest = after(rest, frozenset({thing}))
                break
    return Trail(view.layout.endpoints[start], (*steps, last))


def _wished(view: View, rest: Rest) -> Iterator[Named]:
    """The things to pass, in an order that satisfies the waypoints if all can be passed."""
    if isinstance(rest, Crossed):
        yield from (Named("firewall", name) for name in view.layout.firewalls)
    elif isinstance(rest, Pass):
        if isinstance(rest.what, Named):
            yield rest.what
    elif not isinstance(rest, bool):
        for part in rest.of:
            yield from _wished(view, part)


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
