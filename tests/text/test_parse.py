"""The grammar covers the language page, the words are the page's words, and trees are what lark itself would build."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lark import Lark, Token

from policy.text import grammar
from policy.text.diagnostic import Diagnostic
from policy.text.grammar import build, grammar_text, tables
from policy.text.parse import DEEPEST, MOST, Parsed, comments, parse
from policy.text.scan import scan
from policy.text.source import Source
from policy.text.syntax import Node, leaves
from policy.text.words import DECLARATIONS, ITEMS, WORDS

TESTS = Path(__file__).parents[1]
CORPUS = sorted((TESTS / "corpus" / "syntax").glob("*.policy"))
EXAMPLE = (TESTS / "corpus" / "accept" / "example.policy").read_text(encoding="utf-8")

PAGE = """account accepted accepts address all allow and any as assume at attack bypassed can compromised component
connection count crosses default deny design domain even every except expect false firewall firewalls flow from hardened
host icmp if iff implies in include into invariant ip is isolated joins kind least link listens lone network no not of
on one option or passes path possible proved publish reach relays runs service some standalone steps tcp then tier to
transitively true trusts udp untrusted vacuous violated when within zone authenticated are"""

DECLARED = [
    'design "Free \\"text\\" title"',
    'include "other.policy"',
    "service https = tcp 443",
    "service dns = udp 53, tcp",
    "service ping = icmp",
    "service all_of_it = ip",
    "service rpc = tcp 135, tcp 49152-65535",
    'service data_access "groups" = sql, rpc, tcp 1',
    "service sql authenticated = tcp 1433",
    'service sql "a database" authenticated = tcp 1433',
    "kind server",
    'kind sql_server "a tag": server, machine',
    "option proxy in { FW3, FW4 }",
    "option soap",
    'option soap "described" in { a }',
    "assume soap implies proxy = FW4",
    'assume "why" not (a or b) iff c and x = true or y = false',
    "assume ftp = corporate.intranet",
    "domain a",
    'domain a "described" trusts b transitively when soap, c.d trusts e { tier -2 untrusted standalone isolated }',
    "domain a { network 10.2.0.0/16, 2001:db8::/32, ::1/128 zone z host h }",
    "domain a { zone z \"described\" { standalone network ::/0 host h isolated host i } }",
    "host h",
    'host h "described" when a and not b { }',
    "host h when a in z or y when b",
    "host h in z and y is k, l when a { at 10.0.0.7 when b listens any when c runs d, e.f when x = y }",
    "host h { at fe80::1:2 relays s, t to x, y as u, v when a hardened when b count 1..4 account d when a }",
    "host h listens s relays any to x hardened count 3 account d, e",
    'component c "described" when a is k on h or i when b listens s relays s to h account d when soap',
    "component c { is k on h listens s }",
    "link corporate.intranet, corporate.operations, z when a",
    "firewall F joins a, b",
    'firewall F "described" joins a, b { default deny }',
    "firewall F joins a { store: allow x, y -> z : s, t }",
    "firewall F joins a { deny any -> x : any from a.b into c when not soap }",
    "firewall F joins a { allow all k, 10.0.0.1, 2001:db8::/32 except a.b, all k -> ::1 : s from x, y into z }",
    "firewall F joins a { publish https, s from internet, F to web as http when x default allow }",
    "firewall F joins a { publish any from any to web, F2 }",
    'flow submit "described": receive, 10.0.0.1 -> all k except h : sql, any_other when a',
]

CLAIMED = [
    "every path from perimeter to sso_db passes FW3 and FW1",
    "every path from a to b passes (F then G) or c and d.e then (f or g)",
    "(every path from a to b passes F) and x in y",
    "no path from a, b except c to d on s, t within 2 steps",
    "some path from any to all k on any",
    "every attack from a to b crosses at least 3 firewalls",
    "no attack from a to b or some attack from c to d passes e",
    "not internet can reach data",
    "a, b except c can reach d on s, t",
    "h in a.z and h is k or h runs c implies h listens on s, t iff F joins z",
    "a trusts b implies a accepts b",
    "x = y and opt = true or soap",
    "tier(a) < tier(b) and tier(a) <= 2 and 1 > tier(a) and tier(a) >= -1 and tier(a) = 1 and tier(a) != 2",
    "count(host h in data: h is sql_server) >= 6",
    "count(host h, domain d in a, b except c: h in d) = count(zone z: true_enough)",
    "no host h in data, internet, zone z in X, Y : h in z",
    "all host h in a, b except c, component d, domain e, zone f, firewall g in F, G: h in e",
    "one host h: h is k",
    "lone zone z: z = a",
    "some component c: not all host h: no domain d: h in d and h runs c",
    "all host h: h in a implies some host i: i in b or h in c",
    "not (a or b) and not not c",
    "a implies b implies c",
    "a iff b iff all host h: h in c",
    "every flow is possible",
    "every connection is a flow",
    "every connection from a, b into c on s, t is a flow",
    "every account is accepted",
    "a even if FW4 is bypassed",
    "a even if any 1 of FW1, FW3, FW4 is bypassed and any 2 firewalls are bypassed and ftp is compromised",
    "no path from a to b within 1 steps even if any 2 of a, b are compromised and c.d is bypassed",
    "all host h in data: no path from internet to h within 1 steps",
]


def understood(text: str) -> Node:
    """The tree of a text in which nothing may be wrong."""
    parsed = parse(Source.of("test", text))
    assert [fault.message for fault in parsed.faults] == []
    return parsed.tree


def claim(text: str) -> Node:
    """The tree of a claim."""
    (invariant,) = understood(f"invariant i: {text}").children
    assert isinstance(invariant, Node)
    after = [child for child in invariant.children[3:] if isinstance(child, Node) and child.kind != "threat"]
    assert len(after) == 1
    return after[0]


@pytest.mark.parametrize("text", DECLARED)
def test_every_form_of_declaration_is_understood(text: str) -> None:
    """Sections 1 to 3 of the language page: each form parses, and as one declaration."""
    assert len(understood(text).children) == 1


@pytest.mark.parametrize("text", CLAIMED)
def test_every_form_of_claim_is_understood(text: str) -> None:
    """Sections 4 to 7 of the language page: each form parses, alone, after a description and after an expectation."""
    for head in ("invariant i:", 'invariant i "d":', "invariant i expect violated:", 'invariant i "d" expect vacuous:'):
        assert len(understood(f"{head} {text}").children) == 1


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("not a and b", "(not a) and b"),
        ("a and b or c", "(a and b) or c"),
        ("a or b implies c", "(a or b) implies c"),
        ("a implies b implies c", "a implies (b implies c)"),
        ("a implies b iff c", "(a implies b) iff c"),
        ("a iff b iff c", "(a iff b) iff c"),
        ("all host h: h in a and b", "all host h: (h in a and b)"),
        ("a or all host h: b or c", "a or (all host h: (b or c))"),
        ("not all host h: a and b", "not (all host h: (a and b))"),
        ("a and no path from b to c", "a and (no path from b to c)"),
        ("a and every path from b to c passes d or e", "a and (every path from b to c passes (d or e))"),
        ("some path from b to c passes d and e or f then g", "some path from b to c passes ((d and e) or (f then g))"),
        ("every path from a to b passes c implies d", "(every path from a to b passes c) implies d"),
        ("not x = y and z", "(not (x = y)) and z"),
    ],
)
def test_binding(text: str, same: str) -> None:
    """`not`, `and`, `or`, `implies`, `iff` bind in that order, `implies` to the right; a quantifier reaches to the end,
    and `and` and `or` after `passes` belong to the waypoints: the tree is that of the text with all parentheses."""
    assert claim(text) == without_groups(claim(same))


def without_groups(node: Node) -> Node:
    """The tree with the content of parentheses in their place."""

    def bare(child: Node | Token) -> Node | Token:
        if isinstance(child, Token):
            return child
        return bare(child.children[1]) if child.kind in ("group", "w_group") else without_groups(child)

    return Node(node.kind, tuple(bare(child) for child in node.children))


@pytest.mark.parametrize("word", ["and", "or", "then"])
def test_long_chains_are_flat(word: str) -> None:
    """A chain of many `and`, `or` or `then` is one node, so it is not nested however long it is."""
    joined = f" {word} ".join(["a"] * 3000)
    text = joined if word != "then" else f"every path from a to b passes {joined}"
    node = claim(text)
    while node.kind == "path_passes":
        (node,) = node.nodes("w_then")
    assert len(node.children) == 2 * 3000 - 1


def test_words_are_those_of_the_page() -> None:
    """Section 9 lists the words that are not names: the code has the same, and every terminal that is a word is one."""
    assert frozenset(PAGE.split()) == WORDS
    assert set(tables().words) <= WORDS
    assert set(DECLARATIONS) | set(ITEMS) <= set(tables().words)


@pytest.mark.parametrize("word", sorted(WORDS))
def test_no_word_is_a_name(word: str) -> None:
    """A word of the language cannot be declared, a longer name that begins with it can."""
    assert parse(Source.of("test", f"kind {word}")).faults
    assert not parse(Source.of("test", f"kind {word}_ kind _{word} kind {word.upper()}")).faults


def test_grammar_is_free_of_conflicts() -> None:
    """Lark's strict mode accepts the grammar: no conflict of the parser, no terminals that match the same text
    unordered."""
    assert Lark(grammar_text(), parser="lalr", lexer="basic", keep_all_tokens=True, strict=True)


def lark_tree(text: str) -> Node:
    """The tree that lark's own scanner, parser and tree builder make."""
    tree = Lark(
        grammar_text(),
        parser="lalr",
        lexer="basic",
        keep_all_tokens=True,
        maybe_placeholders=False,
        tree_class=lambda kind, parts: Node(str(kind), parts if str(kind).startswith("_") else tuple(parts)),  # type: ignore[arg-type]
    ).parse(text)
    assert isinstance(tree, Node)
    return tree


