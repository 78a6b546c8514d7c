"""What a proved invariant rests on: for every thing of the design, whether some change of it makes the invariant fail.

Takes a case (`policy.study.design`), an invariant and its proof; returns a `Bearing` for every item of
`policy.study.lift`. All changes of a sort are tried at once, then halves of them, until each item is known to be free
or is alone (as group tests are, Dorfman 1943). A change that the probe cannot tell about is made, and the invariant is
asked again from the start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from policy.core.evidence import Proof, Witness
from policy.core.model import Invariant, Model, Named, Threat
from policy.study.changes import Change, changed
from policy.study.design import Case
from policy.study.lift import Item, items
from policy.study.probe import Broken, Probe

BUDGET = 50_000  # steps of search for one change


@dataclass(frozen=True, slots=True)
class Bearing:
    """Whether an item matters: `change` is the first of its changes after which the invariant fails, `broken` how it
    does then. Without one it does not matter, unless something was not determined (`open_changes`: the budget ran
    out)."""

    item: Item
    change: Change | None = None
    broken: Broken | None = None
    open_changes: tuple[Change, ...] = ()

    @property
    def bears(self) -> bool:
        """Whether the invariant fails after some change of it."""
        return self.change is not None


def bearings(case: Case, invariant: Invariant, proof: Proof) -> tuple[Bearing, ...]:
    """What is known of every item, in the order of `items`."""
    everything = items(case.model)
    found: dict[Item, Bearing] = {}
    for some in _together(everything):
        for bearing in _Tried(case, invariant, proof, some).all():
            found[bearing.item] = bearing
    return tuple(found[item] for item in everything)


def _together(everything: Sequence[Item]) -> Iterator[tuple[Item, ...]]:
    """Items whose changes are tried in one lifted model: those of rules, of hosts, of components, and others."""
    sorts: dict[str, list[Item]] = {}
    for item in everything:
        sort = str(item.key[0])
        sorts.setdefault(sort if sort in ("rule", "host", "component", "firewall") else "other", []).append(item)
    return (tuple(some) for some in sorts.values())


class _Tried:
    """The items of one lifted model."""

    def __init__(self, case: Case, invariant: Invariant, proof: Proof, some: tuple[Item, ...]) -> None:
        self.model, self.invariant, self.items = case.model, invariant, some
        self.bypasses = some[0].role == "works"
        self.probe = Probe(case.layout, invariant, proof, () if self.bypasses else some)

    def all(self) -> Iterator[Bearing]:
        """One bearing for each item."""
        yield from self._of(list(range(len(self.items))))

    def _of(self, some: list[int]) -> Iterator[Bearing]:
        if not self.bypasses and self.probe.survives(some):
            yield from (Bearing(self.items[i]) for i in some)
        elif len(some) == 1:
            yield self._alone(some[0])
        elif some:
            yield from self._of(some[: len(some) // 2])
            yield from self._of(some[len(some) // 2 :])

    def _alone(self, i: int) -> Bearing:
        item, unsettled = self.items[i], list[Change]()
        for j in self._suspects(i, range(len(item.changes))):
            change = item.changes[j]
            told = self._bypassed(change) if self.bypasses else self.probe.after(i, j)
            if told is None:
                told = asked(self.model, self.invariant, change)
            if isinstance(told, Broken):
                return Bearing(item, change, told)
            if told is None:
                unsettled.append(change)
        return Bearing(item, open_changes=tuple(unsettled))

    def _suspects(self, i: int, some: range) -> Iterator[int]:
        """The changes of an item that do not all survive together, in order."""
        if len(some) == 1:
            yield some[0]
        elif some:
            for half in (some[: len(some) // 2], some[len(some) // 2 :]):
                if len(half) == 1 or not self.probe.survives_any(i, half):
                    yield from self._suspects(i, half)

    def _bypassed(self, change: Change) -> bool | Broken | None:
        """The answer for a bypass. That it happens is all that is new: the other cases are those of the proof."""
        name = str(change.key[1])
        threats = (*self.invariant.threats, Threat((Named("firewall", name),), "bypassed"))
        return self.probe.under(threats).given({(name, "bypassed"): True})


def asked(model: Model, invariant: Invariant, change: Change) -> bool | Broken | None:
    """Whether the invariant holds after the change, or how it fails; None when the budget ran out."""
    other = Case(changed(model, [change]))
    answer = other.answer(other.model.invariants[invariant.name], BUDGET)
    if not isinstance(answer.evidence, Witness):
        return None if answer.verdict == "unknown" else True
    return seen(answer.evidence)


def seen(witness: Witness) -> Broken:
    """A witness in short."""
    walk = () if witness.start is None else (witness.start, *(step.target for step in witness.steps))
    packet = str(witness.steps[0].packet) if len(witness.steps) == 1 else ""
    subject = tuple(Named("host", name) for fact in witness.facts for name in fact.subject)
    return Broken(witness.world, witness.failure, walk, packet, subject=subject)


def bypassed(model: Model, invariant: Invariant) -> Invariant:
    """The invariant, under the bypass of any number of firewalls besides what it admits."""
    units = tuple(Named("firewall", name) for name in model.firewalls)
    return replace(invariant, threats=(*invariant.threats, Threat(units, "bypassed", len(units))))
