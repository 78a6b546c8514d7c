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
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_

from policy.core.groups import Group, bits
from policy.core.layout import Filter, Layout, Onward
from policy.core.model import ALWAYS, And, Claim, Iff, Is, Not, Or

Literal = tuple[str, str]  # (option, value), (firewall, "bypassed"), (place, "compromised")
Decisions = Mapping[Literal, bool]
Row = list[int]  # for every state of the waypoints, a set of sources
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
    ones. `asks`: it surely asks for an account. `relays` may go on from there."""

    at: int
    packet: int
    sure: int
    possible: int
    asks: bool
    relays: tuple[Onward, ...]


class Waypoints:
    """What a walk has passed so far, as one of `states`. This one tells nothing apart; `policy.core.walk` has those
    that do.

    `wanted` says that the walk wants to pass things (an open failure is then taken not to happen for what it passes);
    otherwise it avoids them."""

    states = 1
    wanted = False
    key = 0  # the same for those that tell the same apart (`Layout.key`)
    entered: frozenset[int] = frozenset()  # the states in which some crossing of a firewall leaves a walk

    def crossing(self, state: int, firewall: str) -> int | None:
        """The state after a connection crossed the firewall; None where no walk may go on."""
        del firewall
        return state


ANY_WAY = Waypoints()


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
        self._alike: dict[tuple[int, int], tuple[Ear, ...]] = {}
        self._onwards_to: dict[tuple[int, int], tuple[Onward, ...]] = {}
        self._rows: dict[tuple[int, bool, int, int], Row] = {}
        self._decided: dict[frozenset[str], frozenset[tuple[Literal, bool]]] = {}
        self.open: dict[str, int] = {}  # how often options were asked for that are not decided
        self._inwards: dict[object, dict[str, Row]] = like._inwards if like else {}

    def _complete(self) -> dict[Literal, bool]:
        """The decisions, with what follows from them within each option."""
        known = dict(self.decisions)
        for name in {name for name, _ in self.decisions}:
            option = self.layout.model.options.get(name)
            if option is not None:
                left = [v for v in option.values if known.get((name, v)) is not False]
                chosen = next((v for v in left if known.get((name, v))), left[0] if len(left) == 1 else None)
                if chosen is not None:
                    known.update({(name, v): v == chosen for v in option.values})
        return known

    # -------------------------------------------------------- conditions and sets

    def known(self, literal: Literal) -> bool | None:
        """Whether the option has the value, or the failure happens; None when that is open."""
        if literal[1] in EFFECTS:
            return self._known.get(literal, None if literal in self.threatened else False)
        return self._known.get(literal)

    def truth(self, condition: Claim) -> bool | None:
        """Whether the condition holds; None when that is open (or not seen to be settled)."""
        match condition:
            case And(of):
                return meet(self.truth(c) for c in of) if of else True
            case Is(option, value):
                held = self._known.get((option, value))
                if held is None:
                    self.open[option] = self.open.get(option, 0) + 1
                return held
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
        if not self.threatened:
            return False
        return join((self.known((firewall, "bypassed")), self.known((firewall, "compromised"))))

    def zones(self, i: int, sure: bool = False) -> list[str]:
        """The zones in which the endpoint stands, surely or possibly."""
        found = ((zone, self.truth(when)) for zone, when in self.layout.zones_of(i))
        return [zone for zone, held in found if held or (held is None and not sure)]

    # -------------------------------------------------------- who listens

    def ears(self, i: int) -> tuple[Ear, ...]:
        """What the endpoint may listen to."""
        if i not in self._ears:
            sort = self.layout.endpoints[i].sort
            found = self._host_ears(i) if sort == "host" else self._firewall_ears(i) if sort == "firewall" else ()
            self._ears[i] = tuple(found)
        return self._ears[i]

    def alike(self, i: int, on: int) -> tuple[Ear, ...]:
        """What the endpoint may listen to, one ear for packets that neither rules nor relays nor the classes `on` tell
        apart."""
        if (i, on) not in self._alike:
            found: dict[object, Ear] = {}
            for ear in self.ears(i):
                same = self.layout.relevant(i, ear.packet).number, ear.possible, ear.asks, ear.relays
                onwards = tuple(relay.number for relay in self.onwards_to(ear))
                found.setdefault((same, onwards, on >> ear.packet & 1), ear)
            self._alike[i, on] = tuple(found.values())
        return self._alike[i, on]

    def onwards_to(self, ear: Ear) -> tuple[Onward, ...]:
        """The relays that may go on to the ear."""
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
            yield Ear(i, packet, sure, everyone, not plain[1] >> packet & 1, on)

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
                    yield Ear(i, packet, sure, possible, False, (relay,))

    @cached_property
    def compromised(self) -> tuple[int, int]:
        """The endpoints that the attacker (surely, possibly) holds from the start by a failure."""
        sure = possible = 0
        for literal in sorted(self.threatened | set(self._known)):
            held = self.known(literal) if literal[1] == "compromised" else False
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
        key = (self.layout.relevant(target, packet).number, sure, way.key, arrive)
        if key not in self._rows:
            self._rows[key] = self._sources(target, packet, sure, way, arrive)
        return self._rows[key]

    def _sources(self, target: int, packet: int, sure: bool, way: Waypoints, arrive: int) -> Row:
        found = [0] * way.states
        machine = self.layout.endpoints[target].sort != "firewall"
        own = self.zones(target, sure)
        for zone, row in self.inward(target, packet, sure, way, arrive).items():
            occupants = self.layout.occupants[zone]
            here = self.given(occupants)[0] if sure else self.group(occupants)[1]
            if machine and zone in own and self.layout.model.zones[zone].isolated:
                round_about = self.inward(target, packet, sure, way, arrive, without=zone).get(zone)
                if round_about is not None:
                    found = [f | (r & here) for f, r in zip(found, round_about, strict=True)]
                here &= self.layout.firewall_bits
            found = [f | (r & here) for f, r in zip(found, row, strict=True)]
        return [f & ~(1 << target) for f in found]

    def inward(
        self, target: int, packet: int, sure: bool, way: Waypoints, arrive: int, without: str = ""
    ) -> dict[str, Row]:
        """For every zone that has any, and every state of `way` there, the sources whose packets of the class get from
        the zone to the target and are then in state `arrive`. `without` leaves one of the target's own zones out as an
        end of the chain."""
        relevant = self.layout.relevant(target, packet)
        if relevant.options not in self._decided:
            self._decided[relevant.options] = self._settled(relevant.options)
        decided = self._decided[relevant.options]
        key = (relevant.number, sure, way.key, arrive, without, decided, self._openness)
        if key not in self._inwards:
            ends = [zone for zone in self.zones(target, sure) if zone != without]
            walk = _Inward(self, relevant.rules, target, sure, way)
            self._inwards[key] = walk.simple_chains(ends, arrive) if way.wanted else walk.closure(ends, arrive)
        return self._inwards[key]

    def _settled(self, names: frozenset[str]) -> frozenset[tuple[Literal, bool]]:
        """All that is known of these options."""
        found: list[tuple[Literal, bool]] = []
        for name in sorted(names):
            known = [
                ((name, value), self._known.get((name, value))) for value in self.layout.model.options[name].values
            ]
            found += [(literal, held) for literal, held in known if held is not None]
            if any(held is None for _, held in known):
                self.open[name] = self.open.get(name, 0) + 1
        return frozenset(found)

    @cached_property
    def _openness(self) -> tuple[frozenset[str], frozenset[str]]:
        """The firewalls that are surely bypassed, and those that may be."""
        states = {name: self.bypassed(name) for name in self.layout.firewalls} if self.threatened else {}
        return (
            frozenset(name for name, state in states.items() if state),
            frozenset(name for name, state in states.items() if state is None),
        )

    @cached_property
    def lax(self) -> frozenset[str]:
        """The firewalls that may pass packets of which no rule speaks."""
        default = (name for name, firewall in self.layout.model.firewalls.items() if firewall.default_allow)
        return frozenset(default).union(*self._openness)


@dataclass(frozen=True, slots=True)
class _Inward:
    """The backward walk over zones to one target, for one class of packets."""

    view: View
    rules: Mapping[str, tuple[Filter, ...]]
    target: int
    sure: bool
    way: Waypoints

    def closure(self, ends: list[str], arrive: int) -> dict[str, Row]:
        """Over chains that may visit a zone twice: leaving the loop out only passes less."""
        everyone = self.view.layout.everyone
        rows = {zone: [everyone if q == arrive else 0 for q in range(self.way.states)] for zone in ends}
        queue = list(rows)
        while queue:
            b = queue.pop(0)
            for a, via in self._before_zone(b):
                known = rows.get(a)
                gain = self._before(a, b, via, rows[b], known)
                if any(gain):
                    rows[a] = [g | k for g, k in zip(gain, known, strict=True)] if known else gain
                    if a not in queue:
                        queue.append(a)
        return rows

    def simple_chains(self, ends: list[str], arrive: int) -> dict[str, Row]:
        """Over chains that visit no zone twice (a loop may pass what the walk wants), short ones first, until every
        source that chains with loops would let through has one without. Chains from the same zone over the same zones
        are one: they go on alike (Held and Karp 1962). Exponential in the zones at worst."""
        layout, numbers = self.view.layout, {zone: 1 << i for i, zone in enumerate(self.view.layout.model.zones)}
        rows: dict[str, Row] = {}
        missing = {
            zone: [r & layout.occupants[zone].widest for r in row] for zone, row in self.closure(ends, arrive).items()
        }
        start = [layout.everyone if q == arrive else 0 for q in range(self.way.states)]
        level = {(zone, numbers[zone], False): start for zone in ends}
        while level and (needed := reduce(or_, (some for row in missing.values() for some in row), 0)):
            longer: dict[tuple[str, int, bool], Row] = {}
            for (b, visited, own), whole in level.items():
                self.view.spend()
                row = [some & needed for some in whole]
                rows[b] = [g | r for g, r in zip(row, rows[b], strict=True)] if b in rows else row
                missing[b] = [m & ~r for m, r in zip(missing[b], row, strict=True)]
                for a, via in self._before_zone(b) if any(row) else ():
                    if not numbers[a] & visited and any(gain := self._before(a, b, via, row, None, own)):
                        mine = 0 if isinstance(via, int) else 1 << layout.firewalls[via]
                        for is_own, part in ((True, [g & mine for g in gain]), (False, [g & ~mine for g in gain])):
                            key = a, visited | numbers[a], is_own
                            if any(part):
                                known = longer.get(key, [0] * len(part))
                                longer[key] = [g | k for g, k in zip(part, known, strict=True)]
            level = longer
        return rows

    def _before_zone(self, b: str) -> Iterator[tuple[str, str | int]]:
        """The steps into the zone that may pass anything. A firewall's own packets start in the best of its zones; they
        cross it only where somebody wants to pass it, or has passed something before."""
        lax, rules, wanted = self.view.lax, self.rules, self.way.wanted
        for a, via in self.view.layout.neighbours[b]:
            if wanted or via in rules or via in lax or isinstance(via, int):
                yield a, via

    def _before(self, a: str, b: str, via: str | int, row: Row, known: Row | None, own: bool = False) -> Row:
        """What the step from zone `a` into zone `b` adds in zone `a`. With `own` a firewall's own packets have just
        crossed it: to do so twice running is to do it once, unless both change the state."""
        view, way, gain = self.view, self.way, row
        if isinstance(via, int):
            held = view.truth(view.layout.model.links[via].when)
            if held is False or (held is None and self.sure):
                return []
            return gain if known is None else [g & ~k for g, k in zip(gain, known, strict=True)]
        bypassed, passing, firewall = view.bypassed(via), [0] * way.states, 1 << view.layout.firewalls[via]
        if bypassed is False or (bypassed is None and way.wanted):
            after = [way.crossing(q, via) for q in range(way.states)]
            gain = [0 if q is None else row[q] for q in after]
            if way.wanted:
                passing = [firewall if to != q or (q in way.entered and not own) else 0 for q, to in enumerate(after)]
        if known is not None:
            gain = [g & ~k for g, k in zip(gain, known, strict=True)]
        if any(gain) and not (bypassed or (bypassed is None and not self.sure)):
            passed = view.passing(via, self.rules.get(via, ()), self.target, a, b, self.sure)
            gain = [g & (passed & ~firewall | mine) for g, mine in zip(gain, passing, strict=True)]
        return gain
