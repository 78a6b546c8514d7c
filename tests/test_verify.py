"""Evidence files: written by `check`, verified by `verify` without a solver, and refused when anything is wrong with
them."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import strategies
from agreement import Enumeration, model_of
from click.testing import CliRunner, Result
from hypothesis import assume, given, note
from hypothesis import strategies as st

from policy import __version__
from policy.checking import check
from policy.cli import commands
from policy.core import semantics
from policy.core.model import Model
from policy.core.values import MalformedError
from policy.report import evidence
from policy.report.evidence import Fingerprint, parsed, rendered, safe
from policy.report.json import schema
from policy.report.outcome import Report
from policy.verifying import Verifier, verify

ROOT = Path(__file__).parents[1]
SPECS = ROOT / "specs" / "biztalk"
SHOP = """design "A shop"
include "ports.policy"
option support
domain internet { untrusted standalone }
domain dmz { host web listens https relays https to orders as sql }
domain office { host desk }
domain vault { host orders listens sql, ssh }
firewall outer joins internet, dmz { allow internet -> web : https }
firewall inner joins dmz, office, vault {
  allow web -> orders : sql
  allow office -> orders : ssh
  allow any -> orders : ssh when support
}
flow sales: web -> orders : sql
invariant needs_met: every flow is possible
invariant two_walls: every path from internet to orders passes outer then inner
invariant one_may_fall expect violated: not internet can reach vault even if any 1 firewalls are bypassed
invariant shut expect violated: all host h in vault: no path from internet to h
invariant nothing expect vacuous: no path from internet to all server
invariant closed: support or not dmz can reach orders on ssh
kind server
"""
PORTS = "service https = tcp 443\nservice sql authenticated = tcp 1433\nservice ssh = tcp 22\n"
NAMES = ("needs_met", "two_walls", "one_may_fall", "shut", "nothing", "closed")


def run(*args: str | Path) -> Result:
    """The command in this process."""
    return CliRunner().invoke(commands, [str(arg) for arg in args], catch_exceptions=False)


class Shop:
    """The design in a folder of its own, with its evidence."""

    def __init__(self, folder: Path) -> None:
        self.design, self.evidence = folder / "shop.policy", folder / "evidence"
        self.part = folder / "ports.policy"
        folder.mkdir(parents=True, exist_ok=True)
        self.design.write_text(SHOP)
        self.part.write_text(PORTS)
        self.written = run("check", self.design, "--evidence", self.evidence)

    def file(self, name: str) -> Path:
        return self.evidence / "shop" / f"{name}.json"

    def change(self, name: str, change: Callable[[Any], object]) -> None:
        """Changes the document of one evidence file."""
        tree = json.loads(self.file(name).read_text())
        change(tree)
        self.file(name).write_text(json.dumps(tree))

    def verify(self, name: str | None = None) -> Result:
        return run("verify", self.design, self.evidence if name is None else self.file(name))

    def outcomes(self) -> dict[str, str]:
        return {finding.invariant: finding.outcome for finding in verify(self.design, self.evidence).findings}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "here")


# ---------------------------------------------------------------- true evidence


def test_what_check_writes_is_verified(shop: Shop) -> None:
    """A file for every invariant, each with the kind of evidence that its verdict needs."""
    assert shop.written.exit_code == 0
    assert "evidence for 6 of 6 invariants is in" in shop.written.stderr
    assert sorted(path.stem for path in shop.evidence.glob("*/*")) == sorted(NAMES)
    assert shop.outcomes() == dict.fromkeys(NAMES, "verified")
    kinds = {name: {"proof", "witness"} & json.loads(shop.file(name).read_text()).keys() for name in NAMES}
    assert [name for name in NAMES if kinds[name] == {"witness"}] == ["one_may_fall", "shut"]
    assert shop.verify().exit_code == 0


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.policy")), ids=lambda path: path.stem)
def test_the_specs_are_verified(path: Path, tmp_path: Path) -> None:
    """All that the specs prove and violate."""
    assert run("check", path, "--evidence", tmp_path).exit_code == 0
    found = verify(path, tmp_path)
    assert found.exit_code == 0
    assert all(finding.outcome == "verified" for finding in found.findings)


BLOCKED = """
import socket, sys
for name in ("z3", "policy.solver", "policy.checking"):
    sys.modules[name] = None
class NoNetwork(socket.socket):
    def __new__(cls, *args, **words):
        raise OSError("a socket is opened")
