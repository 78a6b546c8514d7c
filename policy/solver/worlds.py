"""Whether conditions hold in some world of a model: one that gives every option a value and satisfies the
assumptions."""

from __future__ import annotations

from collections.abc import Iterable

import z3

from policy.core.groups import both
from policy.core.layout import Layout
from policy.core.model import ALWAYS, NEVER, Claim
from policy.solver.encode import Encoder, Words, new_solver
from policy.solver.hitting import smallest_conflict


class Worlds:
    """The worlds of one model. What was asked before is remembered."""

    def __init__(self, layout: Layout, words: Words | None = None) -> None:
        self._encoder, self._solver = Encoder(layout, (), words), new_solver()
        self._marks = {f"assume {i:06}": i for i in range(len(layout.model.assumptions))}
        for mark, i in self._marks.items():
            self._solver.add(z3.Implies(z3.Bool(mark), self._encoder.condition(layout.model.assumptions[i])))
        self._known: dict[Claim, bool] = {NEVER: False, ALWAYS: True}

    def some(self, *conditions: Claim) -> bool:
        """Whether all of the conditions hold together in some world."""
        condition = both(*conditions)
        if condition not in self._known:
            self._known[condition] = self._together(condition, self._marks)
        return self._known[condition]

    def against(self, condition: Claim) -> tuple[int, ...]:
        """A smallest set of assumptions, by place, that leave no world in which the condition holds; it must hold in
        none."""
        marks = smallest_conflict(self._marks, lambda some: self._together(condition, some))
        return tuple(sorted(self._marks[mark] for mark in marks))

    def _together(self, condition: Claim, marks: Iterable[str]) -> bool:
        wanted = z3.BoolVal(True) if condition == ALWAYS else self._encoder.condition(condition)
        self._solver.add(self._encoder.choices())
        return bool(self._solver.check(wanted, *map(z3.Bool, sorted(marks))) == z3.sat)
