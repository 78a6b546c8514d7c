"""A bypassed firewall is not passed, neither by who crosses it nor by what it relays, whether that is wanted or not."""

from agreement import disagreements, verdicts

DESIGN = """
service s1 = tcp 80
domain D1
domain D2 { host h1 listens s1 host h2 listens s1 relays s1 to h1 }
firewall F1 joins D1, D2 { allow D1 -> h2 : s1 publish s1 from D1 to h1 }
invariant i1: some attack from D1 to h1 passes F1 even if F1 is bypassed
invariant i2: some path from D1 to h1 passes F1 even if F1 is bypassed
invariant i3: some attack from D1 to h1 crosses at least 1 firewalls even if F1 is bypassed
invariant i4: some attack from D1 to h1 passes F1 even if F1 is compromised
invariant i5: some attack from D1 to h1 passes F1
"""


def test_wanted_attack_past_a_bypassed_firewall() -> None:
    """Only while the firewall works is there an attack that passes it."""
    assert disagreements(DESIGN) == []
    assert verdicts(DESIGN) == {**dict.fromkeys(("i1", "i2", "i3", "i4"), "violated"), "i5": "proved"}
