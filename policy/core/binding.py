"""Variables of claims, and what they stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
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
        return tuple(_bind(child, bindings) for child in tree)
    if isinstance(tree, (Quantified, Count)):
        inner = {name: thing for name, thing in bindings.items() if all(b.name != name for b in tree.binders)}
        return replace(tree, binders=_bind(tree.binders, bindings), body=_bind(tree.body, inner))
    if is_dataclass(tree) and not isinstance(tree, (type, Named)):
        changed = {f.name: _bind(getattr(tree, f.name), bindings) for f in fields(tree)}
        return replace(tree, **changed)
    return tree


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
