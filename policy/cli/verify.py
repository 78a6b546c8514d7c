"""`bartizan verify`: evidence that somebody else wrote."""

from __future__ import annotations

from pathlib import Path

import click

from policy import __version__
from policy.cli.shared import COLOUR, FORMAT, epilog, finish, in_colour, width

CODES = {
    0: "the evidence is verified, and every verdict is the expected one",
    1: "the evidence is verified, but a verdict is not the expected one",
    2: "evidence is missing, stale (of another text) or malformed; wrong\n     usage; a fault in the design",
    4: "the check refuses evidence: it does not show what it says",
}
SEVERAL = "If several apply, 4 goes before 2, 1 and 0.\n"
UNCOVERED = """Not verified, as it takes a solver: that an invariant that holds is PROVED rather than VACUOUS; that
assumptions do not contradict each other; that no host stands in two places; that a counterexample is the smallest.
"""


@click.command("verify", short_help="Check evidence again, without a solver.", epilog=epilog(CODES, SEVERAL, UNCOVERED))
@click.argument("design", type=click.Path(path_type=Path))
@click.argument("evidence", type=click.Path(path_type=Path))
@FORMAT
@COLOUR
@click.pass_context
def verify_command(context: click.Context, design: Path, evidence: Path, form: str, color: str) -> None:
    """Checks evidence that `bartizan check --evidence` wrote about a design: EVIDENCE is its directory, or one file.

    Every proof is checked and every counterexample replayed, by code that uses no solver and no network. In a
    directory every invariant of the design has to have evidence; a file is asked about its own invariant only.

    \b
    bartizan check a.policy --evidence proofs         prove, and keep the evidence
    bartizan verify a.policy proofs                   check all of it again
    bartizan verify a.policy proofs/a/two_walls.json  one invariant

    The format, and what a checker has to do, is described in docs/evidence.md.
    """
    for path in (design, evidence):
        if not _exists(path):
            raise click.UsageError(f"there is no file or directory `{path}`")
    if design.is_dir():
        raise click.UsageError(f"`{design}` is a directory; name the file of one design")
    from policy.report import json, verification
    from policy.report.text import Look
    from policy.verifying import verify

    found = verify(design, evidence)
    if form == "json":
        written = json.rendered(verification.document(found, __version__))
    else:
        written = verification.rendered(found, Look(width(), in_colour(color)))
    finish(context, written, found.exit_code)


def _exists(path: Path) -> bool:
    """Also a name that no file can have names nothing."""
    try:
        return path.exists()
    except OSError:
        return False
