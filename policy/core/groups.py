"""Conditions put together, and sets of endpoints of which conditions decide who is in them.

A set of endpoints is an int whose bit i stands for endpoint i.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass

from policy.core.model import ALWAYS, NEVER, And, Claim, Is, Not, Or

NONE: frozenset[str] = frozenset()


def both(*conditions: Claim) -> Claim:
    """The conjunction, without the parts that always hold; NEVER when one part never does."""
    rest: dict[Claim, None] = {}
    for condition in conditions:
        if condition == NEVER:
            return NEVER
        if condition is not ALWAYS and condition != ALWAYS:
            rest[condition] = None
    return next(iter(rest)) if len(rest) == 1 else And(tuple(rest)) if rest else ALWAYS


def either(*conditions: Claim) -> Claim:
    """The disjunction, ALWAYS when one part always holds."""
    if any(c == ALWAYS for c in conditions):
        return ALWAYS
    rest = tuple(dict.fromkeys(c for c in conditions if c != NEVER))
    return rest[0] if len(rest) == 1 else Or(rest)


def options_in(tree: object) -> Iterator[str]:
    """The options that a condition, or anything made of conditions, speaks of."""
    if tree is ALWAYS:
        return
    if isinstance(tree, Is):
        yield tree.option
    elif isinstance(tree, tuple):
        for child in tree:
            yield from options_in(child)
    elif is_dataclass(tree):
        for item in fields(tree):
            yield from options_in(getattr(tree, item.name))


def exclude(a: Claim, b: Claim) -> bool:
    """Whether it is plain that the two conditions never hold together."""
    match a, b:
        case Is(option, value), Is(other, another):
            return option == other and value != another
        case Not(of), _ if of == b:
            return True
        case _, Not(of) if of == a:
            return True
        case And(of), _:
            return any(exclude(part, b) for part in of)
        case _, And(of):
            return any(exclude(a, part) for part in of)
    return False


def bits(mask: int) -> Iterator[int]:
    """The numbers of the set bits, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


class Group:
    """A set of endpoints: those of `fixed` always, each of `guarded` when its condition holds. Those of `given` are in
    it whenever they exist; `decisive` are the options that the others depend on."""

    __slots__ = ("decisive", "fixed", "given", "guarded", "options", "widest")
    widest: int  # all that may be in it in some world
    options: frozenset[str]  # those that decide who is in it

    def __init__(
        self, items: Sequence[tuple[int, Claim]], present: Sequence[Claim], minus: Group | None = None
    ) -> None:
        self.fixed = 0
        open_items = []
        for bit, when in items:
            if when is ALWAYS or when == ALWAYS:
                self.fixed |= bit
            else:
                open_items.append((bit, when))
        guarded = [(bit & ~self.fixed, when) for bit, when in open_items if bit & ~self.fixed]
        if minus is not None:
            guarded = [pair for bit, when in guarded for pair in _without(bit, when, minus)]
            guarded += list(_without(self.fixed & minus.widest, ALWAYS, minus))
            self.fixed &= ~minus.widest
        self.guarded = tuple(guarded)
        self.given = self.widest = self.fixed
        for bit, when in self.guarded:
            self.widest |= bit
            if bit & (bit - 1) == 0 and when == present[bit.bit_length() - 1]:
                self.given |= bit
        self.options = self.decisive = NONE
        if self.guarded:
            self.options = frozenset(options_in(tuple(when for _, when in self.guarded)))
            self.decisive = frozenset(options_in(tuple(when for bit, when in self.guarded if bit & ~self.given)))


def _without(mask: int, when: Claim, minus: Group) -> Iterator[tuple[int, Claim]]:
    """The endpoints of the mask, each with the condition and that it is not in the other set."""
    if mask & ~minus.widest:
        yield mask & ~minus.widest, when
    for i in bits(mask & minus.widest):
        inside = membership(minus, i)
        if inside not in (ALWAYS, when):
            yield 1 << i, both(when, Not(inside))


def membership(group: Group | None, i: int) -> Claim:
    """The condition under which the endpoint is in the set; None is the set of all."""
    if group is None or group.fixed >> i & 1:
        return ALWAYS
    return either(*(when for bit, when in group.guarded if bit >> i & 1))
