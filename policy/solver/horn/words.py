"""Path claims in the words of the language, for comments and names."""

from __future__ import annotations

from policy.core.model import AllOf, AnyOf, Anything, Endpoints, Named, OfKind, Pass, PathClaim, Term, Then, Waypoints


def path_claim(claim: PathClaim) -> str:
    """The claim as it could have been written."""
    word = "attack" if claim.attack else "path"
    found = f"{claim.quantifier} {word} from {endpoints(claim.source)} to {endpoints(claim.target)}"
    found += f" on {', '.join(claim.on)}" if claim.on else ""
    found += f" within {claim.within} steps" if claim.within is not None else ""
    found += f" passes {waypoints(claim.passes)}" if claim.passes is not None else ""
    return found + (f" crosses at least {claim.crosses} firewalls" if claim.crosses is not None else "")


def waypoints(what: Waypoints) -> str:
    match what:
        case Pass(thing):
            return thing.name
        case Then(of):
            return " then ".join(_inner(part) for part in of)
        case AllOf(of):
            return " and ".join(_inner(part) for part in of)
        case AnyOf(of):
            return " or ".join(_inner(part) for part in of)


def _inner(what: Waypoints) -> str:
    return waypoints(what) if isinstance(what, Pass) else f"({waypoints(what)})"


def endpoints(sets: Endpoints) -> str:
    found = ", ".join(_term(term) for term in sets.terms)
    return found + (f" except {', '.join(_term(term) for term in sets.minus)}" if sets.minus else "")


def _term(term: Term) -> str:
    match term:
        case Anything():
            return "any"
        case OfKind(kind):
            return f"all {kind}"
        case Named(_, name):
            return name
        case _:
            return str(getattr(term, "network", term))
