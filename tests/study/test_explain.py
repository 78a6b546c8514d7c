"""Explanations are true: what a proof is said to rest on is needed, what is said not to matter is not, and what is said
to stop a violation does, by enumeration of every world and failure."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path

import jsonschema
import pytest
import strategies
from click.testing import CliRunner, Result
from hypothesis import assume, given, note, settings
from hypothesis import strategies as st

from policy.cli import commands
from policy.core import semantics
from policy.core.evidence import Proof, Witness
from policy.core.model import Invariant, Model
from policy.report.json import schema
from policy.report.text import Look
from policy.study import explained
from policy.study.bearing import Bearing, bearings
from policy.study.changes import Change, changed, words
from policy.study.cures import cures
from policy.study.design import Design, FaultyError, design
from policy.study.explaining import Explanation, counterexample, explanation
from policy.study.lift import chosen, items, lifted, untouched

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[2]
SMALL, SPECS = HERE / "small.policy", ROOT / "specs" / "biztalk"
MOST = 12  # changes of one invariant that are held against enumeration


def verdict(model: Model, invariant: str, change: Change) -> str:
    """The verdict after the change, by enumeration."""
    other = changed(model, [change])
    return semantics.verdict(other, other.invariants[invariant])


def settled(text: str) -> Design:
    """The design; the case is given up where it has faults."""
    note(text)
    try:
        return design(text)
    except FaultyError:
        assume(False)
        raise


def proved(found: Design) -> list[tuple[Invariant, tuple[Bearing, ...]]]:
    """The invariants that are proved, with what they rest on."""
    result = []
    for invariant in found.model.invariants.values():
        answer = found.answer(invariant)
        if answer.verdict == "proved" and isinstance(answer.evidence, Proof):
            result.append((invariant, bearings(found, invariant, answer.evidence)))
    return result


# ---------------------------------------------------------------- laws


@settings(max_examples=30)
@given(st.data(), st.one_of(strategies.designs(), strategies.networks()))
def test_what_bears_is_needed(data: st.DataObject, text: str) -> None:
    """After the change that is told of a load-bearing thing, the invariant is violated."""
    found = settled(text)
    told = [(i.name, b.change) for i, every in proved(found) for b in every if b.change is not None]
    assume(told)
    for name, change in data.draw(st.lists(st.sampled_from(told), min_size=1, max_size=MOST, unique=True)):
        assert verdict(found.model, name, change) == "violated", (name, words(found.model, change))


@settings(max_examples=30)
@given(st.data(), st.one_of(strategies.designs(), strategies.networks()))
def test_what_does_not_matter_does_not(data: st.DataObject, text: str) -> None:
    """After any change of a thing that does not matter, the invariant is not violated."""
    found = settled(text)
    free = [
        (i.name, change)
        for i, every in proved(found)
        for bearing in every
        if not bearing.bears and not bearing.open_changes
        for change in bearing.item.changes
    ]
    assume(free)
    for name, change in data.draw(st.lists(st.sampled_from(free), min_size=1, max_size=MOST, unique=True)):
        assert verdict(found.model, name, change) != "violated", (name, words(found.model, change))


@settings(max_examples=30)
@given(st.one_of(strategies.designs(), strategies.networks()))
def test_what_stops_a_violation_does(text: str) -> None:
    """After every change that is said to stop it, the invariant holds by enumeration; after those that are said to do
    away with the path that was shown only, it is violated still."""
    found = settled(text)
    for invariant in found.model.invariants.values():
        answer = found.answer(invariant)
        if isinstance(answer.evidence, Witness):
            some, _ = cures(found, invariant, answer.evidence)
            for cure in some[:MOST]:
                assert verdict(found.model, invariant.name, cure.change) == cure.verdict, words(
                    found.model, cure.change
                )


@settings(max_examples=30)
@given(st.data(), strategies.designs())
def test_a_lifted_model_is_every_changed_one(data: st.DataObject, text: str) -> None:
    """In the worlds of a lifted model in which one change is made, each invariant holds as in the changed model."""
    model = settled(text).model
    some = tuple(item for item in items(model) if item.role != "works")
    lift = lifted(model, some)
    i = data.draw(st.integers(0, len(some) - 1))
    j = data.draw(st.integers(0, len(some[i].changes) - 1))
    base = dict(untouched(k) for k in range(len(some))) | dict([chosen(i, j)])
    other = changed(model, [some[i].changes[j]])
    worlds = list(semantics.worlds(other))
    for world in data.draw(st.lists(st.sampled_from(worlds), min_size=1, max_size=3)):
        for invariant in other.invariants.values():
            one = semantics.holds(other, invariant.claim, world)
            assert semantics.holds(lift, invariant.claim, {**world, **base}) == one, words(model, some[i].changes[j])


@settings(max_examples=30)
@given(st.one_of(strategies.designs(), strategies.networks()), st.booleans())
def test_everything_can_be_told(text: str, verbose: bool) -> None:
    """Whatever the claim: what is said of it can be written, and every load-bearing thing has its counterexample."""
    found = settled(text)
    for name in found.model.invariants:
        told = explanation(found, name, most=1)
        assert explained.rendered(told, Look(80, verbose=verbose)).startswith(told.result.verdict.upper())
        jsonschema.validate(explained.document(told, None, None, "1"), schema())
        for support in told.bearing[:2]:
            assert support.change is not None and counterexample(found, name, support.change) is not None


def test_the_tests_above_can_fail() -> None:
    """A small design has load-bearing things of every sort, and others; enumeration finds the same ones."""
    found = design(SMALL)
    ((invariant, every), *_) = proved(found)
    for bearing in every:
        fails = [c for c in bearing.item.changes if verdict(found.model, invariant.name, c) == "violated"]
        assert bearing.change == next(iter(fails), None), bearing.item
        assert not bearing.open_changes


# ---------------------------------------------------------------- known answers


def explained_of(name: str, invariant: str) -> Explanation:
    return explanation(design(SPECS / f"{name}.policy"), invariant)


def test_the_store_of_credentials() -> None:
    """The SSO database is behind FW3 and FW1 as long as both work, it stays in data, and nothing goes round them; of
    the other firewalls, the rules, trusts and assumptions none matters."""
    found = explained_of("large_distributed", "sso_behind_fw3_and_fw1")
    there = {support.what for support in found.bearing if support.role != "absent"}
    assert there == {"FW1", "FW3", "sql_sso", "sso_db"}
    links = [set(s.what.removeprefix("link ").split(", ")) for s in found.bearing if s.role == "absent"]
    assert {"internet", "data"} in links and {"internet", "perimeter"} not in links
    edges = {(region.left, gate.firewall) for region in found.regions for gate in region.gates if gate.passing}
    assert {("FW3 and FW1", "FW3"), ("FW1", "FW1")} <= edges
    assert found.nearness is not None and found.nearness.alone == len(found.bearing) == 14


TWICE = """
service s = tcp 1
domain a { host x }
domain b { host y listens s }
domain c { host v }
domain d { host w listens s }
firewall F joins a, b { default deny }
firewall G joins c, d { default deny }
invariant one_is_left: (no path from x to y) or (no path from v to w)
invariant placed: not (x in b and v in d)
"""


def test_the_way_over_the_isolated_host() -> None:
    """What a claim wants to be passed is told where the way leads to it: a host by the rule that admits to it."""
    found = explained_of("large_distributed", "only_the_isolated_host_faces_the_perimeter")
    ways = [way for region in found.regions for gate in region.gates for way in gate.ways]
    assert ("http_receive", ("receive_isolated",)) in [(way.label, way.visits) for way in ways]


def test_no_single_change_breaks_it() -> None:
    """Where nothing alone breaks the claim, the fewest failures that do are told; where none do, that is told."""
    found = explanation(design(TWICE), "one_is_left")
    near = found.nearness
    assert near is not None and near.alone == 0 and found.bearing == ()
    assert near.failures == (("F", "bypassed"), ("G", "bypassed"))
    near = explanation(design(TWICE), "placed").nearness
    assert near is not None and (near.alone, near.failures, near.unknown) == (0, (), False)


FLAWS = [
    ("any_rule", "data_calls_nobody", "remove rule `forgotten` of FW1"),
    ("any_rule", "services_behind_fw2", "remove rule `forgotten` of FW1"),
    ("data_trusts_corporate", "data_trusts_nobody", "remove the trust of data in corporate"),
    ("data_trusts_corporate", "exactly_these_trusts", "remove the trust of data in corporate"),
    ("operations_rule_widened", "master_secret_from_operations", "remove rule `operations` of FW2"),
    ("sso_in_perimeter", "sso_servers_in_services", "move sso_only to services"),
    ("sso_in_perimeter", "accounts_accepted", "move sso_only to services"),
    ("trust_taken_away", "accounts_accepted", "let service_interfaces trust data"),
    ("trust_taken_away", "exactly_these_trusts", "let service_interfaces trust data"),
]


@pytest.mark.parametrize(("twin", "invariant", "flaw"), FLAWS)
def test_the_flaw_of_a_twin_is_what_would_stop_it(twin: str, invariant: str, flaw: str) -> None:
    """Undoing the flaw of a flawed twin is among the single changes that stop its violations."""
    found = explained_of(f"large_distributed_flawed_{twin}", invariant)
    assert flaw in [words(found.design.model, cure.change) for cure in found.cures if cure.stops]


def test_other_paths_are_others() -> None:
    """With --all the other minimal paths differ from the one that is shown, and from each other."""
    found = explanation(design(SPECS / "large_distributed.policy"), "corporate_only_through_administration", 3)
    assert found.others is not None and found.result.violation is not None
    walks = [tuple(hop.target.name for hop in path.steps) for path in (found.result.violation, *found.others)]
    assert len(walks) > 1 and len(set(walks)) == len(walks)


def test_verdicts_that_say_little() -> None:
    """Vacuous says what is empty; unknown is no pass."""
    small = design(SMALL)
    assert "source is empty" in explanation(small, "empty").result.note
    unknown = explanation(small, "leak", budget=1).result
    assert (unknown.verdict, unknown.exit_code) == ("unknown", 3)


# ---------------------------------------------------------------- the command


def run(*args: str, at: Path = HERE) -> Result:
    with contextlib.chdir(at):
        return CliRunner().invoke(commands, ["explain", *args], catch_exceptions=False)


@pytest.mark.parametrize("name", ["two_walls", "leak"])
def test_golden(name: str) -> None:
    """The text, to the letter."""
    assert run(name, "small.policy").output == (HERE / f"{name}.txt").read_text(encoding="utf-8")


def test_the_page_shows_what_the_command_says() -> None:
    """Every output on the page is real, and the design is the one that it shows."""
    page = (ROOT / "docs" / "explain.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n\$ bartizan explain ([^\n]*)\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 3
    for arguments, told in blocks:
        assert run(*arguments.split()).output == told
    assert f"```\n{SMALL.read_text(encoding='utf-8')}```" in page


@pytest.mark.parametrize("options", [(), ("--verbose",), ("--all", "2")])
@pytest.mark.parametrize("name", ["two_walls", "apart", "leak", "empty"])
def test_eighty_columns(name: str, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is wider than a terminal of 80 columns, but for lines of the design itself."""
    monkeypatch.setattr("policy.cli.explain.width", lambda: 80)
    source = SMALL.read_text(encoding="utf-8")
    for line in run(name, "small.policy", *options).output.splitlines():
        assert len(line) <= 80 or line.partition(" | ")[2] in source or "^" in line, line


