"""`bartizan cover`: what the invariants of designs would notice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policy import __version__
from policy.cli.shared import COLOUR, EPILOG, FORMAT, PATHS, Progress, designs_of, finish, in_colour, real, width

if TYPE_CHECKING:
    from policy.study.cover import Coverage
    from policy.study.design import Design, FaultyError


@click.command("cover", short_help="Which changes would no invariant notice?", epilog=EPILOG)
@PATHS
@FORMAT
@click.option("--only-unnoticed", is_flag=True, help="Leave the tables out: only what no invariant notices.")
@click.option("--all", "every", is_flag=True,
              help="Find all invariants that notice a change, not only the first. Takes longer.")  # fmt: skip
@click.option("--at-least", type=click.FloatRange(0, 100), metavar="PERCENT",
              help="Exit with 1 when less than that is noticed or accepted.")  # fmt: skip
@click.option("--accept", type=click.Path(path_type=Path), multiple=True, metavar="FILE",
              help="A file that has in every line a change that no invariant needs to notice, in the words of this "
                   "command; `#` starts a comment.")  # fmt: skip
@click.option("--budget", type=click.IntRange(min=1), metavar="N",
              help="Search at most N steps for each invariant and change; an invariant that needs more does not notice "
                   "the change.")  # fmt: skip
@COLOUR
@click.pass_context
def cover_command(
    context: click.Context,
    paths: tuple[Path, ...],
    form: str,
    only_unnoticed: bool,
    every: bool,
    at_least: float | None,
    accept: tuple[Path, ...],
    budget: int | None,
    color: str,
) -> None:
    """Tests the invariants of designs: makes one change after the other, and says which of those that change what can
    connect no invariant notices. A change is noticed when some invariant gets another verdict.

    Each rule is removed, widened and moved first; each firewall is bypassed; each publish, relay, link, trust and
    assumption is removed; trusts are reversed; trusts and links are added; hosts and components are moved to other
    zones. In the tables, a number is the invariant that notices, `-` a change without effect.

    \b
    bartizan cover a.policy                           the tables, and what is not noticed
    bartizan cover a.policy --only-unnoticed          what is not noticed
    bartizan cover a.policy --at-least 95             for a build: exit with 1 when it is less
    bartizan cover a.policy --accept deliberate.txt   but for the changes that this file names

    The exit code is 0 whatever is noticed, unless --at-least is given.
    """
    from policy.study import cover_json, cover_text

    accepted = {line: file for file in accept for line in _lines(file)}
    designs = _designs(context, paths, form, color)
    coverages = [coverage.accepting(accepted) for coverage in _coverages(designs, budget, every)]
    _tell_of_stale(accepted, coverages)
    code = 1 if at_least is not None and any(c.satisfied < at_least for c in coverages) else 0
    if form == "json":
        from policy.report.json import rendered

        written = rendered(cover_json.document(coverages, __version__, code))
    else:
        from policy.report.text import Look

        written = cover_text.rendered(coverages, Look(width(), in_colour(color)), only_unnoticed)
    finish(context, written, code)


def _designs(context: click.Context, paths: Sequence[Path], form: str, color: str) -> list[Design]:
    """The designs that are meant. Where one has faults, they are shown instead, as `check` shows them."""
    from policy.study.design import FaultyError, design

    designs: list[tuple[Design, bool]] = []
    faulty: list[tuple[Path, bool, FaultyError]] = []
    for path, by_walk in designs_of(paths):
        try:
            designs.append((design(path), by_walk))
        except FaultyError as error:
            faulty.append((path, by_walk, error))
    read = [found.sources for found, _ in designs] + [error.sources for *_, error in faulty]
    parts = {real(name) for sources in read for name in list(sources)[1:]}
    wrong = [(path, error) for path, by_walk, error in faulty if not (by_walk and real(path) in parts)]
    if wrong:
        _show_faults(context, wrong, form, color)
    return [d for d, by_walk in designs if d.model.invariants or not (by_walk and real(d.name) in parts)]


def _show_faults(context: click.Context, wrong: Sequence[tuple[Path, FaultyError]], form: str, color: str) -> None:
    from policy.report import json, text
    from policy.report.outcome import Report

    reports = [Report(str(path), sources=error.sources, faults=error.faults) for path, error in wrong]
    if form == "json":
        finish(context, json.rendered(json.document(reports, __version__)), 2)
    finish(context, text.rendered(reports, text.Look(width(), in_colour(color))), 2)


def _coverages(designs: Sequence[Design], budget: int | None, every: bool) -> list[Coverage]:
    from policy.checking import few_collections
    from policy.study.cover import cover

    with Progress("changing") as progress, few_collections():
        return [cover(design, budget=budget, every=every, progress=progress.step) for design in designs]


def _lines(file: Path) -> list[str]:
    """The changes that a file names."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"`{file}` cannot be read: {getattr(error, 'strerror', None) or error}") from None
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def _tell_of_stale(accepted: Mapping[str, Path], coverages: Sequence[Coverage]) -> None:
    """A change of these designs that is accepted although it is noticed is no reason to fail, but to know."""
    mutants = [mutant for coverage in coverages for mutant in coverage.mutants]
    stale = {mutant.words for mutant in mutants} - {mutant.words for mutant in mutants if mutant.outcome == "accepted"}
    for line, file in accepted.items():
        if line in stale:
            click.echo(f"note: `{file}` accepts a change that needs no acceptance: {line}", err=True)
