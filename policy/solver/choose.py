"""Smallest choices among numbered items that satisfy all that was learned about them (implicit hitting sets:
Moreno-Centeno and Karp 2013, with z3 for the sets; the bound grows from below, so that the first found is smallest).

What is learned is a clause: of some items one is chosen, or of some others one is not. Every clause has a reason, a
name; it is heeded only when its reason is.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence

import z3

from policy.solver.encode import new_solver


class Chooser:
    """Chooses among as many items as there are `groups`; of those of one group at most one."""

    def __init__(self, groups: Sequence[Hashable]) -> None:
        self._context = z3.Context()  # else what is chosen of several would depend on what was asked before
        self._items = [z3.Bool(f"item {i}", self._context) for i in range(len(groups))]
        self._declared = [item.decl() for item in self._items]
        self._solver = new_solver(self._context)
        self._reasons: dict[str, z3.BoolRef] = {}
        self._bounds: dict[int, z3.BoolRef] = {}
        members: dict[Hashable, list[z3.BoolRef]] = {}
        for group, item in zip(groups, self._items, strict=True):
            members.setdefault(group, []).append(item)
        self._solver.add([z3.AtMost(*some, 1) for some in members.values() if len(some) > 1])

    def learn(self, reason: str, chosen: Iterable[int], unchosen: Iterable[int]) -> None:
        """Under the reason, one of `chosen` is chosen or one of `unchosen` is not."""
        literals = [*(self._items[i] for i in chosen), *(z3.Not(self._items[i]) for i in unchosen)]
        self._solver.add(z3.Or(z3.Not(self._reason(reason)), *literals))

    def smallest(self, reasons: Collection[str], least: int, most: int) -> tuple[int, ...] | None:
        """Numbers of the items of a smallest choice with at least `least` and at most `most` of them, given that there
        is none with fewer; None when there is none."""
        for size in range(least, most + 1):
            heeded = [self._reason(reason) for reason in sorted(reasons)]
            found = self._solver.check(*heeded, self._bound(size))
            if found == z3.unknown:
                raise KeyboardInterrupt  # nothing else stops a solver without limits
            if found == z3.sat:
                return self._chosen(self._solver.model())
        return None

    def _chosen(self, model: z3.ModelRef) -> tuple[int, ...]:
        """The items that are true, read without the wrapping of every value."""
        context = model.ctx.ref()
        values = (z3.Z3_model_get_const_interp(context, model.model, decl.ast) for decl in self._declared)
        return tuple(
            i for i, value in enumerate(values) if value and z3.Z3_get_bool_value(context, value) == z3.Z3_L_TRUE
        )

    def _reason(self, name: str) -> z3.BoolRef:
        return self._reasons.setdefault(name, z3.Bool(f"reason {name}", self._context))

    def _bound(self, size: int) -> z3.BoolRef:
        if size not in self._bounds:
            self._bounds[size] = z3.Bool(f"at most {size}", self._context)
            fewer = z3.AtMost(*self._items, size) if self._items else z3.BoolVal(True, self._context)
            self._solver.add(z3.Implies(self._bounds[size], fewer))
        return self._bounds[size]
