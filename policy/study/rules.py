"""What is odd about the rules of firewalls: rules that decide nothing, that other rules make superfluous, that others
override in part, or that no possible connection uses.

The kinds are those of Al-Shaer and Hamed (IEEE JSAC 2004), over all worlds at once and with all rules that play a part,
not pairs: what is left of a rule after those before it is followed as boxes (`boxes`), exactly; where conditions play
a part z3 says whether some world has them (`policy.solver.worlds`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from policy.core.groups import both, either
from policy.core.layout import Layout
from policy.core.model import ALWAYS, NEVER, Claim, Firewall, Model, Not
from policy.solver.worlds import Worlds
from policy.study.boxes import Box, Item, Items, meet, minus
from policy.study.usage import used

Kind = Literal["contradicting", "empty", "shadowed", "redundant", "overridden", "unused"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something odd about the rule at `rule` (from 0) of a firewall.

    contradicting: its condition holds in no world; `assumptions` (by place) leave none, () where it never could.
    empty: it speaks of no source, destination or packet that exists in any world.
    shadowed: earlier rules, `by`, decide all that it matches, some of it otherwise.
    redundant: without it everything is decided as it is: by earlier rules, or by later ones and the default.
    overridden: earlier rules, `by`, decide part of what it matches, otherwise; it decides the rest.
    unused: no connection that is possible in any world is decided by it.
    """

    kind: Kind
    firewall: str
    rule: int
    by: tuple[int, ...] = ()
    assumptions: tuple[int, ...] = ()


def findings(model: Model) -> tuple[Finding, ...]:
    """All findings, by firewall and rule."""
    layout = Layout(model)
    worlds, in_use = Worlds(layout), used(layout)
    return tuple(
        finding for firewall in model.firewalls.values() for finding in _Firewall(layout, worlds, firewall).all(in_use)
    )


_Left = tuple[Box | None, Claim, Claim]  # a part of a cell; where later rules take it; where they do otherwise


@dataclass(frozen=True, slots=True)
class _Decided:
    """What comes to a rule: `cells` that earlier rules leave it, each with the condition that they take it after all;
    the earlier rules that decide some of it, and those that do it otherwise."""

    cells: tuple[tuple[Item, Box, Claim], ...]
    before: tuple[int, ...]
    against: tuple[int, ...]


class _Firewall:
    def __init__(self, layout: Layout, worlds: Worlds, firewall: Firewall) -> None:
        self.layout, self.worlds, self.firewall = layout, worlds, firewall
        self.items = Items(layout, firewall.name)

    def all(self, in_use: frozenset[tuple[str, int]]) -> Iterator[Finding]:
        name = self.firewall.name
        for i, rule in enumerate(self.firewall.rules):
            if not self.worlds.some(rule.when):
                yield Finding("contradicting", name, i, (), self.worlds.against(rule.when))
            elif not any(self._somewhere(item.box, item.when) for item in self.items.of[i]):
                yield Finding("empty", name, i)
            else:
                yield from self._of(i, self._decided(i), (name, i) in in_use)

    def _of(self, i: int, decided: _Decided, in_use: bool) -> Iterator[Finding]:
        name = self.firewall.name
        if not decided.cells:
            yield Finding("shadowed" if decided.against else "redundant", name, i, decided.before)
            return
        after = self._same_without(i, decided)
        if after is not None:
            yield Finding("redundant", name, i, after)
        elif decided.against:
            yield Finding("overridden", name, i, decided.against)
        if after is None and not in_use:
            yield Finding("unused", name, i)

    def _somewhere(self, box: Box, *conditions: Claim) -> bool:
        """Whether some world has the conditions and an endpoint on either side of the box."""
        return self.worlds.some(*conditions, self.items.exist(box))

    def _decided(self, i: int) -> _Decided:
        cells: list[tuple[Item, Box, Claim]] = []
        before, against = set[int](), set[int]()
        for item in self.items.of[i]:
            left: list[tuple[Box, Claim]] = [(item.box, NEVER)]
            for earlier in self.items.meeting(item.box, range(i)):
                left = list(self._after(item, earlier, left, before))
            against |= {k for k in before if self.firewall.rules[k].allow != item.allow}
            cells += [(item, b, taken) for b, taken in left if self._somewhere(b, item.when, Not(taken))]
        return _Decided(tuple(cells), tuple(sorted(before)), tuple(sorted(against)))

    def _after(
        self, item: Item, earlier: Item, left: list[tuple[Box, Claim]], before: set[int]
    ) -> Iterator[tuple[Box, Claim]]:
        """What the earlier rule leaves of these parts of the item."""
        for box, taken in left:
            both_match = meet(box, earlier.box)
            if both_match is None:
                yield box, taken
                continue
            yield from ((piece, taken) for piece in minus(box, earlier.box))
            if self._somewhere(both_match, item.when, earlier.when, Not(taken)):
                before.add(earlier.rule)
                if earlier.when != ALWAYS:
                    yield both_match, either(taken, earlier.when)
            elif earlier.when != ALWAYS:
                yield both_match, taken

    def _same_without(self, i: int, decided: _Decided) -> tuple[int, ...] | None:
        """The later rules that decide what the rule decides as it does, () where the default alone does; None when
        something would be decided otherwise."""
        by: set[int] = set()
        for item, cell, taken in decided.cells:
            decides = both(item.when, Not(taken))
            left: list[_Left] = [(cell, NEVER, NEVER)]
            for later in self.items.meeting(cell, range(i + 1, len(self.firewall.rules))):
                left = list(self._without(item, decides, later, left, by))
                if any(box is None for box, *_ in left):
                    return None
            same = self.firewall.default_allow == item.allow
            if any(
                self._somewhere(box, decides, otherwise if same else either(otherwise, Not(gone)))
                for box, gone, otherwise in left
                if box is not None
            ):
                return None
        return tuple(sorted(by))

    def _without(
        self, item: Item, decides: Claim, later: Item, left: list[_Left], by: set[int]
    ) -> Iterator[_Left]:
        """What a later rule leaves of these parts of a cell; no box for a part that it decides otherwise for good."""
        for box, gone, otherwise in left:
            inside = meet(box, later.box) if box is not None else None
            if box is None or inside is None:
                yield box, gone, otherwise
                continue
            yield from ((piece, gone, otherwise) for piece in minus(box, later.box))
            here = both(later.when, Not(gone))
            if later.allow != item.allow:
                otherwise = either(otherwise, here)
            elif self._somewhere(inside, decides, here):
                by.add(later.rule)
            if later.when != ALWAYS:
                yield inside, either(gone, later.when), otherwise
            elif self._somewhere(inside, decides, otherwise):
                yield None, gone, otherwise
