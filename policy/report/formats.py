"""All formats of `bartizan check` by name: each makes a text of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from policy.report import concise, github, gitlab, json, jsonl, junit, markdown, sarif, text
from policy.report.run import Run


def _text(run: Run) -> str:
    return text.rendered(run.reports, run.look)


def _json(run: Run) -> str:
    return json.rendered(json.document(run.reports, run.version))


FORMATS: Mapping[str, Callable[[Run], str]] = {
    "text": _text,
    "concise": concise.rendered,
    "json": _json,
    "jsonl": jsonl.rendered,
    "sarif": sarif.rendered,
    "junit": junit.rendered,
    "github": github.rendered,
    "gitlab": gitlab.rendered,
    "markdown": markdown.rendered,
}
