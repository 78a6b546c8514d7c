"""The proof by cases: a tree over the options and failures that the lemmas of a goal speak of, until each case is
settled. Where few options decide an obligation without paths, the tree is found at once, without z3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy.core.evidence import Split, impossible, settled, threatened
from policy.core.groups import options_in
from policy.core.judge import Judge
from policy.core.model import Claim, PathClaim
from policy.core.view import Decisions, Literal, View

if TYPE_CHECKING:
    from policy.solver.case import Case, Goal


QUICK = 40  # cases that are tried without z3
DEEP = 5  # options of one of them, at most
FEW = 6  # failures that are tried without z3


class NotQuickError(Exception):
    """No short split settles the claim; it may not even hold."""


class Splitter:
    """Splits goals of one case. What turns out to be missing is learned on the way."""

    def __init__(self, case: Case) -> None:
        self.case, self.model = case, case.model
        self.conditions: list[tuple[Claim, frozenset[str]]] = [
            (assumption, frozenset(options_in(assumption))) for assumption in self.model.assumptions
        ]

    def quick(self, claim: Claim) -> Split | None:
        """The split of an obligation, which does not follow without one, over few failures and the options that its
        judge asks for. Raises NotQuickError."""
        case, left = self.case, QUICK
        failures = sorted(threatened(case.threats))
        if len(failures) > FEW:
            raise NotQuickError

        def cases(decided: dict[Literal, bool]) -> Split | None:
            nonlocal left
            left -= 1
            case.budget.spend()
            if not decided and failures:
                return Split(failures[0], cases({failures[0]: True}), cases({failures[0]: False}))
            view = View(case.layout, settled(case.threats, decided), failures, case.learner.like)
            truth = Judge(view, case.lemmas.told(view)).claim(claim)
            asked = dict(view.open)
            if truth or impossible(case.threats, view, decided):
                return None
            most = frozenset(sorted(asked, key=lambda name: (-asked[name], name))[:1])
            open_failure = next((x for x in failures if view.known(x) is None), None)
            literal = open_failure or next(self._open(most, view), None)
            if truth is False or literal is None or left <= 0 or len(decided) - len(failures) > DEEP:
                raise NotQuickError
            return Split(literal, cases({**decided, literal: True}), cases({**decided, literal: False}))

        return cases({})

    def cases(self, goal: Goal, decided: dict[Literal, bool]) -> Split | None:
        """The split of a goal under some decisions."""
        case = self.case
        case.budget.spend()
        view = case.learner.view(decided)
        if impossible(case.threats, view, decided):
            return None
        if Judge(view, case.lemmas.told(view)).claim(goal.claim) is True:
            return None
        literal = self._branch(goal, view) or self._learned(goal, view, decided)
        if literal is None:
            return self.cases(goal, decided)
        yes, no = ({**decided, literal: value} for value in (True, False))
        return Split(literal, self.cases(goal, yes), self.cases(goal, no))

    def _learned(self, goal: Goal, view: View, decided: Decisions) -> Literal | None:
        """None after something was learned from a world of this case; where it has no world, a literal of an
        assumption."""
        world = self.case.some_world(decided)
        if world is not None:
            if not self.case.holds_in(goal, world, None):
                raise AssertionError("z3 missed a counterexample")
            return None
        unsettled = [names for claim, names in self.conditions if view.truth(claim) is None]
        near = [names for names in unsettled if any((name, v) in decided for name in names for v in self._values(name))]
        names = min(near or unsettled, key=lambda names: (len(names), sorted(names)))
        return next(self._open(names, view))

    def _branch(self, goal: Goal, view: View) -> Literal | None:
        """The next literal to decide: of the lemma with the fewest open ones, else of the goal's own conditions."""
        best: list[Literal] = []
        for decisions in self._reasons(goal):
            if any(view.known(x) is (not v) for x, v in decisions.items()):
                continue
            open_ones = [x for x in decisions if view.known(x) is None]
            if open_ones and (not best or len(open_ones) < len(best)):
                best = open_ones
        if best:
            return sorted(best)[0]
        return next(self._open(goal.options, view), None)

    def _reasons(self, goal: Goal) -> Iterator[Decisions]:
        for atom in goal.atoms:
            if isinstance(atom, PathClaim):
                yield from (dict(lemma.decisions) for lemma in self.case.lemmas.of.get(atom, ()))
            else:
                yield from self.case.facts.get(atom, ())

    def _open(self, names: frozenset[str], view: View) -> Iterator[Literal]:
        for name in sorted(names):
            for value in self._values(name):
                if view.known((name, value)) is None:
                    yield name, value

    def _values(self, name: str) -> tuple[str, ...]:
        return self.model.options[name].values
