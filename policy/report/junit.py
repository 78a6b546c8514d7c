"""Reports as JUnit XML: a suite for every design, a test case for every invariant.

A verdict that is not the expected one is a failure. What gave no verdict is an error: faults of the design, an
invariant that is unknown, and bugs of ours. Other than that a case passes, with a word on what was expected.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as Xml

from policy.report.findings import Finding
from policy.report.outcome import Report
from policy.report.run import Run
from policy.text.diagnostic import disarmed, visible

FAILURES = ("V001", "V002", "V003")


def rendered(run: Run) -> str:
    """The document; `visible` has left no character in it that XML forbids."""
    suites = [_suite(report, [f for f in run.findings if _belongs(f, report)]) for report in run.reports]
    root = Xml.Element("testsuites", {"name": "bartizan", **_counts(suites)})
    root.extend(suites)
    Xml.indent(root)
    text = Xml.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{disarmed(text)}\n'


def _belongs(found: Finding, report: Report) -> bool:
    """Faults are told in every design that has them."""
    return found.fault in report.faults if found.fault else found.design == report.file


def _counts(suites: Iterable[Xml.Element]) -> dict[str, str]:
    every = list(suites)
    whole = {key: str(sum(int(suite.attrib[key]) for suite in every)) for key in ("tests", "failures", "errors")}
    return {**whole, "time": f"{sum(float(suite.attrib['time']) for suite in every):.3f}"}


def _suite(report: Report, found: list[Finding]) -> Xml.Element:
    cases = [_case(each, visible(report.file)) for each in found]
    attributes = {
        "name": visible(f"{report.file}  {report.title}".rstrip()),
        "tests": str(len(cases)),
        "failures": str(sum(case.find("failure") is not None for case in cases)),
        "errors": str(sum(case.find("error") is not None for case in cases)),
        "skipped": "0",
        "time": f"{sum(r.milliseconds for r in report.results) / 1000:.3f}",
    }
    suite = Xml.Element("testsuite", attributes)
    suite.extend(cases)
    return suite


def _case(found: Finding, design: str) -> Xml.Element:
    name = visible(found.result.name) if found.result else f"{found.code} {found.place}"
    time = found.result.milliseconds / 1000 if found.result else 0.0
    case = Xml.Element("testcase", {"name": name, "classname": design, "time": f"{time:.3f}"})
    if found.level == "error":
        tag = "failure" if found.code in FAILURES else "error"
        broken = Xml.SubElement(case, tag, message=found.message, type=found.code)
        broken.text = "\n".join((*found.lines, *found.story))
    elif found.level == "note":
        Xml.SubElement(case, "system-out").text = "\n".join((found.message, *found.lines, *found.story))
    return case
