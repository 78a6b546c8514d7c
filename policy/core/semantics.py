"""What a claim means in one world under one failure: the language page sentence by sentence, and nothing clever.

Takes a model, a world (a value for every option) and a failure; says whether a claim holds there, how short a path
decides it, and, by trying every world and every admitted failure, which verdict an invariant deserves. It is the oracle
that everything faster is compared with, so it shares nothing with it but the model and its endpoints. Speed does not
matter beyond what small designs need.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import prod
from typing import Literal

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
    Failure,
    FlowsPossible,
    Iff,
    InPlace,
    Invariant,
    Is,
    IsKind,
    Joins,
    ListensOn,
    Model,
    Named,
    Not,
    Number,
    Or,
    PathClaim,
    Quantified,
    Runs,
    Same,
    Term,
    Threat,
    Tier,
    Trusts,
    Variable,
    World,
)
from policy.core.network import Binding, Network, Points, Set, named, true
from policy.core.paths import path_exists, shortest_path

COMPARISONS = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "!=": operator.ne,
}  # fmt: skip


def worlds(model: Model) -> Iterator[World]:
    """Every choice of all options that satisfies all assumptions."""
    for values in product(*(option.values for option in model.options.values())):
        world = dict(zip(model.options, values, strict=True))
        if all(true(assumption, world) for assumption in model.assumptions):
            yield world


def failures(threats: Sequence[Threat]) -> Iterator[Failure]:
    """Every failure that the threats admit, each once, the smallest first; the first is that nothing fails."""
    choices = []
    for threat in threats:
        units = sorted({(unit.name, threat.effect) for unit in threat.units})
        choices.append([c for size in range(min(threat.most, len(units)) + 1) for c in combinations(units, size)])
    found = {frozenset(unit for part in choice for unit in part) for choice in product(*choices)}
    yield from sorted(found, key=lambda failure: (len(failure), sorted(failure)))


def shortest(model: Model, claim: PathClaim, world: World, failure: Failure = frozenset()) -> int | None:
    """The fewest steps of a path (or attack) that decides a claim without free variables: for `no` and `some` one that
    passes what is asked, if anything; for `every` one that does not. None where there is none."""
    return shortest_path(Network(model, world, failure), claim, {})


# ---------------------------------------------------------------- claims


def holds(model: Model, claim: Claim, world: World, failure: Failure = frozenset()) -> bool:
    """Whether the claim, which has no free variable, holds in that world under that failure."""
    return _holds(Network(model, world, failure), claim, {})


def _holds(net: Network, claim: Claim, binding: Binding) -> bool:
    match claim:
        case Is():
            return true(claim, net.world)
        case Not(of):
            return not _holds(net, of, binding)
        case And(claims):
            return all(_holds(net, part, binding) for part in claims)
        case Or(claims):
            return any(_holds(net, part, binding) for part in claims)
        case Iff(left, right):
            return _holds(net, left, binding) == _holds(net, right, binding)
        case PathClaim(quantifier):
            return path_exists(net, claim, binding) == (quantifier == "some")
        case CanReach(source, target, on):
            sources, targets, points = net.members(source, binding), net.members(target, binding), net.points_on(on)
            return any(y in targets and point in points for x in sources for y, point in net.connections(x))
        case Quantified(quantifier, binders, body):
            found = sum(_holds(net, body, inner) for inner in _bindings(net, binders, binding))
            if quantifier == "all":
                return found == sum(1 for _ in _bindings(net, binders, binding))
            return {"some": found >= 1, "no": found == 0, "one": found == 1, "lone": found <= 1}[quantifier]
        case Compare(left_amount, sign, right_amount):
            return bool(COMPARISONS[sign](_amount(net, left_amount, binding), _amount(net, right_amount, binding)))
        case FlowsPossible():
            return all(_flow_possible(net, flow.source, flow.target, flow.services) for flow in _flows(net))
        case ConnectionsAreFlows():
            return _connections_are_flows(net, claim, binding)
        case AccountsAccepted():
            return all(pair in net.accepting for pair in _account_pairs(net))
        case _:
            return _fact(net, claim, binding)


Fact = InPlace | IsKind | Runs | ListensOn | Joins | Trusts | Accepts | Same


def _fact(net: Network, claim: Fact, binding: Binding) -> bool:
    """Claims about single declarations. What does not exist is nowhere, is nothing, and does nothing."""
    match claim:
        case InPlace(what, place):
            endpoint = net.place(named(what, binding))
            zones = net.zones_of(named(place, binding))
            return endpoint is not None and any(zone in zones for zone in net.zones[endpoint])
        case IsKind(what, kind):
            return kind in net.kinds(net.things(named(what, binding)))
        case Runs(host, component):
            home = net.place(named(component, binding))
            return home is not None and home == net.place(named(host, binding))
        case ListensOn(what, on):
            return bool(net.points(net.services(net.things(named(what, binding)))) & net.points(on))
        case Joins(firewall, place):
            zones = net.zones_of(named(place, binding))
            return any(zone in zones for zone in net.model.firewalls[named(firewall, binding).name].zones)
        case Trusts(truster, trusted):
            pair = named(truster, binding).name, named(trusted, binding).name
            return any((t.truster, t.trusted) == pair and true(t.when, net.world) for t in net.model.trusts)
        case Accepts(accepter, accepted):
            return (named(accepter, binding).name, named(accepted, binding).name) in net.accepting
        case Same(left, right):
            return named(left, binding) == named(right, binding)


def _bindings(net: Network, binders: tuple[Binder, ...], binding: Binding) -> Iterator[Binding]:
    """All ways to bind the variables, one after the other; a later range may speak of earlier variables."""
    if not binders:
        yield binding
        return
    for thing in _range(net, binders[0], binding):
        yield from _bindings(net, binders[1:], {**binding, binders[0].name: thing})


def _range(net: Network, binder: Binder, binding: Binding) -> tuple[Named, ...]:
    """What a variable ranges over."""
    if binder.sort in ("host", "component"):
        names = net.model.hosts if binder.sort == "host" else net.model.components
        things = [Named(binder.sort, name) for name in names]
        inside = frozenset(net.endpoints) if binder.within is None else net.members(binder.within, binding)
        return tuple(thing for thing in things if net.place(thing) in inside)
    declared: Mapping[str, Iterable[str]] = {
        "domain": net.model.domains, "zone": net.model.zones, "firewall": net.model.firewalls,
    }  # fmt: skip
    if binder.within is None:
        named = set(declared[binder.sort])
    else:
        named = _names(net, binder, binder.within.terms, binding) - _names(net, binder, binder.within.minus, binding)
    return tuple(Named(binder.sort, name) for name in declared[binder.sort] if name in named)


def _names(net: Network, binder: Binder, terms: Iterable[Term], binding: Binding) -> set[str]:
    """The domains, zones or firewalls that the terms name; a domain names its zones, too."""
    refs = [named(term, binding) for term in terms if isinstance(term, Named | Variable)]
    found = {ref.name for ref in refs if ref.sort == binder.sort}
    if binder.sort == "zone":
        found |= {zone for ref in refs if ref.sort == "domain" for zone in net.zones_of(ref)}
    return found


def _amount(net: Network, amount: Amount, binding: Binding) -> int:
    match amount:
        case Number(value):
            return value
        case Tier(domain):
            tier = net.model.domains[named(domain, binding).name].tier
            if tier is None:
                raise ValueError("a domain without a tier")
            return tier
        case Count(binders, body):
            found = [inner for inner in _bindings(net, binders, binding) if _holds(net, body, inner)]
            return sum(prod(_replicas(net, inner[binder.name]) for binder in binders) for inner in found)


def _replicas(net: Network, thing: Named) -> int:
    option = net.model.hosts[thing.name].count if thing.sort == "host" else None
    return 1 if option is None else int(net.world[option])


# ---------------------------------------------------------------- claims about the whole design


@dataclass(frozen=True, slots=True)
class _Needed:
    """A flow in this world."""

    source: Set
    target: Set
    services: Points


def _flows(net: Network) -> tuple[_Needed, ...]:
    return tuple(
        _Needed(net.members(flow.source), net.members(flow.target), net.points(flow.services))
        for flow in net.model.flows.values()
        if true(flow.when, net.world)
    )


def _flow_possible(net: Network, source: Set, target: Set, services: Points) -> bool:
    sources = frozenset(x for x in source if x.sort != "someone") or source
    destinations = [y for y in target if net.listening[y] & services]
    there_is_one = any(sources != {y} for y in destinations)
    return there_is_one and all(
        net.connects(x, y, point)
        for x in sources
        for y in destinations
        if x != y
        for point in net.listening[y] & services
    )


def _connections_are_flows(net: Network, claim: ConnectionsAreFlows, binding: Binding) -> bool:
    every = frozenset(net.endpoints)
    sources = every if claim.source is None else net.members(claim.source, binding)
    targets = every if claim.target is None else net.members(claim.target, binding)
    points, flows = net.points_on(claim.on), _flows(net)
    return all(
        any(x in flow.source and y in flow.target and point in flow.services for flow in flows)
        for x in sources
        for y, point in net.connections(x)
        if y in targets and point in points and not set(net.zones[x]) & set(net.zones[y])
    )


def _account_pairs(net: Network) -> Iterator[tuple[str | None, str]]:
    """The domain of every host and a domain whose account something on it has."""
    for endpoint in net.endpoints:
        for account in sorted(net.declared_accounts(net.things_on(endpoint))):
            yield net.domain(endpoint), account


# ---------------------------------------------------------------- verdicts


def verdict(model: Model, invariant: Invariant) -> Literal["proved", "violated", "vacuous"]:
    """The verdict of an invariant, by trying every world under every admitted failure."""
    for world in worlds(model):
        if not all(holds(model, invariant.claim, world, failure) for failure in failures(invariant.threats)):
            return "violated"
    filled: dict[tuple[int, ...], bool] = {}
    for world in worlds(model):
        for place, full in _spoken_of(Network(model, world), invariant.claim, {}, ()):
            filled[place] = filled.get(place, False) or full
    return "proved" if all(filled.values()) else "vacuous"


def _spoken_of(
    net: Network, claim: Claim, binding: Binding, place: tuple[int, ...]
) -> Iterator[tuple[tuple[int, ...], bool]]:
    """Whether there is anything in each end and range of a claim, known by its place; once for every binding of the
    variables around it, so a place below a range that is empty does not come up: the range does."""
    match claim:
        case PathClaim() | CanReach() | ConnectionsAreFlows():
            for i, end in enumerate((claim.source, claim.target)):
                if end is not None:
                    yield (*place, i), bool(net.members(end, binding))
        case FlowsPossible():
            yield place, bool(_flows(net))
        case AccountsAccepted():
            yield place, any(True for _ in _account_pairs(net))
        case Not(of):
            yield from _spoken_of(net, of, binding, (*place, 0))
        case And(claims) | Or(claims):
            for i, part in enumerate(claims):
                yield from _spoken_of(net, part, binding, (*place, i))
        case Iff(left, right):
            yield from _spoken_of(net, left, binding, (*place, 0))
            yield from _spoken_of(net, right, binding, (*place, 1))
        case Quantified(_, binders, body):
            for i, binder in enumerate(binders):
                for outer in _bindings(net, binders[:i], binding):
                    yield (*place, i), bool(_range(net, binder, outer))
            for inner in _bindings(net, binders, binding):
                yield from _spoken_of(net, body, inner, (*place, len(binders)))
        case Compare(left_amount, _, right_amount):
            for i, amount in enumerate((left_amount, right_amount)):
                if isinstance(amount, Count):
                    for inner in _bindings(net, amount.binders, binding):
                        yield from _spoken_of(net, amount.body, inner, (*place, i))
