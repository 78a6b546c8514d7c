"""Every design under `corpus/reject` has exactly the faults that its first lines state.

They read `#! CODE [FILE] LINE:COL-LINE:COL`, the end not included, with FILE where the fault is in an included one.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from policy.text.diagnostic import CODES, render
from policy.text.load import load
from policy.text.resolve import resolve

REJECT = Path(__file__).parent / "corpus" / "reject"
FILES = sorted(REJECT.glob("*.policy"))
STATED = re.compile(rb"^#! (E\d{3}) (?:(\S+) )?(\d+):(\d+)-(\d+):(\d+)\r?$", re.MULTILINE)
OF_THE_HALL = {"E040"}  # by search: only a solver sees that assumptions contradict each other

Fault = tuple[str, str, int, int, int, int]


def stated(file: Path) -> list[Fault]:
    """The faults that a file of the corpus says it has."""
    found = []
    for code, other, *numbers in STATED.findall(file.read_bytes()):
        where = other.decode() or file.name
        line, column, end_line, end_column = map(int, numbers)
        found.append((code.decode(), where, line, column, end_line, end_column))
    return sorted(found)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_faulty_design_has_exactly_the_stated_faults(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a fault less, nor one that is only the consequence of another; each at the exact place."""
    monkeypatch.chdir(REJECT)
    loaded = load(Path(file.name))
    found = []
    for fault in resolve(loaded).faults:
        assert fault.span is not None
        span = fault.span
        found.append((fault.code, span.file, span.line, span.column, span.end_line, span.end_column))
    assert sorted(found) == stated(file)
    assert stated(file), "a file of this corpus states its faults"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_fault_can_be_shown(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its code, place and line; in order of place; in words that follow the house style."""
    monkeypatch.chdir(REJECT)
    loaded = load(Path(file.name))
    faults = resolve(loaded).faults
    assert list(faults) == sorted(faults, key=lambda fault: fault.place)
    for fault in faults:
        text = render(fault, loaded.sources)
        assert text.startswith(f"error[{fault.code}]: ")
        assert str(fault.span) in text
        assert "^" in text
        for words in (fault.message, fault.label, fault.hint):
            assert not words.endswith("."), "messages have no final stop"
            assert not words[:1].isupper(), "messages begin in lower case"
            assert "None" not in words and "Token(" not in words


def test_the_corpus_has_every_code() -> None:
    """Each code of the catalogue is raised by some file, apart from those that only the solver can raise."""
    raised = {fault[0] for file in FILES for fault in stated(file)}
    assert raised == set(CODES) - OF_THE_HALL
