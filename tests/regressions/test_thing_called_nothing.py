"""A firewall called `nothing` is not taken for the state in which nothing is left to pass: evidence that is written can
be read, and is accepted."""

from pathlib import Path

from policy import __version__
from policy.checking import check
from policy.report.evidence import files
from policy.verifying import verify

DESIGN = """
service s = tcp 80
domain a
domain b { host h listens s }
domain c { host x listens s }
firewall nothing joins a, b { allow a -> h : s }
invariant i1: some path from a to h passes nothing
invariant i2: every path from a to h passes nothing
invariant i3: not some path from b to h passes nothing then nothing
invariant i4: not some path from a to x passes nothing and (nothing then nothing)
"""


def test_thing_called_nothing(tmp_path: Path) -> None:
    """All four are proved, and verified from the files."""
    design = tmp_path / "named.policy"
    design.write_text(DESIGN, encoding="utf-8")
    report = check(design, evidence=True)
    assert {result.verdict for result in report.results} == {"proved"}
    (tmp_path / "named").mkdir()
    for name, content in files([report], __version__):
        (tmp_path / name).write_text(content, encoding="utf-8")
    assert [finding.outcome for finding in verify(design, tmp_path / "named").findings] == ["verified"] * 4
