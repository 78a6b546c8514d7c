"""The lessons teach what is so: each flawed twin breaks what it says and nothing that its design does not promise, each
question has the solution beside it, what the comments claim is tried, and the page shows what the command prints.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from difference import Difference, differences
from pages import blocks, shown_and_printed, shown_commands

from policy.checking import check
from policy.core.model import Model
from policy.report.outcome import Report
from policy.text.format import formatted
from policy.text.load import load
from policy.text.resolve import resolve
from policy.text.source import Source

ROOT = Path(__file__).parents[1]
LESSONS = ROOT / "specs" / "lessons"
PAGE = (ROOT / "docs" / "lessons.md").read_text(encoding="utf-8")
NAMES = (
    "1_one_wall", "2_two_walls", "3_waypoints", "4_stepping_stones", "5_trusts_and_accounts", "6_reverse_proxy",
    "7_failures", "8_biztalk",
)  # fmt: skip
PARTS = ("design", "flawed", "question", "solution")
FILES = [f"{name}/{part}" for name in NAMES for part in PARTS]
TO_DO = "# To do: make "
FLAWS: dict[str, set[Difference]] = {
    "1_one_wall": {("rule", "wall", "temporary")},
    "2_two_walls": {("hosts", "clinic.vault.backup"), ("hosts", "clinic.backup"), ("rule", "inner", "copies"),
                    ("flows", "copies")},  # the backup server's full name is another one
    "3_waypoints": {("rule", "middle", "ask")},
    "4_stepping_stones": {("hosts", "clinic.dmz.gateway")},
    "5_trusts_and_accounts": {("trust", "vault", "office")},
    "6_reverse_proxy": {("options", "proxy"), ("rule", "outer", "direct"), ("rule", "middle", "direct")},
    "7_failures": {("rule", "inner", "store")},
    "8_biztalk": {("links",)},
}  # fmt: skip
SOLUTIONS: dict[str, set[Difference]] = {
    "1_one_wall": {("order of rules", "wall")},
    "2_two_walls": {("links",), ("joins", "inner", "clinic.office"), ("rule", "inner", "treat")},
    "3_waypoints": {("rule", "outer", "mail"), ("rule", "middle", "mail")},
    "4_stepping_stones": {("services", "tunnel")},
    "5_trusts_and_accounts": {("trust", "vault", "laboratory")},
    "6_reverse_proxy": {("assumptions",)},
    "7_failures": {("firewalls", "core"), ("firewalls", "middle"), ("firewalls", "inner")},
    "8_biztalk": {("links",)},
}
IDLE = {"1_one_wall": ["no_shell"]}  # as its comment says


@cache
def text(file: str) -> str:
    return (LESSONS / f"{file}.policy").read_text(encoding="utf-8")


@cache
def report(file: str) -> Report:
    return check(LESSONS / f"{file}.policy")


@cache
def model(file: str) -> Model:
    resolved = resolve(load(LESSONS / f"{file}.policy"))
    assert resolved.faults == ()
    return resolved.model


def expected(file: str) -> dict[str, str]:
    """The verdict that a file states for each of its invariants."""
    return {name: invariant.expect for name, invariant in model(file).invariants.items()}


def claims(file: str) -> dict[str, str]:
    """The words of each invariant, but for the verdict that it expects."""
    found = re.findall(r"^invariant (\w+) (.*(?:\n  .*)+)", text(file), re.MULTILINE)
    return {name: " ".join(words.replace(" expect violated:", ":").split()) for name, words in found}


def goals(name: str) -> set[str]:
    """The invariants that the question asks for: those that follow its line `To do`, up to the next comment."""
    asked = text(f"{name}/question").split(TO_DO)[1].split("\n", 1)[1].split("\n#")[0]
    return set(re.findall(r"^invariant (\w+)", asked, re.MULTILINE))


# ---------------------------------------------------------------- the files


def test_every_lesson_is_there() -> None:
    """Eight lessons in order, each with its four files. (A reader's own copies may lie beside them.)"""
    assert sorted(path.name for path in LESSONS.iterdir()) == list(NAMES)
    assert [name[0] for name in NAMES] == [str(number) for number in range(1, 9)]
    assert all((LESSONS / f"{file}.policy").is_file() for file in FILES)


@pytest.mark.parametrize("file", FILES)
def test_verdicts(file: str) -> None:
    """Every invariant of every file has the verdict that the file states for it, and all flows are possible."""
    found = report(file)
    assert found.faults == () and found.bug == ""
    assert [(r.name, r.verdict, r.note) for r in found.results if not r.as_expected] == []
    assert found.exit_code == 0
    assert {r.name: r.verdict for r in found.results}["needs_met"] == "proved"
    assert model(file).invariants["needs_met"].claim == model(FILES[0]).invariants["needs_met"].claim


@pytest.mark.parametrize("file", FILES)
def test_form(file: str) -> None:
    """A file is short, laid out as the formatter does, has a title that says where it belongs, and opens with it; every
    invariant has a description."""
    written, number, part = text(file), file[0], file.split("/")[1]
    assert formatted(Source.of(file, written)) == written
    assert 20 <= len(written.splitlines()) <= 60
    title = model(file).title
    assert title.startswith(f"Lesson {number}: " if part == "design" else f"Lesson {number}, {part}: ")
    assert written.startswith(f"# {title}\n#\n")
    assert all(invariant.about for invariant in model(file).invariants.values())
    assert claims(file).keys() == model(file).invariants.keys()


@pytest.mark.parametrize("name", NAMES)
def test_designs_say_what_they_teach(name: str) -> None:
    """A design names its threat and its idea."""
    assert re.search(r"^# Threat: .*?^# Idea: ", text(f"{name}/design"), re.MULTILINE | re.DOTALL)


# ---------------------------------------------------------------- the flaw


@pytest.mark.parametrize("name", NAMES)
def test_flaw_is_one_mistake(name: str) -> None:
    """The flawed twin differs from the design in what one mistake changes."""
    assert set(differences(model(f"{name}/design"), model(f"{name}/flawed"))) == FLAWS[name]


@pytest.mark.parametrize("name", NAMES)
def test_flaw_is_noticed(name: str) -> None:
    """What is broken in the flawed twin is proved of the design, what is kept is promised there, too, and some is."""
    sound, flawed = expected(f"{name}/design"), expected(f"{name}/flawed")
    broken = {invariant for invariant, verdict in flawed.items() if verdict == "violated"}
    assert broken and broken < flawed.keys() - {"needs_met"}
    assert {sound[invariant] for invariant in flawed} == {"proved"}
    assert claims(f"{name}/flawed").items() <= claims(f"{name}/design").items()


# ---------------------------------------------------------------- the question


@pytest.mark.parametrize("name", NAMES)
def test_question_and_solution(name: str) -> None:
    """The solution proves what the question asks for; what else the question states is stated by the solution, too."""
    asked, question, solution = goals(name), expected(f"{name}/question"), expected(f"{name}/solution")
    assert asked
    assert {question[invariant] for invariant in asked} == {"violated"}
    assert solution == {**question, **dict.fromkeys(asked, "proved")}
    assert claims(f"{name}/question") == claims(f"{name}/solution")


@pytest.mark.parametrize("name", NAMES)
def test_solution_is_a_small_change(name: str) -> None:
    """The solution changes what it should, no flow, and few lines."""
    changed = set(differences(model(f"{name}/question"), model(f"{name}/solution")))
    assert changed == SOLUTIONS[name]
    assert model(f"{name}/question").flows == model(f"{name}/solution").flows
    before, after = declared(f"{name}/question"), declared(f"{name}/solution")
    assert len([line for line in before if line not in after] + [line for line in after if line not in before]) <= 4


def without_a_line(file: str) -> Iterator[tuple[str, Report]]:
    """What comes of a file without each of its lines that declare something."""
    body, invariants = text(file).split("\ninvariant ", 1)
    lines = body.splitlines()
    for i, line in enumerate(lines):
        if line and not line.startswith(("#", "design ")):
            yield line.split(":")[0].strip(), check("\n".join([*lines[:i], *lines[i + 1 :], f"invariant {invariants}"]))


@pytest.mark.parametrize("name", NAMES[:-1])
def test_no_cheaper_answer(name: str) -> None:
    """To take a line away does not answer a question; the last lesson's is meant to be answered so."""
    wanted = expected(f"{name}/solution")
    for line, found in without_a_line(f"{name}/question"):
        assert {result.name: result.verdict for result in found.results} != wanted, line


@pytest.mark.parametrize("name", NAMES[:-1])
def test_no_line_is_idle(name: str) -> None:
    """Without a line of a design some invariant has another verdict, or the rest is no design. (But flows ask.)"""
    idle = [
        line
        for line, found in without_a_line(f"{name}/design")
        if not line.startswith("flow ") and not found.faults and all(result.as_expected for result in found.results)
    ]
    assert idle == IDLE.get(name, [])


def declared(file: str) -> list[str]:
    """The lines of a file that are neither comments nor title nor invariants."""
    lines = text(file).split("\ninvariant ", 1)[0].splitlines()
    return [line for line in lines if line and not line.startswith(("#", "design "))]


# ---------------------------------------------------------------- what the comments claim

CARE, NO_SHELL, TEMPORARY = (
    "  care: allow technician -> portal : ssh\n",
    "  no_shell: deny any -> clinic : ssh\n",
    "  temporary: allow any -> any : any\n",
)
STONES = "path from internet to records, directory passes"
Try = tuple[str, dict[str, str], dict[str, str]]
TRIES: dict[str, Try] = {
    "only the line decides about shells": (
        "1_one_wall/flawed",
        {NO_SHELL: ""},
        {"shell_closed": "violated"},
    ),
    "the temporary rule on top": (
        "1_one_wall/flawed",
        {TEMPORARY: "", CARE: TEMPORARY + CARE},
        {"shell_closed": "violated"},
    ),
    "the default says so, too": (
        "1_one_wall/design", {"  no_shell: ": "  # no_shell: "},
        {"shell_closed": "proved", "records_closed": "proved", "little_else": "proved"},
    ),
    "no shell above both": (
        "1_one_wall/solution", {CARE + NO_SHELL: NO_SHELL + CARE},
        {"shell_closed": "proved", "needs_met": "violated"},
    ),
    "the whole office": (
        "2_two_walls/solution", {"allow desk": "allow office"},
        {"two_walls": "proved", "desk_only": "violated"},
    ),
    "unseen mail: the outer rule alone": (
        "3_waypoints/question", {"scanner, mailbox : smtp": "scanner : smtp"},
        {"scanned": "violated", "in_order": "violated"},
    ),
    "unseen mail: the sender outside alone": (
        "3_waypoints/question", {"internet, dmz -> mailbox": "dmz -> mailbox"}, {"scanned": "violated"},
    ),
    "unseen mail: the rule of `middle` alone": (
        "3_waypoints/question", {"internet, dmz -> mailbox": "scanner -> mailbox"},
        {"scanned": "proved", "in_order": "proved"},
    ),
    "the office by the reports alone": (
        "3_waypoints/design", {"(reports or app)": "reports"}, {"staff": "violated"},
    ),
    "the office by the app alone": (
        "3_waypoints/design", {"(reports or app)": "app"}, {"staff": "violated"},
    ),
    "a gateway that can be taken over": (
        "4_stepping_stones/design", {"  hardened }": " }"}, {"stepping_stones": "violated"},
    ),
    "a dmz with accounts": (
        "4_stepping_stones/design", {"accounts\" { standalone": "accounts\" {"}, {"strangers_stay_out": "violated"},
    ),
    "a stolen laptop and the directory": (
        "4_stepping_stones/design", {STONES: "attack from laptop to directory passes"}, {"stepping_stones": "proved"},
    ),
    "a stolen laptop, the directory, and one relay more": (
        "4_stepping_stones/flawed", {STONES: "attack from laptop to directory passes"}, {"stepping_stones": "violated"},
    ),
    "sql asks": (
        "4_stepping_stones/question", {"service sql": "service sql authenticated"}, {"strangers_stay_out": "violated"},
    ),
    "the gateway has no account to lend": (
        "4_stepping_stones/question", {"as rdp  account clinic": "as rdp"},
        {"strangers_stay_out": "proved", "doctor_gets_in": "proved"},
    ),
    "an account of the vault for the reception": (
        "5_trusts_and_accounts/design", {"reception listens rdp": "reception listens rdp account vault"},
        {"from_reception": "violated"},
    ),
    "the reception gets at the doctor's machine": (
        "5_trusts_and_accounts/design", {"passes doctor or portal": "passes portal"}, {"from_reception": "violated"},
    ),
    "the reception gets at the portal, too": (
        "5_trusts_and_accounts/design", {"passes doctor or portal": "passes doctor"}, {"from_reception": "violated"},
    ),
    "the other trust": (
        "5_trusts_and_accounts/question", {"trusts supplier transitively": "trusts supplier"},
        {"no_chain": "proved", "over_the_analyser": "proved", "trusts_needed": "proved"},
    ),
    "a rule for the analyser alone": (
        "5_trusts_and_accounts/question", {"results: allow any": "results: allow analyser"},
        {"no_chain": "violated", "over_the_analyser": "proved"},
    ),
    "a rule for the analyser alone, and no firewall": (
        "5_trusts_and_accounts/question",
        {"allow any": "allow analyser", "passes analyser": "passes analyser even if line is bypassed"},
        {"over_the_analyser": "violated"},
    ),
    "no chain, and no firewall": (
        "5_trusts_and_accounts/solution", {"passes analyser": "passes analyser even if line is bypassed"},
        {"over_the_analyser": "proved"},
    ),
    "the fourth variant is ruled out, and the second": (
        "6_reverse_proxy/solution", {"app = dmz implies proxy = middle": "proxy = middle"},
        {"two_walls": "proved", "outer_is_open": "proved"},
    ),
    "the fourth variant is ruled out, and the first": (
        "6_reverse_proxy/solution", {"app = dmz implies proxy = middle": "app = application"},
        {"two_walls": "proved", "dmz_is_open": "proved"},
    ),
    "the fourth variant is ruled out, and the third": (
        "6_reverse_proxy/solution", {"app = dmz implies proxy = middle": "app = dmz iff proxy = middle"},
        {"two_walls": "proved", "both_is_open": "proved"},
    ),
    "another variant is ruled out": (
        "6_reverse_proxy/solution", {"app = dmz implies proxy = middle": "app = dmz implies proxy = outer"},
        {"two_walls": "violated"},
    ),
    "two firewalls on one machine": (
        "7_failures/solution", {"if any 1 firewalls are bypassed": "if middle is bypassed and inner is bypassed"},
        {"one_may_fall": "violated"},
    ),
    "no difference as long as `middle` works": (
        "7_failures/flawed", {"any 1 firewalls are": "any 2 of outer, inner is"}, {"one_may_fall": "proved"},
    ),
    "operations connect to the administration server only": (
        "8_biztalk/solution", {"  every path from corporate.operations to data passes administration\n":
        "  not corporate.operations can reach any except corporate.operations, administration\n"},
        {"over_administration": "proved"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("claim", TRIES)
def test_what_comments_and_page_claim(claim: str, tmp_path: Path) -> None:
    """What a comment or the page says would be so if something were otherwise, is."""
    file, edits, verdicts = TRIES[claim]
    changed = text(file)
    for old, new in edits.items():
        assert old in changed
        changed = changed.replace(old, new)
    for part in ("biztalk", "lessons"):
        shutil.copytree(ROOT / "specs" / part, tmp_path / "specs" / part)
    path = tmp_path / "specs" / "lessons" / f"{file}.policy"
    path.write_text(changed, encoding="utf-8")
    found = check(path)
    assert found.faults == ()
    assert {r.name: r.verdict for r in found.results if r.name in verdicts} == verdicts


# ---------------------------------------------------------------- the page

COMMANDS = shown_commands(PAGE)
SECTIONS = dict(re.findall(r"^## (\d) .*\n((?:.*\n)*?)(?=^## )", PAGE, re.MULTILINE))


@pytest.mark.parametrize("block", COMMANDS, ids=[block.split("\n", 1)[0] for block in COMMANDS])
def test_output(block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command prints is, but for times, byte for byte what the page shows."""
    monkeypatch.chdir(ROOT)
    if block.startswith("$ bartizan check specs/lessons |") and mine():
        pytest.skip("a reader's own files are counted, too")
    shown, printed = shown_and_printed(block)
    assert printed == shown


def mine() -> list[Path]:
    """Files that lie beside those of the lessons."""
    return [path for path in LESSONS.rglob("*.policy") if path.stem not in PARTS]


@pytest.mark.parametrize("name", NAMES)
def test_section(name: str) -> None:
    """A section shows what comes of its lesson's design, flaw and question, in this order, and quotes the first two as
    they are."""
    section = SECTIONS[name[0]]
    shown = [block.split()[3] for block in shown_commands(section)]
    assert shown == [f"specs/lessons/{name}/{part}.policy" for part in PARTS[:3]]
    quoted = blocks(section, "policy")
    assert quoted
    assert [quote for quote in quoted if not any(quote in text(f"{name}/{part}") for part in PARTS[:2])] == []


def test_contents() -> None:
    """The table at the top leads to every section."""
    table = re.findall(r"^\| \[(\d) ([^]]*)\]\(#([\w-]+)\) \|", PAGE, re.MULTILINE)
    assert [f"## {number} {title}" for number, title, _ in table] == re.findall(r"^## \d .*", PAGE, re.MULTILINE)
    assert [anchor for *_, anchor in table] == [f"{n} {title}".lower().replace(" ", "-") for n, title, _ in table]


def test_answers() -> None:
    """Every answer quotes the solution; that of the last lesson takes something away, and quotes nothing."""
    answers = PAGE.split("\n## Answers\n")[1].split("\n## ")[0]
    parts = re.findall(r"^\*\*(\d)\.\*\*((?:.*\n)*?)(?=^\*\*\d|\Z)", answers, re.MULTILINE)
    assert [number for number, _ in parts] == [name[0] for name in NAMES]
    for name, (_, answer) in zip(NAMES, parts, strict=True):
        quoted = blocks(answer, "policy")
        assert bool(quoted) == (name != NAMES[-1])
        for quote in quoted:
            assert quote in text(f"{name}/solution") and quote not in text(f"{name}/question")


def test_what_the_page_names_exists() -> None:
    """Files, directories, other pages, and how many flawed designs there are elsewhere."""
    named = set(re.findall(r"`([\w./-]+/[\w./-]*)`", PAGE))
    named |= {f"docs/{page}" for page in re.findall(r"\]\((\w+\.md)\)", PAGE)}
    assert len(named) > 3
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
    assert len(list((ROOT / "specs" / "biztalk").glob("*_flawed_*"))) == 6
    assert "`specs/biztalk/` has six more flawed designs." in PAGE
