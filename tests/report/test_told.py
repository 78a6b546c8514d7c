"""What a person reads about a design in which much is wrong."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import click
import pytest

from policy.checking import check
from policy.report.outcome import Report
from policy.report.sentences import summary
from policy.report.text import Look, rendered

FLAWED = Path(__file__).parent / "flawed.policy"


@cache
def report() -> Report:
    return check(FLAWED)


def text(width: int = 200, verbose: bool = True) -> str:
    return rendered([report()], Look(width, False, verbose)).replace(str(FLAWED), "flawed.policy")


def block(name: str, width: int = 200) -> str:
    """What is told about one invariant besides the table."""
    found = [b for b in text(width).split("\n\n") if re.match(rf"\w+\[\w+\]: invariant `{name}`", b)]
    assert len(found) == 1
    return found[0]


def line_of(beginning: str) -> int:
    lines = FLAWED.read_text(encoding="utf-8").splitlines()
    return next(i for i, line in enumerate(lines, 1) if line.strip().startswith(beginning))


def marked(told: str) -> str:
    """The part of the text that is underlined."""
    lines = told.split("\n")
    i = next(i for i, line in enumerate(lines) if re.match(r" +\| +\^", line))
    start = lines[i].index("^")
    return lines[i - 1][start : start + lines[i].count("^")]


VERDICTS = {
    "behind_both": "violated", "in_order": "violated", "three_walls": "violated", "quiet": "violated",
    "one_may_fall": "violated", "attack_needs_account": "violated", "vault_only": "proved", "no_rdp": "violated",
    "inward": "violated", "spare": "violated", "one_server": "violated", "needs_met": "violated",
    "accounts": "violated", "least_privilege": "violated", "nothing": "vacuous", "too_good": "proved",
    "apart": "violated",
}  # fmt: skip


def test_verdicts() -> None:
    """Each invariant gets the verdict that its author can work out by hand; nothing is refused."""
    assert {r.name: r.verdict for r in report().results} == VERDICTS
    assert report().exit_code == 1


@pytest.mark.parametrize(
    ("name", "culprit", "label"),
    [
        ("behind_both", "web", "not passed"),
        ("in_order", "(vault then outer) or app", "not passed"),
        ("three_walls", "every path from perimeter to data crosses at least 3 firewalls", "only inner, vault"),
        ("quiet", "no path from internet to ledger", "there is one"),
        ("no_rdp", "perimeter can reach services on rdp", "it can"),
        ("inward", "tier(a) < tier(b)", "this fails"),
        ("least_privilege", "every connection into services is a flow", "one is not"),
        ("apart", "roaming in back", "this fails"),
        ("nothing", "nothing", "speaks of nothing"),
        ("too_good", "too_good", "holds"),
    ],
)
def test_the_culprit_is_underlined(name: str, culprit: str, label: str) -> None:
    """The marks are under the smallest part of the claim that is to blame, with a word on what is wrong."""
    told = block(name)
    assert marked(told) == culprit
    assert label in told


def test_a_path_is_told_step_by_step() -> None:
    """Steps are numbered and aligned; each firewall has its rule, by label or number, and the line of it."""
    steps = [line for line in block("behind_both").split("\n") if " -> " in line and "-->" not in line]
    relayed, vault = line_of("relayed:"), line_of("allow services -> data")
    assert [" ".join(line.split()) for line in steps] == [
        f"this path 1 web -> app tcp 443 inner rule `relayed` flawed.policy:{relayed}",
        f"2 app -> db (ledger) tcp 1433 vault rule 1 flawed.policy:{vault}",
    ]
    assert steps[0].index("tcp") == steps[1].index("tcp")
    assert steps[0].index("inner") == steps[1].index("vault")


def test_failures_and_crossings_are_told() -> None:
    """Every failure that the violation needs is named, and what a bypassed firewall did; links are told too."""
    told = block("one_may_fall")
    assert "while          inner is bypassed, outer is bypassed, vault is bypassed" in told
    assert re.search(r"outer is bypassed +flawed.policy:\d+\n +inner is bypassed", told)
    assert f"link                    flawed.policy:{line_of('link')}" in block("no_rdp")


def test_only_what_matters_of_the_world_is_told() -> None:
    """Options on which the violation does not depend are left out of the text, but not of the report."""
    assert "in the world   soap\n" in block("no_rdp")
    assert "in every world" in block("behind_both")
    violation = next(r.violation for r in report().results if r.name == "no_rdp")
    assert violation is not None
    matters = {choice.option: choice.matters for choice in violation.world}
    assert matters == {
        "proxy": False, "soap": True, "services.back.roaming": False, "data.db count": False,
    }  # fmt: skip


def test_an_attack_names_the_account_that_carries_it() -> None:
    """The step that needs an account says which one; others say nothing of accounts."""
    told = block("attack_needs_account")
    assert "this attack" in told
    assert told.count("with an account of") == 1
    assert re.search(r"3  app -> db.*\n.*with an account of data", told)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("inward", "for a = services, b = data: tier(services) = 2 is not < tier(data) = 2"),
        ("spare", "a count of 1 is not >= 2"),
        ("one_server", "`one host h: h is server` does not hold: its condition holds for app; db"),
        ("needs_met", "flow retrieve is not possible: db does not connect to app on tcp 443"),
        ("accounts", "db has an account of services, which its domain data does not accept"),
        ("least_privilege", "no flow covers this connection"),
        ("apart", "`roaming in back` does not hold"),
    ],
)
def test_facts_are_told_in_words(name: str, words: str) -> None:
    """What breaks a claim besides paths is said in a sentence with the names of the things."""
    assert f"because        {words}" in block(name)


def test_help_names_the_one_thing_too_much() -> None:
    """Where a single rule, publish, link or trust is to blame, the message says which one, and where it is."""
    where = f"flawed.policy:{line_of('temporary:')}"
    assert f"without rule `temporary` of inner ({where}) the invariant is proved" in block("no_rdp")
    assert "without the trust of services in data" in block("inward")
    assert "without" not in block("quiet")


def test_help_tells_the_truth() -> None:
    """A design without the line that the help names has the invariant proved."""
    design = "\n".join(
        line for line in FLAWED.read_text(encoding="utf-8").splitlines() if not line.strip().startswith("temporary:")
    )
    assert {r.name: r.verdict for r in check(design).results}["no_rdp"] == "proved"


def test_expected_violations_are_told_only_on_demand() -> None:
    """They show in the table as expected; their counterexample only with verbose."""
    assert re.search(r"^quiet +VIOLATED \(expected\) ", text(verbose=False), re.M)
    assert "expected[V001]" not in text(verbose=False)
    assert "expected[V001]: invariant `quiet` is violated" in text()
    assert re.search(r"^too_good +PROVED \(expected violated\) ", text(), re.M)


@pytest.mark.parametrize("width", [40, 80, 100])
def test_narrow_terminals_lose_nothing(width: int) -> None:
    """However narrow, every name, rule and place is there in full; what can be wrapped keeps to the width."""
    words = {w for line in text().split("\n") if "^" not in line for w in line.split() if not set(w) <= set("-")}
    told = text(width)
    assert {word for word in words if word not in told} == set()
    folded = [line for line in told.split("\n") if re.match(r" {3}(because|in the world|while) ", line)]
    assert folded
    assert all(len(line) <= max(width, 80) for line in folded)


def test_colour_changes_nothing_but_colour() -> None:
    """Without the escapes, coloured text is the plain one; without colour there is no escape."""
    coloured = rendered([report()], Look(100, True, True))
    assert "\x1b[" in coloured
    assert click.unstyle(coloured) == rendered([report()], Look(100, False, True))
    assert "\x1b" not in text()


def test_summary_counts_every_invariant() -> None:
    """The last line says how many designs were checked and how many invariants came out how."""
    counted = "1 proved, 1 violated as expected, 13 violated, 1 vacuous, 1 proved against expectation"
    assert summary([report()]) == f"checked 1 file: {counted}"
    assert text().endswith(summary([report()]) + "\n")


def test_control_characters_do_nothing() -> None:
    """What could move a cursor or colour a terminal is shown as an escape, wherever the design put it."""
    design = 'design "t\x1b[31m\u202e"\ndomain d { host h }\ninvariant i "a\x1b[2J": no host x: x in d\n'
    told = rendered([check(design)], Look())
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert "\\x1b[31m\\u202e" in told
    assert "(a\\x1b[2J)" in told


WALKS = """
service http = tcp 80
service https = tcp 443
domain out { untrusted }
domain dmz { host web hardened relays http to app as https }
domain core { network 10.0.0.0/8  host app at 10.0.0.2  host db at 10.0.0.1 listens http, https }
component thing on app relays https to db as http
kind none_such
firewall F joins out, dmz { allow any -> web : http  publish https from out to app }
firewall G joins dmz, core { allow any -> core : any from dmz into core  deny 10.1.0.0/16 -> any : any  default allow }
invariant relayed: no path from out to db
invariant published: every path from out to app passes F then web then F
invariant by_default: no path from core to web
invariant at_once: no path from db to all none_such, db
invariant split: every attack from 10.1.0.0/16 to db crosses at least 1 firewalls
invariant itself: not F can reach app
invariant quantified: all zone z in dmz, out: no path from z to app
invariant missing: some path from app to out
"""


def walk(name: str) -> str:
    """What is told of one of these, with blanks pressed together."""
    told = rendered([check(WALKS)], Look(200))
    found = [b for b in told.split("\n\n") if b.startswith(f"error[V001]: invariant `{name}`")]
    return "\n".join(" ".join(line.split()) for line in found[0].split("\n"))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("relayed", "2 web -> app tcp 443 web relays it <text>:5\nG rule 1 <text>:10\n3 app -> db tcp 80 "),
        ("published", "this path 1 someone in out -> F tcp 443 same zone\n2 F -> app tcp 443 F publishes it <text>:9"),
        ("published", "^^^ not passed"),
        ("by_default", "app -> web tcp 80 G default"),
        ("at_once", "this path none is needed: db is at both ends"),
        ("split", "this attack 1 someone in core at 10.1.0.0 -> db tcp 80 same zone"),
        ("split", "one crosses none"),
        ("itself", "connection 1 F -> app tcp 443 G rule 1"),
        ("quantified", "because this is so for z = "),
        ("missing", "there is none"),
    ],
)
def test_every_way_of_a_connection_is_told(name: str, told: str) -> None:
    """Relays, publishes, defaults, own packets, split zones, paths of no step: each way has its words."""
    assert told in walk(name)


def test_the_domain_of_a_host_is_the_one_of_its_place() -> None:
    """A host that may stand in several domains is told with that of the world that is shown."""
    design = """
domain a { host s }
domain b trusts a { host t }
domain c { host u }
host h in b or c account a
invariant i: every account is accepted
"""
    told = rendered([check(design)], Look())
    assert "in the world   h in c" in told
    assert "h has an account of a, which its domain c does not accept" in told
