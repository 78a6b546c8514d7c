"""`python -m benchmarks`, from the root of the repository: measures bartizan and prints tables; asserts nothing.

(a) the large distributed architecture of BizTalk Server, (b) a generated campus, (c) a long list of rules, (d) what
options cost. Generating a design counts nowhere. A quiet machine gives steady figures; `best` is the least disturbed.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import z3
from tabulate import tabulate

from benchmarks.campus import Size, campus
from benchmarks.families import idle_options, long_list, telling_options
from benchmarks.measure import ROOT, Stages, read, runs, stages

BIZTALK = ROOT / "specs" / "biztalk" / "large_distributed.policy"
SMALL = Size(zones=40, firewalls=50, rules=2000, hosts=200)
RULES = 10_000
FEW, MANY = 6, 60  # options
Row = Sequence[str]


def main() -> None:
    """Measures what the arguments ask for."""
    wanted = arguments()
    parts = {"a": biztalk, "b": large, "c": rules, "d": options}
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for part in wanted.parts:
            for table in parts[part](Path(folder), wanted):
                print(f"\n{table}", flush=True)


def arguments() -> argparse.Namespace:
    """The arguments of the process."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures bartizan.")
    parser.add_argument("parts", nargs="*", default=["a", "b", "c", "d"], help="a, b, c, d; all where none is named")
    parser.add_argument("--each", action="store_true", help="every invariant of the campus by itself, too")
    parser.add_argument("--small", action="store_true", help="a fifth of the campus, for a quick look")
    parser.add_argument("--times", type=int, default=5, metavar="N", help="how often to measure (the campus: once)")
    wanted = parser.parse_args()
    if wanted.times < 1 or not {*wanted.parts} <= {*"abcd"}:
        parser.error("the parts are a, b, c, d; --times is at least 1")
    return wanted


def machine() -> str:
    """What the figures were taken on."""
    versions = f"Python {platform.python_version()}, z3 {z3.get_version_string()}"
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, {versions}"


# ---------------------------------------------------------------- the parts


def biztalk(_: Path, wanted: argparse.Namespace) -> Iterator[str]:
    """(a) The command as a whole, and where its time goes."""
    whole = runs(BIZTALK, wanted.times)
    best = min((stages(BIZTALK) for _ in range(wanted.times)), key=lambda s: s.reading + s.solving + s.checking)
    rows = [
        ("whole process, best", _seconds(whole.best)),
        ("whole process, median", _seconds(whole.median)),
        *_stage_rows(best),
        ("peak memory", _mebibytes(whole.memory)),
    ]
    yield _table(f"(a) specs/biztalk/large_distributed.policy, {len(best.trials)} invariants", rows)


def large(folder: Path, wanted: argparse.Namespace) -> Iterator[str]:
    """(b) The campus, and with `--each` every invariant of it."""
    size = SMALL if wanted.small else Size()
    path = _written(folder, "campus", campus(size))
    whole, found = runs(path, 1), stages(path)
    rows = [("whole process", _seconds(whole.best)), *_stage_rows(found), ("peak memory", _mebibytes(whole.memory))]
    shape = f"{size.zones} zones, {size.firewalls} firewalls, {size.rules} rules, {size.hosts} hosts"
    yield _table(f"(b) campus: {shape}, {len(found.trials)} invariants", rows)
    if wanted.each:
        each = [
            (t.name, t.verdict.upper(), _seconds(t.solving), _seconds(t.writing), _seconds(t.reading + t.checking))
            for t in found.trials
        ]
        yield _table("(b) each invariant", each, ("invariant", "verdict", "solving", "writing", "checking"))


def rules(folder: Path, wanted: argparse.Namespace) -> Iterator[str]:
    """(c) Reading a long list of rules."""
    path = _written(folder, "rules", long_list(RULES))
    best = min(read(path)[0] for _ in range(wanted.times))
    yield _table(f"(c) one firewall with {RULES} rules", [("parse and resolve, best", _seconds(best))])


def options(folder: Path, wanted: argparse.Namespace) -> Iterator[str]:
    """(d) Solving with few and with many options, and how many times as long the many take."""
    families = (
        ("that do not matter", idle_options),
        ("that matter to one conjunct each", telling_options),
    )
    rows = [_family(folder, name, design, wanted.times) for name, design in families]
    yield _table("(d) independent options", rows, ("options", f"{FEW}", f"{MANY}", "ratio"))


def _family(folder: Path, name: str, design: Callable[[int], str], times: int) -> Row:
    few, many = (
        min(stages(path).solving for _ in range(times))
        for path in (_written(folder, f"{design.__name__}_{count}", design(count)) for count in (FEW, MANY))
    )
    return name, _seconds(few), _seconds(many), f"{many / few:.1f}"


# ---------------------------------------------------------------- how it looks


def _stage_rows(found: Stages) -> list[Row]:
    return [
        ("parse and resolve", _seconds(found.reading)),
        ("solving", _seconds(found.solving)),
        ("writing the evidence", _seconds(found.producing)),
        ("reading and checking it", _seconds(found.checking)),
        ("both, of solving", f"{(found.producing + found.checking) / found.solving:.1%}"),
        ("size of the evidence", f"{found.size / 1024:.0f} KiB"),
    ]


def _written(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.policy"
    path.write_text(text, encoding="utf-8")
    return path


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 10 else f"{seconds:.3f} s"


def _mebibytes(number: int) -> str:
    return f"{number / 2**20:.0f} MiB"


def _table(title: str, rows: Sequence[Row], heads: Row = ()) -> str:
    sides = ["right" if cell[:1].isdigit() else "left" for cell in rows[0]]
    form = "simple" if heads else "plain"
    return f"{title}\n\n" + tabulate(rows, heads, form, disable_numparse=True, colalign=sides)


if __name__ == "__main__":
    main()
