"""What a finding is, apart from where it stands: the same when lines move, rules are renumbered or files elsewhere on
another machine; another one when the path that breaks the invariant is another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable

from policy.report.outcome import Crossed, End, Hop, Violation

Names = tuple[Hashable, ...]


def canonical(violation: Violation | None) -> Names:
    """The way in which the claim fails, by names alone: failures, path, and what the facts are about. Rules count by
    their labels, not by their numbers; addresses and worlds, of which one stands for many, do not count."""
    if violation is None:
        return ()
    start = () if violation.start is None else _end(violation.start)
    hops = tuple(_hop(hop) for hop in violation.steps)
    return violation.noun, violation.failures, start, hops, tuple(told.subject for told in violation.facts)


def _hop(hop: Hop) -> Names:
    relay = () if hop.relay is None else (hop.relay.sort, hop.relay.name)
    crossed = tuple(_crossed(crossing) for crossing in hop.crossings)
    return _end(hop.source), _end(hop.target), hop.protocol, hop.port, hop.account, relay, crossed


def _end(end: End) -> Names:
    return end.sort, end.name


def _crossed(crossed: Crossed) -> Names:
    return crossed.from_zone, crossed.into_zone, crossed.firewall, crossed.by, crossed.label


def digest(*parts: object) -> str:
    """A SHA-256 in hexadecimal of the parts, which are strings, numbers, None, and tuples of such."""
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode("ascii")).hexdigest()
