"""Whether a claim that holds speaks of anything at all: an end or a range that is empty in every world makes it
vacuous."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import z3

from policy.core.binding import bind
from policy.core.layout import Group, Layout, bits, both, membership
from policy.core.model import (
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
from policy.solver.encode import Encoder

Cases = list[tuple[dict[str, Named], z3.BoolRef]]  # bindings of variables, each with when they are so


class Vacuity:
    """Looks for parts of claims about one model that are empty in every world."""

    def __init__(self, layout: Layout) -> None:
        self.layout, self.encoder = layout, Encoder(layout, ())
        self._solver: z3.Solver | None = None

    def reason(self, claim: Claim) -> str:
        """What is empty in every world, or "" where nothing is."""
        return next(self._empty(claim, [({}, z3.BoolVal(True))]), "")

    def _exists(self, formulas: Sequence[z3.BoolRef]) -> bool:
        """Whether one of them is true in some world."""
        if any(z3.is_true(z3.simplify(f)) for f in formulas):
            return True
        if self._solver is None:
            self._solver = z3.Solver()
            self._solver.add([self.encoder.condition(a) for a in self.layout.model.assumptions])
        self._solver.add(self.encoder.choices())
        return bool(formulas) and self._solver.check(z3.Or(list(formulas))) == z3.sat

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
                active = [self.encoder.condition(flow.when) for flow in self.layout.model.flows.values()]
                if not self._exists(active):
                    yield "there is no flow"
            case AccountsAccepted():
                if not self._exists([self.encoder.condition(when) for when in self._accounts()]):
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
            (bound | more, z3.And(when, inside))
            for bound, when in cases
            for more, inside in self.encoder.tuples(bind(binders, bound))
        ]

    def _ends(self, ends: Sequence[Endpoints | None], cases: Cases) -> Iterator[str]:
        for end, word in zip(ends, ("source", "target"), strict=True):
            if end is not None and not self._nonempty(end, cases):
                yield f"its {word} is empty in every world"

    def _nonempty(self, end: Endpoints, cases: Cases) -> bool:
        groups: dict[Endpoints, list[z3.BoolRef]] = {}
        for bound, when in cases:
            groups.setdefault(bind(end, bound), []).append(when)
        return self._exists([z3.And(z3.Or(whens), self._some(self.layout.group(e))) for e, whens in groups.items()])

    def _some(self, group: Group) -> z3.BoolRef:
        """True iff somebody is in the set."""
        if group.fixed:
            return z3.BoolVal(True)
        return z3.Or([self.encoder.condition(membership(group, i)) for i in bits(group.widest)])
