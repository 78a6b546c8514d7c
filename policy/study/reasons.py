"""What a failure hangs on: which edits could undo it.

A claim fails in a changed design, and the evidence says how: by a walk, or by facts. `Reason` lists what that needs:
the rules, publishes, relays and links that the walk uses, where the hosts that it visits and their components stand,
the options of its world, the trusts that it may need. Whatever other edits are made, the claim still fails; so of two
designs that differ in none of these, either both fail or none. A failure for want of a connection hangs on all that
could open one; where the evidence is about numbers, on all edits of the sorts that the numbers count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from policy.core.endpoints import Endpoint
from policy.core.evidence import Fact, Route, Witness
from policy.core.groups import bits, membership, options_in
from policy.core.layout import Layout
from policy.core.model import (
    Accepts,
    AccountsAccepted,
    Anything,
    Binder,
    CanReach,
    Claim,
    Compare,
    ConnectionsAreFlows,
    Endpoints,
    Flow,
    FlowsPossible,
    InPlace,
    Is,
    IsKind,
    Joins,
    ListensOn,
    Model,
    Named,
    PathClaim,
    Quantified,
    Rule,
    Runs,
    Same,
    Tier,
    Trusts,
)
from policy.core.steps import Step
from policy.report.facts import bound, parts, shows_walk, sort_of, things_in
from policy.report.outcome import Key
from policy.study.changes import Change, Kind, changed
from policy.study.edits import ORDER

EVERY: frozenset[Kind] = frozenset(ORDER)
TRUSTS: frozenset[Kind] = frozenset(("remove trust", "add trust"))
MOVES: frozenset[Kind] = frozenset(("move host", "move component"))
ABOUT_RULES: frozenset[Kind] = frozenset(
    ("remove rule", "narrow services", "narrow source", "narrow target", "except source", "except target", "fit flow")
)
CONNECTIONS = (PathClaim, CanReach, ConnectionsAreFlows, FlowsPossible)


@dataclass(slots=True)
class Reason:
    """What a failure in the model hangs on. `sorts`: all edits of these kinds, whatever they change."""

    layout: Layout
    original: Model
    world: dict[str, str] = field(default_factory=dict)
    options: set[str] = field(default_factory=set)
    keys: set[Key] = field(default_factory=set)  # of things that are used
    packets: dict[Key, set[tuple[int, int, int]]] = field(default_factory=dict)  # source, target, class, by the rule
    crossed: set[str] = field(default_factory=set)  # firewalls, whose rules must not deny
    hosts: set[str] = field(default_factory=set)
    components: set[str] = field(default_factory=set)
    into: set[str] = field(default_factory=set)  # zones into which whatever moves may end it
    attack: bool = False  # trusts that are taken away may stop it
    opening: bool = False  # rules that deny no more and worlds that are no more may end it
    sorts: frozenset[Kind] = frozenset()

    # -------------------------------------------------------- which edits it hangs on

    def undone_by(self, change: Change) -> bool:
        """Whether the edit, which is not made, might end the failure."""
        kind, name = change.kind, str(change.key[1])
        if kind in self.sorts or change.key in self.keys or (self.opening and self._opens(change)):
            return True
        if kind in ABOUT_RULES:
            return self._stops(change)
        match kind:
            case "fix option":
                return name in self.options and self.world.get(name) != change.value
            case "remove trust":
                return self.attack
            case "move host":
                return name in self.hosts or change.value in self.into
            case "move component":
                return self._about_component(name) or change.value in self.hosts
        return False

    def _stops(self, change: Change) -> bool:
        """Whether the rule, once changed, does not say the same any more of a packet that it has to pass."""
        packets = self.packets.get(change.key, ())
        if not packets or change.kind == "remove rule":
            return bool(packets)
        old, new = (_rule(model, change.key) for model in (self.model, changed(self.model, (change,))))
        group, heard = self.layout.group, self.layout.heard(new.services)[0]
        return any(
            not heard >> packet & 1
            or membership(group(old.source), source) != membership(group(new.source), source)
            or membership(group(old.target), target) != membership(group(new.target), target)
            for source, target, packet in packets
        )

    def rests_on(self, change: Change) -> bool:
        """Whether the failure might not be there without the edit, which is made."""
        kind, name = change.kind, str(change.key[1])
        if kind in self.sorts or self.opening:
            return True
        if kind in ABOUT_RULES:
            return name in self.crossed and not _rule(self.original, change.key).allow
        match kind:
            case "add trust":
                return self.attack
            case "leave zone":
                return change.key in self.keys
            case "move host":
                return name in self.hosts
            case "move component":
                before = {tag.name for tag in self.original.components[name].hosts}
                return self._about_component(name) or bool(before & self.hosts)
        return False

    def _about_component(self, name: str) -> bool:
        stands = {tag.name for tag in self.model.components[name].hosts}
        return name in self.components or bool(stands & self.hosts)

    def _opens(self, change: Change) -> bool:
        if change.kind in ABOUT_RULES:
            return not _rule(self.model, change.key).allow
        return change.kind in ("remove publish", "fix option")

    # -------------------------------------------------------- gathering

    @property
    def model(self) -> Model:
        """The model in which it fails."""
        return self.layout.model

    def visit(self, end: Endpoint) -> None:
        """The failure depends on where the endpoint stands and on what is on it."""
        if end.sort == "host":
            self.hosts.add(end.name)
        elif end.sort == "firewall":
            self.keys.add(("firewall", end.name))

    def walk(self, start: Endpoint, steps: Iterable[Step]) -> None:
        """It depends on the walk."""
        self.visit(start)
        for step in steps:
            self.visit(step.source)
            self.visit(step.target)
            if step.relay is not None:
                sort, name, i = step.relay
                self.keys.add(("publish", name, i) if sort == "firewall" else ("relay", sort, name, i))
            for crossing in step.chain:
                if crossing.via is None:
                    self.keys.add(("link", crossing.link))
                    continue
                self.crossed.add(crossing.via)
                self.keys.add(("firewall", crossing.via))
                if crossing.by == "default":
                    self.keys.add(("default", crossing.via))
                elif crossing.by == "rule":
                    number = self.layout.number
                    packet = number[step.source], number[step.target], self.layout.class_of(step.point)
                    self.packets.setdefault(("rule", crossing.via, crossing.rule), set()).add(packet)

    def things(self, named: Iterable[Named]) -> None:
        """It depends on where these stand and what is on them."""
        for thing in named:
            if thing.sort == "host":
                self.hosts.add(thing.name)
            elif thing.sort == "component":
                self.components.add(thing.name)
                self.hosts.update(tag.name for tag in self.model.components[thing.name].hosts)


    def flow(self, flow: Flow) -> None:
        """It depends on what the flow needs: where its ends are, and that nothing is in the way."""
        self.opening = True
        for ends in (flow.source, flow.target):
            for i in bits(self.layout.group(ends).widest):
                self.visit(self.layout.endpoints[i])
            self.into.update(_zones(self.model, ends))


def _rule(model: Model, key: Key) -> Rule:
    _, name, i = key
    return model.firewalls[str(name)].rules[int(str(i))]


def _zones(model: Model, ends: Endpoints) -> Iterator[str]:
    for term in ends.terms:
        if isinstance(term, Anything):
            yield from model.zones
        elif isinstance(term, Named) and term.sort in ("domain", "zone"):
            yield from model.domains[term.name].zones if term.sort == "domain" else (term.name,)


def reason_of(layout: Layout, original: Model, witness: Witness) -> Reason:
    """What the failure that the witness shows hangs on."""
    model = layout.model
    assumed = frozenset(options_in(model.assumptions))
    found = Reason(layout, original, dict(witness.world), {*witness.matters, *assumed})
    for name, effect in sorted(witness.failure):
        if effect == "compromised":
            for i in bits(layout.place(name).widest):
                found.visit(layout.endpoints[i])
    walked = (fact for fact in witness.facts if witness.start is not None and shows_walk(fact))
    shown = next(walked, None)
    for fact in witness.facts:
        found.things(Named(sort_of(model, name), name) for _, name in fact.bindings)
        _fact(found, witness, fact, bound(model, fact), fact is shown)
    if not witness.facts:
        found.sorts = EVERY
    return found


def _fact(found: Reason, witness: Witness, fact: Fact, claim: Claim, shown: bool) -> None:
    match claim:
        case PathClaim(attack=attack) if shown and witness.start is not None:
            found.walk(witness.start, witness.steps)
            found.attack |= attack
        case CanReach() | ConnectionsAreFlows() if shown and witness.start is not None:
            found.walk(witness.start, witness.steps)
        case PathClaim(attack=attack) if routes := _routes(witness, claim):
            found.walk(routes[0].start, routes[0].steps)
            found.attack |= attack
        case FlowsPossible() if not fact.holds and fact.subject:
            found.flow(found.model.flows[fact.subject[0]])
        case PathClaim() | CanReach() if not fact.holds and not shows_walk(fact):
            found.opening = True
            found.sorts |= MOVES | TRUSTS
        case Trusts() | Accepts():
            found.sorts |= TRUSTS
        case Joins(Named(_, firewall), _):
            found.keys.add(("firewall", firewall))
        case InPlace() | IsKind() | Runs() | ListensOn():
            found.things(things_in(claim))
        case Is(option, _):
            found.options.add(option)
        case Same():
            pass
        case AccountsAccepted() if len(fact.subject) == 2:
            found.hosts.add(fact.subject[0])
            found.sorts |= TRUSTS
        case _:
            found.sorts |= frozenset(_sorts(claim))


def _routes(witness: Witness, claim: Claim) -> list[Route]:
    return [lemma for lemma in witness.lemmas if isinstance(lemma, Route) and lemma.claim == claim]


def _sorts(claim: Claim) -> Iterator[Kind]:
    """The kinds of edits that can matter to a claim of this form."""
    for part in parts(claim, without=(Tier,)):
        if isinstance(part, (*CONNECTIONS, AccountsAccepted)):
            yield from EVERY
        elif isinstance(part, (Trusts, Accepts)):
            yield from TRUSTS
        elif isinstance(part, Joins):
            yield "leave zone"
        elif isinstance(part, (InPlace, IsKind, Runs, ListensOn)) or (isinstance(part, Binder) and part.sort in _MOVED):
            yield from MOVES
        if isinstance(part, (Compare, Quantified, Is)):
            yield "fix option"


_MOVED = ("host", "component")
