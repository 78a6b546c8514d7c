"""Attacks: all that can be held, step by step, and sequences of steps that get to the target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policy.core.layout import bits
from policy.core.model import Named, Pass, PathClaim
from policy.core.steps import Step
from policy.core.view import View
from policy.core.walk import Arrival, Attack, Crossed, Free, Passing, Places, Rest, after, rest_of
from policy.solver.budget import Budget
from policy.solver.connect import Trail, connection


@dataclass(frozen=True, slots=True, eq=False)
class _Story:
    """Places that an attack came to, by its last arrivals, after an earlier story."""

    places: Places
    told: tuple[tuple[Places, Arrival], ...]
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
    told: list[tuple[Places, Arrival]] = []
    while story is not None:
        told = [*story.told, *told]
        story = story.before
    held = told[0][0].leaving[0]
    steps: list[Step] = []
    for places, arrival in told:
        steps.append(step_of(found, places, arrival))
    start = found.view.layout.endpoints[next(bits(held & ~found.view.compromised[1] or held))]
    return Trail(start, tuple(steps))


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
    steps: list[Step] = []
    places, grown = begin, True
    last: Step | None = None
    while grown:
        grown = False
        for arrival in free.arrivals(places, places):
            budget.spend()
            step = step_of(free, places, arrival)
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
                steps.append(step_of(attack, places, arrival))
                rest = after(rest, frozenset({thing}))
                break
    return Trail(view.layout.endpoints[start], (*steps, last)) if rest is True else None


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
