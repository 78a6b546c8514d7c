"""The command: arguments, exit codes, and all that is printed.

Every command has a module of its own, and settles its exit code before it writes. Rooms are imported by the functions
that need them, so that `--help` and `--version` cost nothing.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import NoReturn

import click

from policy import __version__
from policy.cli.check import check_command
from policy.cli.cover import cover_command
from policy.cli.depth import depth_command
from policy.cli.explain import explain_command
from policy.cli.fmt import fmt_command
from policy.cli.query import query_command
from policy.cli.repair import repair_command
from policy.cli.rules import rules_command
from policy.cli.shared import EPILOG
from policy.cli.show import show_command
from policy.cli.smt2 import smt2_command
from policy.cli.verify import verify_command


def main() -> NoReturn:
    """Runs the command on the arguments of the process, and exits."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = commands.main(prog_name="bartizan", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        code = 130
    except Exception as error:
        from policy.report.bug import PLEA, described

        click.echo(f"error: {described(error)}; {PLEA}", err=True)
        code = 4
    sys.exit(code or 0)


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="bartizan", message="%(prog)s %(version)s")
def commands() -> None:
    """Proves security architectures: every variant, every admitted failure, or a counterexample hop by hop.

    \b
    bartizan check design.policy           prove every invariant, or show what breaks it
    bartizan show design.policy            what is where, and who can connect to whom
    bartizan fmt design.policy             lay the text out anew, in place
    bartizan rules design.policy           rules that are shadowed, redundant or unused
    bartizan explain INVARIANT [DESIGN]    why it holds, or why not, and what it rests on
    bartizan repair design.policy          the smallest edits that make what fails hold
    bartizan cover design.policy           which changes no invariant would notice
    bartizan depth design.policy           how many firewalls and accounts are in an attacker's way
    bartizan query CLAIM design.policy     ask a claim that no file holds, or for all paths
    bartizan verify design.policy proofs   check the evidence of a run again, without a solver
    bartizan smt2 walls design.policy      an invariant as a question to another solver
    """


COMMANDS = (
    check_command,
    cover_command,
    depth_command,
    explain_command,
    fmt_command,
    query_command,
    repair_command,
    rules_command,
    show_command,
    smt2_command,
    verify_command,
)
for command in COMMANDS:
    commands.add_command(command)
