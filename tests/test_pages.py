"""The pages on queries, depth and SMT-LIB show what their commands print: on the design of the README, or their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from pages import blocks, shown_and_printed, shown_commands

ROOT = Path(__file__).parents[1]
(SHOP,) = blocks((ROOT / "README.md").read_text(encoding="utf-8"), "policy")
PAGES = {name: (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("query.md", "depth.md", "smt2.md")}
SHOWN = [(name, block) for name, text in PAGES.items() for block in shown_commands(text)]


@pytest.mark.parametrize(("name", "block"), SHOWN, ids=[block.split("\n")[0] for _, block in SHOWN])
def test_output(name: str, block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command prints is, but for times, byte for byte what the page shows."""
    monkeypatch.chdir(tmp_path)
    Path("shop.policy").write_text(SHOP, encoding="utf-8")
    for design in blocks(PAGES[name], "policy"):
        Path("walls.policy").write_text(design, encoding="utf-8")
    shown, printed = shown_and_printed(block)
    assert printed == shown


def test_every_page_shows_something() -> None:
    assert {name for name, _ in SHOWN} == set(PAGES)
