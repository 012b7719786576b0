"""The rows of a measure at any day, found from its spans, are those that its SQL gives for that day."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from england_wales import england_wales

from throughline.sinks.measures.facts import facts
from throughline.sinks.measures.measure import load_measures
from throughline.sinks.measures.spans import cases_ever, spans
from throughline.sinks.store import open_store

MEASURES = {name: measure for name, measure in load_measures(england_wales()).items() if measure.spans}
FACETS = [facet.name for facet in england_wales().facets]


def plain(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(repr(sorted(row.items())) for row in rows)


@pytest.mark.parametrize("name", MEASURES)
def test_the_rows_of_a_day_are_those_of_the_sql_for_that_day(demo: Path, name: str) -> None:
    """On days before, among and after the events of the demo; with all its facets."""
    with open_store(demo, write=False) as store:
        (latest,) = store.connection.execute("select as_of from as_at").fetchone() or (None,)
        assert latest is not None
        found = spans(store.connection, MEASURES[name], cases_ever(store.connection, FACETS))
        for days in (-3000, -200, -120, -60, -30, -14, -7, -3, -1, 0, 2000):
            moment = latest + timedelta(days=days)
            wanted = facts(store.connection, MEASURES[name], FACETS, moment)
            made = found.rows(found.at(moment))

            assert made.column_names == wanted.column_names
            assert plain(made.to_pylist()) == plain(wanted.to_pylist()), str(moment)
