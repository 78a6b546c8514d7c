"""Evidence files: for one invariant of one design, the verdict with its proof or witness, as JSON (`docs/evidence.md`).

A file is bound to the text of its design by the SHA-256 of every file that was read for it, and to its invariant by
name. It holds no time and no path of the machine that it was made on: the same design gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal

from policy.core.values import Json, MalformedError, items, known, record, refuse, shortened, text
from policy.report.outcome import Report, Result
from policy.text.source import Source

FORMAT = 1  # raised when a checker of the files would have to change
SUFFIX = ".json"
LARGEST = 1 << 28  # bytes that a file may have
LONGEST = 80  # characters of a name that a file or folder is named after
KINDS = {"proved": "proof", "vacuous": "proof", "violated": "witness"}  # of evidence, by verdict

Verdict = Literal["proved", "violated", "vacuous"]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The files of a design, the main one first: names, from the folder of the main one, and their SHA-256."""

    files: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, sources: Mapping[str, Source]) -> Fingerprint:
        """That of a design that was read."""
        folder = str(PurePath(next(iter(sources), "")).parent)
        return cls(tuple((_from(folder, name), source.sha256) for name, source in sources.items()))

    @property
    def name(self) -> str:
        """The name of the main file."""
        return self.files[0][0] if self.files else ""

    @property
    def sha256(self) -> str:
        """The SHA-256 of the SHA-256s of all files, each in hexadecimal on a line of its own."""
        return hashlib.sha256("".join(f"{digest}\n" for _, digest in self.files).encode("ascii")).hexdigest()

    def difference(self, other: Fingerprint) -> str:
        """What is not the same in the other one."""
        if self.name != other.name:
            return f"it is evidence for `{shortened(self.name)}`"
        there = dict(other.files)
        changed = [name for name, digest in self.files if there.get(name) != digest]
        named = ", ".join(f"`{shortened(name)}`" for name in changed[:3]) or "what it includes"
        return f"{named} {'have' if len(changed) > 1 else 'has'} changed since it was made"


def _from(folder: str, name: str) -> str:
    return PurePath(os.path.relpath(name, folder)).as_posix()


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """What a file says: for which text of which design and for which invariant it is, the verdict, and the evidence as
    a JSON value that `policy.core.codec` reads. `version` is that of the tool that wrote it."""

    version: str
    design: Fingerprint
    invariant: str
    verdict: Verdict
    body: Json


# ---------------------------------------------------------------- writing


def files(reports: Sequence[Report], version: str) -> Iterator[tuple[str, str]]:
    """(path within the folder for evidence, content) of a file for every result that has evidence."""
    for report, folder in zip(reports, folders(reports), strict=True):
        fingerprint = Fingerprint.of(report.sources)
        for result in report.results:
            if result.evidence is not None:
                yield f"{folder}/{safe(result.name)}{SUFFIX}", rendered(fingerprint, result, version)


def rendered(design: Fingerprint, result: Result, version: str) -> str:
    """The text of the file about a result that has evidence: ASCII only."""
    tree = {
        "tool": "bartizan",
        "version": version,
        "document": "evidence",
        "format": FORMAT,
        "design": {
            "sha256": design.sha256,
            "files": [{"file": name, "sha256": digest} for name, digest in design.files],
        },
        "invariant": result.name,
        "verdict": result.verdict,
        KINDS[result.verdict]: result.evidence,
    }
    return json.dumps(tree, indent=1, ensure_ascii=True) + "\n"


def folders(reports: Sequence[Report]) -> list[str]:
    """A folder for every design: named after its file; designs of one name are told apart by their texts."""
    names = [safe(PurePath(report.file).stem) for report in reports]
    counts = Counter(names)
    digests = [Fingerprint.of(report.sources).sha256[:12] for report in reports]
    return [name if counts[name] == 1 else f"{name}-{digest}" for name, digest in zip(names, digests, strict=True)]


def safe(name: str) -> str:
    """A name that every file system can bear, and that no other name gets, even where case does not matter."""
    plain = re.sub(r"[^a-z0-9_]", "_", name.lower())[:LONGEST]
    reserved = re.fullmatch(r"con|prn|aux|nul|com\d|lpt\d", plain)
    if plain == name and plain and not reserved:
        return name
    return f"{plain}-{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:12]}"


# ---------------------------------------------------------------- reading


def parsed(data: bytes) -> EvidenceFile:
    """What the bytes of a file say. Raises MalformedError."""
    tree = decoded(data)
    kind = "witness" if isinstance(tree, dict) and "witness" in tree else "proof"
    keys = ("tool", "version", "document", "format", "design", "invariant", "verdict", kind)
    tool, version, document, form, design, invariant, verdict, body = record(tree, "", *keys)
    if (tool, document) != ("bartizan", "evidence") or type(form) is not int:
        refuse("", "it is no evidence of bartizan")
    if form != FORMAT:
        refuse("format", f"it is of format {shortened(str(form))}, and this is a checker of format {FORMAT}")
    told = known(verdict, "verdict", {word: word for word, needs in KINDS.items() if needs == kind}, f"{kind} of")
    return EvidenceFile(text(version, "version"), _design(design), text(invariant, "invariant"), told, body)  # type: ignore[arg-type]


def _design(value: Json) -> Fingerprint:
    digest, rows = record(value, "design", "sha256", "files")
    found = []
    for row, where in items(rows, "design.files"):
        name, sha256 = record(row, where, "file", "sha256")
        if not re.fullmatch(r"[0-9a-f]{64}", text(sha256, where)):
            refuse(where, "64 hexadecimal digits are expected")
        found.append((text(name, where), sha256))
    fingerprint = Fingerprint(tuple(found))
    if digest != fingerprint.sha256:
        refuse("design.sha256", "it is not that of the files")
    return fingerprint


def decoded(data: bytes) -> Json:
    """The JSON value that the bytes are. Raises MalformedError."""
    if len(data) > LARGEST:
        refuse("", f"it has more than {LARGEST} bytes")
    try:
        strict = {"object_pairs_hook": _once, "parse_constant": _no_number, "parse_float": _no_number}
        return json.loads(data.decode("utf-8"), **strict)  # type: ignore[arg-type]
    except UnicodeDecodeError as error:
        refuse("", f"it is not UTF-8 text: byte {error.start + 1}")
    except json.JSONDecodeError as error:
        refuse("", f"it is not JSON: {error.msg[:1].lower()}{error.msg[1:]}, line {error.lineno} column {error.colno}")
    except RecursionError:
        refuse("", "it is nested too deeply")
    except MalformedError:
        raise
    except ValueError:
        refuse("", "it has a number that is too large")


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            refuse("", f"`{shortened(key)}` is there twice in one object")
        found[key] = value
    return found


def _no_number(written: str) -> Any:
    refuse("", f"`{shortened(written)}` is no whole number")
