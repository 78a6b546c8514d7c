"""Changes that one may make to a design: small values that name what changes, and the model that is left.

Defines `Change`, the generators of changes of each sort, and `changed`, which applies them. Places in lists stay as
they are: what is taken away stays with the condition NEVER, so that the keys of `policy.text.resolve.Resolved.origins`
hold for the changed model, too. (Only "move first" renumbers the rules of its firewall.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from policy.core.model import (
    ALWAYS,
    ANY_SERVICE,
    NEVER,
    Anything,
    Endpoints,
    Firewall,
    Is,
    Link,
    Model,
    Named,
    Rule,
    Sort,
    Tagged,
    Threat,
    Trust,
)
from policy.report.outcome import Key
from policy.report.words import Words

Kind = Literal[
    "remove rule", "widen services", "widen source", "widen target", "move first",
    "narrow services", "narrow source", "narrow target", "except source", "except target", "fit flow",
    "close default", "leave zone", "remove publish", "remove relay", "remove link", "remove trust",
    "reverse trust", "add trust", "add link", "bypass firewall", "move host", "move component", "fix option",
    "remove assumption",
]  # fmt: skip
T = TypeVar("T")
ANYBODY = Endpoints((Anything(firewalls=True),))


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One change. `key` names what changes as `origins` does: ("rule", firewall, i), ("publish", firewall, i),
    ("relay", "host" | "component", name, i), ("link", i), ("trust", i), ("assume", i), ("firewall", name), ("default",
    firewall), ("host", name), ("component", name), ("option", name); for what is added ("link", zone, zone) or
    ("trust", truster, trusted). `value` says to what: the zone or host to move to, the value of an option, the zone
    that a firewall leaves, the name of what is left out when a rule is narrowed (a service, a term of its source or
    target by place, or a place that is excepted), the flow that a rule is narrowed to."""

    kind: Kind
    key: Key
    value: str = ""


# ---------------------------------------------------------------- which changes there are


def rule_removals(model: Model) -> Iterator[Change]:
    """Each rule taken away."""
    return (Change("remove rule", key) for key, _ in _rules(model))


def rule_widenings(model: Model) -> Iterator[Change]:
    """Each rule with any service, any source, any target, where it has not; each but the first moved first."""
    for key, rule in _rules(model):
        if rule.services != (ANY_SERVICE,):
            yield Change("widen services", key)
        if rule.source != ANYBODY:
            yield Change("widen source", key)
        if rule.target != ANYBODY:
            yield Change("widen target", key)
        if key[2] != 0:
            yield Change("move first", key)


def rule_narrowings(model: Model) -> Iterator[Change]:
    """Each rule that allows several services, sources or targets without one of them."""
    for key, rule in _rules(model):
        parts: tuple[tuple[Kind, Iterable[object]], ...] = (
            ("narrow services", rule.services),
            ("narrow source", range(len(rule.source.terms))),
            ("narrow target", range(len(rule.target.terms))),
        )
        for kind, terms in parts:
            some = [str(term) for term in terms]
            if len(some) > 1:
                yield from (Change(kind, key, term) for term in some)


def other_removals(model: Model) -> Iterator[Change]:
    """Each publish, relay, link and trust taken away."""
    for firewall in model.firewalls.values():
        yield from (Change("remove publish", ("publish", firewall.name, i)) for i in range(len(firewall.publishes)))
    for host in model.hosts.values():
        yield from (Change("remove relay", ("relay", "host", host.name, i)) for i in range(len(host.relays)))
    for component in model.components.values():
        key = ("relay", "component", component.name)
        yield from (Change("remove relay", (*key, i)) for i in range(len(component.relays)))
    yield from (Change("remove link", ("link", i)) for i in range(len(model.links)))
    yield from (Change("remove trust", ("trust", i)) for i in range(len(model.trusts)))


def assumption_removals(model: Model) -> Iterator[Change]:
    """Each assumption taken away."""
    return (Change("remove assumption", ("assume", i)) for i in range(len(model.assumptions)))


def trust_changes(model: Model) -> Iterator[Change]:
    """Each trust reversed, and each trust added that is not declared."""
    declared = {(trust.truster, trust.trusted) for trust in model.trusts}
    for i, trust in enumerate(model.trusts):
        if (trust.trusted, trust.truster) not in declared:
            yield Change("reverse trust", ("trust", i))
    for a in model.domains.values():
        for b in model.domains.values():
            if a != b and (a.name, b.name) not in declared and not (a.standalone or b.standalone):
                yield Change("add trust", ("trust", a.name, b.name))


def link_additions(model: Model) -> Iterator[Change]:
    """Each two zones joined directly that no link joins."""
    joined = {frozenset((a, b)) for link in model.links for a in link.zones for b in link.zones}
    zones = list(model.zones)
    for i, a in enumerate(zones):
        yield from (Change("add link", ("link", a, b)) for b in zones[i + 1 :] if frozenset((a, b)) not in joined)


def bypasses(model: Model) -> Iterator[Change]:
    """Each firewall bypassed."""
    return (Change("bypass firewall", ("firewall", name)) for name in model.firewalls)


