"""An invariant written down for other solvers says there what it says here."""

from __future__ import annotations

import re
from collections import Counter

import agreement
import cvc5
import pytest
import strategies
import z3
from hypothesis import given, note, settings
from hypothesis import strategies as st

from policy.core import semantics
from policy.core.model import Invariant, Model
from policy.solver import Prover
from policy.solver.horn import NotExpressibleError, horn

DESIGNS = {"designs": strategies.designs(), "networks": strategies.networks()}
STEPS = 20_000_000  # of Z3 for one question; nearly all take far fewer
SHORT = 4_000  # characters that cvc5, which knows no Horn clauses as such, is asked about


def spacer(text: str) -> str:
    """What Z3's solver of Horn clauses says of the text: sat, unsat or unknown."""
    solver = z3.SolverFor("HORN")
    solver.set("rlimit", STEPS)
    solver.from_string(text)
    return str(solver.check())


def cvc5_says(text: str) -> str:
    """What cvc5 says of the text: sat, unsat or unknown."""
    solver = cvc5.Solver(cvc5.TermManager())
    for option, value in (("finite-model-find", "true"), ("rlimit-per", "200000")):
        solver.setOption(option, value)
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "question")
    said = ""
    while not (command := parser.nextCommand()).isNull():
        said += command.invoke(solver, parser.getSymbolManager())
    return said.split()[0]


def meant(model: Model, invariant: Invariant) -> str:
    """What the answer should be."""
    return "unsat" if semantics.verdict(model, invariant) == "violated" else "sat"


def questions(text: str) -> list[tuple[str, str]]:
    """For every invariant of a design its clauses and the answer that they should have."""
    model = agreement.model_of(text)
    if Prover(model).faults():
        return []
    found = []
    for invariant in model.invariants.values():
        try:
            found.append((horn(model, invariant), meant(model, invariant)))
        except NotExpressibleError:
            found.append(("", "refused"))
    return found


# ---------------------------------------------------------------- agreement


@pytest.mark.parametrize("designs", DESIGNS.values(), ids=DESIGNS)
def test_spacer_agrees_with_enumeration(designs: st.SearchStrategy[str]) -> None:
    """`sat` iff the claim holds in every world under every admitted failure; few questions stay open."""
    tally: Counter[str] = Counter()

    @given(designs)
    def agrees(text: str) -> None:
        note(text)
        for clauses, answer in questions(text):
            said = "refused" if answer == "refused" else spacer(clauses)
            tally[said] += 1
            assert said in (answer, "unknown", "refused")

    agrees()
    assert tally["sat"] >= 5 and tally["unsat"] >= 5
    assert (tally["unknown"] + tally["refused"]) * 20 <= tally.total()


