"""`bartizan repair`: the smallest edits that make what fails hold."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policy import __version__
from policy.cli.shared import EPILOG, FORMAT, Progress, finish, width, write_file

if TYPE_CHECKING:
    from policy.study.design import Design
    from policy.study.repair import Outcome


@click.command("repair", short_help="Find the smallest edits that make what fails hold.", epilog=EPILOG)
@click.argument("path", metavar="DESIGN", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@FORMAT
@click.option("--only", multiple=True, metavar="NAME",
              help="Repair this invariant; may be given several times. Without, all that are violated against "
                   "expectation, or, if there is none, all that are violated.")  # fmt: skip
@click.option("--most", type=click.IntRange(min=0), default=4, show_default=True, metavar="EDITS",
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

    \b
    An edit removes or narrows a rule, removes a publish, relay, link or trust, lets a
    firewall leave a zone or deny by default, fixes an option, moves a host or a
    component, or lets one domain trust another.

    \b
    Exits with 0 when a repair is found or nothing is to repair, 1 when there is no
    repair, 3 when the budget runs out before there is an answer.

    \b
    bartizan repair a.policy                     whatever is violated and should not be
    bartizan repair a.policy --only walls        one invariant
    bartizan repair a.policy --pick 2 --write    make the second of the repairs shown
    """
    from policy.study.repair import Limits, repair

    design = _design(context, path, form)
    _refuse_unknown(only, design)
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


def _design(context: click.Context, path: Path, form: str) -> Design:
    """The design; where it has faults, these are told as `check` does."""
    from policy.report import json
    from policy.report.outcome import Report
    from policy.study.design import FaultyError, design
    from policy.text.diagnostic import render

    try:
        return design(path)
    except FaultyError as error:
        if form == "json":
            report = Report(str(path), "", error.sources, error.faults)
            finish(context, json.rendered(json.document([report], __version__)), report.exit_code)
        finish(context, "\n\n".join(render(fault, error.sources) for fault in error.faults) + "\n", 2)


def _refuse_unknown(only: tuple[str, ...], design: Design) -> None:
    from policy.text.diagnostic import nearest

    for name in only:
        if name not in design.model.invariants:
            near = nearest(name, design.model.invariants)
            hint = f"; did you mean `{near}`?" if near else ""
            raise click.UsageError(f"no invariant is named `{name}`{hint}")
