"""`bartizan depth` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from policy.cli import commands
from policy.report.json import schema

SHOP = """design "Shop"
service https = tcp 443
service sql authenticated = tcp 1433
option support
domain internet { untrusted standalone }
domain dmz { host web listens https }
domain office { host desk listens https }
domain vault trusts office { host orders listens sql }
component books on orders
firewall outer joins internet, dmz { allow internet -> web : https }
firewall inner joins dmz, office, vault {
  help: allow web -> desk : https when support
  allow web, desk -> orders : sql
}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.policy"
    path.write_text(SHOP, encoding="utf-8")
    return path


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(commands, ["depth", *map(str, args)], catch_exceptions=False)


def test_the_table(shop: Path) -> None:
    """Worst and best, the worlds, and with --verbose the paths; the same on every run."""
    result = run(shop)
    assert result.exit_code == 0
    assert result.stdout == f"""{shop}  Shop

from internet
target    firewalls crossed    must be bypassed    accounts of an attack
--------  -------------------  ------------------  ------------------------------------------
books     2                    0                   takes office (best: lacks office or vault)

accounts of an attack of books
   takes office           where support
   lacks office or vault  where not support
"""
    told = run(shop, "--verbose").stdout
    assert told.startswith(result.stdout[:-1]) and "books, firewalls crossed: 2\n" in told
    assert "web -> desk" in told and f"{shop}:12" in told and "with an account of office" in told


def test_it_fits_a_terminal(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """80 columns are enough."""
    monkeypatch.setattr("policy.cli.depth.width", lambda: 80)
    assert all(len(line) <= 80 for line in run(shop).stdout.splitlines()[1:])


def test_json_obeys_the_schema(shop: Path) -> None:
    """What text shows, JSON has; null is no path."""
    tree = json.loads(run(shop, "--format", "json", "--to", "books", "--to", "internet").stdout)
    jsonschema.validate(tree, schema())
    books, internet = tree["depths"]
    assert (books["crossed"]["worst"], books["crossed"]["best"], books["bypassed"]["worst"]) == (2, 2, 0)
    assert books["accounts"]["best"]["sets"] == [["office"], ["vault"]]
    assert books["accounts"]["best_where"] == ["not support"]
    assert (internet["crossed"]["worst"], internet["accounts"]["worst"]["kind"]) == (0, "none")
    away = json.loads(run(shop, "--format", "json", "--from", "orders", "--to", "internet").stdout)
    assert (away["from"], away["depths"][0]["crossed"]["worst"]) == ("orders", None)


def test_sets_are_those_of_the_language(shop: Path) -> None:
    """Several --from are one set; a target may be a set, too."""
    result = run(shop, "--from", "office", "--from", "dmz except web", "--to", "vault, web", "--to", "books")
    assert "from office, dmz except web\n" in result.stdout
    assert "\nvault, web " in result.stdout and "\nbooks " in result.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--to", "bocks"), "did you mean `books`?"),
        (("--from", "internt"), "did you mean `internet`?"),
        (("--from", ""), "error[E001]"),
        (("--to", "books on sql"), "--from and --to take sets of places"),
        (("--to", "books even if web is compromised"), "--from and --to take sets of places"),
        (("--to", "books and office can reach vault"), "--from and --to take sets of places"),
        (("--from", "office can reach web and dmz"), "--from and --to take sets of places"),
        (("--to", "books; $(reboot)"), "error[E001]"),
        (("--form", "json"), "No such option"),
    ],
)
def test_what_is_no_set_is_told(shop: Path, args: tuple[str, ...], said: str) -> None:
    """Exit 2, and what to do about it."""
    result = run(shop, *args)
    assert (result.exit_code, said in result.stdout + result.stderr) == (2, True), result.output


def test_a_design_without_attackers_or_with_faults(tmp_path: Path) -> None:
    """Asks for --from; shows the faults, in text and in JSON."""
    path = tmp_path / "shop.policy"
    path.write_text(SHOP.replace("untrusted ", ""), encoding="utf-8")
    assert "say with --from" in run(path).stderr and run(path).exit_code == 2
    assert run(path, "--from", "internet").exit_code == 0
    path.write_text(SHOP + "host lost\n", encoding="utf-8")
    assert run(path).exit_code == 2 and f"{path}:15" in run(path).stdout
    tree = json.loads(run(path, "--format", "json").stdout)
    jsonschema.validate(tree, schema())
    assert tree["designs"][0]["faults"]


def test_hosts_where_there_are_no_components(tmp_path: Path) -> None:
    """They are then what attackers are after."""
    path = tmp_path / "shop.policy"
    path.write_text(SHOP.replace("component books on orders\n", ""), encoding="utf-8")
    assert all(f"\n{name} " in run(path).stdout for name in ("web", "desk", "orders"))
