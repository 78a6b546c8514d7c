"""Variables of claims, and what they stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, TypeVar

from policy.core.model import Count, Named, Quantified, Variable

T = TypeVar("T")
Bindings = Mapping[str, Named]


def bind(tree: T, bindings: Bindings) -> T:
    """The tree with each bound variable replaced by what it stands for."""
    return _bind(tree, bindings) if bindings else tree


def _bind(tree: Any, bindings: Bindings) -> Any:
    if isinstance(tree, Variable):
        return bindings.get(tree.name, tree)
    if isinstance(tree, tuple):
        children = tuple(_bind(child, bindings) for child in tree)
        return tree if all(a is b for a, b in zip(children, tree, strict=True)) else children
    if isinstance(tree, (Quantified, Count)):
        inner = {name: thing for name, thing in bindings.items() if all(b.name != name for b in tree.binders)}
        return replace(tree, binders=_bind(tree.binders, bindings), body=_bind(tree.body, inner))
    if is_dataclass(tree) and not isinstance(tree, (type, Named)):
        bound = {name: _bind(getattr(tree, name), bindings) for name in _names(type(tree))}
        changed = {name: value for name, value in bound.items() if value is not getattr(tree, name)}
        return replace(tree, **changed) if changed else tree
    return tree


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def variables(tree: Any) -> Iterator[Variable]:
    """Every variable below a value of the model."""
    if isinstance(tree, Variable):
        yield tree
    elif isinstance(tree, tuple):
        for child in tree:
            yield from variables(child)
    elif is_dataclass(tree) and not isinstance(tree, type):
        for item in fields(tree):
            yield from variables(getattr(tree, item.name))
