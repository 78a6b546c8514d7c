"""Edits of a model, made in the text of the design.

`rewritten` makes them one after the other, and in such an order that the numbers of what comes later still hold. What
comes out is read like any text; `written` says whether it means what the edits were to make of the model.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from policy.core.model import NEVER, Claim, Component, Host, Is, Model, Not
from policy.report.words import Words
from policy.study.changes import Change, changed
from policy.text.load import Loaded
from policy.text.rewrite import Patch, Rewriter, patched

Item = TypeVar("Item", Host, Component)


def rewritten(loaded: Loaded, model: Model, edits: Iterable[Change]) -> Loaded:
    """The design after the edits; it has faults where they cannot be written."""
    for edit in sorted(edits, key=lambda edit: (edit.kind == "add trust", -_number(edit))):
        if loaded.faults:
            break
        loaded = patched(loaded, _patches(Rewriter(loaded), model, edit))
    return loaded


def _number(edit: Change) -> int:
    last = edit.key[-1]
    return last if isinstance(last, int) else -1


def _patches(text: Rewriter, model: Model, edit: Change) -> list[Patch]:
    match edit.kind, edit.key:
        case "remove rule", (_, str(firewall), int(i)):
            return text.without_rule(firewall, i)
        case "remove publish", (_, str(firewall), int(i)):
            return text.without_publish(firewall, i)
        case "remove relay", (_, _, str(owner), int(i)):
            return text.without_relay(owner, i)
        case "remove link", (_, int(i)):
            return text.without_link(i)
        case "remove trust", (_, int(i)):
            return text.without_trust(i)
        case "close default", (_, str(firewall)):
            return text.denying(firewall)
        case "leave zone", (_, str(firewall)):
            return text.leaving(firewall, edit.value, {zone: Words(model).place(zone) for zone in model.zones})
        case "add trust", (_, str(truster), str(trusted)):
            return text.trusting(truster, Words(model).place(trusted))
        case ("move host" | "move component"), (_, str(name)):
            return text.moving(name, Words(model).place(edit.value))
        case "fix option", (_, str(name)):
            return _fixing(text, model, name, edit.value)
        case _, (_, str(firewall), int(i)):
            return _narrowing(text, model, edit, firewall, i)
    raise ValueError(f"not an edit: {edit}")


def _narrowing(text: Rewriter, model: Model, edit: Change, firewall: str, i: int) -> list[Patch]:
    words, target = Words(model), edit.kind.endswith("target")
    match edit.kind:
        case "narrow services":
            return text.without_service(firewall, i, edit.value)
        case "narrow source" | "narrow target":
            return text.without_term(firewall, i, target, int(edit.value))
        case "except source" | "except target":
            return text.excepting(firewall, i, target, words.place(edit.value))
        case "fit flow":
            flow, rule = model.flows[edit.value], model.firewalls[firewall].rules[i]
            start = "" if flow.source == rule.source else words.endpoints(flow.source)
            end = "" if flow.target == rule.target else words.endpoints(flow.target)
            return text.saying(firewall, i, (start, end, ", ".join(flow.services)))
    raise ValueError(f"not an edit: {edit}")


def _fixing(text: Rewriter, model: Model, name: str, value: str) -> list[Patch]:
    option, words = model.options[name], Words(model)
    if option.origin == "count":
        return text.counting(name.removesuffix(" count"), value)
    if option.origin == "placement":
        short = words.place(name)
        called = name if short in model.options else short  # an option of that name would be meant
        return text.assuming(name, f"{called} = {words.place(value)}")
    if option.values == ("true", "false"):
        return text.assuming(name, name if value == "true" else f"not {name}")
    return text.assuming(name, f"{name} = {value}")


# ---------------------------------------------------------------- what the text means


def written(read: Model, model: Model, edits: Iterable[Change]) -> bool:
    """Whether a model that was read is the other one after the edits."""
    return _plain(read) == _plain(changed(model, edits))


def _plain(model: Model) -> Model:
    """Without what never is, and with what has no order in a fixed one."""
    return replace(
        model,
        assumptions=tuple(sorted((_positive(claim) for claim in model.assumptions), key=repr)),
        hosts={name: _without_relays(host) for name, host in model.hosts.items()},
        components={name: _without_relays(component) for name, component in model.components.items()},
        firewalls={
            name: replace(
                firewall,
                rules=tuple(rule for rule in firewall.rules if rule.when != NEVER),
                publishes=tuple(publish for publish in firewall.publishes if publish.when != NEVER),
            )
            for name, firewall in model.firewalls.items()
        },
        links=tuple(link for link in model.links if link.when != NEVER),
        trusts=tuple(sorted((trust for trust in model.trusts if trust.when != NEVER), key=repr)),
    )


def _positive(claim: Claim) -> Claim:
    """An option that is not true is false."""
    match claim:
        case Not(Is(option, "true")):
            return Is(option, "false")
    return claim


def _without_relays(thing: Item) -> Item:
    """The order of what it listens to does not matter."""
    listens = tuple(sorted(thing.listens, key=repr))
    return replace(thing, relays=tuple(relay for relay in thing.relays if relay.when != NEVER), listens=listens)
