"""Whether a change of a design changes what can connect, and an example of what is different then.

A change has an *effect* when in some world some question of `policy.study.sight` has another answer than before. The
worlds of a design are the same before and after, as options stay; an assumption that is taken away has an effect when
it kept a world out.

Where all firewalls work, and where one of `suppose` is bypassed: a rule that another firewall makes up for has no
effect until that one falls.

Each question is asked with all options open first. What that does not settle is split over the options that the answer
depends on, so that only the few questions that a change can touch see many worlds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal as OneOf

from policy.core.groups import bits
from policy.core.layout import Layout
from policy.core.model import Not, Packet, Rule, World, packet_at
from policy.core.view import Decisions
from policy.study.changes import Change
from policy.study.sight import NOBODY, Question, Sight, Thing


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that is different in some world: an answer to a question (see `policy.study.sight`), or a world that is
    new. `gained`: it is so with the change and not without it. `bypassed` names the firewall that must be bypassed for
    it, "" where all work. `world` is a world in which it is so."""

    kind: OneOf["connects", "avoids", "takes", "has", "relays", "world"]
    gained: bool
    source: Thing = NOBODY
    target: Thing = NOBODY
    packet: Packet | None = None
    domain: str = ""
    via: Thing = NOBODY
    onward: Packet | None = None
    bypassed: str = ""
    world: World | None = field(default=None, compare=False)


def effect(before: Layout, after: Layout, change: Change, suppose: Iterable[str] = ()) -> Effect | None:
    """Something that the change makes different, None when it makes nothing so. `after` is of the changed model."""
    if change.kind == "remove assumption":
        return _world(before, after, change)
    fallen = str(change.key[1]) if change.kind == "bypass firewall" else ""
    for failed in ("", *suppose):
        down = frozenset({failed} - {""})
        sights = Sight(before, down), Sight(after, down | (frozenset({fallen}) - {""}))
        if found := Comparison(*sights, failed).effect(change):
            return found
    return None


def _world(before: Layout, after: Layout, change: Change) -> Effect | None:
    """A world is new that breaks the assumption and no other one."""
    (_, i), model = change.key, after.model
    broken = Not(before.model.assumptions[int(str(i))])
    stricter = Layout(replace(model, assumptions=(*model.assumptions, broken)))
    world = Sight(stricter).world({})
    return None if world is None else Effect("world", True, world=world)