@pytest.mark.parametrize("text", [EXAMPLE, "\n".join(DECLARED), "\n".join(f"invariant i: {text}" for text in CLAIMED)])
def test_trees_are_those_of_lark(text: str) -> None:
    """Our scanner and parser follow lark's tables as lark does: same tree, same types and same places of all tokens."""
    ours, larks = understood(text), lark_tree(text)
    assert ours == larks
    assert [places(token) for token in leaves(ours)] == [places(token) for token in leaves(larks)]


def places(token: Token) -> tuple[object, ...]:
    begin, end = (token.start_pos, token.line, token.column), (token.end_pos, token.end_line, token.end_column)
    return token.type, str(token), begin, end


def test_tokens_are_the_text() -> None:
    """Scanning loses nothing, whatever the text."""
    for text in (EXAMPLE, 'a "b\n\x00;;;# c\r\n\u2028\ud800"', "", "1.2.3.4/5.6:::::"):
        assert "".join(scan(text)) == text
        offset = 0
        for token in scan(text):
            assert token.start_pos == offset
            offset = token.end_pos or 0


def test_byte_order_mark_and_line_ends_do_not_matter() -> None:
    """A byte order mark at the start is no part of the text; Windows line ends and tabs are blanks."""
    tree = understood(EXAMPLE)
    assert understood("\ufeff" + EXAMPLE) == tree
    assert understood(EXAMPLE.replace("\n", "\r\n")) == tree
    plain = re.sub('"[^"]*"', '""', EXAMPLE)
    assert understood(plain.replace(" ", "\t")) == understood(plain)
    assert parse(Source.of("test", "kind a \ufeff")).faults


