"""The claim of an invariant as text: constrained Horn clauses in SMT-LIB 2, for solvers other than ours.

The clauses have a solution (`sat`) iff the claim holds in every world under every admitted failure. They quantify over
one Bool for every value of an option and for every failure, so each world and failure is a tuple of arguments, and
predicates hold of those in which a fact of a way is one. The last clauses say that no world and admitted failure breaks
the claim.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from policy.core.model import And, Claim, Iff, Is, Model, Not, Or, Threat
from policy.solver.horn.diagram import ALWAYS, NEVER, Cube, NotExpressibleError, Unknown
from policy.solver.horn.family import Family
from policy.solver.horn.meaning import Meaning
from policy.solver.horn.ways import Goal, Kind, System, Ways
from policy.solver.horn.words import path_claim

WIDE = 110  # columns, where a formula is broken
MOST_CASES = 60  # in which a claim breaks, that are written one by one
Answer = tuple[int, bool]  # a path claim, and whether there is a way that decides it
Case = tuple[tuple[Answer, ...], str]
Build = Callable[[Family, Kind, Sequence[Goal]], Ways]


# ---------------------------------------------------------------- formulas


def symbol(name: str) -> str:
    return f"|{name}|"


def conjunction(parts: Sequence[str]) -> str:
    return _joined("and", "true", parts)


def disjunction(parts: Sequence[str]) -> str:
    return _joined("or", "false", parts)


def _joined(word: str, empty: str, parts: Sequence[str]) -> str:
    parts = list(dict.fromkeys(part for part in parts if part != empty))
    return empty if not parts else parts[0] if len(parts) == 1 else f"({word} {' '.join(parts)})"


def is_switch(unknown: Unknown) -> bool:
    return set(unknown.values) == {"true", "false"}


def names(unknown: Unknown) -> tuple[str, ...]:
    """The Bools that stand for a variable: one where it is true or false, else one for every value."""
    if unknown.sort != "option":
        return (symbol(unknown.name),)
    values = ("true",) if is_switch(unknown) else unknown.values
    return tuple(symbol(f"{unknown.name} = {value}") for value in values)


def literal(unknown: Unknown, values: frozenset[int]) -> str:
    """That the variable has one of the values."""
    if len(values) == len(unknown.values):
        return "true"
    bools = names(unknown)
    if is_switch(unknown):
        (value,) = (unknown.values[value] for value in values)
        return bools[0] if value == "true" else f"(not {bools[0]})"
    if len(values) == len(unknown.values) - 1 and len(values) > 1:
        return f"(not {next(name for i, name in enumerate(bools) if i not in values)})"
    return disjunction([bools[value] for value in sorted(values)])


def condition(claim: Claim, options: Mapping[str, Unknown]) -> str:
    """A condition of the design, as it is written."""
    match claim:
        case Is(option, value):
            return literal(options[option], frozenset({options[option].values.index(value)}))
        case Not(of):
            return f"(not {condition(of, options)})"
        case And(claims):
            return conjunction([condition(part, options) for part in claims])
        case Or(claims):
            return disjunction([condition(part, options) for part in claims])
        case Iff(left, right):
            return f"(= {condition(left, options)} {condition(right, options)})"
    raise TypeError(f"not a condition: {claim!r}")


def admitted(threats: Sequence[Threat]) -> list[str]:
    """That the failures are such as the threats make up together: of the units that only some of them speak of, no more
    fail than these may have (Hall, 1935)."""
    units = [frozenset((unit.name, threat.effect) for unit in threat.units) for threat in threats]
    parts = []
    for size in range(1, len(threats) + 1):
        for some in combinations(range(len(threats)), size):
            others = frozenset[tuple[str, str]]().union(*(units[i] for i in range(len(threats)) if i not in some))
            only = sorted(frozenset[tuple[str, str]]().union(*(units[i] for i in some)) - others)
            most = sum(threats[i].most for i in some)
            together = all(any(units[i] & units[j] for j in some if j != i) for i in some) or size == 1
            if len(only) > most and together:
                parts.append(_at_most(most, [symbol(f"{name} {effect}") for name, effect in only]))
    return parts


def _at_most(most: int, bools: Sequence[str]) -> str:
    if most == 0:
        return conjunction([f"(not {name})" for name in bools])
    if most == len(bools) - 1:
        return f"(not {conjunction(bools)})"
    return f"(<= (+ {' '.join(f'(ite {name} 1 0)' for name in bools)}) {most})"


def world(model: Model, options: Mapping[str, Unknown]) -> list[str]:
    """That every option has exactly one value, and that all assumptions hold."""
    parts = []
    for unknown in options.values():
        bools = names(unknown)
        if len(bools) > 1 or not is_switch(unknown):
            parts.append(disjunction(bools))
            parts += [f"(not (and {a} {b}))" for a, b in combinations(bools, 2)]
    return parts + [condition(assumption, options) for assumption in model.assumptions]


# ---------------------------------------------------------------- clauses


@dataclass(frozen=True, slots=True)
class Relation:
    """A predicate with the names and sorts of its arguments."""

    name: str
    arguments: tuple[tuple[str, str], ...]

    def declared(self) -> str:
        return f"(declare-fun {symbol(self.name)} ({' '.join(sort for _, sort in self.arguments)}) Bool)"

    def applied(self, values: Mapping[str, str] | None = None) -> str:
        """Applied to the variables of its arguments' names, or to the values given for some."""
        given = values or {}
        if not self.arguments:
            return symbol(self.name)
        return f"({symbol(self.name)} {' '.join(given.get(name, name) for name, _ in self.arguments)})"


