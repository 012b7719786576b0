"""`/figures/{name}.csv`, `.xlsx` and `.json`: a figure to take away, as it stands on its page."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date
from typing import Any

import pyarrow as pa

from throughline.sinks.board.figures.choice import Choice, choice
from throughline.sinks.board.figures.figure import figure
from throughline.sinks.board.figures.grid import grid
from throughline.sinks.board.figures.page import measure_at
from throughline.sinks.board.figures.wording import Wording
from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.board.frame.page import Download, NotFoundError
from throughline.sinks.board.words.dates import moment_words, month_words
from throughline.sinks.sheets.cell import shown
from throughline.sinks.sheets.grid import Grid
from throughline.sinks.sheets.workbook import workbook

_KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}


def download(asked: Asked) -> Download:
    """The figure that the address asks for, in the form that it ends with."""
    form = asked.values["form"]
    if form not in _KINDS:
        raise NotFoundError(f"There is no download that ends in .{form}.", f"There are {', '.join(_KINDS)}.")
    chosen = choice(asked, measure_at(asked))
    found = figure(asked, chosen)
    name = "-".join((chosen.measure.name, *chosen.cuts)).replace("_", "-")
    made = {"csv": _csv, "xlsx": _xlsx, "json": _json}[form](asked, chosen, found)
    return Download(made, _KINDS[form], f"{name}.{form}")


def _grid(asked: Asked, chosen: Choice, found: pa.Table) -> Grid:
    return grid(chosen, found, Wording(asked.names, asked.settings.domain), asked.settings.domain)


def _csv(asked: Asked, chosen: Choice, found: pa.Table) -> bytes:
    """With a byte order mark and semicolon-free, so that Excel reads it as it is."""
    made = _grid(asked, chosen, found)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([f"{one.head} (share of 1)" if one.kind == "share" else one.head for one in made.columns])
    writer.writerows([[_cell(value) for value in row] for row in made.rows])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, date):
        return month_words(value)
    return "" if value is None else shown(value)


def _xlsx(asked: Asked, chosen: Choice, found: pa.Table) -> bytes:
    with workbook(chosen.measure.title, asked.counted_to) as book:
        book.write_grid(book.sheet("Figure"), _grid(asked, chosen, found))
        book.write_about(_about(asked, chosen))
    return book.content


def _json(asked: Asked, chosen: Choice, found: pa.Table) -> bytes:
    """Codes and seconds, for programs."""
    made = {
        "measure": chosen.measure.name,
        "about": _about(asked, chosen),
        "counted_to": None if asked.counted_to is None else asked.counted_to.replace(tzinfo=UTC).isoformat(),
        "cuts": list(chosen.cuts),
        "where": dict(chosen.where),
        "rows": found.to_pylist(),
    }
    return json.dumps(made, ensure_ascii=False, indent=1).encode()


def _about(asked: Asked, chosen: Choice) -> dict[str, str]:
    measure = chosen.measure
    counted = asked.counted_to
    return {
        "Title": measure.title,
        "Question": measure.asks,
        "Counted to": "" if counted is None else moment_words(counted, asked.names.zone),
        "How it is counted": measure.method,
        "What is not known": measure.unknown,
        "Not for": measure.not_for,
        "Address": asked.address(f"/figures/{measure.name}", **asked.filters),
    }