@pytest.mark.parametrize("designs", DESIGNS.values(), ids=DESIGNS)
def test_cvc5_agrees_with_enumeration(designs: st.SearchStrategy[str]) -> None:
    """cvc5 is asked short questions only, and decides most of them; it is never wrong."""
    tally: Counter[str] = Counter()

    @settings(max_examples=settings().max_examples // 2)
    @given(designs)
    def agrees(text: str) -> None:
        note(text)
        for clauses, answer in questions(text):
            if answer != "refused" and len(clauses) <= SHORT:
                said = cvc5_says(clauses)
                tally[said] += 1
                assert said in (answer, "unknown")

    agrees()
    assert tally["sat"] and tally["unsat"]
    assert tally["unknown"] * 2 <= tally.total()


# ---------------------------------------------------------------- every form of claim

DESIGN = """
service web = tcp 80
service sql authenticated = tcp 1433
service shell = tcp 22
kind database
option open
option side in { left, right }
assume side = right implies open
domain out { tier 3 untrusted host visitor }
domain front trusts out { tier 2 host proxy listens web relays web to inner as web hardened when open }
domain middle trusts front transitively { tier 1 host inner listens web, shell account front }
domain back trusts middle transitively { tier 0 host store is database listens sql, shell when open count 1..2 }
host spare in middle or back is database when open listens shell
component records on store or spare is database listens sql
firewall A joins out, front { allow any -> proxy : web  publish shell from out to inner when side = left }
firewall B joins front, middle { allow proxy -> inner : any  allow visitor -> inner : shell when open }
firewall C joins middle, back { allow inner, spare -> back : sql, shell }
link front, middle when not open
flow f: visitor -> proxy : web
flow g: inner -> store : sql
"""

CLAIMS = [
    "no path from out to store",
    "no path from out to store on sql",
    "no path from out to store within 2 steps",
    "some path from out to store within 3 steps",
    "some path from visitor to records passes A then B then C",
    "some path from out to back crosses at least 3 firewalls",
    "no path from out to back crosses at least 3 firewalls",
    "every path from out to store passes C",
    "every path from out to store passes A then C",
    "every path from out to store passes C then A",
    "every path from out to store passes proxy then inner and C",
    "every path from out to records passes inner or B",
    "every path from out to store crosses at least 2 firewalls",
    "no attack from out to store",
    "no attack from out, front to store on sql",
    "some attack from out to store",
    "some attack from visitor to store passes A then C",
    "no attack from visitor to store crosses at least 3 firewalls",
    "some attack from visitor to back crosses at least 2 firewalls",
    "every attack from out to store passes C",
    "every attack from out to store passes A and C",
    "every attack from out, front to store passes A or B",
    "every attack from out to store passes A then C",
    "every attack from visitor to records passes A then proxy then inner then C",
    "every attack from out to store passes inner then C then spare",
    "every attack from out to store crosses at least 2 firewalls",
    "out can reach middle on shell",
    "spare in middle and records is database and store listens on shell",
    "C joins middle and back trusts middle and back accepts front and side = right",
    "tier(out) > tier(back) and spare = back",
    "count(host h in back: h is database) >= 2",
    "all host h in middle, back: no path from out to h within 2 steps",
    "some host h: h runs records and h in back",
    "one host h: h is database",
    "lone component c in back: c listens on sql",
    "all host h: all firewall f: no path from h to f",
    "(some path from out to inner on shell) iff open",
    "count(host h: some path from out to h) = 3",
    "every flow is possible",
    "every connection from out into front, middle is a flow",
    "every connection is a flow",
    "every account is accepted",
]
THREATS = ["", " even if any 1 of A, C is bypassed and any 1 of A, B is bypassed and spare is compromised"]


@pytest.mark.parametrize("claim", CLAIMS)
def test_every_form_of_claim_and_its_negation(claim: str) -> None:
    """Said and denied, with and without failures, alone and beside a condition."""
    forms = [claim, f"not ({claim})", f"open implies not ({claim})"]
    stated = [(form, threat) for form in forms for threat in THREATS]
    lines = [f"invariant i{i}: ({form}){threat}" for i, (form, threat) in enumerate(stated)]
    said = [(spacer(clauses), answer) for clauses, answer in questions(DESIGN + "\n".join(lines))]
    assert [heard for heard, _ in said] == [answer for _, answer in said]


# ---------------------------------------------------------------- what is written


@given(DESIGNS["designs"])
def test_the_text_is_made_of_horn_clauses(text: str) -> None:
    """It declares its logic, parses, asks once, and every assertion is a Horn clause over what is declared."""
    note(text)
    for clauses, answer in questions(text):
        if answer == "refused":
            continue
        commands = [line for line in clauses.splitlines() if line and not line.startswith(";")]
        assert commands[0] == "(set-logic HORN)" and commands[-1] == "(check-sat)"
        bare = re.sub(r"\|[^|]*\||;.*", "", clauses)
        assert bare.count("(") == bare.count(")") and bare.count("|") == 0
        for clause in z3.parse_smt2_string(clauses):
            assert is_horn(clause), clause


def is_horn(clause: z3.BoolRef) -> bool:
    """Whether it is a predicate or false that follows from predicates, none of them negated, and a constraint."""
    while z3.is_quantifier(clause):
        assert clause.is_forall()
        clause = clause.body()
    body, head = (clause.arg(0), clause.arg(1)) if z3.is_implies(clause) else (z3.BoolVal(True), clause)
    parts = body.children() if z3.is_and(body) else [body]
    constraint = [part for part in parts if not is_predicate(part)]
    return (z3.is_false(head) or is_predicate(head)) and not any(map(speaks_of_predicates, constraint))


def is_predicate(term: z3.ExprRef) -> bool:
    return z3.is_app(term) and term.decl().kind() == z3.Z3_OP_UNINTERPRETED


def speaks_of_predicates(term: z3.ExprRef) -> bool:
    return is_predicate(term) or any(map(speaks_of_predicates, term.children()))


def test_a_wrong_clause_changes_the_answer() -> None:
    """The answer is about the clauses: without the last ones, which ask, everything is `sat`."""
    model = agreement.model_of(DESIGN + "invariant i: no path from out to store")
    clauses = horn(model, model.invariants["i"])
    assert spacer(clauses) == "unsat"
    assert spacer(clauses[: clauses.index("; no world and admitted failure breaks")]) == "sat"


def test_what_is_not_expressible_is_named() -> None:
    """That an attack cannot be kept from an order takes a case for each way to go on; too many are refused."""
    hosts = "\n".join(f"host {z.lower()}{i} in {z} listens s" for i in range(36) for z in "YZ")
    design = f"service s = tcp 1\ndomain Y\ndomain Z\n{hosts}\nfirewall F joins Y, Z {{ default allow }}"
    claim = "not every attack from y1 to z1 passes F then F then F"
    model = agreement.model_of(f"{design}\ninvariant i: {claim}")
    with pytest.raises(NotExpressibleError, match="cases"):
        horn(model, model.invariants["i"])


@pytest.mark.parametrize(
    ("module", "limit"),
    [("diagram", "MOST_PAIRS"), ("diagram", "MOST_CUBES"), ("ways", "MOST_RULES"), ("attacks", "MOST_SETS")],
)
def test_no_limit_is_passed_over(module: str, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is whole or there is none."""
    model = agreement.model_of(f"{DESIGN}\ninvariant i: every attack from out to store passes A or B{THREATS[1]}")
    assert horn(model, model.invariants["i"])
    monkeypatch.setattr(f"policy.solver.horn.{module}.{limit}", 0)
    with pytest.raises(NotExpressibleError, match=r"too|more than"):
        horn(model, model.invariants["i"])


def test_chains_without_end_are_named() -> None:
    """Where each chain of zones counts by itself they are listed; too many are refused."""
    domains = "\n".join(f"domain Z{i}" for i in range(18))
    joined = ", ".join(f"Z{i}" for i in range(18))
    design = f"service s = tcp 1\n{domains}\nhost h in Z1 listens s\nfirewall F joins {joined} {{ default allow }}"
    passing = "invariant i: some path from Z0 to h passes F\ninvariant j: every path from Z0 to h passes F"
    model = agreement.model_of(f"{design}\n{passing}\ninvariant k: no path from Z0 to h")
    with pytest.raises(NotExpressibleError, match="chains"):
        horn(model, model.invariants["i"])
    assert [spacer(horn(model, model.invariants[name])) for name in "jk"] == ["sat", "unsat"]


@pytest.mark.parametrize("amount", ["= 4", ">= 5", "!= 4"])
def test_counts_of_paths(amount: str) -> None:
    """Claims that break in more cases than one could list are judged step by step."""
    hosts = "\n".join(f"host h{i} in {'A' if i % 2 else 'B'} or C listens s" for i in range(8))
    wall = "firewall F joins A, B { allow A -> h0, h2, h4 : s }"
    claims = f"invariant i: count(host h: some path from A to h) {amount}\ninvariant j: count(host h: h in C) {amount}"
    domains = "domain A\ndomain B\ndomain C\nassume h0 = B and h2 = B and h4 = B"
    text = f"service s = tcp 1\n{domains}\n{hosts}\n{wall}\n{claims}"
    asked = questions(text)
    assert "judgement" in asked[0][0]
    assert [spacer(clauses) for clauses, _ in asked] == [answer for _, answer in asked]


def test_accounts_of_two_starts_do_not_come_together() -> None:
    """An attack starts at one endpoint: here one has the account, another the way; a compromised one joins either."""
    design = """
    service sql authenticated = tcp 1433
    domain A { host clerk }
    domain B { standalone host gate }
    domain C trusts A { host store listens sql }
    firewall F joins B, C { allow gate -> store : sql }
    invariant apart: no attack from clerk, gate to store
    invariant together: no attack from clerk, gate to store even if clerk is compromised
    invariant wanted: some attack from clerk, gate to store passes F
    """
    answers = ["sat", "unsat", "unsat"]
    assert [(spacer(clauses), answer) for clauses, answer in questions(design)] == [(a, a) for a in answers]


def test_a_broken_firewall_relays_without_being_passed() -> None:
    design = """
    service s = tcp 1
    domain A { host a }
    domain B { host b listens s }
    firewall F joins A, B { publish s from A to b }
    """
    claims = ["some path from a to b passes F", "some attack from a to b crosses at least 1 firewalls"]
    stated = [f"({claim}){threat}" for claim in claims for threat in ("", " even if F is bypassed")]
    asked = questions(design + "\n".join(f"invariant i{i}: {claim}" for i, claim in enumerate(stated)))
    assert [(spacer(clauses), answer) for clauses, answer in asked] == [(a, a) for a in ("sat", "unsat") * 2]


def test_members_of_an_isolated_zone_stay_apart() -> None:
    """Unless a way leads out of it and in again elsewhere."""
    design = """
    service s = tcp 1
    option two
    domain A { isolated host x host y listens s }
    domain B
    host z in A and B listens s
    firewall F joins A, B { allow x -> z : s when two }
    invariant apart: no path from x to y
    invariant round: two iff x can reach z
    invariant within_two: every path from x to z passes F
    """
    assert [(spacer(clauses), answer) for clauses, answer in questions(design)] == [("sat", "sat")] * 3


def test_a_relay_serves_with_its_own_account() -> None:
    """It is hardened, so nobody holds its account; each step counts."""
    design = """
    service s = tcp 1
    service q authenticated = tcp 2
    domain A { host a }
    domain M { host m listens s relays s to t as q account T hardened }
    domain T { host t listens q }
    firewall F joins A, M { allow a -> m : s }
    firewall G joins M, T { allow m -> t : q }
    invariant served: no attack from a to t
    invariant far: no path from a to t within 1 steps
    invariant near: no path from a to t within 2 steps
    """
    answers = ["unsat", "sat", "unsat"]
    assert [(spacer(clauses), answer) for clauses, answer in questions(design)] == [(a, a) for a in answers]
