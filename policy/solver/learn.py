"""Lemmas: why a path claim is decided as it is in one world, by as few decisions as possible.

A barrier starts with nothing decided, where an open guard helps the attacker, and decides one more thing on each walk
that is still possible, as the world has it, until none is; then drops what turned out not to be needed. Decisions that
a barrier used can be excluded, so that several barriers with disjoint failures prove a bound on failures by counting. A
route decides only what its own connections depend on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from policy.core.evidence import Barrier, Route, settled, threatened
from policy.core.groups import bits, options_in
from policy.core.layout import Layout
from policy.core.model import PathClaim, Threat
from policy.core.replay import Replay
from policy.core.steps import Step
from policy.core.view import EFFECTS, Decisions, Literal, View
from policy.core.walk import named, rest_of
from policy.solver.budget import Budget
from policy.solver.connect import Trail
from policy.solver.search import Found, search
from policy.solver.shortest import shortened

Items = list[tuple[Literal, bool]]


@dataclass(frozen=True, slots=True)
class Learner:
    """Learns about one model under the threats of one invariant. `like` is a view whose closures may be shared."""

    layout: Layout
    threats: Sequence[Threat]
    like: View
    budget: Budget
    first: dict[PathClaim, Trail] = field(default_factory=dict)  # trails that are possible with nothing decided

    def view(self, decisions: Decisions) -> View:
        """The view of these decisions; the same one for everybody where nothing is decided and nothing may fail."""
        if not decisions and not self.threats:
            return self.like
        return View(self.layout, settled(self.threats, decisions), threatened(self.threats), self.like)

    # -------------------------------------------------------- routes

    def route(self, claim: PathClaim, trail: Trail, world: Decisions) -> Route:
        """The trail as a lemma; it is one of the world's."""
        trail = shortened(self.view(world), claim, trail)
        names = {name for step in trail.steps for name in self._names(step)} | self._ends(claim)
        needed = self.fewest(
            [(x, v) for x, v in world.items() if x[0] in names],
            lambda items: Replay(self.view(dict(items)), claim).refusal(trail.start, trail.steps) is None,
        )
        return Route(claim, tuple(sorted(needed)), trail.start, trail.steps)

    def fewest(self, items: Items, enough: Callable[[Items], bool]) -> Items:
        """A smallest part of the items that is still enough: halves are dropped first, then single ones."""
        size = max(1, len(items) // 2)
        while items:
            i = 0
            while i < len(items):
                fewer = items[:i] + items[i + size :]
                self.budget.spend()
                if enough(fewer):
                    items = fewer
                else:
                    i += size
            if size == 1:
                break
            size //= 2
        return items

    # -------------------------------------------------------- barriers

    def barriers(self, claim: PathClaim, world: Decisions, several: int) -> Iterator[Barrier]:
        """Barriers that hold in the world; after the first up to `several` in all, which use other failures than those
        before."""
        used: set[Literal] = set()
        for i in range(several):
            found = self._barrier(claim, world, used, must=i == 0)
            if found is None:
                return
            yield found
            new = {x for x, _ in found.decisions if x[1] in EFFECTS}
            if not new:
                return
            used |= new

    def _barrier(self, claim: PathClaim, world: Decisions, used: set[Literal], must: bool) -> Barrier | None:
        decided: dict[Literal, bool] = {}
        allowed = {x: v for x, v in world.items() if x not in used}
        if not must and isinstance(search(self.view(allowed), claim, self.budget), Trail):
            return None
        found: Found = self.first.get(claim) or search(self.view(decided), claim, self.budget)
        last, trails = dict[Literal, bool](), list[Trail]()
        while isinstance(found, Trail):
            trails.append(found)
            last = self._blocking(claim, found, decided, allowed)
            decided |= last
            found = search(self.view(decided), claim, self.budget)
        needed = self._needed(claim, decided, last, trails)
        if needed != decided:
            found = search(self.view(needed), claim, self.budget)
        assert not isinstance(found, Trail), "a barrier that lets something through"
        return Barrier(claim, tuple(sorted(needed.items())), found)

    def _needed(
        self, claim: PathClaim, decided: dict[Literal, bool], last: dict[Literal, bool], trails: list[Trail]
    ) -> dict[Literal, bool]:
        """Without the decisions that later ones made superfluous; the last one, if it was alone, is needed. `trails`
        are those that were blocked one by one."""
        sure = last if len(last) == 1 else {}

        def enough(items: Items) -> bool:
            view = self.view({**sure, **dict(items)})
            if any(self._possible(claim, trail, view) for trail in trails):
                return False
            return not isinstance(search(view, claim, self.budget), Trail)

        return {**sure, **dict(self.fewest([item for item in decided.items() if item[0] not in sure], enough))}

    def _blocking(self, claim: PathClaim, trail: Trail, decided: Decisions, world: Decisions) -> dict[Literal, bool]:
        """Decisions of the world that make the trail impossible: as few as can be, those about its first steps before
        others, weak ones (not this value) before strong ones."""

        def enough(items: Items) -> bool:
            return not self._possible(claim, trail, self.view({**decided, **dict(items)}))

        names = [self._names(step) for step in trail.steps] or [set()]
        names[0] |= self._ends(claim)
        wanted = {name: i for i, some in reversed(list(enumerate(names))) for name in some}
        items = [(x, v) for x, v in world.items() if x[0] in wanted and x not in decided]
        items.sort(key=lambda item: (item[1], wanted[item[0][0]], item[0]), reverse=True)
        if enough(items):
            return dict(self.fewest(items, enough))
        return {x: v for x, v in world.items() if x not in decided}

    def _possible(self, claim: PathClaim, trail: Trail, view: View) -> bool:
        """Whether the trail, as it is, is still possible."""
        return Replay(view, claim, sure=False).refusal(trail.start, trail.steps) is None

    # -------------------------------------------------------- what a step depends on

    def _names(self, step: Step) -> set[str]:
        layout = self.layout
        source, target = layout.number[step.source], layout.number[step.target]
        names = set(layout.relevant(target, layout.class_of(step.point)).options)
        for i in (source, target):
            names.update(options_in(layout.present[i]))
            names.update(options_in(tuple(when for _, when in layout.zones_of(i))))
            names.update(options_in(tuple(when for _, when in layout.accounts[i])))
            names.update(options_in(tuple(when for *_, when in layout.listening.get(i, ()))))
            for relay in layout.onwards_at.get(i, ()):
                names.update(options_in(relay.when), relay.limit.options if relay.limit else ())
                names.update(options_in(tuple(when for _, when in relay.targets)))
        names.update(options_in(tuple(t.when for t in layout.model.trusts)) if self._asks(target) else ())
        names |= layout.hardened.options
        names.update(c.via for c in step.chain if c.via is not None)
        names.update(e.name for e in (step.source, step.target) if e.sort == "firewall")
        return names

    def _asks(self, target: int) -> bool:
        return any(asks for _, asks, _ in self.layout.listening.get(target, ()))

    def _ends(self, claim: PathClaim) -> set[str]:
        names = set(self.layout.group(claim.source).options | self.layout.group(claim.target).options)
        for what in named(rest_of(claim)):
            if what.sort == "component":
                names.update(options_in(tuple(when for _, when in self.layout.stands(what.name))))
        compromised = sorted(name for name, effect in threatened(self.threats) if effect == "compromised")
        names.update(compromised, *(self.layout.place(name).options for name in compromised))
        if claim.attack:  # what is compromised brings its accounts along, though no step starts there
            held = (i for name in compromised for i in bits(self.layout.place(name).widest))
            names.update(*(options_in(tuple(when for _, when in self.layout.accounts[i])) for i in held))
        return names
