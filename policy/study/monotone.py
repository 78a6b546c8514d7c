"""Minimal sets of a property that no further member unmakes.

The minimal sets that have the property are the minimal sets that meet every cut: every set without whose members there
is none. Sets that meet the cuts known so far are tried, the smallest first; one that has not the property is enlarged
as far as it still has not, and what is left out then is a further cut (implicit hitting sets, Moreno-Centeno and Karp
2013; MARCO, Liffiton et al. 2016). Sets are bit sets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from policy.core.groups import bits

Has = Callable[[int], bool]


def minimal_sets(everything: int, has: Has, spend: Callable[[], None] = lambda: None) -> Iterator[int]:
    """The minimal sets among `everything` that have the property, the smallest first. `spend` is called for every step
    of the search."""
    found, cuts, size = list[int](), list[int](), 0
    while size <= len(cuts):
        some = _meeting(cuts, found, size, spend)
        if some is None:
            size += 1
        elif has(some):
            found.append(some)
            yield some
        else:
            cuts.append(_cut(everything, some, has))


def _cut(everything: int, some: int, has: Has) -> int:
    """All that is not in a largest set around `some` that has not the property."""
    todo, cut = [list(bits(everything & ~some))], 0
    while todo:
        part = todo.pop()
        more = some | sum(1 << i for i in part)
        if not has(more):
            some = more
        elif len(part) == 1:
            cut |= 1 << part[0]
        else:
            half = len(part) // 2
            todo += [part[half:], part[:half]]
    return cut


def _meeting(
    cuts: Sequence[int], found: Sequence[int], most: int, spend: Callable[[], None], chosen: int = 0
) -> int | None:
    """A set of at most `most` members more than those chosen that meets all cuts and holds none of those found."""
    spend()
    if any(not some & ~chosen for some in found):
        return None
    unmet = [cut for cut in cuts if not cut & chosen]
    if not unmet:
        return chosen
    if _apart(unmet) > most:
        return None
    banned = 0
    for i in bits(min(unmet, key=int.bit_count)):
        left = [cut & ~banned for cut in unmet]
        met = _meeting(left, found, most - 1, spend, chosen | 1 << i) if all(left) else None
        if met is not None:
            return met
        banned |= 1 << i
    return None


def _apart(cuts: Sequence[int]) -> int:
    """How many members it takes at least to meet the cuts: those of disjoint ones are different."""
    used = count = 0
    for cut in sorted(cuts, key=int.bit_count):
        if not cut & used:
            used, count = used | cut, count + 1
    return count
