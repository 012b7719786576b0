"""`/figures/{name}.csv`, `.xlsx` and `.json`: a figure to take away, as it stands on its page."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC
from typing import Any

import pyarrow as pa
import xlsxwriter

from throughline.sinks.board.figures.choice import Choice, choice, offered
from throughline.sinks.board.figures.figure import figure
from throughline.sinks.board.figures.page import measure_at
from throughline.sinks.board.figures.wording import Wording
from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.board.frame.page import Download, NotFoundError
from throughline.sinks.board.words.dates import moment_words

_KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
# what a spreadsheet would take for a formula
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


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


def _rows(asked: Asked, chosen: Choice, found: pa.Table) -> tuple[list[str], list[list[Any]]]:
    """Heads and rows: values in words, shares of 1, durations in days."""
    wording = Wording(asked.names, asked.settings.domain)
    known = {**offered(chosen.measure, asked.settings.domain), "outcome": "Outcome"}
    keys = {*chosen.cuts, "outcome"} & set(found.column_names)
    heads, rows = [], []
    for name in found.column_names:
        unit = " (days)" if _is_duration(name) else " (share of 1)" if "share" in name else ""
        heads.append(known[name] if name in keys else f"{name.replace('_seconds', '').replace('_', ' ')}{unit}")
    for row in found.to_pylist():
        rows.append([_value(wording, chosen, name, row[name], name in keys) for name in found.column_names])
    return heads, rows


def _value(wording: Wording, chosen: Choice, name: str, value: Any, is_key: bool) -> Any:
    if is_key:
        if name == "outcome":
            return wording.outcome(chosen.measure, value)
        return "All" if value is None else wording.value(name, value)
    return None if value is None else round(value / 86_400, 4) if _is_duration(name) else value


def _is_duration(name: str) -> bool:
    return "seconds" in name or name.startswith(("median_", "p90"))


def _csv(asked: Asked, chosen: Choice, found: pa.Table) -> bytes:
    """With a byte order mark and semicolon-free, so that Excel reads it as it is."""
    heads, rows = _rows(asked, chosen, found)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(heads)
    writer.writerows([[_safe(value) for value in row] for row in rows])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _safe(value: Any) -> Any:
    """Text that a spreadsheet would run is made plain text, as OWASP has it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else "" if value is None else value


def _xlsx(asked: Asked, chosen: Choice, found: pa.Table) -> bytes:
    heads, rows = _rows(asked, chosen, found)
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        percent, days = book.add_format({"num_format": "0.0%"}), book.add_format({"num_format": "0.0"})
        sheet = book.add_worksheet("Figure")
        sheet.freeze_panes(1, 0)
        for column, (head, name) in enumerate(zip(heads, found.column_names, strict=True)):
            sheet.write_string(0, column, head, bold)
            form = percent if "share" in name else days if _is_duration(name) else None
            sheet.set_column(column, column, max(12, min(len(head) + 2, 40)), form)
        for place, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                if value is not None:
                    sheet.write(place, column, value)
        sheet.autofilter(0, 0, max(len(rows), 1), len(heads) - 1)
        notes = book.add_worksheet("About")
        notes.set_column(0, 0, 24, bold)
        notes.set_column(1, 1, 100, book.add_format({"text_wrap": True, "valign": "top"}))
        for place, (head, text) in enumerate(_about(asked, chosen).items()):
            notes.write_string(place, 0, head)
            notes.write_string(place, 1, text)
    return out.getvalue()


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
