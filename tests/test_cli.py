"""The command as a user meets it: exit codes, streams, files, and bad surroundings."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

import policy
from policy.cli import commands, main
from policy.report.json import schema
from policy.report.survey import Surveyor
from policy.solver import Answer, Prover

ROOT = Path(__file__).parents[1]
FLAWED = ROOT / "tests" / "report" / "flawed.policy"

GOOD = """design "Grüße"
service s = tcp 1
domain d { host h }
domain e { host g listens s }
firewall F joins d, e { allow d -> e : s }
invariant reaches: d can reach e
"""
BAD = GOOD.replace("reaches:", "reaches expect violated:")
FAULTY = GOOD.replace("can reach e", "can reach f")
MESSY = GOOD.replace("service s =", "service   s  =  ")


def run(*args: str | Path, text: str | None = None) -> Result:
    """The command in this process."""
    return CliRunner().invoke(commands, [str(arg) for arg in args], input=text, catch_exceptions=False)


def process(*args: str | Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own."""
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
    command = [sys.executable, "-m", "policy.cli", *map(str, args)]
    return subprocess.run(command, env=surroundings, capture_output=True, timeout=120, check=False)


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Writes a design under the temporary directory."""

    def written(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
        return path

    return written


# ---------------------------------------------------------------- start


def test_help_and_version_load_no_room() -> None:
    """Neither z3 nor lark nor any of our rooms is loaded to print the help or the version."""
    code = (
        "import sys\nfrom policy.cli import commands\n"
        "try: commands.main(sys.argv[1:], prog_name='bartizan')\n"
        "finally: print({m.split('.')[0] for m in sys.modules} & {'z3', 'lark', 'tabulate'},"
        " [m for m in sys.modules if m.startswith('policy.') and not m.startswith('policy.cli')], file=sys.stderr)"
    )
    for args in (["--help"], ["--version"], *([name, "--help"] for name in commands.commands)):
        command = [sys.executable, "-c", code, *args]
        found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert found.returncode == 0
        assert found.stderr.strip() == "set() []"


def test_the_version_is_the_one_of_the_package() -> None:
    """The command, the package and its metadata agree."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert run("--version").output == f"bartizan {project['version']}\n"
    assert policy.__version__ == project["version"]


def test_help_teaches() -> None:
    """Exit codes and an example are in the help of every command."""
    for command in commands.commands:
        told = run(command, "--help").output
        assert "Exit codes:" in told
        assert f"bartizan {command} " in told


# ---------------------------------------------------------------- exit codes


