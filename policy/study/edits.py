"""The edits that a repair may be made of, in the order of the text.

Each changes one thing: a rule is removed or narrowed; a publish, relay, link or trust is removed; a firewall leaves a
zone or denies by default; an option is fixed; a host or component is moved; a domain trusts another. What cannot be
written in the text without changing more is no edit: things that options place are not moved (fixing the option places
them), nor are hosts with an address. Nothing is moved to where attackers start.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy.core.groups import bits, membership
from policy.core.layout import Layout
from policy.core.model import ALWAYS, Anything, Endpoints, Flow, Model, Named, Rule, Tagged, Term
from policy.report.outcome import Key
from policy.study.changes import (
    Change,
    Kind,
    moves,
    option_fixes,
    other_removals,
    rule_narrowings,
    rule_removals,
    trust_changes,
)
from policy.study.design import Design

# what stands at one place of the text: removals first
ORDER: tuple[Kind, ...] = (
    "remove rule", "remove publish", "remove relay", "remove link", "remove trust", "close default", "fit flow",
    "narrow services", "narrow source", "narrow target", "except source", "except target", "leave zone", "fix option",
    "move host", "move component", "add trust",
)  # fmt: skip
REMOVALS = frozenset(kind for kind in ORDER if kind.startswith("remove"))
Rules = tuple[tuple[Key, Rule], ...]


def edits(design: Design) -> tuple[Change, ...]:
    """All of them. Those with the same key exclude each other."""
    model, layout = design.model, design.layout
    found = [
        *rule_removals(model),
        *rule_narrowings(model),
        *_exceptions(model, layout),
        *_fits(model, layout),
        *other_removals(model),
        *_firewalls(model),
        *(fix for fix in option_fixes(model) if len(model.options[str(fix.key[1])].values) > 1),
        *(move for move in moves(model) if _movable(model, move)),
        *(change for change in trust_changes(model) if change.kind == "add trust"),
    ]
    files = {name: i for i, name in enumerate(design.sources)}

    def place(change: Change) -> tuple[int, int, int, int]:
        span = design.origins[where(change)]
        return files[span.file], span.line, span.column, ORDER.index(change.kind)

    return tuple(sorted(found, key=place))


def where(change: Change) -> Key:
    """The key among the origins of the place in the text where the edit is made."""
    return ("domain", change.key[1]) if change.kind == "add trust" else change.key


def _rules(model: Model) -> Rules:
    return tuple((("rule", f.name, i), rule) for f in model.firewalls.values() for i, rule in enumerate(f.rules))


def _firewalls(model: Model) -> Iterator[Change]:
    """Each that allows by default denies; each that joins more than two zones leaves one."""
    for firewall in model.firewalls.values():
        if firewall.default_allow:
            yield Change("close default", ("default", firewall.name))
        if len(firewall.zones) > 2:
            yield from (Change("leave zone", ("firewall", firewall.name), zone) for zone in firewall.zones)


# ---------------------------------------------------------------- rules that say less


def _exceptions(model: Model, layout: Layout) -> Iterator[Change]:
    """Each rule that allows, without one domain, zone or host of those that its source (destination) holds among
    others; where two leave the same out, the larger one."""
    for key, rule in _rules(model):
        parts: tuple[tuple[Kind, Endpoints], ...] = (("except source", rule.source), ("except target", rule.target))
        for kind, part in parts if rule.allow else ():
            seen = {0, layout.group(part).widest, *(layout.group(Endpoints((term,))).widest for term in part.terms)}
            for place in _places(model):
                held = layout.group(part).widest & layout.group(Endpoints((place,))).widest
                if held not in seen:
                    seen.add(held)
                    yield Change(kind, key, place.name)


def _places(model: Model) -> Iterator[Named]:
    yield from (Named("domain", name) for name in model.domains)
    yield from (Named("zone", name) for name in model.zones if name not in model.domains)
    yield from (Named("host", name) for name in model.hosts)


def _fits(model: Model, layout: Layout) -> Iterator[Change]:
    """Each rule that allows all that a flow needs, and more, allows no more than that."""
    for key, rule in _rules(model):
        seen = {(rule.source, rule.target, rule.services)}
        for flow in model.flows.values() if rule.allow else ():
            needs = flow.source, flow.target, flow.services
            if needs not in seen and _covers(layout, rule, flow):
                seen.add(needs)
                yield Change("fit flow", key, flow.name)


def _covers(layout: Layout, rule: Rule, flow: Flow) -> bool:
    terms: tuple[Term, ...] = (*flow.source.terms, *flow.source.minus, *flow.target.terms, *flow.target.minus)
    if any(isinstance(term, Anything) for term in terms):  # in a rule it would mean firewalls, too
        return False
    fewer = not layout.heard(flow.services)[0] & ~layout.heard(rule.services)[0]
    return fewer and _within(layout, flow.source, rule.source) and _within(layout, flow.target, rule.target)


def _within(layout: Layout, inner: Endpoints, outer: Endpoints) -> bool:
    """Whether it is plain that the one set is a part of the other."""
    a, b = layout.group(inner), layout.group(outer)
    return all(membership(b, i) in (ALWAYS, membership(a, i)) for i in bits(a.widest))


# ---------------------------------------------------------------- moves


def _movable(model: Model, move: Change) -> bool:
    name = str(move.key[1])
    if move.kind == "move component":
        return _settled(model.components[name].hosts) and len(model.components[name].hosts) == 1
    host = model.hosts[name]
    return _settled(host.zones) and host.address is None and not model.zones[move.value].untrusted


def _settled(tags: tuple[Tagged, ...]) -> bool:
    return all(tag.when == ALWAYS for tag in tags)
