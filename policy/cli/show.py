"""`bartizan show`: what a design says, in tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policy import __version__
from policy.cli.shared import DIRECTORY, FORMAT, PATHS, designs_of, epilog, finish, width

if TYPE_CHECKING:
    from policy.report.survey import Survey


@click.command(
    "show",
    short_help="Show what is where, and who connects to whom.",
    epilog=epilog({0: "the designs are shown", 2: "wrong usage, or a fault in a design"}, DIRECTORY),
)
@PATHS
@FORMAT
@click.option("--world", "choices", multiple=True, metavar="OPT=VALUE",
              help="Decide an option; may be given several times. Options that stay open show as `?`.")  # fmt: skip
@click.pass_context
def show_command(context: click.Context, paths: tuple[Path, ...], form: str, choices: tuple[str, ...]) -> None:
    """Shows what a design says: domains, hosts, components, firewalls with their rules, options, and for every two
    zones the services that somebody of the one can connect to somebody of the other on.

    \b
    bartizan show a.policy                         in all worlds at once
    bartizan show a.policy --world soap_proxy=FW4  where the option has the value
    """
    from policy.report import json, tables

    surveys = [_survey(path, choices) for path, _ in designs_of(paths)]
    code = 2 if any(survey.faults for survey in surveys) else 0
    if form == "json":
        written = json.rendered(json.survey_document(surveys, __version__))
    else:
        written = tables.rendered(surveys, width())
    finish(context, written, code)


def _survey(path: Path, choices: Sequence[str]) -> Survey:
    from policy.report.survey import survey
    from policy.report.world import ChoiceError
    from policy.text.load import load
    from policy.text.resolve import resolve

    loaded = load(path)
    try:
        return survey(str(path), loaded, resolve(loaded), choices)
    except ChoiceError as error:
        raise click.UsageError(f"{path}: {error}") from None
