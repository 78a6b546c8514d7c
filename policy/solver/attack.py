"""Attacks: all that can be held, step by step, and sequences of steps that get to the target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from policy.core.endpoints import Endpoint
from policy.core.groups import bits
from policy.core.model import Named, Pass, PathClaim
from policy.core.steps import Step
from policy.core.view import View
from policy.core.walk import Arrival, Attack, Crossed, Free, Passing, Places, Rest, after, rest_of
from policy.solver.budget import Budget
from policy.solver.connect import Trail, connection

Move = tuple[Places, Arrival]  # an arrival, from places


@dataclass(frozen=True, slots=True, eq=False)
class _Story:
    """Places that an attack came to, by its last arrivals, after an earlier story."""

    places: Places
    told: tuple[Move, ...]
    before: _Story | None


def search_attack(found: Attack, budget: Budget) -> Trail | tuple[Places, ...]:
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
    told: list[Move] = []
    while story is not None:
        told = [*story.told, *told]
        story = story.before
    begin = told[0][0]
    steps = (step_of(found, *told[i]) for i in needed(found, begin, told, [len(told) - 1]))
    return Trail(_starts(found.view, begin), tuple(steps))


def _starts(view: View, begin: Places) -> Endpoint:
    held = begin.leaving[0] & ~view.compromised[1] or begin.leaving[0]
    return view.layout.endpoints[next(bits(held))]


def needed(attack: Attack, begin: Places, moves: Sequence[Move], wanted: Sequence[int]) -> list[int]:
    """The places in the list of the moves that these need: those that came to hold their sources, to their relays, and
    to accounts that their targets accept; each by the first that did."""
    view, holds, gets = attack.view, dict[int, int](), dict[int, int]()
    for i, (_, arrival) in enumerate(moves):
        if not (begin.leaving[0] | attack.hardened) >> arrival.ear.at & 1:
            holds.setdefault(arrival.ear.at, i)
        for relay in arrival.ear.relays:
            gets.setdefault(relay.number, i)
    found, queue = set[int](), list(wanted)
    while queue:
        i = queue.pop()
        if i in found:
            continue
        found.add(i)
        places, arrival = moves[i]
        if arrival.relay is not None:
            queue.append(gets[arrival.relay.number])
        elif not begin.leaving[0] & (source := arrival.sources & places.leaving[0]) & -source:
            queue.append(holds[next(bits(source))])
        if arrival.ear.asks:
            queue += _account(view, begin, arrival, holds)
    return sorted(found)


def _account(view: View, begin: Places, arrival: Arrival, holds: Mapping[int, int]) -> list[int]:
    """The first move that brought an account which the arrival's target accepts; none if one was there already."""
    admits = view.admits(arrival.ear.at)
    there = (*bits(begin.leaving[0]), *(() if arrival.relay is None else (arrival.relay.at,)))
    if any(not admits.isdisjoint(view.accounts(i)) for i in there):
        return []
    return [next(move for i, move in holds.items() if not admits.isdisjoint(view.accounts(i)))]


def step_of(attack: Attack, places: Places, arrival: Arrival) -> Step:
    """The arrival from the places as a connection."""
    source = arrival.relay.at if arrival.relay else next(bits(arrival.sources & places.leaving[0]))
    return connection(attack.view, source, arrival.ear, arrival.relay, attack.way, arrival.leave, arrival.arrive)


def wanted_trail(view: View, claim: PathClaim, budget: Budget) -> Trail:
    """An attack that passes what it should: everything that can be held first, then a step for each thing, then the
    target."""
    free = Attack(view, claim, Free())
    for begin in free.begins():
        trail = _wanted_from(view, claim, free, begin, budget)
        if trail is not None:
            return trail
    raise AssertionError("a wanted attack that is not there")


def _wanted_from(view: View, claim: PathClaim, free: Attack, begin: Places, budget: Budget) -> Trail | None:
    moves: list[Move] = []
    places, grown = begin, True
    last: Move | None = None
    while grown:
        grown = False
        for arrival in free.arrivals(places, places):
            budget.spend()
            if arrival.goal:
                last = last or (places, arrival)
            if not arrival.places.within(places):
                moves.append((places, arrival))
                places, grown = places | arrival.places, True
    if last is None:
        return None
    held, rest = len(moves), rest_of(claim)
    attacks = [free] * held
    for thing in _wished(view, rest):
        attack = Attack(view, claim, Passing(view, Pass(thing), True))
        passing = (arrival for arrival in attack.arrivals(places, places) if arrival.places.at == 1)
        if rest is not True and (first := next(passing, None)):
            moves.append((places, first))
            attacks.append(attack)
            rest = after(rest, frozenset({thing}))
    if rest is not True:
        return None
    moves, attacks = [*moves, last], [*attacks, free]
    wanted = needed(free, begin, moves, range(held, len(moves)))
    return Trail(_starts(view, begin), tuple(step_of(attacks[i], *moves[i]) for i in wanted))


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
