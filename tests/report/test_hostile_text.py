"""Whatever is in the texts and names of a design, every format stays well-formed and says nothing but what it should.

The reports here are real ones in which all that may come from a design, a file name or an error message has been
replaced by hostile text. The readers are independent of what wrote the text: parsers of JSON and XML, a parser of
Markdown, and one of workflow commands that takes for a command whatever the runner of GitHub Actions would.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any
from xml.etree import ElementTree as Xml

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from report.readers import SARIF, assert_shape, command
from report.runs import NAMES, broken, checked, everything, faulty, odd, run

from policy.report import github, markdown
from policy.report import json as document
from policy.report.findings import Finding
from policy.report.formats import FORMATS
from policy.report.outcome import Report
from policy.report.run import Run
from policy.report.sentences import summary
from policy.text.diagnostic import visible
from policy.text.source import Source

NASTY = (
    "\x1b[31m", "\x1b]8;;http://evil.example\x07", "\r\n::error file=x::y", "\n::set-output name=a::b",
    "::stop-commands::t", " ::add-mask::x", "##[add-mask]x", "##[",
    "##vso[task.x]y", "##teamcity[x]", "](http://evil.example)", "[a](1)",
    "![i](http://evil.example)", "<script>", "</failure>", "]]>", "<!--", "&amp;", "&#10;", "|", "\\|", "\\", "`",
    "```", "``` \n# x", "~~~", "\n\n# x\n", "- x", "> x", "{0}", "{{", "%0A", "%25", "%", ",line=9", ":", "::", "=",
    "\u202e", "\u200b", "\u2028", "\ufeff", "\ufffe", "\uffff", "\x00", "\x7f", "\x85", "\ud800", "\U0001f3f0",
    "@everyone", "#1", "http://evil.example", "$(id)", "'", '"', "\t", " ", "", "<https://evil.example>", "**x**",
    "$x$", "e\u0301", "../../x", "C:\\x", "x" * 95 + " ::error::x",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=[]), max_size=6), max_size=4).map(
    "".join
)
OURS = {"verdict", "expected", "sort", "by", "protocol", "noun", "code"}  # fields that no design has a say in
EFFECTS = ("bypassed", "compromised")


def poisoned(value: Any, text: Callable[[], str]) -> Any:
    """The value with hostile text for every string in it that is not ours."""
    if isinstance(value, str):
        return text() if value and value not in EFFECTS else value
    if isinstance(value, Source):
        return Source.of(text(), text() + "\n" + text())
    if isinstance(value, tuple):
        return tuple(poisoned(item, text) for item in value)
    if isinstance(value, dict):
        return {text(): poisoned(item, text) for item in value.values()}
    if is_dataclass(value):
        names = [item.name for item in fields(value) if item.name not in OURS]
        return replace(value, **{name: poisoned(getattr(value, name), text) for name in names})  # type: ignore[type-var]
    return value


@st.composite
def runs(draw: st.DrawFn) -> tuple[Run, Run]:
    """A run that is harmless, and the same with hostile text."""
    report = draw(st.sampled_from((checked("small.policy"), checked("flawed.policy"), faulty(), odd(), broken())))
    pool = draw(st.lists(TEXTS, min_size=1, max_size=5))
    count = iter(range(1_000_000))
    hostile = poisoned(report, lambda: pool[next(count) % len(pool)] or "x")  # what is told must not become empty
    verbose = draw(st.booleans())
    return run([report], verbose=verbose), run([hostile], verbose=verbose)


def each(text: str) -> tuple[Run, Run]:
    """A run with every outcome that is harmless, and the same with that text everywhere."""
    return run(everything()), run([poisoned(report, lambda: text) for report in everything()])


# ---------------------------------------------------------------- what must hold


def assert_plain(text: str) -> None:
    """No character but line feeds that a terminal, an editor or a parser could take for anything but itself."""
    for char in set(text) - {"\n", " "}:
        assert char.isprintable(), repr(char)
        assert unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp"), repr(char)


@pytest.mark.parametrize("text", [text for text in NASTY if text])
def test_each_nasty_text(text: str) -> None:
    """Everywhere at once, in every format."""
    pair = each(text)
    for form in NAMES:
        assert_harmless(pair[1], form)
    assert_annotations(pair[1])
    assert_no_markup(pair)


@given(runs(), st.sampled_from(NAMES))
def test_no_format_lets_anything_through(pair: tuple[Run, Run], form: str) -> None:
    """No control character, and no command to a build machine but those that the format for one is made of."""
    assert_harmless(pair[1], form)


def assert_harmless(hostile: Run, form: str) -> None:
    text = FORMATS[form](hostile)
    assert text.endswith("\n")
    assert_plain(text)
    if form != "github":
        assert [line for line in text.split("\n") if command(line)] == []


@given(runs())
def test_lines_are_findings(pair: tuple[Run, Run]) -> None:
    """Nothing adds a line to the formats that have one for each."""
    harmless, hostile = pair
    assert hostile.findings
    for form in ("concise", "jsonl", "github"):
        assert FORMATS[form](hostile).count("\n") == FORMATS[form](harmless).count("\n")
    assert FORMATS["concise"](hostile).count("\n") == len(hostile.findings)


@given(runs())
def test_annotations_are_those_that_were_meant(pair: tuple[Run, Run]) -> None:
    """Read back, each is an error or a notice with the file, the title and the message of its finding."""
    assert_annotations(pair[1])


def assert_annotations(hostile: Run) -> None:
    *lines, last = FORMATS["github"](hostile).removesuffix("\n").split("\n")
    assert last == summary(hostile.reports)
    found = [command(line) for line in lines]
    told = [f for level in ("error", "note") for f in hostile.findings if f.level == level]
    assert len(found) == len(told)
    for read, finding in zip(found, told, strict=True):
        assert read is not None
        name, properties, message = read
        assert name == {"error": "error", "note": "notice"}[finding.level]
        assert properties.keys() <= {"file", "line", "col", "endLine", "endColumn", "title"}
        assert properties["file"] == visible(hostile.files.name(finding.file))
        assert properties["title"].split(" ")[0] == finding.code
        assert message.split("\n")[0] == finding.message
        assert len(message.split("\n")) == len([finding.message, *more(finding)])


def more(finding: Finding) -> list[str]:
    """The lines that an error has besides."""
    return [line for line in (finding.point, *finding.story) if line and finding.level == "error"]


@given(runs())
def test_documents_are_well_formed(pair: tuple[Run, Run]) -> None:
    """JSON that obeys its schema, XML of the right shape, with as much in them as without the hostile text."""
    harmless, hostile = pair
    jsonschema.Draft202012Validator(document.schema()).validate(json.loads(FORMATS["json"](hostile)))
    lines = jsonschema.Draft202012Validator(document.line_schema())
    for line in FORMATS["jsonl"](hostile).splitlines():
        lines.validate(json.loads(line))
    SARIF.validate(json.loads(FORMATS["sarif"](hostile)))
    roots = [Xml.fromstring(FORMATS["junit"](one)) for one in (harmless, hostile)]
    assert_shape(roots[1])
    assert [element.tag for element in roots[0].iter()] == [element.tag for element in roots[1].iter()]


@given(runs())
def test_messages_of_sarif_have_no_links(pair: tuple[Run, Run]) -> None:
    """No embedded link, and no placeholder: braces only in pairs."""
    for text in texts(json.loads(FORMATS["sarif"](pair[1]))):
        assert "](" not in text
        assert not re.search(r"[{}]", text.replace("{{", "").replace("}}", ""))


def texts(tree: Any) -> list[str]:
    """The texts of all messages."""
    if isinstance(tree, list):
        return [text for item in tree for text in texts(item)]
    if not isinstance(tree, dict):
        return []
    own = [tree["text"]] if isinstance(tree.get("text"), str) else []
    return own + [text for item in tree.values() for text in texts(item)]


# ---------------------------------------------------------------- markdown


def skeleton(text: str) -> list[tuple[str, str]]:
    """Everything in a Markdown text but what is in spans and blocks of code."""
    found: list[tuple[str, str]] = []
    for token in MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text):
        found.append((token.type, token.tag))
        for child in token.children or ():
            found.append((child.type, child.content if child.type != "code_inline" else ""))
    return found


@given(runs())
@example((run(everything()), run(everything())))
def test_text_is_no_markup(pair: tuple[Run, Run]) -> None:
    """Hostile text changes nothing outside of code: no link, no HTML, no heading, no cell more or less."""
    assert_no_markup(pair)


def assert_no_markup(pair: tuple[Run, Run]) -> None:
    harmless, hostile = (skeleton(markdown.rendered(one)) for one in pair)
    assert sorted(harmless) == sorted(hostile)  # the order of faults is that of the names of files
    assert {kind for kind, _ in hostile} <= {
        "heading_open", "heading_close", "paragraph_open", "paragraph_close", "inline", "text", "code_inline", "fence",
        "table_open", "table_close", "thead_open", "thead_close", "tbody_open", "tbody_close", "tr_open", "tr_close",
        "th_open", "th_close", "td_open", "td_close", "strong_open", "strong_close",
    }  # fmt: skip


@given(TEXTS)
def test_code_is_the_text_itself(text: str) -> None:
    """A reader sees what was written, with what cannot be seen made visible."""
    shown = visible(text)
    (inline,) = [t for t in MarkdownIt().parse(f"x {markdown.code(text)} x") if t.type == "inline"]
    spans = [child.content for child in inline.children or () if child.type == "code_inline"]
    assert [span.strip() for span in spans] == [shown.strip()] * bool(shown)


def test_a_summary_fits() -> None:
    """What is too long for GitHub loses its counterexamples, then its tables, never its verdict."""
    whole = github.job_summary(run(everything()))
    lengths = [len(whole.encode()), len(whole.encode()) - 1, 4000, 300, 0]
    found = [github.job_summary(run(everything()), github.LONGEST_SUMMARY - length) for length in lengths]
    assert found[0] == whole
    assert [len(text.encode()) <= length for text, length in zip(found, lengths, strict=True)] == [True] * 4 + [False]
    assert "Counterexamples" not in whole
    assert "too long" in found[1]
    assert "| `behind_both` |" in found[1]
    assert all(summary(everything()) in text for text in found)


# ---------------------------------------------------------------- file names


@pytest.mark.parametrize("name", ["::error::x.policy", " ::error::x.policy", "\t::add-mask::x"])
def test_a_line_cannot_begin_as_a_command(name: str) -> None:
    """Also where it begins with the name of a file, or is the rest of a line that was too long."""
    report = replace(checked("small.policy"), file=name)
    for form in ("text", "concise"):
        lines = FORMATS[form](run([report, replace(broken(), file=name)])).split("\n")
        assert [command(line) for line in lines if command(line)] == []
        assert any(line.lstrip().startswith("\\x3a:") for line in lines)


def test_all_kinds_of_text_are_made_hostile() -> None:
    """Else the tests above would test nothing: no string of a design is left as it was, and ours are."""
    count = iter(range(1_000_000))
    hostile = [poisoned(report, lambda: f"<{next(count)}>") for report in everything()]

    def strings(value: Any) -> Sequence[str]:
        if isinstance(value, str):
            return [value]
        if isinstance(value, (tuple, list)):
            return [text for item in value for text in strings(item)]
        if is_dataclass(value) and not isinstance(value, Source):
            return [t for item in fields(value) if item.name not in OURS for t in strings(getattr(value, item.name))]
        return []

    assert all(re.fullmatch(r"<\d+>|", text) or text in EFFECTS for text in strings(hostile))
    assert [bool(text) for text in strings(hostile)] == [bool(text) for text in strings(everything())]
    assert sum(map(bool, strings(hostile))) > 300
    assert all(isinstance(report, Report) for report in hostile)
