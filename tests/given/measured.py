"""Rows of a measure as `facts` gives them, written by hand: what is not named is plain."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa

from throughline.schemas.definitions.domain import load_domain
from throughline.sinks.measures.measure import load_measures

Row = dict[str, Any]
DAY = 86_400.0
MEASURES = load_measures(load_domain())
_TYPES = {"seconds": pa.float64(), "least": pa.float64(), "most": pa.float64(), "ended": pa.bool_()}


def counted(*rows: Row, **columns: Any) -> pa.Table:
    """The rows, each in a case of its own unless it says so; `columns` are what every row has unless it says otherwise.

    Without rows, name the columns all the same.
    """
    plain: Row = {"agency": "police", "unit": None, "area": "20", "month": "2026-03", **columns}
    plain["counted_at"] = datetime.fromisoformat("2026-03-02")
    made = [{"case_id": f"c{number}", **plain, **row} for number, row in enumerate(rows, start=1)]
    names = dict.fromkeys(["case_id", *plain, *(name for row in made for name in row)])
    kinds = {**_TYPES, "counted_at": pa.timestamp("us")}
    return pa.table({name: pa.array([row.get(name) for row in made], kinds.get(name, pa.string())) for name in names})


def figure(table: pa.Table, *names: str) -> list[tuple[Any, ...]]:
    """The columns named, row by row in the order given."""
    return [tuple(row[name] for name in names) for row in table.to_pylist()]
