"""`show`: what the tables say of a design, and of the worlds that are left."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from policy.report import json as document
from policy.report import survey as surveys
from policy.report.survey import Cell, Survey, survey
from policy.report.tables import rendered
from policy.report.world import ChoiceError
from policy.text.load import load, load_text
from policy.text.resolve import resolve

FLAWED = Path(__file__).parent / "flawed.policy"
EXAMPLE = Path(__file__).parents[1] / "corpus" / "accept" / "example.policy"


def shown(*choices: str, path: Path = EXAMPLE) -> Survey:
    loaded = load(path)
    return survey(str(path), loaded, resolve(loaded), choices)


def of_text(text: str, *choices: str) -> Survey:
    loaded = load_text(text)
    return survey("t", loaded, resolve(loaded), choices)


def rows(of: Survey, name: str) -> dict[Cell, dict[str, Cell]]:
    """The rows of a table by their first cell."""
    table = next((table for table in of.tables if table.name == name), None)
    assert table is not None
    return {row[0]: dict(zip(table.heads, row, strict=True)) for row in table.rows}


def connections(of: Survey) -> dict[tuple[Cell, Cell], tuple[Cell, Cell]]:
    table = next(table for table in of.tables if table.name == "connections")
    return {(row[0], row[1]): (row[2], row[3]) for row in table.rows}


def test_domains_hosts_and_firewalls_of_the_example() -> None:
    """Tier, flags, zones and trusts; placement, kinds, services and accounts; rules in their order."""
    of = shown()
    assert rows(of, "domains")["internet"]["flags"] == ("untrusted", "standalone")
    assert rows(of, "domains")["services"]["trusts"] == ("data",)
    assert rows(of, "domains")["corporate"]["zones"] == ("intranet", "operations")
    assert rows(of, "hosts")["ftp_server"]["in"] == ("perimeter?", "internet?")
    assert rows(of, "hosts")["sql_sso"]["runs"] == ("sso_db",)
    assert rows(of, "hosts")["http_rec"]["relays"] == ("http to receive_isolated",)
    assert rows(of, "firewalls")["FW4"]["publishes"] == ("https from internet to receive_isolated?",)
    rules = next(table for table in of.tables if table.name == "rules").rows
    assert [row[1:4] for row in rules if row[0] == "FW4"] == [
        ("1", "web", "allow"), ("2", "mail", "allow"), ("3", "", "allow"),
    ]  # fmt: skip


def test_who_connects_to_whom_in_the_example() -> None:
    """What holds in every world is under always, what some world has under sometimes, the rest nowhere."""
    found = connections(shown())
    assert found["internet", "perimeter"] == (("http", "smtp"), ())
    assert found["internet", "FW4"] == ((), ("https?",))
    assert found["perimeter", "service_interfaces"] == (("http", "https"), ())
    assert found["service_interfaces", "data"] == (("sql", "dtc"), ())
    assert found["operations", "services"] == (("rdp",), ())
    assert ("internet", "data") not in found
    assert ("perimeter", "FW4") not in found, "no world has it, though each condition of it is open by itself"


def test_decided_options_leave_nothing_open() -> None:
    """With every option decided there is no mark left; what the world does not have is gone."""
    of = shown("soap_proxy=FW4", "ftp_server=internet", "sql_messagebox count=1")
    assert connections(of)["internet", "FW4"] == (("https",), ())
    assert rows(of, "hosts")["ftp_server"]["in"] == ("internet",)
    assert "?" not in rendered([of], 100)
    other = shown("soap_proxy = FW3", "ftp_server = perimeter")
    assert ("internet", "FW4") not in connections(other)
    assert rows(other, "firewalls")["FW4"]["publishes"] == ()


@pytest.mark.parametrize("path", [FLAWED, EXAMPLE])
def test_bounds_never_miss_a_connection(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the worlds are too many to look at each, always says no more, and both together no less, than the worlds
    one by one."""
    exact = connections(shown(path=path))
    monkeypatch.setattr(surveys, "MOST_WORK", 0)
    bounds = connections(shown(path=path))
    for pair, (always, sometimes) in exact.items():
        wide = {str(name).rstrip("?") for cell in bounds[pair] for name in cell}
        assert {name.rstrip("?") for name in (*always, *sometimes)} <= wide
    for pair, (always, _) in bounds.items():
        assert set(always) <= set(exact.get(pair, ((), ()))[0])


def test_assumptions_leave_out_worlds() -> None:
    """A connection that only an excluded world has is not shown; one that all worlds left have is shown as always."""
    text = (
        "option a\noption b\nassume a implies b\nservice s = tcp 1\ndomain d { host h }\n"
        "domain e { host g listens s }\nfirewall F joins d, e { allow d -> e : s when COND }\n"
    )
    assert connections(of_text(text.replace("COND", "a and not b"))) == {("e", "e"): (("s",), ())}
    assert connections(of_text(text.replace("COND", "not a or b")))["d", "e"] == (("s",), ())
    assert connections(of_text(text.replace("COND", "a")))["d", "e"] == ((), ("s?",))
    with pytest.raises(ChoiceError, match="breaks an assumption"):
        of_text(text.replace("COND", "a"), "a=true", "b=false")


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ("soap_prox=FW3", "did you mean `soap_proxy`"),
        ("soap_proxy=FW9", "is not a value of `soap_proxy`"),
        ("soap_proxy=x", "there is `FW3`, `FW4`"),
        ("soap_proxy", "OPTION=VALUE"),
        ("=", "is not an option"),
    ],
)
def test_wrong_choices_are_explained(choice: str, words: str) -> None:
    """A choice that is none is refused with a hint."""
    with pytest.raises(ChoiceError, match=words):
        shown(choice)


def test_two_values_of_one_option_are_refused() -> None:
    """They exclude each other."""
    with pytest.raises(ChoiceError, match="two values"):
        shown("soap_proxy=FW3", "soap_proxy=FW4")


def test_json_has_the_same_cells() -> None:
    """The document is valid, and its tables are those of the text; a design with faults has none."""
    faulty = of_text("domain d { host h is nothing }")
    tree = json.loads(document.rendered(document.survey_document([shown(), shown(path=FLAWED), faulty], "1")))
    jsonschema.Draft202012Validator(document.schema()).validate(tree)
    for read, of in zip(tree["surveys"], (shown(), shown(path=FLAWED), faulty), strict=True):
        assert list(read["tables"]) == [table.name for table in of.tables]
        for table in of.tables:
            cells = [[c if isinstance(c, str) else list(c) for c in row] for row in table.rows]
            assert [list(row.values()) for row in read["tables"][table.name]] == cells
    assert tree["surveys"][2]["faults"]
    assert tree["exit_code"] == 2


@pytest.mark.parametrize("width", [40, 80, 200])
def test_narrow_terminals_lose_no_word(width: int) -> None:
    """Cells wrap between words, never inside one."""
    of = shown(path=FLAWED)
    cells = [cell for table in of.tables for row in table.rows for cell in row]
    words = {w.strip(",") for cell in cells for w in (cell if isinstance(cell, str) else " ".join(cell)).split()}
    assert words <= set(rendered([of], width).replace(",", " ").split())