socket.socket = NoNetwork
from policy.cli import main
sys.argv = ["bartizan", *sys.argv[1:]]
main()
"""


def test_no_solver_and_no_network(shop: Shop) -> None:
    """Verification works where z3, our search and sockets cannot be imported, from any directory; checking does not."""
    for command, code in (("verify", 0), ("check", 4)):
        args = [sys.executable, "-c", BLOCKED, command, shop.design, *([shop.evidence] if not code else [])]
        surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(args, cwd="/", env=surroundings, capture_output=True, check=False)
        assert done.returncode == code, done.stderr


def test_the_same_bytes_on_every_run(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the design stands and whatever it is called by; evidence of one copy is evidence for the other."""
    other = Shop(tmp_path / "there" / "it" / "is")
    monkeypatch.chdir(other.design.parent)
    again = run("check", "shop.policy", "--evidence", "again")
    assert again.exit_code == 0
    for name in NAMES:
        bytes_here = shop.file(name).read_bytes()
        assert bytes_here == other.file(name).read_bytes() == Path(f"again/shop/{name}.json").read_bytes()
    assert verify(shop.design, other.evidence).exit_code == 0


def test_no_evidence_for_what_has_no_verdict(shop: Shop) -> None:
    """UNKNOWN has none; what an earlier run found stays, and is still true."""
    shop.file("shut").unlink()
    again = run("check", shop.design, "--evidence", shop.evidence, "--budget", "1")
    assert again.exit_code in (1, 3)
    report = check(shop.design, budget=1, evidence=True)
    assert any(result.verdict == "unknown" for result in report.results)
    assert all((result.evidence is None) == (result.verdict == "unknown") for result in report.results)


