"""Reports as SARIF 2.1.0, for code scanning and editors.

A result stands for something that keeps the run from passing. What is proved, or violated as expected, is told by
notifications of the invocation: services that read SARIF make an alert of every result, whatever its `kind` says.
https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policy.report import json
from policy.report.catalogue import HELP, MEANINGS
from policy.report.findings import Finding
from policy.report.outcome import ALL_WELL, FAULTY, NOT_AS_EXPECTED, REFUSED, UNKNOWN, Hop, Violation
from policy.report.run import Run
from policy.report.sentences import ends, no_hop, packet, ways
from policy.text.diagnostic import visible
from policy.text.source import Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
FINGERPRINT = "bartizanFinding/v1"
RULES: Mapping[str, int] = {code: i for i, code in enumerate(MEANINGS)}
EXITS = {
    ALL_WELL: "every invariant has the verdict that it should have",
    NOT_AS_EXPECTED: "an invariant is violated or vacuous, or is not what it says",
    FAULTY: "a fault in a design: nothing was proved about it",
    UNKNOWN: "unknown: a budget ran out",
    REFUSED: "a bug of bartizan",
}


def rendered(run: Run) -> str:
    """The log: one run, with a rule for every code that there is."""
    return json.rendered({"$schema": SCHEMA, "version": "2.1.0", "runs": [_Log(run).run()]})


def _message(*lines: str) -> dict[str, str]:
    """A message in which neither a link nor a placeholder can be made by what it quotes."""
    text = "\n".join(lines).replace("](", "] (")
    return {"text": text.replace("{", "{{").replace("}", "}}")}


def _rule(code: str, meaning: str) -> dict[str, Any]:
    return {
        "id": code,
        "shortDescription": {"text": meaning},
        "fullDescription": {"text": meaning},
        "help": {"text": HELP[code]},
        "defaultConfiguration": {"level": "error"},
    }


class _Log:
    def __init__(self, run: Run) -> None:
        self.of = run
        self.sources = {run.files.uri(name): source for name, source in run.sources.items()}
        self.uris = list(self.sources)

    def run(self) -> dict[str, Any]:
        rules = [_rule(code, meaning) for code, meaning in MEANINGS.items()]
        told = enumerate(self.of.findings)
        return {
            "tool": {"driver": {"name": "bartizan", "version": self.of.version, "rules": rules}},
            "invocations": [self._invocation()],
            "originalUriBaseIds": {ROOT: {"description": {"text": "the root of the files that were checked"}}},
            "columnKind": "unicodeCodePoints",
            "artifacts": self._artifacts(),
            "results": [self._result(f, self.of.fingerprints[i]) for i, f in told if f.level == "error"],
        }

    def _invocation(self) -> dict[str, Any]:
        code = self.of.exit_code
        return {
            "executionSuccessful": code != REFUSED,
            "exitCode": code,
            "exitCodeDescription": EXITS[code],
            "toolExecutionNotifications": [self._note(f) for f in self.of.findings if f.level != "error"],
        }

    def _note(self, found: Finding) -> dict[str, Any]:
        note = {"level": "note", "message": _message(found.message), "locations": [self._at(found.file, found.span)]}
        return {**note, "associatedRule": _reference(found.code)} if found.code else note

    def _artifacts(self) -> list[dict[str, Any]]:
        return [
            {"location": self._file(source.name), "encoding": "utf-8", "hashes": {"sha-256": source.sha256}}
            for source in self.sources.values()
        ]

    # -------------------------------------------------------- places

    def _file(self, name: str) -> dict[str, Any]:
        uri = self.of.files.uri(name)
        base = {"uriBaseId": ROOT} if self.of.files.relative(name) is not None else {}
        index = {"index": self.uris.index(uri)} if uri in self.uris else {}
        return {"uri": uri, **base, **index}

    def _at(self, file: str, span: Span | None, **more: Any) -> dict[str, Any]:
        region = {"region": _region(span)} if span else {}
        return {"physicalLocation": {"artifactLocation": self._file(file), **region}, **more}

    # -------------------------------------------------------- results

    def _result(self, found: Finding, fingerprint: str) -> dict[str, Any]:
        result = found.result
        names = [{"fullyQualifiedName": visible(result.name), "kind": "invariant"}] if result else []
        return {
            "ruleId": found.code,
            "ruleIndex": RULES[found.code],
            "level": "error",
            "message": self._told(found),
            "locations": [self._at(found.file, found.span, logicalLocations=names)],
            "relatedLocations": self._related(found),
            **self._flow(found),
            "partialFingerprints": {FINGERPRINT: fingerprint},
            **({"properties": {"expected": result.expected, "verdict": result.verdict}} if result else {}),
        }

    def _told(self, found: Finding) -> dict[str, str]:
        point = [found.point] if found.point else []
        return _message(found.message, *point, *(line.removeprefix("   ") for line in found.story))

    def _related(self, found: Finding) -> list[dict[str, Any]]:
        places = list(found.fault.notes) if found.fault else []
        if found.result and found.result.violation:
            places += [(told.words, span) for told in found.result.violation.facts for span in told.spans]
        if found.result and found.span != found.result.span is not None:
            places.append((f"invariant `{found.result.name}`", found.result.span))
        told = dict.fromkeys((visible(text), span) for text, span in places)
        return [self._at(s.file, s, id=i, message=_message(text)) for i, (text, s) in enumerate(told, 1)]

    def _flow(self, found: Finding) -> dict[str, Any]:
        violation = found.result.violation if found.result else None
        if violation is None or violation.start is None:
            return {}
        flow = {"locations": self._hops(violation, found)}
        return {"codeFlows": [{"message": _message(f"the {violation.noun}"), "threadFlows": [flow]}]}

    def _hops(self, violation: Violation, found: Finding) -> list[dict[str, Any]]:
        """A location for every hop, at the first rule on its way, and one below it for every other rule."""
        if not violation.steps and violation.start is not None:
            return [{"location": self._at(found.file, found.span, message=_message(no_hop(violation.start)))}]
        return [place for i, hop in enumerate(violation.steps, 1) for place in self._hop(i, hop, found)]

    def _hop(self, number: int, hop: Hop, found: Finding) -> list[dict[str, Any]]:
        through = ways(hop)
        spans = [(way, span) for way, span in through if span is not None]
        text = f"{number} {ends(hop)} {packet(hop)}: {', '.join(way for way, _ in through)}"
        first = self._at(spans[0][1].file, spans[0][1]) if spans else self._at(found.file, found.span)
        others = [self._at(span.file, span, message=_message(f"{number} {way}")) for way, span in spans[1:]]
        return [
            {"location": {**first, "message": _message(text)}, "nestingLevel": 0, "importance": "essential"},
            *({"location": other, "nestingLevel": 1} for other in others),
        ]


def _reference(code: str) -> dict[str, Any]:
    return {"id": code, "index": RULES[code]}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
