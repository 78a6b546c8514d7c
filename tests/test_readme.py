"""The README, and the page that teaches the language, say what is so: each command that they show prints what they
show, each design has the verdicts that it says, and each number, name and path is the one of the code.
"""

from __future__ import annotations

import ast
import doctest
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from pages import blocks, shown_and_printed, shown_commands, without_times

from policy.checking import check
from policy.cli import commands
from policy.report.outcome import PRECEDENCE
from policy.text.words import DECLARATIONS, WORDS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LANGUAGE = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
PROSE = " ".join(README.split())
EXAMPLE = "shop.policy"
PROVE = (
    "python3 -m venv .venv && .venv/bin/pip install --quiet . && "
    ".venv/bin/bartizan check specs/biztalk/large_distributed.policy"
)
TEST = 'python3 -m venv .venv && .venv/bin/pip install --quiet --editable ".[test]" && .venv/bin/pytest'


def rows(heading: str) -> list[list[str]]:
    """The cells of the table that follows a heading of its own."""
    table = re.search(rf"^\| {re.escape(heading)} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", README, re.MULTILINE)
    assert table is not None
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()]


COMMANDS = shown_commands(README)
(SHOP,) = blocks(README, "policy")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory as the README's reader has it: the specs, the design that it tells to write, and its evidence."""
    (tmp_path / "specs").symlink_to(ROOT / "specs", target_is_directory=True)
    (tmp_path / EXAMPLE).write_text(SHOP, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(commands, ["check", EXAMPLE, "--evidence", "proofs"])
    return tmp_path


# ---------------------------------------------------------------- commands and their output


def test_the_two_commands() -> None:
    """The README has both commands for a fresh machine, each as one line; the second is what the CI runs."""
    lines = README.splitlines()
    assert PROVE in lines
    assert TEST in lines
    assert TEST in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_there_are_commands_to_compare() -> None:
    """A proof, a counterexample, the reader's own design, and all specs."""
    shown = "\n".join(COMMANDS)
    assert len(COMMANDS) >= 4
    assert "PROVED" in shown and "VIOLATED (expected)" in shown and "error[V001]" in shown


@pytest.mark.parametrize("block", COMMANDS, ids=[f"command {i}" for i in range(len(COMMANDS))])
@pytest.mark.usefixtures("here")
def test_output(block: str) -> None:
    """What a command prints is, but for times, byte for byte what the README shows."""
    shown, printed = shown_and_printed(block)
    assert printed == shown


def test_times_are_all_that_is_forgiven() -> None:
    """Verdicts, names, places and the last line are compared."""
    shown = next(block for block in COMMANDS if "PROVED" in block)
    for old, new in (("PROVED", "VIOLATED"), ("sso_", "ssp_"), ("3 proved", "2 proved"), ("specs/", "spec/")):
        assert old in shown
        assert without_times(shown.replace(old, new)) != without_times(shown)
    longer = re.sub(r" +(\d+) ms", r"   12\1 ms", shown).replace("  ------\n", "  --------\n")
    assert without_times(longer.replace("   time\n", "     time\n")) == without_times(shown)


@pytest.mark.usefixtures("here")
def test_the_example_ends_as_the_text_says() -> None:
    """The design is violated, with exit code 1; with the repair that the text names it is proved."""
    assert "The exit code is 1. With `allow office` in place of `allow any`, all three are proved." in PROSE
    assert check(SHOP).exit_code == 1
    repaired = check(SHOP.replace("support: allow any", "support: allow office"))
    assert [result.verdict for result in repaired.results] == ["proved"] * 3


@pytest.mark.usefixtures("here")
def test_python() -> None:
    """The session in Python gives what it shows."""
    (session,) = blocks(README, "pycon")
    found = doctest.DocTestParser().get_doctest(session, {}, "README.md", "README.md", 0)
    assert found.examples
    assert doctest.DocTestRunner().run(found).failed == 0


# ---------------------------------------------------------------- names, numbers, paths


def test_exit_codes() -> None:
    """The table has every exit code, and the sentence under it their precedence."""
    assert [int(code) for code, _ in rows("exit code")] == sorted(PRECEDENCE)
    first, *rest, last = PRECEDENCE
    middle = ", ".join(str(code) for code in rest)
    assert f"{first} goes before {middle} and {last}." in PROSE


def test_dependencies() -> None:
    """Every dependency is in the tables, with a reason, and nothing else is."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for heading, wanted in (
        ("package", project["dependencies"]),
        ("to test", project["optional-dependencies"]["test"]),
    ):
        names = [name for cell, reason in rows(heading) for name in cell.split(", ") if reason]
        assert sorted(names) == sorted(re.split("[<>=]", dependency)[0] for dependency in wanted)


def test_declarations() -> None:
    """The brief table of the language has every declaration."""
    shown = {word for first, _ in rows("declaration") for word in re.findall(r"`(?:… )?(\w+)", first)}
    assert {*DECLARATIONS} - {"design"} <= shown


def test_paths() -> None:
    """Every file and directory that is named exists."""
    named = {path for path in re.findall(r"`([\w./-]+)`", README + LANGUAGE) if "/" in path}
    named |= {path for first, _ in rows("path") for path in re.findall(r"`([^`]+)`", first)}
    assert len(named) > 10
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_size_of_the_check() -> None:
    """The lines that a verdict rests on are as many as stated, within a tenth."""
    stated = re.search(r"`policy/core/evidence.py` and what it imports, about ([\d,]+) lines", PROSE)
    assert stated is not None
    lines = sum(len(file.read_text(encoding="utf-8").splitlines()) for file in imported("policy.core.evidence"))
    assert abs(lines - int(stated[1].replace(",", ""))) <= lines / 10


def imported(module: str) -> set[Path]:
    """The file of a module of ours and those of all modules that it imports, however far."""
    found: set[Path] = set()
    todo = [module]
    while todo:
        file = ROOT / (todo.pop().replace(".", "/") + ".py")
        if file not in found:
            found.add(file)
            todo += [name for name in _imports(file) if name.startswith("policy.")]
    return found


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


# ---------------------------------------------------------------- the page about the language


DESIGNS = blocks(LANGUAGE, "policy")


@pytest.mark.parametrize("text", DESIGNS, ids=[f"design {i}" for i in range(len(DESIGNS))])
def test_designs_of_the_language(text: str) -> None:
    """Each design on the page has no fault, and its invariants have the verdicts that it says."""
    report = check(text)
    assert report.faults == ()
    assert report.results
    assert [(r.name, r.verdict) for r in report.results if not r.as_expected] == []


def test_words_of_the_language() -> None:
    """The page lists exactly the words that are not names."""
    (listed,) = re.findall(r"^## Words that are not names\n(.*?)(?:^## |\Z)", LANGUAGE, re.MULTILINE | re.DOTALL)
    assert set(blocks(listed, "text")[0].split()) == WORDS
