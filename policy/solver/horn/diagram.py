"""Conditions as decision diagrams over variables of a few values each, and their shortest readable spelling.

A diagram is a number that `Diagrams` gave out: 0 never holds, 1 always does, and equal conditions have equal numbers.
Variables are asked in the order in which they were made known. The idea is Bryant's (1986), with a branch for every
value; `cubes` spells a condition as a union of cubes none of which is superfluous (Minato, 1992).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

NEVER, ALWAYS = 0, 1
MOST_CUBES = 5_000  # for one condition
MOST_PAIRS = 1_000_000  # of conditions that are put together
Cube = tuple[tuple[int, frozenset[int]], ...]  # (variable, values that it may have), by variable


class NotExpressibleError(Exception):
    """The claim has a part that the file cannot say in reasonable length; the text names it."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A variable: what kind of thing it is, its name, and its values, the first of which is number 0."""

    sort: str
    name: str
    values: tuple[str, ...]


class Diagrams:
    """All conditions about some variables."""

    def __init__(self) -> None:
        self.unknowns: list[Unknown] = []
        self._levels: dict[tuple[str, str], int] = {}
        self._nodes: list[tuple[int, tuple[int, ...]]] = [(1 << 60, ()), (1 << 60, ())]
        self._numbers: dict[tuple[int, tuple[int, ...]], int] = {}
        self._met: dict[tuple[int, int], int] = {}
        self._joined: dict[tuple[int, int], int] = {}
        self._negated: dict[int, int] = {NEVER: ALWAYS, ALWAYS: NEVER}
        self._covers: dict[tuple[int, int], tuple[tuple[Cube, ...], int]] = {}
        self._supports: dict[int, frozenset[int]] = {NEVER: frozenset(), ALWAYS: frozenset()}

    def unknown(self, sort: str, name: str, values: tuple[str, ...] = ("false", "true")) -> int:
        """The number of a variable, which it gets when it is first asked for."""
        if (sort, name) not in self._levels:
            self._levels[sort, name] = len(self.unknowns)
            self.unknowns.append(Unknown(sort, name, values))
        return self._levels[sort, name]

    def equals(self, unknown: int, value: str | int = 1) -> int:
        """The condition that the variable has the value, given by its name or number."""
        values = self.unknowns[unknown].values
        chosen = values.index(value) if isinstance(value, str) else value
        return self._node(unknown, tuple(int(i == chosen) for i in range(len(values))))

    def _node(self, level: int, branches: tuple[int, ...]) -> int:
        if all(branch == branches[0] for branch in branches):
            return branches[0]
        key = level, branches
        if key not in self._numbers:
            self._numbers[key] = len(self._nodes)
            self._nodes.append(key)
        return self._numbers[key]

    def _branches(self, diagram: int, level: int) -> tuple[int, ...]:
        top, branches = self._nodes[diagram]
        return branches if top == level else (diagram,) * len(self.unknowns[level].values)

    def both(self, *diagrams: int) -> int:
        """The conjunction."""
        found = ALWAYS
        for diagram in diagrams:
            found = self._meet(found, diagram)
            if found == NEVER:
                break
        return found

    def either(self, diagrams: Iterable[int]) -> int:
        """The disjunction."""
        found = NEVER
        for diagram in diagrams:
            found = self._join(found, diagram)
        return found

    def without(self, diagram: int, other: int) -> int:
        """The first and not the second."""
        return self._meet(diagram, self.negated(other))

    def negated(self, diagram: int) -> int:
        if diagram not in self._negated:
            level, branches = self._nodes[diagram]
            found = self._node(level, tuple(self.negated(branch) for branch in branches))
            self._negated[diagram], self._negated[found] = found, diagram
        return self._negated[diagram]

    def chosen(self, when: int, yes: int, no: int) -> int:
        """`yes` where the condition holds, `no` elsewhere."""
        if yes == no or when == ALWAYS:
            return yes
        return no if when == NEVER else self._join(self._meet(when, yes), self.without(no, when))

    def _meet(self, a: int, b: int) -> int:
        if a > b:
            a, b = b, a
        if a in (NEVER, b):
            return a
        return b if a == ALWAYS else self._apply(self._met, self._meet, a, b)

    def _join(self, a: int, b: int) -> int:
        if a > b:
            a, b = b, a
        if a == ALWAYS or b == ALWAYS:
            return ALWAYS
        return b if a in (NEVER, b) else self._apply(self._joined, self._join, a, b)

    def _apply(self, known: dict[tuple[int, int], int], operation: Callable[[int, int], int], a: int, b: int) -> int:
        if (a, b) not in known:
            if len(known) >= MOST_PAIRS:
                raise NotExpressibleError("its conditions on options and failures grow too large")
            level = min(self._nodes[a][0], self._nodes[b][0])
            pairs = zip(self._branches(a, level), self._branches(b, level), strict=True)
            known[a, b] = self._node(level, tuple(operation(x, y) for x, y in pairs))
        return known[a, b]

    def support(self, diagram: int) -> frozenset[int]:
        """The variables that the condition depends on."""
        if diagram not in self._supports:
            level, branches = self._nodes[diagram]
            self._supports[diagram] = frozenset({level}).union(*(self.support(branch) for branch in branches))
        return self._supports[diagram]

    def tests(self, diagram: int) -> tuple[int, tuple[int, ...]]:
        """The variable that the condition depends on first, and what is left of it for each of its values."""
        return self._nodes[diagram]

    def cubes(self, diagram: int) -> tuple[Cube, ...]:
        """Cubes whose union is the condition, and none of which is superfluous. Raises NotExpressibleError where they
        are too many."""
        return self._cover(diagram, diagram)[0]

    def _cover(self, least: int, most: int) -> tuple[tuple[Cube, ...], int]:
        """Cubes whose union lies between the two, and that union."""
        if least == NEVER:
            return (), NEVER
        if most == ALWAYS:
            return ((),), ALWAYS
        if (least, most) not in self._covers:
            self._covers[least, most] = self._covered(least, most)
        return self._covers[least, most]

    def _covered(self, least: int, most: int) -> tuple[tuple[Cube, ...], int]:
        level = min(self._nodes[least][0], self._nodes[most][0])
        lower, upper = self._branches(least, level), self._branches(most, level)
        common = self.both(*upper)
        found: dict[Cube, list[int]] = {}
        branches, rest = [], NEVER
        for value, (low, high) in enumerate(zip(lower, upper, strict=True)):
            cubes, union = self._cover(self.without(low, common), high)
            for cube in cubes:
                found.setdefault(cube, []).append(value)
            branches.append(union)
            rest = self._join(rest, self.without(low, union))
        anyway, union = self._cover(rest, common)
        if len(found) + len(anyway) > MOST_CUBES:
            raise NotExpressibleError("it depends on the options and failures in too many ways to list them")
        whole = self._node(level, tuple(self._join(branch, union) for branch in branches))
        return (*(((level, frozenset(values)), *cube) for cube, values in found.items()), *anyway), whole
