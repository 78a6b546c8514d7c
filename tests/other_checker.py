"""Another checker of barriers, written from `docs/evidence.md`: world by world, on the JSON alone.

It shares nothing with the check of `policy.core.evidence` but the model: walks are those of `policy.core.network`,
which knows one world at a time. It leaves attacks out, and waypoints of which the case decides what passes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy.core import semantics
from policy.core.endpoints import Endpoint
from policy.core.model import AllOf, AnyOf, Invariant, Model, Named, Pass, PathClaim, Then, Waypoints
from policy.core.network import Network, Offer

Held = list[dict[str, frozenset[str]]]  # for every level, who is held by what is still to pass


def words(waypoints: Waypoints) -> str:
    """What is still to pass, as a file says it."""
    if isinstance(waypoints, Pass):
        assert isinstance(waypoints.what, Named)
        return waypoints.what.name
    word = {Then: "then", AllOf: "all", AnyOf: "any"}[type(waypoints)]
    return f"{word}({', '.join(words(part) for part in waypoints.of)})"


def after(waypoints: Waypoints | None, name: str) -> Waypoints | None:
    """What is left to pass after a firewall or host; None where nothing is."""
    match waypoints:
        case Pass(Named(_, wanted)):
            return None if wanted == name else waypoints
        case Then((first, *others)):
            rest = after(first, name)
            left = (*(() if rest is None else (rest,)), *others)
            return left[0] if len(left) == 1 else Then(left)
        case AllOf(of):
            left = tuple(rest for part in of if (rest := after(part, name)) is not None)
            return None if not left else left[0] if len(left) == 1 else AllOf(left)
        case AnyOf(of):
            each = [after(part, name) for part in of]
            return None if None in each else AnyOf(tuple(part for part in each if part is not None))
    return None


def suited(invariant: Invariant, claim: PathClaim) -> bool:
    """Whether this checker knows what to do with barriers for the claim."""
    if claim.attack or (claim.crosses is not None and claim.quantifier != "every"):
        return False
    text = "" if claim.passes is None else repr(claim.passes)
    return not text or ("component" not in text and not invariant.threats)


def complaints(model: Model, invariant: Invariant, claim: PathClaim, lemma: Any) -> Iterator[str]:
    """Everything that is wrong with a barrier of a file."""
    cuts = lemma["cuts"]
    if claim.crosses is not None and met(cuts, claim.crosses - 1):
        yield "so few firewalls meet all cuts"
    if not cuts and claim.crosses is None:
        yield "there is no cut"
    for world in semantics.worlds(model):
        for failure in semantics.failures(invariant.threats):
            if all(decided(item, world, failure) for item in lemma["decisions"]):
                for cut in cuts:
                    yield from Walker(Network(model, world, failure), claim, cut).complaints()


def met(cuts: Any, most: int) -> bool:
    if not cuts:
        return most >= 0
    first = cuts[0]["firewalls"]
    return most > 0 and any(met([cut for cut in cuts if name not in cut["firewalls"]], most - 1) for name in first)


def decided(item: Any, world: Any, failure: Any) -> bool:
    if "failure" in item:
        return ((item["failure"], item["effect"]) in failure) == item["is"]
    return bool((world[item["option"]] == item["value"]) == item["is"])


class Walker:
    """The walks of one world, held against the levels of one cut."""

    def __init__(self, net: Network, claim: PathClaim, cut: Any) -> None:
        self.net, self.claim, self.avoided = net, claim, frozenset(cut["firewalls"])
        self.levels = [{state["to_pass"]: frozenset(state["leaving"]) for state in level} for level in cut["places"]]
        self.seen: set[Any] = set()

    def complaints(self) -> Iterator[str]:
        claim = self.claim
        for start in self.net.members(claim.source) | self.net.compromised:
            if not self._held(0, start, claim.passes):
                yield f"{start} is a start, and not held"
            if start in self.net.members(claim.target) and not claim.on and self._looked_for(claim.passes):
                yield f"{start} is at both ends"
            yield from self._steps(0, start, claim.passes, frozenset(), leaves=True)

    def _held(self, level: int, endpoint: Endpoint, left: Waypoints | None) -> bool:
        names = self.levels[min(level, len(self.levels) - 1)].get("nothing" if left is None else words(left), ())
        plain = str(endpoint) if endpoint.sort == "someone" else f"{endpoint.sort} {endpoint.name}"
        plain = plain.replace("someone in ", "someone ")
        return any(name == plain or name.partition("/")[0] == plain for name in names)

    def _looked_for(self, left: Waypoints | None) -> bool:
        return self.claim.crosses is not None or (left is None) == (self.claim.quantifier != "every")

    def _steps(
        self, level: int, x: Endpoint, left: Waypoints | None, offers: frozenset[Offer], leaves: bool
    ) -> Iterator[str]:
        """From an endpoint after so many steps: connections that the attacker opens, and what it relays."""
        key = min(level, len(self.levels)), x, left, offers, leaves
        if key in self.seen or level == self.claim.within:
            return
        self.seen.add(key)
        for y, point in self.net.connections(x) if leaves else ():
            yield from self._arrivals(level + 1, x, y, point, left)
        for offer in offers:
            for y, point in self.net.relayed(offer):
                passed = x.sort == "firewall" and x.name not in self.net.bypassed
                if not passed or x.name not in self.avoided:
                    yield from self._arrivals(level + 1, x, y, point, self._rest(left, x.name) if passed else left)

    def _rest(self, left: Waypoints | None, name: str) -> Waypoints | None:
        return None if left is None else after(left, name)

    def _arrivals(
        self, level: int, x: Endpoint, y: Endpoint, point: int, before: Waypoints | None
    ) -> Iterator[str]:
        for chain in self.net.chains(x, y, point):
            left = before
            for firewall in chain:
                left = self._rest(left, firewall.name)
            lost = left is None and self.claim.quantifier == "every" and self.claim.passes is not None
            if lost or any(firewall.name in self.avoided for firewall in chain):
                continue
            at_goal = y in self.net.members(self.claim.target) and point in self.net.points_on(self.claim.on)
            if at_goal and self._looked_for(left):
                yield f"a walk arrives at {y}"
            visited = self._rest(left, y.name) if y.sort == "host" else left
            if visited is None and left is not None and self.claim.quantifier == "every":
                continue
            taken = not self.net.hardened(y)
            if taken and level != self.claim.within and not self._held(level, y, visited):
                yield f"{y} is reached in {level} steps, and not held"
            yield from self._steps(level, y, visited, self.net.offers(x, y, point), taken)
