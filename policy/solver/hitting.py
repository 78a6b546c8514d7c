"""Sets that meet every one of some sets (implicit hitting sets: Moreno-Centeno and Karp 2013).

Whoever looks for a smallest set of some kind, of which a set of another kind shows what any must contain, asks for a
smallest one that meets all that is known, tries it, and learns another set to meet.
"""

from __future__ import annotations

from collections.abc import Sequence

from policy.core.evidence import fewest_hits


def hitting(sets: Sequence[frozenset[str]], most: int) -> frozenset[str] | None:
    """At most that many names that meet every set, the first ones in order; None when there are none."""
    if most < 0 or not fewest_hits(sets, most):
        return None
    chosen: frozenset[str] = frozenset()
    while unmet := [some for some in sets if not some & chosen]:
        left = most - len(chosen) - 1
        names = sorted(sorted(unmet, key=len)[0])
        name = next(n for n in names if fewest_hits([some for some in unmet if n not in some], left))
        chosen |= {name}
    return chosen
