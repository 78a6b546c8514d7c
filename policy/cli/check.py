"""`bartizan check`: the invariants of designs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policy import __version__
from policy.cli.shared import (
    COLOUR,
    DIRECTORY,
    PATHS,
    PIPED,
    SEVERAL,
    VERDICTS,
    Progress,
    designs_of,
    epilog,
    finish,
    in_colour,
    real,
    width,
    write_file,
)

if TYPE_CHECKING:
    from policy.cli.outputs import Output
    from policy.report.files import Files
    from policy.report.outcome import Report
    from policy.report.run import Run

WORKSPACES = "GITHUB_WORKSPACE", "CI_PROJECT_DIR"  # where build machines say what names of files count from


@click.command("check", short_help="Prove the invariants of designs.", epilog=epilog(VERDICTS, SEVERAL, DIRECTORY))
@PATHS
@click.option("--format", "forms", multiple=True, metavar="NAME[=FILE]",
              help="How to tell the results, and where; may be given several times.")  # fmt: skip
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
    forms: tuple[str, ...],
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
    bartizan check a.policy --evidence proofs
                                           keep what the verdicts rest on
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
    from policy.cli.outputs import outputs, refuse_designs
    from policy.report.formats import FORMATS
    from policy.report.run import Run
    from policy.report.text import Look

    wanted = outputs(forms, tuple(FORMATS))
    if evidence is not None:
        _make(evidence)
    reports = _reports(paths, budget, only, evidence is not None)
    _refuse_unknown(only, reports)
    files = [output.file for output in wanted if output.file is not None]
    refuse_designs(files, (name for report in reports for name in report.sources))
    run = Run(reports, __version__, _files(), Look(width(), in_colour(color), verbose))
    _write_files(run, wanted)
    code = run.exit_code if evidence is None else _keep(evidence, reports, run.exit_code)
    finish(context, _printed(run, wanted), code)


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


def _files() -> Files:
    """Names count from the workspace of the build machine that we are in, or from the working directory."""
    from policy.report.files import Files

    here = Path.cwd()
    named = (Path(real(os.environ[name])) for name in WORKSPACES if os.environ.get(name))
    return Files(str(here), str(next((root for root in named if here.is_relative_to(root)), here)))


def _keep(folder: Path, reports: Sequence[Report], code: int) -> int:
    """Writes the evidence, says so, and gives the exit code: a fault, where it cannot be written."""
    from policy.report.outcome import FAULTY, gravest

    note, kept = _kept(folder, reports)
    click.echo(note, err=True)
    return code if kept else gravest((code, FAULTY))


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


def _refuse_unknown(only: Sequence[str], reports: Sequence[Report]) -> None:
    """Asking for an invariant that no design has is a mistake, unless faults keep us from knowing."""
    from policy.cli.designs import refuse_unknown

    if not any(report.faults or report.bug for report in reports):
        refuse_unknown(only, {name for report in reports for name in report.declared})
