"""Why a claim fails, from its witness: the part of the text to look at, world, failures, path and facts."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence

from policy.core.binding import bind
from policy.core.endpoints import Endpoint
from policy.core.evidence import Fact, Lemmas, Witness, threatened
from policy.core.groups import bits
from policy.core.judge import Judge
from policy.core.layout import Layout
from policy.core.model import AllOf, Claim, ConnectionsAreFlows, Invariant, Named, Pass, PathClaim, Then
from policy.core.model import Waypoints as Wanted
from policy.core.replay import Replay
from policy.core.steps import Crossing, Step
from policy.core.view import View
from policy.core.walk import Letter, Rest, after
from policy.report.facts import Facts, bindings, bound, noun, shows_walk, things_in
from policy.report.outcome import Choice, Crossed, End, Hop, Origins, Relayed, Told, Violation
from policy.report.words import Words
from policy.text.source import Source, Span


class Explainer:
    """Explains witnesses about one model, of which `origins` says where each thing is written."""

    def __init__(self, layout: Layout, origins: Origins, sources: Mapping[str, Source]) -> None:
        self.layout, self.model, self.origins, self.sources = layout, layout.model, origins, sources
        self.words = Words(layout.model)

    def violation(self, invariant: Invariant, witness: Witness) -> Violation:
        """What a reader needs to see that the invariant fails."""
        walked = (fact for fact in witness.facts if witness.start is not None and shows_walk(fact))
        shown = next(walked, None)
        blamed = shown or next((f for f in witness.facts if not f.holds), None) or next(iter(witness.facts), None)
        view = self._view(invariant, witness)
        span, label = self._culprit(invariant, witness, view, blamed, blamed is shown)
        named_here = tuple(things_in(bound(self.model, shown))) if shown else ()
        judge = Judge(view, Lemmas(invariant.threats, witness.lemmas).told(view))
        facts = Facts(judge, self.origins, self.words, lambda claim: self._written(invariant, claim))
        return Violation(
            span,
            label,
            self._world(witness),
            tuple(sorted(witness.failure)),
            noun(shown),
            None if witness.start is None else self._end(witness.start, view, named_here),
            self._hops(witness, view, named_here, noun(shown) == "attack"),
            tuple(told for fact in witness.facts for told in self._told(facts, fact, fact is shown)),
            failing=tuple(f"{self.words.place(name)} is {effect}" for name, effect in sorted(witness.failure)),
        )

    def _view(self, invariant: Invariant, witness: Witness) -> View:
        decided = dict.fromkeys(witness.world.items(), True)
        decided |= {literal: literal in witness.failure for literal in threatened(invariant.threats)}
        return View(self.layout, decided, threatened(invariant.threats))

    def _world(self, witness: Witness) -> tuple[Choice, ...]:
        return tuple(
            Choice(name, witness.world[name], self.words.choice(name, witness.world[name]), name in witness.matters)
            for name in self.model.options
        )

    def _told(self, facts: Facts, fact: Fact, shown: bool) -> Iterator[Told]:
        """A path that is shown speaks for itself, but for the things that its variables stand for."""
        if not shown or isinstance(fact.claim, ConnectionsAreFlows):
            yield facts.told(fact)
        elif fact.bindings:
            yield facts.bindings(fact)

    # -------------------------------------------------------- the place in the text

    def _span(self, *key: Hashable) -> Span | None:
        return self.origins.get(key)

    def _part(self, invariant: Invariant, part: Hashable) -> Span | None:
        return self._span("part", invariant.name, part)

    def _whole(self, invariant: Invariant) -> Span | None:
        return self._span("claim", invariant.name) or self._span("invariant", invariant.name)

    def _written(self, invariant: Invariant, claim: Claim) -> str:
        """The claim as its author wrote it, on one line; "" where that is not known."""
        span = self._part(invariant, claim) or (self._whole(invariant) if claim == invariant.claim else None)
        source = self.sources.get(span.file) if span else None
        if span is None or source is None:
            return ""
        start = source.starts[span.line - 1] + span.column - 1
        end = source.starts[span.end_line - 1] + span.end_column - 1
        lines = (line.split("#")[0] for line in source.text[start:end].splitlines())
        return " ".join(" ".join(lines).split())

    def _culprit(
        self, invariant: Invariant, witness: Witness, view: View, fact: Fact | None, is_walk: bool
    ) -> tuple[Span | None, str]:
        if fact is None:
            return self._whole(invariant), "this fails"
        span = self._part(invariant, fact.claim) or self._whole(invariant)
        if not is_walk:
            missing = isinstance(fact.claim, PathClaim) and fact.claim.quantifier == "some" and not fact.holds
            return span, "there is none" if missing else "this holds" if fact.holds else "this fails"
        if isinstance(fact.claim, ConnectionsAreFlows):
            return span, "one is not"
        if isinstance(fact.claim, PathClaim) and fact.claim.quantifier == "every":
            letters = list(Replay(view, fact.claim).events(witness.steps, few=False))
            return self._missed(invariant, fact, fact.claim, letters, span)
        return span, "there is one" if isinstance(fact.claim, PathClaim) else "it can"

    def _missed(
        self, invariant: Invariant, fact: Fact, claim: PathClaim, letters: Sequence[Letter], span: Span | None
    ) -> tuple[Span | None, str]:
        """What the path should have passed."""
        if claim.passes is None:
            crossed = sorted({thing.name for letter in letters for thing in letter if thing.sort == "firewall"})
            return span, f"one crosses {'only ' if crossed else ''}{', '.join(crossed) or 'none'}"
        part, rest = missed(claim.passes, letters, bindings(self.model, fact))
        in_place = self._part(invariant, part) or span
        if not isinstance(part, Pass):
            return in_place, "not passed"
        thing = bind(part, bindings(self.model, fact)).what
        late = len(rest) < len(letters) and any(thing in letter for letter in letters)
        return in_place, "not passed after that" if late else "not passed"

    # -------------------------------------------------------- the path

    def _end(self, end: Endpoint, view: View, named_here: Sequence[Named]) -> End:
        components = []
        for thing in named_here if end.sort == "host" else ():
            stands = self.layout.stands(thing.name) if thing.sort == "component" else ()
            if any(self.layout.endpoints[i] == end and view.truth(when) for i, when in stands):
                components.append(thing.name)
        address = None if end.address is None else str(end.address)
        return End(end.sort, end.name, self.words.endpoint(end), address, tuple(components))

    def _hops(self, witness: Witness, view: View, named_here: Sequence[Named], attack: bool) -> tuple[Hop, ...]:
        shown = accounts_shown(view, witness) if attack else [""] * len(witness.steps)
        return tuple(self._hop(s, view, named_here, a) for s, a in zip(witness.steps, shown, strict=True))

    def _hop(self, step: Step, view: View, named_here: Sequence[Named], account: str) -> Hop:
        return Hop(
            self._end(step.source, view, named_here),
            self._end(step.target, view, named_here),
            step.packet.protocol,
            step.packet.port,
            self.words.service(step.point),
            tuple(self._crossed(crossing) for crossing in step.chain),
            self._relayed(step),
            account,
        )

    def _crossed(self, crossing: Crossing) -> Crossed:
        firewall, number = crossing.via, crossing.rule
        zones = crossing.from_zone, crossing.into_zone
        if firewall is None:
            return Crossed(*zones, None, crossing.by, span=self._span("link", crossing.link))
        if crossing.by == "rule" and number is not None:
            label = self.model.firewalls[firewall].rules[number].label
            return Crossed(*zones, firewall, crossing.by, number + 1, label, self._span("rule", firewall, number))
        span = self._span("default", firewall) if crossing.by == "default" else None
        return Crossed(*zones, firewall, crossing.by, span=span or self._span("firewall", firewall))

    def _relayed(self, step: Step) -> Relayed | None:
        if step.relay is None:
            return None
        sort, name, place = step.relay
        key = ("publish", name, place) if sort == "firewall" else ("relay", sort, name, place)
        return Relayed(sort, name, self.words.place(name), self._span(*key))  # type: ignore[arg-type]


def accounts_shown(view: View, witness: Witness) -> list[str]:
    """For every step of an attack, the domain of an account that makes the target accept it; "" where it asks for
    none."""
    layout = view.layout
    hardened, domains = view.group(layout.hardened)[0], list(layout.model.domains)
    held = view.compromised[0] | (0 if witness.start is None else 1 << layout.number[witness.start])
    shown = []
    for step in witness.steps:
        source, target = layout.number[step.source], layout.number[step.target]
        holders = held | (1 << source if step.relay is not None else 0)
        purse = {domain for i in bits(holders) for domain in view.accounts(i, sure=True)}
        asks = any(ear.asks and ear.packet == layout.class_of(step.point) for ear in view.ears(target))
        accepted = purse & view.admits(target, sure=True) if asks else set()
        shown.append(min(accepted, key=domains.index, default=""))
        held |= 1 << target & ~hardened
    return shown


def missed(
    waypoints: Wanted, letters: Sequence[Letter], bound_to: Mapping[str, Named]
) -> tuple[Wanted, Sequence[Letter]]:
    """The part of unsatisfied waypoints, as written, that a walk does not pass, and the events in which it should
    have been."""
    match waypoints:
        case Then(of):
            for part in of:
                used = _used(part, letters, bound_to)
                if used is None:
                    return missed(part, letters, bound_to)
                letters = letters[used:]
        case AllOf(of):
            left = [part for part in of if _used(part, letters, bound_to) is None]
            if left:
                return missed(left[0], letters, bound_to)
    return waypoints, letters


def _used(part: Wanted, letters: Sequence[Letter], bound_to: Mapping[str, Named]) -> int | None:
    """After how many events the part is satisfied; None if it is not."""
    rest: Rest = bind(part, bound_to)
    for i, letter in enumerate(letters):
        rest = after(rest, letter)
        if rest is True:
            return i + 1
    return None
