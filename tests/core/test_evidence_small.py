"""The check of evidence on designs small enough to build barriers, cuts and splits by hand: what passes."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from agreement import model_of

from policy.core.evidence import (
    Barrier,
    Checker,
    Cut,
    Lemma,
    Proof,
    Route,
    Split,
    check_barrier,
    check_route,
    fewest_hits,
    impossible,
    settled,
)
from policy.core.layout import Layout
from policy.core.model import Invariant, PathClaim
from policy.core.steps import Crossing, Step
from policy.core.view import Literal, View
from policy.core.walk import Places

ROW = """
service s = tcp 80
option o
domain A { host x }
domain B { host y listens s }
domain C { host z listens s }
firewall F joins A, B { allow A -> B : s when o }
firewall G joins B, C { allow B -> C : s }
firewall H joins A, C
invariant i: """
F, G, H = (((name, "bypassed"), False) for name in "FGH")
CLOSED = (("o", "true"), False)


@dataclass(frozen=True)
class Small:
    """A design with one invariant."""

    layout: Layout
    invariant: Invariant

    @property
    def claim(self) -> PathClaim:
        assert isinstance(self.invariant.claim, PathClaim)
        return self.invariant.claim

    def places(self, *states: str, relaying: int = 0) -> Places:
        """For every state the endpoints, told by their names; someone by their zone."""
        sets = tuple(
            sum(1 << i for i, e in enumerate(self.layout.endpoints) if e.name.split(".")[-1] in set(state))
            for state in states
        )
        return Places(sets, (relaying,) * len(states))

    def barrier(self, decisions: list[tuple[Literal, bool]], *places: Places, cut: str = "") -> Barrier:
        return Barrier(self.claim, tuple(decisions), (Cut(frozenset(cut), places),))

    def refusal(self, lemma: Lemma) -> str | None:
        if isinstance(lemma, Route):
            return check_route(self.layout, self.invariant.threats, lemma)
        return check_barrier(self.layout, self.invariant.threats, lemma)

    def proof(self, cases: Split | None, *lemmas: Lemma) -> str | None:
        return Checker(self.layout).proof(self.invariant, Proof(lemmas, (cases,)))


def small(claim: str, design: str = ROW) -> Small:
    model = model_of(design + claim)
    return Small(Layout(model), model.invariants["i"])


def test_a_barrier_needs_its_decisions() -> None:
    """F is closed where o is false, and only there; a proof needs the other case too."""
    it = small("o or no path from A to z")
    claim = small("no path from A to z")
    barrier = claim.barrier([CLOSED], claim.places("Ax"))
    assert claim.refusal(barrier) is None
    assert claim.refusal(claim.barrier([], claim.places("Ax"))) is not None
    assert claim.proof(None, barrier) is not None
    assert claim.proof(Split(("o", "true"), None, None), barrier) is not None
    assert it.proof(Split(("o", "true"), None, None), barrier) is None
    assert it.proof(None, barrier) is not None
    assert it.proof(Split(("o", "true"), None, None)) is not None


@pytest.mark.parametrize("places", ("", "A", "x", "AxF", "AxBy", "AxH"))
def test_places_hold_the_start_and_are_not_left(places: str) -> None:
    """All of the source is enough where o is false; less is not, and more gets to the target."""
    it = small("no path from A to z")
    assert it.refusal(it.barrier([CLOSED], it.places("Ax"))) is None
    assert it.refusal(it.barrier([CLOSED], it.places(places))) is not None


def test_places_that_are_not_there_are_refused() -> None:
    """Endpoints and relays that there are not, in paths and attacks."""
    for word in ("path", "attack"):
        it = small(f"no {word} from A to z")
        good = it.places("Ax")
        assert it.refusal(it.barrier([CLOSED], good)) is None
        for wrong in (-1, good.leaving[0] | 1 << 99):
            assert it.refusal(it.barrier([CLOSED], Places((wrong,), (0,)))) is not None
            assert it.refusal(it.barrier([CLOSED], Places(good.leaving, (wrong,)))) is not None


def test_steps_are_counted_level_by_level() -> None:
    """Within 1 step z is out of reach; within 2 it is not, whatever the levels say."""
    one, two = (small(f"no path from A to z within {n} steps") for n in (1, 2))
    start, next_one = one.places("Ax"), one.places("AxBy")
    assert one.refusal(one.barrier([], start)) is None
    assert one.refusal(one.barrier([], start, next_one)) is None
    for levels in ((start,), (start, start), (start, next_one), (start, next_one, next_one), ()):
        assert two.refusal(two.barrier([], *levels)) is not None


def test_cuts_that_no_few_firewalls_meet() -> None:
    """Every path crosses F and G: a cut for each shows that it crosses 2, not 3; one of both shows 1 only."""
    for least, enough in ((1, True), (2, True), (3, False)):
        it = small(f"every path from A to z crosses at least {least} firewalls")
        cuts = (Cut(frozenset("F"), (it.places("Ax"),)), Cut(frozenset("G"), (it.places("AxBy"),)))
        assert (it.refusal(Barrier(it.claim, (), cuts)) is None) == enough
        both = Cut(frozenset("FG"), (it.places("Ax"),))
        assert (it.refusal(Barrier(it.claim, (), (both,))) is None) == (least == 1)
        assert it.refusal(Barrier(it.claim, (), (Cut(frozenset("G"), (it.places("Ax"),)),))) is not None


@pytest.mark.parametrize(
    ("cuts", "most", "met"),
    [
        ([], 0, True),
        ([], -1, False),
        (["F"], 0, False),
        (["F"], 1, True),
        (["FG", "GH"], 1, True),
        (["F", "G"], 1, False),
        (["FG", "GH", "FH"], 1, False),
        (["FG", "GH", "FH"], 2, True),
        ([""], 5, False),
    ],
)
def test_fewest_hits(cuts: list[str], most: int, met: bool) -> None:
    """Whether so many firewalls meet all the cuts."""
    assert fewest_hits([frozenset(cut) for cut in cuts], most) == met


SHUT = """
service s = tcp 80
domain A
domain B { host y listens s }
domain C { host z listens s }
firewall F joins A, B
firewall G joins B, C
"""
ROUND = "firewall H joins A, C\n"
CLAIM = "invariant i: no path from A to z even if "


@pytest.mark.parametrize(
    ("threat", "holds"),
    {
        "any 1 firewalls are bypassed": True,
        "any 1 of F, G is bypassed": True,
        "any 2 firewalls are bypassed": False,
        "F is bypassed and G is bypassed": False,
    }.items(),
)
def test_disjoint_barriers_are_counted(threat: str, holds: bool) -> None:
    """One barrier needs F to work, another one G: to break both takes two failures. One alone proves nothing."""
    it = small(CLAIM + threat, SHUT)
    one, other = it.barrier([F], it.places("A")), it.barrier([G], it.places("ABy"))
    assert it.refusal(one) is None and it.refusal(other) is None
    assert (it.proof(None, one, other) is None) == holds
    assert it.proof(None, one) is not None and it.proof(None, other, other) is not None


def test_barriers_that_one_failure_breaks_are_counted_once() -> None:
    """With a firewall that leads round both, its failure breaks both; with it at work they are disjoint again."""
    it = small(CLAIM + "any 1 firewalls are bypassed", SHUT + ROUND)
    one, other = it.barrier([F, H], it.places("A")), it.barrier([G, H], it.places("ABy"))
    assert it.refusal(one) is None and it.refusal(other) is None
    assert it.proof(None, one, other) is not None
    assert it.proof(Split(("H", "bypassed"), None, None), one, other) is not None
    safe = small(CLAIM + "any 1 of F, G is bypassed", SHUT + ROUND)
    assert safe.proof(None, one, other) is None


def test_a_route_needs_what_it_rests_on() -> None:
    """The connection through F exists where o is true, by the rule that it names, and nowhere else."""
    it = small("no path from x to y")
    x, y = (e for name in ("x", "y") for e in it.layout.endpoints if e.name.endswith("." + name))
    steps = (Step(x, y, 80, "A", (Crossing("A", "B", "F", "rule", 0),)),)
    opened: tuple[tuple[Literal, bool], ...] = ((("o", "true"), True),)
    assert it.refusal(Route(it.claim, opened, x, steps)) is None
    assert it.refusal(Route(it.claim, (), x, steps)) is not None
    assert it.refusal(Route(it.claim, opened, y, steps)) is not None
    assert it.refusal(Route(it.claim, opened, x, ())) is not None
    assert it.refusal(Route(it.claim, opened, x, (*steps, *steps))) is not None


def test_cases_that_there_are_not() -> None:
    """An option with two values or none, more failures than admitted, a broken assumption."""
    it = small("no path from A to z even if any 1 of F, G is bypassed\nassume not o")
    threats = it.invariant.threats
    yes, no = ("o", "true"), ("o", "false")
    f, g = ("F", "bypassed"), ("G", "bypassed")

    def out(decisions: dict[Literal, bool]) -> bool:
        return impossible(threats, View(it.layout, settled(threats, decisions), [f, g]), decisions)

    assert out({yes: True}) and out({no: False}) and out({yes: True, no: True}) and out({yes: False, no: False})
    assert out({f: True, g: True}) and out({("H", "bypassed"): True})
    assert not out({}) and not out({no: True}) and not out({yes: False, f: True, g: False})
