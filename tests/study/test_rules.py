"""What `findings` says of rules is what every world, zone pair, pair of endpoints and packet show, tried one by one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import strategies
from agreement import model_of
from hypothesis import assume, given, note

from policy.core import semantics
from policy.core.model import Model
from policy.core.network import Network
from policy.solver import Prover
from policy.study.changes import Change, changed
from policy.study.design import design
from policy.study.rules import Finding, findings

SPECS = Path(__file__).parents[2] / "specs"


def deciders(model: Model, name: str) -> Iterator[list[int]]:
    """For every packet that some rule of the firewall matches in some world, all rules that match it, in order."""
    firewall = model.firewalls[name]
    for world in semantics.worlds(model):
        network = Network(model, world)
        there = [i for i, rule in enumerate(firewall.rules) if semantics.holds(model, rule.when, world, frozenset())]
        rules = list(zip(there, network._rules[name], strict=True))
        pairs = [(a, b) for a, b in product(firewall.zones, firewall.zones) if a != b]
        for x, y, point, (a, b) in product(network.zones, network.zones, network.packets, pairs):
            matching = [
                i
                for i, (_, sources, targets, points, from_zones, into_zones) in rules
                if x in sources and y in targets and point in points and a in from_zones and b in into_zones
            ]
            if matching:
                yield matching


def expected(model: Model, name: str) -> set[tuple[str, int, tuple[int, ...]]]:
    """(kind, rule, by) of all findings but "unused", and without what assumptions say."""
    firewall, found = model.firewalls[name], set[tuple[str, int, tuple[int, ...]]]()
    lists = list({tuple(matching) for matching in deciders(model, name)})
    for i, rule in enumerate(firewall.rules):
        mine = [matching for matching in lists if i in matching]
        before = {m[0] for m in mine if m[0] != i}
        against = tuple(sorted(k for k in before if firewall.rules[k].allow != rule.allow))
        first = [m[1:] for m in mine if m[0] == i]
        after = {m[0] for m in first if m}
        same = all(
            (firewall.rules[m[0]].allow if m else firewall.default_allow) == rule.allow for m in first
        )
        if not any(semantics.holds(model, rule.when, world, frozenset()) for world in semantics.worlds(model)):
            found.add(("contradicting", i, ()))
        elif not mine:
            found.add(("empty", i, ()))
        elif not first:
            found.add(("shadowed" if against else "redundant", i, tuple(sorted(before))))
        elif same:
            found.add(("redundant", i, tuple(sorted(after))))
        elif against:
            found.add(("overridden", i, against))
    return found


def connections(model: Model) -> set[tuple[object, ...]]:
    """Everything that connects to anything in any world."""
    found: set[tuple[object, ...]] = set()
    for number, world in enumerate(semantics.worlds(model)):
        network = Network(model, world)
        found |= {(number, x, y, point) for x in network.zones for y, point in network.connections(x)}
    return found


@given(strategies.designs())
def test_findings_are_those_of_enumeration(text: str) -> None:
    """Neither too many nor too few, with the very rules that take part."""
    note(text)
    model = model_of(text)
    assume(not Prover(model).faults())
    told = findings(model)
    for name in model.firewalls:
        mine = {(f.kind, f.rule, f.by) for f in told if f.firewall == name and f.kind != "unused"}
        assert mine == expected(model, name), name


@given(strategies.networks())
def test_unused_rules_decide_nothing(text: str) -> None:
    """Without a rule that decides nothing, or that others make superfluous, everything connects as before."""
    note(text)
    model = model_of(text)
    assume(not Prover(model).faults())
    before = connections(model)
    for finding in findings(model):
        if finding.kind != "overridden":
            change = Change("remove rule", ("rule", finding.firewall, finding.rule))
            assert connections(changed(model, [change])) == before, finding


def test_assumptions_that_leave_no_world() -> None:
    """The smallest set of assumptions is named."""
    text = (
        "option a\noption b\nassume b\nassume not a or not b\ndomain D { host h listens s }\ndomain E\n"
        "service s = tcp 1\nfirewall F joins D, E { r: allow E -> h : s when a }\ninvariant i: not E can reach h"
    )
    assert findings(model_of(text)) == (Finding("contradicting", "F", 0, (), (0, 1)),)


def test_specs_have_no_odd_rules() -> None:
    """The sample architectures say nothing twice."""
    assert findings(design(SPECS / "biztalk" / "large_distributed.policy").model) == ()
