"""Laws that verdicts obey whatever the design: what must not matter does not, and more never gives less."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import strategies
from agreement import model_of
from hypothesis import assume, given, note
from hypothesis import strategies as st

from policy.core.evidence import Witness
from policy.solver import Answer, Prover

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "tests" / "corpus" / "accept" / "example.policy"
NAME = re.compile(r"\b([DzhcFksoagiv])(\d)\b")
LETTERS = "DzhcFksoagiv"


def answers(text: str) -> dict[str, Answer]:
    """The answer to every invariant of the design; the case is given up where its assumptions contradict."""
    note(text)
    prover = Prover(model_of(text))
    assume(not prover.faults())
    return {invariant.name: prover.answer(invariant) for invariant in prover.model.invariants.values()}


def verdicts(text: str) -> dict[str, str]:
    return {name: answer.verdict for name, answer in answers(text).items()}


def holding(text: str) -> dict[str, bool]:
    """Whether each invariant holds, vacuously or not."""
    return {name: verdict in ("proved", "vacuous") for name, verdict in verdicts(text).items()}


def text_of(declared: Sequence[str], claims: str = "") -> str:
    """The design, with those of its invariants whose text matches; the case is given up where none does."""
    kept = [d for d in declared if not d.startswith("invariant") or re.match(rf"invariant \w+: {claims}", d)]
    assume(any(d.startswith("invariant") for d in kept))
    return "\n".join(kept)


# ---------------------------------------------------------------- what does not matter


def renamed(text: str) -> str:
    """The design with every name of the pool replaced, such that names sort the other way round."""
    return NAME.sub(lambda m: f"{LETTERS[::-1][LETTERS.index(m[1])]}{9 - int(m[2])}", text)


@given(st.data(), strategies.declarations())
def test_names_and_order_change_no_verdict(data: st.DataObject, declared: tuple[str, ...]) -> None:
    """Declarations may be renamed and stand in any order."""
    before = verdicts("\n".join(declared))
    shuffled = data.draw(st.permutations(declared))
    after = verdicts(renamed("\n".join(shuffled)))
    assert after == {renamed(name): verdict for name, verdict in before.items()}


@given(strategies.designs())
def test_the_same_answer_twice(text: str) -> None:
    """Two provers give equal answers, evidence and all, in whatever order they are asked."""
    prover = Prover(model_of(text))
    assume(not prover.faults())
    for invariant in reversed(list(prover.model.invariants.values())):
        assert prover.answer(invariant) == Prover(prover.model).answer(invariant)


def canonical(value: Any) -> str:
    """A value in writing, the same for equal values in every process."""
    if isinstance(value, frozenset):
        return "{" + ", ".join(sorted(map(canonical, value))) + "}"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(canonical, value)) + ")"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k!r}: {canonical(v)}" for k, v in value.items()) + "}"
    if is_dataclass(value):
        return f"{type(value).__name__}({', '.join(canonical(getattr(value, f.name)) for f in fields(value))})"
    return repr(value)


PRINT_ANSWERS = """
import sys
from policy.solver import Prover
from test_laws import canonical
from agreement import model_of
prover = Prover(model_of(open(sys.argv[1], encoding="utf-8").read()))
for invariant in prover.model.invariants.values():
    print(invariant.name, canonical(prover.answer(invariant)))
