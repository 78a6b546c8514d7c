"""Defence in depth in numbers: how far something is away from an attacker.

Three measures of a target, seen from a source, each the larger the better:

- how many firewalls every path crosses at least;
- how many firewalls have to be bypassed before there is a path;
- what an attack asks for: nothing; accounts that it takes on the way; accounts that it would have to bring along.

Each is a ladder of claims: rung `k` holds in a world iff the measure is at least `k` there. In the worst world it is
the highest rung that holds in all worlds; the proof of that rung and a counterexample to the next one have both been
checked. For the best world, worlds are looked at one by one that no counterexample so far covers (a counterexample says
which options it depends on, so it covers many), until it is proved that all are covered. Only worlds count in which
there is somebody at both ends.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

from policy.core.evidence import Proof, Witness
from policy.core.groups import bits, membership
from policy.core.model import And, Claim, Endpoints, Invariant, Is, Named, Not, Or, PathClaim, Threat, World
from policy.report.outcome import Violation
from policy.report.words import Words
from policy.study.accounts import STOLEN, taking_only, with_thief
from policy.study.design import Design
from policy.study.monotone import minimal_sets

MOST_SETS = 3  # of domains whose accounts an attack needs
Kind = Literal["none", "taken", "brought", "no path"]
KINDS: tuple[Kind, ...] = ("none", "taken", "brought", "no path")


@dataclass(frozen=True, slots=True)
class Measure:
    """A number of firewalls, None where there is no path at all: in the worst world, where `shown` is a path that has
    no more, and in the best one; `options` are the choices of the best world that make the difference."""

    worst: int | None
    best: int | None
    shown: Violation | None = None
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Accounts:
    """What an attack asks for: the minimal sets of domains whose accounts it takes on the way, or would have to bring
    along; `shown` is one that makes do with the first set. `more`: there are further sets."""

    kind: Kind
    sets: tuple[tuple[str, ...], ...] = ()
    more: bool = False
    shown: Violation | None = None


@dataclass(frozen=True, slots=True)
class Depth:
    """How far a target is away: firewalls that are crossed, firewalls that have to be bypassed, and accounts, in the
    worst world and in the best one; `options` are the choices of that one that make the difference for accounts."""

    target: str
    crossed: Measure
    bypassed: Measure
    accounts: Accounts
    best_accounts: Accounts
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rung:
    """A claim, of the model with all accounts or with these alone."""

    claim: PathClaim
    threats: tuple[Threat, ...] = ()
    only: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Ladder:
    """Rungs 1 to `top`; on the last one there is no path. `highest` bounds the measure where a witness refutes that;
    `upwards`: the first rung is the easiest to refute."""

    top: int
    rung: Callable[[int], Rung]
    highest: Callable[[Witness], int]
    upwards: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """The measure in the worst of some worlds: the proof of its rung, unless that is 0, and what refutes the next one,
    unless that was the last."""

    value: int
    proof: Proof | None = None
    refuted: Refuted | None = None


@dataclass(frozen=True, slots=True)
class Refuted:
    """A rung that does not hold: the witness, and where it stands."""

    design: Design
    invariant: Invariant
    witness: Witness

    @property
    def shown(self) -> Violation:
        """The path of the witness."""
        return self.design.violation(self.invariant, self.witness)

    @property
    def cover(self) -> Claim:
        """In all of these worlds the rung does not hold."""
        return And(tuple(Is(name, self.witness.world[name]) for name in self.witness.matters))


def untrusted(design: Design) -> Endpoints | None:
    """Where attackers start by what the design says; None where it says nothing."""
    model = design.model
    domains = [domain for domain in model.domains.values() if domain.untrusted]
    zones = [z for z in model.zones.values() if z.untrusted and not model.domains[z.domain].untrusted]
    terms = (*(Named("domain", d.name) for d in domains), *(Named("zone", z.name) for z in zones))
    return Endpoints(terms) if terms else None


def targets(design: Design) -> tuple[Endpoints, ...]:
    """Every component; every host, where there are none."""
    model = design.model
    names = [Named("component", name) for name in model.components] or [Named("host", name) for name in model.hosts]
    return tuple(Endpoints((name,)) for name in names)


class Surveyor:
    """Measures one design; what was found for one target serves the others."""

    def __init__(self, design: Design) -> None:
        self.design, self.model, self.words = design, design.model, Words(design.model)
        self._designs: dict[object, Design] = {}
        self._answers: dict[object, Proof | Refuted] = {}
        self.firewalls = tuple(Named("firewall", name) for name in self.model.firewalls)

    def depth(self, source: Endpoints, target: Endpoints) -> Depth:
        """All measures of a target."""
        present = And((self._some(source), self._some(target)))
        ladder = self._asking(source, target)
        worst = self._worst(ladder)
        best, world, options = self._best(ladder, worst, present)
        return Depth(
            self.words.endpoints(target),
            self._measure(self._crossing(source, target), present),
            self._measure(self._bypassing(source, target), present),
            self._accounts(source, target, worst, {}),
            self._accounts(source, target, best, world),
            options,
        )

    def _some(self, ends: Endpoints) -> Claim:
        """When there is somebody."""
        layout, group = self.design.layout, self.design.layout.group(ends)
        return layout.some(*(membership(group, i) for i in bits(group.widest)))

    def _measure(self, ladder: Ladder, present: Claim) -> Measure:
        worst = self._worst(ladder)
        best, _, options = self._best(ladder, worst, present)

        def number(value: int) -> int | None:
            return value if value < ladder.top else None

        return Measure(number(worst.value), number(best.value), worst.refuted.shown if worst.refuted else None, options)

    # -------------------------------------------------------- ladders

    def _crossing(self, source: Endpoints, target: Endpoints) -> Ladder:
        top = len(self.firewalls) + 1

        def rung(k: int) -> Rung:
            if k == top:
                return Rung(PathClaim("no", source, target))
            return Rung(PathClaim("every", source, target, crosses=k))

        return Ladder(top, rung, _crossed)

    def _bypassing(self, source: Endpoints, target: Endpoints) -> Ladder:
        claim = PathClaim("no", source, target)

        def rung(k: int) -> Rung:
            return Rung(claim, (Threat(self.firewalls, "bypassed", k - 1),) if k > 1 else ())

        return Ladder(len(self.firewalls) + 1, rung, lambda witness: len(witness.failure), True)

    def _asking(self, source: Endpoints, target: Endpoints) -> Ladder:
        attack, path = (PathClaim("no", source, target, attack=attack) for attack in (True, False))
        rungs = {1: Rung(attack, only=frozenset()), 2: Rung(attack), 3: Rung(path)}
        return Ladder(3, lambda k: rungs[k], lambda _: 2)

    # -------------------------------------------------------- worlds

    def _worst(self, ladder: Ladder, world: World | None = None) -> Standing:
        """The measure in the worst world, or in this one."""
        answers: dict[int, Proof | Refuted] = {}

        def holds(k: int) -> bool:
            answers[k] = answers.get(k) or self._answer(ladder.rung(k), world)
            return isinstance(answers[k], Proof)

        if ladder.upwards and not holds(1):
            value = 0
        elif holds(ladder.top):
            value = ladder.top
        else:
            last = answers[ladder.top]
            value = min(ladder.highest(last.witness) if isinstance(last, Refuted) else 0, ladder.top - 1)
            while value > 0 and not holds(value):
                value -= 1
            holds(value + 1)
        proof, refuted = answers.get(value), answers.get(value + 1)
        return Standing(
            value,
            proof if isinstance(proof, Proof) else None,
            refuted if isinstance(refuted, Refuted) else None,
        )

    def _answer(self, rung: Rung, world: World | None) -> Proof | Refuted:
        """The proof that the rung holds, or what refutes it; each is asked once."""
        key = tuple((world or {}).items()), rung
        if key not in self._answers:
            design, invariant = self._in_world(world, rung.only), Invariant("rung", rung.claim, rung.threats)
            evidence = design.answer(invariant).evidence
            assert evidence is not None, "without a budget there is always an answer"
            self._answers[key] = evidence if isinstance(evidence, Proof) else Refuted(design, invariant, evidence)
        return self._answers[key]

    def _best(self, ladder: Ladder, worst: Standing, present: Claim) -> tuple[Standing, World, tuple[str, ...]]:
        """The measure in the best world, that world (empty: any), and its choices that make the difference."""
        best, found, covers = worst, dict[str, str](), list[Claim]()
        latest = worst
        while latest.refuted is not None:
            covers.append(latest.refuted.cover)
            claim = Or((*covers, Not(present)))
            evidence = self.design.answer(Invariant("worlds", claim)).evidence
            if not isinstance(evidence, Witness):
                break
            latest = self._worst(ladder, evidence.world)
            if latest.value > best.value:
                best, found = latest, dict(evidence.world)
        needed = {name for lemma in best.proof.lemmas for (name, _), _ in lemma.decisions} if best.proof else set()
        choices = (self.words.choice(name, found[name]) for name in self.model.options if name in needed & set(found))
        return best, found, tuple(choices)

    def _in_world(self, world: World | None, only: Collection[str] | None, stolen: Sequence[str] = ()) -> Design:
        """The design in one world or in all, with accounts of some domains or of all, and with stolen ones."""
        if not world and only is None and not stolen:
            return self.design
        key = tuple((world or {}).items()), None if only is None else frozenset(only), tuple(stolen)
        if key not in self._designs:
            fixed = (Is(name, value) for name, value in (world or {}).items())
            model = replace(self.model, assumptions=(*self.model.assumptions, *fixed))
            model = model if only is None else taking_only(model, only)
            self._designs[key] = self.design.changed(with_thief(model, stolen) if stolen else model)
        return self._designs[key]

    # -------------------------------------------------------- accounts

    def _accounts(self, source: Endpoints, target: Endpoints, standing: Standing, world: World) -> Accounts:
        """The accounts of an attack in a world, or in all, of which it is known what kind they are of."""
        kind, domains = KINDS[standing.value], list(self.model.domains)
        if kind in ("none", "no path"):
            return Accounts(kind, shown=standing.refuted.shown if standing.refuted else None)
        claim = PathClaim("no", source, target, attack=True)

        def asked(names: Sequence[str]) -> tuple[Design, Invariant]:
            if kind == "taken":
                return self._in_world(world, names), Invariant("attack", claim)
            return self._in_world(world, None, names), Invariant("attack", claim, (STOLEN,) if names else ())

        def broken(some: int) -> bool:
            design, invariant = asked([domains[i] for i in bits(some)])
            return design.answer(invariant).verdict == "violated"

        every = (1 << len(domains)) - 1
        found = [[domains[i] for i in bits(some)] for some in islice(minimal_sets(every, broken), MOST_SETS + 1)]
        design, invariant = asked(found[0])
        evidence = design.answer(invariant).evidence
        shown = design.violation(invariant, evidence) if isinstance(evidence, Witness) else None
        shown = replace(shown, failures=()) if shown else None
        sets = tuple(tuple(names) for names in found[:MOST_SETS])
        return Accounts(kind, sets, len(found) > MOST_SETS, shown)


def _crossed(witness: Witness) -> int:
    """How many firewalls the path of a witness passes."""
    relays = {step.relay[1] for step in witness.steps if step.relay is not None and step.relay[0] == "firewall"}
    return len(relays | {crossing.via for step in witness.steps for crossing in step.chain if crossing.via is not None})
