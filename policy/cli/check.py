"""`bartizan check`: the invariants of designs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policy import __version__
from policy.cli.shared import COLOUR, EPILOG, PATHS, PIPED, Progress, designs_of, finish, in_colour, real, width

if TYPE_CHECKING:
    from policy.cli.outputs import Output
    from policy.report.files import Files
    from policy.report.outcome import Report
    from policy.report.run import Run

WORKSPACES = "GITHUB_WORKSPACE", "CI_PROJECT_DIR"  # where build machines say what names of files count from


@click.command("check", short_help="Prove the invariants of designs.", epilog=EPILOG)
@PATHS
@click.option("--format", "forms", multiple=True, metavar="NAME[=FILE]",
              help="How to tell the results, and where; may be given several times.")  # fmt: skip
@click.option("--budget", type=click.IntRange(min=1), metavar="N",
              help="Search at most N steps for each invariant; when they run out it is UNKNOWN.")  # fmt: skip
@click.option("--only", multiple=True, metavar="NAME", help="Check this invariant only; may be given several times.")
@click.option("-v", "--verbose", is_flag=True, help="Show the counterexamples of expected violations, too.")
@COLOUR
@click.pass_context
def check_command(
    context: click.Context,
    paths: tuple[Path, ...],
    forms: tuple[str, ...],
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
    bartizan check --format github --format sarif=out.sarif --format junit=out.xml

    \b
    Formats:
      text      tables and counterexamples, for people (the default)
      concise   one line for each fault and invariant
      json      one document, with a published schema
      jsonl     one JSON value a line
      sarif     SARIF 2.1.0, for code scanning
      junit     JUnit XML, for test reports
      github    annotations of GitHub Actions, and a summary of the job
      gitlab    a Code Quality report of GitLab
      markdown  for a comment or a page

    Without =FILE a format goes to standard output. One can; if none does, text does. Files are written before anything
    is printed, each whole or not at all. One run has one exit code, whatever its formats.
    """
    from policy.cli.outputs import outputs
    from policy.report.formats import FORMATS
    from policy.report.run import Run
    from policy.report.text import Look

    wanted = outputs(forms, tuple(FORMATS))
    reports = _reports(paths, budget, only)
    _refuse_unknown(only, reports)
    _refuse_designs(wanted, reports)
    run = Run(reports, __version__, _files(), Look(width(), in_colour(color), verbose))
    _write_files(run, wanted)
    finish(context, _printed(run, wanted), run.exit_code)


def _printed(run: Run, wanted: Sequence[Output]) -> str:
    from policy.report.formats import FORMATS

    return next(FORMATS[output.form](run) for output in wanted if output.file is None)


def _write_files(run: Run, wanted: Sequence[Output]) -> None:
    """All files that are wanted, and the summary of the job on GitHub."""
    from dataclasses import replace

    from policy.cli.outputs import append, write
    from policy.report.formats import FORMATS
    from policy.report.github import job_summary

    filed = replace(run, look=replace(run.look, width=PIPED, colour=False))
    write({output.file: FORMATS[output.form](filed) for output in wanted if output.file is not None})
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary and any(output.form == "github" for output in wanted):
        file = Path(summary)
        append(file, job_summary(run, file.stat().st_size if file.is_file() else 0))


def _refuse_designs(wanted: Sequence[Output], reports: Sequence[Report]) -> None:
    """To write over a design that was read is a mistake."""
    read = {real(name) for report in reports for name in report.sources}
    for output in wanted:
        if output.file is not None and real(output.file) in read:
            raise click.UsageError(f"`{output.file}` is a design that was checked; it is not written over")


def _files() -> Files:
    """Names count from the workspace of the build machine that we are in, or from the working directory."""
    from policy.report.files import Files

    here = Path.cwd()
    named = (Path(real(os.environ[name])) for name in WORKSPACES if os.environ.get(name))
    return Files(str(here), str(next((root for root in named if here.is_relative_to(root)), here)))


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


def _refuse_unknown(only: Sequence[str], reports: Sequence[Report]) -> None:
    """Asking for an invariant that no design has is a mistake, unless faults keep us from knowing."""
    from policy.text.diagnostic import nearest

    known = {name for report in reports for name in report.declared}
    for name in only:
        if name not in known and not any(report.faults or report.bug for report in reports):
            near = nearest(name, known)
            hint = f"; did you mean `{near}`?" if near else ""
            raise click.UsageError(f"no invariant is named `{name}`{hint}")