"""


def test_the_same_answer_in_every_process() -> None:
    """Nothing depends on the order in which a process happens to keep sets."""
    outputs = set()
    for hash_seed in ("0", "1", "2"):
        path = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path}
        command = [sys.executable, "-c", PRINT_ANSWERS, str(EXAMPLE)]
        outputs.add(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
    assert len(outputs) == 1
    assert outputs.pop().count("Answer(") == 17


# ---------------------------------------------------------------- more rules


def with_rule(data: st.DataObject, declared: Sequence[str], verb: str) -> tuple[str, str]:
    """The design, of its claims only those on paths and single connections, without and with a further rule."""
    paths = r"(?:(?:no|some|every) (?:path|attack) |[^:]* can reach )"
    before = text_of(declared, paths).split("\n")
    firewalls = [i for i, line in enumerate(before) if line.startswith("firewall")]
    assume(firewalls)
    at = data.draw(st.sampled_from(firewalls)) + 1
    while before[at].lstrip().startswith(("allow", "deny")) and data.draw(st.booleans()):
        at += 1
    places = sorted({m[0] for m in NAME.finditer("\n".join(before)) if m[1] in "DzhF"}) or ["any"]
    source, target = (data.draw(st.sampled_from(["any", *places])) for _ in range(2))
    rule = f"  {verb} {source} -> {target} : {data.draw(st.sampled_from(('any', *strategies.SERVICES)))}"
    return "\n".join(before), "\n".join([*before[:at], rule, *before[at:]])


def grows(before: Mapping[str, bool], after: Mapping[str, bool], text: str) -> None:
    """Asserts that `some path` and `can reach` hold on, and that `no` and `every` held before where they hold now."""
    for name in before:
        shrinking = re.search(rf"^invariant {name}: (?:no|every) (?:path|attack) ", text, re.MULTILINE)
        first, second = (after[name], before[name]) if shrinking else (before[name], after[name])
        assert second or not first, name


@given(st.data(), strategies.declarations())
def test_a_further_allow_never_closes_a_path(data: st.DataObject, declared: tuple[str, ...]) -> None:
    """What is open stays open, wherever the rule stands."""
    before, after = with_rule(data, declared, "allow")
    grows(holding(before), holding(after), before)


@given(st.data(), strategies.declarations())
def test_a_further_deny_never_opens_a_path(data: st.DataObject, declared: tuple[str, ...]) -> None:
    """What is closed stays closed, wherever the rule stands."""
    before, after = with_rule(data, declared, "deny")
    grows(holding(after), holding(before), before)


# ---------------------------------------------------------------- attacks, options, failures


@given(strategies.declarations())
def test_attack_implies_path(declared: tuple[str, ...]) -> None:
    """Where there is no path there is no attack."""
    text = text_of(declared, r"(?:no|some) attack (?!.*(?:passes|crosses))")
    attacks, paths = holding(text), holding(text.replace(" attack from", " path from"))
    for name, attacked in attacks.items():
        if f"invariant {name}: no" in text:
            assert attacked or not paths[name], name
        else:
            assert paths[name] or not attacked, name


@given(st.data(), strategies.designs())
def test_a_proof_survives_fewer_options(data: st.DataObject, text: str) -> None:
    """What holds in every world holds in those that are left when an option is fixed."""
    before = holding(text)
    options = sorted(option.name for option in model_of(text).options.values() if option.origin != "count")
    assume(options)
    name = data.draw(st.sampled_from(options))
    value = data.draw(st.sampled_from(model_of(text).options[name].values))
    after = holding(f"{text}\nassume {name} = {value}")
    assert all(after[name] for name, held in before.items() if held)


@given(strategies.designs())
def test_a_violation_needs_only_what_matters(text: str) -> None:
    """With the options that matter fixed as in the counterexample, the invariant is still violated."""
    named = {option.name for option in model_of(text).options.values() if option.origin != "count"}
    for name, answer in answers(text).items():
        if isinstance(witness := answer.evidence, Witness):
            fixed = [f"assume {o} = {witness.world[o]}" for o in witness.matters if o in named]
            assert verdicts("\n".join([text, *fixed]))[name] == "violated"


@given(st.data(), strategies.declarations())
def test_more_failures_mend_nothing(data: st.DataObject, declared: tuple[str, ...]) -> None:
    """What is violated stays so when more may fail; what holds does so when less may fail."""
    text = "\n".join(declared)
    places = sorted({m[0] for m in NAME.finditer(text) if m[1] in "DzhcF"})
    threat = f"{data.draw(st.sampled_from(places))} is compromised"
    more = [
        f"{d} {'and' if ' even if ' in d else 'even if'} {threat}" if d.startswith("invariant") else d for d in declared
    ]
    before, after = holding(text), holding("\n".join(more))
    assert all(before[name] for name, held in after.items() if held)
