"""The page about evidence files says what is so: its example is what the command writes, its words are those of the
code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from click.testing import CliRunner

from policy.cli import commands
from policy.core.codec import BY
from policy.report.evidence import FORMAT, KINDS
from policy.report.verification import CODES, Outcome

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_example(tmp_path: Path) -> None:
    """Byte for byte the file that is written about the design of the README."""
    (shop,) = re.findall(r"^```policy\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    (example,) = re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (tmp_path / "shop.policy").write_text(shop)
    CliRunner().invoke(commands, ["check", str(tmp_path / "shop.policy"), "--evidence", str(tmp_path / "DIR")])
    assert (tmp_path / "DIR" / "shop" / "two_walls.json").read_text() == example


def test_the_words() -> None:
    """Verdicts, outcomes with their exit codes, and what lets a connection pass are all there."""
    assert all(f"`{word}`" in PAGE for word in (*KINDS, *KINDS.values(), *BY))
    assert f'`"evidence"` and `{FORMAT}`' in PAGE
    table = {code: line for line, code in re.findall(r"^\| (\*.*) \| (\d) \|$", PAGE, re.MULTILINE)}
    assert all(f"*{outcome}*" in table[str(CODES[outcome])] for outcome in get_args(Outcome))


def test_the_paths() -> None:
    """Every file of ours that the page names exists."""
    for name in re.findall(r"`((?:policy|docs)/[\w/.]+)`", PAGE):
        assert (ROOT / name).exists(), name