def _implied(body: Sequence[str], head: str) -> str:
    given = conjunction(body)
    return head if given == "true" else f"(=> {given} {head})"


def clause(body: Sequence[str], head: str, variables: Iterable[tuple[str, str]]) -> str:
    """The body implies the head, whatever the variables that occur in either are."""
    whole = " ".join((*body, head))
    bound = [f"({name} {sort})" for name, sort in dict.fromkeys(variables) if name in whole]
    implied = _implied(body, head)
    if not bound:
        return f"(assert {implied})"
    line = f"(assert (forall ({' '.join(bound)}) {implied}))"
    if len(line) <= WIDE:
        return line
    given = f"\n{' ' * 11}".join(dict.fromkeys(part for part in body if part != "true"))
    several = "\n" in given
    implied = f"(=> {'(and ' if several else ''}{given}{')' if several else ''}\n      {head})" if given else head
    return f"(assert (forall ({' '.join(bound)})\n  {implied}))"


def defined(name: str, arguments: Sequence[tuple[str, str]], parts: Sequence[str]) -> str:
    """A definition as a conjunction, one part a line."""
    inside = "\n    ".join(("(and", *parts)) + ")" if len(parts) > 1 else conjunction(parts)
    return f"(define-fun {symbol(name)} ({' '.join(f'({n} {s})' for n, s in arguments)}) Bool\n  {inside})"


