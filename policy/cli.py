"""The command: arguments, exit codes, and all that is printed.

Every command settles its exit code before it writes. Rooms are imported by the commands that need them, so that
`--help` and `--version` cost nothing.
"""

from __future__ import annotations

import difflib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from policy import __version__

if TYPE_CHECKING:
    from policy.report.outcome import Report
    from policy.report.survey import Survey
    from policy.text.diagnostic import Diagnostic
    from policy.text.source import Source

NARROWEST, PIPED = 40, 100  # columns: the fewest that a terminal is taken to have, and those of a pipe
SUFFIX = "*.policy"

EPILOG = """\b
Exit codes:
  0  every invariant has the verdict that it should have
  1  an invariant is violated or vacuous, or is not what it says
  2  wrong usage, or a fault in a design: nothing was proved
  3  unknown: a budget ran out; never a pass
  4  a bug of bartizan: evidence that its own check refuses
If several apply, 4 goes before 2, 1, 3 and 0.

\b
A directory means every .policy file in it, at any depth. Of those, a file that
another one includes is left out when it has no invariants or is not complete by
itself: it is checked as a part of the other. Without a path, specs/ is taken.

Each command has its own --help. The language is described in the documentation, and in the examples under specs/.
"""

PATHS = click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
FORMAT = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
                      help="What to print; JSON is one document, with a published schema.")  # fmt: skip
