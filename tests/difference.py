"""What two designs declare differently: the tests hold a flawed twin, or a solution, to the change that it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from policy.core.model import Model

Difference = tuple[str, ...]


def differences(one: Model, other: Model) -> Iterator[Difference]:
    """What two designs declare differently, each as finely as a person writes it; descriptions do not count."""
    yield from (("firewalls", name) for name in sorted({*one.firewalls} ^ {*other.firewalls}))
    for firewall in [name for name in one.firewalls if name in other.firewalls]:
        mine, theirs = one.firewalls[firewall], other.firewalls[firewall]
        yield from (("joins", firewall, zone) for zone in sorted({*mine.zones} ^ {*theirs.zones}))
        yield from {("rule", firewall, rule.label): None for rule in {*mine.rules} ^ {*theirs.rules}}
        if [r for r in mine.rules if r in theirs.rules] != [r for r in theirs.rules if r in mine.rules]:
            yield ("order of rules", firewall)
        if mine.publishes != theirs.publishes or mine.default_allow != theirs.default_allow:
            yield ("publish", firewall)
    yield from (("trust", t.truster, t.trusted) for t in {*one.trusts} ^ {*other.trusts})
    for part in ("options", "services", "kinds", "domains", "zones", "hosts", "components", "flows"):
        mine_all, their_all = bare(getattr(one, part)), bare(getattr(other, part))
        names = dict.fromkeys([*mine_all, *their_all])
        yield from ((part, name) for name in names if mine_all.get(name) != their_all.get(name))
    for whole in ("assumptions", "links"):
        if getattr(one, whole) != getattr(other, whole):
            yield (whole,)


def bare(parts: Mapping[str, Any]) -> dict[str, Any]:
    """The declarations without their descriptions."""
    return {name: replace(part, about="") if hasattr(part, "about") else part for name, part in parts.items()}
