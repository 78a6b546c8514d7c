"""What can connect in one design, as questions with an answer in every world.

- *connects*: does x connect to y on a packet? Both are hosts, components (each stands for its host), firewalls, or
  someone in a zone.
- *avoids*: does x connect to y on a packet without crossing a firewall that works?
- *takes*: does y take an account of the domain on a packet that asks for one? Somebody must connect to y on it, and
  somebody must have such an account.
- *has*: does holding x give an account of the domain?
- *relays*: does what x sends to y on a packet arrive, and go on to z on another?

`Sight.answer` is None while it depends on options that are open; with all options decided it never is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal as OneOf

from policy.core.groups import options_in
from policy.core.inward import ANY_WAY, Waypoints
from policy.core.layout import Layout
from policy.core.model import Claim, Named, Pass, World
from policy.core.view import Decisions, Ear, View, join, meet
from policy.core.walk import Passing

Where = tuple[tuple[int, Claim], ...]  # the numbers of the endpoints that a thing may be, each with the condition


@dataclass(frozen=True, slots=True)
class Thing:
    """What connects or is connected to; `address` tells apart who is someone in a zone."""

    sort: OneOf["host", "component", "firewall", "someone"]
    name: str
    address: str = ""


NOBODY = Thing("someone", "")


@dataclass(frozen=True, slots=True)
class Question:
    """`packet` and `onward` are classes of packets. `via` relays from the source to the target, or is the firewall that
    is avoided."""

    kind: OneOf["connects", "avoids", "takes", "has", "relays"]
    source: Thing = NOBODY
    target: Thing = NOBODY
    packet: int = 0
    domain: str = ""
    via: Thing = NOBODY
    onward: int = 0


@dataclass(frozen=True)
class Sight:
    """One design, in which the firewalls of `bypassed` are bypassed."""

    layout: Layout
    bypassed: frozenset[str] = frozenset()
    _ways: dict[str, Waypoints] = field(default_factory=dict)
    _views: dict[frozenset[tuple[tuple[str, str], bool]], View] = field(default_factory=dict)

    def view(self, decisions: Decisions) -> View:
        """The view of a case; what views find is shared."""
        key = frozenset(decisions.items())
        if key not in self._views:
            failure = {(name, "bypassed"): True for name in sorted(self.bypassed)}
            like = next(iter(self._views.values()), None)
            self._views[key] = View(self.layout, {**decisions, **failure}, failure, like)
        return self._views[key]

    # -------------------------------------------------------- things and worlds

    @cached_property
    def places(self) -> Mapping[Thing, Where]:
        """Every host, firewall and someone."""
        found: dict[Thing, Where] = {}
        for i, end in enumerate(self.layout.endpoints):
            thing = Thing(end.sort, end.name, "" if end.address is None else str(end.address))
            found[thing] = (*found.get(thing, ()), (i, self.layout.present[i]))
        return found

    def where(self, thing: Thing) -> Where:
        """The endpoints that the thing may be."""
        if thing.sort == "component":
            return tuple(self.layout.stands(thing.name))
        return self.places.get(thing, ())

    @cached_property
    def anyone(self) -> Where:
        """Every endpoint."""
        return tuple(enumerate(self.layout.present))

    def packets(self, things: Iterable[Thing]) -> list[int]:
        """The classes of packets that one of them may listen to."""
        view = self.view({})
        return sorted({ear.packet for thing in things for i, _ in self.where(thing) for ear in view.ears(i)})

    def cases(self, names: Sequence[str], decisions: Decisions) -> Iterator[Decisions]:
        """One for every value of the first option that is open, of these before others; none where a decision breaks an
        assumption."""
        view = self.view(decisions)
        if any(view.truth(assumption) is False for assumption in self.layout.model.assumptions):
            return
        decided = {name for name, _ in decisions}
        name = next(name for name in (*names, *self.layout.model.options) if name not in decided)
        yield from ({**decisions, (name, value): True} for value in self.layout.model.options[name].values)

    def world(self, decisions: Decisions) -> World | None:
        """A world that agrees with the decisions, if there is one."""
        view, model = self.view(decisions), self.layout.model
        names = tuple(options_in(model.assumptions))
        if all(view.truth(assumption) is True for assumption in model.assumptions):
            chosen = {name: value for (name, value), is_so in decisions.items() if is_so}
            return {name: chosen.get(name, option.values[0]) for name, option in model.options.items()}
        found = (self.world(case) for case in self.cases(names, decisions))
        return next((world for world in found if world is not None), None)

    # -------------------------------------------------------- questions

    def options(self, question: Question) -> Sequence[str]:
        """Options that the answer may depend on, the likeliest first."""
        ends = {i for thing in (question.source, question.via, question.target) for i, _ in self.where(thing)}
        found = [name for i in sorted(ends) for name in options_in(self.layout.present[i])]
        for i in sorted(ends):
            found += sorted(self.layout.hearing(i))
            for packet in (question.packet, question.onward):
                found += sorted(self.layout.relevant(i, packet).options)
        found += sorted(options_in(tuple(trust.when for trust in self.layout.model.trusts)))
        return tuple(dict.fromkeys([*found, *sorted(self.layout.placing)]))

    def answer(self, view: View, asked: Question) -> bool | None:
        """The answer in the view, None where it is open."""
        source, target = self.where(asked.source), self.where(asked.target)
        match asked.kind:
            case "connects":
                return self._connects(view, source, target, asked.packet)
            case "avoids":
                return self._connects(view, source, target, asked.packet, self.way(asked.via.name))
            case "takes":
                taken = join(self._takes(view, i, at, asked) for i, at in target)
                return meet((taken, self._has(view, self.anyone, asked.domain))) if taken is not False else False
            case "has":
                return self._has(view, source, asked.domain)
            case "relays":
                return self._relays(view, source, asked)
        raise TypeError(f"not a question: {asked}")

    def way(self, firewall: str) -> Waypoints:
        """What keeps connections from crossing the firewall; nothing does where it is ""."""
        if firewall not in self._ways:
            passed = Pass(Named("firewall", firewall))
            self._ways[firewall] = Passing(self.view({}), passed, False) if firewall else ANY_WAY
        return self._ways[firewall]

    def _connects(
        self, view: View, source: Where, target: Where, packet: int, way: Waypoints = ANY_WAY
    ) -> bool | None:
        return join(self._arrives(view, source, i, at, packet, way) for i, at in target)

    def _arrives(
        self, view: View, source: Where, i: int, at: Claim, packet: int, way: Waypoints = ANY_WAY
    ) -> bool | None:
        """Whether one of the source connects to the endpoint."""
        return join(self._by(view, source, at, ear, way) for ear in self._ears(view, i, packet))

    def _ears(self, view: View, i: int, packet: int) -> list[Ear]:
        return [ear for ear in view.ears(i) if ear.packet == packet]

    def _by(self, view: View, source: Where, at: Claim, ear: Ear, way: Waypoints = ANY_WAY) -> bool | None:
        """Whether one of the source connects to the ear, whose endpoint exists under the condition."""
        if (there := view.truth(at)) is False:
            return False
        sure, possible = self.reaching(view, ear, way)
        some = (
            meet((view.truth(present), True if sure >> j & 1 else None)) for j, present in source if possible >> j & 1
        )
        return meet((there, join(some)))

    def reaching(self, view: View, ear: Ear, way: Waypoints = ANY_WAY) -> tuple[int, int]:
        """Who surely, possibly connects to the ear, if both exist."""
        sure = view.sources(ear.at, ear.packet, True, way)[0] & ear.sure
        return sure, view.sources(ear.at, ear.packet, False, way)[0] & ear.possible

    def _takes(self, view: View, i: int, at: Claim, asked: Question) -> bool | None:
        ears, domain = self._ears(view, i, asked.packet), asked.domain
        if not ears or domain not in view.admits(i):
            return False
        taken = True if domain in view.admits(i, sure=True) else None
        return meet((taken, self._asks(view, ears[0]), self._arrives(view, self.anyone, i, at, asked.packet)))

    def _asks(self, view: View, ear: Ear) -> bool | None:
        """Whether the endpoint, if it listens, asks for an account."""
        if ear.asks:
            return True
        listens = self.layout.listening.get(ear.at, ())
        plain = [view.truth(when) for heard, asks, when in listens if (heard & ~asks) >> ear.packet & 1]
        return False if True in plain or None not in plain else None

    def _has(self, view: View, source: Where, domain: str) -> bool | None:
        some = ((j, at) for j, at in source if domain in view.accounts(j))
        return join(meet((view.truth(at), True if domain in view.accounts(j, sure=True) else None)) for j, at in some)

    def _relays(self, view: View, source: Where, asked: Question) -> bool | None:
        via, target = self.where(asked.via), self.where(asked.target)
        ends = {i for i, _ in target}
        found = [
            meet((self._by(view, source, at, ear), view.truth(relay.when), _aimed(view, relay.targets, ends)))
            for i, at in via
            for ear in self._ears(view, i, asked.packet)
            for relay in ear.relays
            if relay.onward >> asked.onward & 1
        ]
        return meet((join(found), self._connects(view, via, target, asked.onward)))


def _aimed(view: View, targets: Where, ends: set[int]) -> bool | None:
    return join(view.truth(when) for j, when in targets if j in ends)
