"""Exit codes: which one an outcome has, and which of several wins."""

from __future__ import annotations

from itertools import permutations

import pytest

from policy.report.outcome import Report, Result, exit_code, gravest
from policy.text.diagnostic import Diagnostic


def result(verdict: str, expected: str = "proved") -> Result:
    return Result("i", "", None, expected, verdict, 1.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("verdict", "expected", "code", "exits"),
    [
        ("proved", "proved", None, 0),
        ("violated", "violated", None, 0),
        ("vacuous", "vacuous", None, 0),
        ("violated", "proved", "V001", 1),
        ("violated", "vacuous", "V001", 1),
        ("vacuous", "proved", "V002", 1),
        ("vacuous", "violated", "V002", 1),
        ("proved", "violated", "V003", 1),
        ("proved", "vacuous", "V003", 1),
        ("unknown", "proved", "V004", 3),
        ("unknown", "violated", "V004", 3),
        ("refused", "violated", "V005", 4),
    ],
)
def test_every_verdict_has_its_code(verdict: str, expected: str, code: str | None, exits: int) -> None:
    """Only the expected verdict passes; unknown and refused never do, whatever is expected."""
    found = result(verdict, expected)
    assert (found.code, found.exit_code, found.as_expected) == (code, exits, exits == 0)


def test_precedence() -> None:
    """4 goes before 2, 1, 3 and 0, in whatever order they come; a run without anything is well."""
    ranking = [4, 2, 1, 3, 0]
    for i, highest in enumerate(ranking):
        for some in permutations(ranking[i:]):
            assert gravest(some) == highest
    assert gravest([]) == 0


def test_a_run_exits_with_the_gravest_of_its_designs() -> None:
    """Faults of one design do not hide a bug found in another one, and outweigh violations."""
    faulty = Report("a", faults=(Diagnostic("E001", "m", "a"),))
    violated = Report("b", results=(result("violated"), result("unknown")))
    refused = Report("c", results=(result("refused"), result("proved")))
    assert [exit_code([r]) for r in (faulty, violated, refused)] == [2, 1, 4]
    assert exit_code([violated, faulty]) == 2
    assert exit_code([faulty, refused, violated]) == 4
    assert Report("d", bug="b").exit_code == 4
    assert not violated.ok
    assert Report("e", results=(result("proved"),)).ok
