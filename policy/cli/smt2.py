"""`bartizan smt2`: an invariant as a question to another solver."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policy.cli.outputs import write
from policy.cli.shared import EPILOG, PATHS, designs_of, finish, real

if TYPE_CHECKING:
    from policy.core.model import Model
    from policy.study.design import Design


@click.command("smt2", short_help="Write an invariant down for another solver.", epilog=EPILOG)
@click.argument("invariant", metavar="INVARIANT")
@PATHS
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write to the file instead of standard output.")  # fmt: skip
@click.pass_context
def smt2_command(context: click.Context, invariant: str, paths: tuple[Path, ...], output: Path | None) -> None:
    """Writes an invariant as SMT-LIB 2 (constrained Horn clauses), for a second opinion: `sat` means that it holds in
    every world under every admitted failure, `unsat` that it is violated. The file shares nothing with the proofs of
    `check` but the design.

    \b
    bartizan smt2 walls a.policy > walls.smt2
    z3 walls.smt2                          Z3 hands it to Spacer: sat, proved
    bartizan smt2 walls                    of the one design under specs/ that has it
    bartizan smt2 walls designs/ -o walls.smt2
    """
    from policy.solver.horn import NotExpressibleError
    from policy.study.smt2 import smt2

    found = _design(context, invariant, paths)
    try:
        text = smt2(found, found.model.invariants[invariant])
    except NotExpressibleError as error:
        raise click.UsageError(f"`{invariant}` cannot be written down for another solver: {error}") from None
    if output is None:
        finish(context, text, 0)
    if real(output) in map(real, found.sources):
        raise click.UsageError(f"`{output}` is the design that is read; it is not written over")
    write({output: text})


def _design(context: click.Context, invariant: str, paths: tuple[Path, ...]) -> Design:
    """The one design among those meant that has the invariant."""
    from policy.study.design import FaultyError, design
    from policy.text.diagnostic import render

    if invariant.endswith(".policy"):
        raise click.UsageError(f"the name of the invariant comes first, then the design; `{invariant}` is no such name")
    files = [path for path, _ in designs_of(paths)]
    try:
        found = design(files[0] if len(files) == 1 else _having(invariant, files))
    except FaultyError as error:
        finish(context, "\n\n".join(render(fault, error.sources) for fault in error.faults) + "\n", 2)
    if invariant not in found.model.invariants:
        raise _unheard(invariant, found.model.invariants)
    return found


def _having(invariant: str, files: Sequence[Path]) -> Path:
    models = {path: model for path in files if (model := _model(path)) is not None}
    having = [path for path, model in models.items() if invariant in model.invariants]
    if len(having) == 1:
        return having[0]
    if having:
        several = ", ".join(f"`{path}`" for path in having)
        raise click.UsageError(f"several designs have an invariant `{invariant}`; name one of them: {several}")
    passed_over = len(files) - len(models)
    raise _unheard(invariant, (name for model in models.values() for name in model.invariants), passed_over)


def _unheard(invariant: str, names: Iterable[str], passed_over: int = 0) -> click.UsageError:
    from policy.text.diagnostic import nearest

    near = nearest(invariant, names)
    hint = f"; did you mean `{near}`?" if near else ""
    hint += f"; {passed_over} files with faults were passed over" if passed_over else ""
    return click.UsageError(f"no invariant is named `{invariant}`{hint}")


def _model(path: Path) -> Model | None:
    """The model of a design without faults."""
    from policy.text.load import load
    from policy.text.resolve import resolve

    resolved = resolve(load(path))
    return None if resolved.faults else resolved.model
