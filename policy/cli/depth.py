"""`bartizan depth`: defence in depth in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policy import __version__
from policy.cli.shared import BUG, COLOUR, FORMAT, WRONG, Progress, epilog, finish, in_colour, width

if TYPE_CHECKING:
    from policy.core.model import Claim, Endpoints
    from policy.study.design import Design


@click.command(
    "depth", short_help="Defence in depth, in numbers.", epilog=epilog({0: "every number is found", 2: WRONG, 4: BUG})
)
@click.argument("design", type=click.Path(path_type=Path))
@click.option("--from", "sources", multiple=True, metavar="SET",
              help="Where attackers start, as the language writes sets; may be given several times. Without it, "
                   "whatever is `untrusted`.")  # fmt: skip
@click.option("--to", "targets", multiple=True, metavar="SET",
              help="What they are after; may be given several times. Without it, every component.")  # fmt: skip
@FORMAT
@click.option("-v", "--verbose", is_flag=True, help="Show the paths that have no more than the numbers say.")
@COLOUR
@click.pass_context
def depth_command(
    context: click.Context,
    design: Path,
    sources: tuple[str, ...],
    targets: tuple[str, ...],
    form: str,
    verbose: bool,
    color: str,
) -> None:
    """Measures how far components are away from an attacker, in the worst world, and in the best one where that
    differs: how many firewalls every path crosses at least; how many firewalls have to be bypassed before there is a
    path; and what accounts an attack asks for. `takes data` is an attack that takes an account of the domain `data` on
    its way, `lacks data` one that would have to bring it along. Every number is proved, and so is that it is no larger.

    \b
    bartizan depth a.policy                          every component
    bartizan depth a.policy --from dmz --to sso_db   one target, from somewhere
    bartizan depth a.policy --to "all sql_server" --to data
                                                     of each set, the nearest
    """
    from policy.cli.designs import one_design
    from policy.report import json
    from policy.report.text import Look
    from policy.report.words import Words
    from policy.study import deep
    from policy.study.depth import Surveyor
    from policy.study.depth import targets as every

    look = Look(width(), in_colour(color), verbose)
    found = one_design(context, design, _claim(sources, targets))
    source, wanted = _ends(found, sources, targets)
    surveyor, depths = Surveyor(found), []
    with Progress() as progress:
        for target in wanted or every(found):
            depths.append(surveyor.depth(source, target))
            progress.step(len(depths), len(wanted or every(found)))
    words = Words(found.model).endpoints(source)
    if form == "json":
        finish(context, json.rendered(deep.document(found, words, depths, __version__)), 0)
    finish(context, deep.rendered(found, words, depths, look), 0)


def _claim(sources: Sequence[str], targets: Sequence[str]) -> str | None:
    """The sets as a claim, so that they are read as the language writes them; None where there are none."""
    if not sources and not targets:
        return None
    source = ", ".join(sources) if sources else "any"
    return " and ".join(f"{source} can reach {target}" for target in targets or ("any",))


def _ends(design: Design, sources: Sequence[str], targets: Sequence[str]) -> tuple[Endpoints, list[Endpoints]]:
    """The source, and the targets that are named."""
    from policy.core.model import And, CanReach
    from policy.study.depth import untrusted
    from policy.text.asked import QUERY

    asked = design.model.invariants.get(QUERY)
    parts: Sequence[Claim] = () if asked is None else asked.claim.of if isinstance(asked.claim, And) else (asked.claim,)
    reach = [part for part in parts if isinstance(part, CanReach) and not part.on]
    many = len({part.source for part in reach}) > 1 or len(reach) != max(1, len(targets))
    if asked is not None and (many or len(reach) < len(parts) or asked.threats):
        raise click.UsageError("--from and --to take sets of places, such as `perimeter, all web_server except ftp`")
    source = reach[0].source if sources else untrusted(design)
    if source is None:
        raise click.UsageError("nothing in the design is `untrusted`; say with --from where attackers start")
    return source, [part.target for part in reach] if targets else []
