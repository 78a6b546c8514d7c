"""Evidence for a verdict, and its check: what a verdict rests on besides the model itself.

A `Witness` is a world and a failure in which the claim fails, with the path that breaks it. A `Proof` splits the cases
of options and failures until the claim holds in each; what it says of paths it takes from lemmas, each checked by
itself: a `Barrier` (places that hold the source, not the target, and that no step leaves) or a `Route` (a path that
surely exists). Neither the search that found them nor z3 is trusted. The checks return None, or the reason why the
evidence is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from policy.core.binding import bind, variables
from policy.core.endpoints import Endpoint
from policy.core.judge import ANYONE, Judge
from policy.core.layout import Layout
from policy.core.model import (
    CanReach,
    Claim,
    ConnectionsAreFlows,
    Failure,
    Invariant,
    Named,
    PathClaim,
    Threat,
)
from policy.core.obligations import obligations
from policy.core.replay import Replay
from policy.core.steps import Step
from policy.core.view import EFFECTS, Decisions, Literal, View, happening
from policy.core.walk import Attack, Places, Walk, passing, wanted_attack, wants

T = TypeVar("T")
CONNECTION = PathClaim("no", ANYONE, ANYONE, within=1)  # decided by any single connection


@dataclass(frozen=True, slots=True)
class Fact:
    """What is wrong besides paths: a sub-claim (as written, variables unbound) that holds or does not hold for these
    bindings, and the `subject`: names of the things involved (a flow and its two ends, a host and its account, …)."""

    claim: Claim
    bindings: tuple[tuple[str, str], ...] = ()
    holds: bool = False
    subject: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """A path (or attack) that surely exists under the decisions and decides the path claim. `start` is its first
    endpoint."""

    claim: PathClaim
    decisions: tuple[tuple[Literal, bool], ...]
    start: Endpoint
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Cut:
    """Places that no walk leaves that crosses none of `firewalls` (any, unless the claim counts what is crossed)."""

    firewalls: frozenset[str]
    places: tuple[Places, ...]


@dataclass(frozen=True, slots=True)
class Barrier:
    """No walk decides the path claim under the decisions: one cut; for `every … crosses at least N` as many as show
    that fewer than N firewalls cannot meet all of them. A wanted attack (`some attack … passes`) has none: it is looked
    for again."""

    claim: PathClaim
    decisions: tuple[tuple[Literal, bool], ...]
    cuts: tuple[Cut, ...]


Lemma = Route | Barrier


@dataclass(frozen=True, slots=True)
class Split:
    """Two cases: the literal is decided true, or false."""

    literal: Literal
    if_true: Split | None
    if_false: Split | None


@dataclass(frozen=True, slots=True)
class Proof:
    """For every obligation of the claim a split into cases (None: no more cases); in each of them the obligation
    follows, or the case does not exist."""

    lemmas: tuple[Lemma, ...] = ()
    cases: tuple[Split | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Witness:
    """A world and a failure in which a claim is false. `matters` names the options that the violation depends on (in
    the order of declaration). `steps` is the violating path, attack or single connection, where there is one; `start`
    its first endpoint (set also for the path of no step). `facts` are the sub-claims that break it and the bindings for
    which they do. `lemmas` say of each path claim that the verdict rests on why it holds or fails there."""

    world: Mapping[str, str]
    failure: Failure
    matters: tuple[str, ...]
    start: Endpoint | None = None
    steps: tuple[Step, ...] = ()
    facts: tuple[Fact, ...] = ()
    lemmas: tuple[Lemma, ...] = ()


# ---------------------------------------------------------------- failures


def threatened(threats: Sequence[Threat]) -> frozenset[Literal]:
    """Every failure that the threats admit by itself."""
    return frozenset((unit.name, threat.effect) for threat in threats for unit in threat.units if threat.most > 0)


def admissible(threats: Sequence[Threat], failed: frozenset[Literal]) -> bool:
    """Whether these failures may happen together: each is the doing of one threat, and none does more than its most (a
    matching, found by augmenting paths)."""
    blamed: dict[int, list[Literal]] = {i: [] for i in range(len(threats))}

    def blame(failure: Literal, tried: set[int]) -> bool:
        for i, threat in enumerate(threats):
            if i in tried or failure[1] != threat.effect or all(u.name != failure[0] for u in threat.units):
                continue
            tried.add(i)
            if len(blamed[i]) < threat.most:
                blamed[i].append(failure)
                return True
            for other in list(blamed[i]):
                blamed[i].remove(other)
                if blame(other, tried):
                    blamed[i].append(failure)
                    return True
                blamed[i].append(other)
        return False

    return all(blame(failure, set()) for failure in sorted(failed))


def slack(threats: Sequence[Threat], failed: frozenset[Literal]) -> int:
    """How many failures may come on top of these, at most."""
    return sum(threat.most for threat in threats) - len(failed)


def settled(threats: Sequence[Threat], decisions: Decisions) -> dict[Literal, bool]:
    """The decisions, and that nothing else fails where nothing more may."""
    failed, full = happening(decisions), dict(decisions)
    if len(threats) == 1 and len(failed) < threats[0].most and admissible(threats, failed):
        return full
    for literal in threatened(threats):
        if literal not in full and not admissible(threats, failed | {literal}):
            full[literal] = False
    return full


def view_of(layout: Layout, threats: Sequence[Threat], decisions: Decisions, like: View | None) -> View:
    """The view of a case: `like` itself where it is of the same case, else one that shares closures with it."""
    full, failures = settled(threats, decisions), threatened(threats)
    if like is not None and like.threatened == failures and like.decisions == full:
        return like
    return View(layout, full, failures, like)


def impossible(threats: Sequence[Threat], view: View, decisions: Decisions) -> bool:
    """Whether it is plain that no world with an admitted failure agrees with the decisions, which the view has."""
    model = view.layout.model
    if not admissible(threats, happening(decisions)):
        return True
    if any(view.truth(assumption) is False for assumption in model.assumptions):
        return True
    for name in {name for name, value in decisions if value not in EFFECTS and name in model.options}:
        held = [decisions.get((name, value)) for value in model.options[name].values]
        if held.count(True) > 1 or all(is_so is False for is_so in held):
            return True
    return False


# ---------------------------------------------------------------- lemmas


def exists(claim: PathClaim, holds: bool) -> bool:
    """Whether a walk of the kind that decides the claim exists, given whether the claim holds; and the other way
    round."""
    return holds == (claim.quantifier == "some")


def walk(view: View, claim: PathClaim, cut: frozenset[str] = frozenset()) -> Walk:
    """The walks whose existence decides the claim."""
    return (Attack if claim.attack else Walk)(view, claim, passing(view, claim, cut))


def disjoint(sets: Iterable[frozenset[T]]) -> int:
    """The number of sets that share nothing with each other, small ones taken first."""
    used: frozenset[T] = frozenset()
    count = 0
    for some in sorted(sets, key=lambda s: (len(s), sorted(s))):  # type: ignore[type-var]
        if used.isdisjoint(some):
            used, count = used | some, count + 1
    return count


def fewest_hits(cuts: Sequence[frozenset[str]], most: int) -> bool:
    """Whether some `most` firewalls meet every cut."""
    if not cuts:
        return most >= 0
    return most >= disjoint(cuts) and any(
        fewest_hits([cut for cut in cuts if name not in cut], most - 1) for name in sorted(sorted(cuts, key=len)[0])
    )


def check_barrier(layout: Layout, threats: Sequence[Threat], barrier: Barrier, like: View | None = None) -> str | None:
    """None when no walk exists that decides the barrier's claim under its decisions."""
    decisions, claim = dict(barrier.decisions), barrier.claim
    if not happening(decisions) <= threatened(threats):
        return "a lemma speaks of failures that are not admitted"
    view = view_of(layout, threats, decisions, like)
    counts = claim.quantifier == "every" and claim.crosses is not None
    if any(cut.firewalls for cut in barrier.cuts) and not counts:
        return "a barrier speaks of firewalls that its claim does not count"
    if claim.attack and wants(claim):
        return "an attack that is looked for exists after all" if wanted_attack(view, claim) else None
    if counts and fewest_hits([cut.firewalls for cut in barrier.cuts], (claim.crosses or 0) - 1):
        return "the cuts of a barrier leave a way"
    if not barrier.cuts and not counts:
        return "a barrier without a cut"
    for cut in barrier.cuts:
        walks = walk(view, claim, cut.firewalls)
        if not all(walks.fits(places) for places in cut.places):
            return "the places of a barrier do not fit its claim"
        if not walks.closed(cut.places):
            return "the places of a barrier are not closed"
    return None


