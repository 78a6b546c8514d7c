"""A misspelt `any`, and a misspelt option on the left of `=`, had no hint; a long line lost its end without a mark."""

import policy
from policy.text.diagnostic import snippet

DESIGN = """
option proxy in { outer, middle }
service web = tcp 80
domain a { host x listens web when proxy = outer }
domain b { host y }
firewall F joins a, b { allow ayn -> x : web }
invariant i: not prxoy = outer
invariant j: not y can reach x on anny
"""


def test_hints_for_any_and_options() -> None:
    faults = policy.check(DESIGN).faults
    assert [fault.hint for fault in faults] == [f"did you mean `{name}`?" for name in ("any", "proxy", "any")]


def test_long_lines_are_marked_where_they_are_cut() -> None:
    report = policy.check(f'invariant i "{"x" * 40}": no host h: h in b  # {"y" * 300}')
    [fault] = report.faults
    assert fault.span is not None
    assert snippet(fault.span, report.sources)[1].endswith("y…")
