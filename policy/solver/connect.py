"""One connection of a walk, as it happens: a shortest chain of zones with what decided at each crossing."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from policy.core.endpoints import Endpoint
from policy.core.inward import Waypoints
from policy.core.layout import Onward
from policy.core.steps import Crossing, Step
from policy.core.view import Ear, View


@dataclass(frozen=True, slots=True)
class Trail:
    """A walk that is possible in the view it was found in."""

    start: Endpoint
    steps: tuple[Step, ...]


def connection(
    view: View, source: int, ear: Ear, relay: Onward | None, way: Waypoints, leave: int, arrive: int
) -> Step:
    """The connection by a shortest chain of zones that takes the waypoints from one state to the other."""
    zone, chain = next(_chains(view, source, ear, way, leave, arrive))
    ends = view.layout.endpoints
    point = view.layout.classes[ear.packet]
    return Step(ends[source], ends[ear.at], point, zone, chain, None if relay is None else relay.key)


def _chains(
    view: View, source: int, ear: Ear, way: Waypoints, leave: int, arrive: int
) -> Iterator[tuple[str, tuple[Crossing, ...]]]:
    """Breadth first. Who wants to pass things goes from zone to zone without return; who avoids them may cut out any
    loop."""
    layout, ends = view.layout, view.zones(ear.at)
    alone = [zone for zone in ends if layout.model.zones[zone].isolated]  # chains from there go round about
    guides = [view.inward(ear.at, ear.packet, False, way, arrive, without=zone) for zone in ("", *alone)]
    machines = not (1 << source | 1 << ear.at) & layout.firewall_bits
    queue = deque[tuple[str, tuple[str, ...], int, tuple[Crossing, ...]]](
        (zone, (zone,), leave, ()) for zone in view.zones(source)
    )
    seen = {(zone, zone, leave) for zone, _, _, _ in queue}
    while queue:
        zone, visited, state, chain = queue.popleft()
        apart = machines and zone == visited[0] and layout.model.zones[zone].isolated
        if zone in ends and state == arrive and not apart:
            yield visited[0], _without_loops(chain)
        for b, via in layout.neighbours[zone]:
            if way.wanted and b in visited:
                continue
            for crossing, later in _crossings(view, source, ear, zone, b, via, way, state, chain):
                if not any(b in rows and rows[b][later] >> source & 1 for rows in guides):
                    continue
                if way.wanted or (visited[0], b, later) not in seen:
                    seen.add((visited[0], b, later))
                    queue.append((b, (*visited, b), later, (*chain, crossing)))
    raise AssertionError("a connection without a chain")


def _without_loops(chain: tuple[Crossing, ...]) -> tuple[Crossing, ...]:
    kept: list[Crossing] = []
    for crossing in chain:
        kept.append(crossing)
        earlier = next((i for i, c in enumerate(kept) if c.from_zone == crossing.into_zone), None)
        if earlier is not None:
            del kept[earlier:]
    return tuple(kept)


def _crossings(
    view: View,
    source: int,
    ear: Ear,
    a: str,
    b: str,
    via: str | int,
    way: Waypoints,
    state: int,
    chain: tuple[Crossing, ...],
) -> Iterator[tuple[Crossing, int]]:
    if isinstance(via, int):
        if view.truth(view.layout.model.links[via].when) is not False:
            yield Crossing(a, b, None, "link", link=via), state
        return
    bypassed = view.bypassed(via)
    counts = bypassed is False or (bypassed is None and way.wanted)
    later = way.crossing(state, via) if counts else state
    if later is None:
        return
    if bypassed is not False:
        yield Crossing(a, b, via, "bypassed"), later
    elif view.layout.firewalls[via] == source:
        again = bool(chain) and chain[-1].by == "own packet"  # twice running is once
        if later == state and (again or state not in way.entered):
            return
        yield Crossing(a, b, via, "own packet"), later
    else:
        rules = view.layout.relevant(ear.at, ear.packet).rules.get(via, ())
        if view.passing(via, rules, ear.at, a, b, sure=False) >> source & 1:
            place = _deciding(view, via, source, ear, a, b)
            yield Crossing(a, b, via, "default" if place is None else "rule", place), later


def _deciding(view: View, firewall: str, source: int, ear: Ear, a: str, b: str) -> int | None:
    """The place of the first rule that may allow the packet, None for the default."""
    for rule in view.layout.relevant(ear.at, ear.packet).rules.get(firewall, ()):
        if (
            rule.between(a, b)
            and rule.allow
            and view.applies(rule, ear.at) is not False
            and view.group(rule.source)[1] >> source & 1
        ):
            return rule.place
    return None