def test_comments_are_found() -> None:
    """All comments, in order, and nothing in a quoted text."""
    found = comments(Source.of("test", '# a\ndesign "# b" # c\n#'))
    assert found == ["# a", "# c", "#"]


# ------------------------------------------------------------------ nesting


def deep(text: str) -> list[str]:
    return [fault.code for fault in parse(Source.of("test", text)).faults]


@pytest.mark.parametrize(
    ("before", "middle", "after"),
    [
        ("invariant i: {}a{}", "(", ")"),
        ("assume {}a{}", "(", ")"),
        ("host h when {}a{}", "(", ")"),
        ("invariant i: every path from a to b passes {}c{}", "(", ")"),
        ("invariant i: {}a{}", "not ", ""),
        ("invariant i: {}a{}", "a implies ", ""),
        ("invariant i: {}a{}", "", " iff a"),
        ("invariant i: {}a{}", "all host h: ", ""),
        ("invariant i: {}a{}", "count(host h: ", ") = 1"),
    ],
)
def test_nesting_is_measured_exactly(before: str, middle: str, after: str) -> None:
    """As deep as allowed is understood, one more is a fault, and so is absurdly deep; a later declaration is
    understood."""
    for times, codes in ((150, []), (DEEPEST, []), (DEEPEST + 1, ["E004"]), (20_000, ["E004"])):
        shape = before.format(middle * times, after * times)
        assert deep(shape) == codes
        parsed = parse(Source.of("test", shape + "\nkind later"))
        assert isinstance(last := parsed.tree.children[-1], Node)
        assert last.kind == "kind"


