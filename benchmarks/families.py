"""Generated designs that ask one question each: how long a list of rules takes to read, and what options cost.

Every function takes sizes and returns the text of a design whose invariants have the verdicts that it says; the same
sizes give the same text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

PORTS = 64  # services that the long list tells apart


def long_list(rules: int, hosts: int = 200) -> str:
    """One firewall between two zones with `hosts` machines each, and a list of so many rules."""
    return _text(_long_list(rules, hosts))


def _long_list(rules: int, hosts: int) -> Iterator[str]:
    yield 'design "A long list of rules"'
    yield from (f"service s_{i} = tcp {1000 + i}" for i in range(PORTS))
    yield "domain outside { untrusted"
    yield from (f"  host client_{i}" for i in range(hosts))
    yield "}\ndomain inside {"
    yield from (f"  host server_{i} listens s_{i % PORTS}" for i in range(hosts))
    yield "}\nfirewall wall joins outside, inside {"
    for i in range(rules):
        verb = "deny" if i % 7 == 3 else "allow"
        source, target, port = i * 31 % hosts, (i // hosts + i * 17) % hosts, i * 5 % PORTS
        yield f"  rule_{i}: {verb} client_{source} -> server_{target} : s_{port} from outside into inside"
    yield "}\ninvariant inwards_only: not inside can reach outside"


def idle_options(options: int, doors: int = 60) -> str:
    """So many options open some of the `doors` into a room that leads nowhere: whether the vault is safe does not
    depend on them. The network is the same for every number of options."""
    return _text(_idle_options(options, doors))


def _idle_options(options: int, doors: int) -> Iterator[str]:
    yield 'design "Options that do not matter"\nservice web = tcp 80'
    yield from (f"option open_{i}" for i in range(options))
    yield "domain internet { untrusted }\ndomain room {"
    yield from (f"  host door_{i} listens web" for i in range(doors))
    yield "}\ndomain cellar { host vault listens web  host guard listens web }"
    yield "firewall outer joins internet, room {"
    yield from (f"  allow internet -> door_{i} : web when open_{i % options}" for i in range(doors))
    yield "}\nfirewall inner joins room, cellar { allow cellar -> room : web  deny any -> vault : any }"
    yield "invariant safe: no path from internet to vault"
    yield "invariant walls: every path from internet to cellar passes outer then inner"


def telling_options(options: int, rooms: int = 60) -> str:
    """Two firewalls lead to each of the `rooms`; each option says which of the two lets its own room's server be
    reached. The invariant is a conjunction with one claim for each option, and no claim can do without its option. The
    network is the same for every number of options up to `rooms`."""
    return _text(_telling_options(options, rooms))


def _telling_options(options: int, rooms: int) -> Iterator[str]:
    yield 'design "Options that matter to one claim each"\nservice web = tcp 80'
    yield "domain internet { untrusted }"
    yield from (f"option left_{i}" for i in range(options))
    for i in range(rooms):
        yield f"domain room_{i} {{ host server_{i} listens web }}"
        for side, when in (("left", f" when left_{i}"), ("right", f" when not left_{i}")):
            only = when if i < options else ""
            yield f"firewall {side}_{i}_wall joins internet, room_{i} {{ allow internet -> server_{i} : web{only} }}"
    yield "invariant each_its_own:"
    yield "  and ".join(
        f"(left_{i} iff (every path from internet to server_{i} passes left_{i}_wall))\n" for i in range(options)
    )


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"