@dataclass(frozen=True)
class Comparison:
    """A design before and after a change, both while the firewall `failed` is bypassed ("": none)."""

    before: Sight
    after: Sight
    failed: str = ""

    def effect(self, change: Change) -> Effect | None:
        """Something that is different."""
        for question in self._questions(change):
            found = self.gain(question, self.before.options(question), {})
            if found is not None:
                return self._told(question, *found)
        return None

    def gain(self, question: Question, options: Sequence[str], decisions: Decisions) -> tuple[bool, World] | None:
        """The answer after the change where it is another one before, and a world that agrees with the decisions where
        this is so; None where there is no such world."""
        old = self.before.answer(self.before.view(decisions), question)
        new = self.after.answer(self.after.view(decisions), question)
        if old is not None and new is not None:
            world = self.before.world(decisions) if old != new else None
            return None if world is None else (new, world)
        found = (self.gain(question, options, case) for case in self.before.cases(options, decisions))
        return next((gained for gained in found if gained is not None), None)

    def _told(self, asked: Question, gained: bool, world: World) -> Effect:
        points = self.before.layout.classes
        packet = None if asked.kind == "has" else packet_at(points[asked.packet])
        onward = packet_at(points[asked.onward]) if asked.kind == "relays" else None
        ends = asked.source, asked.target, packet, asked.domain, asked.via, onward
        return Effect(asked.kind, gained, *ends, self.failed, world)

    # -------------------------------------------------------- which questions a change may touch

    def _questions(self, change: Change) -> Iterator[Question]:
        """Questions that may have another answer; if these have not, none has."""
        match change.kind, change.key:
            case ("add trust" | "remove trust" | "reverse trust"), _:
                yield from self._about_trusts()
            case "move host", (_, str(name)):
                yield from self._about((Thing("host", name),))
            case "move component", (_, str(name)):
                yield from self._about_component(name, change.value)
            case "remove relay", (_, "host", str(name), _):
                yield from self._connections()
                yield from self._about_relays((Thing("host", name),))
            case "remove relay", (_, _, str(name), _):
                yield from self._connections()
                yield from self._about_relays(self._carriers(name))
            case "remove publish", (_, str(name), _):
                yield from self._connections()
                yield from self._about_relays((Thing("firewall", name),))
            case _:
                yield from self._connections(change.key[0] == "rule")
                for firewall in self.before.layout.firewalls:
                    yield from self._connections(change.key[0] == "rule", firewall)

    def _connections(self, only_rules: bool = False, avoided: str = "") -> Iterator[Question]:
        """Connections that differ, or of which it is open; endpoints have the same numbers before and after.
        `only_rules`: nothing but rules of firewalls has changed. `avoided`: those that do not cross the firewall."""
        things = [thing for thing, where in self.before.places.items() for _ in where]
        firewall, doubtful = Thing("firewall", avoided) if avoided else NOBODY, list[Question]()
        for i, target in enumerate(things):
            for packet in self.before.packets((target,)):
                if only_rules and _rules(self.before.layout, i, packet) == _rules(self.after.layout, i, packet):
                    continue
                old, new = _reaching(self.before, i, packet, avoided), _reaching(self.after, i, packet, avoided)
                surely = old[0] & ~new[1] | new[0] & ~old[1]
                rest = (old[1] | new[1]) & ~(old[0] & new[0]) & ~surely
                kind: OneOf["avoids", "connects"] = "avoids" if avoided else "connects"
                yield from (Question(kind, things[j], target, packet, "", firewall) for j in bits(surely))
                doubtful += (Question(kind, things[j], target, packet, "", firewall) for j in bits(rest))
        yield from dict.fromkeys(doubtful)

    def _about_trusts(self) -> Iterator[Question]:
        """Whether accounts are taken, wherever a domain accepts others than before."""
        before, after = self.before.layout, self.after.layout
        for thing, where in self.before.places.items():
            domains = {before.model.zones[zone].domain for i, _ in where for zone, _ in before.homes(i)}
            changed = {
                name
                for domain in domains
                for name in before.model.domains
                if before.accepted(domain).get(name) != after.accepted(domain).get(name)
            }
            for packet in self.before.packets((thing,)) if changed else ():
                yield from (Question("takes", NOBODY, thing, packet, name) for name in sorted(changed))

    def _about_component(self, name: str, onto: str) -> Iterator[Question]:
        hosts = dict.fromkeys([*self._carriers(name), Thing("host", onto)])
        yield from self._about((Thing("component", name), *hosts))
        if self.before.layout.model.components[name].relays:
            yield from self._about_relays(tuple(hosts))

    def _carriers(self, component: str) -> tuple[Thing, ...]:
        return tuple(Thing("host", tag.name) for tag in self.before.layout.model.components[component].hosts)

    def _about(self, moved: Sequence[Thing]) -> Iterator[Question]:
        """Who connects to these things and to whom they connect, and which accounts they take and have."""
        domains = self.before.layout.model.domains
        for target in dict.fromkeys([*moved, *self.before.places]):
            sources = tuple(self.before.places) if target in moved else moved
            for packet in self._packets(target):
                yield from (Question("connects", source, target, packet) for source in (*sources, *moved))
                firewalls = [Thing("firewall", name) for name in self.before.layout.firewalls]
                for source in (*sources, *moved):
                    yield from (Question("avoids", source, target, packet, "", via) for via in firewalls)
        for thing in moved:
            yield from (Question("has", thing, domain=domain) for domain in domains)
            for packet in self._packets(thing):
                yield from (Question("takes", NOBODY, thing, packet, domain) for domain in domains)

    def _about_relays(self, relaying: Sequence[Thing]) -> Iterator[Question]:
        """What these things relay."""
        things = tuple(self.before.places)
        for via in relaying:
            for packet in self._packets(via):
                for target in things:
                    for onward in self._packets(target):
                        for source in things:
                            yield Question("relays", source, target, packet, "", via, onward)

    def _packets(self, thing: Thing) -> list[int]:
        return sorted({*self.before.packets((thing,)), *self.after.packets((thing,))})


def _rules(layout: Layout, i: int, packet: int) -> dict[str, list[Rule]]:
    """The rules that may match packets of the class to the endpoint, by firewall and in order."""
    firewalls = layout.model.firewalls
    found = layout.relevant(i, packet).rules
    return {name: [firewalls[name].rules[rule.place] for rule in some] for name, some in found.items()}


def _reaching(sight: Sight, i: int, packet: int, avoided: str) -> tuple[int, int]:
    """Who surely, possibly connects to the endpoint on packets of the class without crossing the firewall, if both
    exist."""
    view, sure, possible = sight.view({}), 0, 0
    for ear in view.ears(i):
        if ear.packet == packet:
            more = sight.reaching(view, ear, sight.way(avoided))
            sure, possible = sure | more[0], possible | more[1]
    return sure, possible
