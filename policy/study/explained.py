"""Explanations as text and as JSON."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from policy.report import json, text
from policy.report.outcome import Violation
from policy.report.survey import Table
from policy.report.tables import drawn
from policy.report.words import Words
from policy.study.changes import words
from policy.study.cures import Cure
from policy.study.explaining import Explanation, Nearness, Support, in_short
from policy.study.hops import Reason
from policy.study.lift import Role
from policy.study.walls import Admits, Gate, Region
from policy.text.diagnostic import snippet, visible
from policy.text.source import Span

ROLES: dict[Role, tuple[str, str]] = {
    "works": ("firewall that works", "firewalls that work"),
    "needed": ("thing that is there", "things that are there"),
    "narrow": ("rule that is no wider", "rules that are no wider"),
    "placed": ("placement", "placements"),
    "assumed": ("assumption", "assumptions"),
    "one way": ("trust that is one-way", "trusts that are one-way"),
    "absent": ("link or trust that is not there", "links and trusts that are not there"),
}
FEW = 4  # links and trusts that are not there, of the load-bearing ones, that are shown unless all are


def asked(found: Explanation, why: str) -> Support | None:
    """The load-bearing thing that is meant by its number in the list, or by (some of) its words."""
    if why.isdigit():
        return next((support for support in found.bearing if support.number == int(why)), None)
    exact = [s for s in found.bearing if why in (s.what, f"{s.what} {s.does}")]
    near = [s for s in found.bearing if why.lower() in f"{s.what} {s.does}".replace("`", "").lower()]
    return next(iter(exact or near), None)


def rendered(found: Explanation, look: text.Look) -> str:
    """The verdict, and why it is so."""
    blocks = [_head(found, look)]
    if found.nearness is not None:
        blocks += [*_regions(found, look), *_supports(found, look), _near(found, found.nearness, look)]
    elif found.result.violation is not None:
        blocks += _violated(found, found.result.violation, look)
    else:
        blocks.append(_otherwise(found, look))
    return "\n\n".join(block for block in blocks if block) + "\n"


def one(found: Explanation, support: Support, full: Violation, look: text.Look) -> str:
    """The counterexample that one load-bearing thing keeps away."""
    head = look.paint(f"{support.number}  {visible(support.what)}, {visible(support.does)}", None, bold=True)
    claim = f"   then `{found.result.name}` is violated"
    return "\n".join([head + _place(support.span), claim, text.told(full, look)]) + "\n"


def _head(found: Explanation, look: text.Look) -> str:
    result = found.result
    colour = {"proved": "green", "unknown": "yellow"}.get(result.verdict, "red")
    word = look.paint(result.verdict.upper(), colour, bold=True)
    about = f": {visible(result.about)}" if result.about else ""
    lines = [f"{word}  {visible(result.name)}{about}"]
    if result.span is not None:
        label = result.violation.label if result.violation else ""
        span = (result.violation.culprit if result.violation else None) or result.span
        lines += [f"  --> {visible(str(span))}", *snippet(span, found.design.sources, visible(label))]
    return "\n".join(lines)


def _title(words: str, look: text.Look) -> str:
    return look.paint(words, None, bold=True)


def _wrapped(words: str, look: text.Look, indent: int = 2, hanging: int = 0) -> str:
    first, later = " " * indent, " " * (indent + hanging)
    return textwrap.fill(visible(words), look.width, initial_indent=first, subsequent_indent=later,
                         break_long_words=False, break_on_hyphens=False)  # fmt: skip


def _place(span: Span | None) -> str:
    return f" ({visible(f'{span.file}:{span.line}')})" if span else ""


def _otherwise(found: Explanation, look: text.Look) -> str:
    told = {
        "vacuous": f"it holds, but speaks of nothing: {found.result.note}",
        "unknown": f"{found.result.note}: nothing is known of it; try a larger --budget",
    }
    return _wrapped(told.get(found.result.verdict, found.result.note), look)


# ---------------------------------------------------------------- why it holds


def _regions(found: Explanation, look: text.Look) -> Iterator[str]:
    lines = [_title("why it holds", look)]
    if found.result.note:
        lines.append(_wrapped(found.result.note, look))
    if found.decided and not found.regions:
        lines.append(_wrapped(found.decided, look))
    for region in found.regions:
        lines += _region(region, look)
    yield "\n".join(lines)


def _region(region: Region, look: text.Look) -> Iterator[str]:
    where = f" where {' and '.join(region.given)}," if region.given else ""
    if region.single:
        yield _wrapped(f"{region.source} opens no connection to {region.missing}; before that stand:", look)
    else:
        who = "an attacker who starts" if region.attack else "what starts"
        state = f" with {region.left} still to pass," if region.left else ""
        state = f" and crosses none of {region.avoids}," if region.avoids else state
        steps = f" for {region.steps} steps" if region.steps is not None else ""
        edge = "; at the edge stand:" if region.gates else "; nothing leads out of there"
        places = ", ".join(region.places)
        yield _wrapped(f"{who} in {region.source},{where}{state} stays{steps} in {places}{edge}".replace(", ,", ","),
                       look, hanging=2)  # fmt: skip
    for gate in region.gates:
        yield _wrapped(f"{_gate(gate, look.verbose)}{_place(gate.span)}", look, 4, 2)


def _gate(gate: Gate, every: bool) -> str:
    head = f"{gate.firewall} before {', '.join(gate.into)}: "
    if gate.passing:
        lets = "lets" if len(gate.ways) == 1 else "let"
        ways = f"; {_rules(gate.ways, every)} {lets} somebody out of here" if gate.ways else ""
        return f"{head}whoever crosses it has passed it{ways}"
    parts = [f"{_rule(way)} admits {_admitted(way)}, {_leads(way)}" for way in gate.ways]
    if gate.others:
        sources = ", ".join(dict.fromkeys(other.source for other in gate.others))
        parts.append(f"only {sources} may, by {_rules(gate.others, every)}")
    return head + ("; ".join(parts) or "no rule of it admits anybody")


def _admitted(way: Admits) -> str:
    when = f" when {way.when}" if way.when else ""
    return f"{way.source} -> {way.target} : {way.services}{when}"


def _leads(way: Admits) -> str:
    return f"which is to pass {', '.join(way.visits)}" if way.visits else "which takes nobody further"


def _rule(admits: Admits) -> str:
    return f"rule {admits.name}" + (f" ({admits.span.file}:{admits.span.line})" if admits.span else "")


def _rules(some: Sequence[Admits], every: bool) -> str:
    if every:
        return ", ".join(_rule(admits) for admits in some)
    return f"rule{'s' if len(some) > 1 else ''} {', '.join(admits.name for admits in some)}"


# ---------------------------------------------------------------- what it rests on


def _supports(found: Explanation, look: text.Look) -> Iterator[str]:
    bearing = found.bearing
    if bearing:
        shown = [s for s in bearing if s.role != "absent"]
        absent = [s for s in bearing if s.role == "absent"]
        shown += absent if look.verbose or len(absent) <= FEW else absent[:FEW]
        left = len(bearing) - len(shown)
        rows = tuple((str(s.number), s.what, s.does, s.then) for s in shown)
        table = drawn(Table("", ("", "it rests on", "if it is", "then"), rows), look.width)
        them = "it" if left == 1 else "them"
        rest = "1 more link or trust that is" if left == 1 else f"{left} more links and trusts that are"
        more = f"\n{_wrapped(f'and {rest} not there; --verbose lists {them}', look, 0)}"
        yield f"{_title('what it rests on', look)}\n{table}{more if left else ''}"
    free = [s for s in found.supports if s.change is None and not s.unsettled]
    yield "\n".join([_title("what does not matter", look), *_free(free, look)])
    unsettled = [s.what for s in found.supports if s.change is None and s.unsettled]
    if unsettled:
        words = f"{', '.join(unsettled)}: the budget ran out"
        yield "\n".join([_title("what was not determined", look), _wrapped(words, look)])


def _free(free: Sequence[Support], look: text.Look) -> Iterator[str]:
    if not look.verbose:
        counts = Counter(support.role for support in free)
        parts = [f"{counts[role]} {ROLES[role][counts[role] != 1]}" for role in ROLES if counts[role]]
        yield _wrapped(f"{', '.join(parts) or 'nothing'}{'; --verbose lists them' if parts else ''}", look)
        return
    for role, (_, many) in ROLES.items():
        names = [support.what for support in free if support.role == role]
        if names:
            yield _wrapped(f"{many}: {', '.join(dict.fromkeys(names))}", look, 2, 2)


def _near(found: Explanation, near: Nearness, look: text.Look) -> str:
    tried = f"of {near.things} things, in {near.changes} changes"
    if near.alone:
        alone = "one breaks" if near.alone == 1 else f"{near.alone} break"
        says = f"one change is enough: {tried}, {alone} it alone"
    elif near.unknown:
        says = f"no single change breaks it ({tried}); how many firewalls would have to be bypassed is not determined"
    elif near.failures:
        called = Words(found.design.model)
        failed = " and ".join(f"{called.place(name)} {effect}" for name, effect in near.failures)
        says = f"no single change breaks it ({tried}); {len(near.failures)} failures together do: {failed}"
    else:
        says = f"no single change breaks it ({tried}), nor does any number of bypassed firewalls"
    return "\n".join([_title("how near it is to breaking", look), _wrapped(says, look)])


# ---------------------------------------------------------------- violations


def _violated(found: Explanation, violation: Violation, look: text.Look) -> Iterator[str]:
    yield text.told(violation, look)
    if found.reasons:
        yield "\n".join([_title("why each step is possible", look), *_reasons(found.reasons, violation, look)])
    stops = [cure for cure in found.cures if cure.stops]
    other = [cure for cure in found.cures if not cure.stops]
    yield "\n".join([_title("what would stop it", look), *_stops(found, stops, look)])
    if other:
        yield "\n".join([_title(f"what would stop this {violation.noun} only", look), *_partial(found, other, look)])
    if found.others is not None:
        yield from _others(found, found.others, violation.noun, look)


def _reasons(every: Sequence[Sequence[Reason]], violation: Violation, look: text.Look) -> Iterator[str]:
    for number, (hop, some) in enumerate(zip(violation.steps, every, strict=True), 1):
        yield _wrapped(f"{number}  {hop.source.words} -> {hop.target.words}", look, 2, 3)
        for reason in some:
            places = "".join(f" ({span.file}:{span.line})" for span in reason.spans)
            yield _wrapped(f"{reason.words}{places}", look, 5, 2)


def _stops(found: Explanation, stops: Sequence[Cure], look: text.Look) -> Iterator[str]:
    if not stops:
        yield _wrapped(f"none of {found.tried} single changes that were tried", look)
    for cure in stops:
        place = _place(found.design.origins.get(cure.change.key))
        yield _wrapped(words(found.design.model, cure.change) + place, look, 2, 2)


def _partial(found: Explanation, some: Sequence[Cure], look: text.Look) -> Iterator[str]:
    for cure in some if look.verbose else some[:FEW]:
        still = in_short(found.design.model, cure.remaining) if cure.remaining else ""
        then = f"there is still {still}" if still else f"it is {cure.verdict} then"
        yield _wrapped(f"{words(found.design.model, cure.change)}; {then}", look, 2, 2)
    if len(some) > FEW and not look.verbose:
        yield _wrapped(f"and {len(some) - FEW} more; --verbose lists them", look)


def _others(found: Explanation, others: Sequence[Violation], noun: str, look: text.Look) -> Iterator[str]:
    title = _title(f"other minimal {noun}s in that world", look)
    if not others:
        yield "\n".join([title, _wrapped(found.unlisted or "there is no other", look)])
    for number, violation in enumerate(others, 1):
        head = [title] if number == 1 else []
        yield "\n".join([*head, f"  {noun} {number}", text.told(violation, look)])


# ---------------------------------------------------------------- JSON


def document(found: Explanation, wanted: Support | None, full: Violation | None, version: str) -> dict[str, Any]:
    """The explanation as plain values."""
    result, near = found.result, found.nearness
    return {
        **json.heading(version, result.exit_code),
        "file": found.design.name,
        "sources": json.sources(found.design.sources),
        "invariant": result.name,
        "description": result.about or None,
        "at": json.place(result.span),
        "verdict": result.verdict,
        "expected": result.expected,
        "note": result.note or found.decided or None,
        "regions": [_region_value(region) for region in found.regions],
        "rests_on": [_support_value(s) for s in found.bearing],
        "does_not_matter": [_support_value(s) for s in found.supports if s.change is None and not s.unsettled],
        "not_determined": [_support_value(s) for s in found.supports if s.change is None and s.unsettled],
        "nearness": None if near is None else _near_value(near),
        "violation": None if result.violation is None else _violation_value(found, result.violation),
        "asked": None if wanted is None or full is None else {**_support_value(wanted), **json.walked(full)},
    }


def _region_value(region: Region) -> dict[str, Any]:
    return {
        "from": region.source,
        "given": list(region.given),
        "still_to_pass": region.left or None,
        "avoids": region.avoids or None,
        "places": list(region.places),
        "to": region.missing,
        "within": region.steps,
        "kind": "connection" if region.single else "attack" if region.attack else "path",
        "gates": [
            {
                "firewall": gate.firewall,
                "into": list(gate.into),
                "passing": gate.passing,
                "admits": [_admits_value(admits) for admits in gate.ways],
                "admits_others": [_admits_value(admits) for admits in gate.others],
                "at": json.place(gate.span),
            }
            for gate in region.gates
        ],
    }


def _admits_value(admits: Admits) -> dict[str, Any]:
    return {
        "rule": admits.rule,
        "label": admits.label or None,
        "source": admits.source,
        "target": admits.target,
        "services": admits.services,
        "when": admits.when or None,
        "passes": list(admits.visits),
        "at": json.place(admits.span),
    }


def _support_value(support: Support) -> dict[str, Any]:
    return {
        "number": support.number,
        "role": support.role,
        "what": support.what,
        "at": json.place(support.span),
        "changes_tried": support.tried if support.change is None else None,
        "change": support.does or None,
        "then": support.then or None,
    }


def _near_value(near: Nearness) -> dict[str, Any]:
    failures: Iterable[tuple[str, str]] = near.failures or ()
    return {
        "single_changes": near.alone,
        "things_tried": near.things,
        "changes_tried": near.changes,
        "fewest_failures": [{"name": name, "effect": effect} for name, effect in failures] or None,
        "determined": not near.unknown,
    }


def _violation_value(found: Explanation, violation: Violation) -> dict[str, Any]:
    return {
        **json.walked(violation),
        "because": [
            [{"words": reason.words, "at": [json.place(span) for span in reason.spans]} for reason in some]
            for some in found.reasons
        ],
        "facts": [told.words for told in violation.facts],
        "stopped_by": [_cure_value(found, cure) for cure in found.cures if cure.stops],
        "gone_but_not_stopped_by": [_cure_value(found, cure) for cure in found.cures if not cure.stops],
        "changes_tried": found.tried,
        "others": None if found.others is None else [json.walked(other) for other in found.others],
    }


def _cure_value(found: Explanation, cure: Cure) -> dict[str, Any]:
    return {
        "change": words(found.design.model, cure.change),
        "at": json.place(found.design.origins.get(cure.change.key)),
        "verdict": cure.verdict,
        "remaining": None if cure.remaining is None else in_short(found.design.model, cure.remaining),
    }
