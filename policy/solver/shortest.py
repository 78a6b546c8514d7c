"""Shortest walks, where the search that found one promises none: attacks, and walks that cross few firewalls.

To find the shortest attack is as hard as to find the smallest set of facts that supports a conclusion; so sequences are
tried in order of length, without those that are too far from the target even if no account were asked for (A*, Hart et
al. 1968), until one is found or `STEPS` ends of steps were looked at. Then the best one known is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import comb

from policy.core.groups import bits
from policy.core.model import PathClaim
from policy.core.replay import Replay
from policy.core.steps import Step
from policy.core.view import View
from policy.core.walk import Arrival, Attack, Crossed, Passing, Places, Walk, passing
from policy.solver.attack import step_of
from policy.solver.budget import Budget
from policy.solver.connect import Trail
from policy.solver.reach import search_path

STEPS = 200_000  # ends of steps that are looked at for a shorter attack
SUBSETS = 300  # sets of crossed firewalls that are told apart for a shorter walk


def shortened(view: View, claim: PathClaim, trail: Trail) -> Trail:
    """An attack without the steps that it does not need; a path as it is."""
    steps = list(trail.steps)
    for i in reversed(range(len(steps)) if claim.attack else ()):
        fewer = steps[:i] + steps[i + 1 :]
        if Replay(view, claim).refusal(trail.start, fewer) is None:
            steps = fewer
    return Trail(trail.start, tuple(steps))


def shortest(view: View, claim: PathClaim, trail: Trail, budget: Budget) -> Trail:
    """A walk that decides the claim as `trail` does in a view with everything decided, in as few steps as can be
    found."""
    trail = shortened(view, claim, trail)
    way = _way(view, claim)
    if way is None:
        return trail
    if claim.attack:
        return _Attacks(Attack(view, claim, way), budget).better(trail)
    if claim.crosses is not None:
        found = search_path(Walk(view, claim, way), budget)
        return found if isinstance(found, Trail) else trail
    return trail


def _way(view: View, claim: PathClaim) -> Passing | None:
    """The states that a walk goes through, None where they are too many."""
    if claim.crosses is None:
        return passing(view, claim)
    if sum(comb(len(view.layout.firewalls), k) for k in range(claim.crosses)) > SUBSETS:
        return None
    return Passing(view, Crossed(frozenset(), claim.crosses), claim.quantifier != "every")


@dataclass(frozen=True, slots=True)
class _Story:
    """Places that an attack came to, and the steps that led there."""

    places: Places
    steps: tuple[Step, ...]


class _Attacks:
    def __init__(self, attack: Attack, budget: Budget) -> None:
        self.attack, self.budget, self.left = attack, budget, STEPS
        self.distance = list(_distances(attack))

    def better(self, trail: Trail) -> Trail:
        """An attack with fewer steps than the trail, where one is found."""
        for length in range(self._least(), len(trail.steps)):
            for begin in self.attack.begins():
                found = self._within(begin, length)
                if found is not None:
                    return found
            if self.left <= 0:
                break
        return trail

    def _least(self) -> int:
        return min((self._far(begin) for begin in self.attack.begins()), default=0)

    def _far(self, places: Places) -> int:
        """How many steps the target is away at least."""
        for steps, (endpoints, relays) in enumerate(self.distance, start=1):
            if endpoints & places.leaving[0] or relays & places.relaying[0]:
                return steps
        return len(self.distance) + 1

    def _within(self, begin: Places, length: int) -> Trail | None:
        """An attack from there with that many steps."""
        attack = self.attack
        held = begin.leaving[0] & ~attack.view.compromised[1] or begin.leaving[0]
        start = attack.view.layout.endpoints[next(bits(held))]
        stories, seen = [_Story(begin, ())], {begin}
        for left in range(length, 0, -1):
            longer: list[_Story] = []
            for story in stories:
                self.left -= len(attack.ears)
                if self.left <= 0:
                    return None
                for arrival in attack.arrivals(story.places, story.places):
                    self.budget.spend()
                    if arrival.goal:
                        return Trail(start, (*story.steps, self._step(story, arrival)))
                    if arrival.places not in seen and self._far(arrival.places) < left:
                        seen.add(arrival.places)
                        longer.append(_Story(arrival.places, (*story.steps, self._step(story, arrival))))
            stories = longer
        return None

    def _step(self, story: _Story, arrival: Arrival) -> Step:
        return step_of(self.attack, story.places, arrival)


def _distances(attack: Attack) -> Iterator[tuple[int, int]]:
    """For one step, two steps and so on: the endpoints and the relays from which that many lead to the target, no
    account being asked for and nothing avoided. Those of fewer steps may be among them."""
    view = attack.view
    soft, ears = ~attack.hardened, list(attack.ears)
    goals = [ear for ear in ears if attack.target >> ear.at & 1 and attack.on >> ear.packet & 1]
    known, rest = 0, [ear for ear in ears if ear not in goals]
    while goals:
        endpoints = relays = 0
        for ear in goals:
            sources = view.sources(ear.at, ear.packet)[0] & ear.possible
            endpoints |= sources
            relays |= sum(1 << r.number for r in view.onwards_to(ear) if sources >> r.at & 1)
        yield endpoints, relays
        known |= endpoints & soft
        goals = [ear for ear in rest if known >> ear.at & 1 or any(relays >> r.number & 1 for r in ear.relays)]
        rest = [ear for ear in rest if ear not in goals]
