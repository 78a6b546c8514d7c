"""An invariant as a file that says by itself what it is and what an answer to it means."""

from __future__ import annotations

from collections.abc import Iterator

from policy import __version__
from policy.core.model import Invariant
from policy.solver.horn import horn
from policy.study.design import Design
from policy.text.diagnostic import visible

MEANING = (
    "sat    there is a solution: the claim holds in every world under every admitted",
    "       failure; bartizan says PROVED (or VACUOUS, where it speaks of nothing)",
    "unsat  there is none: some world and admitted failure break it; VIOLATED",
)


def smt2(design: Design, invariant: Invariant) -> str:
    """The file. Raises `policy.solver.horn.NotExpressibleError`."""
    comments = "".join(f"; {line}".rstrip() + "\n" for line in _heading(design, invariant))
    return f"{comments}\n{horn(design.model, invariant)}"


def _heading(design: Design, invariant: Invariant) -> Iterator[str]:
    about = f' "{visible(invariant.about)}"' if invariant.about else ""
    yield f"invariant {invariant.name}{about}"
    yield from (f"  {line}" for line in _written(design, invariant))
    yield f"of {visible(design.name)}, as bartizan {__version__} reads it:"
    yield from (f"  {source.sha256}  {visible(name)}" for name, source in design.sources.items())
    yield ""
    yield from MEANING


def _written(design: Design, invariant: Invariant) -> Iterator[str]:
    """The lines of the design that state the claim."""
    span = design.origins.get(("claim", invariant.name))
    if span is not None:
        source = design.sources[span.file]
        yield from (visible(source.line(number).strip()) for number in range(span.line, span.end_line + 1))
