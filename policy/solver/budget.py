"""A budget counted in steps of search rather than seconds, so that the same input ends the same way everywhere."""

from __future__ import annotations


class OutOfBudgetError(Exception):
    """The budget ran out before an answer was found."""


class Budget:
    """`steps` may be spent; None for no bound."""

    def __init__(self, steps: int | None = None) -> None:
        self.left = steps

    def spend(self, steps: int = 1) -> None:
        """Takes the steps off, or raises OutOfBudgetError."""
        if self.left is not None:
            self.left -= steps
            if self.left < 0:
                raise OutOfBudgetError
