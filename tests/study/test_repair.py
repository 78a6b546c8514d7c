"""Repairs: what they promise holds by enumeration, none is smaller by brute force, and the text says what they are."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest
import strategies
from agreement import model_of
from hypothesis import assume, given, note, settings
from hypothesis import strategies as st

from policy.core import semantics
from policy.core.model import FlowsPossible, Invariant
from policy.study.changes import Change, changed
from policy.study.design import Case, Design, FaultyError, design
from policy.study.edits import REMOVALS, edits
from policy.study.repair import Demand, Limits, Outcome, repair
from policy.study.rewriting import rewritten, written
from policy.text.format import formatted
from policy.text.parse import comments
from policy.text.resolve import resolve
from policy.text.rewrite import reread

SPECS = Path(__file__).parent.parent.parent / "specs"
MOST_TRIED = 60
FEW = settings(max_examples=max(8, settings().max_examples // 4))  # each of them is many designs


def designed(text: str) -> Design:
    """The design; the case is given up where the search finds faults in it."""
    note(text)
    try:
        return design(text)
    except FaultyError:
        assume(False)
        raise


def drawn(data: st.DataObject, text: str) -> tuple[Design, str]:
    """A design and one of its invariants that is violated; the case is given up where there is none."""
    base = designed(text)
    violated = [name for name, i in base.model.invariants.items() if base.answer(i).verdict == "violated"]
    assume(violated)
    return base, data.draw(st.sampled_from(violated))


def meets(base: Design, some: Collection[Change], outcome: Outcome, kept: Collection[Demand] | None = None) -> bool:
    """Whether the edits can be written and the design meets every demand after them, as far as a checked proof tells;
    of those to keep, only `kept`, if given."""
    case = Case(changed(base.model, some))
    if any(fault.kind == "contradiction" for fault in case.prover.faults()):
        return False
    demanded = (*outcome.wanted, *(demand.invariant for demand in (outcome.kept if kept is None else kept)))
    return all(case.answer(invariant).verdict == "proved" for invariant in demanded) and is_text(base, some)


def is_text(base: Design, some: Collection[Change]) -> bool:
    return not resolve(rewritten(reread(base.sources), base.model, some)).faults


# ---------------------------------------------------------------- random designs


@FEW
@given(st.data(), strategies.designs())
def test_a_repair_keeps_its_promises(data: st.DataObject, text: str) -> None:
    """By enumeration of every world and failure, of the text as it is printed."""
    base, name = drawn(data, text)
    outcome = repair(base, (name,), Limits(2, MOST_TRIED, 2))
    for one in outcome.repairs:
        ((_, new),) = one.files
        note(new.text)
        model = model_of(new.text)
        assert semantics.verdict(model, model.invariants[name]) == "proved"
        for invariant in base.model.invariants.values():
            if semantics.verdict(base.model, invariant) == "proved":
                assert semantics.verdict(model, model.invariants[invariant.name]) == "proved", invariant.name
        for flow in base.model.flows:
            possible = Invariant(flow, FlowsPossible((flow,)))
            if semantics.verdict(base.model, possible) == "proved":
                assert semantics.verdict(model, possible) == "proved", flow


@FEW
@given(st.data(), strategies.designs())
def test_no_repair_is_smaller_and_none_is_missing(data: st.DataObject, text: str) -> None:
    """Brute force over the same edits: no single one, where the answer is two or none; and every single one that does
    is shown, or narrows what one that is shown removes. What is said to conflict does."""
    base, name = drawn(data, text)
    outcome = repair(base, (name,), Limits(2, MOST_TRIED, 50))
    found = edits(base)
    single = [edit for edit in found if meets(base, (edit,), outcome)]
    shown = {edit.change for one in outcome.repairs for edit in one.edits}
    removed = {edit.key for edit in shown if edit.kind in REMOVALS}
    if outcome.fewest == 1 and outcome.ended == "repaired":
        assert shown <= set(single)
        if outcome.complete:
            assert all(edit in shown or edit.key in removed for edit in single)
    elif outcome.fewest > 1:
        assert not single
    if outcome.conflict is not None:
        assert not any(meets(base, (edit,), outcome, outcome.conflict.demands) for edit in found)


@FEW
@given(st.data(), st.one_of(strategies.designs(), strategies.networks()))
def test_no_pair_does_where_none_is_said_to(data: st.DataObject, text: str) -> None:
    """Random pairs of edits, where there is no repair of two."""
    base, name = drawn(data, text)
    outcome = repair(base, (name,), Limits(2, MOST_TRIED, 1))
    assume(outcome.ended == "none")
    found = edits(base)
    assume(len({edit.key for edit in found}) > 1)
    for _ in range(25):
        some = data.draw(st.lists(st.sampled_from(found), min_size=2, max_size=2, unique_by=lambda edit: edit.key))
        assert not meets(base, some, outcome), some


# ---------------------------------------------------------------- the text


def annotated(text: str) -> str:
    """The text with a comment of its own before every line, laid out."""
    lines = [f"# remark {i}\n{line}" for i, line in enumerate(text.splitlines())]
    source = next(iter(design("\n".join(lines)).sources.values()))
    return formatted(source)


@given(st.data(), strategies.designs())
def test_edits_are_written_and_nothing_else(data: st.DataObject, text: str) -> None:
    """What is read is the changed model; every comment on a line of its own is still there; the layout is kept."""
    base = designed(text)
    base = designed(annotated(text))
    found = edits(base)
    assume(found)
    some = data.draw(st.lists(st.sampled_from(found), min_size=1, max_size=4, unique_by=lambda edit: edit.key))
    loaded = rewritten(reread(base.sources), base.model, some)
    (new,) = loaded.sources.values()
    note(f"{some}\n{new.text}")
    resolved = resolve(loaded)
    assume(not resolved.faults)
    assert written(resolved.model, base.model, some)
    (old,) = base.sources.values()
    assert [str(comment) for comment in comments(new)] == [str(comment) for comment in comments(old)]
    assert formatted(new) == new.text


DESIGN = """\
domain a { host box listens web }  # a
domain b trusts a, c { host two listens web, ssh }
domain c trusts b {
  zone c1 { host three runs software relays web to two as ssh count 1..3 }
  zone c2
}
component software is tool
kind tool
service web = tcp 80
service ssh = tcp 22
option choice in { left, right }  # to be settled
firewall F joins a, b, c {
  first: allow box, two -> three, two : web, ssh  # two things
  second: allow any -> b : any
  publish web from a to three
  default allow
}
link a, b  # a short cut
flow need: box -> two : web
"""


@pytest.mark.parametrize(
    ("kind", "value", "removed", "added"),
    [
        ("remove rule", "", ["  second: allow any -> b : any"], []),
        ("remove publish", "", ["  publish web from a to three"], []),
        ("remove link", "", ["link a, b  # a short cut"], []),
        (
            "remove relay", "",
            ["  zone c1 { host three runs software relays web to two as ssh count 1..3 }"],
            ["  zone c1 { host three runs software listens web count 1..3 }"],
        ),
        (
            "narrow services", "ssh",
            ["  first: allow box, two -> three, two : web, ssh  # two things"],
            ["  first: allow box, two -> three, two : web  # two things"],
        ),
        (
            "narrow source", "0",
            ["  first: allow box, two -> three, two : web, ssh  # two things"],
            ["  first: allow two -> three, two : web, ssh  # two things"],
        ),
        ("except source", "c", ["  second: allow any -> b : any"], ["  second: allow any except c -> b : any"]),
        ("fit flow", "need", ["  second: allow any -> b : any"], ["  second: allow box -> two : web"]),
        ("close default", "", ["  default allow"], ["  default deny"]),
        ("leave zone", "c.c1", ["firewall F joins a, b, c {"], ["firewall F joins a, b, c2 {"]),
        ("leave zone", "a", ["firewall F joins a, b, c {"], ["firewall F joins b, c {"]),
        ("fix option", "left", [], ["assume choice = left"]),
        (
            "fix option", "2",
            ["  zone c1 { host three runs software relays web to two as ssh count 1..3 }"],
            ["  zone c1 { host three runs software relays web to two as ssh count 2 }"],
        ),
        (
            "move component", "a.box",
            [
                "  zone c1 { host three runs software relays web to two as ssh count 1..3 }",
                "component software is tool",
            ],
            ["  zone c1 { host three relays web to two as ssh count 1..3 }", "component software on box is tool"],
        ),
        (
            "move host", "b",
            ["domain a { host box listens web }  # a"], ["domain a { host box in b listens web }  # a"],
        ),
        (
            "add trust", "",
            ["domain a { host box listens web }  # a"], ["domain a trusts b { host box listens web }  # a"],
        ),
    ],
)  # fmt: skip
def test_edits_change_these_lines(kind: str, value: str, removed: list[str], added: list[str]) -> None:
    base = design(DESIGN)
    (old,) = base.sources.values()
    fitting = (edit for edit in edits(base) if edit.kind == kind and value in ("", edit.value))
    for edit in fitting:
        loaded = rewritten(reread(base.sources), base.model, (edit,))
        (new,) = loaded.sources.values()
        before, after = old.text.splitlines(), new.text.splitlines()
        gone = [line for line in before if line not in after]
        if gone == removed:
            assert [line for line in after if line not in before] == added
            assert written(resolve(loaded).model, base.model, (edit,))
            return
    pytest.fail("there is no such edit")


def test_trusts_are_taken_out_of_lists() -> None:
    """Both of a list, one after the other."""
    base = design(DESIGN)
    both = [edit for edit in edits(base) if edit.kind == "remove trust"][:2]
    loaded = rewritten(reread(base.sources), base.model, both)
    (new,) = loaded.sources.values()
    assert "domain b { host two listens web, ssh }" in new.text
    assert written(resolve(loaded).model, base.model, both)


def test_items_of_one_line() -> None:
    """One blank stays beside what is left, and every file keeps its ends of lines."""
    text = """\