def test_why_shows_the_counterexample() -> None:
    """By number and by words the same; of what it does not rest on, nothing."""
    by_words = run("two_walls", "small.policy", "--why", "assumption")
    number = by_words.output.split()[0]
    assert by_words.output == run("two_walls", "small.policy", "--why", number).output
    assert "evil -> store" in by_words.output and "not proxy" in by_words.output
    nothing = run("two_walls", "small.policy", "--why", "elsewhere")
    assert nothing.exit_code == 2 and "rests on no `elsewhere`" in nothing.output


def test_json_has_what_text_has() -> None:
    """One document, with the digest of the file and everything that was tried."""
    document = json.loads(run("two_walls", "small.policy", "--format", "json", "--why", "4").output)
    jsonschema.validate(document, schema())
    assert document["asked"]["number"] == 4 and document["asked"]["walk"]["steps"]
    assert document["tool"] == "bartizan" and len(document["sources"][0]["sha256"]) == 64
    tried = [*document["rests_on"], *document["does_not_matter"], *document["not_determined"]]
    assert len(tried) == document["nearness"]["things_tried"]
    assert document["nearness"]["single_changes"] == len(document["rests_on"])
    leak = json.loads(run("leak", "small.policy", "--format", "json", "--all", "1").output)["violation"]
    assert len(leak["walk"]["steps"]) == len(leak["because"]) == 2 and len(leak["others"]) == 1
    assert "remove rule `web` of OUTER" in [cure["change"] for cure in leak["stopped_by"]]


def test_which_design(tmp_path: Path) -> None:
    """Without a design, the one under specs/ that has the invariant; several are listed, none is a mistake."""
    specs = tmp_path / "specs"
    specs.mkdir()
    (specs / "one.policy").write_text(SMALL.read_text(encoding="utf-8"), encoding="utf-8")
    assert run("two_walls", at=tmp_path).output.startswith("PROVED")
    near = run("two_wals", at=tmp_path)
    assert near.exit_code == 2 and "did you mean `two_walls`?" in near.output
    (specs / "two.policy").write_text(SMALL.read_text(encoding="utf-8"), encoding="utf-8")
    several = run("two_walls", at=tmp_path)
    assert several.exit_code == 2
    assert "specs/one.policy" in several.output and "specs/two.policy" in several.output
    faulty = tmp_path / "faulty.policy"
    faulty.write_text("invariant i: a can reach b\n", encoding="utf-8")
    assert (found := run("i", str(faulty))).exit_code == 2 and "E010" in found.output