def check_route(layout: Layout, threats: Sequence[Threat], route: Route) -> str | None:
    """None when the route surely exists under its decisions and decides its claim."""
    decisions = dict(route.decisions)
    if not happening(decisions) <= threatened(threats):
        return "a lemma speaks of failures that are not admitted"
    view = view_of(layout, threats, decisions, None)
    return Replay(view, route.claim).refusal(route.start, route.steps)


# ---------------------------------------------------------------- what lemmas say in a case


class Lemmas:
    """Lemmas by the path claim that they decide."""

    def __init__(self, threats: Sequence[Threat], lemmas: Sequence[Lemma] = ()) -> None:
        self.threats = threats
        self.of: dict[PathClaim, list[Lemma]] = {}
        for lemma in lemmas:
            self.add(lemma)

    def add(self, lemma: Lemma) -> None:
        self.of.setdefault(lemma.claim, []).append(lemma)

    def given(self, literal: Literal, value: bool) -> Lemmas:
        """Those that may still be used where that is decided."""
        left = Lemmas(self.threats)
        against = literal, not value
        left.of = {claim: [x for x in some if against not in x.decisions] for claim, some in self.of.items()}
        return left

    def told(self, view: View) -> Callable[[PathClaim], bool | None]:
        """What they say in the case of the view."""
        return lambda claim: self._tell(view, claim)

    def _tell(self, view: View, claim: PathClaim) -> bool | None:
        open_failures: list[frozenset[Literal]] = []
        for lemma in self.of.get(claim, ()):
            undecided = [(x, v) for x, v in lemma.decisions if view.known(x) is not v]
            if not undecided:
                return exists(claim, isinstance(lemma, Route))
            if isinstance(lemma, Barrier) and all(
                view.known(x) is None and x[1] in EFFECTS and not v for x, v in undecided
            ):
                open_failures.append(frozenset(x for x, _ in undecided))
        return exists(claim, False) if self._too_many(view, open_failures) else None

    def _too_many(self, view: View, barriers: list[frozenset[Literal]]) -> bool:
        """Whether to break all of these barriers takes more failures than may still happen: disjoint ones are
        counted."""
        if not barriers:
            return False
        failed = frozenset(x for x in threatened(self.threats) if view.known(x))
        return disjoint(barriers) > slack(self.threats, failed)


