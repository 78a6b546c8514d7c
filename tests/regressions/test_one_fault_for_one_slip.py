"""A single slip of the pen is a single fault, at its place; what follows from it is not reported."""

import pytest

from policy.text.load import load_text
from policy.text.resolve import resolve

DESIGN = """service web = tcp 80
service sql = tcp 1433
kind server
option open
domain outer "the world" { untrusted
  host visitor
}
domain inner trusts outer { tier 2
  zone front { host shop is server listens web }
  zone back { host store listens sql }
}
firewall wall joins outer, inner.front, inner.back {
  enter: allow outer -> shop : web
  store: allow shop -> store : sql when open
  again: allow visitor -> shop : web
}
invariant needs: every flow is possible
invariant kept: no path from outer to inner.back
"""


def faults(old: str, new: str) -> list[tuple[str, int, str]]:
    """Code, line and hint of the faults that the design has with a piece of it replaced."""
    assert DESIGN.count(old) == 1
    found = resolve(load_text(DESIGN.replace(old, new))).faults
    return [(fault.code, fault.span.line, fault.hint) for fault in found if fault.span is not None]


def test_the_design_itself_has_no_fault() -> None:
    """So every fault below is due to the slip."""
    assert not resolve(load_text(DESIGN)).faults


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "hint"),
    [
        ("service web =", "service =", "E001", 1, ""),
        ("kind server", "server", "E001", 3, "`server` may be one too many"),
        ("kind server", "kind", "E001", 3, ""),
        ("option open", "option", "E001", 4, ""),
        ("option open", "option Open", "E010", 14, "did you mean `Open`?"),
        ('outer "the world" {', 'outer "the world {', "E001", 5, ""),
        ('outer "the world" {', 'outer the world" {', "E001", 5, ""),
        ("domain outer ", "domain ", "E001", 5, ""),
        ("host visitor", "host", "E001", 6, ""),
        ("inner trusts outer", "inner outer", "E001", 8, "`trusts` may be missing"),
        ("domain inner", "domain iner", "E010", 12, "did you mean `iner.front`?"),
        ("wall joins", "joins", "E001", 12, ""),
        ("inner.back {", "inner.back {{", "E001", 12, "`{` may be one too many"),
        ("outer -> shop : web\n", "outer -> shop :\n", "E001", 13, ""),
        ("outer -> shop : web\n", "outer -> shop : web foo\n", "E001", 13, "a `,` may be missing"),
        ("when open", "when", "E001", 14, ""),
        ("every flow", "evry flow", "E001", 17, "did you mean `every`?"),
    ],
)
def test_one_slip_is_one_fault(old: str, new: str, code: str, line: int, hint: str) -> None:
    """With its code, on its line, and with the hint that mends it where one can be told."""
    assert faults(old, new) == [(code, line, hint)]


def test_a_zone_declared_twice_is_not_also_said_of_its_hosts() -> None:
    """The second declaration is the fault; its hosts are there twice because of it."""
    zone = "  zone back { host store listens sql }\n"
    assert faults(zone, zone + zone) == [("E012", 11, "")]


def test_another_line_keeps_its_own_fault() -> None:
    """A slip hides what is wrong on its own line, and nothing on others."""
    assert faults("web\n  store: allow shop -> store", "web foo\n  store: allow shop -> stor") == [
        ("E001", 13, "a `,` may be missing"),
        ("E010", 14, "did you mean `store`?"),
    ]
