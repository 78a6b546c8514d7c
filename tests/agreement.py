"""What the prover says of a design, held against enumeration of every world and failure by `policy.core.semantics`.

`disagreements` takes the text of a design and returns one line for everything in which the two differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from policy.core import semantics
from policy.core.binding import bind, variables
from policy.core.evidence import Checker, Proof, Witness
from policy.core.model import Component, Failure, Host, Invariant, Model, Named, PathClaim, World
from policy.solver import Answer, Fault, Prover
from policy.text.load import load_text
from policy.text.resolve import resolve


def model_of(text: str) -> Model:
    """The model of a text that has no fault."""
    resolved = resolve(load_text(text))
    assert not resolved.faults, "\n".join(f"{f.code} {f.span}: {f.message}" for f in resolved.faults)
    return resolved.model


@dataclass(frozen=True)
class Enumeration:
    """One invariant in every world and under every failure."""

    model: Model
    invariant: Invariant

    @cached_property
    def worlds(self) -> list[World]:
        return list(semantics.worlds(self.model))

    @cached_property
    def failures(self) -> list[Failure]:
        return sorted(semantics.failures(self.invariant.threats), key=lambda f: (len(f), sorted(f)))

    def fails(self, world: World, failure: Failure) -> bool:
        return not semantics.holds(self.model, self.invariant.claim, world, failure)

    @cached_property
    def fewest_failures(self) -> int | None:
        """With how few failures the claim can fail; None where it cannot."""
        cases = (len(f) for f in self.failures if any(self.fails(w, f) for w in self.worlds))
        return next(cases, None)

    def shortest(self, claim: PathClaim, world: World, failure: Failure) -> int | None:
        return semantics.shortest(self.model, claim, world, failure)


def verdicts(text: str) -> dict[str, str]:
    """The prover's verdict on every invariant of a design."""
    prover = Prover(model_of(text))
    return {name: prover.answer(invariant).verdict for name, invariant in prover.model.invariants.items()}


def disagreements(text: str) -> list[str]:
    """Everything in which the prover and enumeration differ on a design."""
    model = model_of(text)
    prover = Prover(model)
    faults = prover.faults()
    found = list(_faults(model, faults))
    if faults or found:
        return found
    checker = Checker(prover.layout)
    for invariant in model.invariants.values():
        answer = prover.answer(invariant)
        found += [f"{invariant.name}: {line}" for line in _invariant(model, checker, invariant, answer)]
    return found


# ---------------------------------------------------------------- faults that take a search


def _faults(model: Model, faults: tuple[Fault, ...]) -> Iterator[str]:
    worlds = list(semantics.worlds(model))
    contradictions = [fault for fault in faults if fault.kind == "contradiction"]
    if bool(contradictions) != (not worlds):
        yield f"{len(worlds)} worlds, but {contradictions}"
    for fault in contradictions:
        yield from _contradiction(model, fault)
    told = {(fault.sort, fault.name) for fault in faults if fault.kind == "placement"}
    if worlds and told != (misplaced := set(_misplaced(model, worlds))):
        yield f"misplaced are {sorted(misplaced)}, told are {sorted(told)}"


def _contradiction(model: Model, fault: Fault) -> Iterator[str]:
    """The assumptions contradict each other, and no fewer of them do."""
    chosen = [model.assumptions[i] for i in fault.assumptions]
    if any(True for _ in semantics.worlds(replace(model, assumptions=tuple(chosen)))):
        yield f"assumptions {fault.assumptions} do not contradict each other"
    for i in range(len(chosen)):
        fewer = replace(model, assumptions=(*chosen[:i], *chosen[i + 1 :]))
        if not any(True for _ in semantics.worlds(fewer)):
            yield f"of assumptions {fault.assumptions} one is superfluous"


