"""What is known of a network under some decisions, and who can connect to whom in it.

A `View` fixes some options and failures and leaves the rest open. Every fact then has two bounds: `sure` (in every
world that agrees with the decisions) and `possible` (in some world, taking each open guard by itself). With everything
decided the two meet, and the view is one network. `possible` never misses a connection and `sure` never invents one;
that is all that proofs and witnesses rest on, and `policy.core.semantics` is their oracle.

For one destination and class of packets, who gets through is a set of sources. `View.inward` walks the zones backwards
from the destination and keeps, for every zone, the endpoints whose packets, were they in that zone, would arrive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from policy.core.groups import Group, bits
from policy.core.inward import ANY_WAY, Inward, Passages, Row, Waypoints
from policy.core.layout import Filter, Layout, Onward, Relevant
from policy.core.model import ALWAYS, And, Claim, Iff, Is, Not, Or

Literal = tuple[str, str]  # (option, value), (firewall, "bypassed"), (place, "compromised")
Decisions = Mapping[Literal, bool]
EFFECTS = ("bypassed", "compromised")  # what marks a literal as a failure


def happening(decisions: Decisions) -> frozenset[Literal]:
    """The failures that happen by the decisions."""
    return frozenset(literal for literal, happens in decisions.items() if happens and literal[1] in EFFECTS)


def meet(values: Iterable[bool | None]) -> bool | None:
    """Conjunction where None is open."""
    result: bool | None = True
    for value in values:
        if value is False:
            return False
        if value is None:
            result = None
    return result


def join(values: Iterable[bool | None]) -> bool | None:
    """Disjunction where None is open."""
    result: bool | None = False
    for value in values:
        if value is True:
            return True
        if value is None:
            result = None
    return result


def complement(value: bool | None) -> bool | None:
    """Negation where None is open."""
    return None if value is None else not value


def agree(a: bool | None, b: bool | None) -> bool | None:
    """Equivalence where None is open."""
    return None if a is None or b is None else a == b


@dataclass(frozen=True, slots=True, eq=False)
class Ear:
    """Endpoint `at` may listen to packets of the class `packet` from `possible` sources, and surely does from `sure`
    ones. `asks`: it surely asks for an account. `relays` may go on from there. `kind`: the rules for such packets."""

    at: int
    packet: int
    sure: int
    possible: int
    asks: bool
    relays: tuple[Onward, ...]
    kind: Relevant


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """What views of one layout have found, by all that it depends on: where that is the same, so is what was found."""

    standing: dict[object, dict[str, int]] = field(default_factory=dict)
    ears: dict[object, tuple[Ear, ...]] = field(default_factory=dict)
    alike: dict[object, tuple[Ear, ...]] = field(default_factory=dict)
    audience: dict[object, tuple[Ear, ...]] = field(default_factory=dict)
    rows: dict[object, Row] = field(default_factory=dict)
    inwards: dict[object, dict[str, Row]] = field(default_factory=dict)
    passages: dict[object, Passages] = field(default_factory=dict)


class View:
    """`decisions` are taken; failures in `threatened` and not decided are open, all others do not happen. `like` is a
    view of the same layout, with which closures are shared."""

    def __init__(
        self,
        layout: Layout,
        decisions: Decisions | None = None,
        threatened: Iterable[Literal] = (),
        like: View | None = None,
    ) -> None:
        self.layout = layout
        self.decisions: Decisions = decisions or {}
        self.threatened = frozenset(threatened)
        self.spend: Callable[[], None] = like.spend if like else lambda: None  # called for every step of long work
        self._known = self._complete()
        self._groups: dict[int, tuple[int, int]] = {}
        self._ears: dict[int, tuple[Ear, ...]] = {}
        self._onwards_to: dict[tuple[int, int], tuple[Onward, ...]] = {}
        self._near: dict[Ear, int] = {}
        self._rows: dict[tuple[int, int, bool, int, int], Row] = {}
        self._decided: dict[frozenset[str], frozenset[tuple[Literal, bool]]] = {}
        self._admitted: dict[tuple[int, bool], frozenset[str]] = {}
        self.open: dict[str, int] = {}  # how often options were asked for that are not decided
        self.shared: Shared = like.shared if like else Shared()

    def _complete(self) -> dict[Literal, bool]:
        """The decisions, with what follows from them within each option."""
        known = dict(self.decisions)
        for name in {name for name, _ in self.decisions}:
            option = self.layout.model.options.get(name)
            if option is not None:
                held = [known.get((name, value)) for value in option.values]
                if None in held and (True in held or held.count(None) == 1):
                    chosen = held.index(True if True in held else None)
                    known.update({(name, v): i == chosen for i, v in enumerate(option.values)})
        return known

    # -------------------------------------------------------- conditions and sets

    def known(self, literal: Literal) -> bool | None:
        """Whether the option has the value, or the failure happens; None when that is open."""
        if literal[1] in EFFECTS:
            return self._known.get(literal, None if literal in self.threatened else False)
        return self._known.get(literal)

    def truth(self, condition: Claim) -> bool | None:
        """Whether the condition holds; None when that is open (or not seen to be settled)."""
        if condition is ALWAYS:
            return True
        match condition:
            case Is(option, value):
                held = self._known.get((option, value))
                if held is None:
                    self.open[option] = self.open.get(option, 0) + 1
                return held
            case And(of):
                return meet(self.truth(c) for c in of) if of else True
            case Not(of):
                return complement(self.truth(of))
            case Or(of):
                return join(self.truth(c) for c in of)
            case Iff(left, right):
                return agree(self.truth(left), self.truth(right))
        raise TypeError(f"not a condition: {condition}")

    def group(self, group: Group) -> tuple[int, int]:
        """(surely, possibly) in the set."""
        if not group.guarded:
            return group.fixed, group.fixed
        if id(group) not in self._groups:
            sure = possible = group.fixed
            for bit, when in group.guarded:
                held = self.truth(when)
                if held is not False:
                    possible |= bit
                    if held:
                        sure |= bit
            self._groups[id(group)] = sure, possible
        return self._groups[id(group)]

    def given(self, group: Group) -> tuple[int, int]:
        """(surely, possibly) in the set if they exist."""
        surely, possibly = self.group(group)
        return surely | group.given, possibly | group.given

    def bypassed(self, firewall: str) -> bool | None:
        """A compromised firewall is bypassed as well."""
        return self.bypasses.get(firewall, False)

    def zones(self, i: int, sure: bool = False) -> list[str]:
        """The zones in which the endpoint stands, surely or possibly."""
        found = ((zone, self.truth(when)) for zone, when in self.layout.zones_of(i))
        return [zone for zone, held in found if held or (held is None and not sure)]

    def _standing(self, sure: bool) -> dict[str, int]:
        """For every zone, who possibly stands there; or who surely does if it exists."""
        key = sure, self._settled(self.layout.placing)
        if key not in self.shared.standing:
            self.shared.standing[key] = {
                zone: self.given(group)[0] if sure else self.group(group)[1]
                for zone, group in self.layout.occupants.items()
            }
        return self.shared.standing[key]

    # -------------------------------------------------------- who listens

    def ears(self, i: int) -> tuple[Ear, ...]:
        """What the endpoint may listen to."""
        if i not in self._ears:
            key = i, self._about(i)
            if key not in self.shared.ears:
                sort = self.layout.endpoints[i].sort
                found = self._host_ears(i) if sort == "host" else self._firewall_ears(i) if sort == "firewall" else ()
                self.shared.ears[key] = tuple(found)
            self._ears[i] = self.shared.ears[key]
        return self._ears[i]

    def _about(self, i: int) -> tuple[frozenset[tuple[Literal, bool]], bool | None]:
        """What is known of all that decides to what the endpoint listens, and who may go on to it."""
        endpoint = self.layout.endpoints[i]
        bypassed = self.bypassed(endpoint.name) if endpoint.sort == "firewall" else False
        return self._settled(self.layout.hearing(i)), bypassed

    def alike(self, i: int, on: int) -> tuple[Ear, ...]:
        """What the endpoint may listen to, one ear for packets that neither rules nor relays nor the classes `on` tell
        apart."""
        key = i, on, self._about(i)
        if key not in self.shared.alike:
            found: dict[object, Ear] = {}
            for ear in self.ears(i):
                same = ear.kind.number, ear.possible, ear.asks, ear.relays
                onwards = tuple(relay.number for relay in self.onwards_to(ear))
                found.setdefault((same, onwards, on >> ear.packet & 1), ear)
            self.shared.alike[key] = tuple(found.values())
        return self.shared.alike[key]

    def audience(self, on: int) -> tuple[Ear, ...]:
        """What all endpoints may listen to, as `alike`."""
        key = on, self._settled(self.layout.all_hearing), self._openness
        if key not in self.shared.audience:
            loud = bits(self.layout.everyone & ~self.layout.deaf)
            self.shared.audience[key] = tuple(ear for i in loud for ear in self.alike(i, on))
        return self.shared.audience[key]

    def onwards_to(self, ear: Ear) -> tuple[Onward, ...]:
        """The relays that may go on to the ear."""
        if not self.layout.onwards_to.get(ear.at):
            return ()
        key = ear.at, ear.packet
        if key not in self._onwards_to:
            relays = (r for r in self.layout.onwards_to.get(ear.at, ()) if r.onward >> ear.packet & 1)
            self._onwards_to[key] = tuple(
                relay
                for relay in relays
                if any(i == ear.at and self.truth(when) is not False for i, when in relay.targets)
            )
        return self._onwards_to[key]

    def _host_ears(self, i: int) -> Iterator[Ear]:
        if self.truth(self.layout.present[i]) is False:
            return
        plain, asking = [0, 0], [0, 0]  # classes heard surely, possibly
        for classes, asks, when in self.layout.listening[i]:
            held = self.truth(when)
            for bound in (0, 1) if held else (1,) if held is None else ():
                plain[bound] |= classes & ~asks
                asking[bound] |= asks
        relays = [r for r in self.layout.onwards_at.get(i, ()) if self.truth(r.when) is not False]
        everyone = self.layout.everyone
        for packet in bits(plain[1] | asking[1]):
            sure = everyone if (plain[0] | asking[0]) >> packet & 1 else 0
            on = tuple(r for r in relays if r.classes >> packet & 1)
            kind = self.layout.relevant(i, packet)
            yield Ear(i, packet, sure, everyone, not plain[1] >> packet & 1, on, kind)

    def _firewall_ears(self, i: int) -> Iterator[Ear]:
        bypassed = self.bypassed(self.layout.endpoints[i].name)
        everyone = self.layout.everyone
        for relay in self.layout.onwards_at.get(i, ()):
            held = self.truth(relay.when)
            if held is not False and relay.limit is not None:
                surely, possibly = self.given(relay.limit)
                sure = (everyone if bypassed else surely) if held else 0
                possible = possibly if bypassed is False else everyone
                for packet in bits(relay.classes):
                    yield Ear(i, packet, sure, possible, False, (relay,), self.layout.relevant(i, packet))

    @cached_property
    def compromised(self) -> tuple[int, int]:
        """The endpoints that the attacker (surely, possibly) holds from the start by a failure."""
        sure = possible = 0
        places = {literal for literal in (*self.threatened, *self.decisions) if literal[1] == "compromised"}
        for literal in places:
            held = self.known(literal)
            if held is not False:
                surely, possibly = self.group(self.layout.place(literal[0]))
                possible |= possibly
                sure |= surely if held else 0
        return sure, possible

    # -------------------------------------------------------- accounts and trusts

    def accepted(self, domain: str, sure: bool = False) -> frozenset[str]:
        """The domains whose accounts the domain accepts."""
        trusts = [(t, self.truth(t.when)) for t in self.layout.model.trusts]
        trusts = [(t, held) for t, held in trusts if held or (held is None and not sure)]
        found, queue = {domain}, [domain]
        while queue:
            here = queue.pop()
            for trust, _ in trusts:
                if trust.truster == here and trust.transitive and trust.trusted not in found:
                    found.add(trust.trusted)
                    queue.append(trust.trusted)
        return frozenset(found | {t.trusted for t, _ in trusts if t.truster == domain})

    def admits(self, i: int, sure: bool = False) -> frozenset[str]:
        """The domains whose accounts the endpoint accepts, surely (whichever its own domain is) or possibly."""
        if (i, sure) not in self._admitted:
            self._admitted[i, sure] = self._admits(i, sure)
        return self._admitted[i, sure]

    def _admits(self, i: int, sure: bool) -> frozenset[str]:
        zones = self.layout.model.zones
        homes = [zone for zone, when in self.layout.homes(i) if self.truth(when) is not False]
        admitted = [self.accepted(domain, sure) for domain in sorted({zones[zone].domain for zone in homes})]
        if not admitted:
            return frozenset()
        return frozenset.intersection(*admitted) if sure else frozenset.union(*admitted)

    def accounts(self, i: int, sure: bool = False) -> frozenset[str]:
        """The domains whose accounts holding the endpoint gives."""
        held = ((domain, self.truth(when)) for domain, when in self.layout.accounts[i])
        return frozenset(domain for domain, has in held if has or (has is None and not sure))

    # -------------------------------------------------------- one firewall

    def passing(self, firewall: str, rules: Iterable[Filter], target: int, a: str, b: str, sure: bool) -> int:
        """Sources whose packets the firewall's rules pass from zone `a` into zone `b` (its own packets aside); `rules`
        are those that may match."""
        passed, rest = 0, self.layout.everyone
        for rule in rules:
            if not rule.between(a, b):
                continue
            applies = self.applies(rule, target)
            if applies is False:
                continue
            surely, possibly = self.given(rule.source)
            if rule.allow and (applies or not sure):
                passed |= rest & (surely if sure else possibly)
            if applies and (rule.allow or not sure):
                rest &= ~surely
            if sure and not rule.allow:
                rest &= ~possibly
            if not rest:
                break
        return passed | rest if self.layout.model.firewalls[firewall].default_allow else passed

    def applies(self, rule: Filter, target: int) -> bool | None:
        """Whether the rule is there and speaks of the target."""
        surely, possibly = self.given(rule.target)
        here = True if surely >> target & 1 else None if possibly >> target & 1 else False
        return here if rule.when == ALWAYS else meet((here, self.truth(rule.when)))

    # -------------------------------------------------------- one destination

    def sources(self, target: int, packet: int, sure: bool = False, way: Waypoints = ANY_WAY, arrive: int = 0) -> Row:
        """For every state of `way`, the endpoints that, leaving in that state, connect to the target with a packet of
        the class and arrive in state `arrive`; whether the target listens is not asked. What is sure is so if both
        exist."""
        key = target, packet, sure, way.key, arrive
        if key not in self._rows:
            relevant, placed = self.layout.relevant(target, packet), self._settled(self.layout.placing)
            decided = self._settled(relevant.options), placed, self._openness
            shared = relevant.number, sure, way.key, arrive, decided
            if shared not in self.shared.rows:
                self.shared.rows[shared] = self._sources(target, packet, sure, way, arrive)
            self._rows[key] = self.shared.rows[shared]
        return self._rows[key]

    def near(self, ear: Ear) -> int:
        """Who possibly connects to the ear."""
        found = self._near.get(ear)
        if found is None:
            found = self._near[ear] = self.sources(ear.at, ear.packet)[0] & ear.possible
        return found

    def _sources(self, target: int, packet: int, sure: bool, way: Waypoints, arrive: int) -> Row:
        if not way.plain and self._passes_nothing(way, target, packet):
            anyone = self.sources(target, packet, sure)[0]
            return [anyone if q == arrive else 0 for q in range(way.states)]
        found, standing = [0] * way.states, self._standing(sure)
        for zone, row in self.inward(target, packet, sure, way, arrive).items():
            here = standing[zone]
            if zone in self.layout.isolated and self._is_in(target, zone, sure):
                round_about = self.inward(target, packet, sure, way, arrive, without=zone).get(zone, ())
                for q, some in enumerate(round_about):
                    found[q] |= some & here
                here &= self.layout.firewall_bits
            for q, some in enumerate(row):
                found[q] |= some & here
        return [f & ~(1 << target) for f in found]

    def _passes_nothing(self, way: Waypoints, target: int, packet: int) -> bool:
        """Whether no connection to the target can change the state: no firewall that passes anything would."""
        passing = (*self.layout.relevant(target, packet).rules, *self.lax)
        return not way.wanted and all(way.after(firewall) is None for firewall in passing)

    def _is_in(self, machine: int, zone: str, sure: bool) -> bool:
        """Whether the endpoint is a machine in the zone, surely or possibly."""
        return self.layout.endpoints[machine].sort != "firewall" and zone in self.zones(machine, sure)

    def inward(
        self, target: int, packet: int, sure: bool, way: Waypoints, arrive: int, without: str = ""
    ) -> dict[str, Row]:
        """For every zone that has any, and every state of `way` there, the sources whose packets of the class get from
        the zone to the target and are then in state `arrive`. `without` leaves one of the target's own zones out as an
        end of the chain."""
        relevant = self.layout.relevant(target, packet)
        decided = self._settled(relevant.options)
        key = (relevant.number, sure, way.key, arrive, without, decided, self._openness)
        if key not in self.shared.inwards:
            ends = [zone for zone in self.zones(target, sure) if zone != without]
            found = self.shared.passages.setdefault((relevant.number, sure, decided), Passages())
            self.shared.inwards[key] = Inward(self, relevant, target, sure, way, found).rows(ends, arrive)
        return self.shared.inwards[key]

    def _settled(self, names: frozenset[str]) -> frozenset[tuple[Literal, bool]]:
        """All that is known of these options."""
        if names not in self._decided:
            found: list[tuple[Literal, bool]] = []
            for name in sorted(names):
                literals = self.layout.literals[name]
                known = [(literal, held) for literal in literals if (held := self._known.get(literal)) is not None]
                if len(known) < len(literals):
                    self.open[name] = self.open.get(name, 0) + 1
                found += known
            self._decided[names] = frozenset(found)
        return self._decided[names]

    @cached_property
    def _openness(self) -> tuple[frozenset[str], frozenset[str]]:
        """The firewalls that are surely bypassed, and those that may be."""
        return (
            frozenset(name for name, state in self.bypasses.items() if state),
            frozenset(name for name, state in self.bypasses.items() if state is None),
        )

    @cached_property
    def bypasses(self) -> dict[str, bool | None]:
        """The firewalls that are, or may be, bypassed."""
        states: dict[str, bool | None] = {}
        failures = self.threatened.union(x for x in self.decisions if x[1] in EFFECTS) if self.threatened else ()
        for failure in failures:
            if failure[0] in self.layout.firewalls and (held := self.known(failure)) is not False:
                states[failure[0]] = held or states.get(failure[0])
        return states

    @cached_property
    def lax(self) -> frozenset[str]:
        """The firewalls that may pass packets of which no rule speaks."""
        default = (name for name, firewall in self.layout.model.firewalls.items() if firewall.default_allow)
        return frozenset(default).union(*self._openness)
