"""Rows of an existing system before they are mapped: every column text, with where the row stood and what it
was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from throughline.schemas.acceptance.events import REJECTS

# position, reason, field, detail, raw
Fault = tuple[int, str, str | None, str, bytes]


@dataclass(frozen=True)
class Rows:
    """A bounded run of rows.

    `columns` are the source's names in its order; `table` has them as c0, c1, … (string, null for empty),
    then `position` int64 (line or row, from 1) and `raw` binary (the row as it stood; null: the columns say
    it all). `rejects` (REJECTS) are the rows that could not be read as such. Cells of the columns `nested` may hold
    several values, and are JSON.
    """

    columns: tuple[str, ...]
    table: pa.Table
    rejects: pa.Table
    nested: tuple[str, ...] = ()


def row_table(values: Sequence[pa.Array], positions: pa.Array, raw: pa.Array | None) -> pa.Table:
    """The `table` of Rows."""
    if raw is None:
        raw = pa.nulls(len(positions), pa.binary())
    names = [f"c{i}" for i in range(len(values))]
    return pa.table([*values, positions, raw], names=[*names, "position", "raw"])


def row_rejects(origin: str, faults: Iterable[Fault]) -> pa.Table:
    """REJECTS of an origin."""
    found = list(faults)
    if not found:
        return REJECTS.empty_table()
    positions, reasons, fields, details, raws = zip(*found, strict=True)
    nothing = pa.nulls(len(found), pa.string())
    return pa.table(
        [
            pa.array([origin] * len(found), pa.string()),
            pa.array(positions, pa.int64()),
            pa.array(reasons, pa.string()),
            pa.array(fields, pa.string()),
            pa.array(details, pa.string()),
            pa.array(raws, pa.binary()),
            nothing,
            nothing,
            nothing,
        ],
        schema=REJECTS,
    )
