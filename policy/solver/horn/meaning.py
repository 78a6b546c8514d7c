"""What a claim means, over all worlds and failures at once: a diagram, in which each path claim is a variable.

It reads claims as `policy.core.semantics` does, clause by clause.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from policy.core.binding import bind
from policy.core.endpoints import Endpoint
from policy.core.model import (
    Accepts,
    AccountsAccepted,
    Amount,
    And,
    Binder,
    CanReach,
    Claim,
    Compare,
    ConnectionsAreFlows,
    Count,
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
    Ref,
    Runs,
    Same,
    Tier,
    Trusts,
)
from policy.solver.horn.diagram import ALWAYS, NEVER
from policy.solver.horn.family import Family
from policy.solver.horn.passing import Chains, Ledger, Passing

COMPARISONS = {
    "<": int.__lt__, "<=": int.__le__, ">": int.__gt__, ">=": int.__ge__, "=": int.__eq__, "!=": int.__ne__,
}  # fmt: skip
Bindings = Mapping[str, Named]


def _name(ref: Ref) -> str:
    assert isinstance(ref, Named)
    return ref.name


class Meaning:
    """Claims of one family. `paths` are the path claims met so far, by their variable, which is true where a way exists
    that decides the claim: for `no` and `some` one of the kind, for `every` one that fails to pass what it should."""

    def __init__(self, family: Family) -> None:
        self.family, self.d = family, family.diagrams
        self.paths: dict[int, PathClaim] = {}
        self._numbers: dict[PathClaim, int] = {}
        self.chains = Chains(family, Ledger(family))

    def holds(self, claim: Claim) -> int:
        """When the claim, which has no free variable, holds."""
        d = self.d
        match claim:
            case Is():
                return self.family.true(claim)
            case Not(of):
                return d.negated(self.holds(of))
            case And(claims):
                return d.both(*(self.holds(part) for part in claims))
            case Or(claims):
                return d.either(self.holds(part) for part in claims)
            case Iff(left, right):
                return self._same(self.holds(left), self.holds(right))
            case PathClaim(quantifier):
                exists = self._way(claim)
                return exists if quantifier == "some" else d.negated(exists)
            case CanReach():
                return self._can_reach(claim)
            case Quantified():
                return self._quantified(claim)
            case Compare(left_amount, sign, right_amount):
                left_values, right_values = self._amounts(left_amount), self._amounts(right_amount)
                pairs = ((a, b) for a in left_values for b in right_values if COMPARISONS[sign](a, b))
                return d.either(d.both(left_values[a], right_values[b]) for a, b in pairs)
            case FlowsPossible():
                return d.both(*(self._flow_possible(flow) for flow in self.family.model.flows.values()))
            case ConnectionsAreFlows():
                return self._connections_are_flows(claim)
            case AccountsAccepted():
                return d.both(*(d.negated(wrong) for wrong in self._refused_accounts()))
            case _:
                return self._fact(claim)

    def _same(self, a: int, b: int) -> int:
        return self.d.chosen(a, b, self.d.negated(b))

    def _way(self, claim: PathClaim) -> int:
        """The variable for whether there is a way of the kind that the claim speaks of."""
        key = claim if claim.quantifier == "every" else replace(claim, quantifier="no")
        if key not in self._numbers:
            number = self.d.unknown("path", str(len(self.paths) + 1))
            self._numbers[key] = number
            self.paths[number] = claim
        return self.d.equals(self._numbers[key])

    # ------------------------------------------------ single facts

    def _fact(self, claim: Claim) -> int:
        d, family = self.d, self.family
        match claim:
            case InPlace(Named() as what, Named() as place):
                zones = family.zones_of(place)
                return d.either(d.both(when, family.within(e, zones)) for e, when in family.place(what).items())
            case IsKind(Named() as what, kind):
                return family.has_kind(family.things(what), kind)
            case Runs(Named() as host, Named() as component):
                runs = family.homes[component.name]
                return d.either(d.both(when, runs.get(e, NEVER)) for e, when in family.place(host).items())
            case ListensOn(Named() as what, on):
                return d.either(family.hears(family.things(what), point) for point in family.points(on))
            case Joins(Named() as firewall, Named() as place):
                zones = family.model.firewalls[firewall.name].zones
                return ALWAYS if set(family.zones_of(place)) & set(zones) else NEVER
            case Trusts(truster, trusted):
                pair = _name(truster), _name(trusted)
                trusts = (t for t in family.model.trusts if (t.truster, t.trusted) == pair)
                return d.either(family.true(trust.when) for trust in trusts)
            case Accepts(accepter, accepted):
                return family.accepting[_name(accepter), _name(accepted)]
            case Same(left, right):
                return ALWAYS if left == right else NEVER
        raise TypeError(f"not a claim without free variables: {claim!r}")

    def _can_reach(self, claim: CanReach) -> int:
        sources, targets = self.family.members(claim.source), self.family.members(claim.target)
        points = self.family.points_on(claim.on)
        return self.d.either(
            self.d.both(sources[x], targets[y], self.connects(x, y, point))
            for x in sources
            for y in targets
            for point in points
        )

    def connects(self, x: Endpoint, y: Endpoint, point: int) -> int:
        """When x connects to y on the packet."""
        taken = self.family.takes(x, y, point)
        if taken == NEVER:
            return NEVER
        return self.d.both(taken, self.chains.outcomes(x, y, point, Passing()).get(Passing(), NEVER))

    # ------------------------------------------------ quantifiers and amounts

    def _quantified(self, claim: Quantified) -> int:
        d = self.d
        tuples = self._tuples(claim.binders)
        if claim.quantifier == "all":
            return d.both(*(d.negated(d.without(when, self.holds(bind(claim.body, b)))) for b, when in tuples))
        found = ((1, d.both(when, self.holds(bind(claim.body, b)))) for b, when in tuples)
        sums = self._sums(found, 1 if claim.quantifier in ("some", "no") else 2)
        wanted = {"some": (1,), "no": (0,), "one": (1,), "lone": (0, 1)}[claim.quantifier]
        return d.either(sums.get(number, NEVER) for number in wanted)

    def _sums(self, items: Iterable[tuple[int, int]], most: int | None) -> dict[int, int]:
        """For every sum when the weights of those items that are there add up to it; `most` stands for more, too."""
        sums = {0: ALWAYS}
        for weight, when in items:
            following: dict[int, int] = {}
            for total, so_far in sums.items():
                for more, given in ((0, self.d.negated(when)), (weight, when)):
                    reached = total + more if most is None else min(most, total + more)
                    both = self.d.both(so_far, given)
                    if both != NEVER:
                        following[reached] = self.d.either((following.get(reached, NEVER), both))
            sums = following
        return sums

    def _tuples(self, binders: tuple[Binder, ...]) -> Iterator[tuple[Bindings, int]]:
        """All ways to bind the variables, and when they are; a later range may speak of earlier variables."""
        if not binders:
            yield {}, ALWAYS
            return
        first, others = binders[0], binders[1:]
        for thing, when in self._range(first):
            bound = tuple(bind(binder, {first.name: thing}) for binder in others)
            shadowed = {binder.name for binder in others}
            for inner, given in self._tuples(bound):
                outer = {} if first.name in shadowed else {first.name: thing}
                yield {**outer, **inner}, self.d.both(when, given)

    def _range(self, binder: Binder) -> Iterator[tuple[Named, int]]:
        """What a variable ranges over, and when it does."""
        model = self.family.model
        if binder.sort in ("host", "component"):
            inside = None if binder.within is None else self.family.members(binder.within)
            for name in model.hosts if binder.sort == "host" else model.components:
                thing = Named(binder.sort, name)
                there = self.family.place(thing).items()
                known = ((when, ALWAYS if inside is None else inside.get(e, NEVER)) for e, when in there)
                yield thing, self.d.either(self.d.both(when, given) for when, given in known)
            return
        declared = {"domain": model.domains, "zone": model.zones, "firewall": model.firewalls}[binder.sort]
        named = set(declared) if binder.within is None else self._names(binder)
        yield from ((Named(binder.sort, name), ALWAYS) for name in declared if name in named)

    def _names(self, binder: Binder) -> set[str]:
        """The domains, zones or firewalls that the range names; a domain names its zones, too."""
        assert binder.within is not None
        sides = []
        for terms in (binder.within.terms, binder.within.minus):
            refs = [term for term in terms if isinstance(term, Named)]
            found = {ref.name for ref in refs if ref.sort == binder.sort}
            if binder.sort == "zone":
                found |= {zone for ref in refs if ref.sort == "domain" for zone in self.family.zones_of(ref)}
            sides.append(found)
        return sides[0] - sides[1]

    def _amounts(self, amount: Amount) -> dict[int, int]:
        """Every number that it may be, and when it is."""
        match amount:
            case Number(value):
                return {value: ALWAYS}
            case Tier(domain):
                tier = self.family.model.domains[_name(domain)].tier
                if tier is None:
                    raise ValueError("a domain without a tier")
                return {tier: ALWAYS}
            case Count(binders):
                tuples = self._tuples(binders)
                return self._sums((item for b, when in tuples for item in self._replicas(amount, b, when)), None)

    def _replicas(self, count: Count, bindings: Bindings, when: int) -> Iterator[tuple[int, int]]:
        """The tuple as often as its hosts have replicas, in parts: 1, and so many more where there are more."""
        d = self.d
        when = d.both(when, self.holds(bind(count.body, bindings)))
        products = {1: when}
        for binder in count.binders:
            thing = bindings[binder.name]
            option = self.family.model.hosts[thing.name].count if thing.sort == "host" else None
            if option is not None:
                unknown = self.family.options[option]
                following: dict[int, int] = {}
                for number, given in products.items():
                    for value in self.family.model.options[option].values:
                        both = d.both(given, d.equals(unknown, value))
                        times = number * int(value)
                        following[times] = d.either((following.get(times, NEVER), both))
                products = following
        yield from products.items()

    # ------------------------------------------------ claims about the whole design

    def _flow_possible(self, flow: Flow) -> int:
        """When the flow is not there or possible."""
        d, family = self.d, self.family
        source, target = family.members(flow.source), family.members(flow.target)
        points = family.points(flow.services)
        named = {x: when for x, when in source.items() if x.sort != "someone"}
        nameless = d.negated(d.either(named.values()))
        sources = {x: when if x in named else d.both(when, nameless) for x, when in source.items()}
        hears = {y: d.both(w, d.either(family.listens(y, p) for p in points)) for y, w in target.items()}
        others = {y: self._others(sources, y) for y in hears}
        there_is_one = d.either(d.both(hears[y], others[y]) for y in hears)
        possible = d.both(
            there_is_one,
            *(
                d.negated(d.without(d.both(sources[x], target[y], family.listens(y, p)), self.connects(x, y, p)))
                for x in sources
                for y in target
                for p in points
                if x != y
            ),
        )
        return d.either((d.negated(family.true(flow.when)), possible))

    def _others(self, sources: Mapping[Endpoint, int], y: Endpoint) -> int:
        """When the sources are anything but y alone."""
        alone = self.d.both(sources.get(y, NEVER), *(self.d.negated(w) for x, w in sources.items() if x != y))
        return self.d.negated(alone)

    def _connections_are_flows(self, claim: ConnectionsAreFlows) -> int:
        d, family = self.d, self.family
        everyone = {e: family.exists(e) for e in family.endpoints}
        sources = everyone if claim.source is None else family.members(claim.source)
        targets = everyone if claim.target is None else family.members(claim.target)
        points = family.points_on(claim.on)
        wrong = [NEVER]
        for x in sources:
            for y in targets:
                shared = d.either(d.both(when, family.zones[y].get(z, NEVER)) for z, when in family.zones[x].items())
                apart = d.without(d.both(sources[x], targets[y]), shared)
                for point in points if apart != NEVER else ():
                    made = d.both(apart, self.connects(x, y, point))
                    wrong.append(d.without(made, self._covered(x, y, point)) if made != NEVER else NEVER)
        return d.negated(d.either(wrong))

    def _covered(self, x: Endpoint, y: Endpoint, point: int) -> int:
        """When some flow covers that connection."""
        d, family = self.d, self.family
        return d.either(
            d.both(family.true(f.when), family.members(f.source).get(x, NEVER), family.members(f.target).get(y, NEVER))
            for f in family.model.flows.values()
            if point in family.points(f.services)
        )

    def _refused_accounts(self) -> Iterator[int]:
        """When each host has an account that its domain does not accept."""
        d, family = self.d, self.family
        for endpoint in family.endpoints:
            for account in family.model.domains:
                declared = family.declares_account(endpoint, account)
                if declared != NEVER:
                    domains = family.domains[endpoint].items()
                    accepts = d.either(d.both(when, family.accepting[domain, account]) for domain, when in domains)
                    yield d.without(declared, accepts)

