"""Designs for the commands that need them without faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policy import __version__
from policy.cli.shared import designs_of, finish, real

if TYPE_CHECKING:
    from policy.study.design import Design, FaultyError


def studied(context: click.Context, paths: Sequence[Path], form: str) -> list[Design]:
    """The designs that are meant. Where one has faults, they are written in that form and the command ends with 2.

    A file that was found in a directory and is a part of another one is left out, as by `check`, where it has faults by
    itself or no invariants."""
    from policy.study.design import FaultyError, design
    from policy.text.diagnostic import render

    found: list[tuple[Path, bool, Design | FaultyError]] = []
    for path, by_walk in designs_of(paths):
        try:
            found.append((path, by_walk, design(path)))
        except FaultyError as error:
            found.append((path, by_walk, error))
    parts = {name for path, _, one in found for name in map(real, one.sources) if name != real(path)}
    whole = {path: one for path, by_walk, one in found if not (by_walk and real(path) in parts and not _complete(one))}
    faulty = {path: one for path, one in whole.items() if isinstance(one, FaultyError)}
    if faulty and form == "json":
        finish(context, document_of(faulty), 2)
    if faulty:
        sources = {name: source for one in faulty.values() for name, source in one.sources.items()}
        faults = dict.fromkeys(fault for one in faulty.values() for fault in one.faults)
        finish(context, "\n\n".join(render(fault, sources) for fault in faults) + "\n", 2)
    return [one for one in whole.values() if not isinstance(one, FaultyError)]


def document_of(faulty: Mapping[Path, FaultyError]) -> str:
    """The JSON document that `check` writes of designs with faults."""
    from policy.report import json
    from policy.report.outcome import Report

    reports = [Report(str(path), "", error.sources, error.faults) for path, error in faulty.items()]
    return json.rendered(json.document(reports, __version__))


def _complete(one: Design | FaultyError) -> bool:
    from policy.study.design import FaultyError

    return not isinstance(one, FaultyError) and bool(one.model.invariants)
