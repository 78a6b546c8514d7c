"""`bartizan check`: the invariants of designs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policy import __version__
from policy.cli.shared import (
    COLOUR,
    EPILOG,
    FORMAT,
    PATHS,
    Progress,
    designs_of,
    finish,
    in_colour,
    real,
    width,
    write_file,
)

if TYPE_CHECKING:
    from policy.report.outcome import Report


@click.command("check", short_help="Prove the invariants of designs.", epilog=EPILOG)
@PATHS
@FORMAT
@click.option("--budget", type=click.IntRange(min=1), metavar="N",
              help="Search at most N steps for each invariant; when they run out it is UNKNOWN.")  # fmt: skip
@click.option("--only", multiple=True, metavar="NAME", help="Check this invariant only; may be given several times.")
@click.option("-v", "--verbose", is_flag=True, help="Show the counterexamples of expected violations, too.")
@click.option("--evidence", type=click.Path(path_type=Path), metavar="DIR",
              help="Write the proof or counterexample of every invariant to DIR, for `bartizan verify`.")  # fmt: skip
@COLOUR
@click.pass_context
def check_command(
    context: click.Context,
    paths: tuple[Path, ...],
    form: str,
    budget: int | None,
    only: tuple[str, ...],
    verbose: bool,
    evidence: Path | None,
    color: str,
) -> None:
    """Proves the invariants of designs, or shows for each that fails a world, the failures and a path that break it.

    \b
    bartizan check                         all designs under specs/
    bartizan check a.policy designs/       a file, and all files of a directory
    bartizan check a.policy --only walls   one invariant
    bartizan check a.policy --format json  for a program to read
    bartizan check a.policy --evidence DIR keep what the verdicts rest on
    """
    from policy.report import json, text
    from policy.report.outcome import FAULTY, gravest

    if evidence is not None:
        _make(evidence)
    reports = _reports(paths, budget, only, evidence is not None)
    _refuse_unknown(only, reports)
    code = _exit_code(reports)
    note = ""
    if evidence is not None:
        note, kept = _kept(evidence, reports)
        code = code if kept else gravest((code, FAULTY))
    if form == "json":
        written = json.rendered(json.document(reports, __version__))
    else:
        written = text.rendered(reports, text.Look(width(), in_colour(color), verbose))
    if note:
        click.echo(note, err=True)
    finish(context, written, code)


def _make(folder: Path) -> None:
    """A folder for evidence, before anything is proved in vain."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"`{folder}` cannot be made: {(error.strerror or str(error)).lower()}") from None


def _kept(folder: Path, reports: Sequence[Report]) -> tuple[str, bool]:
    """Writes the evidence: how much there is, or why it cannot be written, and whether it was."""
    from policy.report.evidence import files

    count = 0
    try:
        for name, content in files(reports, __version__):
            _make((folder / name).parent)
            write_file(folder / name, content)
            count += 1
    except click.UsageError as error:
        return f"error: {error.message}", False
    return f"evidence for {count} of {sum(len(report.results) for report in reports)} invariants is in {folder}", True


def _reports(paths: Sequence[Path], budget: int | None, only: Sequence[str], evidence: bool) -> list[Report]:
    from policy.checking import check

    designs = designs_of(paths)
    with Progress() as progress:
        reports = [
            check(path, budget=budget, only=only or None, progress=progress.step, evidence=evidence)
            for path, _ in designs
        ]
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
