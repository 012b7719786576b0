"""`/figures/{name}/cases`: the cases behind a number, each with what of it was counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from throughline.errors import UsageError
from throughline.sinks.board.access.rights import may_see_every_case
from throughline.sinks.board.figures.choice import choice, offered
from throughline.sinks.board.figures.figure import known, rows_of
from throughline.sinks.board.figures.page import measure_at
from throughline.sinks.board.figures.rank import Places, Rank, read_key
from throughline.sinks.board.figures.wording import Wording
from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.board.frame.page import Page
from throughline.sinks.board.reading.hindsight import renamed
from throughline.sinks.board.words.duration import duration_words
from throughline.sinks.measures.answer import held as rows_held
from throughline.sinks.measures.grouping import case_codes
from throughline.sinks.measures.measure import Measure

ROWS = 25


@dataclass(frozen=True)
class Part:
    """A page of the list: the places of its rows, its number (from 1) of `pages`, `rows_all` of all pages, and what the
    addresses of the page before it and of the one after it say, null where there is none."""

    places: Places
    page: int
    pages: int
    rows_all: int
    previous: Mapping[str, object] | None = None
    next: Mapping[str, object] | None = None


def behind(asked: Asked) -> Page:
    """The page of the cases behind a number."""
    measure = measure_at(asked)
    chosen = choice(asked, measure)
    wording = Wording(asked.names, asked.settings.domain)
    rows = visible(asked, rows_held(measure, _rows(asked, measure), chosen.where))
    part = _part(asked, rows, Rank(rows, "seconds" if "seconds" in rows.column_names else "counted_at"))
    shown = rows.take(pa.array(part.places)).to_pylist()
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
            "list": part,
            "cases": asked.kept.get(
                asked.facts.stamp,
                ("cases behind", chosen.key, asked.as_of, asked.known_at, _who(asked)),
                lambda: _cases(rows),
            ),
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


def _part(asked: Asked, rows: pa.Table, rank: Rank) -> Part:
    """The page that the address asks for: what follows a key, or comes before one; or by its number.

    Raises UsageError where it has no such page.
    """
    after, before, page = asked.text("after"), asked.text("before"), asked.number("page", 1)
    pages = max((rows.num_rows + ROWS - 1) // ROWS, 1)
    if after:
        places = rank.first(ROWS, read_key(after))
    elif before:
        places = rank.last(ROWS, read_key(before))
    else:
        if page > pages:
            raise UsageError(f"There are {pages} pages, and `page` is {page}.", hint="Go back to the first page.")
        places = rank.first(page * ROWS)[(page - 1) * ROWS :]
    if not len(places):
        return Part(places, 1, pages, rows.num_rows)
    keys = rank.key(places[0]), rank.key(places[-1])
    skipped = (page - 1) * ROWS if not after and not before else rank.before(keys[0])
    return Part(
        places,
        # between two pages where rows have come or gone since: the one in which it begins
        skipped // ROWS + 1,
        pages,
        rows.num_rows,
        previous={"before": keys[0]} if skipped else None,
        next={"after": keys[1]} if skipped + len(places) < rows.num_rows else None,
    )


def visible(asked: Asked, rows: pa.Table) -> pa.Table:
    """Those of the rows whose case the visitor may see."""
    if asked.visit is None or may_see_every_case(asked.visit.person):
        return rows
    seen = asked.connection.execute("select case_id from visible_cases").to_arrow_table()
    return rows.filter(pc.is_in(rows["case_id"].cast(pa.string()), value_set=seen["case_id"].combine_chunks()))


def _who(asked: Asked) -> str:
    """Whose count it is: everybody's, or that of one who may see some cases alone."""
    return "" if asked.visit is None or may_see_every_case(asked.visit.person) else asked.visit.person.id


def _cases(rows: pa.Table) -> int:
    codes, most = case_codes(rows["case_id"])
    return int(np.count_nonzero(np.bincount(codes, minlength=most)))


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
