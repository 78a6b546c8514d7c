"""Whoever asks for JSON gets JSON, also of a design with faults."""

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from policy.cli import commands
from policy.report.json import schema

ASKED = {
    "explain": ["explain", "i"],
    "repair": ["repair"],
    "cover": ["cover"],
    "depth": ["depth"],
    "rules": ["rules"],
    "query": ["query", "no path from a to b"],
    "check": ["check"],
}


@pytest.mark.parametrize("command", ASKED)
def test_faults_as_json(command: str, tmp_path: Path) -> None:
    """The document that `check` writes."""
    path = tmp_path / "faulty.policy"
    path.write_text("domain a\ninvariant i: no path from a to b\n", encoding="utf-8")
    done = CliRunner().invoke(commands, [*ASKED[command], str(path), "--format", "json"])
    document = json.loads(done.stdout)
    jsonschema.validate(document, schema())
    assert done.exit_code == document["exit_code"] == 2
    assert "`b`" in document["designs"][0]["faults"][0]["message"]
