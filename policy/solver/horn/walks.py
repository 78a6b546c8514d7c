"""Paths as Horn rules: a walk is at one place at a time, with that left to pass, after so many steps where they are
bounded."""

from __future__ import annotations

from policy.core.endpoints import Endpoint
from policy.solver.horn.passing import Passing
from policy.solver.horn.ways import Place, Step, Ways, spoken


class Walks(Ways):
    """One place after the other. The facts are: the walk may be here, with that left to pass, after so many steps."""

    def build(self) -> None:
        self.seen: set[tuple[Place, Passing]] = set()
        self.pending: list[tuple[Place, Passing, int]] = []
        self.stay()
        for x, when in self.starts.items():
            self._get_to(x, self.begin, 0, (), when)
        while self.pending:
            place, left, steps = self.pending.pop(0)
            self._go_on(place, left, steps)

    def _fact(self, place: Place, left: Passing, steps: int) -> str:
        about = f", {left}" if self.begin != Passing() else ""
        return f"{spoken(place)}{about}" + (f" after {steps}" if self.kind.within is not None else "")

    def _get_to(self, place: Place, left: Passing, steps: int, body: tuple[str, ...], when: int) -> None:
        fact = self._fact(place, left, steps)
        if self.rule(fact, body, when):
            self.seen.add((place, left))
            self.pending.append((place, left, steps))

    def _go_on(self, place: Place, left: Passing, steps: int) -> None:
        if self.kind.within is not None and steps >= min(self.kind.within, len(self.seen)):
            return  # a shortest walk is nowhere twice with the same left to pass
        further = self.connections(place, left) if isinstance(place, Endpoint) else self.relayed(place, left)
        for step in further:
            self._arrive(step, steps + 1, (self._fact(place, left, steps),))

    def _arrive(self, step: Step, steps: int, body: tuple[str, ...]) -> None:
        d, y = self.d, step.target
        for goal in self.goals:
            if step.point in goal.points and y in goal.ends and self.counts(step.left):
                self.rule(goal.fact, body, d.both(step.when, goal.ends[y]))
        for after, seen in self.ledger.visiting(step.left, y).items():
            there = d.both(step.when, seen)
            self._get_to(y, after, steps, body, d.without(there, self.family.hardened(y)))
            for offer, given in self.family.sets_off(step.source, y, step.point):
                for further, relays in self.ledger.relaying(after, y).items():
                    self._get_to(offer, further, steps, body, d.both(there, given, relays))
