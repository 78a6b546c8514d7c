"""`bartizan explain`: why an invariant holds, or why it does not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from policy import __version__
from policy.cli.shared import BUG, COLOUR, FORMAT, ONE_OF_MANY, VERDICTS, WRONG, epilog, finish, in_colour, width

if TYPE_CHECKING:
    from policy.report.text import Look
    from policy.study.design import Design
    from policy.study.explaining import Explanation

CODES = {
    0: "the invariant has the verdict that it should have",
    1: "it is violated or vacuous, or is not what it says",
    2: WRONG,
    3: VERDICTS[3],
    4: BUG,
}


@click.command("explain", short_help="Say why an invariant holds, or does not.", epilog=epilog(CODES, ONE_OF_MANY))
@click.argument("invariant")
@click.argument("design", required=False, type=click.Path(path_type=Path))
@FORMAT
@click.option("--all", "most", type=click.IntRange(min=0), default=0, metavar="N",
              help="For a violation: show up to N other minimal paths.")  # fmt: skip
@click.option("--why", metavar="ITEM",
              help="For a proof: the full counterexample without one thing; by its number or words.")  # fmt: skip
@click.option("-v", "--verbose", is_flag=True, help="List everything, also what does not matter.")
@click.option("--budget", type=click.IntRange(min=1), metavar="N",
              help="Search at most N steps for the verdict; when they run out it is UNKNOWN.")  # fmt: skip
@COLOUR
@click.pass_context
def explain_command(
    context: click.Context,
    invariant: str,
    design: Path | None,
    form: str,
    most: int,
    why: str | None,
    verbose: bool,
    budget: int | None,
    color: str,
) -> None:
    """Says why an INVARIANT of a DESIGN has its verdict.

    For a proof: where attackers stay and which firewalls end that; the rules, trusts, placements and assumptions
    that it rests on, each with what happens without it; and how near it is to breaking. For a violation: the path
    hop by hop, why each hop is possible, and the single changes that would stop it.

    \b
    bartizan explain walls a.policy          why it holds, or why not
    bartizan explain walls                   in the design of specs/ that has it
    bartizan explain walls a.policy --why 3  how it fails without the 3rd thing
    bartizan explain leak a.policy --all 5   five more paths that break it
    """
    from policy.cli.designs import having
    from policy.report.text import Look

    look = Look(width(), in_colour(color), verbose)
    found = having(context, invariant, design)
    written, code = _told(found, invariant, form, most, why, budget, look)
    finish(context, written, code)


def _told(
    design: Design, invariant: str, form: str, most: int, why: str | None, budget: int | None, look: Look
) -> tuple[str, int]:
    from policy.checking import few_collections
    from policy.report import json
    from policy.study import explained
    from policy.study.explaining import counterexample, explanation

    with few_collections():
        found = explanation(design, invariant, most, budget)
        wanted = None if why is None else explained.asked(found, why)
        if why is not None and wanted is None:
            raise click.UsageError(_no_such(found, why))
        full = counterexample(design, invariant, wanted.change) if wanted and wanted.change else None
        if form == "json":
            return json.rendered(explained.document(found, wanted, full, __version__)), found.result.exit_code
        if wanted is not None and full is not None:
            return explained.one(found, wanted, full, look), found.result.exit_code
        return explained.rendered(found, look), found.result.exit_code


def _no_such(found: Explanation, why: str) -> str:
    from policy.text.diagnostic import nearest

    if not found.bearing:
        return f"`{found.result.name}` rests on nothing that can be asked for"
    near = nearest(why, [support.what for support in found.bearing])
    hint = f"did you mean `{near}`?" if near else f"a number from 1 to {len(found.bearing)}, or its words"
    return f"it rests on no `{why}`; {hint}"
