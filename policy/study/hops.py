"""Why each step of a path is possible: what lets the connection pass, who relays it, whose account is accepted and by
which trust."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policy.core.evidence import Witness, threatened
from policy.core.groups import bits
from policy.core.model import Invariant, Relay
from policy.core.steps import Crossing, Step
from policy.core.view import View
from policy.report.explain import accounts_shown
from policy.report.words import Words
from policy.study.design import Design
from policy.text.source import Span


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that makes a step possible, and where it is written."""

    words: str
    spans: tuple[Span, ...] = ()


def world_view(design: Design, invariant: Invariant, witness: Witness) -> View:
    """The one network of a witness."""
    decided = dict.fromkeys(witness.world.items(), True)
    decided |= {literal: literal in witness.failure for literal in threatened(invariant.threats)}
    return View(design.layout, decided, threatened(invariant.threats))


def reasons(design: Design, invariant: Invariant, witness: Witness, attack: bool) -> tuple[tuple[Reason, ...], ...]:
    """For every step of the witness what makes it possible, in the order in which it happens."""
    view = world_view(design, invariant, witness)
    shown = accounts_shown(view, witness) if attack else [""] * len(witness.steps)
    hops = _Hops(design, view, witness)
    return tuple(tuple(hops.of(i, account)) for i, account in enumerate(shown))


class _Hops:
    def __init__(self, design: Design, view: View, witness: Witness) -> None:
        self.design, self.view, self.witness, self.words = design, view, witness, Words(design.model)

    def _at(self, *key: object) -> tuple[Span, ...]:
        span = self.design.origins.get(key)
        return () if span is None else (span,)

    def of(self, i: int, account: str) -> Iterator[Reason]:
        """The reasons of one step."""
        step = self.witness.steps[i]
        if step.relay is not None:
            yield self._relayed(*step.relay)
        if not step.chain:
            yield Reason(f"both stand in {self.words.place(step.zone)}: no firewall is between them")
        for crossing in step.chain:
            yield self._crossed(crossing)
        service = self.words.service(step.point)
        listens = f"{self.words.place(step.target.name)} listens to {step.packet}"
        yield Reason(f"{listens} ({service})" if service else listens, self._at(step.target.sort, step.target.name))
        if account:
            yield self._accepted(step, account)

    def _relayed(self, sort: str, name: str, place: int) -> Reason:
        model = self.design.model
        if sort == "firewall":
            publish = model.firewalls[name].publishes[place]
            words = f"{name} publishes {', '.join(publish.services)} from {self.words.endpoints(publish.source)}"
            return Reason(words, self._at("publish", name, place))
        owner = model.hosts[name] if sort == "host" else model.components[name]
        relay: Relay = owner.relays[place]
        targets = ", ".join(self.words.place(target.name) for target in relay.targets)
        words = f"{self.words.place(name)} relays {', '.join(relay.services)} to {targets}"
        return Reason(words, self._at("relay", sort, name, place))

    def _crossed(self, crossing: Crossing) -> Reason:
        a, b = self.words.place(crossing.from_zone), self.words.place(crossing.into_zone)
        name = crossing.via
        if name is None:
            return Reason(f"a link joins {a} and {b}", self._at("link", crossing.link))
        if crossing.by == "rule" and crossing.rule is not None:
            rule = self.design.model.firewalls[name].rules[crossing.rule]
            called = f"`{rule.label}`" if rule.label else str(crossing.rule + 1)
            source, target = self.words.endpoints(rule.source), self.words.endpoints(rule.target)
            says = f"allow {source} -> {target} : {', '.join(rule.services)}"
            return Reason(f"{name} lets it from {a} into {b}: rule {called} says {says}",
                          self._at("rule", name, crossing.rule))  # fmt: skip
        told = {
            "default": f"{name} lets it from {a} into {b}: no rule speaks of it, and it allows by default",
            "bypassed": f"{name} is bypassed: everything gets from {a} into {b}",
            "own packet": f"{name} sends it itself, from {a} into {b}",
        }
        spans = self._at("default", name) if crossing.by == "default" else ()
        return Reason(told[crossing.by], spans or self._at("firewall", name))

    # -------------------------------------------------------- accounts

    def _accepted(self, step: Step, account: str) -> Reason:
        layout, called = self.view.layout, self.words.place
        zones = [zone for zone, when in layout.homes(layout.number[step.target]) if self.view.truth(when)]
        domain = self.design.model.zones[zones[0]].domain if zones else account
        gained = self._gained(step, account)
        words = f"it asks for an account; one of {called(account)} is held{gained}"
        if domain == account:
            return Reason(f"{words}, and {called(domain)} accepts its own")
        chain = self._chain(domain, account)
        trusts = ", ".join(
            f"{called(t.truster)} trusts {called(t.trusted)}" for t in (self.design.model.trusts[i] for i in chain)
        )
        return Reason(f"{words}, and accepted: {trusts}", tuple(s for i in chain for s in self._at("trust", i)))

    def _gained(self, step: Step, account: str) -> str:
        """Where the attacker came by the account."""
        layout, view = self.view.layout, self.view
        first = [] if self.witness.start is None else [self.witness.start]
        held = [*first, *(s.target for s in self.witness.steps[: self.witness.steps.index(step)])]
        held += [layout.endpoints[i] for i in bits(view.compromised[0])]
        held += [step.source] if step.relay is not None else []
        found = (end for end in held if account in view.accounts(layout.number[end], sure=True))
        end = next(found, None)
        return "" if end is None else f" since {self.words.endpoint(end)}"

    def _chain(self, domain: str, account: str) -> tuple[int, ...]:
        """The trusts, by place, by which the domain accepts the account; the shortest chain."""
        queue: list[tuple[str, tuple[int, ...]]] = [(domain, ())]
        for here, chain in queue:  # grows while it runs
            for i, trust in enumerate(self.design.model.trusts):
                if trust.truster != here or not self.view.truth(trust.when) or i in chain:
                    continue
                if trust.trusted == account and (not chain or trust.transitive):
                    return (*chain, i)
                if trust.transitive and all(self.design.model.trusts[j].trusted != trust.trusted for j in chain):
                    queue.append((trust.trusted, (*chain, i)))
        return ()
