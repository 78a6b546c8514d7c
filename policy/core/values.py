"""JSON values from anywhere, taken apart strictly: what is not as expected is refused, with where it stands.

`where` is the way to a value from the root of the document (`proof.lemmas[0].claim`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

Json = Any  # None, bool, int, str, lists, and dicts with keys of str
T = TypeVar("T")
LONGEST = 60  # characters of what was read that a message repeats


class MalformedError(ValueError):
    """The value is not evidence for this invariant of this design; the text says where and why."""


def refuse(where: str, reason: str) -> NoReturn:
    """Raises the refusal of what stands at `where`."""
    raise MalformedError(f"{where}: {reason}" if where else reason)


def record(value: Json, where: str, *keys: str) -> list[Json]:
    """The values of an object that has exactly these keys, in the order of the keys."""
    if not isinstance(value, dict):
        refuse(where, "an object is expected")
    for key in keys:
        if key not in value:
            refuse(where, f"`{key}` is missing")
    for key in value:
        if key not in keys:
            refuse(where, f"`{shortened(key)}` is not known")
    return [value[key] for key in keys]


def items(value: Json, where: str) -> list[tuple[Json, str]]:
    """The items of a list, each with where it stands."""
    if not isinstance(value, list):
        refuse(where, "a list is expected")
    return [(item, f"{where}[{i}]") for i, item in enumerate(value)]


def text(value: Json, where: str) -> str:
    """A string."""
    return value if isinstance(value, str) else refuse(where, "a string is expected")


def flag(value: Json, where: str) -> bool:
    """True or false."""
    return value if isinstance(value, bool) else refuse(where, "true or false is expected")


def place(value: Json, where: str, count: int) -> int:
    """The index that a number from 1 to `count` stands for."""
    if type(value) is not int:
        refuse(where, "a whole number is expected")
    return value - 1 if 1 <= value <= count else refuse(where, f"there is no number {shortened(str(value))}")


def known(value: Json, where: str, table: Mapping[str, T], what: str) -> T:
    """What the string stands for in the table."""
    name = text(value, where)
    return table[name] if name in table else refuse(where, f"there is no {what} `{shortened(name)}`")


def shortened(value: str) -> str:
    """As much of it as a message can bear."""
    return value if len(value) <= LONGEST else value[:LONGEST] + "…"


def distinct(found: list[T], where: str) -> list[T]:
    """The same, of which none may be there twice."""
    return found if len(set(found)) == len(found) else refuse(where, "something is there twice")
