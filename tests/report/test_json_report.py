"""The JSON document: it obeys its schema, and says all that the text says."""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import replace
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from policy.checking import check
from policy.report import json as document
from policy.report.outcome import Report, Result

FLAWED = Path(__file__).parent / "flawed.policy"
VALIDATOR = jsonschema.Draft202012Validator(document.schema())


def written(*reports: Report) -> Any:
    """The document of a run as a reader gets it, which is valid."""
    tree = json.loads(document.rendered(document.document(reports, "1.2.3")))
    VALIDATOR.validate(tree)
    return tree


@pytest.fixture(scope="module")
def flawed() -> Report:
    return check(FLAWED)


def test_the_schema_is_one() -> None:
    """It is a valid schema, and closed: every object in it refuses what it does not name."""
    jsonschema.Draft202012Validator.check_schema(document.schema())

    def objects(tree: Any) -> Any:
        if isinstance(tree, dict):
            if tree.get("type") == "object":
                yield tree
            for child in tree.values():
                yield from objects(child)
        elif isinstance(tree, list):
            for child in tree:
                yield from objects(child)

    found = list(objects(document.schema()))
    assert len(found) > 10
    assert all(tree["additionalProperties"] is False for tree in found)


def test_every_outcome_is_valid(flawed: Report) -> None:
    """Proofs, violations, vacuous and unknown verdicts, faults, and bugs of ours all obey the schema."""
    faulty = check('domain d {\n  host h listens nothing\n}\noption a\nassume not b\ninclude "x"\n')
    contradiction = check("option a\nassume a\nassume not a\n")
    missing = check(Path("no/such.policy"))
    unknown = check(FLAWED, budget=1, only=["quiet"])
    refused = Report("r", results=(Result("i", "", None, "proved", "refused", 0.1, "why"),))
    tree = written(flawed, faulty, contradiction, missing, unknown, refused, Report("b", bug="why"))
    assert [len(d["faults"]) > 0 for d in tree["designs"]] == [False, True, True, True, False, False, False]
    assert tree["exit_code"] == 4
    assert tree["designs"][3]["faults"][0]["line"] is None
    assert tree["designs"][2]["faults"][0]["notes"][0]["at"]["line"] == 2


def test_a_path_is_there_in_full(flawed: Report) -> None:
    """Each step has its ends, service, protocol and port, and for each firewall the zones and the rule with its
    line."""
    invariants = {i["name"]: i for i in written(flawed)["designs"][0]["invariants"]}
    violation = invariants["behind_both"]["violation"]
    assert violation["walk"]["kind"] == "path"
    first, second = violation["walk"]["steps"]
    assert (first["from"]["name"], first["to"]["name"]) == ("perimeter.web", "services.front.app")
    assert (first["service"], first["protocol"], first["port"]) == ("https", "tcp", 443)
    (crossing,) = first["crossings"]
    lines = FLAWED.read_text(encoding="utf-8").splitlines()
    assert lines[crossing["at"]["line"] - 1].strip().startswith("relayed:")
    assert {k: crossing[k] for k in ("from_zone", "into_zone", "firewall", "by", "rule", "label")} == {
        "from_zone": "perimeter", "into_zone": "services.front", "firewall": "inner", "by": "rule", "rule": 1,
        "label": "relayed",
    }  # fmt: skip
    assert second["to"]["components"] == ["ledger"]
    assert invariants["behind_both"]["description"] == "nobody skips a wall"


def test_failures_accounts_and_help_are_there(flawed: Report) -> None:
    """What text tells of failures, of accounts, of facts and of what would help, JSON has too."""
    invariants = {i["name"]: i for i in written(flawed)["designs"][0]["invariants"]}
    failures = invariants["one_may_fall"]["violation"]["failures"]
    assert failures == [{"name": n, "effect": "bypassed"} for n in ("inner", "outer", "vault")]
    steps = invariants["attack_needs_account"]["violation"]["walk"]["steps"]
    assert [step["account"] for step in steps] == [None, None, "data"]
    assert "temporary" in invariants["no_rdp"]["violation"]["help"]
    (fact,) = invariants["accounts"]["violation"]["facts"]
    assert fact["subject"] == ["data.db", "services"]
    assert invariants["accounts"]["violation"]["walk"] is None


def test_the_digest_is_of_the_bytes(flawed: Report) -> None:
    """A reader can tell which text was checked."""
    (source,) = written(flawed)["designs"][0]["sources"]
    assert source == {"file": str(FLAWED), "sha256": hashlib.sha256(FLAWED.read_bytes()).hexdigest()}


def test_the_schema_refuses_what_it_should(flawed: Report) -> None:
    """A field too many, one too few, or one of the wrong type is noticed, at every depth."""
    tree = written(flawed)
    step = ("designs", 0, "invariants", 0, "violation", "walk", "steps", 0)
    for path, key, value in (
        ((), "extra", 1),
        ((), "version", None),
        (step[:4], "verdict", "maybe"),
        (step, "port", "80"),
        (step, "extra", None),
        ((*step, "crossings", 0), "rule", 0),
    ):
        spoilt = copy.deepcopy(tree)
        reduce(getitem, path, spoilt)[key] = value
        assert not VALIDATOR.is_valid(spoilt)
        del reduce(getitem, path, spoilt)[key]
        assert VALIDATOR.is_valid(spoilt) is (key == "extra")
    assert VALIDATOR.is_valid(tree)


def test_the_same_run_gives_the_same_bytes(flawed: Report) -> None:
    """But for the time that each invariant took."""

    def timeless(report: Report) -> Report:
        return replace(report, results=tuple(replace(r, milliseconds=0.0) for r in report.results))

    first, second = (document.rendered(document.document([timeless(r)], "1")) for r in (flawed, check(FLAWED)))
    assert first == second
    assert first.isascii()
