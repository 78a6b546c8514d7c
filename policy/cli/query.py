"""`bartizan query`: a claim that stands in no file, or a list of paths."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from policy import __version__
from policy.cli.shared import BUG, COLOUR, FORMAT, SUFFIX, VERDICTS, WRONG, epilog, finish, in_colour, width

CODES = {
    0: "the claim holds; or paths are listed, or there is none",
    1: "the claim is violated or vacuous",
    2: WRONG,
    3: VERDICTS[3],
    4: BUG,
}


@click.command("query", short_help="Ask a claim, or for all paths.", epilog=epilog(CODES))
@click.argument("claim")
@click.argument("design", type=click.Path(path_type=Path))
@FORMAT
@click.option("--all", "most", type=click.IntRange(min=1), default=10, show_default=True, metavar="N",
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
    bartizan query "not any can reach data even if FW1 is bypassed" a.policy
    bartizan query "all host h in data: h is sql_server" a.policy

    `paths from …` and `attacks from …` list them instead, shortest first, hop by hop, each in a world that has it:
    those from which no step can be left out. What may follow is what may follow `some path from …`.

    \b
    bartizan query "paths from internet to sso_db" a.policy
    bartizan query "paths from dmz to data passes FW3" a.policy --world proxy=FW4
    bartizan query "attacks from dmz to sso_db on sql" a.policy --all 3
    """
    if claim.endswith(SUFFIX):
        raise click.UsageError(f"the claim comes first, then the design; `{claim}` is no claim")
    text = _standard_input() if claim == "-" else claim
    from policy.text.asked import lists

    if lists(text):
        written, code = _list(context, text, design, form, most, choices, budget, color)
    elif choices:
        raise click.UsageError("--world is for lists of paths; say `OPT = VALUE implies (CLAIM)` instead")
    else:
        written, code = _answer(text, design, form, budget, color)
    finish(context, written, code)


def _answer(text: str, path: Path, form: str, budget: int | None, color: str) -> tuple[str, int]:
    from policy.checking import ask
    from policy.cli.designs import one_file
    from policy.report import json
    from policy.report.text import Look, answered

    report = ask(text, one_file(path), budget=budget)
    if form == "json":
        return json.rendered(json.document([report], __version__)), report.exit_code
    return answered(report, Look(width(), in_colour(color))), report.exit_code


def _list(
    context: click.Context,
    text: str,
    path: Path,
    form: str,
    most: int,
    choices: Sequence[str],
    budget: int | None,
    color: str,
) -> tuple[str, int]:
    from policy.cli.designs import one_design
    from policy.report import json
    from policy.report.outcome import ALL_WELL, UNKNOWN
    from policy.report.text import Look
    from policy.report.world import ChoiceError, view_of
    from policy.study import listed
    from policy.study.listing import listing
    from policy.study.paths import TooManyError
    from policy.text.asked import QUERY

    asked = one_design(context, path, text)
    invariant = asked.model.invariants[QUERY]
    try:
        found = listing(asked, invariant, view_of(asked.model, choices).decisions, most, budget)
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
