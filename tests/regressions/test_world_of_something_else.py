"""The world of a witness gives values to the options of the design and to nothing else: no failure hides in it."""

from agreement import model_of

from policy.core.endpoints import Endpoint
from policy.core.evidence import Barrier, Checker, Cut, Fact, Route, Witness, check_barrier, check_route
from policy.core.layout import Layout
from policy.core.steps import Crossing, Step
from policy.core.walk import Places

DESIGN = """
service s = tcp 80
domain A { host x }
domain B { host y listens s }
domain C
firewall F joins A, B
firewall G joins A, C
invariant i: no path from x to y even if G is bypassed
"""


def forged() -> tuple[Layout, Witness, Route]:
    """A path through a firewall that is said to be bypassed by the world, where no threat bypasses it."""
    layout = Layout(model_of(DESIGN))
    x, y = Endpoint("host", "A.x"), Endpoint("host", "B.y")
    steps = (Step(x, y, 80, "A", (Crossing("A", "B", "F", "bypassed"),)),)
    claim = layout.model.invariants["i"].claim
    route = Route(claim, ((("F", "bypassed"), True),), x, steps)  # type: ignore[arg-type]
    return layout, Witness({"F": "bypassed"}, frozenset(), (), x, steps, (Fact(claim),), (route,)), route


def test_a_world_that_bypasses_a_firewall_is_refused() -> None:
    """The claim holds, so no witness of the contrary is accepted."""
    layout, witness, _ = forged()
    assert Checker(layout).witness(layout.model.invariants["i"], witness) is not None


def test_lemmas_of_failures_that_no_threat_admits_are_refused() -> None:
    """Also where they speak of things that there are not."""
    layout, _, route = forged()
    threats = layout.model.invariants["i"].threats
    cut = Cut(frozenset(), (Places((1 << layout.number[route.start],), (0,)),))
    assert check_barrier(layout, threats, Barrier(route.claim, (), (cut,))) is None
    for name, effect in (("F", "bypassed"), ("nobody", "compromised")):
        decisions = (((name, effect), True),)
        assert check_route(layout, threats, Route(route.claim, decisions, route.start, route.steps)) is not None
        assert check_barrier(layout, threats, Barrier(route.claim, decisions, (cut,))) is not None
