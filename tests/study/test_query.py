"""Claims that are asked: the verdict is that of the claim in the file, faults are shown in the claim; lists of paths
hold the minimal ones of every world."""

from __future__ import annotations

import json
import re
from itertools import product
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import jsonschema
import pytest
import strategies
import walking
from agreement import model_of
from click.testing import CliRunner, Result
from hypothesis import given, note
from hypothesis import strategies as st

from policy.checking import ask, check
from policy.cli import commands
from policy.core import semantics
from policy.core.evidence import threatened
from policy.core.model import Invariant, PathClaim
from policy.core.network import Network
from policy.report.json import schema
from policy.report.outcome import Violation
from policy.study.design import Design, FaultyError, design
from policy.study.listing import listing
from policy.text.asked import QUERY, lists

LARGE = Path(__file__).parents[2] / "specs" / "biztalk" / "large_distributed.policy"
ALL = 10_000
LONGEST = 4

SHOP = """design "A small web shop"
service https = tcp 443
service ssh = tcp 22
option support
option paths
domain internet { untrusted standalone host crawler }
domain dmz { host web listens https, ssh }
domain vault { host orders listens ssh hardened }
firewall outer joins internet, dmz {
  shop: allow internet -> web : https
  care: allow internet -> web : ssh when support
}
firewall inner joins dmz, vault { allow web -> orders : ssh }
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.policy"
    path.write_text(SHOP, encoding="utf-8")
    return path


def run(*args: str | Path, text: str | None = None) -> Result:
    return CliRunner().invoke(commands, ["query", *map(str, args)], input=text, catch_exceptions=False)


# ---------------------------------------------------------------- verdicts


@pytest.mark.parametrize("designs", [strategies.designs(), strategies.networks()], ids=["designs", "networks"])
def test_a_claim_that_is_asked_has_the_verdict_of_one_in_the_file(designs: st.SearchStrategy[str]) -> None:
    """Every invariant of a design, asked of the design without it; addresses in it tell the same endpoints apart."""

    @given(designs)
    def same(text: str) -> None:
        note(text)
        written = {result.name: result for result in check(text).results}
        for found in re.finditer(r"^invariant (\w+): (.*)$", text, re.MULTILINE):
            rest = text[: found.start()] + text[found.end() :]
            report = ask(found[2], rest)
            if not written:
                assert report.faults  # contradictory assumptions, say
                return
            (result,) = report.results
            before = written[found[1]]
            assert (result.name, result.verdict, result.note) == (QUERY, before.verdict, before.note)
            assert _told(result.violation) == _told(before.violation)

    same()


def _told(violation: Violation | None) -> object:
    """What the world, failures and path are, whatever else is in the file."""
    if violation is None:
        return None
    return violation.world, violation.failures, len(violation.steps), violation.label


@pytest.mark.parametrize(
    ("claim", "code", "said"),
    [
        ("no path from vault to dmz", 0, "PROVED"),
        ("every path from vault to internet passes inner", 0, "PROVED: there is no such path at all"),
        ("no path from internet to vault", 1, "there is one"),
        ("support or paths", 1, "the claim is violated"),
        ("paths implies paths", 0, "PROVED"),
        ("paths", 1, "VIOLATED"),
        ("all host h in vault except orders: h in dmz", 1, "VACUOUS"),
        ("no path from internet to vault\n  # even if\n  even if any 1 firewalls are bypassed", 1, "<query>:1:1"),
    ],
)
def test_exit_codes_are_those_of_check(shop: Path, claim: str, code: int, said: str) -> None:
    """And the answer is the same from standard input."""
    result = run(claim, shop)
    assert (result.exit_code, said in result.stdout) == (code, True), result.stdout
    piped = run("-", shop, text=claim)
    assert re.sub(r"\d+ ms", "", piped.stdout) == re.sub(r"\d+ ms", "", result.stdout)


def test_a_budget_that_runs_out_is_no_pass() -> None:
    """Neither for a claim nor for a list."""
    claim = "not internet can reach data even if any 2 firewalls are bypassed"
    assert run(claim, LARGE, "--budget", "3").exit_code == 3
    result = run("paths from internet to data", LARGE, "--budget", "30")
    assert (result.exit_code, "budget" in result.stdout) == (3, True)


# ---------------------------------------------------------------- faults

CLAIMS = (
    "every path from internet to orders passes outer then inner even if web is compromised",
    "not internet can reach orders on ssh",
    "all host h in dmz: h listens on https implies no path from h to vault within 1 steps",
    "paths from internet to vault on ssh passes web",
)


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_slip_in_any_word_is_told_where_it_is(shop: Path, claim: str) -> None:
    """A wrong letter, one too many, a word twice: a fault, and the place is in the claim."""
    words = claim.split(" ")
    for i, word in enumerate(words):
        for slip in (f"{word[:-1]}zq", f"x{word}", f"{word} {word}" if word != "not" else "not and"):
            broken = " ".join([*words[:i], slip, *words[i + 1 :]])
            report = ask(broken, shop)
            assert report.faults and not report.results, broken
            for fault in report.faults:
                assert fault.file == QUERY and fault.span is not None and fault.message[0] in f"`{ascii_lowercase}"
                assert "``" not in fault.message + fault.hint and "declaration" not in fault.message


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("", "there is no claim"),
        ("# nothing", "there is no claim"),
        ("no path form internet to dmz", "did you mean `from`?"),
        ("no path from internt to dmz", "did you mean `internet`?"),
        ("paths from internet to dmz or support", "a list of paths is no part of another claim"),
        ("support option other", "one claim is asked at a time"),
        ("support invariant other: support", "one claim is asked at a time"),
        ('"words" support', "a claim is expected here"),
        ("expect violated: support", "a claim is expected here"),
        ("every path from internet to dmz", "says nothing yet"),
        ("attacks from internet to dmz within 2 steps", "an attack has no number of steps"),
        ("; rm -rf / $(reboot) `id` 'x' | & \\", "is no part of the language"),
        ("}", "is not expected here"),
        ("{" * 300, "is not expected here"),
        ("(" * 300 + "support" + ")" * 300, "nested more than"),
        ("support\x1b[2J\u202e", "is no part of the language"),
        ("-", "in the middle of the claim"),
    ],
)
def test_faults_are_shown_in_the_claim(shop: Path, claim: str, said: str) -> None:
    """With what to do about it; whatever a shell may let through is text, and moves no cursor."""
    result = run("-", shop, text=claim)
    assert (result.exit_code, said in result.stdout) == (2, True), result.stdout
    assert "--> <query>:1:" in result.stdout and "\x1b[2J" not in result.stdout and "\u202e" not in result.stdout


def test_faults_of_the_design_are_shown_too(tmp_path: Path) -> None:
    """By the design's own name, in text and in JSON."""
    path = tmp_path / "faulty.policy"
    path.write_text(SHOP + "host lost\n", encoding="utf-8")
    for claim in ("no path from internet to vault", "paths from internet to vault"):
        result = run(claim, path)
        assert result.exit_code == 2 and f"{path}:" in result.stdout
        tree = json.loads(run(claim, path, "--format", "json").stdout)
        jsonschema.validate(tree, schema())
        assert tree["exit_code"] == 2


