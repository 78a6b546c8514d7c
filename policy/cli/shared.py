"""What all commands share: the designs that are meant, the options that several have, how output is written."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import click

NARROWEST, PIPED = 40, 100  # columns: the fewest that a terminal is taken to have, and those of a pipe
SUFFIX = ".policy"

BUG = "a bug of bartizan: evidence that its own check refuses"
WRONG = "wrong usage, or a fault in a design: nothing was proved"
VERDICTS = {
    0: "every invariant has the verdict that it should have",
    1: "an invariant is violated or vacuous, or is not what it says",
    2: WRONG,
    3: "unknown: a budget ran out; never a pass",
    4: BUG,
}
SEVERAL = "If several apply, 4 goes before 2, 1, 3 and 0.\n"
DIRECTORY = """\b
A directory means every .policy file in it, at any depth. Of those, a file
that another one includes is left out when it has no invariants or is not
complete by itself: it is a part of the other. Without a path: specs/.
"""
ONE_OF_MANY = """\b
DESIGN is a file, or a directory in which one design has the invariant;
without it, specs/ is searched.
"""


def epilog(codes: Mapping[int, str], *more: str) -> str:
    """The end of a help text: what the exit codes mean, and whatever else there is to say."""
    listed = "\n".join(f"  {code}  {meaning}" for code, meaning in codes.items())
    return "\n".join([f"\b\nExit codes:\n{listed}\n", *more])


PATHS = click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
FORMAT = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
                      help="What to print; JSON is one document, with a published schema.")  # fmt: skip
COLOUR = click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True,
                      help="When to use colour; auto heeds NO_COLOR.")  # fmt: skip


def designs_of(paths: Sequence[Path]) -> list[tuple[Path, bool]]:
    """The files that are meant, each once, and whether a directory was searched for it."""
    if not paths:
        if not Path("specs").is_dir():
            raise click.UsageError("no path is given, and there is no specs/ here; name a .policy file or a directory")
        paths = [Path("specs")]
    found: dict[str, tuple[Path, bool]] = {}
    for path in paths:
        for file, by_walk in _files(path):
            known = found.get(real(file), (file, True))
            found[real(file)] = known[0], known[1] and by_walk
    return list(found.values())


def _files(path: Path) -> list[tuple[Path, bool]]:
    with suppress(OSError):  # a name that is too long, say, names nothing
        if path.is_dir():
            files = sorted(file for file in path.rglob(f"*{SUFFIX}") if not file.is_dir())
            if not files:
                raise click.UsageError(f"there is no .policy file in `{path}`")
            return [(file, True) for file in files]
        if path.exists():
            return [(path, False)]
    hint = "; standard input is /dev/stdin" if str(path) == "-" else ""
    raise click.UsageError(f"there is no file or directory `{path}`{hint}")


def real(name: str | Path) -> str:
    return os.path.realpath(name)


def width() -> int:
    return max(NARROWEST, shutil.get_terminal_size().columns) if sys.stdout.isatty() else PIPED


def in_colour(wanted: str) -> bool:
    if wanted == "auto":
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return wanted == "always"


def finish(context: click.Context, text: str, code: int, err: bool = False) -> NoReturn:
    """Writes all that there is to say and ends with a code that was settled before. A reader who stops reading is no
    reason to complain."""
    try:
        click.echo(text, nl=False, err=err, color=True)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    context.exit(code)


def write_file(path: Path, text: str) -> None:
    """Writes a file anew, or leaves it as it was: never half of it. Its mode stays."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            with half.open("x", encoding="utf-8", newline="") as file:
                file.write(text)
            with suppress(FileNotFoundError):
                shutil.copymode(path, half)
            half.replace(path)
        finally:
            half.unlink(missing_ok=True)
    except OSError as error:
        raise click.UsageError(f"`{path}` cannot be written: {(error.strerror or str(error)).lower()}") from None


class Progress:
    """A bar on the terminal that standard error goes to, once the work has taken a second."""

    def __init__(self, label: str = "proving") -> None:
        self.label = label
        self.started = time.monotonic()
        self.bar: Any = None
        self.wanted = sys.stderr.isatty()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.render_finish()

    def step(self, done: int, total: int) -> None:
        """So many parts of the work on the present design are done."""
        if not self.wanted or time.monotonic() - self.started < 1:
            return
        if self.bar is None:
            self.bar = click.progressbar(length=total, label=self.label, file=sys.stderr)
        self.bar.length, self.bar.pos = total, done
        self.bar.render_progress()
