"""The whole story: a design, from its text to a result for every invariant.

This is the one module that joins the text room, the solver, and the core's check of what the solver found. No verdict
leaves it that the check has not accepted: a proof is checked without z3, and a counterexample is replayed.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from policy.core.codec import Writer
from policy.core.evidence import Checker, Proof, Witness
from policy.core.layout import Layout
from policy.core.model import Invariant
from policy.core.names import Vocabulary
from policy.core.values import Json
from policy.report.bug import described
from policy.report.explain import Explainer
from policy.report.outcome import Report, Result, Verdict, Violation, exit_code
from policy.report.remedy import remedies
from policy.report.searched import diagnostic
from policy.solver import Answer, Prover
from policy.text.asked import QUERY, asked
from policy.text.diagnostic import Diagnostic
from policy.text.load import Loaded, load, load_text
from policy.text.resolve import Resolved, resolve

__all__ = ["Report", "Result", "Violation", "ask", "check", "exit_code"]

REMEDY_STEPS = 100_000  # of search for each thing that is left out to see whether it would help
COLLECT_EVERY = 50_000  # objects made, net of those that went
Progress = Callable[[int, int], None]  # (invariants done, invariants to do)


def check(
    source: str | Path,
    *,
    budget: int | None = None,
    only: Collection[str] | None = None,
    progress: Progress | None = None,
    evidence: bool = False,
) -> Report:
    """Checks every invariant of a design, or those named in `only` (names that it does not have are passed over).

    A `Path` is a file. A `str` is the path of a file when it ends in `.policy`, is one line and has no `#` or `"` in
    it; any other is the text of a design. `budget` bounds the search for each invariant, in steps (None: no bound).
    With `evidence` the results have theirs, as JSON values. Never raises for anything in the design: faults and bugs of
    ours are in the report.
    """
    return _report(source, None, budget, only, progress, evidence)


def ask(claim: str, source: str | Path, *, budget: int | None = None) -> Report:
    """Checks one claim that the design does not hold: its result, by the name QUERY, is the only one of the report.
    Everything else as for `check`; faults of the claim are among those of the report."""
    report = _report(source, claim, budget, (QUERY,), None)
    return replace(report, declared=tuple(name for name in report.declared if name != QUERY))


def _report(
    source: str | Path,
    claim: str | None,
    budget: int | None,
    only: Collection[str] | None,
    progress: Progress | None,
    evidence: bool = False,
) -> Report:
    name = str(source) if is_file(source) else "<text>"
    try:
        resolved, loaded = read(source, claim)
    except Exception as error:
        return Report(name, bug=f"reading the design failed: {described(error)}")
    model = resolved.model
    name = next(iter(loaded.sources), name)
    report = Report(name, model.title, loaded.sources, resolved.faults, tuple(model.invariants))
    if resolved.faults:
        return report
    try:
        prover = Prover(model)
        if faults := searched_faults(prover, resolved, name):
            return replace(report, faults=faults)
        invariants = [i for i in model.invariants.values() if only is None or i.name in only]
        trial = Trial(prover, resolved, loaded, budget, evidence)
    except Exception as error:
        return replace(report, bug=f"the search failed: {described(error)}")
    results: list[Result] = []
    with few_collections():
        for invariant in invariants:
            results.append(trial.result(invariant))
            if progress is not None:
                progress(len(results), len(invariants))
    return replace(report, results=tuple(results))


def searched_faults(prover: Prover, resolved: Resolved, name: str) -> tuple[Diagnostic, ...]:
    """The faults of the design `name` that take a search, in order of place."""
    found = (diagnostic(fault, resolved.model, resolved.origins, name) for fault in prover.faults())
    return tuple(sorted(found, key=lambda fault: fault.place))


def refusal(checker: Checker, invariant: Invariant, answer: Answer) -> str | None:
    """None when the evidence is of the kind that the verdict needs and the check accepts it."""
    match answer.verdict, answer.evidence:
        case "violated", Witness() as witness:
            return checker.witness(invariant, witness)
        case (("proved" | "vacuous"), Proof() as proof):
            return checker.proof(invariant, proof)
        case "unknown", None:
            return None
    return "it is not of the kind that the verdict needs"


@contextmanager
def few_collections() -> Iterator[None]:
    """Looks for garbage in cycles less often: a search makes many objects that it keeps, and few cycles."""
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], COLLECT_EVERY) if before[0] else 0, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def is_file(source: str | Path) -> bool:
    """Whether the source is the path of a file rather than the text of a design."""
    return isinstance(source, Path) or (source.endswith(".policy") and not set(source) & set('\n\r#"'))


def read(source: str | Path, claim: str | None = None) -> tuple[Resolved, Loaded]:
    """The model of a design, with the faults in it; a claim that is asked is a further invariant, QUERY."""
    loaded = load(Path(source)) if is_file(source) else load_text(str(source))
    if claim is not None:
        loaded = asked(loaded, claim)
    return resolve(loaded), loaded


class Trial:
    """Answers the invariants of one model and has the answers checked."""

    def __init__(
        self, prover: Prover, resolved: Resolved, loaded: Loaded, budget: int | None, evidence: bool = False
    ) -> None:
        self.prover, self.origins, self.budget = prover, resolved.origins, budget
        layout = Layout(resolved.model)
        self.vocabulary = Vocabulary(layout) if evidence else None
        self.checker = Checker(layout)
        self.explainer = Explainer(layout, resolved.origins, loaded.sources)

    def result(self, invariant: Invariant) -> Result:
        """The verdict on the invariant, or "refused" with the reason."""
        started = perf_counter()
        verdict: Verdict
        evidence: Json = None
        try:
            verdict, note, violation, evidence = self._tried(invariant)
        except Exception as error:
            verdict, note, violation = "refused", f"the search failed: {described(error)}", None
        span = self.origins.get(("invariant", invariant.name))
        took = round((perf_counter() - started) * 1000, 1)
        return Result(invariant.name, invariant.about, span, invariant.expect, verdict, took, note, violation, evidence)

    def _tried(self, invariant: Invariant) -> tuple[Verdict, str, Violation | None, Json]:
        answer = self.prover.answer(invariant, self.budget)
        if reason := refusal(self.checker, invariant, answer):
            return "refused", f"the check refuses the evidence: {reason}", None, None
        evidence = self._written(invariant, answer)
        if not isinstance(answer.evidence, Witness):
            return answer.verdict, answer.note, None, evidence
        violation = self.explainer.violation(invariant, answer.evidence)
        if invariant.expect != "violated":
            violation = replace(violation, help=self._help(invariant, answer.evidence))
        return answer.verdict, answer.note, violation, evidence

    def _written(self, invariant: Invariant, answer: Answer) -> Json:
        """The evidence as a JSON value, where it is asked for."""
        if self.vocabulary is None or answer.evidence is None:
            return None
        return Writer(self.vocabulary, invariant).evidence(answer.evidence)

    def _help(self, invariant: Invariant, witness: Witness) -> str:
        """One thing on the path without which the invariant is proved, if there is such a thing."""
        for remedy in remedies(self.prover.model, witness):
            answer = Prover(remedy.model).answer(invariant, self._remedy_budget)
            proof = answer.evidence if answer.verdict == "proved" else None
            if isinstance(proof, Proof) and Checker(Layout(remedy.model)).proof(invariant, proof) is None:
                return remedy.sentence(self.origins, "the claim" if invariant.name == QUERY else "the invariant")
        return ""

    @property
    def _remedy_budget(self) -> int:
        return REMEDY_STEPS if self.budget is None else min(self.budget, REMEDY_STEPS)