def test_several_designs(tmp_path: Path) -> None:
    """Designs of one name do not get in each other's way."""
    for folder, line in (("a", "invariant i: d can reach d"), ("b", "invariant i: not d can reach d")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.policy").write_text(f"domain d {{ host h host g }}\n{line}\n")
    (tmp_path / "b" / "Größe x.policy").write_text("domain d\ninvariant I: d = d\n")
    run("check", tmp_path, "--evidence", tmp_path / "out")
    folders = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert len(folders) == 3 and all(name.isascii() for name in folders)
    for design in ("a/x.policy", "b/x.policy", "b/Größe x.policy"):
        found = verify(tmp_path / design, tmp_path / "out")
        assert [finding.outcome for finding in found.findings] == ["verified"]
        assert found.others == 2


@given(st.lists(st.text(st.sampled_from("aAbB_/.é \0") | st.characters(), max_size=90), unique=True))
def test_safe_names_are_safe(names: list[str]) -> None:
    """No two names get one file, even where case does not matter; none leaves its folder or is hidden."""
    found = [safe(name) for name in names]
    assert len({name.lower() for name in found}) == len(names)
    assert all(name and name.isascii() and len(name) < 100 and not set(name) & set("/\\. :\0") for name in found)


# ---------------------------------------------------------------- what is wrong, and with which exit code


def document(name: str, change: Callable[[Any], object]) -> Callable[[Shop], object]:
    return lambda shop: shop.change(name, change)


def swap(shop: Shop, one: str, other: str) -> None:
    """Each says that it is about the other's invariant."""
    shop.change(one, lambda tree: tree.update(invariant=other))
    shop.change(other, lambda tree: tree.update(invariant=one))


WRONG: dict[str, tuple[int, str, Callable[[Shop], object]]] = {
    "missing": (2, "no evidence for invariant `two_walls`", lambda s: s.file("two_walls").unlink()),
    "stale": (2, "`shop.policy` has changed", lambda s: s.design.write_text(SHOP + "# more\n")),
    "stale part": (2, "`ports.policy` has changed", lambda s: s.part.write_text(PORTS + "#")),
    "truncated": (2, "not JSON", lambda s: s.file("shut").write_bytes(s.file("shut").read_bytes()[:99])),
    "empty": (2, "not JSON", lambda s: s.file("shut").write_bytes(b"")),
    "no text": (2, "not UTF-8", lambda s: s.file("shut").write_bytes(b"\xff\xfe")),
    "nested": (2, "nested too deeply", lambda s: s.file("shut").write_text("[" * 1_000_000)),
    "number": (2, "too large", lambda s: s.file("shut").write_text('{"tool": ' + "1" * 100_000 + "}")),
    "nan": (2, "no whole number", lambda s: s.file("shut").write_text('{"tool": NaN}')),
    "float": (2, "no whole number", lambda s: s.file("shut").write_text('{"tool": 1.0}')),
    "twice": (2, "twice", lambda s: s.file("shut").write_text('{"tool": 1, "tool": 1}')),
    "something else": (2, "is missing", lambda s: s.file("shut").write_text("{}")),
    "a list": (2, "an object is expected", lambda s: s.file("shut").write_text("[]")),
    "other tool": (2, "no evidence of bartizan", document("shut", lambda t: t.update(tool="topoS"))),
    "format": (2, "format 2", document("shut", lambda t: t.update(format=2))),
    "key": (2, "`more` is not known", document("shut", lambda t: t["witness"].update(more=1))),
    "digest": (2, "not that of the files", document("shut", lambda t: t["design"].update(sha256="0" * 64))),
    "verdict": (2, "no proof of `violated`", document("two_walls", lambda t: t.update(verdict="violated"))),
    "unknown invariant": (2, "does not have", document("shut", lambda t: t.update(invariant="open"))),
    "endpoint": (2, "no endpoint `host web`", document("shut", lambda t: t["witness"].update(start="host web"))),
    "option": (2, "no value of support `yes`", document("shut", lambda t: t["witness"]["world"].update(support="yes"))),
    "failure": (2, "not admitted", document("shut", lambda t: t["witness"].update(
        failures=[{"failure": "outer", "effect": "bypassed"}]))),
    "part": (2, "no number 99", document("two_walls", lambda t: t["proof"]["lemmas"][0]["claim"].update(part=99))),
    "variable": (2, "no host `vault.web`", document("shut", lambda t: t["witness"]["lemmas"][0]["claim"].update(
        given={"h": "vault.web"}))),
    "swapped": (4, "is refused", lambda s: swap(s, "two_walls", "closed")),
    "no lemma": (4, "a case is open", document("two_walls", lambda t: t["proof"].update(lemmas=[]))),
    "no case": (4, "1 obligations, but cases for 0", document("two_walls", lambda t: t["proof"].update(cases=[]))),
    "places": (4, "not closed", document("two_walls", lambda t: t["proof"]["lemmas"][0]["cuts"][0]["places"][0].pop())),
    "world": (4, "is refused", document("one_may_fall", lambda t: t["witness"].update(failures=[]))),
    "steps": (4, "is refused", document("shut", lambda t: t["witness"]["steps"].pop())),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused(shop: Shop, name: str) -> None:
    """With the reason and the exit code, never by a traceback, and nothing else is refused with it."""
    code, reason, damage = WRONG[name]
    damage(shop)
    done = shop.verify()
    assert done.exit_code == code, done.output
    assert reason in done.output
    assert "Traceback" not in done.output
    if not name.startswith(("stale", "swapped")):
        assert sum(outcome == "verified" for outcome in shop.outcomes().values()) == len(NAMES) - 1


def test_another_design(shop: Shop, tmp_path: Path) -> None:
    """Evidence about another design is stale when it is asked about, and no evidence when a directory is."""
    other = tmp_path / "other.policy"
    other.write_text("domain d { host h host g }\ninvariant two_walls: d can reach d\n")
    done = run("verify", other, shop.file("two_walls"))
    assert (done.exit_code, "it is evidence for `shop.policy`" in done.output) == (2, True)
    done = run("verify", other, shop.evidence)
    assert (done.exit_code, "no evidence for invariant `two_walls`" in done.output) == (2, True)
    assert "passed over: 6 evidence files" in done.output


def test_stale_evidence_beside_fresh(shop: Shop) -> None:
    """What an earlier text left behind does no harm where there is something better."""
    old = shop.file("shut").read_bytes()
    shop.design.write_text(SHOP + "# more\n")
    run("check", shop.design, "--evidence", shop.evidence)
    (shop.evidence / "old.json").write_bytes(old)
    done = shop.verify()
    assert (done.exit_code, "passed over: 1 evidence file " in done.output) == (0, True)


def test_one_file(shop: Shop) -> None:
    """A file is asked about its own invariant, and the others are named."""
    done = shop.verify("two_walls")
    assert done.exit_code == 0
    assert "not asked:     needs_met, one_may_fall, shut, nothing, closed" in done.output
    shop.design.write_text(SHOP.replace("shut expect violated", "shut"))
    run("check", shop.design, "--evidence", shop.evidence)
    assert shop.verify("two_walls").exit_code == 0
    done = shop.verify("shut")
    assert (done.exit_code, "is violated, and should be proved" in done.output) == (1, True)
    assert shop.verify().exit_code == 1


def test_graver_codes_go_first(shop: Shop) -> None:
    """Refused before missing."""
    shop.file("shut").unlink()
    shop.change("two_walls", lambda tree: tree["proof"].update(lemmas=[]))
    assert shop.verify().exit_code == 4


def test_a_design_with_faults(shop: Shop) -> None:
    """Its faults are shown as `check` shows them."""
    shop.design.write_text(SHOP.replace("can reach vault", "can reach vult"))
    done = shop.verify()
    assert (done.exit_code, "did you mean `vault`?" in done.output) == (2, True)


@pytest.mark.parametrize("args", [(), ("x.policy",), ("x.policy", "y"), (".", "."), ("x" * 5000, ".")])
def test_wrong_usage(args: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("verify", *args).exit_code == 2


def test_a_folder_that_cannot_be_written(shop: Shop) -> None:
    """Told before anything is proved; and where it is found out later, the results are told none the less."""
    done = run("check", shop.design, "--evidence", shop.design)
    assert (done.exit_code, done.stdout, "cannot be made" in done.stderr) == (2, "", True)
    out = shop.design.parent / "out"
    out.mkdir()
    (out / "shop").write_text("")
    done = run("check", shop.design, "--evidence", out)
    assert (done.exit_code, "6 file" in done.stdout or "checked 1 file" in done.stdout) == (2, True)
    assert "cannot be made" in done.stderr


def test_nothing_half_written(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be written stays as it was, and nothing is left beside it."""
    before = {path: path.read_bytes() for path in shop.evidence.glob("*/*")}
    shop.design.write_text(SHOP + "# more\n")

    def broken(_: Path, __: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", broken)
    done = run("check", shop.design, "--evidence", shop.evidence)
    assert (done.exit_code, "no space left on device" in done.stderr) == (2, True)
    assert {path: path.read_bytes() for path in shop.evidence.glob("*/*")} == before


def test_cut_short_anywhere(shop: Shop) -> None:
    """A file that ends early is no evidence, wherever it ends."""
    data = shop.file("two_walls").read_bytes()
    assert data.endswith(b"}\n")
    for length in range(len(data) - 1):
        with pytest.raises(MalformedError):
            parsed(data[:length])
    assert parsed(data[:-1]) == parsed(data)


@pytest.mark.parametrize("row", ["deep", "long"])
def test_many_splits(shop: Shop, row: str) -> None:
    """Splits within splits are no matter of recursion: tens of thousands, all on one literal, are checked."""
    split, count = {"option": "support", "value": "true"}, 30_000
    cases = [split] * count + [None] * (count + 1) if row == "deep" else [split, None] * count + [None]
    shop.change("two_walls", lambda tree: tree["proof"].update(cases=[cases]))
    assert shop.verify("two_walls").exit_code == 0


def test_a_file_that_is_too_large(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not even read."""
    monkeypatch.setattr("policy.verifying.LARGEST", 1000)
    monkeypatch.setattr("policy.verifying.read_file", lambda path: pytest.fail(f"{path} is read"))
    done = shop.verify("two_walls")
    assert (done.exit_code, "more than 1000 bytes" in done.output) == (2, True)


def test_the_json_document(shop: Shop) -> None:
    """It obeys the published schema and says what the text says."""
    shop.file("closed").write_text("{")
    shop.file("needs_met").unlink()
    shop.change("two_walls", lambda tree: tree["proof"].update(lemmas=[]))
    done = run("verify", shop.design, shop.evidence, "--format", "json")
    tree = json.loads(done.stdout)
    jsonschema.Draft202012Validator(schema()).validate(tree)
    assert tree["exit_code"] == done.exit_code == 4
    rows = [(row["invariant"], row["outcome"]) for row in tree["verification"]["findings"]]
    assert rows == [
        ("needs_met", "missing"), ("two_walls", "refused"), ("one_may_fall", "verified"), ("shut", "verified"),
        ("nothing", "verified"), ("closed", "missing"), (None, "malformed"),
    ]  # fmt: skip
    text = shop.verify().output
    assert all(row["reason"] in text for row in tree["verification"]["findings"] if row["reason"])


# ---------------------------------------------------------------- forged documents


def slots(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a document."""
    for key in list(tree) if isinstance(tree, dict) else range(len(tree)):
        yield tree, key
        if isinstance(tree[key], (dict, list)):
            yield from slots(tree[key])


@st.composite
def forged(draw: Any, value: Any) -> Any:
    """The value with one thing in it taken away, doubled, or replaced by another thing in it or by anything."""
    value = copy.deepcopy(value)
    places = list(slots(value))
    container, key = draw(st.sampled_from(places))
    others = [place[at] for place, at in places] + [None, True, False, 0, 1, 2, -1, 10**30, "", "x", [], {}]
    match draw(st.sampled_from(["away", "double", "other", "other", "other", "key"])):
        case "away":
            del container[key]
        case "double" if isinstance(container, list):
            container.insert(key, copy.deepcopy(container[key]))
        case "key" if isinstance(container, dict):
            container[draw(st.sampled_from(["x", *container]))] = container.pop(key)
        case _:
            container[key] = copy.deepcopy(draw(st.sampled_from(others)))
    return value


def true(model: Model, told: evidence.EvidenceFile) -> bool:
    """Whether the verdict that a file says is true by enumeration."""
    every = Enumeration(model, model.invariants[told.invariant])
    if told.verdict != "violated":
        return not any(every.fails(world, failure) for world in every.worlds for failure in every.failures)
    failure = frozenset((item["failure"], item["effect"]) for item in told.body["failures"])
    return failure in every.failures and told.body["world"] in every.worlds and every.fails(told.body["world"], failure)


@given(st.data(), strategies.designs() | strategies.networks())
def test_forged_documents_are_refused_unless_true(data: st.DataObject, text: str) -> None:
    """Whatever is changed in a file: it is malformed, refused, about another text, or still true."""
    note(text)
    report, model = check(text, evidence=True), model_of_faultless(text)
    fingerprint, verifier = Fingerprint.of(report.sources), Verifier(model, Fingerprint.of(report.sources))
    result = data.draw(st.sampled_from([result for result in report.results if result.evidence is not None]))
    tree = json.loads(rendered(fingerprint, result, __version__))
    told = parsed(json.dumps(tree).encode())
    assert verifier.finding("f", told).outcome == "verified"
    kind = evidence.KINDS[told.verdict]
    for _ in range(12):
        other = data.draw(forged(tree[kind]))
        note(json.dumps(other))
        told = parsed(json.dumps({**tree, kind: other}).encode())
        finding = verifier.finding("f", told)
        assert "fails on it" not in finding.reason
        if finding.outcome == "verified":
            assert true(model, told)


def model_of_faultless(text: str) -> Model:
    """The model of a text whose assumptions do not contradict each other."""
    model = model_of(text)
    assume(any(True for _ in semantics.worlds(model)) and model.invariants and not check(text).faults)
    return model


@given(st.data(), strategies.designs())
def test_evidence_for_another_invariant(data: st.DataObject, text: str) -> None:
    """What is evidence for one invariant is evidence for another one only where that is true."""
    note(text)
    report, model = check(text, evidence=True), model_of_faultless(text)
    verifier = Verifier(model, Fingerprint.of(report.sources))
    result: Any = data.draw(st.sampled_from([result for result in report.results if result.evidence is not None]))
    for name in model.invariants:
        tree = json.loads(rendered(Fingerprint.of(report.sources), result, __version__))
        told = parsed(json.dumps({**tree, "invariant": name}).encode())
        finding = verifier.finding("f", told)
        assert "fails on it" not in finding.reason
        if finding.outcome == "verified":
            assert true(model, told)


PLAIN = st.none() | st.booleans() | st.integers() | st.text()


ANYTHING: st.SearchStrategy[Any] = st.deferred(
    lambda: PLAIN | st.lists(ANYTHING, max_size=3) | st.dictionaries(st.text(), ANYTHING, max_size=3)
)


@given(ANYTHING)
def test_any_json_is_refused(tree: Any) -> None:
    """A value that is no evidence is malformed, whatever it is; so are bytes that are no JSON."""
    with pytest.raises(MalformedError):
        parsed(json.dumps(tree).encode())


@given(st.binary())
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parsed(data)


def test_reports_without_evidence() -> None:
    """Nothing is written unless it is asked for."""
    report: Report = check(SHOP.replace('include "ports.policy"', PORTS))
    assert all(result.evidence is None for result in report.results)
    assert list(evidence.files([report], __version__)) == []
