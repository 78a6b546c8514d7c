"""Claims, options, assumptions and failures as z3 formulas.

A world is a z3 model of `Encoder.choices()`; `Encoder.holds(claim)` is true in it iff the claim holds there, where
every claim about connections is a variable of its own (`Encoder.atoms`) that says nothing until lemmas are learned.
"""

from __future__ import annotations

from collections.abc import Sequence

import z3

from policy.core.binding import bind
from policy.core.groups import options_in
from policy.core.judge import Judge
from policy.core.layout import Layout
from policy.core.model import (
    AccountsAccepted,
    And,
    Binder,
    CanReach,
    Claim,
    Compare,
    ConnectionsAreFlows,
    Count,
    FlowsPossible,
    Iff,
    Is,
    Model,
    Named,
    Not,
    Number,
    Option,
    Or,
    PathClaim,
    Quantified,
    Threat,
    Tier,
)
from policy.core.view import EFFECTS, Decisions, Literal, View

Atom = PathClaim | CanReach | FlowsPossible | ConnectionsAreFlows | AccountsAccepted


def plainest(option: Option) -> tuple[str, ...]:
    """The values of the option in the order in which a counterexample prefers them: as written, false before true."""
    return ("false", "true") if option.values == ("true", "false") else option.values


class Words:
    """The z3 variables of one model, for all its encoders."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._literals: dict[Literal, z3.BoolRef] = {}
        self._choices: dict[str, z3.BoolRef] = {}
        self._declared: dict[Literal, z3.FuncDeclRef] = {}

    def literal(self, literal: Literal) -> z3.BoolRef:
        """True iff the option has the value, or the failure happens."""
        if literal not in self._literals:
            name, value = literal
            option = self.model.options.get(name) if value not in EFFECTS else None
            if option is not None and value == "false" and option.values == ("true", "false"):
                self._literals[literal] = z3.Not(self.literal((name, "true")))
            else:
                self._literals[literal] = z3.Bool(f"{name} = {value}")
        return self._literals[literal]

    def choice(self, option: Option) -> z3.BoolRef:
        """The option has one of its values."""
        if option.name not in self._choices:
            self._choices[option.name] = z3.PbEq([(self.literal((option.name, v)), 1) for v in option.values], 1)
        return self._choices[option.name]

    def declared(self, literal: Literal) -> z3.FuncDeclRef:
        """The variable of a literal that is not a negated one."""
        if literal not in self._declared:
            self._declared[literal] = self.literal(literal).decl()
        return self._declared[literal]


class Encoder:
    """Formulas about one model under some threats. Variables are named after what they stand for."""

    def __init__(self, layout: Layout, threats: Sequence[Threat], words: Words | None = None) -> None:
        self.layout, self.model, self.threats = layout, layout.model, threats
        self.words = words or Words(layout.model)
        self.judge = Judge(View(layout), lambda _: None)
        self.atoms: dict[Atom, z3.BoolRef] = {}
        self._literals: dict[Literal, z3.BoolRef] = {}
        self._conditions: dict[Claim, z3.BoolRef] = {}
        units = ((unit.name, threat.effect) for threat in threats for unit in threat.units if threat.most > 0)
        self.possible_failures: tuple[Literal, ...] = tuple(dict.fromkeys(units))
        self._choices: list[z3.BoolRef] = []
        self._named: set[str] = set()
        self._met: dict[Atom, None] = {}

    # -------------------------------------------------------- worlds and failures

    def literal(self, literal: Literal) -> z3.BoolRef:
        """True iff the option has the value, or the failure happens."""
        if literal not in self._literals:
            self._literals[literal] = self.words.literal(literal)
            option = self.model.options.get(literal[0]) if literal[1] not in EFFECTS else None
            if option is not None:
                self._literals.update({(option.name, v): self.words.literal((option.name, v)) for v in option.values})
                if option.values != ("true", "false"):
                    self._choices.append(self.words.choice(option))
        return self._literals[literal]

    def choices(self) -> list[z3.BoolRef]:
        """Says of the options that were spoken of since the last call that they have one value each. With all that this
        ever returned the z3 models are exactly the worlds, as far as was spoken of them. (Assumptions are apart.)"""
        found, self._choices = self._choices, []
        return found

    def failures(self) -> list[z3.BoolRef]:
        """Satisfied by exactly the failures that the threats admit: each is the doing of one of them."""
        found, blamed = [], dict[Literal, list[z3.BoolRef]]()
        for i, threat in enumerate(self.threats):
            doings = []
            for unit in threat.units:
                doing = z3.Bool(f"threat {i}: {unit.name} {threat.effect}")
                blamed.setdefault((unit.name, threat.effect), []).append(doing)
                doings.append(doing)
            found += [z3.AtMost(*doings, threat.most)] if doings else []
        found += [self.literal(literal) == z3.Or(doings) for literal, doings in blamed.items()]
        return found

    def fewer_failures(self, most: int) -> z3.BoolRef:
        """True iff at most that many failures happen."""
        happening = [self.literal(literal) for literal in self.possible_failures]
        return z3.AtMost(*happening, most) if happening else z3.BoolVal(True)

    def world(self, model: z3.ModelRef) -> dict[Literal, bool]:
        """The world and failure of a z3 model, as decisions of everything; what it leaves open gets the plainest value,
        or does not happen."""
        decided: dict[Literal, bool] = {}
        for option in self.model.options.values():
            value = option.values[0]
            if option.values == ("true", "false"):
                value = "true" if self._value(model, (option.name, "true")) else "false"
            elif (option.name, value) in self._literals:
                value = next((v for v in option.values if self._value(model, (option.name, v))), value)
            decided.update({(option.name, v): v == value for v in option.values})
        for literal in self.possible_failures:
            decided[literal] = self._value(model, literal) is True
        return decided

    def _value(self, model: z3.ModelRef, literal: Literal) -> bool | None:
        """As `model[…]`, without the wrapping of every value."""
        if literal not in self._literals:
            return None
        declared = self.words.declared(literal)
        context = model.ctx.ref()
        value = z3.Z3_model_get_const_interp(context, model.model, declared.ast)
        return {z3.Z3_L_TRUE: True, z3.Z3_L_FALSE: False}.get(z3.Z3_get_bool_value(context, value)) if value else None

    def clause(self, decisions: Decisions, atom: Atom, value: bool) -> z3.BoolRef:
        """True iff the atom has the value or one of the decisions is not so."""
        others = [z3.Not(self.literal(x)) if so else self.literal(x) for x, so in sorted(decisions.items())]
        variable = self.atom(atom)
        return z3.Or(*others, variable if value else z3.Not(variable))

    # -------------------------------------------------------- claims

    def claim(self, claim: Claim) -> tuple[z3.BoolRef, tuple[Atom, ...], frozenset[str]]:
        """(formula, atoms, options): the formula is true iff the claim holds, and these are what it speaks of."""
        self._named, self._met = set(), {}
        return self.holds(claim), tuple(self._met), frozenset(self._named)

    def atom(self, atom: Atom) -> z3.BoolRef:
        """The variable that says whether the claim about connections holds."""
        if atom not in self.atoms:
            self.atoms[atom] = z3.Bool(f"claim {len(self.atoms)}")
        self._met[atom] = None
        return self.atoms[atom]

    def condition(self, condition: Claim) -> z3.BoolRef:
        """True iff the condition holds."""
        self._named.update(options_in(condition))
        if condition not in self._conditions:
            self._conditions[condition] = self._condition(condition)
        return self._conditions[condition]

    def _condition(self, condition: Claim) -> z3.BoolRef:
        match condition:
            case Is(option, value):
                return self.literal((option, value))
            case Not(of):
                return z3.Not(self.condition(of))
            case And(of):
                return z3.And([self.condition(part) for part in of])
            case Or(of):
                return z3.Or([self.condition(part) for part in of])
            case Iff(left, right):
                return self.condition(left) == self.condition(right)
        raise TypeError(f"not a condition: {condition}")

    def holds(self, claim: Claim) -> z3.BoolRef:
        """True iff the claim (without free variables) holds, given the truth of its atoms."""
        match claim:
            case PathClaim() | CanReach() | FlowsPossible() | ConnectionsAreFlows() | AccountsAccepted():
                return self.atom(claim)
            case And(of):
                return z3.And([self.holds(part) for part in of])
            case Or(of):
                return z3.Or([self.holds(part) for part in of])
            case Not(of):
                return z3.Not(self.holds(of))
            case Iff(left, right):
                return self.holds(left) == self.holds(right)
            case Quantified():
                return self._quantified(claim)
            case Compare(left, operator, right):
                a, b = self._amount(left), self._amount(right)
                return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "=": a == b, "!=": a != b}[operator]
        return self.condition(self.judge.fact(claim))

    def _quantified(self, claim: Quantified) -> z3.BoolRef:
        each = [z3.And(inside, self.holds(bind(claim.body, b))) for b, inside in self.tuples(claim.binders)]
        match claim.quantifier:
            case "all":
                cases = self.tuples(claim.binders)
                return z3.And([z3.Implies(inside, self.holds(bind(claim.body, b))) for b, inside in cases])
            case "some":
                return z3.Or(each)
            case "no":
                return z3.Not(z3.Or(each))
            case "one":
                return z3.PbEq([(e, 1) for e in each], 1) if each else z3.BoolVal(False)
        return z3.AtMost(*each, 1) if each else z3.BoolVal(True)

    def tuples(self, binders: tuple[Binder, ...]) -> list[tuple[dict[str, Named], z3.BoolRef]]:
        """All bindings that the binders may have, each with a formula that is true iff they do."""
        return [(bindings, self.condition(when)) for bindings, when in self.judge.tuples(binders)]

    def _amount(self, amount: Number | Tier | Count) -> z3.ArithRef:
        match amount:
            case Number(value):
                return z3.IntVal(value)
            case Tier():
                return z3.IntVal(self.judge.amount(amount)[0])
            case Count(binders, body):
                terms = []
                for bindings, inside in self.tuples(binders):
                    weight = z3.IntVal(1)
                    for thing in bindings.values():
                        weight = weight * self._replicas(thing)
                    terms.append(z3.If(z3.And(inside, self.holds(bind(body, bindings))), weight, z3.IntVal(0)))
                return z3.Sum(terms) if terms else z3.IntVal(0)
        raise TypeError(f"not an amount: {amount}")

    def _replicas(self, thing: Named) -> z3.ArithRef:
        count = self.model.hosts[thing.name].count if thing.sort == "host" else None
        if count is None:
            return z3.IntVal(1)
        self._named.add(count)
        values = self.model.options[count].values
        return z3.Sum([z3.If(self.literal((count, v)), z3.IntVal(int(v)), z3.IntVal(0)) for v in values])


def new_solver(context: z3.Context | None = None) -> z3.Solver:
    """A solver that answers the same on every run; in a context of its own whatever else was asked before."""
    solver = z3.Solver(ctx=context)
    solver.set("random_seed", 0)
    return solver
