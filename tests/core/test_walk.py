"""What remains of waypoints after each event, held against the words that satisfy them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from policy.core.model import AllOf, AnyOf, Named, Pass, Then, Waypoints
from policy.core.walk import Crossed, Letter, Places, Rest, after, named

THINGS = (Named("firewall", "F"), Named("firewall", "G"), Named("host", "h"), Named("component", "c"))
LETTERS = [frozenset({THINGS[0]}), frozenset({THINGS[1]}), frozenset({THINGS[2]}), frozenset(THINGS[2:])]
WORDS = st.lists(st.sampled_from(LETTERS), max_size=5)


def waypoints() -> st.SearchStrategy[Waypoints]:
    simple: st.SearchStrategy[Waypoints] = st.sampled_from([Pass(thing) for thing in THINGS])

    def joined(inner: st.SearchStrategy[Waypoints]) -> st.SearchStrategy[Waypoints]:
        of = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.one_of(of.map(Then), of.map(AllOf), of.map(AnyOf))

    return st.recursive(simple, joined, max_leaves=5)


def satisfies(word: list[Letter], wanted: Waypoints) -> bool:
    """The plain reading: of `Then` a first part of the word satisfies the first, the rest the rest."""
    match wanted:
        case Pass(what):
            return any(what in letter for letter in word)
        case Then((first, *more)):
            cuts = [i for i in range(len(word) + 1) if satisfies(word[:i], first)]
            return any(not more or satisfies(word[i:], Then(tuple(more))) for i in cuts)
        case AllOf(of):
            return all(satisfies(word, part) for part in of)
        case AnyOf(of):
            return any(satisfies(word, part) for part in of)
    raise AssertionError


def rest(word: list[Letter], wanted: Rest) -> Rest:
    for letter in word:
        wanted = after(wanted, letter)
    return wanted


@given(waypoints(), WORDS)
def test_nothing_remains_iff_the_word_satisfies(wanted: Waypoints, word: list[Letter]) -> None:
    """And what remains names nothing new."""
    left = rest(word, wanted)
    assert (left is True) == satisfies(word, wanted)
    assert left is True or set(named(left)) <= set(named(wanted))


@given(waypoints(), WORDS, WORDS, st.sampled_from(LETTERS))
def test_more_events_never_unmake_what_is_satisfied(
    wanted: Waypoints, word: list[Letter], more: list[Letter], letter: Letter
) -> None:
    """Wherever one more comes in between: closures rest on it."""
    if rest(word + more, wanted) is True:
        assert rest([*word, letter, *more], wanted) is True


@given(WORDS, st.integers(1, 3))
def test_crossed_counts_different_firewalls(word: list[Letter], least: int) -> None:
    """A firewall that is crossed twice counts once, other things do not count."""
    crossed = {thing for letter in word for thing in letter if thing.sort == "firewall"}
    assert (rest(word, Crossed(frozenset(), least)) is True) == (len(crossed) >= least)


def test_places_within() -> None:
    """State by state, and of the same state of an attack."""
    small, large = Places((1, 0), (0, 2)), Places((3, 4), (1, 2))
    assert small.within(small) and small.within(large) and large == small | large
    assert not large.within(small)
    assert not Places((4, 0), (0, 2)).within(large) and not Places((1, 0), (4, 2)).within(large)
    assert not Places((1,), (0,), 1).within(Places((1,), (0,), 0))
