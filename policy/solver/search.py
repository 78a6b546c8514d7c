"""Whether a walk is possible that decides a path claim: the walk, or the cuts that show that there is none.

In a view with everything decided that is the truth; under some decisions it is a guess in the attacker's favour, and a
`Barrier` where there is none.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy.core.evidence import Cut
from policy.core.model import PathClaim
from policy.core.view import View
from policy.core.walk import wanted_attack, wants
from policy.solver.attack import wanted_trail
from policy.solver.budget import Budget
from policy.solver.connect import Trail
from policy.solver.hitting import hitting
from policy.solver.layers import layers
from policy.solver.reach import one_cut

Found = Trail | tuple[Cut, ...]


def search(view: View, claim: PathClaim, budget: Budget) -> Found:
    """A walk whose existence decides the claim (a shortest one, for paths), or the cuts that show that there is
    none."""
    if claim.attack and wants(claim):
        return wanted_trail(view, claim, budget) if wanted_attack(view, claim) else ()
    if claim.quantifier == "every" and claim.crosses is not None:
        return _few_firewalls(view, claim, budget)
    found = one_cut(view, claim, frozenset(), budget)
    return found if isinstance(found, Trail) else (found,)


def _few_firewalls(view: View, claim: PathClaim, budget: Budget) -> Found:
    """A walk that crosses fewer firewalls than the claim says, or cuts that fewer cannot meet (implicit hitting sets,
    after Moreno-Centeno and Karp 2013)."""
    most = (claim.crosses or 0) - 1
    cuts: list[Cut] = []
    if not claim.attack and claim.within is None and most >= 0:
        layered = layers(view, claim, most + 1, frozenset(), budget)
        if isinstance(layered, Trail):
            return layered
        cuts += layered
    while (hits := hitting([cut.firewalls for cut in cuts], most)) is not None:
        found = _avoiding(view, claim, hits, budget)
        if isinstance(found, Trail):
            return found
        cuts.append(found)
    return tuple(cuts)


def _avoiding(view: View, claim: PathClaim, hits: frozenset[str], budget: Budget) -> Trail | Cut:
    """A walk that crosses only firewalls of `hits`, or a cut of others."""
    if not claim.attack and claim.within is None:
        found = layers(view, claim, 1, hits, budget)
        return found if isinstance(found, Trail) else found[0]
    cut: frozenset[str] = frozenset()
    while isinstance(attempt := one_cut(view, claim, cut, budget), Trail):
        more = next((name for name in _crossed(view, attempt) if name not in hits), None)
        if more is None:
            return attempt
        cut |= {more}
    return attempt


def _crossed(view: View, trail: Trail) -> Iterator[str]:
    """The firewalls that the walk passes while they work, in order."""
    for step in trail.steps:
        names = [step.relay[1]] if step.relay is not None and step.relay[0] == "firewall" else []
        for name in (*names, *(c.via for c in step.chain if c.via is not None)):
            if view.bypassed(name) is False:
                yield name