def test_exit_codes(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """0 for what is as it should be, 1 for a wrong verdict, 2 for faults, 3 for unknown, 4 for refused evidence."""
    good, bad, faulty = write("good.policy", GOOD), write("bad.policy", BAD), write("faulty.policy", FAULTY)
    assert run("check", good).exit_code == 0
    assert run("check", bad).exit_code == 1
    assert run("check", faulty).exit_code == 2
    assert run("check", FLAWED, "--only", "quiet", "--budget", "1").exit_code == 3
    assert run("check", bad, faulty).exit_code == 2
    monkeypatch.setattr(Prover, "answer", lambda *_: Answer("proved"))
    assert run("check", good).exit_code == 4
    assert run("check", good, faulty).exit_code == 4


@pytest.mark.parametrize(
    "args",
    [
        ["check", "missing.policy"],
        ["check", "x" * 5000],
        ["check", "--budget", "0", str(FLAWED)],
        ["check", "--format", "xml", str(FLAWED)],
        ["check", "--only", "quite", str(FLAWED)],
        ["show", "--world", "proxy=nobody", str(FLAWED)],
        ["fmt", "missing.policy"],
        ["prove"],
    ],
)
def test_wrong_usage(args: list[str]) -> None:
    """Is told on standard error, in words, with 2; standard output stays empty."""
    found = run(*args)
    assert found.exit_code == 2
    assert found.stdout == ""
    assert "Error: " in found.stderr
    assert "Traceback" not in found.stderr


def test_a_near_name_is_offered() -> None:
    """For an invariant that is not there, the nearest that is."""
    assert "did you mean `quiet`?" in run("check", "--only", "quite", FLAWED).stderr


# ---------------------------------------------------------------- what is printed


def test_json_is_all_that_is_printed(write: Any) -> None:
    """Also where a design has faults: one valid document on standard output, which tells the exit code."""
    for path, code in ((write("g.policy", GOOD), 0), (write("b.policy", BAD), 1), (write("f.policy", FAULTY), 2)):
        for command in ("check", "show"):
            found = run(command, path, "--format", "json")
            tree = json.loads(found.stdout)
            jsonschema.Draft202012Validator(schema()).validate(tree)
            expected = code if command == "check" or code == 2 else 0
            assert (found.exit_code, tree["exit_code"]) == (expected, expected)
            assert found.stderr == ""


def test_all_faults_of_a_run_come_first_in_order(write: Any) -> None:
    """Sorted by place, and a fault in an included file once, however many include it."""
    write("shared.policy", "domain d { host h is nothing }\n")
    first = write("a.policy", 'include "shared.policy"\ninvariant i: h in nowhere\n')
    second = write("b.policy", 'include "shared.policy"\n')
    told = run("check", second, first).stdout
    assert told.count("shared.policy:1:22") == 1
    assert told.index("a.policy:2") < told.index("shared.policy:1:22")
    assert told.endswith("checked 2 files: 2 files not proved for faults\n")


def test_colour_is_asked_for(write: Any) -> None:
    """A pipe gets none unless --color always says so."""
    path = write("a.policy", BAD)
    assert "\x1b" not in run("check", path).stdout
    assert "\x1b[" in process("check", path, "--color", "always").stdout.decode()
    assert b"\x1b" not in process("check", path, env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout


@pytest.mark.parametrize("env", [{"LC_ALL": "C", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "ascii"}])
def test_any_locale_will_do(write: Any, env: dict[str, str]) -> None:
    """Output is UTF-8 whatever the locale says."""
    path = write("grüße.policy", GOOD)
    for command in (["check"], ["show"], ["fmt", "--diff"]):
        found = process(*command, path, env={**env, "PYTHONCOERCECLOCALE": "0"})
        assert b"Traceback" not in found.stderr
        assert found.returncode in (0, 1)
    assert "Grüße" in process("check", path, env=env).stdout.decode("utf-8")


def test_a_reader_may_stop_reading(write: Any) -> None:
    """A closed pipe is no error, and does not change the exit code."""
    path = write("b.policy", BAD)
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "policy.cli", "check", str(path)]
    found = subprocess.run(command, cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (found.returncode, found.stderr) == (1, b"")


def test_an_interrupt_is_told_and_no_traceback() -> None:
    """Ctrl-C ends the command with 130."""
    running = subprocess.Popen(
        [sys.executable, "-m", "policy.cli", "fmt", "-"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    time.sleep(3)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert (running.returncode, out, err.decode().split()) == (130, b"", ["interrupted"])


def test_a_bug_of_ours_is_no_traceback(write: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """Whatever fails, in any command, ends with 4 and a plea to report it."""

    def fail(_: object) -> None:
        raise KeyError("lost")

    monkeypatch.setattr(sys, "argv", ["bartizan", "show", str(write("a.policy", GOOD))])
    monkeypatch.setattr(Surveyor, "tables", fail)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 4
    assert "please report it" in capsys.readouterr().err


# ---------------------------------------------------------------- which files


def test_a_directory_means_its_designs(write: Any, tmp_path: Path) -> None:
    """At any depth, sorted, each once; a part that another file includes is left out when it proves nothing itself."""
    write("two.policy", GOOD)
    write("sub/one.policy", 'include "../parts/zones.policy"\ninvariant i: h in d\n')
    write("parts/zones.policy", "domain d { host h is k }\nkind k\n")
    write("notes.txt", "no design")
    found = run("check", tmp_path, tmp_path / "two.policy", "--format", "json")
    names = [design["file"] for design in json.loads(found.stdout)["designs"]]
    assert names == [str(tmp_path / "sub" / "one.policy"), str(tmp_path / "two.policy")]
    named = run("check", tmp_path / "parts" / "zones.policy", "--format", "json")
    assert len(json.loads(named.stdout)["designs"]) == 1


def test_an_incomplete_part_makes_no_noise(write: Any, tmp_path: Path) -> None:
    """A part that makes no sense without the file that includes it is checked there; its real faults show there."""
    write("whole.policy", 'include "part.policy"\nkind k\n')
    part = write("part.policy", "domain d { host h is k }\ninvariant i: h is k\n")
    assert run("check", tmp_path).exit_code == 0
    part.write_text("domain d { host h is kk }\ninvariant i: h is k\n", encoding="utf-8")
    assert run("check", tmp_path).exit_code == 2


def test_a_part_that_is_a_design_is_checked_by_itself(write: Any, tmp_path: Path) -> None:
    """Being included does not hide a violated invariant of a complete design."""
    write("whole.policy", 'include "part.policy"\n')
    write("part.policy", BAD)
    found = run("check", tmp_path, "--format", "json")
    assert len(json.loads(found.stdout)["designs"]) == 2
    assert found.exit_code == 1


def test_a_circle_of_includes_is_not_left_out(write: Any, tmp_path: Path) -> None:
    """Files that include each other are parts of no whole: their fault is told."""
    write("a.policy", 'include "b.policy"\n')
    write("b.policy", 'include "a.policy"\n')
    found = run("check", tmp_path)
    assert found.exit_code == 2
    assert "error[E005]" in found.stdout


def test_without_a_path_specs_are_taken(write: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`specs/` of the working directory; without it the user is told what to do."""
    monkeypatch.chdir(tmp_path)
    assert "name a .policy file or a directory" in run("check").stderr
    (tmp_path / "specs").mkdir()
    assert "no .policy file in `specs`" in run("check").stderr
    write("specs/a.policy", GOOD)
    assert "specs/a.policy" in run("check").stdout.replace(os.sep, "/")


# ---------------------------------------------------------------- show


def test_show_prints_tables_or_faults(write: Any) -> None:
    """The tables of a good design; the faults of a bad one, with 2."""
    told = run("show", write("a.policy", GOOD))
    assert told.exit_code == 0
    assert re.search(r"^d +e +s$", told.stdout, re.M)
    assert run("show", write("f.policy", FAULTY)).exit_code == 2
    decided = run("show", FLAWED, "--world", "proxy=outer", "--world", "soap=true")
    assert "where proxy=outer and soap=true" in decided.stdout


# ---------------------------------------------------------------- fmt


def test_fmt_rewrites_in_place_once(write: Any) -> None:
    """A second run changes nothing; the verdicts stay; the file keeps its mode."""
    path = write("a.policy", MESSY)
    path.chmod(0o640)
    assert run("fmt", "--check", path).exit_code == 1
    assert path.read_text(encoding="utf-8") == MESSY
    assert run("fmt", path).exit_code == 0
    assert path.read_text(encoding="utf-8") != MESSY
    assert path.stat().st_mode & 0o777 == 0o640
    assert run("fmt", "--check", path).exit_code == 0
    assert run("check", path).exit_code == 0
    assert [p.name for p in path.parent.iterdir()] == ["a.policy"]


def test_fmt_shows_what_would_change(write: Any) -> None:
    """As a unified diff, with 1, and the file stays as it is; nothing and 0 where it is well laid out."""
    path = write("a.policy", MESSY)
    found = run("fmt", "--diff", path)
    assert found.exit_code == 1
    assert "-service   s  =   tcp 1" in found.stdout
    assert "+service s = tcp 1" in found.stdout
    assert path.read_text(encoding="utf-8") == MESSY
    run("fmt", path)
    found = run("fmt", "--diff", path)
    assert (found.exit_code, found.stdout) == (0, "")


def test_fmt_is_a_filter(write: Any) -> None:
    """`-` reads standard input and writes standard output what it would write into a file."""
    path = write("a.policy", MESSY)
    run("fmt", path)
    assert run("fmt", "-", text=MESSY).stdout == path.read_text(encoding="utf-8")


def test_fmt_leaves_faulty_files_alone(write: Any) -> None:
    """With a fault in the text of one file no file is changed; the fault is told on standard error."""
    good, broken = write("a.policy", MESSY), write("b.policy", "domain { host h }\n")
    found = run("fmt", good, broken)
    assert (found.exit_code, found.stdout) == (2, "")
    assert "error[E001]" in found.stderr
    assert good.read_text(encoding="utf-8") == MESSY
    assert run("fmt", "-", text="domain {\n").exit_code == 2


def test_fmt_asks_only_for_syntax(write: Any) -> None:
    """Unknown names, and includes that are missing, are no reason not to lay a text out."""
    path = write("a.policy", 'include   "missing.policy"\ninvariant i:  x in y\n')
    assert run("fmt", path).exit_code == 0
    assert path.read_text(encoding="utf-8").startswith('include "missing.policy"\n')


def test_fmt_follows_links(write: Any, tmp_path: Path) -> None:
    """A symbolic link stays one; the file that it points to is rewritten."""
    path = write("a.policy", MESSY)
    link = tmp_path / "link.policy"
    link.symlink_to(path)
    assert run("fmt", link).exit_code == 0
    assert link.is_symlink()
    assert path.read_text(encoding="utf-8") != MESSY


def test_standard_input_is_named() -> None:
    """`-` means standard input to fmt alone; the others say how to name it, and can read it so."""
    for command in ("check", "show"):
        refused = run(command, "-")
        assert refused.exit_code == 2
        assert "no file or directory `-`; standard input is /dev/stdin" in refused.output
    read = subprocess.run(
        [sys.executable, "-m", "policy.cli", "check", "/dev/stdin"],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, input=GOOD.encode(), capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert read.returncode == 0
