"""A coverage as a person reads it: tables by firewall and rule, of trusts, links, places and the rest; then what no
invariant notices, with an example of what is different."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

from policy.report.survey import Table
from policy.report.tables import drawn
from policy.report.text import Look
from policy.report.words import Words
from policy.study.changes import Change, Kind
from policy.study.cover import Coverage, Mutant
from policy.study.effect import Effect
from policy.study.sight import Thing
from policy.text.diagnostic import visible

UNNOTICED = "UNNOTICED"
OF_RULES: tuple[tuple[Kind, str], ...] = (
    ("remove rule", "removed"), ("widen services", "any service"), ("widen source", "any source"),
    ("widen target", "any target"), ("move first", "first"),
)  # fmt: skip
OF_TRUSTS: tuple[tuple[Kind, str], ...] = (
    ("remove trust", "removed"), ("reverse trust", "reversed"), ("add trust", "added"),
)  # fmt: skip
OF_LINKS: tuple[tuple[Kind, str], ...] = (("remove link", "removed"), ("add link", "added"))
MOVES: tuple[Kind, ...] = ("move host", "move component")
OTHERS: tuple[Kind, ...] = ("bypass firewall", "remove publish", "remove relay", "remove assumption")


def rendered(coverages: Sequence[Coverage], look: Look, only_unnoticed: bool = False) -> str:
    """All designs below each other."""
    return "\n\n".join(block for c in coverages for block in Telling(c, look).blocks(only_unnoticed)) + "\n"


@dataclass(frozen=True)
class Telling:
    """What is told of one design."""

    coverage: Coverage
    look: Look

    def blocks(self, only_unnoticed: bool) -> Iterator[str]:
        """The parts, to be set apart by an empty line."""
        design, mutants = self.coverage.design, self.coverage.mutants
        title = f"  {visible(design.model.title)}" if design.model.title else ""
        head = self.look.paint(visible(design.name), None, bold=True) + title
        yield "\n".join([head, *wrap(self.summary(), self.look.width)])
        if not only_unnoticed:
            tables = (table for table in (*self.rules(), *self.others()) if table.rows)
            yield from (self._painted(f"{table.name}\n{drawn(table, self.look.width)}") for table in tables)
            yield from self._legend()
        if left := [mutant for mutant in mutants if mutant.outcome == "unnoticed"]:
            yield "\n".join(["no invariant notices", *(line for mutant in left for line in self._told(mutant))])
        if left := [mutant for mutant in mutants if mutant.outcome == "accepted"]:
            yield "\n".join(["accepted: no invariant needs to notice", *(f"  {visible(m.words)}" for m in left)])

    def summary(self) -> str:
        """How many changes were tried, and how many came out how."""
        coverage, accepted = self.coverage, self.coverage.count("accepted")
        verdicts = len(coverage.verdicts)
        said = f"{verdicts} invariant{'s' * (verdicts != 1)}; {len(coverage.mutants)} changes tried, "
        said += f"{coverage.effective} change what can connect; {coverage.count('noticed')} of these are noticed "
        said += f"({shown(coverage.percentage)} %)"
        return said + (f", {accepted} accepted" if accepted else "")

    # -------------------------------------------------------- tables

    def rules(self) -> Iterator[Table]:
        """One table for every firewall."""
        model = self.coverage.design.model
        for firewall in model.firewalls.values():
            joined = ", ".join(Words(model).place(zone) for zone in firewall.zones)
            rows = [
                (rule.label or str(i + 1), *self._cells(OF_RULES, ("rule", firewall.name, i)))
                for i, rule in enumerate(firewall.rules)
            ]
            heads = ("rule", *(head for _, head in OF_RULES))
            yield Table(f"rules of {firewall.name}, which joins {joined}", heads, tuple(rows))

    def _cells(self, columns: Sequence[tuple[Kind, str]], key: object) -> tuple[str, ...]:
        by_kind = {m.change.kind: m for m in self.coverage.mutants if m.change.key == key}
        return tuple(self.cell(by_kind[kind]) if kind in by_kind else "" for kind, _ in columns)

    def cell(self, mutant: Mutant) -> str:
        """What came of a mutant, in a word; invariants by number."""
        if mutant.outcome == "noticed":
            return ", ".join(str(self._number(notice.invariant)) for notice in mutant.noticed_by)
        return {"unnoticed": UNNOTICED, "no effect": "-"}.get(mutant.outcome, mutant.outcome)

    def _number(self, invariant: str) -> int:
        return list(self.coverage.verdicts).index(invariant) + 1

    def others(self) -> Iterator[Table]:
        """The tables of everything that is no rule."""
        yield self._by_pair("trusts", ("trust", *(head for _, head in OF_TRUSTS)), OF_TRUSTS, " trusts ")
        yield self._by_pair("links", ("link", *(head for _, head in OF_LINKS)), OF_LINKS, ", ")
        rest = [mutant for mutant in self.coverage.mutants if mutant.change.kind in OTHERS]
        yield Table(
            "firewalls, relays, assumptions",
            ("change", "noticed by"),
            tuple((visible(mutant.words), self.cell(mutant)) for mutant in rest),
        )
        yield Table("places", ("what", "moved to, noticed by"), tuple(self._moved()))

    def _moved(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Everything that was moved, and what came of it in each place."""
        called, moved = Words(self.coverage.design.model), dict[object, list[Mutant]]()
        for mutant in self.coverage.mutants:
            if mutant.change.kind in MOVES:
                moved.setdefault(mutant.change.key, []).append(mutant)
        for some in moved.values():
            places = (f"{called.place(mutant.change.value)} {self.cell(mutant)}" for mutant in some)
            yield called.place(str(some[0].change.key[1])), tuple(places)

    def _by_pair(self, name: str, heads: tuple[str, ...], columns: Sequence[tuple[Kind, str]], word: str) -> Table:
        rows: dict[str, dict[str, str]] = {}
        for mutant in self.coverage.mutants:
            if mutant.change.kind in dict(columns):
                row = rows.setdefault(self._pair(mutant.change, word), {})
                row[mutant.change.kind] = self.cell(mutant)
        cells = ((pair, *(row.get(kind, "") for kind, _ in columns)) for pair, row in rows.items())
        return Table(name, heads, tuple(cells))

    def _pair(self, change: Change, word: str) -> str:
        """The domains or zones of a trust or link, by short names."""
        model = self.coverage.design.model
        match change.key:
            case "trust", int(i):
                ends: Iterable[str] = (model.trusts[i].truster, model.trusts[i].trusted)
            case "link", int(i):
                ends = model.links[i].zones
            case _:
                ends = map(str, change.key[1:])
        return word.join(Words(model).place(end) for end in ends)

    def _legend(self) -> Iterator[str]:
        """The invariants by number, as far as they noticed something."""
        counts = Counter(notice.invariant for mutant in self.coverage.mutants for notice in mutant.noticed_by)
        invariants = self.coverage.design.model.invariants
        rows = [
            (str(self._number(name)), name, str(counts[name]), invariants[name].about)
            for name in self.coverage.verdicts
            if counts[name]
        ]
        if rows:
            table = Table("", ("no", "invariant", "times", "which says"), tuple(rows))
            yield f"noticed by, the first that was asked\n{drawn(table, self.look.width)}"

    def _painted(self, text: str) -> str:
        return text.replace(UNNOTICED, self.look.paint(UNNOTICED, "red"))

    # -------------------------------------------------------- what is not noticed

    def _told(self, mutant: Mutant) -> Iterator[str]:
        yield f"  {self.look.paint(visible(mutant.words), 'red')}"
        place = f"{mutant.span.file}:{mutant.span.line}: " if mutant.span else ""
        said = effect_words(Words(self.coverage.design.model), mutant.effect) if mutant.effect else ""
        yield from wrap(visible(place + said), self.look.width, initial_indent="    ", subsequent_indent="      ",
                        break_long_words=False, break_on_hyphens=False)  # fmt: skip
        if mutant.unknown:
            yield f"    the budget ran out for {len(mutant.unknown)} invariants"


def shown(percentage: float) -> str:
    """The percentage with one decimal, rounded down, so that only what is whole looks whole."""
    return f"{int(percentage * 10) / 10:.1f}"


def effect_words(called: Words, effect: Effect) -> str:
    """An example of what the change makes different: "internet then connects to web on tcp 80, while FW1 is
    bypassed"."""
    then = "then" if effect.gained else "no longer"
    source, target, via = (_named(called, end) for end in (effect.source, effect.target, effect.via))
    said = {
        "connects": f"{source} {then} connects to {target} on {effect.packet}",
        "avoids": f"{source} {then} connects to {target} on {effect.packet} without crossing {via}",
        "takes": f"{target} {then} takes accounts of {effect.domain} on {effect.packet}",
        "has": f"{source} {then} has accounts of {effect.domain}",
        "relays": f"{via} {then} relays what {source} sends on {effect.packet} to {target} on {effect.onward}",
        "world": "worlds are possible that it kept out",
    }[effect.kind]
    return said + (f", while {effect.bypassed} is bypassed" if effect.bypassed else "")


def _named(called: Words, end: Thing) -> str:
    name = called.place(end.name)
    if end.sort != "someone":
        return name
    return f"someone in {name}" + (f" at {end.address}" if end.address else "")
