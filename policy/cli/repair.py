"""`bartizan repair`: the smallest edits that make what fails hold."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policy import __version__
from policy.cli.shared import BUG, FORMAT, WRONG, Progress, epilog, finish, width, write_file

if TYPE_CHECKING:
    from policy.study.repair import Outcome

CODES = {
    0: "there is a repair, or nothing to repair",
    1: "there is no repair, or none of so few edits",
    2: f"{WRONG};\n     or --write has several repairs to choose from",
    3: "the budget ran out before there was an answer",
    4: BUG,
}


@click.command("repair", short_help="Find the smallest edits that make what fails hold.", epilog=epilog(CODES))
@click.argument("path", metavar="DESIGN", type=click.Path(path_type=Path))
@FORMAT
@click.option("--only", multiple=True, metavar="NAME",
              help="Repair this invariant; may be given several times. Without, all that are violated against "
                   "expectation, or, if there is none, all that are violated.")  # fmt: skip
@click.option("--edits", "most", type=click.IntRange(min=0), default=4, show_default=True, metavar="N",
              help="Look for repairs of at most so many edits.")  # fmt: skip
@click.option("--all", "shown", type=click.IntRange(min=1), default=5, show_default=True, metavar="N",
              help="Show at most N of the smallest repairs.")  # fmt: skip
@click.option("--budget", type=click.IntRange(min=1), default=2000, show_default=True, metavar="N",
              help="Try at most N changed designs.")  # fmt: skip
@click.option("--write", is_flag=True, help="Write the repair into the files of the design.")
@click.option("--pick", type=click.IntRange(min=1), metavar="K", help="Take the K-th of several repairs.")
@click.pass_context
def repair_command(
    context: click.Context,
    path: Path,
    form: str,
    only: tuple[str, ...],
    most: int,
    shown: int,
    budget: int,
    write: bool,
    pick: int | None,
) -> None:
    """Finds the smallest sets of edits after which violated invariants hold, all that held still do, and every flow
    that was possible still is. Shows each as a diff of the design.

    An edit removes or narrows a rule, removes a publish, relay, link or trust, lets a firewall leave a zone or deny by
    default, fixes an option, moves a host or a component, or lets one domain trust another.

    \b
    bartizan repair a.policy                   what is violated and should hold
    bartizan repair a.policy --only walls      one invariant
    bartizan repair a.policy --pick 2 --write  make the second of the repairs
    """
    from policy.cli.designs import one_design, refuse_unknown
    from policy.study.repair import Limits, repair

    design = one_design(context, path)
    refuse_unknown(only, design.model.invariants)
    with Progress("repairing") as progress:
        outcome = repair(design, only, Limits(most, budget, shown), progress.step)
    _show(context, outcome, form, write, pick)


def _show(context: click.Context, outcome: Outcome, form: str, write: bool, pick: int | None) -> None:
    from policy.report import json
    from policy.study.repair_told import document, exit_code, notes, told

    if pick is not None and pick > len(outcome.repairs):
        raise click.UsageError(f"there is no repair {pick} among the {len(outcome.repairs)} that are found")
    chosen = pick or (1 if len(outcome.repairs) == 1 else None)
    code = exit_code(outcome)
    remarks: list[str] = []
    if outcome.repairs and chosen is None:
        nothing = "nothing is written: " if write else ""
        remarks.append(f"{nothing}choose one of the repairs with --pick 1 to {len(outcome.repairs)}")
        code = 2 if write else code
    elif outcome.repairs and chosen is not None:
        remarks += notes(outcome, outcome.repairs[chosen - 1])
        remarks += _write(outcome, chosen) if write else ["--write makes it"]
    if form == "json":
        written = json.rendered(document(outcome, __version__))
    else:
        written = told(outcome, width(), [pick] if pick else ())
    for remark in remarks:
        click.echo(f"note: {remark}", err=True)
    finish(context, written, code)


def _write(outcome: Outcome, chosen: int) -> list[str]:
    files = outcome.repairs[chosen - 1].files
    for old, new in files:
        write_file(Path(os.path.realpath(old.name)), new.text)
    return [f"{new.name} is written" for _, new in files]
