"""Whether there is a path or an attack, and how short, in one world under one failure (language, sections 4 and 6).

Takes a `Network` and a path claim. Walks are searched breadth first, attacks over sets of held endpoints; what a path
has passed rides along as `Progress`: what is still to pass after each event (derivatives, after Brzozowski, 1964).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from policy.core.endpoints import Endpoint
from policy.core.model import (
    AllOf,
    AnyOf,
    Named,
    Pass,
    PathClaim,
    Then,
    Waypoints,
)
from policy.core.network import Binding, Network, Offer, Points, Set, named

DONE = AllOf(())


def _all_of(of: Iterable[Waypoints]) -> Waypoints:
    return AllOf(tuple(part for part in of if part != DONE))


def _any_of(of: Iterable[Waypoints]) -> Waypoints:
    parts_left = tuple(of)
    return DONE if DONE in parts_left else AnyOf(parts_left)


def _then(of: Sequence[Waypoints]) -> Waypoints:
    """Every one of the parts only asks for more events, so a part is over as soon as it is satisfied."""
    while of and of[0] == DONE:
        of = of[1:]
    return Then(tuple(of)) if of else DONE


def _ground(net: Network, waypoints: Waypoints, binding: Binding) -> Waypoints:
    """The same about events: `Pass` names a firewall, or the host that is visited."""
    match waypoints:
        case Pass(what):
            place = net.place(named(what, binding))
            return AnyOf(()) if place is None else Pass(_event(place))
        case Then(of):
            return _then([_ground(net, part, binding) for part in of])
        case AllOf(of):
            return _all_of(_ground(net, part, binding) for part in of)
        case AnyOf(of):
            return _any_of(_ground(net, part, binding) for part in of)


def _rest(waypoints: Waypoints, event: Named) -> Waypoints:
    """What is still to pass after the event."""
    match waypoints:
        case Pass(what):
            return DONE if what == event else waypoints
        case Then(of):
            return _then([_rest(of[0], event), *of[1:]])
        case AllOf(of):
            return _all_of(_rest(part, event) for part in of)
        case AnyOf(of):
            return _any_of(_rest(part, event) for part in of)


def _event(endpoint: Endpoint) -> Named:
    return Named("firewall" if endpoint.sort == "firewall" else "host", endpoint.name)


@dataclass(frozen=True, slots=True)
class Progress:
    """What is still to pass, and where firewalls are counted (`needed`), which were crossed."""

    waypoints: Waypoints = DONE
    needed: int = 0
    crossed: frozenset[Named] = frozenset()

    @property
    def satisfied(self) -> bool:
        return self.waypoints == DONE and len(self.crossed) >= self.needed

    def after(self, events: Iterable[Named]) -> Progress:
        """The progress once these firewalls are passed and hosts visited."""
        progress = self
        for event in events:
            crossed = progress.crossed
            if progress.needed and event.sort == "firewall":
                crossed |= {event}
            progress = Progress(_rest(progress.waypoints, event), progress.needed, crossed)
        return progress

    def visiting(self, endpoint: Endpoint) -> Progress:
        """After a host between the ends."""
        return self.after([_event(endpoint)]) if endpoint.sort == "host" else self

    def relaying(self, net: Network, endpoint: Endpoint) -> Progress:
        """After a firewall that relays, if it works."""
        works = endpoint.sort == "firewall" and endpoint.name not in net.bypassed
        return self.after([_event(endpoint)]) if works else self


# ---------------------------------------------------------------- paths


@dataclass(frozen=True, slots=True)
class Goal:
    """A path from `starts` to `ends`, the last connection on `points`, that does or does not pass what is asked."""

    starts: Set
    ends: Set
    points: Points
    progress: Progress
    satisfied: bool

    def reached(self, y: Endpoint, point: int, progress: Progress) -> bool:
        return y in self.ends and point in self.points and progress.satisfied == self.satisfied

    def lost(self, progress: Progress) -> bool:
        """Whether no continuation can have what is asked: what was passed stays passed."""
        return progress.satisfied and not self.satisfied


def _goal(net: Network, claim: PathClaim, binding: Binding) -> Goal:
    """What decides the claim: for `no` and `some` a path that passes what is asked, for `every` one that does not."""
    waypoints = DONE if claim.passes is None else _ground(net, claim.passes, binding)
    return Goal(
        net.members(claim.source, binding) | net.compromised,
        net.members(claim.target, binding),
        net.points_on(claim.on),
        Progress(waypoints, claim.crosses or 0),
        claim.quantifier != "every",
    )


def _stays(claim: PathClaim, goal: Goal) -> bool:
    """Whether the path of no step is one of those looked for."""
    return not claim.on and bool(goal.starts & goal.ends) and goal.progress.satisfied == goal.satisfied


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a walk is, which relays its last connection set off, and what it passed on the way to here."""

    at: Endpoint
    offers: frozenset[Offer]
    progress: Progress
    begins: bool = False