def test_names_of_the_design_cannot_clash(tmp_path: Path) -> None:
    """An invariant `query`, and a file called <query>."""
    path = tmp_path / "<query>"
    path.write_text(SHOP + "invariant query: support\n", encoding="utf-8")
    assert run("support iff support", path).exit_code == 0
    assert run("suport", path).exit_code == 2


def test_usage_is_told(shop: Path) -> None:
    """Options that do not fit, and designs that are not there."""
    assert "lists of paths" in run("support", shop, "--world", "support=true").stderr
    assert "did you mean `support`" in run("paths from dmz to vault", shop, "--world", "suport=true").stderr
    assert run("support", shop.parent / "none.policy").exit_code == 2
    assert "name one of them" in run("support", LARGE.parent).stderr


# ---------------------------------------------------------------- lists


def test_lists_are_told_from_claims() -> None:
    """An option may be called `paths`."""
    assert lists("paths from a to b") and lists("attacks from a to b") and lists("paths form a to b")
    assert not lists("paths") and not lists("paths implies a") and not lists("paths = true") and not lists("")


def test_a_list_tells_hop_by_hop_what_each_path_needs(shop: Path) -> None:
    """The choices, the rules, and how many there are; with an option decided only what is left."""
    result = run("paths from internet to orders on ssh passes web", shop)
    assert result.exit_code == 0
    assert "path 1  2 steps, through outer, inner\n   in every world\n" in result.stdout
    assert f"{shop}:10" in result.stdout and result.stdout.endswith("\n2 paths\n")
    one = run("paths from internet to web on ssh", shop, "--all", "1")
    assert "in the world   support\n" in one.stdout and one.stdout.endswith(
        "\n1 path, and there are more (see --all)\n"
    )
    none = run("paths from internet to web on ssh", shop, "--world", "support=false")
    assert (none.exit_code, none.stdout) == (0, "there is no path\n")


