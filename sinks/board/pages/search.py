"""`/cases`: find a case by any of its identifiers, or list cases by state, agency and how long they have waited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.board.frame.page import Page, Redirect
from throughline.sinks.board.reading.find import cases_called
from throughline.sinks.board.words.case import called, where
from throughline.sinks.board.words.duration import duration_words
from throughline.sql import one_row, rows_by_name, sql

ROWS = 25
STATES = {
    "held": "With an agency",
    "limbo": "Sent, not received",
    "unknown": "Nobody says who has it",
    "closed": "Closed",
}
ORDERS = {"waiting": "Waiting longest first", "newest": "Newest first"}


@dataclass(frozen=True)
class Listed:
    """A part of a list: `rows` of page `page` (from 1) of `pages`; `rows_all` in all."""

    rows: list[dict[str, Any]]
    page: int
    rows_all: int

    @property
    def pages(self) -> int:
        return max((self.rows_all + ROWS - 1) // ROWS, 1)


def search(asked: Asked) -> Page | Redirect:
    """The list that the filters of the address ask for; straight to the case where `find` names one."""
    wanted = asked.text("find")
    found: list[str] = []
    if wanted:
        found = _visible(asked, cases_called(asked.connection, asked.settings.domain, wanted))
        if len(found) == 1:
            return Redirect(asked.address(f"/cases/{found[0]}"))
    filters = {
        "state": asked.choice("state", STATES),
        "agency": asked.choice("agency", asked.names.agencies),
        "area": asked.choice("area", asked.names.areas),
    }
    order = asked.choice("order", ORDERS) or "waiting"
    page = asked.number("page", 1)
    listed = _listed(asked, filters, order, page)
    asked.look_at([*found, *(row["case_id"] for row in listed.rows)])
    areas = asked.connection.execute("select distinct area from case_facts").fetchall()
    return Page(
        "search.html",
        "Cases",
        {
            "wanted": wanted,
            "found": found,
            "errors": [{"field": "find", "what": f"No case is called {wanted}"}] if wanted and not found else [],
            "filters": filters,
            "order": order,
            "states": STATES,
            "orders": ORDERS,
            "agencies": asked.names.agencies,
            "areas": {code: name for code, name in asked.names.areas.items() if (code,) in areas},
            "list": listed,
            "is_filtered": any(filters.values()),
        },
        title="No case found" if wanted and not found else "Cases",
    )


def _visible(asked: Asked, case_ids: list[str]) -> list[str]:
    """Those of the cases that the visitor may see."""
    rows = asked.connection.execute(
        "select case_id from visible_cases where list_contains(?::varchar[], case_id) order by case_id", [case_ids]
    )
    return [case_id for (case_id,) in rows.fetchall()]


def _listed(asked: Asked, filters: dict[str, str], order: str, page: int) -> Listed:
    given = {**filters, "newest": order == "newest", "rows": ROWS, "skip": (page - 1) * ROWS}
    rows = rows_by_name(asked.connection, sql(__package__, "sql/listed"), given)
    shown = [_line(asked, row) for row in rows]
    (cases,) = one_row(asked.connection, sql(__package__, "sql/fitting"), filters)
    return Listed(shown, page, cases)


def _line(asked: Asked, row: dict[str, Any]) -> dict[str, Any]:
    """A row of the list in words: what the case is called, where it is, and for how long it has been there."""
    since = row["holder_since"] or row["opened_at"]
    until = asked.counted_to if row["state"] != "closed" else None
    return {
        "case_id": row["case_id"],
        "area": row["area"],
        "called": called(asked.names, row["case_id"], row["identifiers"]),
        "state": row["state"],
        "where": where(asked.names, row),
        "since": since,
        "lasted": "" if until is None else duration_words((until - since).total_seconds()),
        "events": row["events"],
    }