service s = tcp 1\r
domain a\r
domain b { host h listens s }\r
option o  option p\r
firewall F joins a, b { allow a -> b : s  deny any -> any : any }\r
"""
    base, found = design(text), []
    for edit in edits(base):
        if edit.kind in ("remove rule", "fix option"):
            (new,) = rewritten(reread(base.sources), base.model, (edit,)).sources.values()
            found.append([line for line in new.text.split("\n") if line not in text.split("\n")])
    assert found == [
        ["option o\r", "assume o\r", "  option p\r"],
        ["option o\r", "assume not o\r", "  option p\r"],
        ["assume p\r"],
        ["assume not p\r"],
        ["firewall F joins a, b { deny any -> any : any }\r"],
        ["firewall F joins a, b { allow a -> b : s }\r"],
    ]


# ---------------------------------------------------------------- known answers

TWINS = {
    "any_rule": ["remove rule `forgotten` of FW1"],
    "data_trusts_corporate": ["remove the trust of data in corporate"],
    "fw3_joins_data": ["take data out of what FW3 joins"],
    "operations_rule_widened": ["let rule `operations` of FW2 speak of no more than flow `operations`"],
    "sso_in_perimeter": ["assume not separate_sso_server", "move sso_only to services"],
    "trust_taken_away": ["let service_interfaces trust data"],
}


@pytest.mark.parametrize("twin", TWINS)
def test_flawed_twins_are_repaired_by_undoing_the_flaw(twin: str) -> None:
    """One edit undoes the flaw of each; another one that does as well is as small."""
    outcome = repair(SPECS / "biztalk" / f"large_distributed_flawed_{twin}.policy")
    assert outcome.complete
    assert [[edit.words for edit in one.edits] for one in outcome.repairs] == [[words] for words in TWINS[twin]]
    for one in outcome.repairs:
        assert set(one.verdicts.values()) == {"proved"}


def test_every_twin_is_known() -> None:
    names = {path.stem for path in (SPECS / "biztalk").glob("*_flawed_*.policy")}
    assert names == {f"large_distributed_flawed_{twin}" for twin in TWINS}


TWO_DOORS = """\
domain a
domain b { host h listens s }
service s = tcp 1
firewall F joins a, b { allow a -> h : s }
firewall G joins a, b { allow a -> h : s }
invariant stays: h in b
invariant closed: not a can reach b
"""


def test_two_edits_where_two_are_needed() -> None:
    outcome = repair(TWO_DOORS)
    assert (outcome.ended, outcome.fewest) == ("repaired", 2)
    assert ["remove rule 1 of F", "remove rule 1 of G"] in [[edit.words for edit in o.edits] for o in outcome.repairs]


def test_a_firewall_that_publishes_may_leave_its_zones() -> None:
    """Its part in the path crosses nothing: it stands in both zones."""
    outcome = repair(
        """\
        service s = tcp 1
        domain a
        domain b { host h listens s }
        domain c
        firewall P joins a, b, c { publish s from a to h }
        invariant stays: h in b
        invariant closed: no path from a to b
        """
    )
    assert [[edit.words for edit in one.edits] for one in outcome.repairs] == [
        ["take a out of what P joins"], ["take b out of what P joins"], ["remove the publish of P"],
    ]  # fmt: skip


def test_what_conflicts_is_named() -> None:
    outcome = repair(f"{TWO_DOORS}\nflow needed: a -> h : s")
    assert outcome.ended == "none"
    assert outcome.conflict is not None
    assert [demand.reason for demand in outcome.conflict.demands] == ["flow needed"]


def test_named_invariants_are_repaired_even_if_they_expect_to_be_violated() -> None:
    text = TWO_DOORS + "invariant meant expect violated: no path from a to b"
    assert [i.name for i in repair(text).wanted] == ["closed"]
    assert [i.name for i in repair(text, ("meant",)).wanted] == ["meant"]
    assert [i.name for i in repair(text.replace("closed:", "closed expect violated:")).wanted] == ["closed", "meant"]


def test_a_budget_that_runs_out_is_no_answer() -> None:
    outcome = repair(TWO_DOORS, limits=Limits(4, 1, 5))
    assert (outcome.ended, outcome.tried) == ("unknown", 1)


def test_nothing_to_repair() -> None:
    assert repair("domain a\ndomain b { host h }\ninvariant i: not a can reach b").ended == "nothing"
