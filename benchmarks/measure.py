"""Takes times: of the stages of a check in this process, and of the command in a process of its own.

Times are wall-clock seconds. The stages are those of `policy.checking`: reading (parse and resolve), solving (search,
with z3), writing the evidence as the text of a file, reading it again, and the core's check of what was read.
Explaining a violation is in none of them, nor is the disk.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import perf_counter

from policy.checking import few_collections
from policy.core.codec import Reader, Writer
from policy.core.evidence import Checker, Proof
from policy.core.layout import Layout
from policy.core.model import Invariant
from policy.core.names import Vocabulary
from policy.report.evidence import decoded
from policy.solver import Prover
from policy.text.load import load
from policy.text.resolve import Resolved, resolve

ROOT = Path(__file__).parents[1]
CHECK = (sys.executable, "-m", "policy.cli", "check")
KIBIBYTE = 1 if sys.platform == "darwin" else 1024  # the unit of a process's peak memory, in bytes
# Started between us and the command: a process counts as its peak what the one that started it held.
WATCH = """
import resource, subprocess, sys, time
started = time.perf_counter()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(code, time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@dataclass(frozen=True, slots=True)
class Trial:
    """One invariant: its verdict, the seconds that the search took, and those that writing, reading and checking its
    evidence took; `size` is that of the evidence, in characters."""

    name: str
    verdict: str
    solving: float
    writing: float
    reading: float
    checking: float
    size: int


@dataclass(frozen=True, slots=True)
class Stages:
    """Seconds of the stages of one check; `preparing` is what the search does once for a design, `indexing` what the
    check does."""

    reading: float
    preparing: float
    indexing: float
    trials: tuple[Trial, ...]

    @property
    def solving(self) -> float:
        """Seconds of all search."""
        return self.preparing + sum(trial.solving for trial in self.trials)

    @property
    def producing(self) -> float:
        """Seconds in which all evidence is written."""
        return sum(trial.writing for trial in self.trials)

    @property
    def checking(self) -> float:
        """Seconds in which all evidence is read and checked."""
        return self.indexing + sum(trial.reading + trial.checking for trial in self.trials)

    @property
    def size(self) -> int:
        """The characters of all evidence."""
        return sum(trial.size for trial in self.trials)


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of the command on one design: seconds of each, the peak of their memory in bytes, the last exit code."""

    seconds: tuple[float, ...]
    memory: int
    code: int

    @property
    def best(self) -> float:
        """Seconds of the fastest."""
        return min(self.seconds)

    @property
    def median(self) -> float:
        """Seconds of the one in the middle."""
        return median(self.seconds)


def read(path: Path) -> tuple[float, Resolved]:
    """Seconds to parse and resolve a design, and its model. A design with faults is an error."""
    started = perf_counter()
    resolved = resolve(load(path))
    took = perf_counter() - started
    if resolved.faults:
        raise ValueError(f"{path} has faults: {resolved.faults[0].message}")
    return took, resolved


def stages(path: Path) -> Stages:
    """The stages of a check, with nothing remembered from an earlier one."""
    reading, resolved = read(path)
    with few_collections():
        return _solved(reading, resolved)


def _solved(reading: float, resolved: Resolved) -> Stages:
    started = perf_counter()
    prover = Prover(resolved.model)
    if prover.faults():
        raise ValueError("the search found faults in the design")
    preparing = perf_counter() - started
    started = perf_counter()
    layout = Layout(resolved.model)
    checker, vocabulary = Checker(layout), Vocabulary(layout)
    indexing = perf_counter() - started
    invariants = resolved.model.invariants.values()
    trials = tuple(_trial(prover, checker, vocabulary, invariant) for invariant in invariants)
    return Stages(reading, preparing, indexing, trials)


def _trial(prover: Prover, checker: Checker, vocabulary: Vocabulary, invariant: Invariant) -> Trial:
    started = perf_counter()
    answer = prover.answer(invariant)
    answered = perf_counter()
    if answer.evidence is None:
        raise ValueError(f"there is no evidence for `{invariant.name}`")
    text = json.dumps(Writer(vocabulary, invariant).evidence(answer.evidence), indent=1)
    written = perf_counter()
    reader, value = Reader(vocabulary, invariant), decoded(text.encode())
    evidence = reader.proof(value) if isinstance(answer.evidence, Proof) else reader.witness(value)
    read_again = perf_counter()
    check = checker.proof if isinstance(answer.evidence, Proof) else checker.witness
    refusal = check(invariant, evidence)
    checked = perf_counter()
    if refusal is not None:
        raise ValueError(f"the check refuses the evidence for `{invariant.name}`: {refusal}")
    times = (started, answered, written, read_again, checked)
    spans = (later - earlier for earlier, later in pairwise(times))
    return Trial(invariant.name, answer.verdict, *spans, len(text))


def runs(path: Path, times: int) -> Runs:
    """Runs `bartizan check` on the design so many times, each in a fresh process."""
    outputs = [_watched(path) for _ in range(times)]
    code, _, _ = outputs[-1]
    return Runs(tuple(took for _, took, _ in outputs), max(memory for _, _, memory in outputs), code)


def _watched(path: Path) -> tuple[int, float, int]:
    command = (sys.executable, "-c", WATCH, *CHECK, str(path))
    code, took, peak = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return int(code), float(took), int(peak) * KIBIBYTE
