"""What no invariant of the BizTalk designs notices is deliberate, and listed."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from policy.study.cover import Coverage, cover
from policy.study.cover_text import shown
from policy.study.design import design

ROOT = Path(__file__).parents[2]
SPECS = ROOT / "specs" / "biztalk"
PAGE = (ROOT / "docs" / "cover.md").read_text(encoding="utf-8")
NAMES = sorted(path.stem for path in SPECS.glob("*.policy") if "_flawed_" not in path.stem)
LINES = [line for line in (SPECS / "deliberate.txt").read_text(encoding="utf-8").splitlines() if line]
DELIBERATE = {line for line in LINES if not line.startswith("#")}


@cache
def coverage(name: str) -> Coverage:
    return cover(design(SPECS / f"{name}.policy"))


@pytest.mark.parametrize("name", NAMES)
def test_the_rest_is_deliberate(name: str) -> None:
    """Every change that has an effect is noticed, but for those on the list; the page has the numbers."""
    found = coverage(name)
    unnoticed = {mutant.words for mutant in found.mutants if mutant.outcome == "unnoticed"}
    assert unnoticed <= DELIBERATE
    numbers = (len(found.verdicts), len(found.mutants), found.effective, f"{shown(found.percentage)} %")
    assert f"| `{name}` | {' | '.join(map(str, numbers))} |" in PAGE


def test_every_line_has_a_reason() -> None:
    """Before every change that is deliberate stands a comment."""
    text = (SPECS / "deliberate.txt").read_text(encoding="utf-8")
    paragraphs = [paragraph for paragraph in re.split(r"\n\n+", text.strip()) if not paragraph.startswith("# Changes")]
    assert paragraphs
    assert all(paragraph.startswith("# ") for paragraph in paragraphs)
