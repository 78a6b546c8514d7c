"""Why an invariant has its verdict: what a proof rests on and how near it is to breaking, or what a violation hangs on.

Takes a design and the name of an invariant; returns an `Explanation`, which `policy.study.explained` renders.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from policy.core.endpoints import Endpoint
from policy.core.evidence import Proof, Witness
from policy.core.model import Invariant, Model, PathClaim
from policy.report.facts import bound, shows_walk
from policy.report.outcome import Result, Violation
from policy.report.words import Words
from policy.solver import Answer
from policy.study.bearing import BUDGET, Bearing, bearings, bypassed
from policy.study.changes import Change, changed, thing, words
from policy.study.cures import Cure, cures
from policy.study.design import Case, Design
from policy.study.hops import Reason, reasons, world_view
from policy.study.lift import Role
from policy.study.paths import TooManyError, minimal_paths
from policy.study.probe import Broken
from policy.study.walls import Region, regions
from policy.text.source import Span


@dataclass(frozen=True, slots=True)
class Support:
    """A thing that was tried, in words. `change` (made: `does`) is the first after which the invariant fails, and
    `then` what happens; without one, none does, or (`unsettled`) the budget ran out before that was known."""

    number: int
    role: Role
    what: str
    span: Span | None
    tried: int
    change: Change | None = None
    does: str = ""
    then: str = ""
    unsettled: bool = False


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near a proved invariant is to failing: how many of the things tried break it alone; where none does, the
    fewest failures that do when firewalls may be bypassed. `failures` is None where it was not needed, `unknown` when
    the budget ran out."""

    alone: int
    things: int
    changes: int
    failures: tuple[tuple[str, str], ...] | None = None
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Explanation:
    """`result` is what `check` tells. For a proof: regions, supports, nearness. For a violation: it, the reasons of
    each step, the changes that stop it of `tried` ones, and other minimal paths (None: not asked for; `unlisted`: why
    none are listed)."""

    design: Design
    result: Result
    decided: str = ""
    regions: tuple[Region, ...] = ()
    supports: tuple[Support, ...] = ()
    nearness: Nearness | None = None
    reasons: tuple[tuple[Reason, ...], ...] = ()
    cures: tuple[Cure, ...] = ()
    tried: int = 0
    others: tuple[Violation, ...] | None = None
    unlisted: str = ""

    @property
    def bearing(self) -> tuple[Support, ...]:
        """The supports that the proof needs."""
        return tuple(support for support in self.supports if support.change is not None)


def explanation(design: Design, name: str, most: int = 0, budget: int | None = None) -> Explanation:
    """The explanation of an invariant of the design; of a violation with up to `most` other minimal paths."""
    invariant = design.model.invariants[name]
    answer = design.answer(invariant, budget)
    match answer.evidence:
        case Witness() as witness:
            return _of_violation(design, invariant, witness, most)
        case Proof() as proof if answer.verdict == "proved":
            return _of_proof(design, invariant, answer, proof)
    return Explanation(design, _result(design, invariant, answer))


def _result(design: Design, invariant: Invariant, answer: Answer, violation: Violation | None = None) -> Result:
    span = design.origins.get(("invariant", invariant.name))
    verdict, note = answer.verdict, answer.note
    return Result(invariant.name, invariant.about, span, invariant.expect, verdict, 0.0, note, violation)


# ---------------------------------------------------------------- proofs


def _of_proof(design: Design, invariant: Invariant, answer: Answer, proof: Proof) -> Explanation:
    found = bearings(design, invariant, proof)
    supports = tuple(_support(design, i + 1, bearing) for i, bearing in enumerate(_ordered(found)))
    decided = "" if proof.lemmas else _decided(len(proof.cases))
    near = _nearness(design, invariant, found)
    walls = regions(design, invariant, proof)
    return Explanation(design, _result(design, invariant, answer), decided, walls, supports, near)


def _decided(obligations: int) -> str:
    if obligations == 0:
        return "nothing has to be shown: the claim speaks of things that are never there"
    parts = "one statement" if obligations == 1 else f"{obligations} statements that all have to hold"
    return f"it comes down to {parts}, each decided by what is declared, without following paths"


def _ordered(found: tuple[Bearing, ...]) -> list[Bearing]:
    """Those that bear first, of them what is there before what is not."""
    return sorted(found, key=lambda b: (not b.bears, b.item.role == "absent"))


