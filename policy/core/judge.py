"""Whether a claim holds in a view: yes, no, or open. Paths are left to whoever asks; everything else is decided here.

`Judge.claim` is sound: it says yes (no) only if the claim holds (fails) in every world and failure that agrees with the
view's decisions. With everything decided it is never open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from policy.core.binding import Bindings, bind
from policy.core.groups import bits, both, either, membership
from policy.core.model import (
    ALWAYS,
    NEVER,
    Accepts,
    AccountsAccepted,
    And,
    Anything,
    Binder,
    CanReach,
    Claim,
    Compare,
    ConnectionsAreFlows,
    Count,
    Endpoints,
    Flow,
    FlowsPossible,
    Iff,
    InPlace,
    Is,
    IsKind,
    Joins,
    ListensOn,
    Named,
    Not,
    Number,
    Or,
    PathClaim,
    Quantified,
    Runs,
    Same,
    Tier,
    Trusts,
)
from policy.core.view import Ear, View, agree, complement, join, meet

ANYONE = Endpoints((Anything(firewalls=True),))


class Judge:
    """`paths` says of a path claim without variables whether it holds, None when it cannot tell."""

    def __init__(self, view: View, paths: Callable[[PathClaim], bool | None]) -> None:
        self.view, self.layout, self.model, self.paths = view, view.layout, view.layout.model, paths

    def claim(self, claim: Claim) -> bool | None:
        """Whether the claim (without free variables) holds."""
        match claim:
            case And(of):
                return meet(self.claim(c) for c in of)
            case Or(of):
                return join(self.claim(c) for c in of)
            case Not(of):
                return complement(self.claim(of))
            case Iff(left, right):
                return agree(self.claim(left), self.claim(right))
            case PathClaim():
                return self.paths(claim)
            case Quantified():
                return self._quantified(claim)
            case Compare(left, operator, right):
                return compare(self.amount(left), operator, self.amount(right))
            case CanReach(source, target, on):
                return self._can_reach(source, target, on)
            case FlowsPossible(names):
                flows = (self.model.flows[name] for name in (self.model.flows if names is None else names))
                return meet(join((complement(self.view.truth(f.when)), self._flow(f))) for f in flows)
            case ConnectionsAreFlows():
                return self._connections(claim)
            case AccountsAccepted(hosts):
                return meet(self._accounts(name) for name in (self.model.hosts if hosts is None else hosts))
        return self.view.truth(self.fact(claim))

    # -------------------------------------------------------- facts, as conditions

    def fact(self, claim: Claim) -> Claim:
        """The condition under which a simple fact holds."""
        if claim not in self.layout.facts:
            self.layout.facts[claim] = self._fact(claim)
        return self.layout.facts[claim]

    def _fact(self, claim: Claim) -> Claim:
        match claim:
            case Is():
                return claim
            case InPlace(Named(sort, name), Named(_, place)):
                zones = self._zones(place)
                inside = (
                    both(at, when)
                    for i, at in self._at(sort, name)
                    for zone, when in self.layout.zones_of(i)
                    if zone in zones
                )
                return self.layout.some(*inside)
            case IsKind(Named("component", name), kind):
                return both(self.layout.runs(name), self.layout.has_kind(self.model.components[name].kinds, kind))
            case IsKind(Named(_, name), kind):
                has = (both(when, self.layout.has_kind(c.kinds, kind)) for c, when in self.layout.carriers(name))
                return both(self.layout.exists(name), self.layout.some(*has))
            case Runs(Named(_, host), Named(_, component)):
                thing = self.model.components[component]
                there = self.layout.some(*(tag.when for tag in thing.hosts if tag.name == host))
                return both(self.layout.exists(host), thing.when, there)
            case ListensOn(Named(sort, name), on):
                return self._listens(sort, name, self.layout.heard(on)[0])
            case Joins(Named(_, firewall), Named(_, place)):
                return ALWAYS if self._zones(place) & set(self.model.firewalls[firewall].zones) else NEVER
            case Trusts(Named(_, a), Named(_, b)):
                return either(*(t.when for t in self.model.trusts if (t.truster, t.trusted) == (a, b)))
            case Accepts(Named(_, a), Named(_, b)):
                return self.layout.accepted(a).get(b, NEVER)
            case Same(left, right):
                return ALWAYS if left == right else NEVER
        raise TypeError(f"not a fact: {claim}")

    def _zones(self, place: str) -> set[str]:
        return set(self.model.domains[place].zones) if place in self.model.domains else {place}

    def _at(self, sort: str, name: str) -> list[tuple[int, Claim]]:
        if sort == "component":
            return list(self.layout.stands(name))
        return [(i, self.layout.present[i]) for i in self.layout.hosts[name]]

    def _listens(self, sort: str, name: str, classes: int) -> Claim:
        if sort == "component":
            component = self.model.components[name]
            heard = (x.when for x in component.listens if self.layout.heard(x.services)[0] & classes)
            return both(self.layout.runs(name), self.layout.some(*heard))
        return self.layout.some(*(when for i in self.layout.hosts[name] for when in self.layout.hears(i, classes)))

    # -------------------------------------------------------- quantifiers and amounts

    def range(self, binder: Binder) -> Iterator[tuple[Named, Claim]]:
        """What the variable may stand for, each with the condition under which it does."""
        if binder.sort in ("host", "component"):
            yield from self._machines(binder)
        elif binder.within is not None:
            names = [n for term in binder.within.terms for n in self._statically(binder.sort, term)]
            less = {n for term in binder.within.minus for n in self._statically(binder.sort, term)}
            yield from ((Named(binder.sort, n), ALWAYS) for n in dict.fromkeys(names) if n not in less)
        else:
            things: dict[str, Iterable[str]] = {
                "domain": self.model.domains,
                "zone": self.model.zones,
                "firewall": self.model.firewalls,
            }
            yield from ((Named(binder.sort, name), ALWAYS) for name in things[binder.sort])

    def _machines(self, binder: Binder) -> Iterator[tuple[Named, Claim]]:
        layout, component = self.layout, binder.sort == "component"
        group = None if binder.within is None else layout.group(binder.within)
        for name in self.model.components if component else self.model.hosts:
            if group is None:
                condition = layout.runs(name) if component else layout.exists(name)
            else:
                stands = layout.stands(name) if component else [(i, layout.present[i]) for i in layout.hosts[name]]
                condition = layout.some(*(both(when, membership(group, i)) for i, when in stands))
            if condition != NEVER:
                yield Named(binder.sort, name), condition

    def _statically(self, sort: str, term: object) -> list[str]:
        match term:
            case Named(of, name) if of == sort:
                return [name]
            case Named("domain", name) if sort == "zone":
                return list(self.model.domains[name].zones)
        return []

    def tuples(self, binders: tuple[Binder, ...]) -> Iterator[tuple[dict[str, Named], Claim]]:
        """All bindings that the binders may have, each with the condition under which they do."""
        if not binders:
            yield {}, ALWAYS
            return
        first, *rest = binders
        for thing, inside in self.range(first):
            bound = {first.name: thing}
            for more, also in self.tuples(bind(tuple(rest), bound) if rest else ()):
                yield bound | more, both(inside, also)

    def _cases(self, binders: tuple[Binder, ...]) -> Iterator[tuple[dict[str, Named], bool | None]]:
        """All bindings that the binders may have in the view, and whether they do."""
        for bindings, when in self.tuples(binders):
            inside = self.view.truth(when)
            if inside is not False:
                yield bindings, inside

    def _quantified(self, claim: Quantified) -> bool | None:
        cases = ((inside, bindings) for bindings, inside in self._cases(claim.binders))
        if claim.quantifier == "all":
            return meet(join((complement(inside), self.claim(self.layout.bound(claim.body, b)))) for inside, b in cases)
        each = (meet((inside, self.claim(self.layout.bound(claim.body, b)))) for inside, b in cases)
        if claim.quantifier in ("some", "no"):
            found = join(each)
            return found if claim.quantifier == "some" else complement(found)
        sure = possible = 0
        for holds in each:
            sure += holds is True
            possible += holds is not False
            if sure > 1:
                return False
        if claim.quantifier == "lone":
            return True if possible <= 1 else None
        if possible > 1:
            return None
        return True if sure else None if possible else False

    def amount(self, amount: Number | Tier | Count) -> tuple[int, int]:
        """The least and the greatest it may be."""
        match amount:
            case Number(value):
                return value, value
            case Tier(Named(_, name)):
                tier = self.model.domains[name].tier
                assert tier is not None, f"domain {name} has no tier"
                return tier, tier
            case Count(binders, body):
                low = high = 0
                for bindings, inside in self._cases(binders):
                    holds = meet((inside, self.claim(self.layout.bound(body, bindings))))
                    least, most = self._replicas(bindings)
                    low += least if holds else 0
                    high += most if holds is not False else 0
                return low, high
        raise TypeError(f"not an amount: {amount}")

    def _replicas(self, bindings: Bindings) -> tuple[int, int]:
        low = high = 1
        for thing in bindings.values():
            count = self.model.hosts[thing.name].count if thing.sort == "host" else None
            if count is not None:
                values = self.model.options[count].values
                left = [int(v) for v in values if self.view.known((count, v)) is not False]
                chosen = [int(v) for v in values if self.view.known((count, v))]
                low, high = low * min(chosen or left), high * max(chosen or left)
        return low, high

    # -------------------------------------------------------- connections, flows, accounts

    def _can_reach(self, source: Endpoints, target: Endpoints, on: tuple[str, ...]) -> bool | None:
        sources, targets = self.view.group(self.layout.group(source)), self.view.group(self.layout.group(target))
        classes, found = self.layout.heard(on)[0], False
        for ear in self.heard_by(targets[1], classes):
            if self.reaching(ear, sure=False) & sources[1]:
                found = True
                if targets[0] >> ear.at & 1 and self.reaching(ear, sure=True) & sources[0]:
                    return True
        return None if found else False

    def heard_by(self, endpoints: int, classes: int) -> Iterator[Ear]:
        """What those endpoints may listen to, of those classes."""
        for i in bits(endpoints):
            yield from (ear for ear in self.view.ears(i) if classes >> ear.packet & 1)

    def reaching(self, ear: Ear, sure: bool) -> int:
        """Who connects to the ear, surely or possibly."""
        return self.view.sources(ear.at, ear.packet, sure)[0] & (ear.sure if sure else ear.possible)

    def _flow(self, flow: Flow) -> bool | None:
        """Whether the flow, if it is active, is possible."""
        if not (there := self.view.truth(self.has_end(flow))):
            return there
        sure, possible = self.flow_sources(flow)
        return meet((there, *(self._opens(flow, ear, sure, possible) for ear in self.flow_ends(flow))))

    def flow_sources(self, flow: Flow) -> tuple[int, int]:
        """Who the flow surely, possibly starts from: named sources; its someone where it has none."""
        group = self.layout.group(flow.source)
        sure, possible = self.view.group(group)
        somebody = self.layout.some(*(membership(group, i) for i in bits(self._named(group.widest))))
        some = self.view.truth(somebody)
        named = self._named(possible)
        return sure if some is False else self._named(sure), named if some else possible

    def _named(self, endpoints: int) -> int:
        """Those that are hosts or firewalls."""
        return endpoints & (self.layout.firewall_bits | self.layout.host_bits)

    def flow_ends(self, flow: Flow) -> Iterator[Ear]:
        """What the destinations of the flow may listen to."""
        possible = self.view.group(self.layout.group(flow.target))[1]
        return self.heard_by(possible, self.layout.heard(flow.services)[0])

    def _opens(self, flow: Flow, ear: Ear, sure: int, possible: int) -> bool | None:
        """Whether the ear, if the destination listens, is open to each of these sources other than itself."""
        sources, opened = ~(1 << ear.at), self.open_to(ear.at, ear.packet)
        if not possible & sources & ~opened[0]:
            return True
        certain = self.view.group(self.layout.group(flow.target))[0] >> ear.at & 1 and self.surely_hears(ear)
        return False if certain and sure & sources & ~opened[1] else None

    def has_end(self, flow: Flow) -> Claim:
        """When the flow has a destination that listens on one of its services and is not its only source."""
        if flow.name not in self.layout.ends:
            self.layout.ends[flow.name] = self._has_end(flow)
        return self.layout.ends[flow.name]

    def _has_end(self, flow: Flow) -> Claim:
        sources, targets = self.layout.group(flow.source), self.layout.group(flow.target)
        classes = self.layout.heard(flow.services)[0]
        found: list[Claim] = []
        for i in bits(targets.widest):
            others: Claim = ALWAYS
            if sources.widest >> i & 1:
                beside = (membership(sources, z) for z in bits(self._named(sources.widest)) if z != i)
                others = either(Not(membership(sources, i)), *beside)
            found += [both(membership(targets, i), when, others) for when in self.layout.hears(i, classes)]
        return self.layout.some(*found)

    def surely_hears(self, ear: Ear) -> bool:
        """Whether the ear is surely there (for some sources at least)."""
        return bool(ear.sure) or self._publishes(ear)

    def _publishes(self, ear: Ear) -> bool:
        return bool(ear.relays) and all(
            relay.limit is not None and self.view.truth(relay.when) is True for relay in ear.relays
        )

    def open_to(self, at: int, packet: int) -> tuple[int, int]:
        """Who surely, possibly connects to the endpoint with packets of the class, by any ear of it."""
        sure = possible = 0
        for ear in self.view.ears(at):
            if ear.packet == packet:
                sure, possible = sure | self.reaching(ear, sure=True), possible | self.reaching(ear, sure=False)
        return sure, possible

    def _connections(self, claim: ConnectionsAreFlows) -> bool | None:
        result: bool | None = True
        for _, stray in self.strays(claim):
            if stray:
                return False
            result = None
        return result

    def strays(self, claim: ConnectionsAreFlows) -> Iterator[tuple[tuple[Ear, int], bool]]:
        """((ear, sources), surely) of the connections that may be no flow, or surely are none."""
        sources = self.view.group(self.layout.group(claim.source or ANYONE))
        targets = self.view.group(self.layout.group(claim.target or ANYONE))
        classes = self.layout.heard(claim.on)[0]
        for ear in self.heard_by(targets[1], classes):
            wide = self.reaching(ear, sure=False) & sources[1]
            if not wide:
                continue
            covered, near = self._covered(ear), self._near(ear.at)
            possible = wide & ~covered[0] & ~near[0]
            if possible:
                sure = self.reaching(ear, sure=True) & sources[0] & ~covered[1] & ~near[1]
                if not targets[0] >> ear.at & 1:
                    sure = 0
                yield (ear, sure or possible), bool(sure)

    def _covered(self, ear: Ear) -> tuple[int, int]:
        """The sources, surely and possibly, from which a flow covers the ear."""
        sure = possible = 0
        for when, sources, targets in self.layout.flows_to(ear.at, ear.packet):
            active = self.view.truth(when)
            if active is not False:
                ends, starts = self.view.given(targets), self.view.given(sources)
                possible |= starts[1] if ends[1] >> ear.at & 1 else 0
                sure |= starts[0] if active and ends[0] >> ear.at & 1 else 0
        return sure, possible

    def _near(self, i: int) -> tuple[int, int]:
        """Who shares a zone with the endpoint, surely and possibly."""
        bounds = [0, 0]
        for bound in (0, 1):
            for zone in self.view.zones(i, sure=bound == 0):
                bounds[bound] |= self.view.given(self.layout.occupants[zone])[bound]
        return bounds[0], bounds[1]

    def _accounts(self, host: str) -> bool | None:
        return meet(join((complement(held), accepted)) for _, held, accepted in self.accounts(host))

    def accounts(self, host: str) -> Iterator[tuple[str, bool | None, bool | None]]:
        """(domain, whether something on the host has an account of it, whether the host's domain accepts it)."""
        for i in self.layout.hosts[host]:
            surely, possibly = self.view.admits(i, sure=True), self.view.admits(i)
            for carrier, when in self.layout.carriers(host):
                for tag in carrier.accounts:
                    held = self.view.truth(both(self.layout.present[i], when, tag.when))
                    if held is not False:
                        accepted = True if tag.name in surely else None if tag.name in possibly else False
                        yield tag.name, held, accepted


def compare(left: tuple[int, int], operator: str, right: tuple[int, int]) -> bool | None:
    """The comparison of two amounts of which the bounds are known."""
    if operator in (">", ">="):
        return compare(right, "<" if operator == ">" else "<=", left)
    if operator in ("=", "!="):
        equal = True if left == right and left[0] == left[1] else None
        equal = False if left[1] < right[0] or right[1] < left[0] else equal
        return equal if operator == "=" else complement(equal)
    if left[1] < right[0] or (operator == "<=" and left[1] <= right[0]):
        return True
    return False if left[0] > right[1] or (operator == "<" and left[0] >= right[1]) else None
