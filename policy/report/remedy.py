"""What a violation may hang on: each rule, publish, link or trust that its path uses, and the design without it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from policy.core.evidence import Fact, Witness
from policy.core.model import Accepts, Firewall, Model, PathClaim, Trusts
from policy.report.outcome import Key, Origins
from policy.report.words import Words


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing taken away: what it is in words, its key among the origins, and the model that is left."""

    words: str
    key: Key
    model: Model

    def sentence(self, origins: Origins, what: str = "the invariant") -> str:
        """What taking it away would do to what is asked about."""
        span = origins.get(self.key)
        return f"without {self.words}{f' ({span.file}:{span.line})' if span else ''} {what} is proved"


def remedies(model: Model, witness: Witness) -> Iterator[Remedy]:
    """Each distinct thing that the path of the witness uses, in the order of the path; trusts that an attack may rest
    on come last."""
    seen: set[Key] = set()
    for remedy in (*_on_the_path(model, witness), *_trusts(model, witness)):
        if remedy.key not in seen:
            seen.add(remedy.key)
            yield remedy


def _on_the_path(model: Model, witness: Witness) -> Iterator[Remedy]:
    for step in witness.steps:
        if step.relay is not None and step.relay[0] == "firewall":
            yield _without_publish(model, step.relay[1], step.relay[2])
        for crossing in step.chain:
            if crossing.link is not None:
                yield _without_link(model, crossing.link)
            elif crossing.via is not None and crossing.by == "rule" and crossing.rule is not None:
                yield _without_rule(model, crossing.via, crossing.rule)


def _trusts(model: Model, witness: Witness) -> Iterator[Remedy]:
    attacks = any(isinstance(fact.claim, PathClaim) and fact.claim.attack for fact in witness.facts)
    words = Words(model)
    for i, trust in enumerate(model.trusts) if attacks or _about_trusts(witness.facts) else ():
        left = replace(model, trusts=model.trusts[:i] + model.trusts[i + 1 :])
        yield Remedy(f"the trust of {words.place(trust.truster)} in {words.place(trust.trusted)}", ("trust", i), left)


def _about_trusts(facts: tuple[Fact, ...]) -> bool:
    return any(isinstance(fact.claim, (Trusts, Accepts)) and fact.holds for fact in facts)


def _without_rule(model: Model, firewall: str, number: int) -> Remedy:
    thing = model.firewalls[firewall]
    label = thing.rules[number].label
    words = f"rule `{label}` of {firewall}" if label else f"rule {number + 1} of {firewall}"
    left = replace(thing, rules=thing.rules[:number] + thing.rules[number + 1 :])
    return Remedy(words, ("rule", firewall, number), _with(model, left))


def _without_publish(model: Model, firewall: str, number: int) -> Remedy:
    thing = model.firewalls[firewall]
    words = f"publish {number + 1} of {firewall}" if len(thing.publishes) > 1 else f"the publish of {firewall}"
    left = replace(thing, publishes=thing.publishes[:number] + thing.publishes[number + 1 :])
    return Remedy(words, ("publish", firewall, number), _with(model, left))


def _without_link(model: Model, number: int) -> Remedy:
    words = Words(model)
    zones = ", ".join(words.place(zone) for zone in model.links[number].zones)
    left = replace(model, links=model.links[:number] + model.links[number + 1 :])
    return Remedy(f"the link of {zones}", ("link", number), left)


def _with(model: Model, firewall: Firewall) -> Model:
    return replace(model, firewalls={**model.firewalls, firewall.name: firewall})
