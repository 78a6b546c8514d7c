"""Evidence as plain JSON values, and back: for one invariant of one design (`docs/evidence.md` describes the format).

Nothing is numbered that has a name: endpoints, relays and packets are written in words, a set of places by what a walk
there still has to pass. Path claims and facts are not written out but told by their place in the claim and by what its
variables stand for, so evidence cannot speak of another claim than the design's. Whatever is read is evidence that
`policy.core.evidence` can check, or refused with a `MalformedError`.
"""

from __future__ import annotations

from collections.abc import Mapping

from policy.core.binding import bind, variables
from policy.core.endpoints import Endpoint
from policy.core.evidence import Barrier, Cut, Fact, Lemma, Proof, Route, Split, Witness
from policy.core.model import Invariant, Named, PathClaim
from policy.core.names import (
    Part,
    Topic,
    Vocabulary,
    chosen,
    endpoint_words,
    fits,
    mask_of,
    point_of,
    relay_words,
    states,
)
from policy.core.steps import Crossing, Step
from policy.core.values import (
    Json,
    MalformedError,
    distinct,
    flag,
    items,
    known,
    place,
    record,
    refuse,
    shortened,
    text,
)
from policy.core.view import EFFECTS, Literal
from policy.core.walk import Places, wants

__all__ = ["MalformedError", "Reader", "Writer"]

BY = {by: by for by in ("rule", "default", "bypassed", "own packet", "link")}

# ---------------------------------------------------------------- writing


class Writer:
    """Writes evidence about one invariant. A ValueError says that it is about something else."""

    def __init__(self, vocabulary: Vocabulary, invariant: Invariant) -> None:
        self.vocabulary, self.topic = vocabulary, Topic(vocabulary, invariant)

    def evidence(self, evidence: Proof | Witness) -> Json:
        """The evidence as a value."""
        return self._proof(evidence) if isinstance(evidence, Proof) else self._witness(evidence)

    def _proof(self, proof: Proof) -> Json:
        return {"lemmas": [self._lemma(lemma) for lemma in proof.lemmas], "cases": [_split(c) for c in proof.cases]}

    def _witness(self, witness: Witness) -> Json:
        return {
            "world": {name: witness.world[name] for name in self.vocabulary.layout.model.options},
            "failures": [_literal(failure) for failure in sorted(witness.failure)],
            "matters": list(witness.matters),
            "start": None if witness.start is None else endpoint_words(witness.start),
            "steps": [_step(step) for step in witness.steps],
            "facts": [self._fact(fact) for fact in witness.facts],
            "lemmas": [self._lemma(lemma) for lemma in witness.lemmas],
        }

    def _lemma(self, lemma: Lemma) -> Json:
        decisions = [{**_literal(literal), "is": so} for literal, so in lemma.decisions]
        head = {"claim": self._claim(lemma.claim), "decisions": decisions}
        if isinstance(lemma, Route):
            return {**head, "start": endpoint_words(lemma.start), "steps": [_step(step) for step in lemma.steps]}
        return {**head, "cuts": [self._cut(lemma, cut) for cut in lemma.cuts]}

    def _claim(self, claim: PathClaim) -> Json:
        for number, part in enumerate(self.topic.parts, 1):
            bindings: dict[str, Named] = {}
            if isinstance(part.claim, PathClaim) and fits(part.claim, claim, bindings):
                return {"part": number, "given": {name: thing.name for name, thing in bindings.items()}}
        raise ValueError("a lemma speaks of a path claim that is not in the invariant")

    def _fact(self, fact: Fact) -> Json:
        given = dict(fact.bindings)
        for number, part in enumerate(self.topic.parts, 1):
            if part.claim == fact.claim and self.topic.ranges(part, given):
                claim = {"part": number, "given": given}
                return {"claim": claim, "holds": fact.holds, "subject": list(fact.subject)}
        raise ValueError("a fact speaks of a claim that is not in the invariant")

    def _cut(self, barrier: Barrier, cut: Cut) -> Json:
        names = states(self.topic.walks(barrier.claim, barrier.decisions, cut.firewalls))
        levels = [self._level(names, places, barrier.claim.attack) for places in cut.places]
        return {"firewalls": sorted(cut.firewalls), "places": levels}

    def _level(self, names: list[str], places: Places, attack: bool) -> Json:
        """What is held in each state; states in which nothing is are left out. An attack has one state."""
        held = zip([names[places.at]] if attack else names, places.leaving, places.relaying, strict=True)
        return [
            {
                "to_pass": state,
                "leaving": chosen(self.vocabulary.endpoints, leaving),
                "relaying": chosen(self.vocabulary.relays, relaying),
            }
            for state, leaving, relaying in held
            if attack or leaving or relaying
        ]


