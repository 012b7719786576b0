"""The table of a figure: rows in words, each with the cases behind it; what is not shown says why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from throughline.sinks.board.figures.choice import Choice, offered
from throughline.sinks.board.figures.figure import numbers_of
from throughline.sinks.board.figures.wording import Wording, cell, column_title, ordered
from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.disclosure.marker import wording

# beyond it a page is no longer read; the downloads have every row
ROWS = 200


@dataclass(frozen=True)
class Row:
    """`names` are the values of the cuts and the outcome in words, `cells` the numbers; `address` leads to the cases.

    `is_total`: of all values of the first cut, or of every outcome.
    """

    names: tuple[str, ...]
    cells: tuple[str, ...]
    address: str
    is_total: bool


@dataclass(frozen=True)
class Shown:
    """`heads` over the names, `numbers` over the cells; `left_out` rows are in the downloads alone;
    `withheld` says why shares and durations of an agency are not shown."""

    heads: tuple[str, ...]
    numbers: tuple[str, ...]
    rows: tuple[Row, ...]
    left_out: int
    has_hidden: bool
    withheld: tuple[str, ...]


def table(asked: Asked, chosen: Choice, figure: pa.Table, words: Wording) -> Shown:
    """The figure (see `figure`) as a table, totals first."""
    measure = chosen.measure
    keys = [*chosen.cuts, *([] if measure.kind == "durations" else ["outcome"])]
    numbers = [name for name in numbers_of(measure, figure) if name not in keys]
    known = offered(measure, asked.settings.domain)
    heads = tuple("Outcome" if key == "outcome" else known[key] for key in keys) or ("",)
    rows = _in_order(chosen, figure.to_pylist(), keys)
    shown = [
        Row(
            tuple(words.said(measure, key, row[key]) for key in keys) or ("All",),
            _cells(asked, row, numbers),
            asked.address(f"/figures/{measure.name}/cases", **_held_to(asked, chosen, row, keys)),
            any(row[key] is None for key in keys),
        )
        for row in rows[:ROWS]
    ]
    withheld = dict.fromkeys(row["withheld"] for row in rows if row.get("withheld"))
    return Shown(
        heads,
        tuple(column_title(name, measure.counts) for name in numbers),
        tuple(shown),
        len(rows) - len(shown),
        any(row.get("suppressed") for row in rows),
        tuple(withheld),
    )


def _cells(asked: Asked, row: dict[str, Any], numbers: list[str]) -> tuple[str, ...]:
    """The numbers; in a row that is hidden, why, in the place of the first."""
    suppressed = row.get("suppressed") or row.get("suppressed_before")
    if suppressed is None:
        return tuple(cell(name, row[name]) for name in numbers)
    said = wording("small", asked.settings.domain.disclosure.threshold) if suppressed == "small" else "hidden"
    return (said, *("–" for _ in numbers[1:]))


def _held_to(asked: Asked, chosen: Choice, row: dict[str, Any], keys: list[str]) -> dict[str, str]:
    found = {**chosen.where, **{key: str(row[key]) for key in keys if row[key] is not None}}
    return {name: value for name, value in found.items() if value}


def _in_order(chosen: Choice, rows: list[dict[str, Any]], keys: list[str]) -> list[dict[str, Any]]:
    """Totals before their parts; values in the order in which people expect them."""
    places: dict[str, dict[str | None, int]] = {}
    for key in keys:
        values = list(dict.fromkeys(str(row[key]) for row in rows if row[key] is not None))
        if key == "outcome":
            listed = [one.value for one in chosen.measure.outcomes]
            values.sort(key=lambda value: listed.index(value) if value in listed else -1)
        places[key] = {None: -1, **{value: place for place, value in enumerate(ordered(key, values))}}
    return sorted(rows, key=lambda row: [places[key][row[key]] for key in keys])
