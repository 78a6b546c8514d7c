"""What a way still has to pass, and which chains of firewalls a connection takes, over all worlds at once.

`Passing` is what `policy.core.paths.Progress` is, except that options decide which component stands where: an event
has several outcomes, each with its condition. `Chains` carries it along the zones that a packet may take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from policy.core.endpoints import Endpoint
from policy.core.model import AllOf, AnyOf, Named, Pass, Then, Waypoints
from policy.solver.horn.diagram import ALWAYS, NEVER, NotExpressibleError
from policy.solver.horn.family import Family
from policy.solver.horn.words import waypoints

DONE = AllOf(())
MOST_CHAINS = 10_000  # sets of zones on the way between two endpoints, where it matters which zones were visited


@dataclass(frozen=True, slots=True)
class Passing:
    """What is still to pass, and where firewalls are counted (`needed`), which were crossed."""

    waypoints: Waypoints = DONE
    needed: int = 0
    crossed: frozenset[str] = frozenset()

    @property
    def satisfied(self) -> bool:
        return self.waypoints == DONE and self.needed == 0

    def after(self, passed: frozenset[Named]) -> Passing:
        """What is left after an event that is all of these."""
        rest = _rest(self.waypoints, passed)
        if not self.needed:
            return Passing(rest)
        crossed = self.crossed | {thing.name for thing in passed if thing.sort == "firewall"}
        return Passing(rest) if len(crossed) >= self.needed else Passing(rest, self.needed, crossed)

    def __str__(self) -> str:
        if self.needed:
            return f"crossed {' '.join(sorted(self.crossed)) or 'nothing'}"
        return "nothing to pass" if self.satisfied else f"to pass {waypoints(self.waypoints)}"


def _rest(waypoints: Waypoints, passed: frozenset[Named]) -> Waypoints:
    match waypoints:
        case Pass(what):
            return DONE if what in passed else waypoints
        case Then((first, *others)):
            first = _rest(first, passed)
            left = (first, *others) if first != DONE else tuple(others)
            return DONE if not left else left[0] if len(left) == 1 else Then(left)
        case AllOf(of):
            left = tuple(part for part in (_rest(part, passed) for part in of) if part != DONE)
            return left[0] if len(left) == 1 else AllOf(left)
        case AnyOf(of):
            parts = tuple(_rest(part, passed) for part in of)
            return DONE if DONE in parts else AnyOf(parts)
    return waypoints


def things(waypoints: Waypoints | None) -> Iterator[Named]:
    """Everything that the waypoints name."""
    if isinstance(waypoints, Pass):
        assert isinstance(waypoints.what, Named)
        yield waypoints.what
    elif waypoints is not None:
        for part in waypoints.of:
            yield from things(part)


def ordered(waypoints: Waypoints | None) -> bool:
    """Whether the order of events matters."""
    if waypoints is None or isinstance(waypoints, Pass):
        return False
    return (isinstance(waypoints, Then) and len(waypoints.of) > 1) or any(ordered(part) for part in waypoints.of)


Outcomes = Mapping[Passing, int]  # what may be left to pass, and when


class Ledger:
    """What the events of a way leave to pass; this one counts nothing."""

    simple = False  # whether chains that visit a zone twice would lead astray

    def __init__(self, family: Family) -> None:
        self.family = family

    def crossing(self, passing: Passing, firewall: str) -> Outcomes:  # noqa: ARG002
        """After a working firewall."""
        return {passing: ALWAYS}

    def visiting(self, passing: Passing, endpoint: Endpoint) -> Outcomes:  # noqa: ARG002
        """After a host between the ends."""
        return {passing: ALWAYS}

    def relaying(self, passing: Passing, endpoint: Endpoint) -> Outcomes:
        """After an endpoint that relays: a firewall counts, if it works."""
        if endpoint.sort != "firewall":
            return {passing: ALWAYS}
        broken = self.family.bypassed[endpoint.name]
        found = {passing: broken}
        for left, when in self.crossing(passing, endpoint.name).items():
            works = self.family.diagrams.without(when, broken)
            found[left] = self.family.diagrams.either((found.get(left, NEVER), works))
        return found


class Counting(Ledger):
    """Takes off what each event passes, up to what `lost` says of no use."""

    def __init__(self, family: Family, waypoints: Waypoints | None, lost: Callable[[Passing], bool], simple: bool):
        super().__init__(family)
        self.named = tuple(dict.fromkeys(things(waypoints)))
        self.lost, self.simple = lost, simple
        self._visits: dict[Endpoint, tuple[tuple[frozenset[Named], int], ...]] = {}

    def crossing(self, passing: Passing, firewall: str) -> Outcomes:
        left = passing.after(frozenset({Named("firewall", firewall)}))
        return {} if self.lost(left) else {left: ALWAYS}

    def visiting(self, passing: Passing, endpoint: Endpoint) -> Outcomes:
        found: dict[Passing, int] = {}
        for passed, when in self._passed(endpoint):
            left = passing.after(passed)
            if not self.lost(left):
                found[left] = self.family.diagrams.either((found.get(left, NEVER), when))
        return found

    def _passed(self, endpoint: Endpoint) -> tuple[tuple[frozenset[Named], int], ...]:
        """Which of the things named a visit passes, and when it does."""
        if endpoint not in self._visits:
            d = self.family.diagrams
            found = [(frozenset[Named](), ALWAYS)]
            for thing in self.named if endpoint.sort == "host" else ():
                here = self.family.place(thing).get(endpoint, NEVER)
                with_it = [(passed | {thing}, d.both(when, here)) for passed, when in found]
                found = [(passed, d.without(when, here)) for passed, when in found] + with_it
                found = [(passed, when) for passed, when in found if when != NEVER]
            self._visits[endpoint] = tuple(found)
        return self._visits[endpoint]


class Avoiding(Ledger):
    """Lets nothing be passed but what a guess allows: `may` holds a condition for each thing that counts."""

    def __init__(self, family: Family, may: Mapping[Named, int]) -> None:
        super().__init__(family)
        self.may = may

    def crossing(self, passing: Passing, firewall: str) -> Outcomes:
        return {passing: self.may.get(Named("firewall", firewall), ALWAYS)}

    def visiting(self, passing: Passing, endpoint: Endpoint) -> Outcomes:
        d, allowed = self.family.diagrams, ALWAYS
        for thing, may in self.may.items() if endpoint.sort == "host" else ():
            here = self.family.place(thing).get(endpoint, NEVER)
            allowed = d.both(allowed, d.either((may, d.negated(here))))
        return {passing: allowed}


# ---------------------------------------------------------------- chains of zones


class Chains:
    """Who connects to whom, and what the connection leaves to pass."""

    def __init__(self, family: Family, ledger: Ledger) -> None:
        self.family, self.ledger = family, ledger
        self._found: dict[tuple[Endpoint, Endpoint, int, Passing], Outcomes] = {}
        self._alike = _alike(family)

    def outcomes(self, x: Endpoint, y: Endpoint, point: int, passing: Passing) -> Outcomes:
        """What is left to pass after a chain of zones from x to y (whether y listens or not), and when there is one."""
        key = x, y, self._alike[point], passing
        if key not in self._found:
            self._found[key] = self._outcomes(*key) if x != y else {}
        return self._found[key]

    def _outcomes(self, x: Endpoint, y: Endpoint, point: int, passing: Passing) -> Outcomes:
        d, found = self.family.diagrams, dict[Passing, int]()
        there = self.family.zones[y]
        machines = x.sort != "firewall" and y.sort != "firewall"
        for start, here in self.family.zones[x].items():
            around = self._chains if self.ledger.simple else self._spread
            for zone, left, when in around(x, y, point, start, passing):
                apart = zone == start and machines and self.family.model.zones[zone].isolated
                if zone in there and not apart:
                    found[left] = d.either((found.get(left, NEVER), d.both(here, when, there[zone])))
        return {left: when for left, when in found.items() if when != NEVER}

    def _spread(
        self, x: Endpoint, y: Endpoint, point: int, start: str, passing: Passing
    ) -> Iterable[tuple[str, Passing, int]]:
        """Every zone that a packet gets to, with what it leaves to pass. A chain that visits a zone twice passes no
        less than one that does not; so it makes no difference where the goal is to pass little."""
        d = self.family.diagrams
        found = {(start, passing): ALWAYS}
        pending = [(start, passing)]
        while pending:
            zone, left = here = pending.pop(0)
            for other, further, when in self._steps(x, y, point, zone, left):
                there = other, further
                whole = d.either((found.get(there, NEVER), d.both(found[here], when)))
                if other != start and whole != found.get(there, NEVER):
                    found[there] = whole
                    pending += [there] if there not in pending else []
        return [(zone, left, when) for (zone, left), when in found.items()]

    def _chains(
        self, x: Endpoint, y: Endpoint, point: int, start: str, passing: Passing
    ) -> Iterable[tuple[str, Passing, int]]:
        """The ends of all chains that visit no zone twice, with what they leave to pass; those through the same zones
        are one."""
        d = self.family.diagrams
        layer: dict[tuple[str, frozenset[str], Passing], int] = {(start, frozenset({start}), passing): ALWAYS}
        count = 0
        while layer:
            following: dict[tuple[str, frozenset[str], Passing], int] = {}
            for (zone, visited, left), when in layer.items():
                yield zone, left, when
                for other, further, passed in self._steps(x, y, point, zone, left):
                    if other not in visited:
                        there = other, visited | {other}, further
                        following[there] = d.either((following.get(there, NEVER), d.both(when, passed)))
            layer = {there: when for there, when in following.items() if when != NEVER}
            count += len(layer)
            if count > MOST_CHAINS:
                raise NotExpressibleError(f"there are too many chains of zones from `{x}` to `{y}` to list them")

    def _steps(
        self, x: Endpoint, y: Endpoint, point: int, zone: str, passing: Passing
    ) -> Iterator[tuple[str, Passing, int]]:
        """Every next zone of a chain."""
        d = self.family.diagrams
        for other, via, when in self.family.edges[zone]:
            if via is None:
                yield other, passing, when
                continue
            broken = self.family.bypassed[via]
            if broken != NEVER:
                yield other, passing, broken
            passed = d.without(self.family.passes(via, x, y, point, zone, other), broken)
            if passed != NEVER:
                for left, counted in self.ledger.crossing(passing, via).items():
                    yield other, left, d.both(passed, counted)


def _alike(family: Family) -> Mapping[int, int]:
    """For every packet the first one that the same rules speak of."""
    rules = [rule for firewall in family.model.firewalls.values() for rule in firewall.rules]
    first: dict[tuple[bool, ...], int] = {}
    return {p: first.setdefault(tuple(p in family.points(r.services) for r in rules), p) for p in family.packets}
