"""What is known under some decisions bounds what is so in every world and failure that agrees with them.

Decisions are drawn as part of a random world and failure; `policy.core.network` says what is so there. With everything
decided the two bounds meet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from agreement import model_of
from hypothesis import assume, given, note
from hypothesis import strategies as st
from strategies import designs

from policy.core.endpoints import Endpoint
from policy.core.evidence import settled, threatened
from policy.core.groups import bits
from policy.core.judge import Judge
from policy.core.layout import Layout
from policy.core.model import Endpoints, Failure, World
from policy.core.network import Network, true
from policy.core.semantics import failures, worlds
from policy.core.view import Ear, Literal, View
from policy.solver import Prover


@dataclass(frozen=True)
class Case:
    """A world and a failure, a view that knows part of it, and one that knows all."""

    layout: Layout
    network: Network
    view: View
    whole: View

    @cached_property
    def here(self) -> dict[int, Endpoint]:
        """The endpoints that exist, as the network calls them."""
        ends, present = self.layout.endpoints, self.layout.present
        return {i: replace(end, place=0) for i, end in enumerate(ends) if true(present[i], self.network.world)}

    def number(self, some: frozenset[Endpoint]) -> int:
        return sum(1 << i for i, end in self.here.items() if end in some)

    def bounds(self, sure: int, possible: int, truth: int, whole: tuple[int, int]) -> bool:
        """Whether sure members of those that exist are truly in it, and true ones possible; where all is decided,
        exactly."""
        everybody = sum(1 << i for i in self.here)
        met = whole[0] & everybody == whole[1] & everybody == truth
        return sure & everybody & ~truth == 0 and truth & ~possible == 0 and met


@st.composite
def cases(draw: st.DrawFn) -> Case:
    text = draw(designs())
    note(text)
    model = model_of(text)
    assume(not Prover(model).faults())
    threats = draw(st.sampled_from([i.threats for i in model.invariants.values()] or [()]))
    world: World = draw(st.sampled_from(list(worlds(model))))
    failure: Failure = draw(st.sampled_from(list(failures(threats))))
    whole: dict[Literal, bool] = {(o.name, v): v == world[o.name] for o in model.options.values() for v in o.values}
    whole |= {literal: literal in failure for literal in sorted(threatened(threats))}
    some = draw(st.lists(st.sampled_from(sorted(whole)), unique=True)) if whole else []
    note(f"{dict(world)} {sorted(failure)} of which is known {some}")
    layout = Layout(model)
    part = settled(threats, {literal: whole[literal] for literal in some})
    views = (View(layout, decisions, threatened(threats)) for decisions in (part, whole))
    return Case(layout, Network(model, world, failure), *views)


def written(case: Case) -> Iterator[Endpoints]:
    """Sets of all kinds that rules, publishes and flows speak of."""
    for firewall in case.layout.model.firewalls.values():
        for rule in firewall.rules:
            yield from (rule.source, rule.target)
        yield from (publish.source for publish in firewall.publishes)
    for flow in case.layout.model.flows.values():
        yield from (flow.source, flow.target)


@given(cases())
def test_sets(case: Case) -> None:
    """Who is in a set, and who is if it exists; the attacker's own from the start, and whom they cannot take over."""
    for some in written(case):
        group, truth = case.layout.group(some), case.number(case.network.members(some))
        assert case.bounds(*case.view.group(group), truth, case.whole.group(group))
        assert case.bounds(*case.view.given(group), truth, case.whole.given(group))
    assert case.bounds(*case.view.compromised, case.number(case.network.compromised), case.whole.compromised)
    hardened = case.number(frozenset(filter(case.network.hardened, case.here.values())))
    assert case.bounds(*case.view.group(case.layout.hardened), hardened, case.whole.group(case.layout.hardened))


@given(cases())
def test_places_accounts_and_trusts(case: Case) -> None:
    """Zones, accounts, and the domains whose accounts are accepted."""
    for i, end in case.here.items():
        assert case.view.accounts(i, True) <= case.network.accounts(end) <= case.view.accounts(i)
        assert case.whole.accounts(i, True) == case.whole.accounts(i)
        zones = set(case.network.zones[end])
        assert set(case.view.zones(i, True)) <= zones <= set(case.view.zones(i))
        assert set(case.whole.zones(i)) == zones
        if end.sort != "firewall":
            home = case.network.domain(end)
            accepted = {b for a, b in case.network.accepting if a == home}
            assert case.view.admits(i, True) <= accepted <= case.view.admits(i)
            assert case.whole.admits(i, True) == accepted == case.whole.admits(i)


