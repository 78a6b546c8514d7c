"""The tables that drive the parser: what lark makes of `policy.lark`, as plain data.

Lark analyses the grammar (LALR(1), no conflicts); the scanner and the parser of this room only follow its tables, which
keeps the state of a parse a plain value that error recovery can try things on. As the analysis costs more than most
parses, its result is kept in the user's cache directory (`$XDG_CACHE_HOME/bartizan` or `~/.cache/bartizan`). It is
JSON, so reading it runs no code; it begins with the digest of its own bytes, the grammar, this module and lark's
version, so it is neither stale nor damaged; and it is read only if it and its directory belong to the user and nobody
else may write there. Whatever fails on the way, the tables are built afresh.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import lark

START, END = "start", "$END"


@dataclass(frozen=True, slots=True)
class Rule:
    """One production: the nonterminal it makes, the symbols it takes, and the node it stands for.

    `kind` is empty where its parts go into the node around it. `folds`: one part alone stands for itself. `spliced`:
    the positions of parts that have no node of their own.
    """

    origin: str
    size: int
    kind: str
    folds: bool
    spliced: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """States are numbers; an action is the next state, or `~r` to reduce rule r. Gotos are actions on nonterminals.

    `patterns`: terminals that are regular expressions, as (name, expression), in the order to try them; `words` and
    `signs`: the terminals of one spelling, as spelling to name.
    """

    start: int
    end: int
    actions: tuple[Mapping[str, int], ...]
    rules: tuple[Rule, ...]
    patterns: tuple[tuple[str, str], ...]
    words: Mapping[str, str]
    signs: Mapping[str, str]


@lru_cache(maxsize=1)
def tables() -> Tables:
    """The tables of the language, from the cache or built and put there."""
    text = grammar_text()
    key = "\n".join((text, lark.__version__, Path(__file__).read_text(encoding="utf-8"))).encode()
    file = _cache_file()
    found = _cached(file, key) if file else None
    if found is None:
        found = build(text)
        if file:
            with contextlib.suppress(OSError):
                _store(file, key, found)
    return found


def grammar_text() -> str:
    """The grammar: it lies beside this module in a package, and under `grammar/` in a checkout."""
    here = Path(__file__).parent / "policy.lark"
    path = here if here.exists() else Path(__file__).parents[2] / "grammar" / "policy.lark"
    return path.read_text(encoding="utf-8")


def build(text: str) -> Tables:
    """The tables of a grammar, by lark."""
    made = lark.Lark(text, parser="lalr", lexer="basic", keep_all_tokens=True, maybe_placeholders=False)
    conf = made.parse_interactive("").parser_state.parse_conf
    states = conf.parse_table.states
    order = _order(states, conf.start_state)
    numbers = {state: n for n, state in enumerate(order)}
    reduced = {arg for row in states.values() for _, arg in row.values() if not isinstance(arg, int)}
    found = sorted(reduced, key=_rule_key)
    codes = {rule: ~n for n, rule in enumerate(found)}
    actions = tuple(
        {str(symbol): numbers[arg] if isinstance(arg, int) else codes[arg] for symbol, (_, arg) in sorted(row.items())}
        for row in (states[state] for state in order)
    )
    actions[numbers[conf.end_state]][END] = numbers[conf.end_state]
    terminals = sorted(made.terminals, key=lambda t: (-t.priority, -t.pattern.max_width, t.name))
    fixed = {t.pattern.value: t.name for t in terminals if isinstance(t.pattern, lark.lexer.PatternStr)}
    return Tables(
        numbers[conf.start_state],
        numbers[conf.end_state],
        actions,
        tuple(_rule(rule) for rule in found),
        tuple((t.name, t.pattern.to_regexp()) for t in terminals if t.pattern.value not in fixed),
        {value: name for value, name in sorted(fixed.items()) if value.isalpha()},
        {value: name for value, name in sorted(fixed.items()) if not value.isalpha()},
    )


def _order(states: Mapping[int, Mapping[str, tuple[object, Any]]], start: int) -> list[int]:
    """The states in the order in which they are met from the start; lark numbers them anew at every run."""
    order = [start]
    met = {start}
    for state in order:
        for symbol in sorted(states[state]):
            arg = states[state][symbol][1]
            if isinstance(arg, int) and arg not in met:
                met.add(arg)
                order.append(arg)
    return order


def _rule_key(rule: lark.grammar.Rule) -> tuple[str, list[str], str]:
    return str(rule.origin.name), [str(symbol.name) for symbol in rule.expansion], str(rule.alias)


def _rule(rule: lark.grammar.Rule) -> Rule:
    origin = str(rule.origin.name)
    spliced = tuple(n for n, symbol in enumerate(rule.expansion) if not symbol.is_term and symbol.name.startswith("_"))
    kind = "" if origin.startswith("_") else str(rule.alias or origin)
    return Rule(origin, len(rule.expansion), kind, bool(rule.options.expand1) and not rule.alias, spliced)


# ------------------------------------------------------------------ the cache


def _cache_file() -> Path | None:
    """Where the tables are kept, or None where no place is known to be the user's own."""
    if not hasattr(os, "getuid"):
        return None
    root = os.environ.get("XDG_CACHE_HOME", "")
    try:
        return (Path(root) if Path(root).is_absolute() else Path.home() / ".cache") / "bartizan" / "grammar.json"
    except RuntimeError:
        return None


def _ours(path: Path) -> bool:
    """Whether the path is the user's and nobody else may write there."""
    status = path.stat()
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _cached(file: Path, key: bytes) -> Tables | None:
    try:
        if not (_ours(file.parent) and _ours(file)):
            return None
        digest, _, body = file.read_bytes().partition(b"\n")
    except OSError:
        return None
    return _read(json.loads(body)) if digest == _digest(key, body) else None


def _store(file: Path, key: bytes, found: Tables) -> None:
    """Writes the tables beside the file and puts them in its place in one step."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _ours(file.parent):
        return
    body = json.dumps(asdict(found), separators=(",", ":")).encode()
    handle, name = tempfile.mkstemp(dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(_digest(key, body) + b"\n" + body)
        Path(name).replace(file)
    except OSError:
        Path(name).unlink(missing_ok=True)


def _digest(key: bytes, body: bytes) -> bytes:
    return hashlib.sha256(key + b"\n" + body).hexdigest().encode()


def _read(data: dict[str, Any]) -> Tables:
    rules = tuple(Rule(**{**rule, "spliced": tuple(rule["spliced"])}) for rule in data["rules"])
    patterns = tuple((name, expression) for name, expression in data["patterns"])
    return Tables(**{**data, "actions": tuple(data["actions"]), "rules": rules, "patterns": patterns})
