"""Options decided by hand, as `OPT=VALUE`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from policy.core.layout import Layout
from policy.core.model import Model
from policy.core.view import Decisions, Literal, View
from policy.text.diagnostic import nearest


class ChoiceError(ValueError):
    """A choice that names no option or value, or that no world agrees with; says so in words for the user."""


def view_of(model: Model, choices: Sequence[str]) -> View:
    """The view under these choices. Raises ChoiceError."""
    view = View(Layout(model), _decisions(model, choices))
    if any(view.truth(assumption) is False for assumption in model.assumptions):
        raise ChoiceError(f"no world has {' and '.join(f'`{choice}`' for choice in choices)}: it breaks an assumption")
    return view


def _decisions(model: Model, choices: Iterable[str]) -> Decisions:
    decided: dict[Literal, bool] = {}
    for choice in choices:
        name, equals, value = (part.strip() for part in choice.partition("="))
        if not equals:
            raise ChoiceError(f"`{choice}` is not of the form OPTION=VALUE")
        option = model.options[_fitting(name, list(model.options), "an option")]
        value = _fitting(value, option.values, f"a value of `{name}`")
        if decided.get((option.name, value), True) is False:
            raise ChoiceError(f"`{name}` is given two values")
        decided.update({(option.name, v): v == value for v in option.values})
    return decided


def _fitting(written: str, names: Sequence[str], sort: str) -> str:
    """The name that is meant: an exact one, or the only one that ends so."""
    if written in names:
        return written
    found = [name for name in names if name.endswith(f".{written}")]
    if len(found) > 1:
        raise ChoiceError(f"`{written}` may be any of {', '.join(f'`{name}`' for name in found)}")
    if not found:
        near = nearest(written, {*names, *(name.rpartition(".")[2] for name in names)})
        listed = ", ".join(f"`{name}`" for name in names[:8]) or "none"
        hint = f"did you mean `{near}`?" if near else f"there is {listed}" + (", …" if len(names) > 8 else "")
        raise ChoiceError(f"`{written}` is not {sort}; {hint}")
    return found[0]