def moves(model: Model) -> Iterator[Change]:
    """Each host into each zone that it is not in already in all worlds, with all that is on it; each component onto
    each other host."""
    for host in model.hosts.values():
        here = {tag.name for tag in host.zones if tag.when == ALWAYS}
        yield from (Change("move host", ("host", host.name), zone) for zone in model.zones if {zone} != here)
    for component in model.components.values():
        on = {tag.name for tag in component.hosts if tag.when == ALWAYS}
        key = ("component", component.name)
        yield from (Change("move component", key, host) for host in model.hosts if {host} != on)


def option_fixes(model: Model) -> Iterator[Change]:
    """Each option with each of its values."""
    for option in model.options.values():
        yield from (Change("fix option", ("option", option.name), value) for value in option.values)


def _rules(model: Model) -> Iterator[tuple[tuple[str, str, int], Rule]]:
    for firewall in model.firewalls.values():
        yield from ((("rule", firewall.name, i), rule) for i, rule in enumerate(firewall.rules))


# ---------------------------------------------------------------- what they make of the model


def changed(model: Model, changes: Iterable[Change]) -> Model:
    """The model after all of the changes, one after the other."""
    for change in changes:
        model = _changed(model, change)
    return model


def _changed(model: Model, change: Change) -> Model:
    match change.kind, change.key:
        case "add link", (_, str(a), str(b)):
            return replace(model, links=(*model.links, Link((a, b))))
        case "add trust", (_, str(a), str(b)):
            return replace(model, trusts=(*model.trusts, Trust(a, b)))
        case "remove link", (_, int(i)):
            return replace(model, links=_at(model.links, i, replace(model.links[i], when=NEVER)))
        case "remove trust", (_, int(i)):
            return replace(model, trusts=_at(model.trusts, i, replace(model.trusts[i], when=NEVER)))
        case "reverse trust", (_, int(i)):
            old = model.trusts[i]
            new = replace(old, truster=old.trusted, trusted=old.truster)
            return replace(model, trusts=_at(model.trusts, i, new))
        case "remove assumption", (_, int(i)):
            return replace(model, assumptions=_at(model.assumptions, i, ALWAYS))
        case "fix option", (_, str(name)):
            return _fixed(model, name, change.value)
        case "close default", (_, str(name)):
            denying = replace(model.firewalls[name], default_allow=False)
            return replace(model, firewalls=_with(model.firewalls, name, denying))
        case "leave zone", (_, str(name)):
            zones = tuple(zone for zone in model.firewalls[name].zones if zone != change.value)
            return replace(model, firewalls=_with(model.firewalls, name, replace(model.firewalls[name], zones=zones)))
        case "bypass firewall", (_, str(name)):
            return _bypassed(model, name)
        case "move host", (_, str(name)):
            host = replace(model.hosts[name], zones=(Tagged(change.value),))
            return replace(model, hosts=_with(model.hosts, name, host))
        case "move component", (_, str(name)):
            component = replace(model.components[name], hosts=(Tagged(change.value),))
            return replace(model, components=_with(model.components, name, component))
        case "remove relay", (_, sort, str(name), int(i)):
            things: Mapping[str, Any] = model.hosts if sort == "host" else model.components
            relays = _at(things[name].relays, i, replace(things[name].relays[i], when=NEVER))
            left = _with(things, name, replace(things[name], relays=relays))
            return replace(model, hosts=left) if sort == "host" else replace(model, components=left)
        case _, (_, str(name), int(i)):
            return replace(model, firewalls=_with(model.firewalls, name, _firewall(model, name, i, change)))
    raise ValueError(f"not a change: {change}")


def _fixed(model: Model, name: str, value: str) -> Model:
    """The option has the value. No condition can speak of the replicas of a host: there, no other value is left."""
    option = model.options[name]
    if option.origin == "count":
        return replace(model, options=_with(model.options, name, replace(option, values=(value,))))
    return replace(model, assumptions=(*model.assumptions, Is(name, value)))


def _bypassed(model: Model, name: str) -> Model:
    """The firewall may be bypassed, for every invariant."""
    threat = Threat((Named("firewall", name),), "bypassed")
    invariants = {i.name: replace(i, threats=(*i.threats, threat)) for i in model.invariants.values()}
    return replace(model, invariants=invariants)


def _firewall(model: Model, name: str, i: int, change: Change) -> Firewall:
    firewall = model.firewalls[name]
    if change.kind == "remove publish":
        publishes = _at(firewall.publishes, i, replace(firewall.publishes[i], when=NEVER))
        return replace(firewall, publishes=publishes)
    rules = firewall.rules
    if change.kind == "move first":
        return replace(firewall, rules=(rules[i], *rules[:i], *rules[i + 1 :]))
    return replace(firewall, rules=_at(rules, i, _rule(model, rules[i], change)))


