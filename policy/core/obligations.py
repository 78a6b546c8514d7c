"""What has to be shown for a claim, one by one: claims that all hold in a world iff the claim does.

A proof by cases of `A and B` has as many cases as those of A times those of B; one for A and one for B has their sum.
So a claim is taken apart wherever it is a conjunction: over its parts, over what a quantifier ranges over, over flows,
accounts, and the destinations of connections.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from policy.core.binding import bind
from policy.core.groups import bits, membership
from policy.core.judge import Judge
from policy.core.model import (
    ALWAYS,
    NEVER,
    AccountsAccepted,
    And,
    CanReach,
    Claim,
    ConnectionsAreFlows,
    Endpoints,
    FlowsPossible,
    Named,
    Not,
    Or,
    Quantified,
    Term,
)


def obligations(judge: Judge, claim: Claim) -> Iterator[Claim]:
    """The parts of a claim without free variables, in the order of the text. Those that hold trivially may be left out.
    The view of the judge has nothing decided."""
    match claim:
        case And(of):
            for part in of:
                yield from obligations(judge, part)
        case Or((*alternatives, last)) if alternatives:
            for part in obligations(judge, last):
                yield Or((*alternatives, part))
        case Not(Not(of)):
            yield from obligations(judge, of)
        case Not(Or(of)):
            for part in of:
                yield from obligations(judge, Not(part))
        case Quantified("all", binders, body):
            for bindings, when in judge.tuples(binders):
                yield from _given(when, obligations(judge, bind(body, bindings)))
        case Quantified("no", binders, body) | Not(Quantified("some", binders, body)):
            for bindings, when in judge.tuples(binders):
                yield from _given(when, obligations(judge, Not(bind(body, bindings))))
        case FlowsPossible(None):
            yield from (FlowsPossible((name,)) for name in judge.model.flows)
        case AccountsAccepted(None):
            yield from (AccountsAccepted((name,)) for name in judge.model.hosts)
        case ConnectionsAreFlows(_, target):
            for only, when in _each(judge, target):
                yield from _given(when, (replace(claim, target=only),))
        case Not(CanReach(_, target) as reach):
            for only, when in _each(judge, target):
                yield from _given(when, (Not(replace(reach, target=only)),))
        case _:
            yield claim


def _given(condition: Claim, claims: Iterable[Claim]) -> Iterator[Claim]:
    """Each of the claims where the condition holds."""
    if condition == NEVER:
        return
    for claim in claims:
        yield claim if condition == ALWAYS else Or((Not(condition), claim))


def _each(judge: Judge, target: Endpoints | None) -> Iterator[tuple[Endpoints, Claim]]:
    """Every endpoint of the set that may listen to anything, by itself, with the condition under which it is in the
    set."""
    layout = judge.layout
    group = None if target is None else layout.group(target)
    things: dict[Term, list[Claim]] = {}
    for i in bits(layout.everyone if group is None else group.widest):
        endpoint = layout.endpoints[i]
        if not layout.deaf >> i & 1 and endpoint.sort != "someone":
            things.setdefault(Named(endpoint.sort, endpoint.name), []).append(membership(group, i))
    for thing, conditions in things.items():
        yield Endpoints((thing,)), layout.some(*conditions)
