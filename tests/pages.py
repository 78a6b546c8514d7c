"""What the tests of our pages share: the fenced blocks, and what a command that a page shows prints."""

from __future__ import annotations

import re
import shlex

from click.testing import CliRunner

from policy.cli import commands

PROMPT, LAST = "$ bartizan ", " | tail -n 1"


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def shown_commands(text: str) -> list[str]:
    """The blocks that show one of our commands and what it prints."""
    return [block for block in blocks(text, "console") if block.startswith(PROMPT)]


def shown_and_printed(block: str) -> tuple[str, str]:
    """What a block shows, and what its command prints here and now; both without times."""
    command, shown = block.split("\n", 1)
    words, last, _ = command.removeprefix(PROMPT).partition(LAST)
    found = CliRunner().invoke(commands, shlex.split(words), catch_exceptions=False)
    output = found.stdout.splitlines(keepends=True)[-1] if last else found.stdout
    return without_times(shown), without_times(output)


def without_times(output: str) -> str:
    """The output with every time, and the width of the column that times take, the same."""
    output = re.sub(r" +\d+ ms|(?<=\()\d+ ms", "  T ms", output)
    output = re.sub(r"^(invariant +verdict) +time", r"\1  time", output, flags=re.MULTILINE)
    return re.sub(r"^(-+  -+)  -+", r"\1  ----", output, flags=re.MULTILINE)
