"""A colon directly after an IPv6 address belongs to what the address stands in, not to the address."""

from ipaddress import IPv6Network

from agreement import disagreements, model_of, verdicts

from policy.core.model import Addresses, Endpoints, Quantified

DESIGN = """
service s1 = tcp 80
domain D1 { network fd01::/16 host h1 at fd01::4 listens s1 host h2 at fd01::5 }
invariant i1: some host v1 in fd01::4: v1 listens on s1
invariant i2: all host v1 in fd01::/16: v1 = h1 or v1 = h2
invariant i3: no host v1 in fd01::, fd01::5: v1 listens on s1
"""


def test_address_before_a_colon() -> None:
    """The addresses are read whole, also one that ends in two colons itself."""
    claim = model_of(DESIGN).invariants["i3"].claim
    assert isinstance(claim, Quantified)
    within = tuple(Addresses(IPv6Network(address)) for address in ("fd01::", "fd01::5"))
    assert claim.binders[0].within == Endpoints(within)
    assert disagreements(DESIGN) == []
    assert verdicts(DESIGN) == {"i1": "proved", "i2": "proved", "i3": "proved"}
