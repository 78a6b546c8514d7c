"""The replay of a path or attack, connection by connection, in what is sure (or at least possible) in a view."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from policy.core.endpoints import Endpoint
from policy.core.groups import Group
from policy.core.layout import Filter, Onward
from policy.core.model import Named, PathClaim
from policy.core.steps import Crossing, Step
from policy.core.view import Ear, View
from policy.core.walk import Letter, Rest, after, rest_of


class Replay:
    """Checks that a walk exists in the view and decides the claim: surely, or with `sure` false possibly."""

    def __init__(self, view: View, claim: PathClaim, sure: bool = True) -> None:
        self.view, self.layout, self.claim, self.sure = view, view.layout, claim, sure

    def _members(self, group: Group) -> int:
        return self.view.group(group)[0 if self.sure else 1]

    def _holds(self, truth: bool | None) -> bool:
        return truth or (truth is None and not self.sure)

    def refusal(self, start: Endpoint, steps: Sequence[Step]) -> str | None:
        """None when it does, else what is wrong with it."""
        number = self.layout.number
        if any(end not in number for end in (start, *(e for s in steps for e in (s.source, s.target)))):
            return "it names an endpoint that does not exist"
        if self.claim.within is not None and len(steps) > self.claim.within:
            return "it takes more steps than the claim allows"
        return (
            self._begins(number[start])
            or self._walks(number[start], steps)
            or self._ends(start, steps)
            or self._passes(steps)
        )

    def _begins(self, start: int) -> str | None:
        sources = self._members(self.layout.group(self.claim.source)) | self._compromised
        return None if sources >> start & 1 else "it does not start at the source"

    def _ends(self, start: Endpoint, steps: Sequence[Step]) -> str | None:
        last = steps[-1].target if steps else start
        if not self._members(self.layout.group(self.claim.target)) >> self.layout.number[last] & 1:
            return "it does not end at the target"
        if not self.claim.on:
            return None
        classes = self.layout.heard(self.claim.on)[0]
        there = steps and classes >> self._class(steps[-1]) & 1
        return None if there else "its last connection is on another service"

    def _class(self, step: Step) -> int:
        """The class of its packet; one that nothing is in for a point that stands for none."""
        number = self.layout.class_of(step.point)
        return number if number >= 0 else len(self.layout.classes)

    @property
    def _compromised(self) -> int:
        return self.view.compromised[0 if self.sure else 1]

    # -------------------------------------------------------- step by step

    def _walks(self, start: int, steps: Sequence[Step]) -> str | None:
        soft = ~self.view.group(self.layout.hardened)[1 if self.sure else 0]
        free = self._compromised | 1 << start
        held, arrived = free if self.claim.attack else 1 << start, frozenset[int]()
        for i, step in enumerate(steps):
            source, target = self.layout.number[step.source], self.layout.number[step.target]
            if refusal := self._leaves(step, source, held, arrived) or self._connects(step, source, target):
                return f"step {i + 1}: {refusal}"
            ear = self._ear(step, source, target)
            if ear is None:
                return f"step {i + 1}: the target does not listen"
            if self.claim.attack and not self._admitted(step, source, target, ear, held):
                return f"step {i + 1}: the target accepts no account that the attacker has"
            onwards = frozenset(relay.number for relay in ear.relays if self._relays(relay, source))
            taken = 1 << target & soft
            held, arrived = (held | taken, arrived | onwards) if self.claim.attack else (taken, onwards)
        return None

    def _leaves(self, step: Step, source: int, held: int, arrived: frozenset[int]) -> str | None:
        if step.relay is None:
            return None if held >> source & 1 else "its source is not held"
        for number in arrived:
            relay = self.layout.onwards[number]
            if relay.key == step.relay and relay.at == source and self._goes_on(relay, step):
                return None
        return "nothing relays it"

    def _goes_on(self, relay: Onward, step: Step) -> bool:
        target = self.layout.number[step.target]
        there = any(i == target and self._holds(self.view.truth(when)) for i, when in relay.targets)
        return there and bool(relay.onward >> self._class(step) & 1)

    def _relays(self, relay: Onward, source: int) -> bool:
        if not self._holds(self.view.truth(relay.when)):
            return False
        if relay.limit is None or self._holds(self.view.bypassed(self.layout.endpoints[relay.at].name)):
            return True
        return bool(self._members(relay.limit) >> source & 1)

    def _ear(self, step: Step, source: int, target: int) -> Ear | None:
        """What hears the step; several publishes of a firewall as one."""
        packet = self._class(step)
        heard = [e for e in self.view.ears(target) if e.packet == packet]
        ears = [e for e in heard if (e.sure if self.sure else e.possible) >> source & 1]
        if len(ears) < 2:
            return ears[0] if ears else None
        return replace(ears[0], relays=tuple(r for e in ears for r in e.relays))

    # -------------------------------------------------------- one connection

    def _connects(self, step: Step, source: int, target: int) -> str | None:
        if source == target:
            return "it connects to itself"
        if not all(self._holds(self.view.truth(self.layout.present[i])) for i in (source, target)):
            return "its source or target does not exist"
        own, there = self.view.zones(source, self.sure), self.view.zones(target, self.sure)
        chain = [step.zone, *(crossing.into_zone for crossing in step.chain)]
        if step.zone not in own or chain[-1] not in there:
            return "its source or target is not in that zone"
        if len(set(chain)) < len(chain):
            return "it visits a zone twice"
        if not step.chain:
            machines = not (1 << source | 1 << target) & self.layout.firewall_bits
            apart = machines and self.layout.model.zones[step.zone].isolated
            return "the zone is isolated" if apart else None
        return next(
            (r for a, c in zip(chain, step.chain, strict=False) if (r := self._crosses(step, a, c, source, target))),
            None,
        )

    def _crosses(self, step: Step, zone: str, crossing: Crossing, source: int, target: int) -> str | None:
        if crossing.from_zone != zone:
            return "its chain has a gap"
        if crossing.link is not None:
            return None if self._linked(crossing) else "no link joins the zones"
        name = crossing.via
        if name not in self.layout.firewalls or not self._joined(crossing, self.layout.model.firewalls[name].zones):
            return "no such firewall joins the zones"
        if self._holds(self.view.bypassed(name)):
            return self._said(crossing, "bypassed")
        if self.layout.firewalls[name] == source:
            return self._said(crossing, "own packet")
        rules = self.layout.relevant(target, self._class(step)).rules.get(name, ())
        passed = self.view.passing(name, rules, target, zone, crossing.into_zone, self.sure)
        if not passed >> source & 1:
            return f"{name} does not pass it"
        return self._decided(crossing, rules, source, target)

    def _joined(self, crossing: Crossing, zones: Sequence[str]) -> bool:
        return {crossing.from_zone, crossing.into_zone} <= set(zones)

    def _linked(self, crossing: Crossing) -> bool:
        links = self.layout.model.links
        if crossing.link is None or not 0 <= crossing.link < len(links) or crossing.via is not None:
            return False
        link = links[crossing.link]
        said = self._said(crossing, "link") is None
        return said and self._joined(crossing, link.zones) and self._holds(self.view.truth(link.when))

    def _said(self, crossing: Crossing, by: str) -> str | None:
        """None when the crossing says that this let it happen, and no rule. What is only possible may say anything."""
        return None if not self.sure or (crossing.by == by and crossing.rule is None) else "something else let it pass"

    def _decided(self, crossing: Crossing, rules: Sequence[Filter], source: int, target: int) -> str | None:
        """None when the rule that the crossing names, or the default, may decide, and no earlier rule surely does."""
        if not self.sure:
            return None
        for rule in rules:
            if not rule.between(crossing.from_zone, crossing.into_zone):
                continue
            surely, possibly = (members >> source & 1 for members in self.view.group(rule.source))
            applies = self.view.applies(rule, target)
            if rule.place == crossing.rule:
                there = crossing.by == "rule" and rule.allow and possibly and applies is not False
                return None if there else "something else let it pass"
            if surely and applies:
                return "an earlier rule decides"
        return self._said(crossing, "default")

    # -------------------------------------------------------- accounts

    def _admitted(self, step: Step, source: int, target: int, ear: Ear, held: int) -> bool:
        if self.layout.endpoints[target].sort == "firewall" or self._needs_none(target, ear.packet):
            return True
        purse = {d for i in range(held.bit_length()) if held >> i & 1 for d in self.view.accounts(i, self.sure)}
        if step.relay is not None:
            purse |= self.view.accounts(source, self.sure)
        return not self.view.admits(target, self.sure).isdisjoint(purse)

    def _needs_none(self, target: int, packet: int) -> bool:
        items = self.layout.listening[target]
        return any(
            (classes & ~asks) >> packet & 1 and self._holds(self.view.truth(when)) for classes, asks, when in items
        )

    # -------------------------------------------------------- waypoints

    def _passes(self, steps: Sequence[Step]) -> str | None:
        claim = self.claim
        if claim.passes is None and claim.crosses is None:
            return None
        wanted = claim.quantifier != "every"
        rest: Rest = rest_of(claim)
        for letter in self.events(steps, few=wanted == self.sure):
            rest = after(rest, letter)
        if (rest is True) == wanted:
            return None
        return "it does not pass what it should" if wanted else "it passes what it should not"

    def events(self, steps: Sequence[Step], few: bool) -> Iterator[Letter]:
        """What the walk passes, in order: surely (`few`) or possibly."""
        for i, step in enumerate(steps):
            if step.relay is not None and step.relay[0] == "firewall":
                yield from self._firewall(step.relay[1], few)
            for crossing in step.chain:
                if crossing.via is not None:
                    yield from self._firewall(crossing.via, few)
            if i < len(steps) - 1 and step.target.sort == "host":
                yield frozenset({Named("host", step.target.name), *self._components(step.target, few)})

    def _firewall(self, name: str, few: bool) -> Iterator[Letter]:
        bypassed = self.view.bypassed(name)
        if bypassed is False or (bypassed is None and not few):
            yield frozenset({Named("firewall", name)})

    def _components(self, host: Endpoint, few: bool) -> Iterator[Named]:
        i = self.layout.number[host]
        for component in self.layout.model.components:
            for at, when in self.layout.stands(component):
                held = self.view.truth(when) if at == i else False
                if held or (held is None and not few):
                    yield Named("component", component)