@given(cases())
def test_ears(case: Case) -> None:
    """Who may be heard on which packets, and that an account is asked for only where nothing is taken without."""
    for i, end in case.here.items():
        for packet, point in enumerate(case.layout.classes):
            truth = case.number(frozenset(x for x in case.here.values() if point in case.network.takes(x, end)))
            assert case.bounds(*heard(case.view, i, packet), truth, heard(case.whole, i, packet))
            if truth and point in case.network.plain[end]:
                assert not any(ear.asks for ear in case.view.ears(i) if ear.packet == packet)


def heard(view: View, i: int, packet: int) -> tuple[int, int]:
    """Who surely, possibly is heard by any ear of the endpoint."""
    sure = possible = 0
    for ear in view.ears(i):
        if ear.packet == packet:
            sure, possible = sure | ear.sure, possible | ear.possible
    return sure, possible


RULES = """
option o
option p
service s = tcp 80
domain A { host x1  host x2 in A or B }
domain B { host y1 listens s  host y2 listens s }
firewall F joins A, B { default %s
%s }
"""


@st.composite
def rules(draw: st.DrawFn) -> str:
    """A design with one firewall, of which the rules overlap and depend on options."""
    word = st.sampled_from(("allow", "deny"))
    source, target = st.sampled_from(("x1", "x2", "A", "any")), st.sampled_from(("y1", "y2", "B", "any"))
    where = st.sampled_from(("", "from A", "into B", "from B"))
    when = st.sampled_from(("", "when o", "when not o", "when p", "when o or p"))
    lines = draw(st.lists(st.tuples(word, source, target, where, when), min_size=1, max_size=5))
    text = "\n".join(f"{a} {x} -> {y} : s {between} {guard}" for a, x, y, between, guard in lines)
    return RULES % (draw(word), text)


@given(rules(), st.sampled_from(("true", "false")), st.sampled_from(("true", "false")), st.data())
def test_rules(text: str, o: str, p: str, data: st.DataObject) -> None:
    """Whom a firewall passes from zone to zone, by its first rule that matches."""
    layout = Layout(model_of(text))
    world = {"o": o, "p": p, "A.x2": data.draw(st.sampled_from(("A", "B")))}
    known = data.draw(st.lists(st.sampled_from(sorted(world)), unique=True))
    views = [View(layout, {(name, world[name]): True for name in some}) for some in (known, world)]
    case = Case(layout, Network(layout.model, world), *views)
    packet = next(bits(layout.heard(("s",))[0]))
    firewall = Endpoint("firewall", "F")
    for a, b in (("A", "B"), ("B", "A")):
        for i, end in case.here.items():
            point, some = layout.classes[packet], layout.relevant(i, packet).rules.get("F", ())
            others = [x for x in case.here.values() if x != firewall]
            truth = case.number(frozenset(x for x in others if case.network.passes("F", x, end, point, a, b)))
            bound = [
                [v.passing("F", some, i, a, b, sure) & ~layout.firewall_bits for sure in (True, False)] for v in views
            ]
            assert case.bounds(*bound[0], truth, (bound[1][0], bound[1][1]))


@given(cases())
def test_connections(case: Case) -> None:
    """Who connects to whom on which packets."""
    connected = {(x, y, point) for x in case.here.values() for y, point in case.network.connections(x)}
    judges = [Judge(view, lambda _: None) for view in (case.view, case.whole)]
    for i, end in case.here.items():
        for packet, point in enumerate(case.layout.classes):
            truth = case.number(frozenset(x for x in case.here.values() if (x, end, point) in connected))
            assert case.bounds(*judges[0].open_to(i, packet), truth, judges[1].open_to(i, packet))


@given(cases())
def test_packets_that_are_alike(case: Case) -> None:
    """For whatever is heard there is an ear that hears, asks and relays the same, from the same sources; where its
    packets are told apart, on such a packet."""
    for i in case.here:
        for ear in case.view.ears(i):
            assert alike(case.view, ear) in {alike(case.view, other) for other in case.view.alike(i, 0)}
            assert ear.packet in {other.packet for other in case.view.alike(i, 1 << ear.packet)}


def alike(view: View, ear: Ear) -> tuple[object, ...]:
    """All that a walk sees of an ear."""
    sources = view.sources(ear.at, ear.packet)[0]
    return ear.possible, ear.asks, ear.relays, view.onwards_to(ear), sources
