"""`/figures/{name}/about`: what a figure means, how far it can be trusted, and the SQL that counts it."""

from __future__ import annotations

from throughline.sinks.board.figures.choice import offered
from throughline.sinks.board.figures.page import measure_at
from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.board.frame.page import Page
from throughline.sql import rows_by_name, sql


def about(asked: Asked) -> Page:
    """The page about one figure."""
    measure = measure_at(asked)
    coverage = []
    if measure.figure:
        found = rows_by_name(asked.connection, sql(__package__, "sql/coverage"), {"figure": measure.figure})
        coverage = [{**row, "agency": asked.names.agency(row["agency"])} for row in found]
    return Page(
        "about.html",
        f"About this figure: {measure.title.lower()}",
        {
            "measure": measure,
            "coverage": coverage,
            "cuts": offered(measure, asked.settings.domain),
        },
    )
