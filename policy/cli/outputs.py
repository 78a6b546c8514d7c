"""Where results go: formats as the user asks for them, and files that are written whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click


@dataclass(frozen=True, slots=True)
class Output:
    """A format and the file that it goes to; None for standard output."""

    form: str
    file: Path | None


class UnwritableError(click.ClickException):
    """A file that cannot be written: nothing is printed, and no other file is changed."""

    exit_code = 2

    def __init__(self, file: str | Path, error: OSError) -> None:
        super().__init__(f"`{file}` cannot be written: {(error.strerror or str(error)).lower()}")


def outputs(chosen: Sequence[str], known: Sequence[str]) -> list[Output]:
    """What the values of `--format` mean, with text on standard output where nothing else goes there."""
    found = [_output(choice, known) for choice in chosen]
    printed = [output.form for output in found if output.file is None]
    if len(printed) > 1:
        names = " and ".join(f"`{name}`" for name in printed)
        raise click.UsageError(f"--format: of {names} only one can be printed; give the others a file, as in NAME=FILE")
    files = [os.path.realpath(output.file) for output in found if output.file is not None]
    for output in found:
        if output.file is not None and files.count(os.path.realpath(output.file)) > 1:
            raise click.UsageError(f"--format: `{output.file}` is named more than once")
    return found if printed else [Output("text", None), *found]


def _output(choice: str, known: Sequence[str]) -> Output:
    name, given, file = choice.partition("=")
    if name not in known:
        from policy.text.diagnostic import nearest

        near = nearest(name, known)
        hint = f"did you mean `{near}`?" if near else f"there are {', '.join(known)}"
        raise click.UsageError(f"--format: `{name}` is unknown; {hint}")
    if not given:
        return Output(name, None)
    if file in ("", "-"):
        raise click.UsageError(f"--format {choice}: a file is missing; `{name}` alone goes to standard output")
    path = Path(file)
    with _naming(path):
        if path.is_dir() or not path.absolute().parent.is_dir():
            why = "it is a directory" if path.is_dir() else "its directory does not exist"
            raise click.UsageError(f"`{file}` cannot be written: {why}")
    return Output(name, path)


def write(texts: Mapping[Path, str]) -> None:
    """Writes all files, each whole. Where one cannot be written none is changed; a pipe or device is written last."""
    with ExitStack() as stack:
        drafts = {file: stack.enter_context(_draft(file, text)) for file, text in texts.items() if _is_plain(file)}
        for file, draft in drafts.items():
            with _naming(file):
                draft.replace(os.path.realpath(file))
    for file, text in texts.items():
        if file not in drafts:
            with _naming(file):
                file.write_bytes(_bytes(text))


def refuse_designs(files: Iterable[Path], designs: Iterable[str]) -> None:
    """To write over a design that was read is a mistake."""
    read = {os.path.realpath(name) for name in designs}
    for file in files:
        if os.path.realpath(file) in read:
            raise click.UsageError(f"`{file}` is a design that was read; it is not written over")


def append(file: Path, text: str) -> None:
    """Adds to the end of a file."""
    with _naming(file), file.open("ab") as open_file:
        open_file.write(_bytes(text))


def _is_plain(file: Path) -> bool:
    with _naming(file):
        return not file.exists() or file.is_file()


@contextmanager
def _naming(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnwritableError(file, error) from None


@contextmanager
def _draft(file: Path, text: str) -> Iterator[Path]:
    """A file beside the one that is meant, with the text in it; gone afterwards unless it has taken its place."""
    target = Path(os.path.realpath(file))
    with _naming(file):
        number, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.")
    try:
        with _naming(file), os.fdopen(number, "wb") as draft:
            draft.write(_bytes(text))
            os.fchmod(draft.fileno(), _mode(target))
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _mode(file: Path) -> int:
    """The mode of the file, or that of a new one."""
    if file.exists():
        return stat.S_IMODE(file.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
