"""SARIF: it obeys the official schema, its places are right, and its fingerprints stay."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from report.readers import SARIF
from report.runs import HERE, broken, checked, everything, faulty, odd, run

from policy.checking import check
from policy.report.catalogue import HELP, MEANINGS
from policy.report.files import Files
from policy.report.outcome import Report
from policy.report.sarif import FINGERPRINT, rendered
from policy.report.sentences import ends, packet
from policy.text.source import Source


def log(*reports: Report, here: str = str(HERE)) -> Any:
    """The run of the log as a reader gets it, which is valid."""
    tree = json.loads(rendered(run(reports, here)))
    SARIF.validate(tree)
    return tree["runs"][0]


def by_name(found: Any) -> dict[str, Any]:
    """The results of a log by the names of their invariants."""
    return {r["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]: r for r in found["results"]}


def test_the_schema_is_the_official_one() -> None:
    """The package that brings it has not changed it: these are the values in sarif-2.1/schema/sarif-schema-2.1.0.json
    of the repository of the OASIS committee, with errata 01, whatever the white space between them."""
    digest = hashlib.sha256(json.dumps(SARIF.schema, sort_keys=True).encode()).hexdigest()
    assert digest == "2fecfc36ae845e591f92814e8df9e999f3b1b586b0fbabc96fc2d3fb8bfa19fb"
    assert not SARIF.is_valid({"version": "2.1.0", "runs": [{}]})


def test_every_outcome_is_told() -> None:
    """What keeps the run from passing is a result; all else is a note, since readers make an alert of every result."""
    found = log(*everything())
    invariants = [result for report in everything() for result in report.results]
    wrong = [result for result in invariants if result.code]
    faults = sum(len(report.faults) for report in everything())
    assert len(found["results"]) == len(wrong) + faults + 1
    assert {result["level"] for result in found["results"]} == {"error"}
    assert {result.get("kind", "fail") for result in found["results"]} == {"fail"}
    invocation = found["invocations"][0]
    assert len(invocation["toolExecutionNotifications"]) == len(invariants) - len(wrong)
    told = [note["message"]["text"] for note in invocation["toolExecutionNotifications"]]
    assert "invariant `quiet` is violated, as expected" in told
    assert (invocation["exitCode"], invocation["executionSuccessful"]) == (4, False)


@pytest.mark.parametrize(("report", "code"), [(faulty(), 2), (odd(), 4), (broken(), 4), (checked("small.policy"), 1)])
def test_the_exit_code_is_told(report: Report, code: int) -> None:
    """The tool did its work unless it was its own fault: a design with faults is a result like others."""
    invocation = log(report)["invocations"][0]
    assert (invocation["exitCode"], invocation["executionSuccessful"]) == (code, code != 4)


def test_every_code_is_a_rule_with_help() -> None:
    """Each in the place that results name."""
    assert MEANINGS.keys() == HELP.keys()
    found = log(*everything())
    rules = found["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(MEANINGS)
    assert all(len(rule["help"]["text"]) > 10 and rule["help"]["text"].endswith(".") for rule in rules)
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in found["results"])
    notes = found["invocations"][0]["toolExecutionNotifications"]
    references = [note["associatedRule"] for note in notes if "associatedRule" in note]
    assert references
    assert all(rules[reference["index"]]["id"] == reference["id"] for reference in references)


def located(place: Any) -> str:
    """The text of a region of a file beside this one."""
    at = place["physicalLocation"]
    lines = (HERE / unquote(at["artifactLocation"]["uri"])).read_text(encoding="utf-8").split("\n")
    region = at["region"]
    assert region["startLine"] == region["endLine"]
    return lines[region["startLine"] - 1][region["startColumn"] - 1 : region["endColumn"] - 1]


def test_places_are_those_of_the_text() -> None:
    """A region is the culprit, a related place the invariant or what its facts point at."""
    results = by_name(log(checked("flawed.policy")))
    assert located(results["no_rdp"]["locations"][0]) == "perimeter can reach services on rdp"
    assert [located(place) for place in results["no_rdp"]["relatedLocations"]] == ["no_rdp"]
    assert located(results["nothing"]["locations"][0]) == "nothing"
    related = results["accounts"]["relatedLocations"]
    assert [place["id"] for place in related] == [1, 2]
    assert located(related[0]) == "account services"


def test_columns_count_characters() -> None:
    """A character outside the basic plane is one column, as the log says."""
    report = check('option a\ninvariant i "\U0001f3f0": a\n')
    found = log(report)
    assert found["columnKind"] == "unicodeCodePoints"
    region = found["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert (region["startLine"], region["startColumn"], region["endColumn"]) == (2, 18, 19)


def test_a_path_is_a_code_flow() -> None:
    """One thread with a location for every hop, at the first rule on the way; further rules are nested below it."""
    found = by_name(log(checked("flawed.policy")))
    seen = 0
    for result in checked("flawed.policy").results:
        violation = result.violation
        if result.as_expected or violation is None:
            continue
        if violation.start is None:
            assert "codeFlows" not in found[result.name]
            continue
        (flow,) = found[result.name]["codeFlows"]
        (thread,) = flow["threadFlows"]
        hops = [place for place in thread["locations"] if place["nestingLevel"] == 0]
        told = [place["location"]["message"]["text"] for place in hops]
        assert len(told) == len(violation.steps)
        for i, (text, hop) in enumerate(zip(told, violation.steps, strict=True), 1):
            assert text.startswith(f"{i} {ends(hop)} {packet(hop)}: ")
        seen += 1
    assert seen > 5
    thread = found["in_order"]["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [located(place["location"]).split(":")[0].split(" ")[0] for place in thread] == [
        "web", "temporary", "link", "allow",
    ]  # fmt: skip


def test_a_path_of_no_step_and_one_without_rules_are_flows() -> None:
    """They are located where the claim is."""
    report = check(
        "service s = tcp 1\ndomain d { host a  host b listens s }\n"
        "invariant i: no path from a to d\ninvariant j: no path from a to b\n"
    )
    first, second = (result["codeFlows"][0]["threadFlows"][0]["locations"] for result in log(report)["results"])
    assert "none is needed: a is at both ends" in first[0]["location"]["message"]["text"]
    assert second[0]["location"]["message"]["text"] == "1 a -> b tcp 1: same zone"
    assert [places[0]["location"]["physicalLocation"]["region"]["startLine"] for places in (first, second)] == [3, 4]


# ---------------------------------------------------------------- files


def test_files_have_their_digests() -> None:
    """All files that were read, each once, also where several designs include it; places refer to them."""
    found = log(checked("small.policy"), checked("flawed.policy"), checked("small.policy"))
    names = [artifact["location"]["uri"] for artifact in found["artifacts"]]
    assert names == ["small.policy", "flawed.policy"]
    for artifact in found["artifacts"]:
        data = (HERE / artifact["location"]["uri"]).read_bytes()
        assert artifact["hashes"]["sha-256"] == hashlib.sha256(data).hexdigest()
    for result in found["results"]:
        at = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert (names[at["index"]], at["uriBaseId"]) == (at["uri"], "%SRCROOT%")


def test_a_file_elsewhere_has_a_file_uri() -> None:
    """And no base; a file that was never read has no index either."""
    elsewhere = replace(broken(), file="/else where/ä.policy")
    at = log(elsewhere, here="/work")["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert at == {"uri": "file:///else%20where/%C3%A4.policy"}


SPECIAL = st.sampled_from(" :?#%&;=+@[]\\<>|'\".")
CHARACTERS = SPECIAL | st.characters(exclude_characters="/\0", exclude_categories=["Cs"])
PARTS = st.text(CHARACTERS, min_size=1, max_size=8)
NAMES = st.lists(PARTS.filter(lambda part: part not in (".", "..")), min_size=1, max_size=3).map("/".join)


@given(NAMES, NAMES)
@example("root", "c:b")
@example("a b", "a?b#c")
def test_a_uri_names_its_file(directory: str, name: str) -> None:
    """Whatever is in the name: resolved against the root it is the file, and none of it is taken for something else."""
    root = "/" + directory
    for file, relative in ((name, True), (f"{root}/{name}", True), (f"/elsewhere\x01/{name}", False)):
        uri = Files(root, root).uri(file)
        assert uri.isascii()
        whole = urlsplit(urljoin(f"file://{quote(root)}/", uri))
        expected = f"{root}/{name}" if relative else file
        assert (whole.scheme, whole.netloc, unquote(whole.path), whole.query, whole.fragment) == (
            "file", "", expected, "", "",
        )  # fmt: skip
        assert uri.startswith("file:///") is not relative


def test_a_name_without_an_encoding_has_a_uri() -> None:
    """Bytes of a file name that are not UTF-8 are written as they are."""
    assert Files("/r", "/r").uri("a\udcff.policy") == "a%FF.policy"


def test_names_count_from_the_root() -> None:
    """Not from where the run was started."""
    files = Files("/repository/designs", "/repository")
    assert files.uri("a.policy") == "designs/a.policy"
    assert files.uri("../b.policy") == "b.policy"
    assert files.uri("../../c.policy") == "file:///c.policy"
    assert (files.name("../../c.policy"), files.stable("../../c.policy")) == ("/c.policy", "c.policy")


# ---------------------------------------------------------------- fingerprints

SMALL = (HERE / "small.policy").read_text(encoding="utf-8")


def fingerprints(text: str, name: str = "small.policy", here: str = "/work") -> dict[str, str]:
    """By invariant."""
    report = check(text)
    sources = {name: Source.of(name, text)}
    results = by_name(log(replace(report, file=name, sources=sources), here=here))
    found = {name: result["partialFingerprints"][FINGERPRINT] for name, result in results.items()}
    assert len(set(found.values())) == len(found)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "# a comment\n\n" + SMALL,
        SMALL.replace("one is enough", "another description"),
        SMALL.replace("  store:", "  deny web -> desk : any\n  store:"),
        SMALL.replace("invariant two_walls", "\ninvariant new: orders in vault\ninvariant two_walls"),
        SMALL.replace("domain office { host desk }", "domain office { host desk  host printer }"),
        SMALL.replace("any 1 firewalls are", "outer is"),
    ],
)
def test_fingerprints_stay(text: str) -> None:
    """When lines move, rules get other numbers, or something changes that has nothing to do with the path."""
    assert text != SMALL
    assert fingerprints(text).items() >= fingerprints(SMALL).items()


@pytest.mark.parametrize(
    "text",
    [
        SMALL.replace("one_may_fall", "one_may_break"),
        SMALL.replace("support: allow any", "help: allow any"),
        SMALL.replace("orders", "ledger"),
    ],
)
def test_another_path_is_another_finding(text: str) -> None:
    """So is the same path through another rule, to another host, or of another invariant."""
    old, new = fingerprints(SMALL), fingerprints(text)
    name = "one_may_fall" if "one_may_fall" in text else "one_may_break"
    assert new[name] != old["one_may_fall"]
    assert new["nobody"] == old["nobody"]


def test_the_same_fault_twice_is_two_findings() -> None:
    """In one file, word for word: the second has another fingerprint, which stays as well."""
    results = log(check("domain d { host h at 300.1.1.1 }\ndomain e { host i at 300.1.1.1 }\n"))["results"]
    assert [result["message"] for result in results] == [results[0]["message"]] * 2
    first, second = (result["partialFingerprints"][FINGERPRINT] for result in results)
    assert first != second
    again = log(check("\ndomain d { host h at 300.1.1.1 }\n\ndomain e { host i at 300.1.1.1 }\n"))["results"]
    assert [result["partialFingerprints"][FINGERPRINT] for result in again] == [first, second]


def test_fingerprints_do_not_depend_on_the_machine(tmp_path: Path) -> None:
    """Nor on where the working copy is, but on the design, of which there may be copies."""
    old = fingerprints(SMALL)
    assert fingerprints(SMALL, str(tmp_path / "small.policy"), str(tmp_path)) == old
    assert not set(fingerprints(SMALL, "copy.policy").values()) & set(old.values())
