"""The check of evidence is sound: whatever it accepts is true by enumeration, however it was forged.

Evidence is taken from the prover and mutated piece by piece, or made up. What the check still accepts must be true: a
lemma in every world and failure that agrees with its decisions, a proof in all of them, a witness in its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, TypeVar

import strategies
from agreement import Enumeration, model_of
from hypothesis import assume, given, note
from hypothesis import strategies as st

from policy.core import semantics
from policy.core.evidence import (
    Barrier,
    Checker,
    Cut,
    Lemma,
    Proof,
    Route,
    Split,
    Witness,
    admissible,
    check_barrier,
    check_route,
    exists,
    threatened,
    walk,
)
from policy.core.judge import Judge
from policy.core.model import Claim, Failure, Invariant, PathClaim, World
from policy.core.obligations import obligations
from policy.core.steps import Crossing, Step
from policy.core.view import Decisions, Literal, View
from policy.core.walk import Attack, Places, Walk
from policy.solver import Answer, Prover

T = TypeVar("T")


@dataclass(frozen=True)
class Answered:
    """A design with the answers to all of its invariants."""

    prover: Prover
    answers: tuple[tuple[Invariant, Answer], ...]

    @property
    def checker(self) -> Checker:
        return Checker(self.prover.layout)

    def every(self, invariant: Invariant) -> Enumeration:
        return Enumeration(self.prover.model, invariant)


def answered(text: str) -> Answered:
    note(text)
    prover = Prover(model_of(text))
    assume(not prover.faults())
    return Answered(prover, tuple((i, prover.answer(i)) for i in prover.model.invariants.values()))


def agrees(decisions: Decisions, world: World, failure: Failure) -> bool:
    """Whether the world and the failure are as decided."""
    return all(
        (literal in failure if literal[1] in ("bypassed", "compromised") else world[literal[0]] == literal[1]) == so
        for literal, so in decisions.items()
    )


def true_lemma(every: Enumeration, lemma: Lemma) -> bool:
    """Whether the lemma is true in every world and failure that agrees with its decisions; worlds here are all choices,
    as lemmas do not speak of assumptions."""
    free = replace(every.model, assumptions=())
    holds = exists(lemma.claim, isinstance(lemma, Route))
    return all(
        semantics.holds(free, lemma.claim, world, failure) == holds
        for world in semantics.worlds(free)
        for failure in every.failures
        if agrees(dict(lemma.decisions), world, failure)
    )


def accepted(answer: Answered, invariant: Invariant, lemma: Lemma) -> bool:
    """Whether the check lets the lemma pass."""
    check: Any = check_route if isinstance(lemma, Route) else check_barrier
    return check(answer.prover.layout, invariant.threats, lemma) is None


# ---------------------------------------------------------------- mutations


def without(items: tuple[T, ...]) -> Iterator[tuple[T, ...]]:
    """The items, each left out once."""
    for i in range(len(items)):
        yield (*items[:i], *items[i + 1 :])


def changed(items: tuple[T, ...], i: int, item: T) -> tuple[T, ...]:
    return (*items[:i], item, *items[i + 1 :])


def mutated_lemmas(answer: Answered, lemma: Lemma) -> Iterator[Lemma]:
    """The lemma with one thing changed."""
    for decisions in without(lemma.decisions):
        yield replace(lemma, decisions=decisions)
    for i, (literal, so) in enumerate(lemma.decisions):
        yield replace(lemma, decisions=changed(lemma.decisions, i, (literal, not so)))
    for claim in mutated_claims(lemma.claim):
        yield replace(lemma, claim=claim)
    if isinstance(lemma, Barrier):
        yield from mutated_barriers(answer, lemma)
        yield Route(lemma.claim, lemma.decisions, answer.prover.layout.endpoints[0])
    else:
        yield from (replace(lemma, steps=steps) for steps in mutated_steps(answer, lemma.steps))
        yield from (replace(lemma, start=start) for start in answer.prover.layout.endpoints)
        yield Barrier(lemma.claim, lemma.decisions, ())


def mutated_claims(claim: PathClaim) -> Iterator[PathClaim]:
    yield replace(claim, source=claim.target, target=claim.source)
    yield replace(claim, on=() if claim.on else ("s1",))
    yield replace(claim, within=None if claim.within or claim.attack else 1)
    if claim.within is None:
        yield replace(claim, attack=not claim.attack)
    if claim.passes is None and claim.crosses is None:
        yield replace(claim, quantifier="no" if claim.quantifier == "some" else "some")


def mutated_barriers(answer: Answered, lemma: Barrier) -> Iterator[Barrier]:
    for cuts in without(lemma.cuts):
        yield replace(lemma, cuts=cuts)
    for i, cut in enumerate(lemma.cuts):
        for name in answer.prover.model.firewalls:
            other = replace(cut, firewalls=cut.firewalls ^ {name})
            yield replace(lemma, cuts=changed(lemma.cuts, i, other))
        for places in without(cut.places):
            yield replace(lemma, cuts=changed(lemma.cuts, i, replace(cut, places=places)))
        for j, place in enumerate(cut.places):
            for other_place in mutated_places(answer, place):
                other = replace(cut, places=changed(cut.places, j, other_place))
                yield replace(lemma, cuts=changed(lemma.cuts, i, other))


def mutated_places(answer: Answered, places: Places) -> Iterator[Places]:
    """One endpoint or relay more, or less; another state."""
    layout = answer.prover.layout
    for state in range(len(places.leaving)):
        for i in range(len(layout.endpoints)):
            yield replace(places, leaving=changed(places.leaving, state, places.leaving[state] ^ 1 << i))
        for i in range(len(layout.onwards)):
            yield replace(places, relaying=changed(places.relaying, state, places.relaying[state] ^ 1 << i))
    yield replace(places, at=places.at ^ 1)


def mutated_steps(answer: Answered, steps: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    """A step less, one twice, or one changed."""
    yield from without(steps)
    for i, step in enumerate(steps):
        yield changed(steps, i, step) + steps[i:]
        yield from (changed(steps, i, other) for other in mutated_step(answer, step))


def mutated_step(answer: Answered, step: Step) -> Iterator[Step]:
    layout = answer.prover.layout
    for end in layout.endpoints:
        yield replace(step, source=end)
        yield replace(step, target=end)
    for zone in answer.prover.model.zones:
        yield replace(step, zone=zone)
    for point in (*layout.classes, 81, 131073):
        yield replace(step, point=point)
    yield from (replace(step, chain=chain) for chain in without(step.chain))
    yield from (replace(step, relay=onward.key) for onward in layout.onwards)
    yield replace(step, relay=None)
    for i, crossing in enumerate(step.chain):
        for name in answer.prover.model.firewalls:
            yield replace(step, chain=changed(step.chain, i, replace(crossing, via=name, link=None)))
        for link in range(len(answer.prover.model.links) + 1):
            other = Crossing(crossing.from_zone, crossing.into_zone, None, "link", link=link)
            yield replace(step, chain=changed(step.chain, i, other))


def mutated_cases(cases: Split | None) -> Iterator[Split | None]:
    """The split with some case left out."""
    if cases is not None:
        yield None
        yield from (cases.if_true, cases.if_false)
        yield from (replace(cases, if_true=case) for case in mutated_cases(cases.if_true))
        yield from (replace(cases, if_false=case) for case in mutated_cases(cases.if_false))


def mutated_proofs(answer: Answered, proof: Proof) -> Iterator[Proof]:
    yield from (replace(proof, lemmas=lemmas) for lemmas in without(proof.lemmas))
    yield from (replace(proof, cases=cases) for cases in without(proof.cases))
    for i, cases in enumerate(proof.cases):
        yield from (replace(proof, cases=changed(proof.cases, i, other)) for other in mutated_cases(cases))
    for i, lemma in enumerate(proof.lemmas):
        for other in mutated_lemmas(answer, lemma):
            yield replace(proof, lemmas=changed(proof.lemmas, i, other))


def one_of(data: st.DataObject, items: Iterator[T]) -> T:
    """Any of them; the case is given up where there is none."""
    found = list(items)
    assume(found)
    return data.draw(st.sampled_from(found))


# ---------------------------------------------------------------- true evidence


@given(strategies.designs() | strategies.networks())
def test_true_evidence_is_accepted(text: str) -> None:
    """What the prover has found passes the check, and each lemma is true."""
    answer = answered(text)
    for invariant, told in answer.answers:
        if isinstance(told.evidence, Witness):
            assert answer.checker.witness(invariant, told.evidence) is None
        else:
            assert isinstance(told.evidence, Proof)
            assert answer.checker.proof(invariant, told.evidence) is None
        for lemma in told.evidence.lemmas:
            assert accepted(answer, invariant, lemma)
            assert true_lemma(answer.every(invariant), lemma), lemma


# ---------------------------------------------------------------- lemmas and proofs


@given(st.data(), strategies.designs() | strategies.networks())
def test_mutated_lemmas_are_refused_unless_true(data: st.DataObject, text: str) -> None:
    """A lemma with a piece changed is refused, or true none the less."""
    answer = answered(text)
    lemmas = ((i, lemma) for i, told in answer.answers if told.evidence for lemma in told.evidence.lemmas)
    invariant, lemma = one_of(data, lemmas)
    others = list(mutated_lemmas(answer, lemma))
    for other in [data.draw(st.sampled_from(others)) for _ in range(8)]:
        note(repr(other))
        if accepted(answer, invariant, other):
            assert true_lemma(answer.every(invariant), other)


@given(strategies.networks())
def test_a_route_of_too_many_steps_is_refused(text: str) -> None:
    """A route proves a path within as many steps as it has, and not within fewer."""
    answer = answered(text)
    for invariant, told in answer.answers:
        for lemma in told.evidence.lemmas if told.evidence else ():
            if isinstance(lemma, Route) and lemma.steps and not lemma.claim.attack:
                steps = len(lemma.steps)
                enough, fewer = (replace(lemma.claim, within=n) for n in (steps, steps - 1))
                assert accepted(answer, invariant, replace(lemma, claim=enough))
                assert not accepted(answer, invariant, replace(lemma, claim=fewer))


@given(st.data(), strategies.designs())
def test_no_proof_of_what_is_violated(data: st.DataObject, text: str) -> None:
    """A violated invariant has no accepted proof: not another's, nor one of its own true lemmas, nor one made up."""
    answer = answered(text)
    invariant, told = one_of(data, ((i, t) for i, t in answer.answers if isinstance(t.evidence, Witness)))
    assert isinstance(told.evidence, Witness)
    proofs = [t.evidence for _, t in answer.answers if isinstance(t.evidence, Proof)]
    proofs += islice((other for proof in list(proofs) for other in mutated_proofs(answer, proof)), 20)
    known = told.evidence.lemmas
    for _ in range(8):
        lemmas = (*known, *data.draw(forged_lemmas(answer, invariant, known)))
        cases = tuple(data.draw(splits(answer, invariant)) for _ in goals(answer, invariant))
        proofs.append(Proof(lemmas, cases))
    for proof in proofs:
        note(repr(proof))
        assert answer.checker.proof(invariant, proof) is not None


