"""`bartizan repair` as a user meets it, and the page that teaches it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from policy.cli import commands
from policy.report.json import schema
from policy.study.edits import ORDER

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "repair.md").read_text(encoding="utf-8")
DESIGNS = re.findall(r"^Put this in `(\S+)`:\n\n```policy\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = re.findall(r"^```console\n\$ bartizan (.*?)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

DESIGN = """\
service s = tcp 1
domain a { host g }
domain b { host h listens s }
firewall F joins a, b {
  good: allow g -> h : s
  bad: allow any -> b : any  # for a test
}
flow needed: g -> h : s
invariant only_g: not a except g can reach b
invariant stays: h in b
"""


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(commands, ["repair", *(str(arg) for arg in args)], catch_exceptions=False)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("d.policy").write_text(DESIGN, encoding="utf-8")
    return Path("d.policy")


# ---------------------------------------------------------------- the page


@pytest.mark.parametrize(("command", "shown"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_the_page_shows_what_is_printed(
    command: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Byte for byte, notes aside."""
    (tmp_path / "specs").symlink_to(ROOT / "specs", target_is_directory=True)
    for name, text in DESIGNS:
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(commands, command.split(), catch_exceptions=False).stdout == shown


def test_the_page_shows_a_twin_and_a_conflict() -> None:
    shown = "\n".join(output for _, output in COMMANDS)
    assert "flawed" in shown and "keeps flow" in shown and len(COMMANDS) >= 3


def test_the_page_has_every_edit() -> None:
    """The JSON kinds are listed in the page and in the schema."""
    kinds = schema()["$defs"]["edit"]["properties"]["kind"]["enum"]
    assert set(kinds) == set(ORDER) == set(re.findall(r"^\| `([a-z ]+)` \|", PAGE, re.MULTILINE))


# ---------------------------------------------------------------- the command


def test_a_diff(path: Path) -> None:
    found = run(path)
    assert found.exit_code == 0
    assert "\n-  bad: allow any -> b : any  # for a test\n" in found.stdout
    assert "--write makes it" in found.stderr


def test_write(path: Path) -> None:
    """The line goes with its comment; nothing else changes."""
    assert run(path, "--write").exit_code == 0
    assert path.read_text(encoding="utf-8") == DESIGN.replace("  bad: allow any -> b : any  # for a test\n", "")
    assert "nothing to repair" in run(path).stdout


def test_several_are_not_written_without_a_choice(path: Path) -> None:
    """All are shown; the file changes only once one is picked."""
    text = DESIGN.replace("bad: allow any -> b : any", "bad: allow any -> b : s when o") + "option o\n"
    path.write_text(text, encoding="utf-8")
    found = run(path, "--write")
    assert found.exit_code == 2
    assert "nothing is written" in found.stderr
    assert path.read_text(encoding="utf-8") == text
    assert run(path, "--write", "--pick", "2").exit_code == 0
    assert path.read_text(encoding="utf-8") != text
    path.write_text(text, encoding="utf-8")
    assert run(path, "--write", "--pick", "9").exit_code == 2
    assert path.read_text(encoding="utf-8") == text


def test_an_included_file_is_changed(path: Path) -> None:
    """The edit is made where the text is; a note says that others may include it."""
    firewall = DESIGN[DESIGN.index("firewall") : DESIGN.index("flow")]
    Path("part.policy").write_text(firewall, encoding="utf-8")
    whole = 'include "part.policy"\n' + DESIGN.replace(firewall, "")
    path.write_text(whole, encoding="utf-8")
    found = run(path, "--write")
    assert found.exit_code == 0
    assert "part.policy is included" in found.stderr
    assert path.read_text(encoding="utf-8") == whole
    assert "bad" not in Path("part.policy").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "text", "code"),
    [
        ((), DESIGN, 0),
        (("--only", "stays"), DESIGN, 0),
        ((), f"{DESIGN}invariant never: not any can reach h\n", 1),
        (("--budget", "1"), DESIGN, 3),
        ((), DESIGN.replace("domain b", "domain c"), 2),
    ],
    ids=["repaired", "nothing", "none", "unknown", "faulty"],
)
def test_exit_codes_and_json(path: Path, options: tuple[str, ...], text: str, code: int) -> None:
    """The document has the exit code; it obeys the schema."""
    path.write_text(text, encoding="utf-8")
    found = run(path, *options, "--format", "json")
    document: dict[str, Any] = json.loads(found.stdout)
    assert found.exit_code == document["exit_code"] == code
    jsonschema.validate(document, schema())
    assert run(path, *options).exit_code == code


def test_an_unknown_invariant(path: Path) -> None:
    found = run(path, "--only", "only_h")
    assert found.exit_code == 2
    assert "did you mean `only_g`?" in found.stderr
