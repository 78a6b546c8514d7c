"""Designs for the commands that need them without faults."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policy.cli.shared import designs_of, finish, real

if TYPE_CHECKING:
    from policy.study.design import Design, FaultyError


def studied(context: click.Context, paths: Sequence[Path]) -> list[Design]:
    """The designs that are meant. Where one has faults, they are written and the command ends with 2.

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
    whole = [one for path, by_walk, one in found if not (by_walk and real(path) in parts and not _complete(one))]
    faulty = [one for one in whole if isinstance(one, FaultyError)]
    if faulty:
        sources = {name: source for one in faulty for name, source in one.sources.items()}
        faults = dict.fromkeys(fault for one in faulty for fault in one.faults)
        finish(context, "\n\n".join(render(fault, sources) for fault in faults) + "\n", 2)
    return [one for one in whole if not isinstance(one, FaultyError)]


def _complete(one: Design | FaultyError) -> bool:
    from policy.study.design import FaultyError

    return not isinstance(one, FaultyError) and bool(one.model.invariants)