def _misplaced(model: Model, worlds: list[World]) -> Iterator[tuple[str, str]]:
    """Hosts that stand nowhere, hosts and components that stand in several places, in some world that has them;
    `in a and b` is one place."""
    things: list[Host | Component] = [*model.hosts.values(), *model.components.values()]
    for thing in things:
        tags = thing.zones if isinstance(thing, Host) else thing.hosts
        apart = {tag.when for tag in tags}
        for world in worlds:
            there = sum(semantics.holds(model, when, world) for when in apart)
            wrong = there != 1 if isinstance(thing, Host) else there > 1
            if wrong and semantics.holds(model, thing.when, world):
                yield "host" if isinstance(thing, Host) else "component", thing.name
                break


# ---------------------------------------------------------------- verdicts and their evidence


def _invariant(model: Model, checker: Checker, invariant: Invariant, answer: Answer) -> Iterator[str]:
    verdict = semantics.verdict(model, invariant)
    if answer.verdict != verdict:
        yield f"the prover says {answer.verdict}, enumeration {verdict}"
    elif isinstance(answer.evidence, Witness):
        if refusal := checker.witness(invariant, answer.evidence):
            yield f"the witness is refused: {refusal}"
        yield from _witness(Enumeration(model, invariant), answer.evidence)
    elif isinstance(answer.evidence, Proof):
        if refusal := checker.proof(invariant, answer.evidence):
            yield f"the proof is refused: {refusal}"
        yield from _note(Enumeration(model, invariant), answer)
    else:
        yield "no evidence"


def _witness(every: Enumeration, witness: Witness) -> Iterator[str]:
    if not any(world == witness.world for world in every.worlds):
        yield f"the witness is no world: {dict(witness.world)}"
    elif witness.failure not in every.failures:
        yield f"the failure of the witness is not admitted: {sorted(witness.failure)}"
    elif not every.fails(witness.world, witness.failure):
        yield f"the claim holds in {dict(witness.world)} under {sorted(witness.failure)}"
    else:
        if len(witness.failure) != every.fewest_failures:
            yield f"the failure is {sorted(witness.failure)}, but {every.fewest_failures} are enough"
        yield from _matters(every, witness)
        yield from _steps(every, witness)
        yield from _facts(every, witness)


def _matters(every: Enumeration, witness: Witness) -> Iterator[str]:
    """Whatever the other options are, the claim fails."""
    for world in every.worlds:
        same = all(world[name] == witness.world[name] for name in witness.matters)
        if same and not every.fails(world, witness.failure):
            yield f"only {witness.matters} of {dict(witness.world)} matter, but it holds in {dict(world)}"
            return


def _steps(every: Enumeration, witness: Witness) -> Iterator[str]:
    claim = every.invariant.claim
    if isinstance(claim, PathClaim):
        shortest = every.shortest(claim, witness.world, witness.failure)
        shown = None if witness.start is None else len(witness.steps)
        if shown != shortest:
            where = f"{dict(witness.world)} {sorted(witness.failure)}"
            yield f"the path takes {shown} steps, a shortest {shortest} in {where}"


def _facts(every: Enumeration, witness: Witness) -> Iterator[str]:
    """Every part of the claim that is blamed holds, or fails, as the witness says."""
    for fact in witness.facts:
        sorts = {variable.name: variable.sort for variable in variables(fact.claim)}
        bound = {name: Named(sorts[name], thing) for name, thing in fact.bindings if name in sorts}
        claim = bind(fact.claim, bound)
        if semantics.holds(every.model, claim, witness.world, witness.failure) != fact.holds:
            yield f"the blame lies on {fact}, which is not so"


def _note(every: Enumeration, answer: Answer) -> Iterator[str]:
    """Where every path passes something because there is no path at all, the answer says so."""
    claim = every.invariant.claim
    if answer.verdict == "proved" and isinstance(claim, PathClaim) and claim.quantifier == "every":
        anything = replace(claim, quantifier="no", passes=None, crosses=None)
        cases = ((world, failure) for world in every.worlds for failure in every.failures)
        nothing = all(every.shortest(anything, *case) is None for case in cases)
        if nothing != bool(answer.note):
            yield f"there is {'no' if nothing else 'a'} path, but the note is {answer.note!r}"
