"""Names: the shortest one that is clear."""

from __future__ import annotations

from policy.core.endpoints import Endpoint
from policy.core.model import ALWAYS, NEVER, And, Host, Iff, Is, Model, Not, Option, Or, Service, Tagged, Zone
from policy.report.words import Words, shortest


def test_shortest_names_are_clear() -> None:
    """No two things share a short name, unless one of them is the whole name of a thing, which then is meant."""
    short = shortest(["a", "a.b", "a.b.host", "c.host", "host", "c.d.x", "e.d.x", "y.z"])
    assert short == {
        "a": "a", "a.b": "b", "a.b.host": "b.host", "c.host": "c.host", "host": "host", "c.d.x": "c.d.x",
        "e.d.x": "e.d.x", "y.z": "z",
    }  # fmt: skip
    assert len(set(short.values())) == len(short)


MODEL = Model(
    options={
        "proxy": Option("proxy", ("a", "b")),
        "soap": Option("soap", ("true", "false")),
        "d.z.h": Option("d.z.h", ("d.z", "e"), "placement"),
        "d.z.h count": Option("d.z.h count", ("1", "2"), "count"),
    },
    services={"web": Service("web", ((80, 80), (443, 443))), "http": Service("http", ((80, 80),))},
    zones={"d.z": Zone("d.z", "d"), "e": Zone("e", "e")},
    hosts={"d.z.h": Host("d.z.h", (Tagged("d.z"),))},
)


def test_choices_read_like_conditions() -> None:
    """An option and its value are told as one would write or say them."""
    words = Words(MODEL)
    told = [words.choice(name, value) for name in MODEL.options for value in MODEL.options[name].values]
    assert told == ["proxy = a", "proxy = b", "soap", "not soap", "h in z", "h in e", "h count 1", "h count 2"]


def test_conditions_keep_their_structure() -> None:
    """Parentheses stand wherever leaving them out would mean something else."""
    words = Words(MODEL)
    soap, proxy = Is("soap", "true"), Is("proxy", "a")
    assert words.condition(And((soap, Or((proxy, Not(soap)))))) == "soap and (proxy = a or not soap)"
    assert words.condition(Not(And((soap, proxy)))) == "not (soap and proxy = a)"
    assert words.condition(Iff(soap, Or((proxy,)))) == "soap iff proxy = a"
    assert (words.condition(ALWAYS), words.condition(NEVER)) == ("true", "false")


def test_endpoints_and_services() -> None:
    """Someone is named by a zone; a packet by the narrowest service that holds it."""
    words = Words(MODEL)
    assert words.endpoint(Endpoint("someone", "d.z")) == "someone in z"
    assert words.endpoint(Endpoint("host", "d.z.h")) == "h"
    assert [words.service(point) for point in (80, 443, 22)] == ["http", "web", ""]
