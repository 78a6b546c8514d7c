"""What `cover` says of changes, held against enumeration of every world and failure."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from strategies import designs, networks

from policy.core import semantics
from policy.core.endpoints import Endpoint
from policy.core.model import Model, Named, World
from policy.core.network import Network
from policy.study.changes import Change, changed
from policy.study.cover import Mutant, Trial
from policy.study.design import Design, FaultyError, design
from policy.study.mutants import mutants

MOST = 4  # changes that are tried of a random design
Fact = tuple[object, ...]

# ---------------------------------------------------------------- what connects, by enumeration


def ends(net: Network) -> list[tuple[str, Endpoint]]:
    """Hosts, firewalls, someone, and components where their hosts are; each with its name."""
    found = [(str(endpoint), endpoint) for endpoint in net.endpoints]
    homes = ((name, net.place(Named("component", name))) for name in net.model.components)
    return found + [(f"component {name}", home) for name, home in homes if home is not None]


def facts(net: Network) -> Iterator[Fact]:
    """Everything that the questions of `policy.study.sight` ask."""
    things = ends(net)
    had = {account for endpoint in net.endpoints for account in net.accounts(endpoint)}
    for name, x in things:
        yield from (("has", name, account) for account in net.accounts(x))
        for other, y in things:
            for point in net.takes(x, y):
                chains = net.chains(x, y, point)
                yield from (("connects", name, other, point) for _ in chains)
                for firewall in net.model.firewalls:
                    if any(Named("firewall", firewall) not in chain for chain in chains):
                        yield "avoids", name, other, point, firewall
    for name, y in things:
        for point in net.listening[y] if y.sort != "firewall" else ():
            if point not in net.plain[y] and any(net.connects(x, y, point) for x in net.endpoints):
                yield from (("takes", name, point, d) for d in had if (net.domain(y), d) in net.accepting)
    yield from relayed(net, things)


def relayed(net: Network, things: list[tuple[str, Endpoint]]) -> Iterator[Fact]:
    """What goes on over relays and publishes."""
    for name, x in things:
        for via, z in things:
            for point in net.takes(x, z) if x != z else ():
                for offer in net.offers(x, z, point) if net.connects(x, z, point) else ():
                    for y, onward in net.relayed(offer):
                        yield from (("relays", name, via, point, other, onward) for other, at in things if at == y)


def differs(before: Model, after: Model, change: Change, supposed: frozenset[str]) -> bool:
    """Whether the worlds are others, or a fact is another one in some world, while at most one of the firewalls that
    invariants suppose to be bypassed is."""
    worlds = list(semantics.worlds(before))
    if worlds != list(semantics.worlds(after)):
        return True
    fallen = {str(change.key[1])} if change.kind == "bypass firewall" else set()
    return any(
        set(facts(network(before, world, failed))) != set(facts(network(after, world, failed | fallen)))
        for world in worlds
        for failed in (set[str](), *({name} for name in supposed))
    )


def network(model: Model, world: World, failed: set[str]) -> Network:
    return Network(model, world, frozenset((name, "bypassed") for name in failed))


def supposed_by(model: Model) -> frozenset[str]:
    threats = [threat for invariant in model.invariants.values() for threat in invariant.threats]
    return frozenset(unit.name for threat in threats if threat.effect == "bypassed" for unit in threat.units)


# ---------------------------------------------------------------- laws


def sound(text: str) -> Design | None:
    try:
        return design(text)
    except FaultyError:
        return None


def misplaced(model: Model) -> bool:
    """Whether something stands in more or less than one place in some world."""
    for world in semantics.worlds(model):
        things = [(h.when, {t.when for t in h.zones}, (1,)) for h in model.hosts.values()]
        things += [(c.when, {t.when for t in c.hosts}, (0, 1)) for c in model.components.values()]
        for when, places, right in things:
            there = sum(semantics.holds(model, place, world) for place in places)
            if semantics.holds(model, when, world) and there not in right:
                return True
    return False


def wrong(found: Design, mutant: Mutant) -> str:
    """What enumeration says otherwise of a mutant, all of whose invariants were asked; "" where it agrees."""
    before, after = found.model, changed(found.model, (mutant.change,))
    if mutant.outcome == "faulty":
        return "" if misplaced(after) else "there is no fault"
    if differs(before, after, mutant.change, supposed_by(before)) != (mutant.outcome != "no effect"):
        return "its effect is another"
    if mutant.outcome == "no effect":
        return ""
    verdicts = {
        name: (semantics.verdict(before, invariant), semantics.verdict(after, after.invariants[name]))
        for name, invariant in before.invariants.items()
    }
    noticed = {notice.invariant: (notice.before, notice.after) for notice in mutant.noticed_by}
    expected = {name: pair for name, pair in verdicts.items() if pair[0] != pair[1]}
    return "" if noticed == expected else f"verdicts change by {expected}"


def check_some(text: str, random: Random) -> None:
    """A few mutants of the design are as enumeration says."""
    found = sound(text)
    if found is None:
        return
    trial, changes = Trial(found, every=True), mutants(found.model)
    for change in random.sample(changes, min(MOST, len(changes))):
        mutant = trial.mutant(change)
        assert not (told := wrong(found, mutant)), f"{mutant.words}: {mutant.outcome}, {mutant.noticed_by}, but {told}"


@given(designs(), st.randoms(use_true_random=False))
def test_outcomes_of_designs(text: str, random: Random) -> None:
    """A mutant has an effect just when enumeration finds one, and just those invariants notice whose verdict is another
    one by enumeration."""
    check_some(text, random)


@given(networks(), st.randoms(use_true_random=False))
def test_outcomes_of_networks(text: str, random: Random) -> None:
    """The same where claims are about paths over several firewalls."""
    check_some(text, random)
