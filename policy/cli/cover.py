"""`bartizan cover`: what the invariants of designs would notice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policy import __version__
from policy.cli.shared import BUG, COLOUR, DIRECTORY, FORMAT, PATHS, WRONG, Progress, epilog, finish, in_colour, width

if TYPE_CHECKING:
    from policy.study.cover import Coverage
    from policy.study.design import Design

CODES = {
    0: "all changes are tried, whatever is noticed",
    1: "with --at-least: less is noticed or accepted",
    2: WRONG,
    4: BUG,
}


@click.command("cover", short_help="Which changes would no invariant notice?", epilog=epilog(CODES, DIRECTORY))
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
    bartizan cover a.policy                    the tables, and what is not noticed
    bartizan cover a.policy --only-unnoticed   what is not noticed
    bartizan cover a.policy --at-least 95      for a build: below, exit with 1
    bartizan cover a.policy --accept file.txt  but for the changes that it names
    """
    from policy.cli.designs import studied
    from policy.study import cover_json, cover_text

    accepted = {line: file for file in accept for line in _lines(file)}
    designs = studied(context, paths)
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