# ---------------------------------------------------------------- the checks


class Checker:
    """Checks evidence about one model; nothing it uses comes from the search."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._like: View | None = None

    def view(self, threats: Sequence[Threat], decisions: Decisions) -> View:
        """The view of a case."""
        view = view_of(self.layout, threats, decisions, self._like)
        self._like = self._like or view
        return view

    def proof(self, invariant: Invariant, proof: Proof) -> str | None:
        """None when the proof shows that the invariant holds in every world under every admitted failure."""
        if refusal := self._lemmas(invariant.threats, proof.lemmas):
            return refusal
        lemmas = Lemmas(invariant.threats, proof.lemmas)
        goals = tuple(obligations(Judge(self.view(invariant.threats, {}), lambda _: None), invariant.claim))
        if len(goals) != len(proof.cases):
            return f"{len(goals)} obligations, but cases for {len(proof.cases)}"
        shown = (self._shown_by(invariant, lemmas, goal, cases) for goal, cases in zip(goals, proof.cases, strict=True))
        return next((refusal for refusal in shown if refusal), None)

    def _shown_by(self, invariant: Invariant, lemmas: Lemmas, goal: Claim, cases: Split | None) -> str | None:
        queue: list[tuple[Split | None, dict[Literal, bool], Lemmas]] = [(cases, {}, lemmas)]
        while queue:
            split, decisions, lemmas = queue.pop()
            if split is None:
                if not self._follows(invariant, lemmas, goal, decisions):
                    return f"a case is open: {_described(decisions)}"
            else:
                for value, branch in ((True, split.if_true), (False, split.if_false)):
                    if decisions.get(split.literal, value) == value:
                        queue.append((branch, {**decisions, split.literal: value}, lemmas.given(split.literal, value)))
        return None

    def _lemmas(self, threats: Sequence[Threat], lemmas: Sequence[Lemma]) -> str | None:
        for lemma in lemmas:
            if isinstance(lemma, Route):
                refusal = check_route(self.layout, threats, lemma)
            else:
                refusal = check_barrier(self.layout, threats, lemma, self._like or self.view(threats, {}))
            if refusal is not None:
                return refusal
        return None

    def _follows(self, invariant: Invariant, lemmas: Lemmas, goal: Claim, decisions: Decisions) -> bool:
        view = self.view(invariant.threats, decisions)
        return impossible(invariant.threats, view, decisions) or Judge(view, lemmas.told(view)).claim(goal) is True

    def witness(self, invariant: Invariant, witness: Witness) -> str | None:
        """None when the claim fails in the world and under the failure of the witness."""
        model, threats = self.layout.model, invariant.threats
        if witness.world.keys() != model.options.keys():
            return "the world leaves an option without a value, or has one of something else"
        if any(witness.world[name] not in option.values for name, option in model.options.items()):
            return "the world gives an option a value that it does not have"
        if not witness.failure <= threatened(threats) or not admissible(threats, witness.failure):
            return "the failure is not admitted"
        decisions = dict.fromkeys(witness.world.items(), True)
        decisions |= {literal: literal in witness.failure for literal in threatened(threats)}
        view = self.view(threats, decisions)
        if any(view.truth(assumption) is not True for assumption in model.assumptions):
            return "the world breaks an assumption"
        if refusal := self._lemmas(threats, witness.lemmas):
            return refusal
        lemmas = Lemmas(threats, witness.lemmas)
        if Judge(view, lemmas.told(view)).claim(invariant.claim) is not False:
            return "the claim does not fail in that world"
        named = {x: v for x, v in decisions.items() if x[1] in EFFECTS or x[0] in witness.matters}
        narrow = self.view(threats, named)
        if Judge(narrow, lemmas.told(narrow)).claim(invariant.claim) is not False:
            return "other options matter, too"
        return self._shown(view, lemmas, witness)

    def _shown(self, view: View, lemmas: Lemmas, witness: Witness) -> str | None:
        """The facts are so, and what is shown is a walk or a connection that one of them speaks of."""
        judge = Judge(view, lemmas.told(view))
        claims = [bind(fact.claim, _bindings(fact)) for fact in witness.facts]
        if any(judge.claim(claim) is not fact.holds for claim, fact in zip(claims, witness.facts, strict=True)):
            return "a fact is not so"
        if witness.start is None:
            return "steps without a start" if witness.steps else None
        shown = (_walk_of(view, claim, witness.start, witness.steps) for claim in claims)
        return None if any(shown) else "what is shown breaks no part of the claim"


def _bindings(fact: Fact) -> dict[str, Named]:
    sorts = {variable.name: variable.sort for variable in variables(fact.claim)}
    return {name: Named(sorts[name], thing) for name, thing in fact.bindings if name in sorts}


def _walk_of(view: View, claim: Claim, start: Endpoint, steps: tuple[Step, ...]) -> bool:
    """Whether the steps are a walk that decides the claim, or the single connection that does."""
    if isinstance(claim, PathClaim):
        return Replay(view, claim).refusal(start, steps) is None
    if not isinstance(claim, CanReach | ConnectionsAreFlows) or len(steps) != 1:
        return False
    step, layout = steps[0], view.layout
    if step.source != start or Replay(view, CONNECTION).refusal(start, steps) is not None:
        return False
    ends = ((claim.source, step.source), (claim.target, step.target))
    inside = all(s is None or view.group(layout.group(s))[0] >> layout.number[end] & 1 for s, end in ends)
    return inside and bool(layout.heard(claim.on)[0] >> layout.class_of(step.point) & 1)


def _described(decisions: Decisions) -> str:
    told = ", ".join(f"{name} {'=' if is_so else '!='} {value}" for (name, value), is_so in sorted(decisions.items()))
    return told or "the one with nothing decided"
