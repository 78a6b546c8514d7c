"""A model in which an attacker has fewer accounts, or more."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from policy.core.model import Component, Domain, Host, Model, Named, Tagged, Threat, Zone

THIEF, NOWHERE = "<thief>", "<nowhere>"  # names that no design can declare


def taking_only(model: Model, domains: Collection[str]) -> Model:
    """The model in which nothing but accounts of these domains can be had."""

    def left(things: Host | Component) -> tuple[Tagged, ...]:
        return tuple(tag for tag in things.accounts if tag.name in domains)

    return replace(
        model,
        zones={z.name: z if z.domain in domains else replace(z, standalone=True) for z in model.zones.values()},
        hosts={host.name: replace(host, accounts=left(host)) for host in model.hosts.values()},
        components={c.name: replace(c, accounts=left(c)) for c in model.components.values()},
    )


def with_thief(model: Model, domains: Collection[str]) -> Model:
    """The model with a host that has an account of each of these domains, in a zone of its own that nothing joins."""
    place = Zone(NOWHERE, NOWHERE, standalone=True)
    thief = Host(THIEF, (Tagged(NOWHERE),), accounts=tuple(Tagged(name) for name in domains))
    return replace(
        model,
        domains={**model.domains, NOWHERE: Domain(NOWHERE, (NOWHERE,), standalone=True)},
        zones={**model.zones, NOWHERE: place},
        hosts={**model.hosts, THIEF: thief},
    )


STOLEN = Threat((Named("host", THIEF),), "compromised")  # an attacker may have the accounts of the thief from the start
