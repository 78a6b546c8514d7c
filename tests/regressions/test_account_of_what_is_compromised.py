"""An attack may use the account of something compromised from which no step starts; what that account depends on is
decided by the route."""

from agreement import disagreements, verdicts

DESIGN = """
option o1 in { a3 }
option o2
service s2 authenticated = tcp 22
domain D1 { host h3 listens s2 }
domain D2 { host h5 when o2 }
domain D3
host h1 in D2 and D3
host h4 when not o2 in D3
component c1 on h5 when o1 = a3 account D1
link D1, D3
invariant i1: every attack from h4 to h3 on s2 crosses at least 1 firewalls even if D2 is compromised
invariant i2: no attack from h4 to h3 even if D2 is compromised
"""


def test_account_of_what_is_compromised() -> None:
    """The witnesses are accepted."""
    assert disagreements(DESIGN) == []
    assert verdicts(DESIGN) == {"i1": "violated", "i2": "violated"}
