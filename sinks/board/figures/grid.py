"""A figure as a grid for a spreadsheet: words, and numbers that can be counted with, each column in one unit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from throughline.schemas.definitions.domain import Domain
from throughline.sinks.board.figures.choice import Choice, offered
from throughline.sinks.board.figures.figure import numbers_of
from throughline.sinks.board.figures.wording import TITLES, Wording, column_title
from throughline.sinks.disclosure.cell import Suppressed
from throughline.sinks.disclosure.marker import SYMBOL, wording
from throughline.sinks.measures.answer import is_duration
from throughline.sinks.measures.grouping import NOT_STATED
from throughline.sinks.measures.shown import ADD_UP
from throughline.sinks.sheets.grid import Column, Grid, Kind, Value

_DAY = 86_400
# where a column stands alone, without the one before it
_TITLES = {**TITLES, "median_least": "Half took, at least", "median_most": "Half took, at most"}


def grid(chosen: Choice, found: pa.Table, words: Wording, domain: Domain) -> Grid:
    """The figure (see `figure`) with totals; its last column says why rows are hidden (`small`, `secondary`)."""
    keys = [name for name in (*chosen.cuts, "outcome") if name in found.column_names]
    marks = [name for name in found.column_names if name.startswith("suppressed")]
    numbers = [name for name in numbers_of(chosen.measure, found) if name not in keys]
    known = {**offered(chosen.measure, domain), "outcome": "Outcome"}
    columns = [Column(known[key], "month" if key == "month" else "text") for key in keys]
    columns += [Column(_head(name, chosen.measure.counts), _kind(name)) for name in numbers]
    rows: list[dict[str, Any]] = found.to_pylist()
    hiding = {mark for mark in marks if any(row[mark] for row in rows)}
    if hiding:
        columns.append(Column("suppressed", "text"))
    made = []
    for row in rows:
        line = [_word(words, chosen, key, row[key]) for key in keys]
        line += [_number(row, name, hiding) for name in numbers]
        if hiding:
            line.append("; ".join(dict.fromkeys(_why(row[mark], domain) for mark in marks if row[mark])) or None)
        made.append(tuple(line))
    return Grid(tuple(columns), tuple(made))


def _why(mark: Suppressed, domain: Domain) -> str:
    """The mark itself; of a whole table the sentence, which stands in place of its rows."""
    return wording(mark, domain.disclosure.threshold) if mark == "table" else mark


def _kind(name: str) -> Kind:
    return "share" if "share" in name else "days" if is_duration(name) else "number"


def _head(name: str, counts: str) -> str:
    """`Half took (days)`; of the earlier of two figures `Half took, then (days)`."""
    return f"{column_title(name, counts, _TITLES)}{' (days)' if is_duration(name) else ''}"


def _word(words: Wording, chosen: Choice, key: str, value: str | None) -> Value:
    if key == "month" and value not in (None, NOT_STATED):
        return date.fromisoformat(f"{value}-01")
    return words.said(chosen.measure, key, value)


def _number(row: Mapping[str, Any], name: str, hiding: set[str]) -> Value:
    value: float | None = row[name]
    if value is None:
        mark = "suppressed_before" if name.endswith("_before") else "suppressed"
        # of a figure with a hidden row, what adds up is left out of every row
        is_hidden = bool(row.get(mark)) or (mark in hiding and name.removesuffix("_before") in ADD_UP)
        return SYMBOL if is_hidden else None
    return round(value / _DAY, 4) if is_duration(name) else value
