"""Packets by class: those that no service of the design tells apart are one, told by its number."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from policy.core.model import ANY_SERVICE, LAST_POINT, Interval, Model


class Packets:
    """The classes of packets of a model. A set of classes is an int whose bit i stands for class i."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._services: dict[tuple[str, ...], tuple[int, int]] = {}

    @cached_property
    def classes(self) -> tuple[int, ...]:
        """A point of every class of packets; those of one class are in the same services, in the same way."""
        services = self.model.services.values()
        cuts = {0}
        for service in services:
            for low, high in service.plain + service.authenticated:
                cuts.update((low, high + 1))
        found: dict[tuple[bool, ...], int] = {}
        for point in sorted(cut for cut in cuts if cut <= LAST_POINT):
            found.setdefault(
                tuple(_inside(point, of) for s in services for of in (s.plain, s.authenticated)),
                point,
            )
        return tuple(found.values())

    def class_of(self, point: int) -> int:
        """The number of the class that the point stands for; -1 for a point that stands for none."""
        return self._class_numbers.get(point, -1)

    @cached_property
    def _class_numbers(self) -> dict[int, int]:
        return {point: i for i, point in enumerate(self.classes)}

    def heard(self, names: tuple[str, ...]) -> tuple[int, int]:
        """(classes, those of them that ask everyone for an account) of a list of services; none named means any."""
        if names not in self._services:
            self._services[names] = self._heard(names or (ANY_SERVICE,))
        return self._services[names]

    def _heard(self, names: tuple[str, ...]) -> tuple[int, int]:
        plain = asking = 0
        for name in names:
            if name == ANY_SERVICE:
                plain = (1 << len(self.classes)) - 1
                continue
            service = self.model.services[name]
            for i, point in enumerate(self.classes):
                plain |= _inside(point, service.plain) << i
                asking |= _inside(point, service.authenticated) << i
        return plain | asking, asking & ~plain


def _inside(point: int, intervals: Sequence[Interval]) -> bool:
    return any(low <= point <= high for low, high in intervals)
