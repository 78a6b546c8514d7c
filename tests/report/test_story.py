"""`check`: from a text to results, with faults, bugs of ours, and the check of evidence on the way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import policy.checking as story
from policy.checking import check, is_file
from policy.core.evidence import Proof
from policy.solver import Answer, Prover

SMALL = """
domain d { host h }
domain e { host g listens s }
service s = tcp 1
firewall F joins d, e { allow d -> e : s }
invariant reaches: d can reach e
invariant not_back expect violated: e can reach d
"""


def test_texts_and_files_give_the_same(tmp_path: Path) -> None:
    """A file named by a path or by a text, and its text, have the same verdicts; the sha256 is that of the bytes."""
    path = tmp_path / "small.policy"
    path.write_text(SMALL, encoding="utf-8")
    reports = [check(path), check(str(path)), check(SMALL)]
    assert [[r.verdict for r in report.results] for report in reports] == [["proved", "violated"]] * 3
    assert all(report.ok for report in reports)
    digests = {source.sha256 for report in reports for source in report.sources.values()}
    assert len(digests) == 1
    assert [report.file for report in reports] == [str(path), str(path), "<text>"]


@pytest.mark.parametrize(
    ("source", "file"),
    [
        ("a.policy", True), ("dir/a b.policy", True), (Path("x"), True), ("a.txt", False), ("", False),
        ("design \"a\"\ninclude a.policy", False), ("# see a.policy", False),
    ],
)  # fmt: skip
def test_what_is_a_file(source: str | Path, file: bool) -> None:
    """A text that is a design is never taken for a path: a path has no line break, comment or quote."""
    assert is_file(source) is file


def test_faults_stop_the_proofs() -> None:
    """Where there are faults nothing is proved, all are told, and the invariants are still known by name."""
    report = check(SMALL + "invariant bad: d can reach nowhere\nkind k: lost_parent\n")
    assert report.exit_code == 2
    assert report.results == ()
    assert [fault.code for fault in report.faults] == ["E010", "E010"]
    assert "reaches" in report.declared


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    """It is reported as one, without any exception."""
    report = check(tmp_path / "missing.policy")
    assert [fault.code for fault in report.faults] == ["E002"]
    assert report.exit_code == 2


def test_contradicting_assumptions_point_at_each_other() -> None:
    """The smallest set that contradicts: the last is marked, the others are notes, and innocent ones are left out."""
    report = check("option a\noption b\nassume a\nassume b\nassume a implies not b\nassume b or a\n")
    (fault,) = report.faults
    assert (fault.code, fault.span and fault.span.line) == ("E040", 5)
    assert [span.line for _, span in fault.notes] == [3, 4]


def test_a_placement_that_fails_in_some_world() -> None:
    """A host in two places at once, or in none, is a fault that names the world in which it is so."""
    text = "option a\noption b\noption c\nassume a or b\ndomain d\ndomain e\n"
    text += "host h in d when a in e when b\nhost g in d when c\n"
    twice, never = check(text).faults
    assert (twice.code, twice.span and twice.span.line, twice.hint) == ("E031", 7, "that is so where a, b")
    assert (never.code, never.span and never.span.line, never.hint) == ("E030", 8, "that is so where not c")


def test_only_the_named_invariants_are_tried() -> None:
    """Others are left out of the results, and known as declared."""
    report = check(SMALL, only=["not_back", "unheard_of"])
    assert [r.name for r in report.results] == ["not_back"]
    assert report.declared == ("reaches", "not_back")


def test_progress_is_told_after_each() -> None:
    """The callback hears of every invariant that is done."""
    heard: list[tuple[int, int]] = []
    check(SMALL, progress=lambda done, total: heard.append((done, total)))
    assert heard == [(1, 2), (2, 2)]


def test_a_budget_makes_unknown_never_a_pass() -> None:
    """When the steps run out there is no verdict, and the run does not pass, whatever is expected."""
    report = check(Path(__file__).parent / "flawed.policy", budget=1, only=["in_order", "quiet"])
    assert {r.verdict for r in report.results} == {"unknown"}
    assert report.exit_code == 3


def forged(monkeypatch: pytest.MonkeyPatch, change: Any) -> list[str]:
    """The verdicts where the solver's answers are changed by the function."""
    real = Prover.answer
    monkeypatch.setattr(Prover, "answer", lambda *args: change(real(*args)))
    report = check(SMALL)
    assert report.exit_code == 4
    return [r.verdict for r in report.results]


def test_a_false_proof_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proof of one invariant passes the check for that one and for no other."""
    model = story.read(SMALL)[0].model
    proved = Prover(model).answer(model.invariants["reaches"])
    assert isinstance(proved.evidence, Proof)
    assert forged(monkeypatch, lambda _: proved) == ["proved", "refused"]


def test_a_false_witness_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A witness of another invariant is not believed, nor evidence of the wrong kind, nor a verdict without any."""
    model = story.read(SMALL)[0].model
    witness = Prover(model).answer(model.invariants["not_back"])
    assert forged(monkeypatch, lambda _: witness) == ["refused", "violated"]
    monkeypatch.undo()
    assert forged(monkeypatch, lambda answer: replace(answer, evidence=None)) == ["refused", "refused"]
    monkeypatch.undo()
    swapped = {"proved": "violated", "violated": "proved"}
    assert forged(monkeypatch, lambda a: replace(a, verdict=swapped[a.verdict])) == ["refused", "refused"]


def test_a_failing_search_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception in one invariant is a bug of ours that is told as such; the other one gets its verdict."""

    def answer(prover: Prover, invariant: Any, budget: int | None = None) -> Answer:
        if invariant.name == "reaches":
            raise RecursionError("too deep")
        return real(prover, invariant, budget)

    real = Prover.answer
    monkeypatch.setattr(Prover, "answer", answer)
    report = check(SMALL)
    assert [r.verdict for r in report.results] == ["refused", "violated"]
    assert "too deep" in report.results[0].note
    assert report.exit_code == 4


def test_a_failing_reader_is_a_bug_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception before any invariant is told for the design as a whole."""

    def fail(*_: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(story, "resolve", fail)
    report = check(SMALL)
    assert report.exit_code == 4
    assert "KeyError" in report.bug