def goals(answer: Answered, invariant: Invariant) -> list[Claim]:
    """What a proof of the invariant has to show."""
    view = answer.checker.view(invariant.threats, {})
    return list(obligations(Judge(view, lambda _: None), invariant.claim))


@given(strategies.designs())
def test_a_claim_holds_iff_its_obligations_do(text: str) -> None:
    """In every world and under every failure."""
    answer = answered(text)
    for invariant, _ in answer.answers:
        every, parts = answer.every(invariant), goals(answer, invariant)
        for world in every.worlds:
            for failure in every.failures:
                each = all(semantics.holds(every.model, part, world, failure) for part in parts)
                assert each != every.fails(world, failure)


@st.composite
def forged_lemmas(draw: Any, answer: Answered, invariant: Invariant, known: tuple[Lemma, ...]) -> tuple[Lemma, ...]:
    """Barriers around sets of endpoints, about the claims that matter or some other one."""
    claims = [lemma.claim for lemma in known]
    if isinstance(invariant.claim, PathClaim):
        claims.append(invariant.claim)
    if not claims:
        return ()
    return tuple(draw(st.lists(barriers(answer, invariant, draw(st.sampled_from(claims))), min_size=1, max_size=2)))


@st.composite
def barriers(draw: Any, answer: Answered, invariant: Invariant, claim: PathClaim) -> Barrier:
    layout = answer.prover.layout
    decided = st.sampled_from(literals(answer, invariant) or [("nothing", "true")])
    decisions = draw(st.dictionaries(decided, st.booleans(), max_size=2))
    names = sorted(answer.prover.model.firewalls) if claim.quantifier == "every" and claim.crosses is not None else []
    firewalls = st.frozensets(st.sampled_from(names), max_size=2) if names else st.just(frozenset())
    cuts = []
    for chosen in draw(st.lists(firewalls, max_size=2)):
        found = walk(View(layout, decisions, threatened(invariant.threats)), claim, chosen)
        cuts.append(Cut(chosen, tuple(draw(st.lists(around(answer, found), min_size=1, max_size=3)))))
    return Barrier(claim, tuple(decisions.items()), tuple(cuts))


