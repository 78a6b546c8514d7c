"""`bartizan smt2` as a user meets it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import z3
from click.testing import CliRunner, Result

from policy import __version__
from policy.cli import commands
from policy.solver.horn.attacks import MOST_SETS
from policy.solver.horn.diagram import MOST_CUBES, MOST_PAIRS
from policy.solver.horn.passing import MOST_CHAINS
from policy.solver.horn.ways import MOST_GUESSES, MOST_RULES
from policy.text.load import load
from policy.text.resolve import resolve

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "smt2.md").read_text(encoding="utf-8")
LARGE = ROOT / "specs" / "biztalk" / "large_distributed.policy"
DESIGN = """design "Two walls"
service https = tcp 443
service sql = tcp 1433
domain internet { untrusted }
domain web { host shop listens https }
domain data { host orders listens sql }
firewall F1 joins internet, web { allow internet -> shop : https }
firewall F2 joins web, data { allow shop -> orders : sql }
invariant walls "over both": every path from internet to orders passes F1 then F2
invariant one_down: every path from internet to orders passes F2 even if any 1 firewalls are bypassed
"""


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(commands, ["smt2", *map(str, args)], catch_exceptions=False)


def spacer(text: str) -> str:
    solver = z3.SolverFor("HORN")
    solver.from_string(text)
    return str(solver.check())


@pytest.fixture
def design(tmp_path: Path) -> Path:
    path = tmp_path / "walls.policy"
    path.write_text(DESIGN, encoding="utf-8")
    return path


@pytest.mark.parametrize(("name", "answer"), [("walls", "sat"), ("one_down", "unsat")])
def test_the_file_says_what_it_is_and_what_an_answer_means(design: Path, name: str, answer: str) -> None:
    done = run(name, design)
    assert done.exit_code == 0 and not done.stderr
    heading = done.stdout[: done.stdout.index("(set-logic HORN)")]
    assert f"invariant {name}" in heading and "every path from internet to orders passes" in heading
    assert load(design).sources[str(design)].sha256 in heading
    assert "PROVED" in heading and "VIOLATED" in heading
    assert spacer(done.stdout) == answer


def test_output_goes_to_a_file(design: Path, tmp_path: Path) -> None:
    done = run("walls", design, "--output", tmp_path / "walls.smt2")
    assert (done.exit_code, done.stdout) == (0, "")
    assert (tmp_path / "walls.smt2").read_text(encoding="utf-8") == run("walls", design).stdout
    refused = run("walls", design, "-o", tmp_path / "nowhere" / "walls.smt2")
    assert refused.exit_code == 2 and "cannot be written" in refused.stderr


def test_the_design_is_the_one_that_has_the_invariant(design: Path) -> None:
    other = design.with_name("other.policy")
    other.write_text(DESIGN.replace("invariant walls", "invariant alone"), encoding="utf-8")
    assert run("walls", design.parent).stdout == run("walls", design).stdout
    both = run("one_down", design.parent)
    assert both.exit_code == 2 and str(design) in both.stderr and str(other) in both.stderr


def test_unknown_names_and_faults(design: Path) -> None:
    near = run("wals", design)
    assert near.exit_code == 2 and "did you mean `walls`?" in near.stderr
    swapped = run(design, "walls")
    assert swapped.exit_code == 2 and "first" in swapped.stderr
    design.write_text(DESIGN.replace("-> orders", "-> order"), encoding="utf-8")
    faulty = run("walls", design)
    assert faulty.exit_code == 2 and "error[" in faulty.stdout and "`order`" in faulty.stdout
    design.with_name("other.policy").write_text(DESIGN, encoding="utf-8")
    passed_over = run("wall", design.parent)
    assert passed_over.exit_code == 2 and "`walls`" in passed_over.stderr and "faults" in passed_over.stderr


def test_what_cannot_be_written_down_is_refused(design: Path) -> None:
    hosts = "\n".join(f"host {z.lower()}{i} in {z} listens s" for i in range(36) for z in "YZ")
    text = f"service s = tcp 1\ndomain Y\ndomain Z\n{hosts}\nfirewall F joins Y, Z {{ default allow }}\n"
    design.write_text(f"{text}invariant i: not every attack from y1 to z1 passes F then F then F\n", encoding="utf-8")
    refused = run("i", design)
    assert refused.exit_code == 2 and not refused.stdout
    assert "`i` cannot be written down" in refused.stderr and "y1" in refused.stderr


def test_bytes_are_the_same_on_every_run() -> None:
    """Whatever order the sets of Python have."""
    found = set()
    for seed in ("1", "2"):
        surroundings = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed}
        for name in ("attack_on_sso_needs_the_handlers_account", "data_with_two_down"):
            command = [sys.executable, "-m", "policy.cli", "smt2", name, str(LARGE)]
            found.add(subprocess.run(command, env=surroundings, capture_output=True, check=True).stdout)
    assert len(found) == 2


def test_the_page_shows_what_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The design of the page gives the file of the page, whose answer is `sat`; its limits are those of the code."""
    blocks = dict(re.findall(r"^```(policy|console)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
    (tmp_path / "walls.policy").write_text(blocks["policy"], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    command, shown = blocks["console"].split("\n", 1)
    written = run(*command.removeprefix("$ bartizan smt2 ").split()).stdout
    assert written.replace(f"bartizan {__version__}", "") == re.sub(r"bartizan \d+\.\d+\.\d+", "", shown)
    assert spacer(written) == "sat"
    for most in (MOST_GUESSES, MOST_CHAINS, MOST_SETS, MOST_RULES, MOST_CUBES, MOST_PAIRS):
        assert f"{most:,}" in PAGE


def test_claims_of_the_biztalk_design() -> None:
    """Spacer decides most of them as `check` does; here are three that it decides at once."""
    expected = {"no_attack_on_sso": "unsat", "services_behind_fw2": "sat", "data_with_two_down": "sat"}
    assert expected.keys() <= resolve(load(LARGE)).model.invariants.keys()
    assert {name: spacer(run(name, LARGE).stdout) for name in expected} == expected


def test_no_design_is_written_over(design: Path) -> None:
    text = design.read_text(encoding="utf-8")
    refused = run("walls", design, "-o", design)
    assert refused.exit_code == 2 and "not written over" in refused.stderr
    assert design.read_text(encoding="utf-8") == text
