"""`/figures/{name}/cases`: the cases behind a number, each with what of it was counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from throughline.errors import UsageError
from throughline.sinks.board.access.rights import may_see_every_case
from throughline.sinks.board.figures.choice import choice, offered
from throughline.sinks.board.figures.figure import known, rows_of
from throughline.sinks.board.figures.page import measure_at
from throughline.sinks.board.figures.wording import Wording
from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.board.frame.page import Page
from throughline.sinks.board.reading.hindsight import renamed
from throughline.sinks.board.words.duration import duration_words
from throughline.sinks.measures.answer import held as rows_held
from throughline.sinks.measures.grouping import case_codes, coded
from throughline.sinks.measures.measure import Measure

ROWS = 25


def behind(asked: Asked) -> Page:
    """The page of the cases behind a number."""
    measure = measure_at(asked)
    chosen = choice(asked, measure)
    wording = Wording(asked.names, asked.settings.domain)
    rows = visible(asked, rows_held(measure, _rows(asked, measure), chosen.where))
    order = latest_first(rows, "seconds" if "seconds" in rows.column_names else "counted_at")
    page = asked.number("page", 1)
    pages = max((rows.num_rows + ROWS - 1) // ROWS, 1)
    if page > pages:
        raise UsageError(f"There are {pages} pages, and `page` is {page}.", hint="Go back to the first page.")
    shown = rows.take(pa.array(order[(page - 1) * ROWS : page * ROWS])).to_pylist()
    asked.look_at(dict.fromkeys(row["case_id"] for row in shown))
    known = offered(measure, asked.settings.domain)
    return Page(
        "behind.html",
        f"Cases behind this figure: {measure.title.lower()}",
        {
            "measure": measure,
            "held_to": [
                f"{known.get(cut, 'Outcome')}: {wording.said(measure, cut, value)}"
                for cut, value in chosen.where.items()
            ],
            "list": {"page": page, "pages": pages, "rows_all": rows.num_rows, "cases": _cases(rows)},
            "rows": [_line(asked, wording, measure, row) for row in shown],
            "has_duration": "seconds" in rows.column_names,
            "has_outcome": "outcome" in rows.column_names,
        },
    )


def _rows(asked: Asked, measure: Measure) -> pa.Table:
    """What is counted, in cases as they are called now: under another name nobody could open them."""
    rows = rows_of(asked, measure, asked.as_of)
    if asked.known_at is None or asked.counted_to is None:
        return rows
    return renamed(rows, known(asked, asked.counted_to, asked.known_at).became)


def latest_first(rows: pa.Table, by: str) -> NDArray[np.int64]:
    """The places of the rows in the order in which they are shown: by the most of one column, then by case."""
    values = rows[by].cast(pa.int64() if by == "counted_at" else pa.float64()).to_numpy().astype(np.float64)
    return np.lexsort((coded(rows["case_id"]).codes, -values))


def visible(asked: Asked, rows: pa.Table) -> pa.Table:
    """Those of the rows whose case the visitor may see."""
    if asked.visit is None or may_see_every_case(asked.visit.person):
        return rows
    seen = asked.connection.execute("select case_id from visible_cases").to_arrow_table()
    return rows.filter(pc.is_in(rows["case_id"].cast(pa.string()), value_set=seen["case_id"].combine_chunks()))


def _cases(rows: pa.Table) -> int:
    return len(np.unique(case_codes(rows["case_id"])[0]))


def _line(asked: Asked, wording: Wording, measure: Any, row: dict[str, Any]) -> dict[str, Any]:
    seconds = row.get("seconds")
    return {
        "case_id": row["case_id"],
        "agency": "" if row["agency"] is None else asked.names.agency(row["agency"]),
        "unit": row["unit"],
        "at": row["counted_at"],
        "outcome": wording.outcome(measure, row["outcome"]) if row.get("outcome") else "",
        "lasted": "" if seconds is None else duration_words(seconds),
        "is_open": row.get("ended") is False,
    }