@st.composite
def around(draw: Any, answer: Answered, found: Walk) -> Places:
    """Places that may look like those of a barrier: where the walk begins, or all but its target, a little changed."""
    layout = answer.prover.layout
    states = len(found.begin().leaving)
    relays = (1 << len(layout.onwards)) - 1
    inner = draw(st.sampled_from((0, found.start, layout.everyone & ~found.target, layout.everyone)))
    leaving, relaying = [inner | found.start] * states, [draw(st.sampled_from((0, relays)))] * states
    for i in draw(st.lists(st.integers(0, len(layout.endpoints) - 1), max_size=2)):
        leaving[draw(st.integers(0, states - 1))] ^= 1 << i
    at = draw(st.integers(0, found.way.states - 1)) if isinstance(found, Attack) else 0
    return Places(tuple(leaving), tuple(relaying), at)


def literals(answer: Answered, invariant: Invariant) -> list[Literal]:
    """All that may be decided."""
    options = [(o.name, value) for o in answer.prover.model.options.values() for value in o.values]
    return options + sorted(threatened(invariant.threats))


def splits(answer: Answered, invariant: Invariant) -> st.SearchStrategy[Split | None]:
    """Any split of cases, also over things that are not there."""
    literal = st.sampled_from([*literals(answer, invariant), ("nothing", "true"), ("nobody", "bypassed")])
    return st.recursive(st.none(), lambda inner: st.builds(Split, literal, inner, inner), max_leaves=6)


