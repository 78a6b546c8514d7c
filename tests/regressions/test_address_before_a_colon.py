"""An IPv6 address that ends in `::` directly before the colon of a rule took that colon, too."""

import policy

DESIGN = """
service web = tcp 443
domain a { network fd01::/64  host x at fd01::1 }
domain b { host y at fd02:: listens web }
firewall F joins a, b { allow fd01:: -> fd02::%s: web }
invariant i: some path from a to y
invariant j: not fd01::1 can reach y
"""


def test_address_before_a_colon() -> None:
    for space in ("", " "):
        report = policy.check(DESIGN % space)
        assert not report.faults
        assert [result.verdict for result in report.results] == ["proved", "proved"]
