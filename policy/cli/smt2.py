"""`bartizan smt2`: an invariant as a question to another solver."""

from __future__ import annotations

from pathlib import Path

import click

from policy.cli.shared import ONE_OF_MANY, epilog, finish


@click.command(
    "smt2",
    short_help="Write an invariant down for another solver.",
    epilog=epilog(
        {0: "the invariant is written down", 2: "wrong usage, or a fault in a design", 4: "a bug of bartizan"},
        ONE_OF_MANY,
    ),
)
@click.argument("invariant", metavar="INVARIANT")
@click.argument("design", required=False, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write to the file instead of standard output.")  # fmt: skip
@click.pass_context
def smt2_command(context: click.Context, invariant: str, design: Path | None, output: Path | None) -> None:
    """Writes an invariant as SMT-LIB 2 (constrained Horn clauses), for a second opinion: `sat` means that it holds in
    every world under every admitted failure, `unsat` that it is violated. The file shares nothing with the proofs of
    `check` but the design.

    \b
    bartizan smt2 walls a.policy > walls.smt2
    z3 walls.smt2                        Z3 hands it to Spacer: sat, proved
    bartizan smt2 walls                  of the design under specs/ that has it
    bartizan smt2 walls designs/ -o walls.smt2
    """
    from policy.cli.designs import having
    from policy.cli.outputs import refuse_designs, write
    from policy.solver.horn import NotExpressibleError
    from policy.study.smt2 import smt2

    found = having(context, invariant, design)
    try:
        text = smt2(found, found.model.invariants[invariant])
    except NotExpressibleError as error:
        raise click.UsageError(f"`{invariant}` cannot be written down for another solver: {error}") from None
    if output is None:
        finish(context, text, 0)
    refuse_designs([output], found.sources)
    write({output: text})
