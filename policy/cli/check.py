"""`bartizan check`: the invariants of designs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policy import __version__
from policy.cli.shared import COLOUR, EPILOG, FORMAT, PATHS, Progress, designs_of, finish, in_colour, real, width

if TYPE_CHECKING:
    from policy.report.outcome import Report


@click.command("check", short_help="Prove the invariants of designs.", epilog=EPILOG)
@PATHS
@FORMAT
@click.option("--budget", type=click.IntRange(min=1), metavar="N",
              help="Search at most N steps for each invariant; when they run out it is UNKNOWN.")  # fmt: skip
@click.option("--only", multiple=True, metavar="NAME", help="Check this invariant only; may be given several times.")
@click.option("-v", "--verbose", is_flag=True, help="Show the counterexamples of expected violations, too.")
@COLOUR
@click.pass_context
def check_command(
    context: click.Context,
    paths: tuple[Path, ...],
    form: str,
    budget: int | None,
    only: tuple[str, ...],
    verbose: bool,
    color: str,
) -> None:
    """Proves the invariants of designs, or shows for each that fails a world, the failures and a path that break it.

    \b
    bartizan check                         all designs under specs/
    bartizan check a.policy designs/       a file, and all files of a directory
    bartizan check a.policy --only walls   one invariant
    bartizan check a.policy --format json  for a program to read
    """
    from policy.report import json, text

    reports = _reports(paths, budget, only)
    _refuse_unknown(only, reports)
    code = _exit_code(reports)
    if form == "json":
        written = json.rendered(json.document(reports, __version__))
    else:
        written = text.rendered(reports, text.Look(width(), in_colour(color), verbose))
    finish(context, written, code)


def _reports(paths: Sequence[Path], budget: int | None, only: Sequence[str]) -> list[Report]:
    from policy.checking import check

    designs = designs_of(paths)
    with Progress() as progress:
        reports = [check(path, budget=budget, only=only or None, progress=progress.step) for path, _ in designs]
    parts = _parts(reports)
    found = [found for _, found in designs]
    return [
        report
        for report, by_walk in zip(reports, found, strict=True)
        if not (by_walk and real(report.file) in parts and (report.faults or not report.declared))
    ]


def _parts(reports: Sequence[Report]) -> set[str]:
    """The real paths of all files that are read as a part of a design that no other one includes."""
    included = {real(name) for report in reports for name in report.sources if name != report.file}
    whole = [report for report in reports if real(report.file) not in included]
    return included & {real(name) for report in whole for name in report.sources}


def _exit_code(reports: Sequence[Report]) -> int:
    from policy.report.outcome import exit_code

    return exit_code(reports)


def _refuse_unknown(only: Sequence[str], reports: Sequence[Report]) -> None:
    """Asking for an invariant that no design has is a mistake, unless faults keep us from knowing."""
    from policy.text.diagnostic import nearest

    known = {name for report in reports for name in report.declared}
    for name in only:
        if name not in known and not any(report.faults or report.bug for report in reports):
            near = nearest(name, known)
            hint = f"; did you mean `{near}`?" if near else ""
            raise click.UsageError(f"no invariant is named `{name}`{hint}")
