"""Domains, their zones, and whom they trust."""

from __future__ import annotations

from collections.abc import Mapping

from lark import Token

from policy.core.model import Domain, Network, Trust, Zone
from policy.text.claims import whole
from policy.text.conditions import when
from policy.text.names import Declared, first_line
from policy.text.scope import Scope
from policy.text.services import about

FLAGS = ("UNTRUSTED", "STANDALONE", "ISOLATED")


def domains(scope: Scope) -> Mapping[str, Domain]:
    """Every domain of the design."""
    found: dict[str, Domain] = {}
    for domain in scope.names.each("domain"):
        here = scope.within(domain.source)
        flags = _flags(here, domain)
        item = here.only(domain.node.nodes("tier"), f"`tier` of `{domain.name}`")
        tier = None if item is None else whole(here, item.nodes("integer")[0]) or 0
        zones = scope.names.zones[domain.name]
        standalone, untrusted = "STANDALONE" in flags, "UNTRUSTED" in flags
        found[domain.name] = Domain(domain.name, zones, tier, standalone, untrusted, about(domain.node))
    return found


def zones(scope: Scope) -> Mapping[str, Zone]:
    """Every zone of the design, in the order of its domains."""
    found: dict[str, Zone] = {}
    for domain in scope.names.each("domain"):
        outer = frozenset(token.type for flag in domain.node.nodes("flag") for token in flag.tokens(*FLAGS))
        own = scope.names.zones[domain.name]
        for name in own:
            zone = scope.names.of["place"][name]
            if zone.sort not in ("domain", "zone"):
                continue
            here = scope.within(zone.source)
            flags = outer if zone is domain else outer | _flags(here, zone)
            networks = _networks(here, zone)
            set_flags = ("STANDALONE" in flags, "ISOLATED" in flags, "UNTRUSTED" in flags)
            found[name] = Zone(name, domain.name, *set_flags, networks, about(zone.node))
        if own != (domain.name,):
            _no_networks(scope.within(domain.source), domain)
    return found


def _flags(scope: Scope, declared: Declared) -> frozenset[str]:
    seen: dict[str, Token] = {}
    for flag in declared.node.nodes("flag"):
        token = flag.tokens(*FLAGS)[0]
        if token.type in seen:
            notes = (("the first is here", scope.span(seen[token.type])),)
            scope.fault("E035", f"`{token}` is said twice of `{declared.name}`", token, "again", "", notes)
        seen.setdefault(token.type, token)
    return frozenset(seen)


def _networks(scope: Scope, declared: Declared) -> tuple[Network, ...]:
    found: dict[Network, None] = {}
    for item in declared.node.nodes("network"):
        for token in item.tokens("ADDRESS"):
            network = scope.network(token)
            if network in found:
                scope.fault("E033", f"`{token}` is listed twice", token, "again")
            elif network is None:
                scope.record.addresses_known = False
            else:
                found[network] = None
                scope.record.origins["network", declared.name, network] = scope.span(token)
    return tuple(found)


def _no_networks(scope: Scope, domain: Declared) -> None:
    for item in domain.node.nodes("network")[:1]:
        listed = ", ".join(f"`{zone}`" for zone in scope.names.zones[domain.name][:8])
        message = f"domain `{domain.name}` has zones, so its networks belong to them"
        scope.fault("E026", message, item, "not here", f"say `network` in {listed}")
        scope.record.addresses_known = False


def trusts(scope: Scope) -> tuple[Trust, ...]:
    """Every trust, in the order of the domains that trust."""
    found: list[Trust] = []
    for domain in scope.names.each("domain"):
        here = scope.within(domain.source)
        for clause in domain.node.nodes("trusts"):
            for node in clause.nodes("trust"):
                trusted = here.things(node, "domain")
                held = when(here, node)
                if trusted:
                    scope.record.origins["trust", len(found)] = first_line(domain.source, node)
                    found.append(Trust(domain.name, trusted[0].name, node.has("TRANSITIVELY"), held))
    return tuple(found)