def _literal(literal: Literal) -> dict[str, Json]:
    name, value = literal
    return {"failure": name, "effect": value} if value in EFFECTS else {"option": name, "value": value}


def _split(cases: Split | None) -> Json:
    """The tree in a row: each split, what follows when it is true, what follows when it is false."""
    row: list[Json] = []
    queue = [cases]
    while queue:
        split = queue.pop()
        row.append(None if split is None else _literal(split.literal))
        if split is not None:
            queue += [split.if_false, split.if_true]
    return row


def _step(step: Step) -> Json:
    return {
        "from": endpoint_words(step.source),
        "to": endpoint_words(step.target),
        "packet": str(step.packet),
        "relay": None if step.relay is None else relay_words(step.relay),
        "zone": step.zone,
        "chain": [_crossing(crossing) for crossing in step.chain],
    }


def _crossing(crossing: Crossing) -> Json:
    return {
        "from": crossing.from_zone,
        "into": crossing.into_zone,
        "firewall": crossing.via,
        "by": crossing.by,
        "rule": None if crossing.rule is None else crossing.rule + 1,
        "link": None if crossing.link is None else crossing.link + 1,
    }


# ---------------------------------------------------------------- reading


class Reader:
    """Reads evidence about one invariant. Raises MalformedError."""

    def __init__(self, vocabulary: Vocabulary, invariant: Invariant) -> None:
        self.vocabulary, self.topic = vocabulary, Topic(vocabulary, invariant)
        self.layout, self.model = vocabulary.layout, vocabulary.layout.model

    def proof(self, value: Json, where: str = "proof") -> Proof:
        """The proof that the value is."""
        lemmas, cases = record(value, where, "lemmas", "cases")
        splits = [self._split(row, there) for row, there in items(cases, f"{where}.cases")]
        return Proof(self._lemmas(lemmas, f"{where}.lemmas"), tuple(splits))

    def witness(self, value: Json, where: str = "witness") -> Witness:
        """The witness that the value is."""
        keys = ("world", "failures", "matters", "start", "steps", "facts", "lemmas")
        world, failures, matters, start, steps, facts, lemmas = record(value, where, *keys)
        failed = [self._failure(item, there) for item, there in items(failures, f"{where}.failures")]
        options = self.model.options
        named = [known(item, there, options, "option").name for item, there in items(matters, f"{where}.matters")]
        return Witness(
            self._world(world, f"{where}.world"),
            frozenset(distinct(failed, f"{where}.failures")),
            tuple(distinct(named, f"{where}.matters")),
            None if start is None else self._endpoint(start, f"{where}.start"),
            self._steps(steps, f"{where}.steps"),
            tuple(self._fact(item, there) for item, there in items(facts, f"{where}.facts")),
            self._lemmas(lemmas, f"{where}.lemmas"),
        )

    # -------------------------------------------------------- options and failures

    def _world(self, value: Json, where: str) -> dict[str, str]:
        chosen = record(value, where, *self.model.options)
        names = zip(self.model.options, chosen, strict=True)
        return {name: self._value(name, item, f"{where}.{name}") for name, item in names}

    def _value(self, option: str, value: Json, where: str) -> str:
        return known(value, where, {v: v for v in self.model.options[option].values}, f"value of {option}")

    def _failure(self, value: Json, where: str) -> Literal:
        name, effect = (text(part, where) for part in record(value, where, "failure", "effect"))
        if (name, effect) not in self.topic.failures:
            refuse(where, f"that `{shortened(name)}` is `{shortened(effect)}` is not admitted by the invariant")
        return name, effect

    def _literal(self, value: Json, where: str) -> Literal:
        if isinstance(value, dict) and "failure" in value:
            return self._failure(value, where)
        option, chosen = record(value, where, "option", "value")
        name = known(option, where, self.model.options, "option").name
        return name, self._value(name, chosen, where)

    def _decisions(self, value: Json, where: str) -> tuple[tuple[Literal, bool], ...]:
        found = []
        for item, there in items(value, where):
            if not isinstance(item, dict) or "is" not in item:
                refuse(there, "`is` is missing")
            literal = {key: part for key, part in item.items() if key != "is"}
            found.append((self._literal(literal, there), flag(item["is"], f"{there}.is")))
        distinct([literal for literal, _ in found], where)
        return tuple(found)

    def _split(self, value: Json, where: str) -> Split | None:
        done: list[Split | None] = []
        for item, there in reversed(items(value, where)):
            if item is None:
                done.append(None)
                continue
            if len(done) < 2:
                refuse(there, "a case is missing")
            if_true, if_false = done.pop(), done.pop()
            done.append(Split(self._literal(item, there), if_true, if_false))
        if len(done) != 1:
            refuse(where, "a split leaves cases over, or there is none")
        return done[0]

    # -------------------------------------------------------- claims

    def _part(self, value: Json, where: str) -> tuple[Part, dict[str, str]]:
        number, given = record(value, where, "part", "given")
        if not isinstance(given, dict):
            refuse(f"{where}.given", "an object is expected")
        part = self.topic.parts[place(number, f"{where}.part", len(self.topic.parts))]
        return part, {name: text(thing, f"{where}.given.{shortened(name)}") for name, thing in given.items()}

    def _claim(self, value: Json, where: str) -> PathClaim:
        part, given = self._part(value, where)
        if not isinstance(part.claim, PathClaim):
            refuse(where, "this part of the claim speaks of no paths")
        sorts = {variable.name: variable.sort for variable in variables(part.claim)}
        record(given, f"{where}.given", *sorts)
        bindings = {name: Named(sort, given[name]) for name, sort in sorts.items()}
        for name, thing in bindings.items():
            if thing.name not in self._declared(thing.sort):
                refuse(f"{where}.given.{name}", f"there is no {thing.sort} `{shortened(thing.name)}`")
        return bind(part.claim, bindings)

    def _declared(self, sort: str) -> Mapping[str, object]:
        model = self.model
        things: dict[str, Mapping[str, object]] = {"host": model.hosts, "component": model.components}
        things |= {"domain": model.domains, "zone": model.zones, "firewall": model.firewalls}
        return things[sort]

    def _fact(self, value: Json, where: str) -> Fact:
        claim, holds, subject = record(value, where, "claim", "holds", "subject")
        part, given = self._part(claim, f"{where}.claim")
        record(given, f"{where}.claim.given", *(binder.name for binder in part.binders))
        self.topic.bound(part, given, f"{where}.claim.given")
        names = tuple(text(item, there) for item, there in items(subject, f"{where}.subject"))
        return Fact(part.claim, tuple(given.items()), flag(holds, f"{where}.holds"), names)

    # -------------------------------------------------------- lemmas

    def _lemmas(self, value: Json, where: str) -> tuple[Lemma, ...]:
        return tuple(self._lemma(item, there) for item, there in items(value, where))

    def _lemma(self, value: Json, where: str) -> Lemma:
        if isinstance(value, dict) and "cuts" in value:
            claim, decisions, cuts = record(value, where, "claim", "decisions", "cuts")
            about = self._claim(claim, f"{where}.claim"), self._decisions(decisions, f"{where}.decisions")
            rows = items(cuts, f"{where}.cuts")
            if rows and about[0].attack and wants(about[0]):
                refuse(f"{where}.cuts", "there are none for attacks that are looked for")
            return Barrier(*about, tuple(self._cut(*about, item, there) for item, there in rows))
        claim, decisions, start, steps = record(value, where, "claim", "decisions", "start", "steps")
        return Route(
            self._claim(claim, f"{where}.claim"),
            self._decisions(decisions, f"{where}.decisions"),
            self._endpoint(start, f"{where}.start"),
            self._steps(steps, f"{where}.steps"),
        )

    def _cut(self, claim: PathClaim, decisions: tuple[tuple[Literal, bool], ...], value: Json, where: str) -> Cut:
        firewalls, levels = record(value, where, "firewalls", "places")
        walls = self.model.firewalls
        named = [known(item, there, walls, "firewall").name for item, there in items(firewalls, f"{where}.firewalls")]
        cut = frozenset(distinct(named, f"{where}.firewalls"))
        numbers = {name: i for i, name in enumerate(states(self.topic.walks(claim, decisions, cut)))}
        read = self._level_of_attack if claim.attack else self._level
        return Cut(cut, tuple(read(numbers, item, there) for item, there in items(levels, f"{where}.places")))

    def _level(self, numbers: Mapping[str, int], value: Json, where: str) -> Places:
        leaving, relaying = [0] * len(numbers), [0] * len(numbers)
        held = [self._held(numbers, item, there) for item, there in items(value, where)]
        distinct([state for state, _, _ in held], where)
        for state, out, onward in held:
            leaving[state], relaying[state] = out, onward
        return Places(tuple(leaving), tuple(relaying))

    def _level_of_attack(self, numbers: Mapping[str, int], value: Json, where: str) -> Places:
        held = [self._held(numbers, item, there) for item, there in items(value, where)]
        if len(held) != 1:
            refuse(where, "an attack is in one state")
        state, leaving, relaying = held[0]
        return Places((leaving,), (relaying,), state)

    def _held(self, numbers: Mapping[str, int], value: Json, where: str) -> tuple[int, int, int]:
        state, leaving, relaying = record(value, where, "to_pass", "leaving", "relaying")
        return (
            known(state, f"{where}.to_pass", numbers, "state of the waypoints"),
            mask_of(leaving, f"{where}.leaving", self.vocabulary.endpoint_numbers, "endpoint"),
            mask_of(relaying, f"{where}.relaying", self.vocabulary.relay_numbers, "relay"),
        )

    # -------------------------------------------------------- steps

    def _endpoint(self, value: Json, where: str) -> Endpoint:
        return self.layout.endpoints[known(value, where, self.vocabulary.endpoint_numbers, "endpoint")]

    def _steps(self, value: Json, where: str) -> tuple[Step, ...]:
        return tuple(self._step(item, there) for item, there in items(value, where))

    def _step(self, value: Json, where: str) -> Step:
        source, target, packet, relay, zone, chain = record(
            value, where, "from", "to", "packet", "relay", "zone", "chain"
        )
        return Step(
            self._endpoint(source, f"{where}.from"),
            self._endpoint(target, f"{where}.to"),
            point_of(packet, f"{where}.packet"),
            self._zone(zone, f"{where}.zone"),
            tuple(self._crossing(item, there) for item, there in items(chain, f"{where}.chain")),
            None if relay is None else known(relay, f"{where}.relay", self.vocabulary.relay_keys, "relay"),
        )

    def _zone(self, value: Json, where: str) -> str:
        return known(value, where, self.model.zones, "zone").name

    def _crossing(self, value: Json, where: str) -> Crossing:
        start, into, firewall, by, rule, link = record(value, where, "from", "into", "firewall", "by", "rule", "link")
        rules = 0
        if firewall is not None:
            rules = len(known(firewall, f"{where}.firewall", self.model.firewalls, "firewall").rules)
        return Crossing(
            self._zone(start, f"{where}.from"),
            self._zone(into, f"{where}.into"),
            firewall,
            known(by, f"{where}.by", BY, "reason"),  # type: ignore[arg-type]
            None if rule is None else place(rule, f"{where}.rule", rules),
            None if link is None else place(link, f"{where}.link", len(self.model.links)),
        )