def _walk(net: Network, goal: Goal, start: Endpoint, within: int | None) -> int | None:
    """The number of steps of a shortest walk to the goal, of at least one step."""
    seen = layer = {Stand(start, frozenset(), goal.progress, begins=True)}
    steps = 0
    while layer and (within is None or steps < within):
        steps += 1
        following = set()
        for stand in layer:
            for point, further in _onward(net, stand):
                if goal.reached(further.at, point, further.progress):
                    return steps
                if not goal.lost(further.progress):
                    following.add(further)
        layer = following - seen
        seen = seen | layer
    return None


def _onward(net: Network, stand: Stand) -> Iterator[tuple[int, Stand]]:
    """Every next step of a walk, with its packet."""
    here = stand.at
    progress = stand.progress if stand.begins else stand.progress.visiting(here)
    if stand.begins or not net.hardened(here):
        for y, point in net.connections(here):
            for chain in net.chains(here, y, point):
                yield point, Stand(y, net.offers(here, y, point), progress.after(chain))
    progress = progress.relaying(net, here)
    for offer in stand.offers:
        for y, point in net.relayed(offer):
            for chain in net.chains(here, y, point):
                yield point, Stand(y, net.offers(here, y, point), progress.after(chain))


# ---------------------------------------------------------------- attacks


@dataclass(frozen=True, slots=True)
class Attack:
    """What the attacker holds, the relays set off so far, and what the steps have passed."""

    held: Set
    offers: frozenset[Offer]
    progress: Progress


def _moves(net: Network, attack: Attack) -> Iterator[tuple[Endpoint, int, Progress, Attack]]:
    """Every next step of an attack that succeeds: where to, its packet, and what is passed if the attack ends there or
    goes on."""
    accounts = frozenset(account for endpoint in attack.held for account in net.accounts(endpoint))
    for x in attack.held:
        for y, point in net.connections(x):
            if net.admits(y, point, accounts):
                yield from _outcomes(net, attack, x, y, point, attack.progress)
    for offer in attack.offers:
        progress = attack.progress.relaying(net, offer.source)
        for y, point in net.relayed(offer):
            if net.admits(y, point, accounts | net.accounts(offer.source)):
                yield from _outcomes(net, attack, offer.source, y, point, progress)


def _outcomes(
    net: Network, attack: Attack, x: Endpoint, y: Endpoint, point: int, progress: Progress
) -> Iterator[tuple[Endpoint, int, Progress, Attack]]:
    held = attack.held if net.hardened(y) else attack.held | {y}
    offers = attack.offers | net.offers(x, y, point)
    for ending in {progress.after(chain) for chain in net.chains(x, y, point)}:
        yield y, point, ending, Attack(held, offers, ending.visiting(y))


def _attackable(net: Network, goal: Goal) -> bool:
    """Whether an attack of at least one step gets to the goal; only steps that are not free are choices."""
    pending = [Attack(net.compromised | {start}, frozenset(), goal.progress) for start in goal.starts]
    seen = set()
    while pending:
        attack = _grown(net, goal, pending.pop())
        if attack in seen:
            continue
        seen.add(attack)
        for y, point, ending, further in _moves(net, attack):
            if goal.reached(y, point, ending):
                return True
            if further.progress != attack.progress and not goal.lost(further.progress):
                pending.append(further)
    return False


def _grown(net: Network, goal: Goal, attack: Attack) -> Attack:
    """The attack after all steps that are free. Whoever holds more can do all that they could before, so those are free
    that leave what is passed as it is; and every step, where the goal is to pass something."""
    while True:
        held, offers, progress = attack.held, attack.offers, attack.progress
        for _, _, _, further in _moves(net, attack):
            if further.progress == attack.progress:
                held, offers = held | further.held, offers | further.offers
            elif goal.satisfied and progress == attack.progress:
                held, offers, progress = held | further.held, offers | further.offers, further.progress
        grown = Attack(held, offers, progress)
        if grown == attack:
            return attack
        attack = grown


def _shortest_attack(net: Network, goal: Goal) -> int:
    """The number of steps of a shortest attack; there must be one."""
    seen = layer = {Attack(net.compromised | {start}, frozenset(), goal.progress) for start in goal.starts}
    steps = 0
    while layer:
        steps += 1
        following = set()
        for attack in layer:
            for y, point, ending, further in _moves(net, attack):
                if goal.reached(y, point, ending):
                    return steps
                if not goal.lost(further.progress):
                    following.add(further)
        layer = following - seen
        seen = seen | layer
    raise ValueError("there is no attack")


def shortest_path(net: Network, claim: PathClaim, binding: Binding) -> int | None:
    """The fewest steps of a path or attack that decides the claim; None where there is none."""
    goal = _goal(net, claim, binding)
    if _stays(claim, goal):
        return 0
    if claim.attack:
        return _shortest_attack(net, goal) if _attackable(net, goal) else None
    lengths = [_walk(net, goal, start, claim.within) for start in goal.starts]
    return min((length for length in lengths if length is not None), default=None)


def path_exists(net: Network, claim: PathClaim, binding: Binding) -> bool:
    """Whether there is a path or attack that decides the claim: for `no` and `some` one that passes what is asked, if
    anything; for `every` one that does not."""
    goal = _goal(net, claim, binding)
    if _stays(claim, goal):
        return True
    if claim.attack:
        return _attackable(net, goal)
    return any(_walk(net, goal, start, claim.within) is not None for start in goal.starts)
