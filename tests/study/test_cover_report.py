"""What `bartizan cover` prints: known answers, the page about it, JSON, exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from policy.cli import commands
from policy.report.json import schema
from policy.study.changes import Change
from policy.study.cover import Coverage, Mutant, Notice, cover
from policy.study.design import design

PAGE = (Path(__file__).parents[2] / "docs" / "cover.md").read_text(encoding="utf-8")
(SHOP,) = re.findall(r"^```policy\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
(CONSOLE,) = re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
REPAIR = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[0]

MOVES = """
option o
domain a { zone x { host here is k listens s } zone y { host beside is k } }
domain b
service s = tcp 1
service t = tcp 2
host there in b listens t
assume "why not" o or not o
firewall F joins x, y, b {
  way: allow any -> here : s
  back: allow here -> there : t when o
}
kind k
invariant hosts: (all host h in x: h is k) and (all host h in y: h is k)
invariant outside expect vacuous: not b can reach here except x on t
invariant way_in: y can reach here
"""
PLACES = """
option o
option p
assume "one of the two" not (o and p)
domain a
domain b
host h in a when o in b when p in a when not o and not p
invariant stays: h in a or h in b
"""


def outcomes(text: str, **wanted: Any) -> dict[str, Mutant]:
    return {mutant.words: mutant for mutant in cover(design(text), **wanted).mutants}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the design of the page."""
    (tmp_path / "shop.policy").write_text(SHOP, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(commands, ["cover", *words], catch_exceptions=False)


# ---------------------------------------------------------------- known answers


def test_empty_ranges_are_noticed() -> None:
    """An invariant that speaks of nothing once its host has moved away has another verdict, though it still holds; and
    the other way round."""
    moved = outcomes(MOVES, every=True)["move here to y"]
    notices = {Notice("hosts", "proved", "vacuous"), Notice("outside", "vacuous", "proved")}
    assert set(moved.noticed_by) == notices


def test_changes_without_effect() -> None:
    """An assumption that keeps no world out, and a widening that nothing listens to, have no effect."""
    found = outcomes(MOVES)
    assert found["remove the assumption `o or not o`"].outcome == "no effect"
    assert found["let rule `way` of F speak of any service"].outcome == "no effect"
    assert found["remove rule `way` of F"].outcome == "noticed"


def test_effects_in_some_worlds() -> None:
    """What a rule lets through in some worlds only is missed when the rule is removed; the example is of such a
    world."""
    found = outcomes(MOVES)["remove rule `back` of F"]
    assert found.outcome == "unnoticed" and found.effect is not None
    assert (found.effect.source.name, found.effect.target.name, found.effect.gained) == ("a.x.here", "there", False)
    assert found.effect.world == {"o": "true"}


def test_faults_are_not_counted() -> None:
    """Without the assumption, a host stands in two places at once: that is a fault, not something to notice."""
    found = outcomes(PLACES)
    (faulty,) = (mutant for mutant in found.values() if mutant.change.kind == "remove assumption")
    assert faulty.outcome == "faulty"


def test_unknown_is_not_noticed() -> None:
    """Where the budget runs out, nothing is noticed, and it is said which invariants did not come to an end."""
    text = "option o\noption p\n" + SHOP.replace(": sql\n}", ": sql when o or p\n}")
    generous, scarce = outcomes(text), outcomes(text, budget=1)
    assert any(mutant.unknown for mutant in scarce.values())
    for words, mutant in scarce.items():
        if mutant.outcome != generous[words].outcome:
            assert (mutant.outcome, generous[words].outcome) == ("unnoticed", "noticed") and mutant.unknown
    assert not any(mutant.unknown for mutant in generous.values())


def test_one_noticing_is_enough() -> None:
    """All invariants are asked only where that is wanted; what is noticed does not depend on it."""
    first, every = outcomes(SHOP), outcomes(SHOP, every=True)
    assert {words: mutant.outcome for words, mutant in first.items()} == {w: m.outcome for w, m in every.items()}
    assert all(len(mutant.noticed_by) <= 1 for mutant in first.values())
    assert all(set(first[words].noticed_by) <= set(mutant.noticed_by) for words, mutant in every.items())
    assert any(len(mutant.noticed_by) > 1 for mutant in every.values())


def test_percentages() -> None:
    """Of those that have an effect; accepted ones count for `satisfied` only."""
    found = cover(design(SHOP))
    counted = [mutant for mutant in found.mutants if mutant.outcome in ("noticed", "unnoticed")]
    noticed = [mutant for mutant in counted if mutant.outcome == "noticed"]
    assert found.effective == len(counted) > len(noticed) > 0
    assert found.percentage == 100 * len(noticed) / len(counted)
    accepting = found.accepting({mutant.words for mutant in found.mutants})
    assert (accepting.percentage, accepting.satisfied) == (found.percentage, 100)
    assert {m.outcome for m in accepting.mutants} == {"noticed", "accepted", "no effect"}
    nothing = Coverage(found.design, {}, ())
    assert (nothing.percentage, nothing.satisfied) == (100, 100)


def test_places_of_changes() -> None:
    """A change points at what it changes; what is added at its first zone or domain."""
    lines = SHOP.splitlines()
    for mutant in cover(design(SHOP)).mutants:
        assert mutant.span is not None
        thing = mutant.change.key[1]
        word = {"rule": "allow", "trust": "domain"}.get(str(mutant.change.key[0]), str(thing).rpartition(".")[2])
        assert word in lines[mutant.span.line - 1]


# ---------------------------------------------------------------- the page


@pytest.mark.usefixtures("here")
def test_page_shows_what_is_printed() -> None:
    """The output on the page is that of the command on the page's design."""
    command, shown = CONSOLE.split("\n", 1)
    assert run(*command.removeprefix("$ bartizan cover ").split()).stdout == shown


def test_the_two_lines_of_the_page_are_enough() -> None:
    """With them, everything that has an effect is noticed."""
    found = cover(design(SHOP + REPAIR))
    assert found.percentage == 100
    assert found.effective > 0


# ---------------------------------------------------------------- the command


@pytest.mark.usefixtures("here")
def test_json_tells_what_the_text_tells() -> None:
    """The document obeys its schema, and has the outcome of every change."""
    document = json.loads(run("shop.policy", "--format", "json").stdout)
    jsonschema.validate(document, schema())
    (told,) = document["coverages"]
    found = cover(design(SHOP))
    assert [change["outcome"] for change in told["changes"]] == [mutant.outcome for mutant in found.mutants]
    assert (told["effective"], told["noticed"]) == (found.effective, found.count("noticed"))
    text = run("shop.policy").stdout
    missed = [change for change in told["changes"] if change["outcome"] == "unnoticed"]
    assert missed
    assert all(f"  {change['words']}\n" in text and change["effect"]["words"] in text for change in missed)


def test_the_schema_can_refuse() -> None:
    """It knows every key, and no outcome that there is not."""
    validator = jsonschema.Draft202012Validator(schema())
    jsonschema.Draft202012Validator.check_schema(schema())
    good = {"tool": "bartizan", "version": "1", "format": 1, "exit_code": 0, "coverages": []}
    assert validator.is_valid(good)
    assert not validator.is_valid({**good, "exit_code": 2})
    assert not validator.is_valid({**good, "more": 1})


@pytest.mark.usefixtures("here")
def test_exit_codes() -> None:
    """A measurement succeeds; with a bar it fails below it; faults and wrong usage are as everywhere."""
    assert run("shop.policy").exit_code == 0
    assert run("shop.policy", "--at-least", "50").exit_code == 0
    assert run("shop.policy", "--at-least", "99.9").exit_code == 1
    assert run("shop.policy", "--at-least", "101").exit_code == 2
    assert run("shop.polici").exit_code == 2


def test_faults_are_shown(here: Path) -> None:
    """A design with a fault is not changed at all: what `check` would say is said."""
    (here / "wrong.policy").write_text("host h in nowhere\n", encoding="utf-8")
    found = run("wrong.policy")
    assert found.exit_code == 2
    assert "wrong.policy:1" in found.stdout and "nowhere" in found.stdout
    assert json.loads(run("wrong.policy", "--format", "json").stdout)["exit_code"] == 2


def test_accepted_changes(here: Path) -> None:
    """What the file names is accepted; a change that is noticed anyway is told on standard error."""
    missed = [mutant.words for mutant in cover(design(SHOP)).mutants if mutant.outcome == "unnoticed"]
    lines = ["# on purpose", "", *(f"{words}  # because" for words in missed)]
    (here / "fine.txt").write_text("\n".join([*lines, "bypass outer"]), encoding="utf-8")
    found = run("shop.policy", "--accept", "fine.txt", "--at-least", "100")
    assert found.exit_code == 0
    assert "accepted: no invariant needs to notice" in found.stdout
    assert "no invariant notices" not in found.stdout
    assert found.stderr == "note: `fine.txt` accepts a change that needs no acceptance: bypass outer\n"
    assert run("shop.policy", "--accept", "none.txt").exit_code == 2


@pytest.mark.usefixtures("here")
def test_only_what_is_unnoticed() -> None:
    """Without the tables, the summary and the list are left, as they were."""
    whole, short = run("shop.policy").stdout, run("shop.policy", "--only-unnoticed").stdout
    assert "rules of outer" in whole and "rules of outer" not in short
    head, _, listed = short.partition("\n\n")
    assert whole.startswith(head) and whole.endswith(listed)


def test_every_mutant_is_a_change_of_its_own() -> None:
    """No change is tried twice."""
    changes: list[Change] = [mutant.change for mutant in cover(design(SHOP)).mutants]
    assert len(set(changes)) == len(changes)
