"""Reports as GitLab's Code Quality reads them: a JSON list of what is wrong or expected to be.

https://docs.gitlab.com/ci/testing/code_quality/ names the fields. Proofs have no place in it.
"""

from __future__ import annotations

from typing import Any

from policy.report import json
from policy.report.findings import Finding
from policy.report.run import Run
from policy.report.sentences import trail
from policy.text.diagnostic import visible

SEVERITIES = {"V001": "critical", "V002": "major", "V003": "minor", "V004": "major", "V005": "blocker"}


def rendered(run: Run) -> str:
    """The list, one issue for each finding that is no proof."""
    told = enumerate(run.findings)
    return json.rendered([_issue(run, found, run.fingerprints[i]) for i, found in told if found.level != "pass"])


def _issue(run: Run, found: Finding, fingerprint: str) -> dict[str, Any]:
    violation = found.result.violation if found.result else None
    way = trail(violation) if violation else ""
    return {
        "description": found.message + (f": {way}" if way else ""),
        "check_name": found.code,
        "fingerprint": fingerprint,
        "severity": SEVERITIES.get(found.code, "blocker") if found.level == "error" else "info",
        "location": {
            "path": visible(run.files.name(found.file)),
            "lines": {"begin": found.span.line if found.span else 1},
        },
    }
