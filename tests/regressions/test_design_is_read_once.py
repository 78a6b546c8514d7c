"""A design may come through a pipe, which can be read once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from policy.cli import commands

DESIGN = "domain a\ndomain b\ninvariant apart: not a can reach b\n"


@contextmanager
def piped() -> Iterator[str]:
    """The name of a pipe through which the design comes once."""
    reading, writing = os.pipe()
    os.write(writing, DESIGN.encode())
    os.close(writing)
    try:
        yield f"/dev/fd/{reading}"
    finally:
        os.close(reading)


@pytest.mark.parametrize("command", ["explain", "smt2"])
def test_design_is_read_once(command: str) -> None:
    """The invariant is found, in whichever way the command looks for it."""
    with piped() as name:
        done = CliRunner().invoke(commands, [command, "apart", name])
    assert done.exit_code == 0, done.output
    assert "apart" in done.stdout
