"""What the benchmarks measure is well formed, the same on every run, and of the size that the tables say.

No time is asserted: only that a figure, once printed, is about the design that it names.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.campus import Size, campus
from benchmarks.families import idle_options, long_list, telling_options
from benchmarks.measure import runs, stages
from policy.checking import check
from policy.core.model import Model
from policy.text.load import load_text
from policy.text.resolve import resolve

SMALL = Size(zones=20, firewalls=24, rules=200, hosts=60, options=4, layers=5)
DESIGNS: dict[str, Callable[[], str]] = {
    "campus": lambda: campus(SMALL),
    "long_list": lambda: long_list(300, hosts=20),
    "idle_options": lambda: idle_options(3, doors=6),
    "telling_options": lambda: telling_options(3, rooms=6),
}


def model(text: str) -> Model:
    """The model of a text, which must have no faults."""
    resolved = resolve(load_text(text))
    assert resolved.faults == ()
    return resolved.model


def rules(design: Model) -> int:
    """How many rules all its firewalls have."""
    return sum(len(firewall.rules) for firewall in design.firewalls.values())


@pytest.mark.parametrize("name", DESIGNS)
def test_a_design_is_the_same_on_every_run(name: str) -> None:
    """Figures of two runs are about the same text, and the text has no faults."""
    assert DESIGNS[name]() == DESIGNS[name]()
    assert model(DESIGNS[name]()).invariants


def test_another_seed_is_another_campus() -> None:
    """The seed decides what a campus looks like."""
    assert campus(SMALL, seed=1) != campus(SMALL, seed=2)


def test_a_campus_has_the_size_that_was_asked_for() -> None:
    """Zones, firewalls, rules, hosts and options are counted, besides the Internet and the border before them."""
    design = model(campus(SMALL))
    border = len(design.firewalls["border"].rules)
    assert len(design.zones) == SMALL.zones + 1
    assert len(design.firewalls) == SMALL.firewalls + 1
    assert rules(design) == SMALL.rules + border
    assert (len(design.hosts), len(design.options)) == (SMALL.hosts, SMALL.options)


def test_a_long_list_is_as_long_as_was_asked_for() -> None:
    """So many rules on one firewall."""
    design = model(long_list(300, hosts=20))
    assert (rules(design), len(design.firewalls)) == (300, 1)


@pytest.mark.parametrize("family", [idle_options, telling_options])
def test_only_the_options_grow(family: Callable[[int], str]) -> None:
    """Few and many options stand in a network of the same size, so that a ratio of times is due to the options."""
    few, many = model(family(2)), model(family(9))
    assert (len(few.options), len(many.options)) == (2, 9)
    assert (few.hosts.keys(), few.firewalls.keys(), rules(few)) == (
        many.hosts.keys(), many.firewalls.keys(), rules(many),
    )  # fmt: skip


@pytest.mark.parametrize("name", ["long_list", "idle_options", "telling_options"])
def test_verdicts(name: str) -> None:
    """A figure for proving is about invariants that are proved."""
    report = check(DESIGNS[name]())
    assert [result.verdict for result in report.results] == ["proved"] * len(report.declared)


def test_telling_options_are_needed() -> None:
    """Each option matters: where one room has both ways open, its claim fails."""
    text = telling_options(2, rooms=2).replace(" when not left_1", "")
    (result,) = check(text).results
    assert result.verdict == "violated"
    assert result.violation is not None
    assert [choice.option for choice in result.violation.world if choice.matters] == ["left_1"]


def test_measuring_measures_every_invariant(tmp_path: Path) -> None:
    """The stages speak of every invariant of the design, and the process that was watched did the work."""
    path = tmp_path / "design.policy"
    path.write_text(idle_options(3, doors=6), encoding="utf-8")
    assert [(trial.name, trial.verdict) for trial in stages(path).trials] == [("safe", "proved"), ("walls", "proved")]
    watched = runs(path, 2)
    assert (watched.code, len(watched.seconds)) == (0, 2)
    assert watched.best <= watched.median
    assert watched.memory > 2**20