class Script:
    """The lines of a file about one invariant."""

    def __init__(self, model: Model, threats: Sequence[Threat], build: Build) -> None:
        self.model, self.threats, self.build = model, threats, build
        self.family = Family(model, threats)
        self.d = self.family.diagrams
        self.lines: list[str] = []
        everything = range(len(self.d.unknowns))
        self.everything = self._arguments(everything)

    def _arguments(self, unknowns: Iterable[int]) -> tuple[tuple[str, str], ...]:
        return tuple((name, "Bool") for number in sorted(unknowns) for name in names(self.d.unknowns[number]))

    def formula(self, diagram: int) -> str:
        return self._spelled(self.d.cubes(diagram))

    def _spelled(self, cubes: Iterable[Cube]) -> str:
        unknowns = self.d.unknowns
        return disjunction(
            [conjunction([literal(unknowns[number], values) for number, values in cube]) for cube in cubes]
        )

    def write(self, claim: Claim) -> str:
        """Everything from `set-logic` to `check-sat`."""
        meaning = Meaning(self.family)
        broken = self.d.negated(meaning.holds(claim))
        cases = self._cases(broken, meaning)
        asked = {literal for paths, _ in cases for literal in paths} if cases else self._asked(broken, meaning)
        self.lines += ["(set-logic HORN)", "", "; a world: every option has one value, and what is assumed holds"]
        options = {name: self.d.unknowns[number] for name, number in self.family.options.items()}
        self.lines.append(defined("world", self.everything, world(self.model, options)))
        self.lines += ["", "; the failures that are admitted together"]
        self.lines += [f";   up to {t.most} of {', '.join(u.name for u in t.units)}: {t.effect}" for t in self.threats]
        self.lines.append(defined("admitted", self.everything, admitted(self.threats)))
        self._ways(meaning, asked)
        self.lines += ["", "; no world and admitted failure breaks the claim"]
        both = [Relation("world", self.everything).applied(), Relation("admitted", self.everything).applied()]
        for paths, formula in cases or [((), self._judged(broken, meaning))]:
            found = [self.answers[number, exists].applied() for number, exists in paths]
            self.lines.append(clause([*found, *both, formula], "false", self.everything))
        self.lines += ["", "(check-sat)", ""]
        return "\n".join(self.lines)

    def _cases(self, broken: int, meaning: Meaning) -> list[Case]:
        """Ways in which the claim breaks: which paths there are and are not, and in which worlds under which failures
        that breaks it. Nothing where there are more than a reader could want."""
        try:
            cubes = self.d.cubes(broken)
        except NotExpressibleError:
            return []
        cases: dict[tuple[Answer, ...], list[Cube]] = {}
        for cube in cubes if len(cubes) <= MOST_CASES else ():
            paths = tuple((number, values == {1}) for number, values in cube if number in meaning.paths)
            cases.setdefault(paths, []).append(tuple(part for part in cube if part[0] not in meaning.paths))
        return [(paths, self._spelled(some)) for paths, some in cases.items()]

    # ------------------------------------------------ claims with many cases, those that count

    def _asked(self, broken: int, meaning: Meaning) -> set[Answer]:
        """Which paths have to be known to be there, or not to be there."""
        asked: set[Answer] = set()
        for node in self._nodes(broken):
            number, (without, given) = self.d.tests(node) if self._is_path(node, meaning) else (0, (NEVER, NEVER))
            asked |= {(number, True)} if self.d.without(given, without) != NEVER else set()
            asked |= {(number, False)} if self.d.without(without, given) != NEVER else set()
        return asked

    def _is_path(self, node: int, meaning: Meaning) -> bool:
        return self.d.tests(node)[0] in meaning.paths

    def _nodes(self, diagram: int) -> list[int]:
        """All conditions that are left of it as variables get their values, those that depend on fewer first."""
        found, pending = set[int](), [diagram]
        while pending:
            node = pending.pop()
            if node not in found and node not in (NEVER, ALWAYS):
                found.add(node)
                pending += self.d.tests(node)[1]
        return sorted(found)

    def _judged(self, broken: int, meaning: Meaning) -> str:
        """A predicate that holds where the claim breaks, by one predicate for each node of its diagram."""
        if broken in (NEVER, ALWAYS):
            return "true" if broken == ALWAYS else "false"
        relations = {node: Relation(f"judgement {i}", self.everything) for i, node in enumerate(self._nodes(broken), 1)}
        for node, relation in relations.items():
            self.lines.append(relation.declared())
            number, branches = self.d.tests(node)
            for value, branch in enumerate(branches):
                if branch == NEVER:
                    continue
                body = [] if branch == ALWAYS else [relations[branch].applied()]
                if not self._is_path(node, meaning):
                    body.append(literal(self.d.unknowns[number], frozenset({value})))
                elif self.d.without(branch, branches[1 - value]) != NEVER:
                    body.append(self.answers[number, value == 1].applied())
                self.lines.append(clause(body, relation.applied(), self.everything))
        return relations[broken].applied()

    # ------------------------------------------------ ways

    def _ways(self, meaning: Meaning, asked: set[Answer]) -> None:
        """The clauses of every path claim that makes a difference, those of one kind together."""
        self.answers: dict[Answer, Relation] = {}
        kinds: dict[Kind, list[int]] = {}
        self.told: dict[int, str] = {}
        for i, number in enumerate(sorted({number for number, _ in asked}), 1):
            self.told[number] = f"claim {i}"
            kinds.setdefault(Kind.of(meaning.paths[number]), []).append(number)
        for i, (kind, numbers) in enumerate(kinds.items(), 1):
            goals = [self._goal(number, meaning) for number in numbers]
            self.lines.append("")
            self.lines += [f"; {self.told[n]}: {path_claim(meaning.paths[n])}" for n in numbers]
            self.lines.append(f";   looked for: {_wanted(kind)}")
            pairs = [(n, g.fact) for n, g in zip(numbers, goals, strict=True)]
            try:
                self._way(f"way {i}", self.build(self.family, kind, goals).system, pairs, asked)
            except NotExpressibleError as error:
                raise NotExpressibleError(f"`{path_claim(meaning.paths[numbers[0]])}`: {error}") from None

    def _goal(self, number: int, meaning: Meaning) -> Goal:
        claim = meaning.paths[number]
        name = f"arrives as {self.told[number]} asks"
        targets, points = self.family.members(claim.target), self.family.points_on(claim.on)
        return Goal(name, targets, points, not claim.on)

    def _way(self, name: str, system: System, goals: Sequence[tuple[int, str]], asked: set[Answer]) -> None:
        way = _Way(self, name, system)
        for guess, values in system.numbered.items():
            self.lines += [f";   {guess} {i}: {value}" for i, value in enumerate(values)]
        if any((number, True) in asked for number, _ in goals):
            way.derive()
        if any((number, False) in asked for number, _ in goals):
            way.close()
        for number, fact in goals:
            told = self.told[number]
            if (number, True) in asked:
                self.answers[number, True] = way.exists(fact, f"{told}: there is such a way")
            if (number, False) in asked:
                self.answers[number, False] = way.is_missing(fact, f"{told}: there is no such way")


