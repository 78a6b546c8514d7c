"""All minimal attacks that decide a claim where everything is decided, those that take the fewest endpoints first.

What an attack took it keeps, so its order says little: it is told by the set of endpoints that it visits (where it
starts and where its steps lead), and is minimal iff no attack that decides the claim stays within a proper subset.
Which sets allow an attack is monotone, so the minimal ones are the minimal sets that meet every cut: every set of
endpoints without which there is no attack. Sets that meet the cuts known so far are tried, the smallest first; one that
allows no attack shows a further cut, all that can be had from what it holds (implicit hitting sets, Moreno-Centeno and
Karp 2013).
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


def minimal_attacks(view: View, claim: PathClaim, way: Passing, budget: Budget) -> Iterator[Trail]:
    """One attack for every minimal set of endpoints. Raises OutOfBudgetError when there may be more."""
    attacks = _Attacks(Attack(view, claim, way), budget)
    found, cuts, size = list[int](), list[int](), 0
    while size <= len(cuts):
        allowed = _meeting(cuts, found, size, budget)
        if allowed is None:
            size += 1
        elif (trail := attacks.within(allowed)) is not None:
            found.append(allowed)
            yield trail
        else:
            cuts.append(attacks.cut(allowed))


class _Attacks:
    def __init__(self, attack: Attack, budget: Budget) -> None:
        self.attack, self.budget = attack, budget
        self.useful = tuple(_useful(attack))
        self.sources = attack.view.group(attack.view.layout.group(attack.claim.source))[1]
        self.endpoints = self.sources
        for ear in self.useful:
            self.endpoints |= 1 << ear.at

    def within(self, allowed: int) -> Trail | None:
        """A shortest attack that starts and arrives only at allowed endpoints."""
        attack = _Within(self, allowed)
        return _shortest(attack, self.budget) if self.allows(attack) else None

    def allows(self, attack: Attack) -> bool:
        return isinstance(search_attack(attack, self.budget), Trail)

    def cut(self, allowed: int) -> int:
        """Endpoints without which there is no attack, and that are not allowed, where those do not allow one: all but
        a largest set that allows none."""
        todo = [list(bits(self.endpoints & ~allowed))]
        cut = 0
        while todo:
            some = todo.pop()
            more = allowed | sum(1 << i for i in some)
            if not self.allows(_Within(self, more)):
                allowed = more
            elif len(some) == 1:
                cut |= 1 << some[0]
            else:
                half = len(some) // 2
                todo += [some[half:], some[:half]]
        return cut


class _Within(Attack):
    """Attacks that start and arrive only at allowed endpoints."""

    def __init__(self, attacks: _Attacks, allowed: int) -> None:
        super().__init__(attacks.attack.view, attacks.attack.claim, attacks.attack.way)
        self.useful, self.allowed, self.sources = attacks.useful, allowed, attacks.sources & allowed
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


def _meeting(cuts: Sequence[int], found: Sequence[int], most: int, budget: Budget, chosen: int = 0) -> int | None:
    """A set of at most `most` endpoints more than those chosen that meets all cuts and holds none of those found."""
    budget.spend()
    if any(not some & ~chosen for some in found):
        return None
    unmet = [cut for cut in cuts if not cut & chosen]
    if not unmet:
        return chosen
    if _apart(unmet) > most:
        return None
    banned = 0
    for i in bits(min(unmet, key=int.bit_count)):
        left = [cut & ~banned for cut in unmet]
        met = _meeting(left, found, most - 1, budget, chosen | 1 << i) if all(left) else None
        if met is not None:
            return met
        banned |= 1 << i
    return None


def _apart(cuts: Sequence[int]) -> int:
    """How many endpoints it takes at least to meet the cuts: those of disjoint ones are different."""
    used = count = 0
    for cut in sorted(cuts, key=int.bit_count):
        if not cut & used:
            used, count = used | cut, count + 1
    return count