def test_many_shallow_claims_are_not_deep() -> None:
    """What is not within each other does not count together, in one declaration or in many."""
    line = "invariant i: not a and not b and (not c) implies all host h: not (h in d)\n"
    assert deep(line * 1000) == []
    assert deep("assume " + " and ".join(["not (a)"] * 1000)) == []
    assert deep("invariant i: " + " or ".join(["(not a implies b)"] * 1000)) == []


# ------------------------------------------------------------------ faults


def expectations(text: str) -> set[str]:
    """What the comments at the head of a file of the corpus say: code and place of every fault."""
    return set(re.findall(r"^#! (.*)$", text, re.MULTILINE))


def shown(fault: Diagnostic) -> str:
    assert fault.span is not None
    return f"{fault.code} {fault.span.line}:{fault.span.column}-{fault.span.end_line}:{fault.span.end_column}"


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_corpus(path: Path) -> None:
    """Every file of the corpus has the faults that it says, with their exact places, and no others."""
    text = path.read_text(encoding="utf-8")
    found = [shown(fault) for fault in parse(Source.of(path.name, text)).faults]
    assert set(found) == expectations(text)
    assert len(found) == len(set(found))


LINES = EXAMPLE.split("\n")
TOTAL = len(parse(Source.of("example", EXAMPLE)).tree.children)


def changed(line: int, start: int, end: int, new: str) -> Parsed:
    """The example with a part of one line (from 0) replaced."""
    text = LINES[line][:start] + new + LINES[line][end:]
    return parse(Source.of("example", "\n".join([*LINES[:line], text, *LINES[line + 1 :]])))


WORDY = [
    (line, token)
    for line, text in enumerate(LINES)
    for token in scan(text)
    if token in WORDS and not (token == "any" and text.rstrip().endswith(": any"))
]


@pytest.mark.parametrize("line", sorted({line for line, _ in WORDY}))
def test_a_misspelt_word_is_one_fault(line: int) -> None:
    """Whatever word of the example is misspelt: one fault, in its line or the next, and nearly all of the rest is
    understood."""
    for word in [token for number, token in WORDY if number == line]:
        start, end = word.start_pos or 0, word.end_pos or 0
        for new in (word[0] + word[2:] if len(word) > 3 else word[0] + "x" + word[1:], word + word[-1]):
            parsed = changed(line, start, end, new)
            assert len(parsed.faults) == 1, (new, parsed.faults)
            (fault,) = parsed.faults
            assert fault.span is not None
            assert line + 1 <= fault.span.line <= line + 2
            assert len(parsed.tree.children) >= TOTAL - 1


