"""Many changes of a design in one model: each may happen or not, as an option says (as products of a product line are
checked in one run: Classen et al., ICSE 2010).

Defines `Item`, a thing of the design with the changes that are tried on it, `items`, which lists them, and `lifted`, a
model with an option for every item: its first value leaves the thing as it is, each other one makes one of the changes.
With every option decided the model means the same as `policy.study.changes.changed` makes of it; with some left open it
stands for all of these designs at once, so that what holds there holds after each of the changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Literal, TypeVar

from policy.core.groups import both
from policy.core.model import (
    Claim,
    Firewall,
    Is,
    Link,
    Model,
    Option,
    Or,
    Rule,
    Tagged,
    Trust,
)
from policy.report.outcome import Key
from policy.study.changes import (
    Change,
    assumption_removals,
    bypasses,
    changed,
    link_additions,
    moves,
    other_removals,
    rule_removals,
    rule_widenings,
    trust_changes,
)

Role = Literal["needed", "narrow", "placed", "assumed", "works", "absent", "one way"]
AS_IS = "as is"
T = TypeVar("T")
ADDED = ("add link", "add trust")


@dataclass(frozen=True, slots=True)
class Item:
    """Something of the design that may matter, and the changes of it, in order. `role` says in what way: it is there
    ("needed"), it speaks of no more than it does and where it does ("narrow"), it stands where it stands ("placed"), it
    is assumed, it works (a firewall), it is not there ("absent"), it is not the other way round ("one way")."""

    role: Role
    key: Key
    changes: tuple[Change, ...]


def items(model: Model) -> tuple[Item, ...]:
    """All things of the design with all changes that might make an invariant fail, in a fixed order."""
    sorts: tuple[tuple[Role, Iterable[Change]], ...] = (
        ("works", bypasses(model)),
        ("needed", (*rule_removals(model), *other_removals(model))),
        ("narrow", rule_widenings(model)),
        ("assumed", assumption_removals(model)),
        ("one way", (c for c in trust_changes(model) if c.kind == "reverse trust")),
        ("absent", (c for c in (*trust_changes(model), *link_additions(model)) if c.kind in ADDED)),
        ("placed", moves(model)),
    )
    return tuple(item for role, found in sorts for item in _items(role, found))


def _items(role: Role, found: Iterable[Change]) -> Iterator[Item]:
    for key, some in groupby(found, lambda change: change.key):
        yield Item(role, key, tuple(some))


# ---------------------------------------------------------------- the model of all of them


def happens(item: int, change: int) -> Is:
    """The condition under which the change of the item is made."""
    return Is(_option(item), str(change))


def untouched(item: int) -> tuple[str, str]:
    """The literal by which the item is as it is."""
    return _option(item), AS_IS


def chosen(item: int, change: int) -> tuple[str, str]:
    """The literal by which the change of the item is made."""
    return _option(item), str(change)


def _option(item: int) -> str:
    return f"item {item}"  # no name of a design has a space


Guarded = Sequence[tuple[Change, Is]]


def lifted(model: Model, found: Sequence[Item]) -> Model:
    """The model in which options make the changes of the items; bypasses are not for it."""
    options = {
        _option(i): Option(_option(i), (AS_IS, *(str(j) for j in range(len(item.changes)))))
        for i, item in enumerate(found)
    }
    by_key: dict[Key, list[tuple[Change, Is]]] = {}
    for i, item in enumerate(found):
        by_key.setdefault(item.key, []).extend((change, happens(i, j)) for j, change in enumerate(item.changes))
    model = replace(model, options={**model.options, **options})
    model = replace(model, firewalls={f.name: _firewall(model, f, by_key) for f in model.firewalls.values()})
    model = replace(model, links=tuple(_links(model, by_key)), trusts=tuple(_trusts(model, by_key)))
    assumptions = tuple(_assumption(c, by_key.get(("assume", i), ())) for i, c in enumerate(model.assumptions))
    return replace(
        model,
        assumptions=assumptions,
        hosts={name: _machine("host", "zones", host, by_key) for name, host in model.hosts.items()},
        components={name: _machine("component", "hosts", c, by_key) for name, c in model.components.items()},
    )


def _unless(when: Claim, guarded: Iterable[tuple[Change, Is]]) -> Claim:
    """The condition, as long as the items of these changes (all that they have) are as they are."""
    return both(when, *(Is(option, AS_IS) for option in dict.fromkeys(guard.option for _, guard in guarded)))


def _firewall(model: Model, firewall: Firewall, by_key: Mapping[Key, Guarded]) -> Firewall:
    """A rule that is widened stands as a copy before itself, one that is moved first as a copy before all."""
    first: list[Rule] = []
    rules: list[Rule] = []
    for i, rule in enumerate(firewall.rules):
        guarded = by_key.get(("rule", firewall.name, i), ())
        for change, guard in guarded:
            if change.kind != "remove rule":
                other = changed(model, [change]).firewalls[firewall.name].rules[0 if change.kind == "move first" else i]
                copy = replace(other, when=both(rule.when, guard))
                (first if change.kind == "move first" else rules).append(copy)
        rules.append(replace(rule, when=_unless(rule.when, (g for g in guarded if g[0].kind == "remove rule"))))
    publishes = tuple(
        replace(publish, when=_unless(publish.when, by_key.get(("publish", firewall.name, i), ())))
        for i, publish in enumerate(firewall.publishes)
    )
    return replace(firewall, rules=(*first, *rules), publishes=publishes)


def _links(model: Model, by_key: Mapping[Key, Guarded]) -> Iterator[Link]:
    for i, link in enumerate(model.links):
        yield replace(link, when=_unless(link.when, by_key.get(("link", i), ())))
    for guarded in by_key.values():
        for change, guard in guarded:
            if change.kind == "add link":
                yield Link((str(change.key[1]), str(change.key[2])), guard)


def _trusts(model: Model, by_key: Mapping[Key, Guarded]) -> Iterator[Trust]:
    for i, trust in enumerate(model.trusts):
        yield replace(trust, when=_unless(trust.when, by_key.get(("trust", i), ())))
    for guarded in by_key.values():
        for change, guard in guarded:
            if change.kind == "add trust":
                yield Trust(str(change.key[1]), str(change.key[2]), when=guard)
            elif change.kind == "reverse trust":
                old = model.trusts[int(str(change.key[1]))]
                yield replace(old, truster=old.trusted, trusted=old.truster, when=both(old.when, guard))


def _assumption(assumption: Claim, guarded: Guarded) -> Claim:
    return Or((assumption, *(guard for _, guard in guarded))) if guarded else assumption


def _machine(sort: str, places: str, thing: T, by_key: Mapping[Key, Guarded]) -> T:
    """A host or component with the places that it may move to, and relays that may be gone."""
    here: Any = thing
    relays = tuple(
        replace(relay, when=_unless(relay.when, by_key.get(("relay", sort, here.name, i), ())))
        for i, relay in enumerate(here.relays)
    )
    guarded = by_key.get((sort, here.name), ())
    stays = tuple(replace(tag, when=_unless(tag.when, guarded)) for tag in getattr(here, places))
    goes = tuple(Tagged(change.value, guard) for change, guard in guarded)
    moved: T = replace(here, relays=relays, **{places: (*stays, *goes)})
    return moved
