"""Facts that break a claim, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Literal

from policy.core.binding import bind, variables
from policy.core.evidence import Fact, exists
from policy.core.judge import Judge
from policy.core.model import (
    AccountsAccepted,
    Amount,
    CanReach,
    Claim,
    Compare,
    ConnectionsAreFlows,
    Count,
    FlowsPossible,
    Is,
    Model,
    Named,
    Number,
    PathClaim,
    Quantified,
    Sort,
    Tier,
    Trusts,
    packet_at,
)
from policy.report.outcome import Origins, Told
from policy.report.words import Words
from policy.text.source import Span

MOST = 8  # things that satisfy the body of a quantifier that are listed


def bindings(model: Model, fact: Fact) -> dict[str, Named]:
    """What each variable of the claim stands for."""
    sorts = {variable.name: variable.sort for variable in variables(fact.claim)}
    return {name: Named(sorts.get(name) or sort_of(model, thing), thing) for name, thing in fact.bindings}


def bound(model: Model, fact: Fact) -> Claim:
    """The claim of the fact without its variables."""
    return bind(fact.claim, bindings(model, fact))


def sort_of(model: Model, name: str) -> Sort:
    """What the place of that full name is; a domain where it has a zone of its own name."""
    tables: tuple[tuple[Sort, Mapping[str, object]], ...] = (
        ("domain", model.domains), ("zone", model.zones), ("host", model.hosts), ("component", model.components),
    )  # fmt: skip
    return next((sort for sort, names in tables if name in names), "firewall")


def things_in(tree: object) -> Iterator[Named]:
    """The declared things that a claim names, each once."""
    yield from dict.fromkeys(thing for thing in parts(tree) if isinstance(thing, Named))


def parts(tree: object, without: tuple[type, ...] = ()) -> Iterator[object]:
    """The claim and every value below it, those of the types `without` and what is below them left out."""
    if isinstance(tree, without):
        return
    yield tree
    if isinstance(tree, tuple):
        for child in tree:
            yield from parts(child, without)
    elif is_dataclass(tree):
        for item in fields(tree):
            yield from parts(getattr(tree, item.name), without)


def shows_walk(fact: Fact) -> bool:
    """Whether a path or a connection is what shows that the claim holds, or fails."""
    match fact.claim:
        case PathClaim():
            return exists(fact.claim, fact.holds)
        case CanReach():
            return fact.holds
        case ConnectionsAreFlows():
            return not fact.holds
    return False


def noun(fact: Fact | None) -> Literal["path", "attack", "connection"]:
    """What the walk that shows it is."""
    if fact is None or not isinstance(fact.claim, PathClaim):
        return "connection"
    return "attack" if fact.claim.attack else "path"


class Facts:
    """Words for the facts of one witness. `written` gives the text of a part of the claim, "" where it is unknown."""

    def __init__(self, judge: Judge, origins: Origins, words: Words, written: Callable[[Claim], str]) -> None:
        self.judge, self.view, self.model = judge, judge.view, judge.model
        self.origins, self.words, self.written = origins, words, written

    def told(self, fact: Fact) -> Told:
        """The fact in words, for which things it is so, and where they are written."""
        prefix, spans = self._for(fact), list(self._spans(fact))
        words, more = self._words(fact, bound(self.model, fact))
        names = tuple(thing for _, thing in fact.bindings) + fact.subject
        return Told(prefix + words, names, tuple(dict.fromkeys([*spans, *more])))

    def bindings(self, fact: Fact) -> Told:
        """Only for which things it is so."""
        words = f"this is so {self._for(fact).removesuffix(': ')}"
        return Told(words, tuple(thing for _, thing in fact.bindings), tuple(dict.fromkeys(self._spans(fact))))

    def _for(self, fact: Fact) -> str:
        if not fact.bindings:
            return ""
        return "for " + ", ".join(f"{name} = {self.words.place(thing)}" for name, thing in fact.bindings) + ": "

    def _spans(self, fact: Fact) -> Iterator[Span]:
        yield from self._at(*bindings(self.model, fact).values())

    def _at(self, *things: Named) -> Iterator[Span]:
        for thing in things:
            span = self.origins.get((thing.sort, thing.name)) or self.origins.get(("domain", thing.name))
            if span is not None:
                yield span

    def _words(self, fact: Fact, claim: Claim) -> tuple[str, list[Span]]:
        match claim:
            case Is(option, _) if not fact.holds:
                return f"{self._quoted(fact)}, but {self.words.choice(option, self._value(option))}", []
            case Compare():
                return self._compared(fact, claim)
            case Quantified():
                return self._satisfied(fact), []
            case AccountsAccepted() if len(fact.subject) == 2:
                return self._account(*fact.subject)
            case FlowsPossible() if fact.subject:
                return self._flow(fact.subject)
            case ConnectionsAreFlows() if not fact.holds:
                return "no flow covers this connection", []
            case Trusts(Named(_, truster), Named(_, trusted)) if fact.holds:
                return self._quoted(fact), self._trusts(truster, trusted)
            case PathClaim() | CanReach():
                return self._quoted(fact), []
        return self._quoted(fact), list(self._at(*things_in(claim)))

    def _quoted(self, fact: Fact) -> str:
        written = self.written(fact.claim)
        return f"{f'`{written}`' if written else 'the claim'} {'holds' if fact.holds else 'does not hold'}"

    def _value(self, option: str) -> str:
        values = self.model.options[option].values
        return next((value for value in values if self.view.known((option, value))), values[0])

    def _trusts(self, truster: str, trusted: str) -> list[Span]:
        found = []
        for i, trust in enumerate(self.model.trusts):
            if (trust.truster, trust.trusted) == (truster, trusted) and self.view.truth(trust.when):
                found += [self.origins[key] for key in (("trust", i),) if key in self.origins]
        return found

    # -------------------------------------------------------- amounts and quantifiers

    def _compared(self, fact: Fact, claim: Compare) -> tuple[str, list[Span]]:
        left, right = self._amount(claim.left), self._amount(claim.right)
        spans = [span for side in (claim.left, claim.right) if isinstance(side, Tier) for span in self._tier(side)]
        return f"{left} is {'' if fact.holds else 'not '}{claim.operator} {right}", spans

    def _tier(self, amount: Tier) -> Iterator[Span]:
        if isinstance(amount.domain, Named):
            yield from self._at(amount.domain)

    def _amount(self, amount: Amount) -> str:
        if isinstance(amount, Number):
            return str(amount.value)
        value = self.judge.amount(amount)[0]
        if isinstance(amount, Count):
            return f"a count of {value}"
        return f"tier({self.words.place(amount.domain.name)}) = {value}"

    def _satisfied(self, fact: Fact) -> str:
        tuples = [", ".join(self.words.place(name) for name in some.split(", ")) for some in fact.subject]
        if not tuples:
            return f"{self._quoted(fact)}: its condition holds for nothing"
        more = f" and {len(tuples) - MOST} more" if len(tuples) > MOST else ""
        return f"{self._quoted(fact)}: its condition holds for {'; '.join(tuples[:MOST])}{more}"

    # -------------------------------------------------------- accounts and flows

    def _account(self, host: str, domain: str) -> tuple[str, list[Span]]:
        layout = self.view.layout
        numbers = (i for i in layout.hosts[host] if self.view.truth(layout.present[i]))
        homes = [home for i in numbers for home in layout.homes(i)]
        own = next((self.model.zones[zone].domain for zone, when in homes if self.view.truth(when)), "")
        words = f"{self.words.place(host)} has an account of {self.words.place(domain)}, "
        spans = list(self._account_spans(host, domain)) or list(self._at(Named("host", host)))
        return words + f"which its domain {self.words.place(own)} does not accept", spans

    def _account_spans(self, host: str, domain: str) -> Iterator[Span]:
        for carrier, when in self.view.layout.carriers(host):
            sort = "host" if carrier.name == host else "component"
            for i, tag in enumerate(carrier.accounts):
                key = ("account", sort, carrier.name, i)
                if tag.name == domain and key in self.origins and self.view.truth(when) and self.view.truth(tag.when):
                    yield self.origins[key]

    def _flow(self, subject: tuple[str, ...]) -> tuple[str, list[Span]]:
        name, *ends = subject
        key = ("flow", name)
        spans = [self.origins[key]] if key in self.origins else []
        if not ends:
            return f"flow {name} has no destination that listens", spans
        source = self._end(ends[0])
        if len(ends) == 1:
            return f"flow {name} has no destination besides {source} that listens", spans
        packet = packet_at(int(ends[2]))
        return f"flow {name} is not possible: {source} does not connect to {self._end(ends[1])} on {packet}", spans

    def _end(self, written: str) -> str:
        """An endpoint by the words it has in the evidence, with a short name."""
        name, at, address = written.removeprefix("someone in ").partition(" at ")
        someone = "someone in " if written.startswith("someone in ") else ""
        return f"{someone}{self.words.place(name)}{at}{address}"
