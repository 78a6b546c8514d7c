"""The changes that a design's invariants are tried on, as a person might make them by mistake or on purpose.

- Each rule of a firewall removed; with any service, any source, any destination; moved first.
- Each firewall bypassed; each publish, relay and link removed; each two zones linked that no link joins.
- Each trust removed and reversed; each trust added that is not declared (none in or of a standalone domain, which has
  no accounts).
- Each assumption removed.
- Each host, with all that is on it, moved into each zone where it does not stand in any world. Its other declarations
  stay as they are, conditions on where it was included.
- Each component moved into each zone where it does not stand in any world: onto the first host there that stands in
  that zone alone, in every world. A component that is alone on its host moves with it, so it is not moved by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from policy.core.model import ALWAYS, Component, Model
from policy.study.changes import (
    Change,
    assumption_removals,
    bypasses,
    link_additions,
    moves,
    other_removals,
    rule_removals,
    rule_widenings,
    trust_changes,
)


def mutants(model: Model) -> tuple[Change, ...]:
    """All of these changes: those of rules by firewall and rule, the others by sort."""
    rules = sorted(chain(rule_removals(model), rule_widenings(model)), key=lambda c: _place(model, c))
    others = chain(
        bypasses(model), other_removals(model), link_additions(model), trust_changes(model), assumption_removals(model)
    )
    placed = (change for change in moves(model) if _elsewhere(model, change))
    return (*rules, *others, *placed)


def _place(model: Model, change: Change) -> tuple[int, int]:
    _, firewall, i = change.key
    return list(model.firewalls).index(str(firewall)), int(str(i))


def _elsewhere(model: Model, change: Change) -> bool:
    """Whether a move is one that is tried."""
    name = str(change.key[1])
    if change.kind == "move host":
        return all(tag.name != change.value for tag in model.hosts[name].zones)
    component = model.components[name]
    return not _alone(model, component) and change.value in set(_hosts_to_move_to(model, component))


def _alone(model: Model, component: Component) -> bool:
    """Whether the component is on one host, and no other component is there."""
    on = {tag.name for tag in component.hosts}
    beside = (other for other in model.components.values() if other.name != component.name)
    return len(on) == 1 and not any(tag.name in on for other in beside for tag in other.hosts)


def _hosts_to_move_to(model: Model, component: Component) -> Iterator[str]:
    here = {zone.name for tag in component.hosts for zone in model.hosts[tag.name].zones}
    for zone in model.zones:
        there = (h.name for h in model.hosts.values() if h.when == ALWAYS and [t.name for t in h.zones] == [zone])
        found = next(there, None)
        if zone not in here and found is not None:
            yield found
