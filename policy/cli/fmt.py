"""`bartizan fmt`: the text of designs, laid out."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policy.cli.shared import DIRECTORY, PATHS, designs_of, epilog, finish, write_file

if TYPE_CHECKING:
    from policy.text.diagnostic import Diagnostic
    from policy.text.source import Source

CODES = {
    0: "all is laid out",
    1: "with --check or --diff: a file would change",
    2: "wrong usage, or a text that is not in the language",
}


@click.command("fmt", short_help="Lay the text of designs out.", epilog=epilog(CODES, DIRECTORY))
@PATHS
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit with 1 when a file would change.")
@click.option("--diff", is_flag=True, help="Write nothing but what would change; exit with 1 when something would.")
@click.pass_context
def fmt_command(context: click.Context, paths: tuple[Path, ...], only_check: bool, diff: bool) -> None:
    """Lays the text of designs out in the one canonical way, in place. Comments stay.

    \b
    bartizan fmt designs/                  rewrite all files of a directory
    bartizan fmt --check                   is everything under specs/ laid out so?
    bartizan fmt - < a.policy              standard input to standard output
    """
    piped = paths == (Path("-"),)
    texts = [_standard_input()] if piped else [_text(path) for path, _ in designs_of(paths)]
    sources = {source.name: source for source, _ in texts}
    faults = sorted((fault for _, some in texts for fault in some), key=lambda fault: fault.place)
    if faults:
        from policy.text.diagnostic import render

        finish(context, "\n\n".join(render(fault, sources) for fault in faults) + "\n", 2, err=True)
    from policy.text.format import formatted

    changed = [(source, new) for source, _ in texts if (new := formatted(source)) != source.text]
    if diff:
        from policy.text.rewrite import difference

        finish(context, "".join(difference(source, new) for source, new in changed), 1 if changed else 0)
    if only_check:
        from policy.text.diagnostic import disarmed, visible

        names = disarmed("".join(f"{visible(source.name)} would change\n" for source, _ in changed))
        finish(context, names, 1 if changed else 0)
    if piped:
        finish(context, formatted(texts[0][0]), 0)
    for source, new in changed:
        write_file(Path(os.path.realpath(source.name)), new)
    click.echo(f"{len(changed)} of {len(texts)} files changed", err=True)


def _text(path: Path) -> tuple[Source, list[Diagnostic]]:
    """A file with the faults that keep it from being laid out; what it includes does not matter."""
    from policy.text.load import load
    from policy.text.source import Source

    loaded = load(path)
    name = str(path)
    faults = [f for f in loaded.faults if f.file == name and (f.span is None or f.code in ("E001", "E003", "E004"))]
    return loaded.sources.get(name, Source.of(name, "")), faults


def _standard_input() -> tuple[Source, list[Diagnostic]]:
    from policy.text.parse import parse
    from policy.text.source import Source

    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.UsageError(f"standard input is not UTF-8 text: byte {error.start + 1}") from None
    source = Source.of("<stdin>", text)
    return source, list(parse(source).faults)
