"""`bartizan rules`: messages at the rules, severities, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from policy.cli import commands
from policy.report.json import schema

DESIGN = """design "odd rules"
service web = tcp 443
domain outside { untrusted  host visitor }
domain inside { host shop listens web }
firewall F joins outside, inside {
  first: allow visitor -> shop : web
  deny visitor -> shop : web
  again: allow visitor -> shop : web
}
invariant reachable: some path from outside to shop
"""

TOLD = """warning[R003]: rule 2 of F is shadowed by rule `first`
  --> odd.policy:7:3
  |
7 |   deny visitor -> shop : web
  |   ^^^^^^^^^^^^^^^^^^^^^^^^^^ decided before, and in part otherwise
   = note: rule `first`: odd.policy:6:3

warning[R004]: rule `again` of F is redundant
  --> odd.policy:8:3
  |
8 |   again: allow visitor -> shop : web
  |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ rule `first` decides it so
   = note: rule `first`: odd.policy:6:3

3 rules: 1 shadowed, 1 redundant
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory of its own, so that names are short."""
    monkeypatch.chdir(tmp_path)


def run(*args: str, text: str = DESIGN) -> tuple[int, str]:
    Path("odd.policy").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(commands, ["rules", "odd.policy", *args])
    return result.exit_code, result.output


def test_messages() -> None:
    assert run() == (0, TOLD)


def test_severities() -> None:
    """A kind that is off is not shown; one that is an error makes the command fail."""
    assert run("--severity", "shadowed=off", "--severity", "redundant=off") == (0, "3 rules: nothing odd\n")
    code, output = run("--severity", "redundant=error")
    assert code == 1
    assert "error[R004]" in output
    assert "warning[R003]" in output
    code, output = run("--severity", "redundent=error")
    assert code == 2
    assert "did you mean `redundant`?" in output


def test_json() -> None:
    code, output = run("--format", "json")
    assert code == 0
    jsonschema.validate(json.loads(output), schema())
    [design] = json.loads(output)["reviews"]
    shadowed, redundant = design["findings"]
    six, seven = shadowed["by"][0]["at"], shadowed["rule"]["at"]
    assert [(at["file"], at["line"]) for at in (six, seven)] == [("odd.policy", 6), ("odd.policy", 7)]
    assert shadowed["kind"] == "shadowed"
    assert shadowed["rule"] == {"number": 2, "label": "", "at": seven}
    assert shadowed["by"] == [{"number": 1, "label": "first", "at": six}]
    assert (redundant["code"], redundant["severity"]) == ("R004", "warning")


def test_faults_come_first() -> None:
    code, output = run(text=DESIGN.replace("-> shop : web\n  deny", "-> shap : web\n  deny"))
    assert code == 2
    assert "did you mean `shop`?" in output
