"""The survey of a design as text."""

from __future__ import annotations

from collections.abc import Sequence

from tabulate import tabulate

from policy.report.survey import MAYBE, Cell, Survey, Table
from policy.text.diagnostic import disarmed, render, visible

LEAST = 12  # columns that a column of words keeps as long as there is another way
BESIDE = 2  # columns that tabulate leaves free beside every head


def rendered(surveys: Sequence[Survey], width: int) -> str:
    """All designs below each other: their faults, or their tables."""
    return disarmed("\n\n".join(_of_one(survey, width) for survey in surveys) + "\n")


def _of_one(survey: Survey, width: int) -> str:
    if survey.faults:
        return "\n\n".join(render(fault, survey.sources) for fault in survey.faults)
    tables = survey.tables
    head = visible(f"{survey.file}  {survey.title}".rstrip())
    head += visible(f", where {' and '.join(survey.world)}") if survey.world else ""
    blocks = [head, *(f"{table.name}\n{drawn(table, width)}" for table in tables)]
    if any(_open(cell) for table in tables for row in table.rows for cell in row):
        blocks.append(f"{MAYBE} in some worlds only: it depends on options that are open")
    return "\n\n".join(blocks)


def _open(cell: Cell) -> bool:
    return any(text.endswith(MAYBE) for text in ([cell] if isinstance(cell, str) else cell))


def drawn(table: Table, width: int) -> str:
    """Without the columns that are empty in every row; the others as wide as the terminal allows."""
    kept = [i for i in range(len(table.heads)) if any(row[i] for row in table.rows)]
    return table_of([table.heads[i] for i in kept], [[_text(row[i]) for i in kept] for row in table.rows], width)


def table_of(heads: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> str:
    """Rows below their heads, as wide as the terminal allows."""
    text = tabulate(rows, heads, "simple", disable_numparse=True, maxcolwidths=_widths(heads, rows, width))
    return "\n".join(line.rstrip() for line in text.splitlines())


def _widths(heads: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """How wide each column may be: the widest give way, none below its longest word."""
    columns = list(zip(heads, *rows, strict=True))
    longest = [max([len(head) + BESIDE, *(len(w) for c in cells for w in c.split())]) for head, *cells in columns]
    widths = [max([len(head) + BESIDE, *map(len, cells)]) for head, *cells in columns]
    for least in (LEAST, 1):
        while sum(widths) + 2 * (len(widths) - 1) > width:
            room = [w - max(word, least) for w, word in zip(widths, longest, strict=True)]
            if max(room) <= 0:
                break
            widths[max((i for i, left in enumerate(room) if left > 0), key=lambda i: widths[i])] -= 1
    return [max(1, w) for w in widths]


def _text(cell: Cell) -> str:
    return visible(cell if isinstance(cell, str) else ", ".join(cell))
