"""Faults of a design that take a search, as diagnostics: assumptions that contradict each other, and hosts or
components that stand in several places (or nowhere) in some world."""

from __future__ import annotations

from policy.core.groups import options_in
from policy.core.model import Host, Model
from policy.report.outcome import Origins
from policy.report.words import Words
from policy.solver import Fault
from policy.text.diagnostic import Diagnostic


def diagnostic(fault: Fault, model: Model, origins: Origins, file: str) -> Diagnostic:
    """The fault at its place in the text; `file` is where it is when nothing says better."""
    return (_contradiction if fault.kind == "contradiction" else _placement)(fault, model, origins, file)


def _contradiction(fault: Fault, model: Model, origins: Origins, file: str) -> Diagnostic:
    """Points at the last of the assumptions, with a note at each other one."""
    del model
    spans = [span for i in fault.assumptions if (span := origins.get(("assume", i))) is not None]
    spans.sort(key=lambda span: (span.file, span.line, span.column))
    last = spans.pop() if spans else None
    if len(fault.assumptions) < 2:
        message, label = "no choice of the options satisfies this assumption", "never holds"
    else:
        message, label = "no choice of the options satisfies these assumptions together", "contradicts the others"
    notes = tuple(("together with this assumption", span) for span in spans)
    return Diagnostic("E040", message, last.file if last else file, last, label, notes=notes)


def _placement(fault: Fault, model: Model, origins: Origins, file: str) -> Diagnostic:
    """Points at the host or component, and says in which world."""
    words, span = Words(model), origins.get((fault.sort, fault.name))
    thing = model.hosts[fault.name] if fault.sort == "host" else model.components[fault.name]
    involved = {*options_in(thing.when), *options_in(thing.zones if isinstance(thing, Host) else thing.hosts)}
    world = ", ".join(words.choice(n, v) for n, v in (fault.world or {}).items() if n in involved)
    places = "zones" if fault.sort == "host" else "hosts"
    stands = f"stands in {fault.count} {places} at once" if fault.count else "stands nowhere"
    message = f"{fault.sort} `{words.place(fault.name)}` {stands} in some world"
    hint = f"that is so where {world}" if world else ""
    return Diagnostic("E031" if fault.count else "E030", message, span.file if span else file, span, hint=hint)