def _rule(model: Model, rule: Rule, change: Change) -> Rule:
    match change.kind:
        case "remove rule":
            return replace(rule, when=NEVER)
        case "widen services":
            return replace(rule, services=(ANY_SERVICE,))
        case "widen source":
            return replace(rule, source=ANYBODY)
        case "widen target":
            return replace(rule, target=ANYBODY)
        case "narrow services":
            return replace(rule, services=tuple(name for name in rule.services if name != change.value))
        case "narrow source":
            return replace(rule, source=_without(rule.source, int(change.value)))
        case "narrow target":
            return replace(rule, target=_without(rule.target, int(change.value)))
        case "except source":
            return replace(rule, source=_excepting(model, rule.source, change.value))
        case "except target":
            return replace(rule, target=_excepting(model, rule.target, change.value))
        case "fit flow":
            flow = model.flows[change.value]
            return replace(rule, source=flow.source, target=flow.target, services=flow.services)
    raise ValueError(f"not a change of a rule: {change}")


def _without(endpoints: Endpoints, i: int) -> Endpoints:
    return replace(endpoints, terms=endpoints.terms[:i] + endpoints.terms[i + 1 :])


def _excepting(model: Model, endpoints: Endpoints, place: str) -> Endpoints:
    sort: Sort = "domain" if place in model.domains else "zone" if place in model.zones else "host"
    return replace(endpoints, minus=(*endpoints.minus, Named(sort, place)))


def _at(items: tuple[T, ...], i: int, item: T) -> tuple[T, ...]:
    return (*items[:i], item, *items[i + 1 :])


def _with(things: Mapping[str, T], name: str, thing: T) -> dict[str, T]:
    return {**things, name: thing}


# ---------------------------------------------------------------- in words


def words(model: Model, change: Change) -> str:
    """What is done to what, as a phrase: "remove rule `store` of FW1"."""
    called, key = Words(model), change.key
    match change.kind:
        case "add link":
            return f"link {called.place(str(key[1]))}, {called.place(str(key[2]))}"
        case "add trust":
            return f"let {called.place(str(key[1]))} trust {called.place(str(key[2]))}"
        case "bypass firewall":
            return f"bypass {key[1]}"
        case "move host":
            return f"move {called.place(str(key[1]))} to {called.place(change.value)}"
        case "move component":
            return f"move {called.place(str(key[1]))} onto {called.place(change.value)}"
        case "fix option":
            return f"assume {called.choice(str(key[1]), change.value)}"
        case "leave zone":
            return f"take {called.place(change.value)} out of what {key[1]} joins"
    return _PHRASES[change.kind].format(thing=thing(model, change), value=_left_out(model, change))


_PHRASES: Mapping[Kind, str] = {
    "remove rule": "remove {thing}", "remove publish": "remove {thing}", "remove relay": "remove {thing}",
    "remove link": "remove {thing}", "remove trust": "remove {thing}", "remove assumption": "remove {thing}",
    "reverse trust": "reverse {thing}", "move first": "move {thing} first",
    "widen services": "let {thing} speak of any service", "widen source": "let {thing} speak of any source",
    "widen target": "let {thing} speak of any destination", "narrow services": "take {value} out of {thing}",
    "narrow source": "take {value} out of the source of {thing}",
    "narrow target": "take {value} out of the destination of {thing}",
    "except source": "except {value} from the source of {thing}",
    "except target": "except {value} from the destination of {thing}",
    "fit flow": "let {thing} speak of no more than flow `{value}`", "close default": "let {thing} deny by default",
}  # fmt: skip


def thing(model: Model, change: Change) -> str:
    """What changes, as a phrase: "rule `store` of FW1"."""
    called: Any = Words(model)
    match change.key:
        case "rule", str(name), int(i):
            label = model.firewalls[name].rules[i].label
            return f"rule `{label}` of {name}" if label else f"rule {i + 1} of {name}"
        case "publish", str(name), int(i):
            several = len(model.firewalls[name].publishes) > 1
            return f"publish {i + 1} of {name}" if several else f"the publish of {name}"
        case "relay", sort, str(name), int(i):
            owners: Mapping[str, Any] = model.hosts if sort == "host" else model.components
            relays = owners[name].relays
            which = f"relay {i + 1}" if len(relays) > 1 else "the relay"
            return f"{which} of {called.place(name)}"
        case "link", int(i):
            return f"the link of {', '.join(called.place(zone) for zone in model.links[i].zones)}"
        case "trust", int(i):
            trust = model.trusts[i]
            return f"the trust of {called.place(trust.truster)} in {called.place(trust.trusted)}"
        case "assume", int(i):
            return f"the assumption `{called.condition(model.assumptions[i])}`"
        case _, str(name), *_:
            return str(called.place(name))
    raise ValueError(f"not a change: {change}")


def _left_out(model: Model, change: Change) -> str:
    if change.kind in ("except source", "except target"):
        return Words(model).place(change.value)
    if change.kind not in ("narrow source", "narrow target"):
        return change.value
    _, name, i = change.key
    rule = model.firewalls[str(name)].rules[int(str(i))]
    terms = (rule.source if change.kind == "narrow source" else rule.target).terms
    return Words(model).endpoints(Endpoints((terms[int(change.value)],)))