def _wanted(kind: Kind) -> str:
    """What decides the claim, in words."""
    word = "an attack" if kind.attack else "a path"
    asks = kind.passes is not None or kind.crosses > 0
    return word if not asks else f"{word} that {'does not' if kind.every else 'does'}"


class _Way:
    """The clauses of one system."""

    def __init__(self, script: Script, name: str, system: System) -> None:
        self.script, self.name, self.system = script, name, system
        free = set(system.free.values())
        support = script.d.support(system.guessed).union(*(script.d.support(guard) for guard in system.rules.values()))
        self.here = script._arguments(support - free)
        self.guessed = script._arguments(sorted(free)) + tuple((symbol(guess), "Int") for guess in system.numbered)
        self.facts = {fact: Relation(f"{name}: {fact}", self.here + self.guessed) for fact in system.facts()}

    def _guards(self) -> Iterator[tuple[str, tuple[str, ...], list[str]]]:
        """Every rule as its head, its body, and formulas for the rest."""
        for (head, body, choice), guard in self.system.rules.items():
            rest = [] if choice is None else [f"(= {symbol(choice[0])} {choice[1]})"]
            yield head, body, [*rest, self.script.formula(guard)]

    def derive(self) -> None:
        """The facts as predicates."""
        self.script.lines += [relation.declared() for relation in self.facts.values()]
        for head, body, rest in self._guards():
            parts = [*(self.facts[fact].applied() for fact in body), *rest]
            self.script.lines.append(clause(parts, self.facts[head].applied(), self.here + self.guessed))

    def close(self) -> None:
        """That a set of facts, one Bool for each, is closed under the rules."""
        bools = tuple((symbol(fact), "Bool") for fact in self.facts)
        parts = [_implied([*map(symbol, body), *rest], symbol(head)) for head, body, rest in self._guards()]
        self.closed = Relation(f"{self.name}: closed", self.here + self.guessed + bools)
        self.script.lines += ["; facts that are closed under the rules hold all that follow"]
        self.script.lines.append(defined(self.closed.name, self.closed.arguments, parts))

    def exists(self, goal: str, told: str) -> Relation:
        """The predicate of the worlds and failures in which the goal follows, for some guess."""
        relation = Relation(told, self.here)
        self.script.lines.append(relation.declared())
        if goal not in self.facts:
            self.script.lines.append("; nothing leads there, whatever the options and failures are")
        else:
            body = [self.facts[goal].applied(), self.script.formula(self.system.guessed)]
            self.script.lines.append(clause(body, relation.applied(), self.here + self.guessed))
        return relation

    def is_missing(self, goal: str, told: str) -> Relation:
        """The predicate of those in which it does not follow, whatever is guessed."""
        cases = list(self.system.guesses()) if goal in self.facts else []
        before: list[str] = []
        for i, (free, numbered) in enumerate(cases, 1):
            last = i == len(cases)
            case = Relation(told if last else f"{told}, in the first {i} of {len(cases)} cases", self.here)
            values = {symbol(guess): str(number) for guess, number in numbered.items()}
            values |= {symbol(guess): "true" if guess in free else "false" for guess in self.system.free}
            body = [*before, self.closed.applied(values), f"(not {symbol(goal)})"]
            self.script.lines += [case.declared(), clause(body, case.applied(), self.closed.arguments)]
            before = [case.applied()]
        relation = Relation(told, self.here)
        if not cases:
            self.script.lines += [relation.declared(), clause([], relation.applied(), self.here)]
        return relation
