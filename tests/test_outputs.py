"""Formats of `check` as a user asks for them: what is printed, what is written, and the one exit code."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import junitparser
import pytest
from click.testing import CliRunner, Result
from report.readers import SARIF, command
from report.runs import NAMES

from policy.cli import commands
from policy.solver import Answer, Prover

ROOT = Path(__file__).parents[1]
GOOD = """design "Grüße"
service s = tcp 1
domain d { host h }
domain e { host g listens s }
firewall F joins d, e { allow d -> e : s }
invariant reaches: d can reach e
"""
BAD = GOOD.replace("reaches:", "reaches expect vacuous:").replace("d can", "e can")
FAULTY = GOOD.replace("can reach e", "can reach f")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working directory, on no build machine."""
    for name in ("GITHUB_WORKSPACE", "GITHUB_STEP_SUMMARY", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    for name, text in (("good", GOOD), ("bad", BAD), ("faulty", FAULTY)):
        Path(f"{name}.policy").write_text(text, encoding="utf-8")
    yield tmp_path
    assert not list(tmp_path.glob(".*")), "a draft is left over"


def check(*args: str) -> Result:
    """`bartizan check` in this process."""
    return CliRunner().invoke(commands, ["check", *args], catch_exceptions=False)


def timeless(text: str) -> str:
    """The text without what differs from run to run."""
    return re.sub(r' *\d+ ms|"milliseconds": [\d.]+|time="[\d.]+"', "", text)


# ---------------------------------------------------------------- one run


@pytest.mark.parametrize("form", NAMES)
def test_every_format_has_the_same_exit_code(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All well, a wrong verdict, faults, unknown, refused: whatever the format, and nothing on standard error."""
    flawed = str(ROOT / "tests" / "report" / "flawed.policy")
    runs = (["good.policy"], ["bad.policy"], ["faulty.policy"], [flawed, "--only", "quiet", "--budget", "1"])
    for code, args in enumerate(runs):
        found = check(*args, "--format", form)
        assert (found.exit_code, found.stderr) == (code, "")
        assert found.stdout.endswith("\n")
    monkeypatch.setattr(Prover, "answer", lambda *_: Answer("proved"))
    assert check("good.policy", "--format", form).exit_code == 4


def test_a_file_has_what_would_be_printed(place: Path) -> None:
    """All formats at once, each in a file of its own, of one run; what is printed is the text."""
    args = [arg for form in NAMES for arg in ("--format", f"{form}=out.{form}")]
    found = check("good.policy", "bad.policy", *args)
    assert found.exit_code == 1
    assert "checked 2 files" in found.stdout
    for form in NAMES:
        written = (place / f"out.{form}").read_text(encoding="utf-8")
        assert timeless(written) == timeless(check("good.policy", "bad.policy", "--format", form).stdout)


def test_one_format_is_printed(place: Path) -> None:
    """Text unless another one is, wherever it stands among those that are written."""
    assert check("good.policy").stdout.startswith("good.policy  Grüße")
    assert check("good.policy", "--format", "concise=a", "--format", "junit=b").stdout.startswith("good.policy  Grüße")
    found = check("good.policy", "--format", "junit=b", "--format", "concise", "--format", "text=t")
    assert found.stdout == "good.policy:6:11: ok: invariant `reaches` is proved\n"
    assert (place / "t").read_text(encoding="utf-8").startswith("good.policy  Grüße")


def test_a_file_is_no_terminal(place: Path) -> None:
    """Colour is for what is printed."""
    found = check("bad.policy", "--color", "always", "--format", "text=t")
    assert "\x1b[" in found.stdout
    assert "\x1b" not in (place / "t").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["sarf"], "`sarf` is unknown; did you mean `sarif`?"),
        (["xml=a.xml"], "`xml` is unknown; there are text, concise, json"),
        (["json", "text"], "of `json` and `text` only one can be printed"),
        (["json", "json"], "only one can be printed"),
        (["json="], "a file is missing; `json` alone goes to standard output"),
        (["json=-"], "a file is missing"),
        (["json=a", "text=./a"], "`a` is named more than once"),
        (["json=no/such/place"], "`no/such/place` cannot be written: its directory does not exist"),
        (["json=."], "`.` cannot be written: it is a directory"),
        (["json=" + "x" * 300], "cannot be written: file name too long"),
    ],
)
def test_wrong_usage(args: list[str], words: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is told before anything is proved; nothing is printed or written."""
    monkeypatch.setattr(Prover, "__init__", None)
    before = set(place.iterdir())
    found = check("good.policy", *(arg for form in args for arg in ("--format", form)))
    assert (found.exit_code, found.stdout) == (2, "")
    assert words in found.stderr
    assert set(place.iterdir()) == before


def test_the_help_names_every_format() -> None:
    """It is written by hand, so that it costs nothing."""
    told = check("--help").stdout
    assert re.findall(r"^    (\w+) {2,}\S", told[told.index("Formats:") : told.index("Options:")], re.M) == list(NAMES)


# ---------------------------------------------------------------- files


def test_files_are_whole_or_not_at_all(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one cannot be written no other one is changed, nothing is printed, and the error says which."""
    (place / "first").write_text("old", encoding="utf-8")
    (place / "full").mkdir()
    real = tempfile.mkstemp

    def failing(*args: Any, **options: Any) -> Any:
        if Path(options["dir"]).name == "full":
            raise OSError(28, "No space left on device")
        return real(*args, **options)

    monkeypatch.setattr(tempfile, "mkstemp", failing)
    found = check("good.policy", "--format", "json=first", "--format", "sarif=full/second")
    assert (found.exit_code, found.stdout) == (2, "")
    assert found.stderr == "Error: `full/second` cannot be written: no space left on device\n"
    assert (place / "first").read_text(encoding="utf-8") == "old"


def test_no_design_is_written_over(place: Path) -> None:
    """Not one that was checked, nor one that it includes, under whatever name."""
    (place / "whole.policy").write_text('include "good.policy"\n', encoding="utf-8")
    (place / "link").symlink_to("good.policy")
    found = check("whole.policy", "--format", "text=link")
    assert (found.exit_code, found.stdout) == (2, "")
    assert "`link` is a design that was read" in found.stderr
    assert (place / "good.policy").read_text(encoding="utf-8") == GOOD


def test_modes_and_links_stay(place: Path) -> None:
    """A file keeps its mode, a new one has that of any new file, and a link leads to the same file as before."""
    (place / "old").write_text("old", encoding="utf-8")
    (place / "old").chmod(0o640)
    (place / "link").symlink_to("old")
    (place / "plain").write_text("", encoding="utf-8")
    check("good.policy", "--format", "json=link", "--format", "concise=new")
    assert (place / "link").is_symlink()
    assert json.loads((place / "old").read_text(encoding="utf-8"))["exit_code"] == 0
    assert stat.S_IMODE((place / "old").stat().st_mode) == 0o640
    assert (place / "new").stat().st_mode == (place / "plain").stat().st_mode


def test_a_device_stays_one(place: Path) -> None:
    """What is no file is written to, not replaced."""
    os.mkfifo(place / "pipe")
    reader = subprocess.Popen(["cat", "pipe"], stdout=subprocess.PIPE)
    assert check("good.policy", "--format", "concise=pipe", "--format", f"json={os.devnull}").exit_code == 0
    assert reader.communicate(timeout=30)[0].decode() == "good.policy:6:11: ok: invariant `reaches` is proved\n"
    assert stat.S_ISFIFO((place / "pipe").stat().st_mode)
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


# ---------------------------------------------------------------- build machines


def test_github_gets_a_summary(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Appended to what is there, whether annotations are printed or written; no other format has one."""
    summary = place / "summary"
    summary.write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    check("bad.policy", "--format", "markdown")
    assert summary.read_text(encoding="utf-8") == "before\n"
    found = check("bad.policy", "--format", "github")
    markdown = check("bad.policy", "--format", "markdown").stdout
    assert summary.read_text(encoding="utf-8") == f"before\n{markdown}"
    assert command(found.stdout.split("\n")[0]) is not None
    check("bad.policy", "--format", "github=file")
    assert summary.read_text(encoding="utf-8") == f"before\n{markdown}{markdown}"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(place / "no" / "summary"))
    found = check("bad.policy", "--format", "github")
    assert (found.exit_code, found.stdout) == (2, "")
    assert "summary` cannot be written" in found.stderr


@pytest.mark.parametrize("variable", ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"])
def test_names_count_from_the_workspace(variable: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the run is in a directory of it; a workspace that the run is not in does not matter."""
    (place / "sub").mkdir()
    monkeypatch.chdir(place / "sub")
    for root, name in ((place, "bad.policy"), (place / "elsewhere", str(place / "bad.policy"))):
        monkeypatch.setenv(variable, str(root))
        issue = json.loads(check("../bad.policy", "--format", "gitlab").stdout)[0]
        assert issue["location"]["path"] == name
        annotation = command(check("../bad.policy", "--format", "github").stdout.split("\n")[0])
        assert annotation is not None
        assert annotation[1]["file"] == name


def test_gitlab_has_its_fields() -> None:
    """Those that GitLab documents, of the types and among the values that it knows."""
    found = json.loads(check("bad.policy", "faulty.policy", "good.policy", "--format", "gitlab").stdout)
    assert len(found) == 2
    for issue in found:
        assert issue.keys() == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert (type(issue["location"]["path"]), type(issue["location"]["lines"]["begin"])) == (str, int)
        assert not issue["location"]["path"].startswith(("/", "./"))
    assert len({issue["fingerprint"] for issue in found}) == len(found)
    assert json.loads(check("good.policy", "--format", "gitlab").stdout) == []


# ---------------------------------------------------------------- hostile designs


TITLE = "\\x1b]0;x\\x07 ##[add-mask]x </failure> [a](http://evil.example) | `b` {0} %0A ::error::x \u202e"


@pytest.mark.parametrize("args", [["show"], ["rules"], ["fmt", "--check"], ["show", "--format", "json"]])
def test_other_commands_print_no_commands(args: list[str], place: Path) -> None:
    """To build machines, from the name of a file or a title."""
    name = "::error file=x::y##[add-mask]z.policy"
    (place / name).write_text(GOOD.replace("Grüße", TITLE).replace("service s", "service   s"), encoding="utf-8")
    found = CliRunner().invoke(commands, [*args, name], catch_exceptions=False)
    assert found.exit_code in (0, 1)
    assert found.stdout
    assert [line for line in (found.stdout + found.stderr).split("\n") if command(line)] == []


@pytest.mark.parametrize(
    "name",
    ["a b:c,d%.policy", "::error file=x::y.policy", "ü\n::add-mask::x\n.policy", "<b>`|&'\".policy", "\udcff.policy"],
)
def test_a_hostile_design_has_no_say(name: str, place: Path) -> None:
    """Neither its name nor its texts: read in a process of its own, from the disk."""
    title = TITLE.replace("\\x1b", "\x1b").replace("\\x07", "\x07")
    text = BAD.replace('"Grüße"', f'"{title}"').replace("reaches ", f'reaches "{title}" ')
    (place / "designs").mkdir()
    with open(os.fsencode(f"designs/{name}"), "w", encoding="utf-8") as file:  # noqa: PTH123 - also not in UTF-8
        file.write(text)
    formats = [arg for form in NAMES for arg in ("--format", f"{form}=out.{form}")]
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = subprocess.run(
        [sys.executable, "-m", "policy.cli", "check", "designs", *formats],
        env=surroundings, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert (found.returncode, found.stderr) == (1, b"")
    told = {form: (place / f"out.{form}").read_text(encoding="utf-8") for form in NAMES}
    assert timeless(found.stdout.decode()) == timeless(told["text"])
    for form, text in told.items():
        assert all(char.isprintable() for char in text.replace("\n", ""))
        lines = [line for line in text.split("\n") if command(line)]
        assert len(lines) == (1 if form == "github" else 0)
    SARIF.validate(json.loads(told["sarif"]))
    assert Xml.fromstring(told["junit"]).find("testsuite/testcase/failure") is not None
    assert junitparser.JUnitXml.fromstring(told["junit"].encode()).failures == 1
    assert told["concise"].count("\n") == 1
    assert len(told["jsonl"].splitlines()) == 3
