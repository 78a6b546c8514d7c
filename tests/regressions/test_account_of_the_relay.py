"""An account on a host serves what the host relays, though the attacker does not hold the hardened host itself."""

from agreement import disagreements, verdicts

DESIGN = """
service s1 = tcp 80
service s2 authenticated = tcp 1433
domain D1
domain D2 {
  host h1 hardened listens s1 relays s1 to h2 as s2 account D3
  host h3 hardened listens s1 relays s1 to h4 as s2
}
domain D3 { host h2 listens s2 host h4 listens s2 }
firewall F1 joins D1, D2 { allow D1 -> h1, h3 : s1 }
firewall F2 joins D2, D3 { allow h1, h3 -> h2, h4 : s2 }
invariant i1: no attack from D1 to h2
invariant i2: every attack from D1 to h2 passes h1
invariant i3: every attack from D1 to h4 passes h2
invariant i4: no attack from D1 to h4 even if h3 is compromised
invariant i5: no path from D1 to h4
"""


def test_account_of_the_relay() -> None:
    """h1 relays with its account to h2, which gives the account for h4; h3 has none that h4 accepts."""
    assert disagreements(DESIGN) == []
    told = {"i1": "violated", "i2": "proved", "i3": "proved", "i4": "violated", "i5": "violated"}
    assert verdicts(DESIGN) == told
