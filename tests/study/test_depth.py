"""Depths, held against enumeration of worlds, failures and accounts; and known ones of the specs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path

import pytest
import strategies
from agreement import model_of
from hypothesis import assume, given, note
from hypothesis import strategies as st

from policy.core import semantics
from policy.core.endpoints import Endpoint
from policy.core.model import Endpoints, Model, Named, PathClaim, World
from policy.core.network import Network
from policy.core.paths import path_exists
from policy.report.words import Words
from policy.study.depth import KINDS, Accounts, Depth, Measure, Surveyor, targets, untrusted
from policy.study.design import Design, FaultyError, design

SPECS = Path(__file__).parents[2] / "specs"
NO_PATH = KINDS.index("no path")


class Purse(Network):
    """A network in which only some accounts can be taken, and some are brought along."""

    def with_accounts(self, taken: frozenset[str], brought: frozenset[str]) -> Purse:
        self.taken, self.brought = taken, brought
        return self

    def accounts(self, endpoint: Endpoint) -> frozenset[str]:
        return super().accounts(endpoint) & self.taken

    def admits(self, y: Endpoint, point: int, accounts: frozenset[str]) -> bool:
        return super().admits(y, point, accounts | self.brought)


@dataclass(frozen=True)
class Plainly:
    """The measures of one target in one world."""

    model: Model
    world: World
    source: Endpoints
    target: Endpoints

    @property
    def peopled(self) -> bool:
        net = Network(self.model, self.world)
        return bool(net.members(self.source)) and bool(net.members(self.target))

    def path(self, failing: tuple[str, ...] = ()) -> bool:
        failure = frozenset((name, "bypassed") for name in failing)
        return path_exists(Network(self.model, self.world, failure), PathClaim("no", self.source, self.target), {})

    @cached_property
    def crossed(self) -> int:
        top = len(self.model.firewalls) + 1
        claims = (PathClaim("every", self.source, self.target, crosses=k) for k in range(1, top))
        fewest = next((k for k, c in enumerate(claims) if not semantics.holds(self.model, c, self.world)), top - 1)
        return fewest if self.path() else top

    @cached_property
    def bypassed(self) -> int:
        names = sorted(self.model.firewalls)
        sizes = range(len(names) + 1)
        return next((k for k in sizes if any(self.path(some) for some in combinations(names, k))), len(names) + 1)

    def attack(self, taken: frozenset[str], brought: frozenset[str]) -> bool:
        net = Purse(self.model, self.world).with_accounts(taken, brought)
        return path_exists(net, PathClaim("no", self.source, self.target, attack=True), {})

    @cached_property
    def kind(self) -> int:
        every = frozenset(self.model.domains)
        if self.attack(frozenset(), frozenset()):
            return 0
        return 1 if self.attack(every, frozenset()) else 2 if self.path() else NO_PATH


def minimal(worlds: list[Plainly], kind: str) -> set[frozenset[str]]:
    """The minimal sets of domains whose accounts an attack takes, or has to bring along, in one of the worlds."""
    every = frozenset(worlds[0].model.domains)
    found: set[frozenset[str]] = set()
    for size in range(len(every) + 1):
        for some in map(frozenset, combinations(sorted(every), size)):
            purse = (some, frozenset[str]()) if kind == "taken" else (every, some)
            if not any(known <= some for known in found) and any(world.attack(*purse) for world in worlds):
                found.add(some)
    return found


def number(value: int | None, model: Model) -> int:
    return len(model.firewalls) + 1 if value is None else value


def disagreements(found: Depth, worlds: list[Plainly]) -> Iterator[str]:
    """Everything in which a depth differs from what the worlds say."""
    model = worlds[0].model
    for name, measure in (("crossed", found.crossed), ("bypassed", found.bypassed)):
        values = [getattr(world, name) for world in worlds]
        peopled = [value for value, world in zip(values, worlds, strict=True) if world.peopled] or values
        if (number(measure.worst, model), number(measure.best, model)) != (min(values), max(peopled)):
            yield f"{name}: {measure}, but {values}"
        for value, world in zip(values, worlds, strict=True):
            if agrees(world, measure.options) and value < number(measure.best, model) and measure.options:
                yield f"{name}: {measure.options} are not enough for {measure.best}"
        if measure.worst is not None and (measure.shown is None or shown(name, measure) != measure.worst):
            yield f"{name}: {measure.worst}, but what is shown has {measure.shown}"
    kinds = [world.kind for world in worlds]
    best = max((world.kind for world in worlds if world.peopled), default=max(kinds))
    if (KINDS.index(found.accounts.kind), KINDS.index(found.best_accounts.kind)) != (min(kinds), best):
        yield f"accounts: {found.accounts.kind} to {found.best_accounts.kind}, but {kinds}"
    else:
        yield from _sets(found.accounts, [worlds])
        yield from _sets(found.best_accounts, [worlds, *([world] for world in worlds if world.kind == best)])


def _sets(accounts: Accounts, cases: list[list[Plainly]]) -> Iterator[str]:
    """The sets are the minimal ones of one of the cases."""
    if accounts.kind not in ("taken", "brought"):
        return
    told = set(map(frozenset, accounts.sets))
    wanted = [minimal(case, accounts.kind) for case in cases]
    if not any(told == sets or (accounts.more and told < sets) for sets in wanted):
        yield f"accounts: {accounts}, but {wanted}"


def agrees(world: Plainly, options: tuple[str, ...]) -> bool:
    words = Words(world.model)
    return set(options) <= {words.choice(name, value) for name, value in world.world.items()}


def shown(name: str, measure: Measure) -> int:
    """What the path that is shown has."""
    assert measure.shown is not None
    if name == "bypassed":
        return len(measure.shown.failures)
    relays = {hop.relay.name for hop in measure.shown.steps if hop.relay is not None and hop.relay.sort == "firewall"}
    crossings = (crossing for hop in measure.shown.steps for crossing in hop.crossings)
    return len(relays | {crossing.firewall for crossing in crossings if crossing.firewall is not None})


@pytest.mark.parametrize("designs", [strategies.designs(), strategies.networks()], ids=["designs", "networks"])
def test_depths_are_those_of_enumeration(designs: st.SearchStrategy[str]) -> None:
    """Worst and best numbers, what they depend on, the accounts, and the paths that are shown."""

    @given(designs, st.randoms(use_true_random=False))
    def agree(text: str, random: object) -> None:
        note(text)
        model = model_of(text)
        try:
            asked = design(text)
        except FaultyError:
            assume(False)
        places = [Named("host", name) for name in model.hosts] + [Named("component", name) for name in model.components]
        source = Endpoints((Named("zone", random.choice(list(model.zones))),))  # type: ignore[attr-defined]
        target = Endpoints((random.choice(places or [Named("zone", min(model.zones))]),))  # type: ignore[attr-defined]
        note(f"from {source} to {target}")
        worlds = [Plainly(model, world, source, target) for world in semantics.worlds(model)]
        assert list(disagreements(Surveyor(asked).depth(source, target), worlds)) == []

    agree()


# ---------------------------------------------------------------- known ones


def depths(text: str) -> dict[str, Depth]:
    asked = design(text)
    source = untrusted(asked)
    assert source is not None
    surveyor = Surveyor(asked)
    return {depth.target: depth for depth in (surveyor.depth(source, target) for target in targets(asked))}


SHOP = """
service https = tcp 443
service sql authenticated = tcp 1433
option support
domain internet { untrusted standalone }
domain dmz { host web listens https }
domain office { host desk listens https }
domain vault trusts office { host orders listens sql }
component shop on web
component books on orders
firewall outer joins internet, dmz { allow internet -> web : https }
firewall inner joins dmz, office, vault {
  allow web -> desk : https when support
  allow web, desk -> orders : sql
}
"""


def test_accounts_and_worlds() -> None:
    """The books ask for an account of the office (or the vault): there is a desk to take it from with support only."""
    found = depths(SHOP)
    shop, books = found["shop"], found["books"]
    assert (shop.crossed.worst, shop.crossed.best, shop.bypassed.worst) == (1, 1, 0)
    assert shop.accounts.kind == shop.best_accounts.kind == "none"
    assert (books.crossed.worst, books.crossed.best, books.bypassed.worst) == (2, 2, 0)
    assert (books.accounts.kind, books.accounts.sets) == ("taken", (("office",),))
    assert (books.best_accounts.kind, books.best_accounts.sets) == ("brought", (("office",), ("vault",)))
    assert books.options == ("not support",)
    assert books.accounts.shown is not None and len(books.accounts.shown.steps) == 3


def test_walls_that_have_to_fall() -> None:
    """Where nothing is let through, every wall on the way has to fall; where there is no wall, nothing helps."""
    text = "domain a { untrusted } domain b { } domain c { host h listens s } service s = tcp 1\n"
    text += "domain d { host k listens s } component far on h component away on k\n"
    found = depths(text + "firewall F joins a, b firewall G joins b, c")
    assert (found["far"].crossed.worst, found["far"].bypassed.worst, found["far"].bypassed.best) == (None, 2, 2)
    assert (found["away"].bypassed.worst, found["away"].accounts.kind) == (None, "no path")


@pytest.fixture(scope="module")
def large() -> Design:
    return design(SPECS / "biztalk" / "large_distributed.policy")


def test_the_sso_database_is_behind_three_firewalls(large: Design) -> None:
    """As the documentation argues; the flaw of a forgotten rule changes nothing in that."""
    source, target = untrusted(large), Endpoints((Named("component", "sso_db"),))
    assert source is not None
    found = Surveyor(large).depth(source, target)
    assert (found.crossed.worst, found.crossed.best) == (3, None)
    assert (found.bypassed.worst, found.bypassed.best) == (0, 2)
    assert (found.accounts.kind, found.accounts.sets) == ("taken", (("data",),))
