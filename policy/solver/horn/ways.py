"""Paths and attacks as Horn rules: what an attacker gains, from what, and under which condition.

A `System` has facts, known by their text, and rules `body and guard imply head` over them; guards are diagrams over
options, failures and, where order or number matters, a guess. In a world under a failure there is a path or attack of
the kind asked for iff, for some guess, the facts that follow hold the goal. So existence is derivability, and absence
is a set of facts that is closed under the rules and lacks the goal, for every guess.

What is guessed, so that gaining more never hurts (language, sections 4 and 6):

- where an attack starts: accounts of two different starts must not come together;
- for `every attack … passes` without `then`, and for `crosses`: the things that the attack may pass;
- for `every attack … passes … then …`: for every stage (what is still to pass) the one step that enters it.

A walk has one place at a time, so what it has still to pass is part of its facts, and nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

from policy.core.endpoints import Endpoint
from policy.core.model import Endpoints, PathClaim, Waypoints
from policy.solver.horn.diagram import ALWAYS, NEVER, NotExpressibleError
from policy.solver.horn.family import Family, Offer, Set
from policy.solver.horn.passing import DONE, Chains, Counting, Ledger, Passing

Choice = tuple[str, int]  # of a guess that has numbered values
Rules = dict[tuple[str, tuple[str, ...], Choice | None], int]  # (head, body, what must have been guessed): guard
MOST_GUESSES = 1_000  # whose refutations are written out, where it takes all of them
MOST_RULES = 200_000
Place = Endpoint | Offer


@dataclass(frozen=True, slots=True)
class Kind:
    """All that claims share which the same facts decide: everything but where the way ends."""

    attack: bool
    every: bool
    source: Endpoints
    passes: Waypoints | None
    crosses: int
    within: int | None

    @classmethod
    def of(cls, claim: PathClaim) -> Kind:
        every = claim.quantifier == "every"
        return cls(claim.attack, every, claim.source, claim.passes, claim.crosses or 0, claim.within)


@dataclass(frozen=True, slots=True)
class Goal:
    """The fact that a claim asks about: an end of the way, and the packets of its last connection."""

    fact: str
    ends: Set
    points: frozenset[int]
    anyhow: bool  # whether the path of no step counts


@dataclass(frozen=True, slots=True)
class Step:
    """A connection, made for a relay or not, with what it leaves to pass and when it can be made."""

    source: Endpoint
    target: Endpoint
    point: int
    left: Passing
    when: int
    relay: Offer | None = None


@dataclass
class System:
    """Facts and rules; `numbered` guesses have a value in words for every number, `free` ones are true or false."""

    rules: Rules = field(default_factory=dict)
    numbered: dict[str, list[str]] = field(default_factory=dict)
    free: dict[str, int] = field(default_factory=dict)
    guessed: int = ALWAYS  # which of the free guesses are allowed together
    most: tuple[frozenset[str], ...] = (frozenset(),)  # the free guesses to refute: the others ask for less

    def facts(self) -> list[str]:
        """All facts, in the order in which they were found."""
        return list(dict.fromkeys(head for head, _, _ in self.rules))

    def guesses(self) -> Iterator[tuple[frozenset[str], Mapping[str, int]]]:
        """Every guess that has to be refuted where no guess may do."""
        number = len(self.most)
        for values in self.numbered.values():
            number *= max(1, len(values))
        if number > MOST_GUESSES:
            raise NotExpressibleError(
                f"that there is no such attack takes {number:,} cases, one for each way in which it could go on"
            )
        for free in self.most:
            for chosen in product(*(range(max(1, len(values))) for values in self.numbered.values())):
                yield free, dict(zip(self.numbered, chosen, strict=True))

    def pruned(self, goals: Iterable[str]) -> System:
        """Without facts that never follow, and those that no goal takes; where nothing leads to any goal, the others
        stay for the reader to see that."""
        following = self._following()
        rules = {key: guard for key, guard in self.rules.items() if following.issuperset(key[1])}
        wanted = following & set(goals)
        pending = list(wanted)
        if not wanted:
            return self._with(rules)
        bodies: dict[str, list[tuple[str, ...]]] = {}
        for head, body, _ in rules:
            bodies.setdefault(head, []).append(body)
        while pending:
            fresh = {fact for body in bodies.get(pending.pop(), ()) for fact in body} - wanted
            wanted |= fresh
            pending += fresh
        return self._with({key: guard for key, guard in rules.items() if key[0] in wanted})

    def _following(self) -> set[str]:
        """The facts that may follow."""
        missing = [len(set(body)) for _, body, _ in self.rules]
        uses: dict[str, list[int]] = {}
        for i, (_, body, _) in enumerate(self.rules):
            for fact in set(body):
                uses.setdefault(fact, []).append(i)
        heads = [head for head, _, _ in self.rules]
        found: set[str] = set()
        pending = [head for head, count in zip(heads, missing, strict=True) if not count]
        while pending:
            fact = pending.pop()
            for i in uses.get(fact, ()) if fact not in found else ():
                missing[i] -= 1
                pending += [heads[i]] if not missing[i] else []
            found.add(fact)
        return found

    def _with(self, rules: Rules) -> System:
        used = {choice[0] for _, _, choice in rules if choice is not None}
        numbered = {name: values for name, values in self.numbered.items() if name in used}
        return System(rules, numbered, self.free, self.guessed, self.most)

    def without(self, guess: str, either: Callable[[Iterable[int]], int]) -> System:
        """Without a guess that makes no difference, as no two facts ever come together."""
        rules: Rules = {}
        for (head, body, choice), guard in self.rules.items():
            key = head, body, None if choice is not None and choice[0] == guess else choice
            rules[key] = either((rules.get(key, NEVER), guard))
        return self._with(rules)


class Ways:
    """What walks and attacks share: steps, and how they are written down."""

    def __init__(self, family: Family, kind: Kind, goals: Sequence[Goal]) -> None:
        self.family, self.kind, self.goals = family, kind, goals
        self.d = family.diagrams
        self.system = System()
        self.heads: set[str] = set()
        self.begin = Passing(kind.passes or DONE, kind.crosses)
        self.starts = {
            x: self.d.either((family.members(kind.source).get(x, NEVER), family.compromised.get(x, NEVER)))
            for x in family.endpoints
            if x in family.members(kind.source) or x in family.compromised
        }
        self.ears = {
            y: tuple(p for p in family.packets if family.listens(y, p) != NEVER)
            for y in family.endpoints
            if y.sort != "someone"
        }

    def rule(self, head: str, body: tuple[str, ...], guard: int, choice: Choice | None = None) -> bool:
        """Adds a rule; says whether its head is new."""
        if guard == NEVER:
            return False
        if len(self.system.rules) >= MOST_RULES:
            raise NotExpressibleError(f"it takes more than {MOST_RULES:,} rules")
        fresh = head not in self.heads
        self.heads.add(head)
        key = head, body, choice
        self.system.rules[key] = self.d.either((self.system.rules.get(key, NEVER), guard))
        return fresh

    def counting(self) -> Counting:
        """The ledger that takes off what is passed, until nothing can become of it."""
        every = self.kind.every
        return Counting(self.family, self.kind.passes, lambda left: every and left.satisfied, simple=not every)

    def connections(self, x: Endpoint, left: Passing) -> Iterator[Step]:
        """Every step from x."""
        for y, points in self.ears.items():
            for point in points:
                yield from self._steps(x, y, point, left, ALWAYS, None)

    def relayed(self, offer: Offer, left: Passing) -> Iterator[Step]:
        """Every step that a relay makes."""
        targets: dict[Endpoint, int] = {}
        for target in offer.targets:
            for y, when in self.family.place(target).items():
                targets[y] = self.d.either((targets.get(y, NEVER), when))
        for y, there in targets.items():
            for point in self.ears[y]:
                if point in offer.onward:
                    yield from self._steps(offer.source, y, point, left, there, offer)

    def _steps(
        self, x: Endpoint, y: Endpoint, point: int, left: Passing, given: int, relay: Offer | None
    ) -> Iterator[Step]:
        taken = self.d.both(given, self.family.takes(x, y, point))
        for after, when in self.chains.outcomes(x, y, point, left).items() if taken != NEVER else ():
            whole = self.d.both(taken, when)
            if whole != NEVER:
                yield Step(x, y, point, after, whole, relay)

    @cached_property
    def ledger(self) -> Ledger:
        """How account is kept of what is passed."""
        return Ledger(self.family) if self.begin == Passing() else self.counting()

    @cached_property
    def chains(self) -> Chains:
        """Who connects to whom."""
        return Chains(self.family, self.ledger)

    def stay(self) -> None:
        """The paths of no step."""
        if self.begin.satisfied != self.kind.every:
            for goal in self.goals:
                for x, when in self.starts.items() if goal.anyhow else ():
                    self.rule(goal.fact, (), self.d.both(when, goal.ends.get(x, NEVER)))

    def counts(self, left: Passing) -> bool:
        """Whether a way that ends with this left to pass is of the kind."""
        return left.satisfied != self.kind.every

    def finish(self) -> None:
        """Leaves out what does not bear on any goal."""
        found = self.system.pruned([goal.fact for goal in self.goals])
        if all(len(body) <= 1 for _, body, _ in found.rules):
            found = found.without("start", self.d.either)
        self.system = found


def spoken(place: Place) -> str:
    """The fact that an attacker has got to a place."""
    if isinstance(place, Endpoint):
        return f"holds {place}"
    return f"{place.source} relays {place.number + 1}"