def test_lists_obey_the_schema(shop: Path) -> None:
    """What text shows, JSON has."""
    claim = "attacks from internet to orders even if any 2 firewalls are bypassed"
    tree = json.loads(run(claim, shop, "--format", "json").stdout)
    jsonschema.validate(tree, schema())
    assert (tree["claim"], tree["complete"], tree["sources"][-1]["file"]) == (claim, True, QUERY)
    assert {len(path["failures"]) for path in tree["paths"]} == {0, 2}


def listed(asked: Design, invariant: Invariant) -> dict[tuple[str, ...], Any]:
    found = listing(asked, invariant, {}, ALL, None)
    assert found.complete
    walks = {(path.start.words, *(hop.target.words for hop in path.steps)): path for path in found.paths if path.start}
    assert len(walks) == len(found.paths)
    return walks


@pytest.mark.parametrize("designs", [strategies.designs(), strategies.networks()], ids=["designs", "networks"])
def test_a_list_holds_the_minimal_paths_of_every_world(designs: st.SearchStrategy[str]) -> None:
    """And of every failure; each in a world of which it is one, and of all that make the same choices it is a path."""

    @given(designs)
    def same(text: str) -> None:
        note(text)
        model = model_of(text)
        claims = (i for i in model.invariants.values() if isinstance(i.claim, PathClaim) and not i.claim.attack)
        invariant = next(claims, None)
        try:
            asked = design(text)
        except FaultyError:
            return
        if invariant is None:
            return
        found = listed(asked, invariant)
        assert isinstance(invariant.claim, PathClaim)
        expected: dict[tuple[str, ...], list[tuple[Any, Any]]] = {}
        for world, failure in product(semantics.worlds(model), semantics.failures(invariant.threats)):
            for walk in walking.Walks(Network(model, world, failure), invariant.claim).minimal(LONGEST):
                expected.setdefault(tuple(map(str, walk)), []).append((world, failure))
        short = {walk: path for walk, path in found.items() if len(walk) <= LONGEST + 1}
        plain = {tuple(_full(path)): path for path in short.values()}
        assert plain.keys() == expected.keys()
        for walk, path in plain.items():
            world = {choice.option: choice.value for choice in path.world}
            assert (world, frozenset(path.failures)) in expected[walk]

    same()


def _full(path: Violation) -> list[str]:
    """The endpoints by their full names."""
    ends = [path.start, *(hop.target for hop in path.steps)]
    texts = []
    for end in ends:
        assert end is not None
        at = "" if end.address is None else f" at {end.address}"
        texts.append(f"someone in {end.name}{at}" if end.sort == "someone" else end.name)
    return texts


def test_threats_of_a_list_are_admitted(shop: Path) -> None:
    """A failure shows as such, and what happens without one comes without one."""
    asked = design(shop, "paths from crawler to orders even if outer is bypassed")
    invariant = asked.model.invariants[QUERY]
    assert threatened(invariant.threats) == {("outer", "bypassed")}
    assert [path.failures for path in listed(asked, invariant).values()] == [()]


def test_swapped_arguments_are_told(shop: Path) -> None:
    found = CliRunner().invoke(commands, ["query", str(shop), "no path from internet to web"])
    assert found.exit_code == 2 and "the claim comes first" in found.output
