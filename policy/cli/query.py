"""`bartizan query`: a claim that stands in no file, or a list of paths."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policy import __version__
from policy.cli.shared import COLOUR, EPILOG, FORMAT, finish, in_colour, one_design, width

if TYPE_CHECKING:
    from policy.report.outcome import Report


@click.command("query", short_help="Ask a claim, or for all paths.", epilog=EPILOG)
@click.argument("claim")
@click.argument("design", type=click.Path(path_type=Path))
@FORMAT
@click.option("--most", type=click.IntRange(min=1), default=10, show_default=True, metavar="N",
              help="Of paths, list at most so many.")  # fmt: skip
@click.option("--world", "choices", multiple=True, metavar="OPT=VALUE",
              help="List paths of worlds where the option has the value; may be given several times.")  # fmt: skip
@click.option("--budget", type=click.IntRange(min=1), metavar="N", help="Search at most N steps; then it is UNKNOWN.")
@COLOUR
@click.pass_context
def query_command(
    context: click.Context,
    claim: str,
    design: Path,
    form: str,
    most: int,
    choices: tuple[str, ...],
    budget: int | None,
    color: str,
) -> None:
    """Asks a design a CLAIM of the language, as if it were an invariant of it; `-` reads the claim from standard input.

    \b
    bartizan query "no path from internet to data within 2 steps" a.policy
    bartizan query "not internet can reach data even if any 1 firewalls are bypassed" a.policy
    bartizan query "all host h in data: h is sql_server" a.policy

    `paths from …` and `attacks from …` list them instead, shortest first, hop by hop, each in a world that has it:
    those from which no step can be left out. What may follow is what may follow `some path from …`.

    \b
    bartizan query "paths from internet to sso_db" a.policy
    bartizan query "paths from perimeter to data passes FW3" a.policy --world reverse_proxy=FW4
    bartizan query "attacks from perimeter to sso_db on sql" a.policy --most 3
    """
    text = _standard_input() if claim == "-" else claim
    path = one_design(design)
    from policy.text.asked import lists

    if lists(text):
        written, code = _list(text, path, form, most, choices, budget, color)
    elif choices:
        raise click.UsageError("--world is for lists of paths; say `OPT = VALUE implies (CLAIM)` instead")
    else:
        written, code = _claim(text, path, form, budget, color)
    finish(context, written, code)


def _claim(text: str, path: Path, form: str, budget: int | None, color: str) -> tuple[str, int]:
    from policy.checking import ask

    return _written(ask(text, path, budget=budget), form, color)


def _written(report: Report, form: str, color: str) -> tuple[str, int]:
    from policy.report import json
    from policy.report.text import Look, answered

    if form == "json":
        return json.rendered(json.document([report], __version__)), report.exit_code
    return answered(report, Look(width(), in_colour(color))), report.exit_code


def _list(
    text: str, path: Path, form: str, most: int, choices: Sequence[str], budget: int | None, color: str
) -> tuple[str, int]:
    from policy.report import json
    from policy.report.outcome import ALL_WELL, UNKNOWN, Report
    from policy.report.text import Look
    from policy.report.world import ChoiceError, view_of
    from policy.study import listed
    from policy.study.design import FaultyError, design
    from policy.study.listing import listing
    from policy.study.paths import TooManyError
    from policy.text.asked import QUERY

    try:
        asked = design(path, text)
        invariant = asked.model.invariants[QUERY]
        found = listing(asked, invariant, view_of(asked.model, choices).decisions, most, budget)
    except FaultyError as error:
        return _written(Report(str(path), "", error.sources, error.faults), form, color)
    except (ChoiceError, TooManyError) as error:
        raise click.UsageError(f"{path}: {error}") from None
    code = UNKNOWN if found.exhausted else ALL_WELL
    if form == "json":
        return json.rendered(listed.document(asked, text, found, code, __version__)), code
    noun = text.split()[0].removesuffix("s")
    return listed.rendered(found, Look(width(), in_colour(color)), noun), code


def _standard_input() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.UsageError(f"standard input is not UTF-8 text: byte {error.start + 1}") from None