def _support(design: Design, number: int, bearing: Bearing) -> Support:
    item, model = bearing.item, design.model
    what = words(model, item.changes[0]) if item.role == "absent" else thing(model, item.changes[0])
    key = item.key if item.key[0] != "assume" else ("assume", item.key[1])
    span = design.origins.get(key)
    found = Support(number, item.role, what, span, len(item.changes), unsettled=bool(bearing.open_changes))
    if bearing.change is None or bearing.broken is None:
        return found
    then = in_short(model, bearing.broken)
    return replace(found, change=bearing.change, does=_does(model, bearing.change), then=then)


def _does(model: Model, change: Change) -> str:
    """What happens to the thing, in few words."""
    called = Words(model)
    match change.kind:
        case "move host" | "move component":
            return f"{'in' if change.kind == 'move host' else 'on'} {called.place(change.value)}"
        case "add link" | "add trust":
            return "added"
        case "move first":
            return "moved first"
        case "bypass firewall":
            return "bypassed"
        case "reverse trust":
            return "reversed"
    widened = {"widen services": "any service", "widen source": "any source", "widen target": "any destination"}
    return widened.get(change.kind, "taken away")


def in_short(model: Model, broken: Broken) -> str:
    """How the claim fails, on one line."""
    called = Words(model)
    if broken.walk:
        ends = " -> ".join(called.endpoint(Endpoint(e.sort, e.name, e.address)) for e in broken.walk)
        told = f"{ends} {broken.packet}".strip() if len(broken.walk) > 1 else f"{ends} is at both ends"
    elif broken.flow:
        told = f"flow {broken.flow} is not possible"
    else:
        names = ", ".join(dict.fromkeys(called.place(thing.name) for thing in broken.subject))
        told = f"fails for {names}" if names else "the claim fails"
    failed = ", ".join(f"{called.place(name)} {effect}" for name, effect in sorted(broken.failure))
    return f"{told} ({failed})" if failed else told


def _nearness(design: Design, invariant: Invariant, found: tuple[Bearing, ...]) -> Nearness:
    alone = sum(bearing.bears for bearing in found)
    near = Nearness(alone, len(found), sum(len(bearing.item.changes) for bearing in found))
    if alone or not design.model.firewalls:
        return near
    answer = design.answer(bypassed(design.model, invariant), BUDGET)
    if isinstance(answer.evidence, Witness):
        return replace(near, failures=tuple(sorted(answer.evidence.failure)))
    return replace(near, failures=(), unknown=answer.verdict == "unknown")


def counterexample(design: Design, name: str, change: Change) -> Violation | None:
    """The full counterexample after a change; None where the invariant has none."""
    model = changed(design.model, [change])
    case = Case(model)
    answer = case.answer(model.invariants[name])
    if not isinstance(answer.evidence, Witness):
        return None
    return design.changed(model).violation(model.invariants[name], answer.evidence)


# ---------------------------------------------------------------- violations


def _of_violation(design: Design, invariant: Invariant, witness: Witness, most: int) -> Explanation:
    violation = design.violation(invariant, witness)
    why = reasons(design, invariant, witness, violation.noun == "attack")
    stops, tried = cures(design, invariant, witness)
    result = _result(design, invariant, Answer("violated", witness), violation)
    found = Explanation(design, result, reasons=why, cures=stops, tried=tried)
    if most == 0:
        return found
    if violation.noun == "connection":
        return replace(found, others=(), unlisted="only paths and attacks are listed")
    try:
        return replace(found, others=_others(design, invariant, witness, most))
    except TooManyError as error:
        return replace(found, others=(), unlisted=str(error))


def _others(design: Design, invariant: Invariant, witness: Witness, most: int) -> tuple[Violation, ...]:
    """Up to `most` other minimal paths that break the same claim in the same world under the same failures."""
    facts = (fact for fact in witness.facts if witness.start is not None and shows_walk(fact))
    fact = next((fact for fact in facts if isinstance(fact.claim, PathClaim)), None)
    claim = None if fact is None else bound(design.model, fact)
    if not isinstance(claim, PathClaim):
        return ()
    view = world_view(design, invariant, witness)
    shown = (witness.start, *(step.target for step in witness.steps))
    trails = minimal_paths(design, claim, view, most + 1)
    left = [t for t in trails if (t.start, *(step.target for step in t.steps)) != shown][:most]
    return tuple(
        design.violation(invariant, replace(witness, start=trail.start, steps=trail.steps)) for trail in left
    )
