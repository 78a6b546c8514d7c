"""What joins zones and what is to cross them: firewalls with their rules, links, flows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lark import Token

from policy.core.model import Firewall, Flow, Link, Publish, Rule
from policy.text.conditions import when
from policy.text.hosts import onward
from policy.text.names import Declared, first_line
from policy.text.scope import Scope
from policy.text.services import about
from policy.text.syntax import Node


def firewalls(scope: Scope) -> Mapping[str, Firewall]:
    """Every firewall of the design."""
    found: dict[str, Firewall] = {}
    for firewall in scope.names.each("firewall"):
        here, node, name = scope.within(firewall.source), firewall.node, firewall.name
        joined = _joined(here, node, f"firewall `{name}` joins")
        _labels(here, firewall)
        rules, publishes = tuple(_rules(here, firewall)), tuple(_publishes(here, firewall))
        found[name] = Firewall(name, joined, rules, publishes, _default(here, firewall), about(node))
    return found


def _joined(scope: Scope, node: Node, subject: str) -> tuple[str, ...]:
    """The zones of a list, two at the least."""
    listed = node.nodes("names")[0]
    before = scope.record.trouble
    joined = scope.zones(listed)
    if len(joined) < 2 and scope.record.complete and scope.record.trouble == before:
        scope.fault("E034", f"{subject} fewer than two zones", listed, f"this is `{joined[0]}` alone")
    return joined


def _labels(scope: Scope, firewall: Declared) -> None:
    seen: dict[str, Token] = {}
    for rule in firewall.node.nodes("rule"):
        for label in rule.tokens("NAME"):
            first = seen.setdefault(str(label), label)
            if first is not label:
                notes = (("the first is here", scope.span(first)),)
                message = f"firewall `{firewall.name}` has a second rule `{label}`"
                scope.fault("E035", message, label, "again", "", notes)


def _rules(scope: Scope, firewall: Declared) -> Iterator[Rule]:
    for i, node in enumerate(firewall.node.nodes("rule")):
        scope.record.origins["rule", firewall.name, i] = first_line(scope.source, node)
        source, target = (scope.endpoints(part, firewalls=True) for part in node.nodes("set"))
        label = node.token("NAME")
        yield Rule(
            node.has("ALLOW"),
            source,
            target,
            scope.services(node.nodes("services")[0]),
            _side(scope, node, "from_zones"),
            _side(scope, node, "into_zones"),
            when(scope, node),
            "" if label is None else str(label),
        )


def _side(scope: Scope, rule: Node, kind: str) -> frozenset[str] | None:
    part = rule.node(kind)
    return None if part is None else frozenset(scope.zones(part.nodes("names")[0]))


def _publishes(scope: Scope, firewall: Declared) -> Iterator[Publish]:
    for i, node in enumerate(firewall.node.nodes("publish")):
        scope.record.origins["publish", firewall.name, i] = first_line(scope.source, node)
        heard = scope.services(node.nodes("services")[0])
        source = scope.endpoints(node.nodes("set")[0], firewalls=True)
        targets = scope.things(node.nodes("names")[0], "host", "component", "firewall")
        yield Publish(heard, source, targets, onward(scope, node, heard), when(scope, node))


def _default(scope: Scope, firewall: Declared) -> bool:
    first = scope.only(firewall.node.nodes("default"), f"`default` of `{firewall.name}`")
    span = firewall.span if first is None else first_line(scope.source, first)
    scope.record.origins["default", firewall.name] = span
    return first is not None and first.has("ALLOW")


def links(scope: Scope) -> tuple[Link, ...]:
    """Every link, in order."""
    found = []
    for i, (source, node) in enumerate(scope.names.loose["link"]):
        here = scope.within(source)
        scope.record.origins["link", i] = first_line(source, node)
        joined = _joined(here, node, "this link joins")
        found.append(Link(joined, when(here, node)))
    return tuple(found)


def flows(scope: Scope) -> Mapping[str, Flow]:
    """Every flow of the design."""
    found: dict[str, Flow] = {}
    for flow in scope.names.each("flow"):
        here, node = scope.within(flow.source), flow.node
        source, target = (here.endpoints(part) for part in node.nodes("set"))
        services = here.services(node.nodes("services")[0])
        found[flow.name] = Flow(flow.name, source, target, services, when(here, node), about(node))
    return found
