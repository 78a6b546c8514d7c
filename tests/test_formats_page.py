"""The page about formats says what is so: each command prints what it shows, and each format has its section."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from policy.cli import commands
from policy.report.formats import FORMATS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
FENCED = re.compile(r"^(```+)(\w+)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
BLOCKS = [(language, body) for _, language, body in FENCED.findall(PAGE)]
COMMANDS = [body for language, body in BLOCKS if language == "console"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory with the design of the README, on no build machine."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (shop,) = [body for _, language, body in FENCED.findall(readme) if language == "policy"]
    (tmp_path / "shop.policy").write_text(shop, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_WORKSPACE", "GITHUB_STEP_SUMMARY", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)


def output(command: str) -> str:
    """What the command prints."""
    return CliRunner().invoke(commands, command.split(), catch_exceptions=False).stdout


@pytest.mark.parametrize("block", COMMANDS, ids=[block.split("\n")[0].split("--format ")[1] for block in COMMANDS])
@pytest.mark.usefixtures("here")
def test_output(block: str) -> None:
    """Byte for byte, but for times."""
    command, shown = block.split("\n", 1)
    words, _, columns = command.removeprefix("$ bartizan ").partition(" | cut -c -")
    printed = output(words)
    if columns:
        printed = "".join(line[: int(columns)] + "\n" for line in printed.splitlines())
    times = r'time="[\d.]+"'
    assert re.sub(times, "", printed) == re.sub(times, "", shown)


@pytest.mark.usefixtures("here")
def test_the_result_of_sarif() -> None:
    """What is shown of it is in it."""
    (shown,) = [json.loads(body) for language, body in BLOCKS if language == "json"]
    (result,) = json.loads(output("check shop.policy --format sarif"))["runs"][0]["results"]

    def assert_within(part: Any, whole: Any) -> None:
        if isinstance(part, dict):
            for key, value in part.items():
                assert_within(value, whole[key])
        elif isinstance(part, list):
            for one, other in zip(part, whole, strict=True):
                assert_within(one, other)
        else:
            assert part == whole

    assert_within(shown, result)


def test_every_format_is_described() -> None:
    """In the table, and but for text, of which the README has enough, in a section."""
    table = PAGE[: PAGE.index("## ")]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(FORMATS)
    sections = " ".join(re.findall(r"^## ([a-z ]+)$", PAGE, re.MULTILINE)).replace(" and ", " ").split()
    assert sections == [name for name in FORMATS if name != "text"]


def test_every_option_of_the_page_is_one() -> None:
    """Also in the recipes for build machines."""
    known = set(re.findall(r"--[a-z]+", output("check --help")))
    for words in re.findall(r"bartizan check[^\n`]*", PAGE):
        assert set(re.findall(r"(?<= )--[a-z]+", words)) <= known
        assert {re.split("[= ]", choice)[0] for choice in re.findall(r"--format (\S+)", words)} <= {*FORMATS, "NAME"}
