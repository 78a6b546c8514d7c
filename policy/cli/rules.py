"""`bartizan rules`: what is odd about the rules of firewalls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policy import __version__
from policy.cli.shared import BUG, COLOUR, DIRECTORY, FORMAT, PATHS, WRONG, epilog, finish, in_colour, width

if TYPE_CHECKING:
    from policy.study.rules import Kind
    from policy.study.rules_text import Severity

CODES = {
    0: "nothing of the severity error is found",
    1: "something is",
    2: WRONG,
    4: BUG,
}


@click.command(
    "rules", short_help="Find rules that are shadowed, redundant or unused.", epilog=epilog(CODES, DIRECTORY)
)
@PATHS
@FORMAT
@click.option("--severity", "chosen", multiple=True, metavar="KIND=SEVERITY",
              help="How grave a kind of finding is: off, note, warning (the default) or error.")  # fmt: skip
@COLOUR
@click.pass_context
def rules_command(
    context: click.Context, paths: tuple[Path, ...], form: str, chosen: tuple[str, ...], color: str
) -> None:
    """Finds what is odd about the rules of firewalls, over all worlds at once and with every rule that plays a part.

    \b
    contradicting   the assumptions leave no world in which the rule is there
    empty           no world has a source, a destination or a packet for it
    shadowed        earlier rules decide all that it matches, some of it otherwise
    redundant       without it everything is decided as it is
    overridden      earlier rules decide part of what it matches, otherwise
    unused          no connection that is possible in any world is decided by it

    \b
    bartizan rules a.policy
    bartizan rules a.policy --severity shadowed=error --severity overridden=off
    """
    from policy.cli.designs import studied
    from policy.report import json
    from policy.report.outcome import ALL_WELL, NOT_AS_EXPECTED
    from policy.report.text import Look
    from policy.study import rules_text
    from policy.study.rules import findings

    severities = _severities(chosen)
    reviewed = [rules_text.Reviewed(design, findings(design.model)) for design in studied(context, paths)]
    grave = any(severities[found.kind] == "error" for each in reviewed for found in each.findings)
    code = NOT_AS_EXPECTED if grave else ALL_WELL
    if form == "json":
        written = json.rendered(rules_text.document(reviewed, severities, __version__, code))
    else:
        written = rules_text.rendered(reviewed, severities, Look(width(), in_colour(color)))
    finish(context, written, code)


def _severities(chosen: Sequence[str]) -> Mapping[Kind, Severity]:
    from policy.study.rules_text import CODES, SEVERITIES
    from policy.text.diagnostic import nearest

    found: dict[Kind, Severity] = dict.fromkeys(CODES, "warning")
    for choice in chosen:
        kind, _, severity = choice.partition("=")
        for word, known in ((kind, CODES), (severity, SEVERITIES)):
            if word not in known:
                near = nearest(word, known)
                hint = f"did you mean `{near}`?" if near else f"one of {', '.join(known)} is needed"
                raise click.UsageError(f"--severity {choice}: `{word}` is unknown; {hint}")
        found[kind] = severity  # type: ignore[index, assignment]
    return found
