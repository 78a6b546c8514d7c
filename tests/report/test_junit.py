"""JUnit XML: what junitparser reads, and the shape that consumers agree on."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

import junitparser
import pytest
from report.readers import assert_shape
from report.runs import broken, checked, everything, faulty, odd, run

from policy.report.junit import rendered
from policy.report.outcome import Report


def parsed(*reports: Report) -> junitparser.JUnitXml:
    text = rendered(run(reports))
    assert_shape(Xml.fromstring(text))
    return junitparser.JUnitXml.fromstring(text.encode())


def outcome(report: Report) -> dict[str, str]:
    """What became of each case of a design's suite: the kind of its element, "" where it passed."""
    (suite,) = parsed(report)
    return {case.name: " ".join(type(each).__name__.lower() for each in case.result) for case in suite}


def test_counts_are_right() -> None:
    """junitparser counts the same failures and errors as the attributes say."""
    found = parsed(*everything())
    told = [(suite.tests, suite.failures, suite.errors, suite.skipped) for suite in found]
    whole = (found.tests, found.failures, found.errors)
    found.update_statistics()
    assert told == [(suite.tests, suite.failures, suite.errors, suite.skipped) for suite in found]
    assert whole == (found.tests, found.failures, found.errors)
    assert len(told) == len(everything())
    assert sum(errors for _, _, errors, _ in told) == 2 + 2 + 1


def test_verdicts() -> None:
    """An unexpected verdict is a failure, an expected one passes; what has no verdict is an error."""
    small = {"needs_met": "", "two_walls": "", "one_may_fall": "failure", "known": "", "nobody": "failure"}
    assert outcome(checked("small.policy")) == small
    assert outcome(odd()) == {"slow": "error", "wrong": "error", "empty": "", "plain": ""}
    assert set(outcome(faulty()).values()) == {"error"}
    assert outcome(broken()) == {"V005 broken.policy": "error"}
    assert outcome(checked("flawed.policy"))["too_good"] == "failure"


@pytest.mark.parametrize("words", ["connection     1  someone in internet", "27 | invariant one_may_fall", "help: "])
def test_a_failure_has_its_counterexample(words: str) -> None:
    """As the text report tells it, with the place and the line."""
    (suite,) = parsed(checked("small.policy"))
    (failure,) = next(case for case in suite if case.name == "one_may_fall").result
    assert words in failure.text
    assert failure.message == "invariant `one_may_fall` is violated (one is enough)"


def test_an_expected_violation_is_told_in_passing() -> None:
    """In the output of the case."""
    (suite,) = parsed(checked("small.policy"))
    case = next(case for case in suite if case.name == "known")
    assert case.system_out.startswith("invariant `known` is violated, as expected\n")
