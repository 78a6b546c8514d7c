"""The formatter keeps tokens and comments, and what it has made it leaves as it is."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.text.format import WIDTH, format_tree, formatted
from policy.text.parse import comments, parse
from policy.text.scan import scan
from policy.text.source import Source
from policy.text.syntax import leaves

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "tests" / "corpus" / "accept" / "example.policy").read_text(encoding="utf-8")
TOKENS = [token for token in scan(EXAMPLE) if token.type not in ("BLANK", "COMMENT")]
DESIGNS = sorted([*(ROOT / "specs").rglob("*.policy"), *(ROOT / "tests" / "corpus" / "accept").rglob("*.policy")])


def form(text: str) -> str:
    """The canonical text, when the laws hold for it: same tree, same comments in the same order, and no further
    change."""
    source = Source.of("test", text)
    parsed = parse(source)
    assert parsed.faults == ()
    made = format_tree(source, parsed.tree)
    again = Source.of("test", made)
    assert parse(again).tree == parsed.tree
    assert [token.type for token in leaves(parse(again).tree)] == [token.type for token in leaves(parsed.tree)]
    assert [comment.rstrip() for comment in comments(source)] == comments(again)
    assert formatted(again) == made
    assert all(line == line.rstrip() for line in made.split("\n"))
    return made


@pytest.mark.parametrize("path", DESIGNS, ids=lambda path: path.stem)
def test_laws_on_written_designs(path: Path) -> None:
    """The laws hold for every design of the repository, with both kinds of line ends, and no line gets too wide."""
    text = path.read_text(encoding="utf-8")
    made = form(text)
    assert form(text.replace("\n", "\r\n")) == made
    assert all(len(line) <= WIDTH for line in made.split("\n") if "#" not in line and '"' not in line)


def test_a_well_written_file_changes_little() -> None:
    """Of the example only columns that were lined up by hand, and one line that was too wide, change."""
    kept = set(form(EXAMPLE).split("\n"))
    lost = [line for line in EXAMPLE.split("\n") if line not in kept]
    assert all("  " in line.strip() or len(line) > WIDTH for line in lost)
    assert len(lost) <= 8


BLANKS = [" ", " ", " ", "\n", "\n\n", "\t", "\r\n", " # note\n", "\n# note  \n", "\n\n\n  # a\n# b\n\n", "#\n"]
BETWEEN = st.sampled_from(BLANKS)


@given(st.lists(BETWEEN, min_size=len(TOKENS) + 1, max_size=len(TOKENS) + 1))
def test_laws_whatever_stands_between_the_tokens(between: list[str]) -> None:
    """Blanks, line ends and comments anywhere between the tokens: the laws hold."""
    form(between[0] + "".join(token + blank for token, blank in zip(TOKENS, between[1:], strict=True)))


@pytest.mark.parametrize("seed", range(20))
def test_laws_with_few_changes(seed: int) -> None:
    """A comment or a line end in a few places of the example: the laws hold."""
    chance = random.Random(seed)
    text = EXAMPLE
    for _ in range(8):
        place = chance.choice([token.end_pos or 0 for token in scan(text) if token.type != "COMMENT"])
        text = text[:place] + chance.choice(["\n", " # note\n", "\n# note\n", "\n\n\n"]) + text[place:]
    form(text)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("", ""),
        ("\n\n# only a comment\n\n", "# only a comment\n"),
        ("kind  a:b ,c", "kind a: b, c\n"),
        ("service s=tcp 1-2 , udp", "service s = tcp 1-2, udp\n"),
        ("kind a kind b\n\n\n\nkind c", "kind a\nkind b\n\nkind c\n"),
        ("kind a # x\n#y\n\n#z", "kind a  # x\n#y\n\n#z\n"),
        ("option o in{a,b}", "option o in { a, b }\n"),
        ("host h{ }", "host h { }\n"),
        ("host h { listens s runs c }", "host h { listens s  runs c }\n"),
        ("host h { listens s\nruns c }", "host h {\n  listens s\n  runs c\n}\n"),
        ("domain d { untrusted\ntier -1 }", "domain d { untrusted tier -1 }\n"),
        (
            "domain d {\n\nuntrusted\ntier 1\n\nhost h\n\n\nhost i\n\n}",
            "domain d { untrusted tier 1\n  host h\n\n  host i\n}\n",
        ),
        ("domain d { # x\nuntrusted\n# end\n}", "domain d {  # x\n  untrusted\n  # end\n}\n"),
        (
            "firewall F joins a,b{r:allow any->x:s from a into b when not(p or q)}",
            "firewall F joins a, b { r: allow any -> x : s from a into b when not (p or q) }\n",
        ),
        ("firewall F joins a{allow a->::1 :s}", "firewall F joins a { allow a -> ::1 : s }\n"),
        (
            "invariant i:count(host h in::1 :h in a)>=1 and tier(a)<-1",
            "invariant i: count(host h in ::1 : h in a) >= 1 and tier(a) < -1\n",
        ),
        ("flow f:a->b:s", "flow f: a -> b : s\n"),
        ("host h in # why\nz", "host h in  # why\n  z\n"),
        ("kind a    # x\nkind abc  # y\nkind b # z", "kind a    # x\nkind abc  # y\nkind b  # z\n"),
    ],
)
def test_layout(text: str, made: str) -> None:
    """What each piece looks like."""
    assert form(text) == made


def test_wide_items_are_wrapped() -> None:
    """An item that is too wide goes on in further lines, none of which is; where it had line ends, it keeps them."""
    names = ", ".join(f"a_rather_long_name_{n}" for n in range(40))
    made = form(f"link {names}\nfirewall F joins {names} {{\n allow {names} -> {names} : {names}\n}}")
    assert all(len(line) <= WIDTH for line in made.split("\n"))
    claims = f"invariant i:\n  (a or b)\n    and (no path from {', '.join(['corporate.intranet'] * 4)} to data)\n"
    assert form(claims) == claims
    assert form("invariant i:\n  a\n  and b\n") == "invariant i:\n  a\n    and b\n"


def test_a_word_wider_than_a_line_is_left_whole() -> None:
    """What cannot be broken is not."""
    form(f'kind {"a" * 300} "{"b c " * 100}": {"d" * 200}, e')
