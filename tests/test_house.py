"""The house is in order: style, types, and the direction of imports."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def outcome(*command: str) -> str:
    """What a tool complains of; empty where it does not."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_ruff() -> None:
    """Every rule of the configuration is kept, in the package and in its tests."""
    assert outcome(sys.executable, "-m", "ruff", "check", "--no-cache", "policy", "tests") == ""


def test_types() -> None:
    """The package is typed throughout."""
    assert outcome(sys.executable, "-m", "mypy", "--strict", "policy") == ""


def test_imports() -> None:
    """Imports point one way, only the solver knows z3, only the text room knows lark."""
    lint = Path(sys.executable).with_name("lint-imports")
    assert outcome(str(lint), "--no-cache") == ""


def imported(file: Path) -> set[str]:
    """The modules that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def test_the_core_needs_nothing() -> None:
    """The core imports nothing but itself and the standard library."""
    for file in sorted((ROOT / "policy" / "core").glob("*.py")):
        for name in imported(file):
            assert name.startswith("policy.core") or name.split(".")[0] in sys.stdlib_module_names, (file.name, name)


def test_the_second_opinion_is_a_second_one() -> None:
    """What is written for other solvers shares nothing with the search but the model, its endpoints and variables."""
    shared = {"policy.core.model", "policy.core.endpoints", "policy.core.binding"}
    for file in sorted((ROOT / "policy" / "solver" / "horn").glob("*.py")):
        for name in imported(file) - shared:
            own = name.startswith("policy.solver.horn")
            assert own or name.split(".")[0] in sys.stdlib_module_names, (file.name, name)
