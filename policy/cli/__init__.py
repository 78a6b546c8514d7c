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
from policy.cli.shared import DIRECTORY, SEVERAL, VERDICTS, epilog
from policy.cli.show import show_command
from policy.cli.smt2 import smt2_command
from policy.cli.verify import verify_command

LANGUAGE = "Each command has its own --help. docs/language.md teaches the language; there are examples under specs/.\n"


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


@click.group(
    epilog=epilog(VERDICTS, SEVERAL, DIRECTORY, LANGUAGE),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", prog_name="bartizan", message="%(prog)s %(version)s")
def commands() -> None:
    """Proves security architectures: every variant, every admitted failure, or a counterexample hop by hop.

    \b
    bartizan check a.policy          prove every invariant, or show what breaks it
    bartizan explain walls a.policy  why an invariant holds, or why not
    bartizan repair a.policy         the smallest edits that make what fails hold
    bartizan query CLAIM a.policy    ask a claim that no file holds, or for paths
    \b
    bartizan show a.policy           what is where, and who can connect to whom
    bartizan depth a.policy          what firewalls and accounts stop attackers
    bartizan cover a.policy          which changes no invariant would notice
    bartizan rules a.policy          rules that are shadowed, redundant or unused
    bartizan fmt a.policy            lay the text out anew, in place
    \b
    bartizan check a.policy --evidence proofs   keep what the verdicts rest on
    bartizan verify a.policy proofs             check it again, without a solver
    bartizan smt2 walls a.policy                the same, for another solver
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
