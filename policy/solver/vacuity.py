"""Whether a claim that holds speaks of anything at all: an end or a range that is empty in every world makes it
vacuous."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policy.core.binding import bind
from policy.core.groups import Group, bits, both, either, membership
from policy.core.judge import Judge
from policy.core.model import (
    ALWAYS,
    AccountsAccepted,
    And,
    Binder,
    CanReach,
    Claim,
    Compare,
    ConnectionsAreFlows,
    Count,
    Endpoints,
    FlowsPossible,
    Iff,
    Named,
    Not,
    Or,
    PathClaim,
    Quantified,
)
from policy.core.view import View
from policy.solver.worlds import Worlds

Cases = list[tuple[dict[str, Named], Claim]]  # bindings of variables, each with the condition under which they are so


class Vacuity:
    """Looks for parts of claims about one model that are empty in every world."""

    def __init__(self, like: View, worlds: Worlds) -> None:
        self.layout, self.worlds, self.judge = like.layout, worlds, Judge(like, lambda _: None)

    def reason(self, claim: Claim) -> str:
        """What is empty in every world, or "" where nothing is."""
        return next(self._empty(claim, [({}, ALWAYS)]), "")

    def _exists(self, conditions: Sequence[Claim]) -> bool:
        """Whether one of them is true in some world."""
        return self.worlds.some(either(*conditions))

    def _empty(self, claim: Claim, cases: Cases) -> Iterator[str]:
        """Reasons in the claim; `cases` are the bindings that its variables may have, with when they do."""
        match claim:
            case And(of) | Or(of):
                for part in of:
                    yield from self._empty(part, cases)
            case Not(of):
                yield from self._empty(of, cases)
            case Iff(left, right):
                yield from self._empty(left, cases)
                yield from self._empty(right, cases)
            case Quantified():
                yield from self._range(claim.binders, claim.body, cases)
            case PathClaim(_, source, target) | CanReach(source, target):
                yield from self._ends((source, target), cases)
            case ConnectionsAreFlows(source, target):
                yield from self._ends((source, target), cases)
            case FlowsPossible():
                if not self._exists([flow.when for flow in self.layout.model.flows.values()]):
                    yield "there is no flow"
            case AccountsAccepted():
                if not self._exists(list(self._accounts())):
                    yield "nothing has an account"
            case Compare(left, _, right):
                for amount in (left, right):
                    if isinstance(amount, Count):
                        inner = self._inner(amount.binders, cases)
                        if self._exists([when for _, when in inner]):
                            yield from self._empty(amount.body, inner)

    def _accounts(self) -> Iterator[Claim]:
        for name in self.layout.hosts:
            for carrier, when in self.layout.carriers(name):
                yield from (both(self.layout.exists(name), when, tag.when) for tag in carrier.accounts)

    def _range(self, binders: tuple[Binder, ...], body: Claim, cases: Cases) -> Iterator[str]:
        inner = self._inner(binders, cases)
        if not self._exists([when for _, when in inner]):
            yield "the range of `" + ", ".join(b.name for b in binders) + "` is empty in every world"
        else:
            yield from self._empty(body, inner)

    def _inner(self, binders: tuple[Binder, ...], cases: Cases) -> Cases:
        """The cases with what the binders add."""
        return [
            (bound | more, both(when, inside))
            for bound, when in cases
            for more, inside in self.judge.tuples(bind(binders, bound))
        ]

    def _ends(self, ends: Sequence[Endpoints | None], cases: Cases) -> Iterator[str]:
        for end, word in zip(ends, ("source", "target"), strict=True):
            if end is not None and not self._nonempty(end, cases):
                yield f"its {word} is empty in every world"

    def _nonempty(self, end: Endpoints, cases: Cases) -> bool:
        groups: dict[Endpoints, list[Claim]] = {}
        for bound, when in cases:
            groups.setdefault(bind(end, bound), []).append(when)
        return self._exists([both(either(*whens), self._some(self.layout.group(e))) for e, whens in groups.items()])

    def _some(self, group: Group) -> Claim:
        """When somebody is in the set."""
        return self.layout.some(*(membership(group, i) for i in bits(group.widest)))