COLOUR = click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True,
                      help="When to use colour; auto heeds NO_COLOR.")  # fmt: skip


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
    """


# ---------------------------------------------------------------- check


@commands.command("check", short_help="Prove the invariants of designs.", epilog=EPILOG)
@PATHS
@FORMAT
@click.option("--budget", type=click.IntRange(min=1), metavar="N",
              help="Search at most N steps for each invariant; when they run out it is UNKNOWN.")  # fmt: skip
@click.option("--only", multiple=True, metavar="NAME", help="Check this invariant only; may be given several times.")
@click.option("-v", "--verbose", is_flag=True, help="Show the counterexamples of expected violations, too.")
@COLOUR
@click.pass_context
def check_command(
    context: click.Context,
    paths: tuple[Path, ...],
    form: str,
    budget: int | None,
    only: tuple[str, ...],
    verbose: bool,
    color: str,
) -> None:
    """Proves the invariants of designs, or shows for each that fails a world, the failures and a path that break it.

    \b
    bartizan check                         all designs under specs/
    bartizan check a.policy designs/       a file, and all files of a directory
    bartizan check a.policy --only walls   one invariant
    bartizan check a.policy --format json  for a program to read
    """
    from policy.report import json, text

    reports = _reports(paths, budget, only)
    _refuse_unknown(only, reports)
    code = _exit_code(reports)
    if form == "json":
        written = json.rendered(json.document(reports, __version__))
    else:
        written = text.rendered(reports, text.Look(_width(), _in_colour(color), verbose))
    _finish(context, written, code)


def _reports(paths: Sequence[Path], budget: int | None, only: Sequence[str]) -> list[Report]:
    from policy.checking import check

    designs = _designs(paths)
    with Progress() as progress:
        reports = [check(path, budget=budget, only=only or None, progress=progress.step) for path, _ in designs]
    parts = _parts(reports)
    found = [found for _, found in designs]
    return [
        report
        for report, by_walk in zip(reports, found, strict=True)
        if not (by_walk and _real(report.file) in parts and (report.faults or not report.declared))
    ]


def _parts(reports: Sequence[Report]) -> set[str]:
    """The real paths of all files that are read as a part of a design that no other one includes."""
    included = {_real(name) for report in reports for name in report.sources if name != report.file}
    whole = [report for report in reports if _real(report.file) not in included]
    return included & {_real(name) for report in whole for name in report.sources}


def _exit_code(reports: Sequence[Report]) -> int:
    from policy.report.outcome import exit_code

    return exit_code(reports)


def _refuse_unknown(only: Sequence[str], reports: Sequence[Report]) -> None:
    """Asking for an invariant that no design has is a mistake, unless faults keep us from knowing."""
    from policy.text.diagnostic import nearest

    known = {name for report in reports for name in report.declared}
    for name in only:
        if name not in known and not any(report.faults or report.bug for report in reports):
            near = nearest(name, known)
            hint = f"; did you mean `{near}`?" if near else ""
            raise click.UsageError(f"no invariant is named `{name}`{hint}")


# ---------------------------------------------------------------- show


@commands.command("show", short_help="Show what is where, and who connects to whom.", epilog=EPILOG)
@PATHS
@FORMAT
@click.option("--world", "choices", multiple=True, metavar="OPT=VALUE",
              help="Decide an option; may be given several times. Options that stay open show as `?`.")  # fmt: skip
@click.pass_context
def show_command(context: click.Context, paths: tuple[Path, ...], form: str, choices: tuple[str, ...]) -> None:
    """Shows what a design says: domains, hosts, components, firewalls with their rules, options, and for every two
    zones the services that somebody of the one can connect to somebody of the other on.

    \b
    bartizan show a.policy                                  in all worlds at once
    bartizan show a.policy --world soap_proxy=FW4           in the worlds where the option has the value
    """
    from policy.report import json, tables

    surveys = [_survey(path, choices) for path, _ in _designs(paths)]
    code = 2 if any(survey.faults for survey in surveys) else 0
    if form == "json":
        written = json.rendered(json.survey_document(surveys, __version__))
    else:
        written = tables.rendered(surveys, _width())
    _finish(context, written, code)


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


# ---------------------------------------------------------------- fmt


@commands.command("fmt", short_help="Lay the text of designs out.", epilog=EPILOG)
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
    texts = [_standard_input()] if piped else [_text(path) for path, _ in _designs(paths)]
    sources = {source.name: source for source, _ in texts}
    faults = sorted((fault for _, some in texts for fault in some), key=lambda fault: fault.place)
    if faults:
        from policy.text.diagnostic import render

        _finish(context, "\n\n".join(render(fault, sources) for fault in faults) + "\n", 2, err=True)
    from policy.text.format import formatted

    changed = [(source, new) for source, _ in texts if (new := formatted(source)) != source.text]
    if diff:
        _finish(context, "".join(line for pair in changed for line in _difference(*pair)), 1 if changed else 0)
    if only_check:
        names = "".join(f"{source.name} would change\n" for source, _ in changed)
        _finish(context, names, 1 if changed else 0)
    if piped:
        _finish(context, formatted(texts[0][0]), 0)
    for source, new in changed:
        _replace(Path(source.name), new)
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


def _difference(source: Source, new: str) -> Iterator[str]:
    old = source.text.splitlines(keepends=True)
    for line in difflib.unified_diff(old, new.splitlines(keepends=True), source.name, source.name):
        yield line if line.endswith("\n") else line + "\n\\ No newline at end of file\n"


def _replace(path: Path, text: str) -> None:
    """Writes the file anew, or leaves it as it was: never half of it."""
    path = Path(os.path.realpath(path))
    try:
        with tempfile.NamedTemporaryFile("wb", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            file.write(text.encode("utf-8"))
        shutil.copymode(path, file.name)
        Path(file.name).replace(path)
    except OSError as error:
        raise click.UsageError(f"`{path}` cannot be written: {(error.strerror or str(error)).lower()}") from None


# ---------------------------------------------------------------- what all commands share


def _designs(paths: Sequence[Path]) -> list[tuple[Path, bool]]:
    """The files that are meant, each once, and whether a directory was searched for it."""
    if not paths:
        if not Path("specs").is_dir():
            raise click.UsageError("no path is given, and there is no specs/ here; name a .policy file or a directory")
        paths = [Path("specs")]
    found: dict[str, tuple[Path, bool]] = {}
    for path in paths:
        for file, by_walk in _files(path):
            known = found.get(_real(file), (file, True))
            found[_real(file)] = known[0], known[1] and by_walk
    return list(found.values())


def _files(path: Path) -> list[tuple[Path, bool]]:
    with suppress(OSError):  # a name that is too long, say, names nothing
        if path.is_dir():
            files = sorted(file for file in path.rglob(SUFFIX) if not file.is_dir())
            if not files:
                raise click.UsageError(f"there is no .policy file in `{path}`")
            return [(file, True) for file in files]
        if path.exists():
            return [(path, False)]
    hint = "; standard input is /dev/stdin" if str(path) == "-" else ""
    raise click.UsageError(f"there is no file or directory `{path}`{hint}")


def _real(name: str | Path) -> str:
    return os.path.realpath(name)


def _width() -> int:
    return max(NARROWEST, shutil.get_terminal_size().columns) if sys.stdout.isatty() else PIPED


def _in_colour(wanted: str) -> bool:
    if wanted == "auto":
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return wanted == "always"


def _finish(context: click.Context, text: str, code: int, err: bool = False) -> NoReturn:
    """Writes all that there is to say and ends with a code that was settled before. A reader who stops reading is no
    reason to complain."""
    try:
        click.echo(text, nl=False, err=err, color=True)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    context.exit(code)


class Progress:
    """A bar on the terminal that standard error goes to, once the work has taken a second."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.bar: Any = None
        self.wanted = sys.stderr.isatty()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.render_finish()

    def step(self, done: int, total: int) -> None:
        """So many invariants of the present design are done."""
        if not self.wanted or time.monotonic() - self.started < 1:
            return
        if self.bar is None:
            self.bar = click.progressbar(length=total, label="proving", file=sys.stderr)
        self.bar.length, self.bar.pos = total, done
        self.bar.render_progress()


if __name__ == "__main__":
    main()
