"""`bartizan explain`: why an invariant holds, or why it does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policy import __version__
from policy.cli.designs import document_of
from policy.cli.shared import COLOUR, EPILOG, FORMAT, designs_of, finish, in_colour, width

if TYPE_CHECKING:
    from policy.report.text import Look
    from policy.study.design import Design
    from policy.study.explaining import Explanation

DECLARED = r"^\s*invariant\s+{}\b"
INCLUDED = re.compile(r'^\s*include\s+"([^"]+)"', re.MULTILINE)


@click.command("explain", short_help="Say why an invariant holds, or does not.", epilog=EPILOG)
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
    bartizan explain walls a.policy              why it holds, or why not
    bartizan explain walls                       in the one design under specs/ that has it
    bartizan explain walls a.policy --why 3      the counterexample without the 3rd thing
    bartizan explain leak a.policy --all 5       five more paths that break it
    """
    from policy.report.text import Look, faulty
    from policy.study.design import FaultyError
    from policy.study.design import design as read

    path = _design(invariant, design)
    look = Look(width(), in_colour(color), verbose)
    try:
        found = read(path)
    except FaultyError as error:
        shown = document_of({path: error}) if form == "json" else faulty(error.faults, error.sources, look)
        finish(context, shown, 2)
    _refuse_unknown(invariant, found)
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


def _refuse_unknown(invariant: str, design: Design) -> None:
    from policy.text.diagnostic import nearest

    names = list(design.model.invariants)
    if invariant not in names:
        near = nearest(invariant, names)
        hint = f"; did you mean `{near}`?" if near else ""
        raise click.UsageError(f"no invariant of `{design.name}` is named `{invariant}`{hint}")


# ---------------------------------------------------------------- which design


def _design(invariant: str, path: Path | None) -> Path:
    """The design that is meant: the file, or the one of a directory (without one, specs/) that has the invariant."""
    found = designs_of([path] if path is not None else [])
    designs = [file for file, _ in found]
    if not any(by_walk for _, by_walk in found):
        return designs[0]  # a pipe, perhaps, which can be read once
    texts = {file: "\n".join(_texts(file, set())) for file in designs}
    wanted = re.compile(DECLARED.format(re.escape(invariant)), re.MULTILINE)
    having = [file for file, text in texts.items() if wanted.search(text)]
    parts = {real for file in designs for real in _included(file)}
    whole = [file for file in having if file.resolve() not in parts] or having
    if len(whole) == 1:
        return whole[0]
    if whole:
        listed = "".join(f"\n  {file}" for file in whole)
        raise click.UsageError(f"several designs have an invariant `{invariant}`; name one of them:{listed}")
    raise click.UsageError(_unheard(invariant, "\n".join(texts.values())))


def _unheard(invariant: str, text: str) -> str:
    from policy.text.diagnostic import nearest

    names = re.findall(DECLARED.format(r"(\w+)"), text, re.MULTILINE)
    near = nearest(invariant, dict.fromkeys(names))
    return f"no design has an invariant `{invariant}`{f'; did you mean `{near}`?' if near else ''}"


def _texts(file: Path, seen: set[Path]) -> Iterator[str]:
    """The text of a file and of all that it includes, as far as it can be read."""
    from policy.text.load import read_file

    if file.resolve() in seen:
        return
    seen.add(file.resolve())
    try:
        text = read_file(file).decode("utf-8", "replace")
    except (OSError, ValueError):
        return
    yield text
    for name in INCLUDED.findall(text):
        yield from _texts(file.parent / name, seen)


def _included(file: Path) -> Iterator[Path]:
    for name in INCLUDED.findall("\n".join(_texts(file, set()))):
        yield (file.parent / name).resolve()
