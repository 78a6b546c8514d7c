"""The specs keep what they state: BizTalk's sample architectures, and their flawed twins."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from difference import Difference, differences

from policy.checking import check
from policy.core.model import Model
from policy.report.outcome import Report
from policy.text.format import formatted
from policy.text.load import load
from policy.text.resolve import resolve
from policy.text.source import Source

SPECS = Path(__file__).parent.parent / "specs" / "biztalk"
FILES = sorted(SPECS.glob("*.policy"))
ARCHITECTURES = (
    "base_file", "base_ftp", "base_http", "base_message_queuing", "large_distributed",
    "large_distributed_information_workers", "scaled_down", "scaled_down_information_workers",
)  # fmt: skip
TWINS: dict[str, set[Difference]] = {
    "any_rule": {("rule", "FW1", "forgotten")},
    "data_trusts_corporate": {("trust", "data", "corporate")},
    "fw3_joins_data": {("joins", "FW3", "data")},
    "operations_rule_widened": {("rule", "FW2", "operations")},
    "sso_in_perimeter": {("hosts", "sso_only")},
    "trust_taken_away": {("trust", "service_interfaces", "data")},
}
PROMISES = (
    "sso_behind_fw3_and_fw1", "sso_from_internet", "data_behind_fw3_and_fw1", "data_from_internet", "databases_in_data",
    "master_secret_behind_fw3_and_fw2", "no_direct_way_in", "corporate_reaches_data_behind_fw1",
    "no_biztalk_in_perimeter", "one_master_secret_server", "master_secret_alone", "data_trusts_nobody",
    "exactly_these_trusts", "trust_points_inwards", "accounts_accepted", "domain_controllers", "sql_servers_clustered",
    "load_balancing", "clustering", "required_ports", "data_least_privilege", "no_direct_way_in_with_one_down",
    "attack_on_sso_needs_the_handlers_account",
)  # fmt: skip


@cache
def report(name: str) -> Report:
    return check(SPECS / f"{name}.policy")


@cache
def model(name: str) -> Model:
    resolved = resolve(load(SPECS / f"{name}.policy"))
    assert resolved.faults == ()
    return resolved.model


def test_every_architecture_is_there() -> None:
    """Each architecture of the documentation has its spec, each named flaw its twin, and there is nothing else."""
    twins = [f"large_distributed_flawed_{flaw}" for flaw in TWINS]
    assert sorted(path.stem for path in FILES) == sorted([*ARCHITECTURES, *twins])


@pytest.mark.parametrize("name", [path.stem for path in FILES])
def test_verdicts(name: str) -> None:
    """Every invariant of every spec has the verdict that the spec states for it."""
    found = report(name)
    assert found.faults == () and found.bug == ""
    wrong = {result.name: (result.verdict, result.note) for result in found.results if not result.as_expected}
    assert wrong == {}
    assert found.results and found.exit_code == 0


@pytest.mark.parametrize("name", [path.stem for path in FILES])
def test_descriptions(name: str) -> None:
    """A reader of the documentation can place every invariant: each has a description, no two the same."""
    about = [invariant.about for invariant in model(name).invariants.values()]
    assert all(about)
    assert len(set(about)) == len(about)


@pytest.mark.parametrize("flaw", TWINS)
def test_twin_changes_one_thing(flaw: str) -> None:
    """A flawed twin differs from the architecture in the one thing that its name says."""
    found = list(differences(model("large_distributed"), model(f"large_distributed_flawed_{flaw}")))
    assert set(found) == TWINS[flaw]


@pytest.mark.parametrize("flaw", TWINS)
def test_twin_is_noticed(flaw: str) -> None:
    """What a twin states as violated holds in the architecture itself, wherever that states it: the flaw breaks it."""
    sound = model("large_distributed").invariants
    twin = model(f"large_distributed_flawed_{flaw}").invariants
    broken = [name for name, invariant in twin.items() if invariant.expect == "violated" and name in sound]
    assert broken
    assert all(sound[name].expect == "proved" for name in broken)
    assert [name for name in twin if name in sound and twin[name].claim != sound[name].claim] == []


def test_promises_of_the_documentation() -> None:
    """What the documentation promises of the large distributed architecture is proved, not merely as expected."""
    verdicts = {result.name: result.verdict for result in report("large_distributed").results}
    assert {name: verdicts.get(name) for name in PROMISES} == dict.fromkeys(PROMISES, "proved")


def test_attack_on_the_sso_database_uses_the_account_of_the_isolated_host() -> None:
    """The attack from the perimeter is shown, and it takes over the isolated host, whose account data accepts."""
    (result,) = [r for r in report("large_distributed").results if r.name == "no_attack_on_sso"]
    assert result.violation is not None
    assert [step.target.name for step in result.violation.steps][-2:] == ["receive_isolated", "sql_sso"]
    design = model("large_distributed")
    assert [account.name for account in design.hosts["receive_isolated"].accounts] == ["data"]


def test_every_spec_is_formatted() -> None:
    """`bartizan fmt --check specs` has nothing to say, for the parts as well."""
    for path in sorted(SPECS.rglob("*.policy")):
        text = path.read_text(encoding="utf-8")
        assert formatted(Source.of(path.name, text)) == text, path.name
