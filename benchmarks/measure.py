"""Takes times: of the stages of a check in this process, and of the command in a process of its own.

Times are wall-clock seconds. The stages are those of `policy.checking`: reading (parse and resolve), solving (search,
with z3), and the core's check of the evidence. Explaining a violation is in none of them.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from policy.checking import few_collections
from policy.core.evidence import Checker, Proof, Witness
from policy.core.layout import Layout
from policy.core.model import Invariant
from policy.solver import Answer, Prover
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
    """One invariant: its verdict, and the seconds that the search and the check of its evidence took."""

    name: str
    verdict: str
    solving: float
    checking: float


@dataclass(frozen=True, slots=True)
class Stages:
    """Seconds of the stages of one check; `preparing` is what the search does once for a design."""

    reading: float
    preparing: float
    trials: tuple[Trial, ...]

    @property
    def solving(self) -> float:
        """Seconds of all search."""
        return self.preparing + sum(trial.solving for trial in self.trials)

    @property
    def checking(self) -> float:
        """Seconds of all checks of evidence."""
        return sum(trial.checking for trial in self.trials)


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
    checker = Checker(Layout(resolved.model))
    invariants = resolved.model.invariants.values()
    return Stages(reading, preparing, tuple(_trial(prover, checker, invariant) for invariant in invariants))


def _trial(prover: Prover, checker: Checker, invariant: Invariant) -> Trial:
    started = perf_counter()
    answer = prover.answer(invariant)
    answered = perf_counter()
    refusal = _refusal(checker, invariant, answer)
    checked = perf_counter()
    if refusal is not None:
        raise ValueError(f"the check refuses the evidence for `{invariant.name}`: {refusal}")
    return Trial(invariant.name, answer.verdict, answered - started, checked - answered)


def _refusal(checker: Checker, invariant: Invariant, answer: Answer) -> str | None:
    match answer.evidence:
        case Proof() as proof:
            return checker.proof(invariant, proof)
        case Witness() as witness:
            return checker.witness(invariant, witness)
    return "there is none"


def runs(path: Path, times: int) -> Runs:
    """Runs `bartizan check` on the design so many times, each in a fresh process."""
    outputs = [_watched(path) for _ in range(times)]
    code, _, _ = outputs[-1]
    return Runs(tuple(took for _, took, _ in outputs), max(memory for _, _, memory in outputs), code)


def _watched(path: Path) -> tuple[int, float, int]:
    command = (sys.executable, "-c", WATCH, *CHECK, str(path))
    code, took, peak = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return int(code), float(took), int(peak) * KIBIBYTE
