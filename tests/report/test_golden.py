"""What each format says of one small design, byte for byte.

`python tests/report/test_golden.py` writes the files anew; look at what changed before you keep it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from report.runs import NAMES, checked, faulty, odd, run

from policy.report.formats import FORMATS

GOLDEN = Path(__file__).parent / "golden"


def written(form: str) -> str:
    """The format of a run on a design with every verdict that a design can have, one with faults, and odd ones."""
    return FORMATS[form](run([checked("small.policy"), faulty(), odd()]))


@pytest.mark.parametrize("form", NAMES)
def test_it_is_what_it_was(form: str) -> None:
    """The same text on every machine and on every run."""
    assert written(form) == (GOLDEN / form).read_text(encoding="utf-8")


def test_all_formats_are_here() -> None:
    """No format is left out, here or in the tests that go by the same list."""
    assert tuple(FORMATS) == NAMES
    assert {path.name for path in GOLDEN.iterdir()} == set(NAMES)


if __name__ == "__main__":
    for name in NAMES:
        (GOLDEN / name).write_text(written(name), encoding="utf-8")