@given(st.data(), strategies.designs())
def test_malformed_places_are_refused(data: st.DataObject, text: str) -> None:
    """Places with more or fewer states than the waypoints have are refused, as are states that there are not."""
    answer = answered(text)
    lemmas = ((i, lemma) for i, told in answer.answers if told.evidence for lemma in told.evidence.lemmas)
    invariant, barrier = one_of(data, ((i, b) for i, b in lemmas if isinstance(b, Barrier) and b.cuts))
    for i, cut in enumerate(barrier.cuts):
        for j, places in enumerate(cut.places):
            for wrong in (
                replace(places, leaving=(*places.leaving, 0)),
                replace(places, relaying=(*places.relaying, 0)),
                replace(places, leaving=(), relaying=()),
                replace(places, at=99),
                replace(places, at=-1),
            ):
                other = replace(cut, places=changed(cut.places, j, wrong))
                assert not accepted(answer, invariant, replace(barrier, cuts=changed(barrier.cuts, i, other)))


# ---------------------------------------------------------------- witnesses


@given(strategies.designs())
def test_a_witness_of_another_world_is_refused_unless_true(text: str) -> None:
    """Put into another world or failure, or taken from another invariant, a witness is refused, or true there."""
    answer = answered(text)
    witnesses = [told.evidence for _, told in answer.answers if isinstance(told.evidence, Witness)]
    for invariant, _ in answer.answers:
        every = answer.every(invariant)
        for witness in witnesses:
            for world in every.worlds:
                for failure in every.failures:
                    other = replace(witness, world=world, failure=failure)
                    if answer.checker.witness(invariant, other) is None:
                        assert every.fails(world, failure)


