"""All minimal attacks that decide a claim where everything is decided, those that visit the fewest endpoints first.

What an attack took it keeps, so its order says little: it is told by the set of endpoints that it visits (where it
starts and where its steps lead), and is minimal iff no attack that decides the claim stays within a proper subset.
Whoever may visit more can still do all that they could before, so the minimal sets are those of
`policy.study.monotone`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from policy.core.endpoints import Endpoint
from policy.core.groups import bits
from policy.core.model import PathClaim
from policy.core.steps import Step
from policy.core.view import Ear, View
from policy.core.walk import Attack, Passing, Places
from policy.solver.attack import search_attack, step_of
from policy.solver.budget import Budget
from policy.solver.connect import Trail
from policy.study.monotone import minimal_sets


def minimal_attacks(view: View, claim: PathClaim, way: Passing, budget: Budget) -> Iterator[Trail]:
    """One attack, a shortest, for every minimal set of endpoints. Raises OutOfBudgetError when there may be more."""
    everything = Attack(view, claim, way)
    useful = tuple(_useful(everything))
    endpoints = view.group(view.layout.group(claim.source))[1]
    for ear in useful:
        endpoints |= 1 << ear.at

    def within(allowed: int) -> bool:
        return isinstance(search_attack(_Within(everything, useful, allowed), budget), Trail)

    for allowed in minimal_sets(endpoints, within, budget.spend):
        yield _shortest(_Within(everything, useful, allowed), budget)


class _Within(Attack):
    """Attacks that start and arrive only at allowed endpoints."""

    def __init__(self, attack: Attack, useful: Sequence[Ear], allowed: int) -> None:
        super().__init__(attack.view, attack.claim, attack.way)
        self.useful, self.allowed = useful, allowed
        self.sources = self.view.group(self.view.layout.group(self.claim.source))[1] & allowed
        self.start = self.sources | self.view.compromised[1]

    @cached_property
    def ears(self) -> tuple[Ear, ...]:
        """Those of allowed endpoints."""
        return tuple(ear for ear in self.useful if self.allowed >> ear.at & 1)

    def begins(self) -> Iterator[Places]:
        """One for each allowed endpoint of the source; failures are held besides."""
        compromised = self.view.compromised[1]
        for i in bits(self.sources):
            yield Places((1 << i | compromised,), (0,))
        if not self.sources and compromised:
            yield Places((compromised,), (0,))


def _shortest(attack: Attack, budget: Budget) -> Trail:
    """Breadth first over what can be held; there must be an attack."""
    ends = attack.view.layout.endpoints
    if attack.begins_at_goal:
        return Trail(ends[next(bits(attack.start & attack.target))], ())
    stories: list[tuple[Places, Places, tuple[Step, ...]]] = [(begin, begin, ()) for begin in attack.begins()]
    seen = {begin for begin, _, _ in stories}
    for begin, places, steps in stories:  # grows while it runs
        for arrival in attack.arrivals(places, places):
            budget.spend()
            if not arrival.goal and arrival.places in seen:
                continue
            longer = (*steps, step_of(attack, places, arrival))
            if arrival.goal:
                return Trail(_first(attack, begin), longer)
            seen.add(arrival.places)
            stories.append((begin, arrival.places, longer))
    raise AssertionError("an attack that is not there")


def _first(attack: Attack, begin: Places) -> Endpoint:
    """Where it starts: if it can, where not everybody starts."""
    held = begin.leaving[0] & ~attack.view.compromised[1] or begin.leaving[0]
    return attack.view.layout.endpoints[next(bits(held))]


def _useful(attack: Attack) -> Iterator[Ear]:
    """What hears the steps that an attack may need: those at the goal, and those from which others are opened or
    relayed, that give an account which another asks for, or that pass what is wanted."""
    view, rest = attack.view, list(attack.ears)
    holders = relays = 0
    wanted = attack.way.wanted
    domains = frozenset[str]()
    while True:
        near = [
            ear
            for ear in rest
            if wanted
            or (attack.target >> ear.at & 1 and attack.on >> ear.packet & 1)
            or holders >> ear.at & 1
            or any(relays >> relay.number & 1 for relay in ear.relays)
            or not domains.isdisjoint(view.accounts(ear.at))
        ]
        if not near:
            return
        for ear in near:
            sources = view.sources(ear.at, ear.packet)[0] & ear.possible
            holders |= sources
            relays |= sum(1 << relay.number for relay in view.onwards_to(ear) if sources >> relay.at & 1)
            domains |= view.admits(ear.at) if ear.asks else frozenset()
        yield from near
        rest = [ear for ear in rest if ear not in near]
