"""Which rules some connection may use, with nothing decided about options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policy.core.inward import ANY_WAY
from policy.core.layout import Layout
from policy.core.view import Ear, View


def used(layout: Layout) -> frozenset[tuple[str, int]]:
    """(firewall, rule from 0) of every rule that may decide a step of a packet to something that listens; the others
    decide none in any world.

    An allow rule is used where what it lets through may arrive, a deny rule where what it stops may have come.
    """
    view = View(layout)
    ears = {ear.kind.number: ear for i in range(len(layout.endpoints)) for ear in view.ears(i)}
    return frozenset(rule for ear in ears.values() for rule in _used(view, ear))


def _used(view: View, ear: Ear) -> Iterator[tuple[str, int]]:
    """The rules that decide packets to the ear on their way, followed forward from zone to zone."""
    arriving = {zone: row[0] for zone, row in view.inward(ear.at, ear.packet, False, ANY_WAY, 0).items()}
    here = {zone: view.group(group)[1] for zone, group in view.layout.occupants.items()}
    queue = list(here)
    while queue:
        a = queue.pop(0)
        for b, via in view.layout.neighbours[a]:
            gain = here[a] & _passed(view, ear, via, a, b) & ~here[b]
            if gain:
                here[b] |= gain
                queue += [] if b in queue else [b]
    for a, sources in here.items():
        for b, via in view.layout.neighbours[a]:
            if not isinstance(via, int):
                yield from _deciding(view, ear, via, (a, b), sources, arriving)


def _passed(view: View, ear: Ear, via: str | int, a: str, b: str) -> int:
    """Whose packets to the ear get from zone `a` into zone `b` over the firewall or link."""
    if isinstance(via, int):
        return view.layout.everyone if view.truth(view.layout.model.links[via].when) is not False else 0
    return view.passing(via, ear.kind.rules.get(via, ()), ear.at, a, b, False)


def _deciding(
    view: View, ear: Ear, firewall: str, crossing: tuple[str, str], sources: int, arriving: Mapping[str, int]
) -> Iterator[tuple[str, int]]:
    rest = sources & ~(1 << ear.at)
    for rule in ear.kind.rules.get(firewall, ()):
        applies = view.applies(rule, ear.at) if rule.between(*crossing) else False
        if applies is False or not rest:
            continue
        surely, possibly = view.given(rule.source)
        wanted = rest & possibly & (arriving.get(crossing[1], 0) if rule.allow else rest)
        if wanted:
            yield firewall, rule.place
        if applies:
            rest &= ~surely


