"""Which single changes of a design would stop a violation: each is made, and the invariant is asked again.

Candidates are the things that the path, or the fact, hangs on: its rules (gone, or narrowed), publishes, relays and
links, trusts where accounts are asked, options that matter, and the places of what stands on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from policy.core.evidence import Proof, Witness
from policy.core.model import Accepts, AccountsAccepted, Invariant, Model, Named, PathClaim, Trusts
from policy.core.steps import Step
from policy.report.facts import parts, shows_walk, things_in
from policy.study import changes
from policy.study.bearing import seen
from policy.study.changes import Change, changed
from policy.study.design import Case, Design
from policy.study.probe import Broken, Probe

BUDGET = 50_000  # steps of search for one change


@dataclass(frozen=True, slots=True)
class Cure:
    """A change that was tried. `verdict` is the invariant's afterwards; where it is still violated, what was shown is
    gone, and `remaining` is another way in which it fails."""

    change: Change
    verdict: str
    remaining: Broken | None = None

    @property
    def stops(self) -> bool:
        """Whether the invariant holds afterwards, and still speaks of something."""
        return self.verdict == "proved"


def cures(design: Design, invariant: Invariant, witness: Witness) -> tuple[tuple[Cure, ...], int]:
    """The changes after which this violation is gone, those that stop every one first; and how many were tried."""
    tried = tuple(dict.fromkeys(candidates(design.model, witness)))
    found = [cure for change in tried if (cure := _tried(design, invariant, witness, change)) is not None]
    return tuple(sorted(found, key=lambda cure: not cure.stops)), len(tried)


def _tried(design: Design, invariant: Invariant, witness: Witness, change: Change) -> Cure | None:
    case = Case(changed(design.model, [change]))
    if change.kind == "fix option" and case.prover.faults():
        return None  # the assumptions leave no world
    asked = case.model.invariants[invariant.name]
    if case.checker.witness(asked, witness) is None:
        return None
    if change.kind != "fix option":
        remaining = Probe(case.layout, asked, Proof()).broken(witness.world, witness.failure)
        if remaining is not None:
            return Cure(change, "violated", remaining)
    answer = case.answer(asked, BUDGET)
    if not isinstance(answer.evidence, Witness):
        return Cure(change, answer.verdict)
    return Cure(change, answer.verdict, seen(answer.evidence))


# ---------------------------------------------------------------- candidates


def candidates(model: Model, witness: Witness) -> Iterator[Change]:
    """The changes of what the witness hangs on; some may come twice."""
    removals = {change.key: change for change in (*changes.rule_removals(model), *changes.other_removals(model))}
    narrower: dict[object, list[Change]] = {}
    for change in changes.rule_narrowings(model):
        narrower.setdefault(change.key, []).append(change)
    for step in witness.steps:
        for key in _keys(step):
            yield from (removals[key],) if key in removals else ()
            yield from narrower.get(key, ())
    if _asks_accounts(witness):
        yield from changes.trust_changes(model)
        yield from (change for key, change in removals.items() if key[0] == "trust")
    for option in witness.matters:
        others = (value for value in model.options[option].values if value != witness.world[option])
        yield from (Change("fix option", ("option", option), value) for value in others)
    named = _named(model, witness)
    yield from (change for change in changes.moves(model) if change.key[1] in named)


def _keys(step: Step) -> Iterable[tuple[object, ...]]:
    """What carries the step, as `Change.key` names it."""
    if step.relay is not None:
        sort, name, place = step.relay
        yield ("publish", name, place) if sort == "firewall" else ("relay", sort, name, place)
    for crossing in step.chain:
        if crossing.link is not None:
            yield ("link", crossing.link)
        elif crossing.by == "rule":
            yield ("rule", crossing.via, crossing.rule)


def _asks_accounts(witness: Witness) -> bool:
    """Whether trusts may have a say in it."""
    spoken_of = (part for fact in witness.facts for part in parts(fact.claim))
    return any(
        isinstance(part, (Accepts, Trusts, AccountsAccepted)) or (isinstance(part, PathClaim) and part.attack)
        for part in spoken_of
    )


def _named(model: Model, witness: Witness) -> set[str]:
    """The hosts on the path, or the hosts and components that the facts are about."""
    ends = [witness.start, *(step.target for step in witness.steps)] if witness.start is not None else []
    hosts = {end.name for end in ends if end is not None and end.sort == "host"}
    for fact in witness.facts:
        if not shows_walk(fact):
            names = {name for _, name in fact.bindings} | {part for name in fact.subject for part in name.split(", ")}
            names |= {thing.name for thing in things_in(fact.claim) if isinstance(thing, Named)}
            hosts |= {name for name in names if name in model.hosts or name in model.components}
    return hosts
