"""The barriers of a proof in the words of the design: where attackers stay, and what stands where that ends.

A barrier of `policy.core.evidence` is a set of places that no step leaves. A `Region` is such a set for one state of
the waypoints: zones and hosts a reader knows, and at its edge a `Gate` for every firewall with what its rules admit
from in here. Single connections (`can reach`) have a region, too: whoever may open them; its gates are the firewalls
before the targets. A zone counts as a whole when nobody is left in it who listens to anything, or is a target.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from policy.core.binding import variables
from policy.core.evidence import Barrier, Proof, settled, threatened, walk
from policy.core.groups import bits
from policy.core.judge import ANYONE
from policy.core.model import (
    ALWAYS,
    AllOf,
    And,
    AnyOf,
    CanReach,
    Claim,
    Invariant,
    Not,
    Pass,
    Rule,
    Then,
)
from policy.core.view import EFFECTS, Literal, View
from policy.core.walk import Passing, Places, Rest
from policy.report.words import Words
from policy.study.design import Design
from policy.text.source import Span


@dataclass(frozen=True, slots=True)
class Admits:
    """A rule of a firewall (counted from 1) that speaks of packets across an edge: whom it admits where, and when ("":
    always). `visits`: those of its destinations that the claim wants to be passed at this point."""

    rule: int
    label: str
    source: str
    target: str
    services: str
    when: str
    span: Span | None
    visits: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """How a reader knows the rule."""
        return f"`{self.label}`" if self.label else str(self.rule)


@dataclass(frozen=True, slots=True)
class Gate:
    """A firewall at the edge of a region. `into`: the zones beyond. `passing`: to cross it is what the claim asks for
    at this point. `ways`: rules that admit somebody of the region to somebody beyond; `others`: those that admit only
    others there. Without either its rules say nothing of that direction."""

    firewall: str
    into: tuple[str, ...]
    passing: bool
    ways: tuple[Admits, ...]
    others: tuple[Admits, ...]
    span: Span | None


@dataclass(frozen=True, slots=True)
class Region:
    """Where those stay who start at `source`, in the case of `given` (words), having passed what they have: `left` is
    what is still to pass, or the firewalls that they must not cross. `missing` is the target, which is not in it."""

    source: str
    given: tuple[str, ...]
    left: str
    avoids: str
    places: tuple[str, ...]
    gates: tuple[Gate, ...]
    missing: str
    steps: int | None = None
    single: bool = False
    attack: bool = False


def regions(design: Design, invariant: Invariant, proof: Proof) -> tuple[Region, ...]:
    """The regions of all barriers of the proof, then those of single connections that the claim denies."""
    barriers = (lemma for lemma in proof.lemmas if isinstance(lemma, Barrier))
    found = [region for barrier in barriers for region in _Walls(design, invariant, barrier.decisions).of(barrier)]
    plain = _Walls(design, invariant, ())
    found += [plain.single(reach) for reach in denied(invariant.claim)]
    return tuple(dict.fromkeys(found))


def denied(claim: Claim, wanted: bool = True) -> Iterator[CanReach]:
    """The single connections that the claim says there are none of."""
    match claim:
        case Not(of):
            yield from denied(of, not wanted)
        case And(of):
            for part in of:
                yield from denied(part, wanted)
        case CanReach() if not wanted and not _open(claim):
            yield claim


def _open(claim: CanReach) -> bool:
    """Whether variables stand in its ends."""
    return any(True for _ in variables(claim))


class _Walls:
    """The regions of one case of options and failures."""

    def __init__(self, design: Design, invariant: Invariant, decisions: tuple[tuple[Literal, bool], ...]) -> None:
        self.design, self.layout, self.words = design, design.layout, Words(design.model)
        threats = invariant.threats
        self.view = View(self.layout, settled(threats, dict(decisions)), threatened(threats))
        self.dead = self.layout.deaf
        self.given = tuple(self._decided(literal, so) for literal, so in decisions)

    def _decided(self, literal: Literal, so: bool) -> str:
        name, value = literal
        if value in EFFECTS:
            return f"{self.words.place(name)} is {'' if so else 'not '}{value}"
        words = self.words.choice(name, value)
        negated = words.removeprefix("not ") if words.startswith("not ") else f"not {words}"
        return words if so else negated

    def of(self, barrier: Barrier) -> Iterator[Region]:
        """One region for every state of the waypoints in which anybody stands."""
        claim = barrier.claim
        self.dead &= ~self.view.group(self.layout.group(claim.target))[1]
        for cut in barrier.cuts:
            walks = walk(self.view, claim, cut.firewalls)
            for state, members in sorted(_members(cut.places, walks.way.states).items()):
                left = "" if claim.passes is None else self.waypoints(walks.way.rests[state])
                avoids = ", ".join(sorted(cut.firewalls))
                yield Region(
                    self.words.endpoints(claim.source),
                    self.given,
                    left,
                    avoids,
                    self.places(members),
                    tuple(self._gates(members, walks.way, state)),
                    self.words.endpoints(claim.target),
                    claim.within,
                    attack=claim.attack,
                )

    def single(self, reach: CanReach) -> Region:
        """Whoever may open a connection that is denied, and what stands before its targets."""
        sources = self.view.group(self.layout.group(reach.source or ANYONE))[1]
        targets = self.view.group(self.layout.group(reach.target))[1]
        gates = tuple(self._before(sources, targets))
        source, target = self.words.endpoints(reach.source), self.words.endpoints(reach.target)
        return Region(source, (), "", "", self.places(sources), gates, target, single=True)

    # -------------------------------------------------------- edges

    def _gates(self, members: int, way: Passing, state: int) -> Iterator[Gate]:
        inside = self._zones(members)
        for firewall in self.design.model.firewalls.values():
            near = [zone for zone in firewall.zones if zone in inside]
            beyond = [zone for zone in firewall.zones if zone not in inside or self._alive(zone) & ~members]
            if not near or not any(zone not in near or len(near) > 1 for zone in beyond):
                continue
            passing = way.crossing(state, firewall.name) != state
            if self.view.bypassed(firewall.name) is False or not passing:
                wanted = sum(1 << i for i in way.visits if way.visit(state, i) != state)
                others = self.layout.everyone & ~members
                yield self._gate(firewall.name, near, beyond, members, others, passing, wanted)

    def _before(self, sources: int, targets: int) -> Iterator[Gate]:
        there = self._zones(targets)
        for firewall in self.design.model.firewalls.values():
            into = [zone for zone in firewall.zones if zone in there]
            near = [zone for zone in firewall.zones if len(into) > 1 or zone not in into]
            if into and near:
                yield self._gate(firewall.name, near, into, sources, targets & ~sources, False, 0)

    def _gate(
        self, name: str, near: list[str], beyond: list[str], members: int, others: int, passing: bool, wanted: int
    ) -> Gate:
        ways, rest = list[Admits](), list[Admits]()
        for i, rule in enumerate(self.design.model.firewalls[name].rules):
            source = self.view.group(self.layout.group(rule.source))[1]
            target = self.view.group(self.layout.group(rule.target))[1]
            if not rule.allow or self.view.truth(rule.when) is False or not self._between(rule, near, beyond):
                continue
            if target & others and self._zones(target & others) & set(beyond):
                visits = tuple(self.words.endpoint(self.layout.endpoints[k]) for k in bits(target & wanted))
                admits = replace(self._admits(name, i, rule), visits=visits)
                (ways if source & members else rest).append(admits)
        into = tuple(self.words.place(zone) for zone in beyond)
        return Gate(name, into, passing, tuple(ways), tuple(rest), self.design.origins.get(("firewall", name)))

    @staticmethod
    def _between(rule: Rule, near: list[str], beyond: list[str]) -> bool:
        leaves = rule.from_zones is None or bool(rule.from_zones & set(near))
        return leaves and (rule.into_zones is None or bool(rule.into_zones & set(beyond)))

    def _admits(self, firewall: str, i: int, rule: Rule) -> Admits:
        services = ", ".join(rule.services)
        source, target = self.words.endpoints(rule.source), self.words.endpoints(rule.target)
        span = self.design.origins.get(("rule", firewall, i))
        when = "" if rule.when == ALWAYS else self.words.condition(rule.when)
        return Admits(i + 1, rule.label, source, target, services, when, span)

    # -------------------------------------------------------- words

    def _stands(self, zone: str) -> int:
        return self.view.group(self.layout.occupants[zone])[1] & ~self.layout.firewall_bits

    def _alive(self, zone: str) -> int:
        return self._stands(zone) & ~self.dead

    def _zones(self, members: int) -> set[str]:
        return {zone for i in bits(members) for zone in self.view.zones(i)}

    def places(self, members: int) -> tuple[str, ...]:
        """The fewest words for a set of endpoints: domains and zones that are in it as a whole, then what is left."""
        zones = [zone for zone in self.design.model.zones if self._stands(zone) & members]
        whole = {zone for zone in zones if not self._alive(zone) & ~members}
        found, told = list[str](), 0
        for domain in self.design.model.domains.values():
            zones = [zone for zone in domain.zones if zone in whole]
            names = [domain.name] if len(zones) == len(domain.zones) else zones
            found += [self.words.place(name) for name in names]
            for zone in zones:
                told |= self._stands(zone)
        found += [self.words.endpoint(self.layout.endpoints[i]) for i in bits(members & ~told)]
        return tuple(dict.fromkeys(found))

    def waypoints(self, rest: Rest, inside: bool = False) -> str:
        """What is still to pass."""
        match rest:
            case Pass(what):
                return self.words.place(what.name)
            case Then(of):
                return " then ".join(self.waypoints(part, True) for part in of)
            case AllOf(of) | AnyOf(of):
                between = " and " if isinstance(rest, AllOf) else " or "
                text = between.join(self.waypoints(part, True) for part in of)
                return f"({text})" if inside and len(of) > 1 else text
        return ""


def _members(family: tuple[Places, ...], states: int) -> dict[int, int]:
    """Who is in each state, over all places of a cut; an attack's places hold one state each."""
    found: dict[int, int] = {}
    for places in family:
        for q, members in enumerate(places.leaving):
            state = places.at if len(places.leaving) == 1 and states > 1 else q
            found[state] = found.get(state, 0) | members
    return {state: members for state, members in found.items() if members}
