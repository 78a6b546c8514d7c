"""Whose accounts a domain accepts, as conditions: its own, those that it trusts, and along chains of transitive trusts.

Of the chains between two domains only the smallest sets of conditions count: where a chain holds, so does one that asks
for less. As trusts tend to share conditions, there are few sets where there are many chains.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from policy.core.groups import both, either
from policy.core.model import ALWAYS, Claim, Trust

Conditions = tuple[Claim, ...]


def accepted(trusts: Sequence[Trust], domain: str) -> Mapping[str, Claim]:
    """Every domain whose accounts the domain may accept, with the condition under which it does."""
    found = {other: [both(*some) for some in chains] for other, chains in _chains(trusts, domain).items()}
    for trust in trusts:
        if trust.truster == domain:
            found.setdefault(trust.trusted, []).append(trust.when)
    return {other: either(*conditions) for other, conditions in found.items()}


def _chains(trusts: Sequence[Trust], domain: str) -> dict[str, list[Conditions]]:
    """For every domain to which transitive trusts lead, the smallest sets of conditions under which they do."""
    found: dict[str, list[Conditions]] = {domain: [()]}
    queue = [domain]
    while queue:
        here = queue.pop(0)
        for trust in trusts:
            if trust.truster == here and trust.transitive:
                known = found.setdefault(trust.trusted, [])
                for some in tuple(found[here]):
                    if _added(known, some if trust.when in (ALWAYS, *some) else (*some, trust.when)):
                        queue.append(trust.trusted)
    return found


def _added(known: list[Conditions], some: Conditions) -> bool:
    """Adds the set, unless a smaller one is there; drops larger ones."""
    if any(set(other) <= set(some) for other in known):
        return False
    known[:] = [other for other in known if not set(some) <= set(other)] + [some]
    return True