@given(st.data(), strategies.designs())
def test_no_witness_of_what_is_no_world(data: st.DataObject, text: str) -> None:
    """A world without a value, with a wrong one, or that breaks an assumption, and a failure that is not admitted, are
    refused."""
    answer = answered(text)
    invariant, told = one_of(data, ((i, t) for i, t in answer.answers if isinstance(t.evidence, Witness)))
    witness = told.evidence
    assert isinstance(witness, Witness)
    every, model = answer.every(invariant), answer.prover.model
    for name in witness.world:
        left = {n: v for n, v in witness.world.items() if n != name}
        assert answer.checker.witness(invariant, replace(witness, world=left)) is not None
        assert answer.checker.witness(invariant, replace(witness, world={**left, name: "?"})) is not None
    for world in semantics.worlds(replace(model, assumptions=())):
        if world not in every.worlds:
            assert answer.checker.witness(invariant, replace(witness, world=world)) is not None
    for name in (*model.firewalls, *model.hosts, *model.domains):
        for effect in ("bypassed", "compromised"):
            failure = witness.failure ^ {(name, effect)}
            if failure not in every.failures:
                assert answer.checker.witness(invariant, replace(witness, failure=failure)) is not None


def shown_routes(answer: Answered) -> Iterator[tuple[Invariant, Witness, Route]]:
    """Violated path claims with the route that the witness shows."""
    for invariant, told in answer.answers:
        if isinstance(told.evidence, Witness) and told.evidence.steps and isinstance(invariant.claim, PathClaim):
            witness = told.evidence
            decisions: dict[Literal, bool] = dict.fromkeys(witness.world.items(), True)
            decisions |= {literal: literal in witness.failure for literal in threatened(invariant.threats)}
            assert witness.start is not None
            yield invariant, witness, Route(invariant.claim, tuple(decisions.items()), witness.start, witness.steps)


@given(st.data(), strategies.designs())
def test_a_shown_path_with_a_piece_changed_is_refused(data: st.DataObject, text: str) -> None:
    """No path is shown but one that breaks the claim in the world of the witness."""
    answer = answered(text)
    invariant, witness, route = one_of(data, shown_routes(answer))
    assert accepted(answer, invariant, route)
    for steps in mutated_steps(answer, witness.steps):
        if not accepted(answer, invariant, replace(route, steps=steps)):
            assert answer.checker.witness(invariant, replace(witness, steps=steps)) is not None, steps
    for start in answer.prover.layout.endpoints:
        if not accepted(answer, invariant, replace(route, start=start)):
            assert answer.checker.witness(invariant, replace(witness, start=start)) is not None, start


@given(st.data(), strategies.designs())
def test_a_shown_rule_is_the_one_that_decides(data: st.DataObject, text: str) -> None:
    """What is said to let a packet through a firewall or link did: another rule or reason is refused."""
    answer = answered(text)
    invariant, witness, _ = one_of(data, shown_routes(answer))
    for i, step in enumerate(witness.steps):
        for j, crossing in enumerate(step.chain):
            for other in misattributed(answer, crossing):
                steps = changed(witness.steps, i, replace(step, chain=changed(step.chain, j, other)))
                note(repr(other))
                assert answer.checker.witness(invariant, replace(witness, steps=steps)) is not None


def misattributed(answer: Answered, crossing: Crossing) -> Iterator[Crossing]:
    """The crossing, laid to another cause."""
    if crossing.via is None:
        yield replace(crossing, link=len(answer.prover.model.links))
        yield replace(crossing, link=-1)
        return
    for rule in (None, *range(len(answer.prover.model.firewalls[crossing.via].rules) + 1)):
        if rule != crossing.rule:
            yield replace(crossing, by="default" if rule is None else "rule", rule=rule)
    for by in ("bypassed", "own packet", "default"):
        if by != crossing.by:
            yield replace(crossing, by=by, rule=None)


# ---------------------------------------------------------------- which failures may happen


@given(strategies.designs())
def test_admissible_failures_are_those_of_the_threats(text: str) -> None:
    """A set of failures is admitted iff enumeration of the threats comes to it."""
    model = model_of(text)
    for invariant in model.invariants.values():
        admitted = set(semantics.failures(invariant.threats))
        literal_sets: list[frozenset[Literal]] = [frozenset()]
        for literal in sorted(threatened(invariant.threats)):
            literal_sets += [some | {literal} for some in literal_sets]
        for some in literal_sets:
            assert admissible(invariant.threats, some) == (some in admitted)
