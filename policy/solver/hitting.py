"""Sets that meet every one of some sets (implicit hitting sets: Moreno-Centeno and Karp 2013).

Whoever looks for a smallest set of some kind, of which a set of another kind shows what any must contain, asks for a
smallest one that meets all that is known, tries it, and learns another set to meet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

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


def smallest_conflict(names: Iterable[str], together: Callable[[Iterable[str]], bool]) -> frozenset[str]:
    """A smallest set of names that do not go together, of names that do not all: it meets every set without which the
    others can hold together (as in FORQES, Ignatiev et al. 2015)."""
    everything, corrections, most = frozenset(names), list[frozenset[str]](), 0
    while True:
        some = hitting(corrections, most)
        if some is None:
            most += 1
        elif not together(some):
            return some
        else:
            for name in sorted(everything - some):
                some |= {name} if together(some | {name}) else frozenset()
            corrections.append(everything - some)
