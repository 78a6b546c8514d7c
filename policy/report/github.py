"""Reports as GitHub Actions reads them: a workflow command for every annotation.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from policy.report import markdown
from policy.report.findings import Finding
from policy.report.run import Run
from policy.report.sentences import summary
from policy.text.diagnostic import visible
from policy.text.source import Span

LONGEST_SUMMARY = 1024 * 1024  # bytes that GitHub takes for the summary of one step
ESCAPES = (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"))
IN_PROPERTIES = (*ESCAPES, (":", "%3A"), (",", "%2C"))


def rendered(run: Run) -> str:
    """The commands, errors first since GitHub shows only the first of many, and a last line for those who read logs."""
    told = sorted((f for f in run.findings if f.level != "pass"), key=lambda found: found.level != "error")
    return "".join(_command(run, found) + "\n" for found in told) + summary(run.reports) + "\n"


def job_summary(run: Run, written: int = 0) -> str:
    """What is appended to the summary of the job, in which there are so many bytes already."""
    return markdown.rendered(run, max(0, LONGEST_SUMMARY - written))


def _command(run: Run, found: Finding) -> str:
    place = {"file": visible(run.files.name(found.file)), **(_region(found.span) if found.span else {})}
    title = f"{found.code} {visible(found.result.name)}" if found.result else found.code
    properties = {**place, "title": title}
    written = ",".join(f"{key}={_escaped(value, IN_PROPERTIES)}" for key, value in properties.items())
    name, more = ("error", (found.point, *found.story)) if found.level == "error" else ("notice", ())
    text = "\n".join((found.message, *(line.removeprefix("   ") for line in more if line)))
    return f"::{name} {written}::{_escaped(text, ESCAPES)}"


def _region(span: Span) -> dict[str, str]:
    """GitHub takes columns only within one line."""
    if span.end_line != span.line:
        return {"line": str(span.line), "endLine": str(span.end_line)}
    return {"line": str(span.line), "col": str(span.column), "endColumn": str(span.end_column)}


def _escaped(text: str, escapes: tuple[tuple[str, str], ...]) -> str:
    for char, escape in escapes:
        text = text.replace(char, escape)
    return text
