"""How things of one model are called where people read: by the shortest name that is clear."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from policy.core.endpoints import Endpoint
from policy.core.model import Addresses, And, Anything, Claim, Endpoints, Iff, Is, Model, Not, OfKind, Or, Term


def shortest(names: Iterable[str]) -> Mapping[str, str]:
    """For every full name its shortest suffix that no other name has (a whole name is always clear)."""
    names = list(dict.fromkeys(names))
    suffixes = {name: _suffixes(name) for name in names}
    counts = Counter(suffix for some in suffixes.values() for suffix in some)
    return {name: next(s for s in some if counts[s] == 1 or s == name) for name, some in suffixes.items()}


def _suffixes(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[i:]) for i in range(len(parts) - 1, -1, -1)]


class Words:
    """The names of one model."""

    def __init__(self, model: Model) -> None:
        self.model = model
        places = (model.domains, model.zones, model.hosts, model.components, model.firewalls)
        self._short = shortest(name for names in places for name in names)

    def place(self, name: str) -> str:
        """A domain, zone, host, component or firewall."""
        return self._short.get(name, name)

    def endpoint(self, end: Endpoint) -> str:
        """A host, a firewall, or someone in a zone."""
        return str(Endpoint(end.sort, self.place(end.name), end.address))

    def choice(self, name: str, value: str) -> str:
        """That the option has the value, as one would write it in a condition."""
        option = self.model.options[name]
        if option.origin == "count":
            return f"{self.place(name.removesuffix(' count'))} count {value}"
        if option.origin == "placement":
            word = "on" if name in self.model.components else "in"
            return f"{self.place(name)} {word} {self.place(value)}"
        if set(option.values) <= {"true", "false"}:
            return name if value == "true" else f"not {name}"
        return f"{name} = {value}"

    def service(self, point: int) -> str:
        """The narrowest service that holds the packet; the first of several; "" where none does."""
        found = [service for service in self.model.services.values() if point in service]
        widths = {s.name: sum(high - low + 1 for low, high in (*s.plain, *s.authenticated)) for s in found}
        return min(widths, key=widths.__getitem__, default="")

    # -------------------------------------------------------- sets and conditions

    def endpoints(self, written: Endpoints) -> str:
        """A set of endpoints, as one would write it."""
        terms = ", ".join(self._term(term) for term in written.terms)
        minus = ", ".join(self._term(term) for term in written.minus)
        return f"{terms} except {minus}" if minus else terms

    def _term(self, term: Term) -> str:
        match term:
            case Anything():
                return "any"
            case OfKind(kind):
                return f"all {kind}"
            case Addresses(network):
                alone = network.prefixlen == network.max_prefixlen
                return str(network.network_address if alone else network)
        return self.place(term.name)

    def condition(self, claim: Claim, inside: bool = False) -> str:
        """A condition over options; in parentheses where it is a part of another and needs them."""
        match claim:
            case Is(option, value):
                return self.choice(option, value)
            case Not(of):
                return f"not {self.condition(of, True)}"
            case And(of) | Or(of) if len(of) == 1:
                return self.condition(of[0], inside)
            case And(()) | Or(()):
                return "true" if isinstance(claim, And) else "false"
            case And(of) | Or(of):
                words = (" and " if isinstance(claim, And) else " or ").join(self.condition(c, True) for c in of)
            case Iff(left, right):
                words = f"{self.condition(left, True)} iff {self.condition(right, True)}"
            case _:
                raise TypeError(f"not a condition: {claim}")
        return f"({words})" if inside else words