@pytest.mark.parametrize("line", range(len(LINES)))
def test_a_missing_or_misplaced_token_is_one_cause(line: int) -> None:
    """Whatever token is dropped, or swapped with the next: at most two faults, and nearly all of the rest is
    understood."""
    tokens = [token for token in scan(LINES[line]) if token.type not in ("BLANK", "COMMENT")]
    for n, token in enumerate(tokens):
        dropped = changed(line, token.start_pos or 0, token.end_pos or 0, "")
        assert len(dropped.faults) <= 1, dropped.faults
        assert len(dropped.tree.children) >= TOTAL - 2
        for after in tokens[n + 1 : n + 2]:
            swapped = changed(line, token.start_pos or 0, after.end_pos or 0, f"{after} {token}")
            assert len(swapped.faults) <= 1, swapped.faults
            assert len(swapped.tree.children) >= TOTAL - 2


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("optoin a", "did you mean `option`?"),
        ("host h listns s", "did you mean `listens`?"),
        ("service s : tcp 1", "did you mean `=`?"),
        ("firewall F joins a, b {\n allow a -> b s\n}", "a `:` may be missing"),
        ("firewall F joins a b", "a `,` may be missing"),
        ("domain a {\n host h\ndomain b", "a `}` may be missing"),
        ("host zone", "choose another name"),
        ("host address", "choose another name"),
        ("invariant i: no path from a b", "`to` may be missing"),
        ("invariant i: every path from a to b crosses at 3 firewalls", "`least` may be missing"),
        ("firewall F joins a { allow a → b : s }", "did you mean `->`?"),
        ("kind a }", "`}` may be one too many"),
    ],
)
def test_hints(text: str, hint: str) -> None:
    """A small slip is recognised, and the hint says how to mend it."""
    faults = parse(Source.of("test", text)).faults
    assert [fault.hint for fault in faults] == [hint]


def test_names_of_what_was_left_out_are_kept() -> None:
    """The names that an unreadable declaration seems to declare are known, so that their uses are not reported as
    well."""
    text = "host alpha ? ( ) = 3\nkind k\nfirewall beta 1 2 3 {\n allow a -> b : c }\nkind l"
    parsed = parse(Source.of("test", text))
    assert {"alpha", "beta"} <= parsed.lost
    assert len(parsed.tree.nodes("kind")) == 2


def test_faults_are_capped_and_say_so() -> None:
    """A file of nonsense has a bounded number of faults, and the last one says that there are more."""
    for line in ("a\n", "; x\n", '"x\n', "host\n"):
        parsed = parse(Source.of("test", line * 5000 + "kind k"))
        faults = parsed.faults
        assert "k" in parsed.lost or parsed.tree.nodes("kind")
        assert len(faults) == MOST + 1
        assert "more than" in faults[-1].message
        assert [fault.place for fault in faults] == sorted(fault.place for fault in faults)


# ------------------------------------------------------------------ the cache of the tables


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the tables are kept; nothing is there yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    grammar.tables.cache_clear()
    return tmp_path / "bartizan" / "grammar.json"


def fresh() -> grammar.Tables:
    grammar.tables.cache_clear()
    return grammar.tables()


def test_tables_from_the_cache_are_the_tables(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Built, stored and read again, the tables are the same; read means not built."""
    built = fresh()
    assert cache.exists()
    assert cache.parent.stat().st_mode & 0o077 == 0
    monkeypatch.setattr(grammar, "build", None)
    assert fresh() == built


def test_a_bad_cache_is_not_believed(cache: Path) -> None:
    """Damaged, of another version, or writable by others: the tables are built and right."""
    built = fresh()
    good = cache.read_bytes()
    for bad in (b"", good[:-1], b"0" * 64 + good[64:], good.replace(b"KIND", b"LINK", 1), b"\xff\n{}", b"\n" * 9):
        cache.write_bytes(bad)
        assert fresh() == built
        assert cache.read_bytes() == good
    digest, _, _ = good.partition(b"\n")
    cache.write_bytes(digest + b"\n{}")
    cache.chmod(0o666)
    assert fresh() == built
    cache.parent.chmod(0o777)
    assert not grammar._ours(cache.parent)
    assert fresh() == built


def test_no_cache_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be written, or nobody has a home, the tables are built."""
    (tmp_path / "file").write_text("")
    built = build(grammar_text())
    for place in (str(tmp_path / "file" / "cache"), "/proc/none", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", place)
        monkeypatch.setenv("HOME", str(tmp_path / "file"))
        assert fresh() == built
    assert not Path("relative").exists()
