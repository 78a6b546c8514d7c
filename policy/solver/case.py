"""One invariant: the loop that joins z3 and the closures (lazy learning, as for graphs in MonoSAT: Bayless et al., AAAI
2015).

The claim is taken apart into obligations. What nothing decided already settles is settled at once. For the others z3
proposes a world and a failure in which one fails if its atoms were as z3 would like them; closures say what they are;
where the obligation fails indeed, that is the counterexample, and where not, the reasons are learned as lemmas. When z3
has no world left, the lemmas and a split over the options and failures that they speak of are the proof
(`policy.solver.split`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import z3

from policy.core.evidence import Barrier, Lemma, Lemmas, Proof, Route, Split, Witness, exists, slack
from policy.core.judge import Judge
from policy.core.layout import Layout
from policy.core.model import Claim, Invariant, PathClaim
from policy.core.obligations import obligations
from policy.core.view import EFFECTS, Decisions, Literal, View, happening
from policy.solver.blame import Blame
from policy.solver.budget import Budget, OutOfBudgetError
from policy.solver.connect import Trail
from policy.solver.encode import Atom, Encoder, Words, new_solver, plainest
from policy.solver.learn import Learner
from policy.solver.search import search
from policy.solver.shortest import shortest
from policy.solver.split import NotQuickError, Splitter

Z3_STEPS = 20  # what one step of the budget is worth in z3's own units, roughly


@dataclass(frozen=True, slots=True, eq=False)
class Goal:
    """An obligation that is open: its place among them, a variable that asks z3 to break it, what it is made of, and
    the options that its conditions speak of."""

    number: int
    claim: Claim
    broken: z3.BoolRef
    atoms: tuple[Atom, ...]
    options: frozenset[str]


class Case:
    """What was learned about one invariant, and the search for a world that breaks it."""

    def __init__(self, layout: Layout, like: View, words: Words, invariant: Invariant, budget: Budget) -> None:
        self.layout, self.model, self.words = layout, layout.model, words
        self.invariant, self.threats, self.budget = invariant, invariant.threats, budget
        like.spend = budget.spend
        self.learner = Learner(layout, self.threats, like, budget)
        self.lemmas = Lemmas(self.threats)
        self.encoder = Encoder(layout, self.threats, words)
        self.facts: dict[Atom, list[dict[Literal, bool]]] = {}  # decisions that decide claims about single connections
        self.splitter = Splitter(self)
        self._solver: z3.Solver | None = None

    def decide(self) -> Proof | Witness:
        """A proof that the claim holds, or a witness that it fails with the fewest failures. Raises
        OutOfBudgetError."""
        claims, cases, goals = self._take_apart()
        world = self._worst(goals)
        return self._proof(len(claims), cases, goals) if world is None else Blame(self, self._nearest(world)).witness()

    def proof(self) -> Proof | None:
        """A proof that the claim holds, if it does. Raises OutOfBudgetError."""
        claims, cases, goals = self._take_apart()
        fails = any(self._counterexample(goal, []) is not None for goal in goals)
        return None if fails else self._proof(len(claims), cases, goals)

    def _take_apart(self) -> tuple[tuple[Claim, ...], dict[int, Split | None], list[Goal]]:
        """The obligations, the splits of those that are soon settled, and the others as goals."""
        view = self.learner.view({})
        judge = Judge(view, lambda claim: self._at_once(view, claim))
        claims = tuple(obligations(judge, self.invariant.claim))
        cases, goals = dict[int, Split | None](), list[Goal]()
        for number, claim in enumerate(claims):
            if judge.claim(claim) is not True:
                try:
                    cases[number] = self.splitter.quick(claim)
                except NotQuickError:
                    goals.append(self._goal(number, claim))
        return claims, cases, goals

    def _proof(self, obligations: int, cases: dict[int, Split | None], goals: list[Goal]) -> Proof:
        cases |= {goal.number: self.splitter.cases(goal, {}) for goal in goals}
        return Proof(tuple(self.all_lemmas()), tuple(cases.get(i) for i in range(obligations)))

    def all_lemmas(self) -> Iterator[Lemma]:
        """Everything learned about paths."""
        for lemmas in self.lemmas.of.values():
            yield from lemmas

    def _worst(self, goals: list[Goal], bound: int | None = None) -> dict[Literal, bool] | None:
        """A world and failure in which one of the goals fails, with the fewest failures and not more than the bound;
        None when there is none. Of several the first in the order of text, whatever z3 came upon."""
        worst: tuple[Goal, dict[Literal, bool]] | None = None
        for goal in goals:
            while bound is None or bound >= 0:
                found = self._counterexample(goal, [] if bound is None else [self._at_most(bound)])
                if found is None:
                    break
                worst = goal, found
                bound = len(happening(found)) - 1
        return None if worst is None else self._first(*worst, (bound or 0) + 1)

    def _first(self, goal: Goal, world: dict[Literal, bool], most: int) -> dict[Literal, bool]:
        """The first world in which the goal fails with that many failures: those that happen as early in the text, and
        every option at as plain a value, as can be."""
        literal, bound = self.encoder.literal, self._at_most(most)
        settled: list[z3.BoolRef] = []
        for failure in self.encoder.possible_failures:
            if not world[failure] and (found := self._counterexample(goal, [bound, *settled, literal(failure)])):
                world = found
            settled.append(literal(failure) if world[failure] else z3.Not(literal(failure)))
        for option in self.model.options.values():
            for value in plainest(option):
                choice = literal((option.name, value))
                if not world[option.name, value] and (found := self._counterexample(goal, [bound, *settled, choice])):
                    world = found
                if world[option.name, value]:
                    settled.append(choice)
                    break
        return world

    def _nearest(self, world: dict[Literal, bool]) -> dict[Literal, bool]:
        """A world with as few failures, in which the fewest steps of all worlds break the claim, if it is about
        paths."""
        claim, most = self.invariant.claim, len(happening(world))
        if not isinstance(claim, PathClaim) or claim.attack:
            return world
        try:
            while isinstance(found := search(view := self.learner.view(world), claim, self.budget), Trail):
                steps = len(shortest(view, claim, found, self.budget).steps)
                nearer = replace(self.invariant, claim=replace(claim, within=steps - 1))
                case = Case(self.layout, self.learner.like, self.words, nearer, self.budget)
                shorter = case._worst(case._take_apart()[2], most) if steps > 1 else None
                if shorter is None:
                    break
                world = shorter
        except OutOfBudgetError:
            pass  # the world that is known breaks the claim, too
        return world

    # -------------------------------------------------------- with nothing decided

    def _at_once(self, view: View, claim: PathClaim) -> bool | None:
        known = self.lemmas.told(view)(claim)
        if known is not None:
            return known
        found = search(view, claim, self.budget)
        if not isinstance(found, Trail):
            self.learn(Barrier(claim, (), found))
        elif not view.threatened and not self.model.options:
            self.learn(self.learner.route(claim, found, {}))
        else:
            self.learner.first[claim] = found
            return None
        return self.lemmas.told(view)(claim)

    # -------------------------------------------------------- the loop

    @property
    def solver(self) -> z3.Solver:
        """Knows the worlds, the failures, the goals, and every lemma."""
        if self._solver is None:
            self._solver = new_solver()
            self._solver.add(self.encoder.failures())
            self._solver.add([self.encoder.condition(a) for a in self.model.assumptions])
            for lemma in self.all_lemmas():
                self._tell(lemma)
        return self._solver

    def _goal(self, number: int, claim: Claim) -> Goal:
        broken = z3.Bool(f"goal {number}")
        formula, atoms, options = self.encoder.claim(claim)
        self.solver.add(z3.Implies(broken, z3.Not(formula)))
        return Goal(number, claim, broken, atoms, options)

    def learn(self, lemma: Lemma) -> None:
        """Remembers a lemma, and tells z3."""
        self.lemmas.add(lemma)
        if self._solver is not None:
            self._tell(lemma)

    def _tell(self, lemma: Lemma) -> None:
        holds = exists(lemma.claim, isinstance(lemma, Route))
        self.solver.add(self.encoder.clause(dict(lemma.decisions), lemma.claim, holds))

    def _counterexample(self, goal: Goal, assumed: list[z3.BoolRef]) -> dict[Literal, bool] | None:
        """A world and failure in which the goal fails and z3 finds these true; None when there is none."""
        while True:
            outcome = self._ask([goal.broken, *assumed])
            if outcome is None:
                return None
            world = self.encoder.world(outcome)
            if not self.holds_in(goal, world, outcome):
                return world

    def _at_most(self, most: int) -> z3.BoolRef:
        bound = z3.Bool(f"at most {most} failures")
        self.solver.add(z3.Implies(bound, self.encoder.fewer_failures(most)))
        return bound

    def _ask(self, assumed: list[z3.BoolRef]) -> z3.ModelRef | None:
        if self.budget.left is not None:
            self.solver.set("rlimit", max(1, self.budget.left) * Z3_STEPS)
        self.budget.spend()
        self.solver.add(self.encoder.choices())
        result = self.solver.check(*assumed)
        if result == z3.unknown:
            if "interrupted" in self.solver.reason_unknown():
                raise KeyboardInterrupt
            raise OutOfBudgetError
        return self.solver.model() if result == z3.sat else None

    def some_world(self, decided: Decisions) -> dict[Literal, bool] | None:
        """A world and failure that agrees with the decisions; None when there is none."""
        literal = self.encoder.literal
        outcome = self._ask([literal(x) if so else z3.Not(literal(x)) for x, so in decided.items()])
        return None if outcome is None else self.encoder.world(outcome)

    def holds_in(self, goal: Goal, world: dict[Literal, bool], guess: z3.ModelRef | None) -> bool:
        """Whether the goal holds in the world; if so, why z3's guess was wrong is learned (without one: all that
        decides)."""
        view = self.learner.view(world)
        truth = Judge(view, self.truth(view, world)).claim(goal.claim)
        assert truth is not None, "a decided world leaves the claim open"
        if truth:
            for atom in goal.atoms:
                if not isinstance(atom, PathClaim):
                    wish = None if guess is None else z3.is_true(guess.eval(self.encoder.atom(atom)))
                    self._learn_fact(atom, wish, view, world)
        return truth

    def truth(self, view: View, world: dict[Literal, bool]) -> Callable[[PathClaim], bool]:
        """Whether path claims hold in the view of a world; what decides it is learned."""
        return lambda claim: self._truth(view, claim, world)

    def _truth(self, view: View, claim: PathClaim, world: dict[Literal, bool]) -> bool:
        known = self.lemmas.told(view)(claim)
        if known is not None:
            return known
        found = search(view, claim, self.budget)
        if isinstance(found, Trail):
            self.learn(self.learner.route(claim, found, world))
            return exists(claim, True)
        for barrier in self.learner.barriers(claim, world, 1 + slack(self.threats, happening(world))):
            self.learn(barrier)
        return exists(claim, False)

    def _learn_fact(self, atom: Atom, guess: bool | None, view: View, world: Decisions) -> None:
        """What decides a claim about single connections in the world, where z3 guessed it wrong."""
        truth = Judge(view, lambda _: None).claim(atom)
        if truth == guess or truth is None:
            return

        def enough(items: list[tuple[Literal, bool]]) -> bool:
            return Judge(self.learner.view(dict(items)), lambda _: None).claim(atom) == truth

        blank = View(self.layout, {}, view.threatened, self.learner.like)
        Judge(blank, lambda _: None).claim(atom)
        items = sorted(world.items())
        near = [item for item in items if item[0][0] in blank.open or item[0][1] in EFFECTS]
        needed = dict(self.learner.fewest(near if enough(near) else items, enough))
        self.solver.add(self.encoder.clause(needed, atom, truth))
        self.facts.setdefault(atom, []).append(needed)
