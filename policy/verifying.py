"""Evidence files about a design, checked again: with the parser and the core alone, without any search.

The hall beside `policy.checking`. Nothing here, nor anything that it imports, knows the solver; what is believed is
`policy.core.evidence`, and `policy.core.codec` for reading. Evidence is taken to come from anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from policy.core.codec import MalformedError, Reader
from policy.core.evidence import Checker
from policy.core.layout import Layout
from policy.core.model import Invariant, Model
from policy.core.names import Vocabulary
from policy.report.bug import described
from policy.report.evidence import LARGEST, SUFFIX, EvidenceFile, Fingerprint, parsed
from policy.report.verification import Finding, Verification
from policy.text.load import load, read_file
from policy.text.resolve import resolve

__all__ = ["Verification", "verify"]


def verify(design: Path, evidence: Path) -> Verification:
    """Checks the evidence in a file, or in the files of a directory and of its folders, for the invariants of a design.

    Of a directory every invariant must have evidence; a single file is asked about its own invariant only. Never raises
    for anything that is in the files.
    """
    loaded = load(design)
    resolved = resolve(loaded)
    model, name = resolved.model, next(iter(loaded.sources), str(design))
    if resolved.faults:
        return Verification(name, model.title, loaded.sources, resolved.faults)
    verifier = Verifier(model, Fingerprint.of(loaded.sources))
    whole = evidence.is_dir()
    findings = verifier.findings(sorted(_files(evidence)) if whole else [evidence], whole)
    asked = {finding.invariant for finding in findings}
    unasked = tuple(name for name in model.invariants if name not in asked)
    return Verification(name, model.title, loaded.sources, (), findings, unasked, verifier.others)


def _files(folder: Path) -> Iterator[Path]:
    for pattern in (f"*{SUFFIX}", f"*/*{SUFFIX}"):
        yield from (path for path in folder.glob(pattern) if path.is_file())


class Verifier:
    """Checks evidence files about one design; what was worked out for one serves the next."""

    def __init__(self, model: Model, fingerprint: Fingerprint) -> None:
        self.model, self.fingerprint, self.others = model, fingerprint, 0
        layout = Layout(model)
        self.checker, self.vocabulary = Checker(layout), Vocabulary(layout)

    def findings(self, paths: Iterable[Path], whole: bool) -> tuple[Finding, ...]:
        """One for every file that is about the design or cannot be read, then (`whole`) one for every invariant that
        is left; in the order of the invariants."""
        found: list[Finding] = []
        stale: list[tuple[str, EvidenceFile]] = []
        for path in paths:
            try:
                told = parsed(_bytes(path))
            except MalformedError as error:
                found.append(Finding("malformed", file=str(path), reason=str(error)))
                continue
            if told.design.sha256 == self.fingerprint.sha256:
                found.append(self.finding(str(path), told))
            else:
                stale.append((str(path), told))
        found += self._stale(stale, {finding.invariant for finding in found}, whole)
        asked = {finding.invariant for finding in found}
        left = [i for i in self.model.invariants.values() if whole and i.name not in asked]
        found += [Finding("missing", i.name, i.expect) for i in left]
        order = {name: i for i, name in enumerate(self.model.invariants)}
        return tuple(sorted(found, key=lambda f: (order.get(f.invariant, len(order)), f.file)))

    def _stale(self, files: Iterable[tuple[str, EvidenceFile]], fresh: set[str], whole: bool) -> Iterator[Finding]:
        """Those about other texts of the design for whose invariants there is nothing better; of a directory, files
        about other designs are passed over."""
        for path, told in files:
            ours = told.design.name == self.fingerprint.name and told.invariant in self.model.invariants
            if whole and (not ours or told.invariant in fresh):
                self.others += 1
                continue
            invariant = self.model.invariants.get(told.invariant)
            expected = invariant.expect if invariant else None
            reason = told.design.difference(self.fingerprint)
            yield Finding("stale", told.invariant, expected, told.verdict, path, reason)

    def finding(self, path: str, told: EvidenceFile) -> Finding:
        """What comes of checking the evidence in a file, which is about this text of the design."""
        invariant = self.model.invariants.get(told.invariant)
        if invariant is None:
            return Finding("malformed", file=path, reason="it is about an invariant that the design does not have")
        about = invariant.name, invariant.expect, told.verdict, path
        try:
            refusal = self._refusal(invariant, told)
        except MalformedError as error:
            return Finding("malformed", *about, str(error))
        except Exception as error:
            return Finding("refused", *about, f"the check fails on it: {described(error)}")
        return Finding("verified", *about) if refusal is None else Finding("refused", *about, refusal)

    def _refusal(self, invariant: Invariant, told: EvidenceFile) -> str | None:
        reader = Reader(self.vocabulary, invariant)
        if told.verdict == "violated":
            return self.checker.witness(invariant, reader.witness(told.body))
        return self.checker.proof(invariant, reader.proof(told.body))


def _bytes(path: Path) -> bytes:
    """The bytes of a file. Raises MalformedError."""
    try:
        if path.stat().st_size > LARGEST:
            raise MalformedError(f"it has more than {LARGEST} bytes")
        return read_file(path)
    except OSError as error:
        raise MalformedError(f"it cannot be read: {(error.strerror or str(error)).lower()}") from None
