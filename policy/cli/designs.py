"""Designs for the commands that need them without faults: all that are meant, one, or the one that has an invariant.

Where a design has faults, these are told as `check` tells them, as text or as JSON, and the command ends with 2. How is
what the options `--format` and `--color` of the command say, where it has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from policy import __version__
from policy.cli.shared import SUFFIX, designs_of, finish, in_colour, real, width

if TYPE_CHECKING:
    from policy.core.model import Model
    from policy.study.design import Design, FaultyError


def studied(context: click.Context, paths: Sequence[Path]) -> list[Design]:
    """The designs that are meant.

    A file that was found in a directory and is a part of another one is left out, as by `check`, where it has faults by
    itself or no invariants."""
    from policy.study.design import FaultyError, design

    found: list[tuple[Path, bool, Design | FaultyError]] = []
    for path, by_walk in designs_of(paths):
        try:
            found.append((path, by_walk, design(path)))
        except FaultyError as error:
            found.append((path, by_walk, error))
    parts = {name for path, _, one in found for name in map(real, one.sources) if name != real(path)}
    whole = [(path, one) for path, by_walk, one in found if not (by_walk and real(path) in parts and _is_part(one))]
    faulty = [(path, one) for path, one in whole if isinstance(one, FaultyError)]
    if faulty:
        _tell_faults(context, faulty)
    return [one for _, one in whole if not isinstance(one, FaultyError)]


def one_design(context: click.Context, path: Path, claim: str | None = None) -> Design:
    """The one design that is meant: the file, or the only one of a directory; with a claim as a further invariant."""
    from policy.study.design import FaultyError, design

    file = one_file(path)
    try:
        return design(file, claim)
    except FaultyError as error:
        _tell_faults(context, [(file, error)])


def one_file(path: Path) -> Path:
    """The one file that is meant."""
    files = [file for file, _ in designs_of([path])]
    if len(files) > 1:
        raise click.UsageError(f"`{path}` holds {len(files)} designs; name one of them")
    return files[0]


def having(context: click.Context, invariant: str, path: Path | None) -> Design:
    """The design that is meant: the file, or the one of a directory (without one, specs/) that has the invariant."""
    if invariant.endswith(SUFFIX):
        raise click.UsageError(f"the name of the invariant comes first, then the design; `{invariant}` is no such name")
    files = [file for file, _ in designs_of([path] if path is not None else [])]
    found = one_design(context, files[0] if len(files) == 1 else _holder(invariant, files))
    refuse_unknown([invariant], found.model.invariants)
    return found


def refuse_unknown(names: Iterable[str], known: Iterable[str], note: str = "") -> None:
    """Asking for an invariant that is not there is a mistake."""
    from policy.text.diagnostic import nearest, visible

    known = list(known)
    for name in names:
        if name not in known:
            near = nearest(name, known)
            hint = f"; did you mean `{near}`?" if near else ""
            raise click.UsageError(f"no invariant is named `{visible(name)}`{hint}{note}")


def _is_part(one: Design | FaultyError) -> bool:
    from policy.study.design import FaultyError

    return isinstance(one, FaultyError) or not one.model.invariants


def _tell_faults(context: click.Context, faulty: Sequence[tuple[Path, FaultyError]]) -> NoReturn:
    from policy.report import json, text
    from policy.report.outcome import FAULTY, Report

    if context.params.get("form") == "json":
        reports = [Report(str(path), sources=error.sources, faults=error.faults) for path, error in faulty]
        finish(context, json.rendered(json.document(reports, __version__)), FAULTY)
    sources = {name: source for _, error in faulty for name, source in error.sources.items()}
    faults = dict.fromkeys(fault for _, error in faulty for fault in error.faults)
    look = text.Look(width(), in_colour(context.params.get("color", "auto")))
    finish(context, text.faulty(faults, sources, look), FAULTY)


def _holder(invariant: str, files: Sequence[Path]) -> Path:
    """The one file that has the invariant, by itself or by what it includes; a part of a holder holds nothing."""
    models = {file: found for file in files if (found := _model(file)) is not None}
    holders = [file for file, (model, _) in models.items() if invariant in model.invariants]
    parts = {name for file in holders for name in models[file][1] if name != real(file)}
    whole = [file for file in holders if real(file) not in parts] or holders
    if len(whole) == 1:
        return whole[0]
    if whole:
        listed = "".join(f"\n  {file}" for file in whole)
        raise click.UsageError(f"several designs have an invariant `{invariant}`; name one of them:{listed}")
    passed = len(files) - len(models)
    note = f"; {passed} {'file' if passed == 1 else 'files'} with faults passed over" if passed else ""
    refuse_unknown([invariant], [name for model, _ in models.values() for name in model.invariants], note)
    raise AssertionError


def _model(file: Path) -> tuple[Model, set[str]] | None:
    """The model of a design without faults, and the real paths of all files read for it."""
    from policy.text.load import load
    from policy.text.resolve import resolve

    loaded = load(file)
    resolved = resolve(loaded)
    return None if resolved.faults else (resolved.model, set(map(real, loaded.sources)))
