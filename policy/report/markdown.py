"""Reports as Markdown, for summaries of jobs and comments: a table for every design, then what is wrong.

Whatever comes from a design stands in a span or a block of code, whose marks are longer than any in the text itself:
there is no markup, link, mention or HTML in it. Times are left out, so that the same outcome is the same text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from policy.report.findings import Finding
from policy.report.outcome import FAULTY, NOT_AS_EXPECTED, REFUSED, UNKNOWN, Report
from policy.report.run import Run
from policy.report.sentences import summary, verdict
from policy.text.diagnostic import disarmed, visible

OUTCOMES = {NOT_AS_EXPECTED: "not as it should be", FAULTY: "faults", UNKNOWN: "unknown", REFUSED: "a bug of bartizan"}


def rendered(run: Run, limit: int | None = None) -> str:
    """The whole; where it would be longer than `limit` bytes, without the counterexamples, or the last line alone."""
    head = f"# bartizan: {OUTCOMES.get(run.exit_code, 'all as it should be')}"
    end = f"{summary(run.reports)}."
    tables = [block for report in run.reports for block in _design(report)]
    told = [block for found in run.findings if _is_told(found, run) for block in _finding(found)]
    for blocks in ((head, end, *tables, *told), (head, end, *tables, "The rest is too long to be shown here.")):
        text = disarmed("\n\n".join(blocks) + "\n")
        if limit is None or len(text.encode()) <= limit:
            return text
    return f"{head}\n\n{end}\n"


def _is_told(found: Finding, run: Run) -> bool:
    return found.level == "error" or (found.level == "note" and run.look.verbose)


def _design(report: Report) -> Iterator[str]:
    title = f" {code(report.title)}" if report.title else ""
    yield f"## {code(report.file)}{title}"
    if report.bug or report.faults:
        yield "Nothing was proved."
    elif not report.results:
        yield "None of its invariants was asked for." if report.declared else "No invariants."
    else:
        yield _table(report)


def _table(report: Report) -> str:
    rows = ["| invariant | verdict | description |", "|---|---|---|"]
    for result in report.results:
        word = verdict(result) if result.as_expected else f"**{verdict(result)}**"
        rows.append(f"| {_cell(result.name)} | {word} | {_cell(result.about)} |")
    return "\n".join(rows)


def _finding(found: Finding) -> Iterator[str]:
    mark = "error" if found.level == "error" else "expected"
    name = found.result.name if found.result else found.place
    yield f"### {mark} {found.code}: {code(name)}"
    yield block((found.message, *found.lines, *found.story))


# ---------------------------------------------------------------- code


def code(text: str) -> str:
    """The text as it is, in a span of code; nothing for no text."""
    shown = visible(text)
    if not shown:
        return ""
    marks = "`" * (_longest(shown) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{marks}{pad}{shown}{pad}{marks}"


def block(lines: Sequence[str]) -> str:
    """The lines as they are, in a block of code."""
    marks = "`" * max(3, *(_longest(line) + 1 for line in lines))
    return "\n".join((f"{marks}text", *lines, marks))


def _cell(text: str) -> str:
    return code(text).replace("|", "\\|")


def _longest(text: str) -> int:
    """How many marks of code stand together at most."""
    return max(map(len, re.findall("`+", text)), default=0)
