"""Rows of accepted and rejected events, gathered one by one and turned into Arrow tables at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, chain
from typing import Any

import pyarrow as pa

from throughline.schemas.acceptance.events import EVENTS, IDENTIFIERS, REJECTS, Batch
from throughline.schemas.acceptance.reject import Reject

Row = tuple[Any, ...]
"""The columns of EVENTS up to `data`: times as microseconds since 1970 UTC, identifiers as a list of (kind,
value)."""

ROW_COLUMNS: tuple[str, ...] = tuple(name for name in EVENTS.names if name not in {"origin", "position"})


class RowBatch:
    """Gathers the rows and rejects of one run of records; `build` makes them a Batch."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.rows: list[Row] = []
        self.positions: list[int] = []
        self.rejects: list[tuple[Any, ...]] = []

    def add(self, row: Row, position: int) -> None:
        """Keep an accepted row."""
        self.rows.append(row)
        self.positions.append(position)

    def reject(self, position: int, fault: Reject, raw: bytes | None, event: Any) -> None:
        """Keep a record that was not accepted, whole; `event` is what could be parsed of it."""
        said = event if isinstance(event, dict) else {}
        named = [value if isinstance(value := said.get(name), str) else None for name in ("source", "id", "type")]
        self.rejects.append((self.origin, position, fault.reason, fault.field, fault.detail, raw, *named))

    def build(self) -> Batch:
        """Everything so far as EVENTS and REJECTS."""
        return Batch(events_table(self.rows, self.origin, self.positions), rejects_table(self.rejects))


def events_table(rows: list[Row], origin: str, positions: list[int]) -> pa.Table:
    """EVENTS from rows; `positions` beside them."""
    if not rows:
        return EVENTS.empty_table()
    columns = []
    for name, values in zip(ROW_COLUMNS, zip(*rows, strict=True), strict=True):
        kind = EVENTS.field(name).type
        if name == "identifiers":
            columns.append(identifier_lists([0, *map(len, values)], list(chain.from_iterable(values))))
        elif pa.types.is_timestamp(kind):
            columns.append(pa.array(values, pa.int64()).cast(kind))
        else:
            columns.append(pa.array(values, kind))
    columns.append(pa.repeat(origin, len(rows)))
    columns.append(pa.array(positions, pa.int64()))
    return pa.Table.from_arrays(columns, schema=EVENTS)


def rejects_table(rejects: list[tuple[Any, ...]]) -> pa.Table:
    """REJECTS from rows in its order."""
    if not rejects:
        return REJECTS.empty_table()
    columns = zip(*rejects, strict=True)
    return pa.Table.from_arrays(
        [pa.array(values, kind) for values, kind in zip(columns, REJECTS.types, strict=True)], schema=REJECTS
    )


def join_batches(batches: Sequence[Batch]) -> Batch:
    """One batch of several, or of none."""
    return Batch(
        pa.concat_tables([EVENTS.empty_table(), *(batch.events for batch in batches)]),
        pa.concat_tables([REJECTS.empty_table(), *(batch.rejects for batch in batches)]),
    )


def placed(batch: Batch, positions: Sequence[int], numbers: Sequence[int | None]) -> Batch:
    """The batch with positions for the places that stand there, and with what is refused of a batch saying of which of
    its events."""
    places = batch.rejects["position"].to_pylist()
    if any(numbers[place] is not None for place in places):
        told = [
            detail if numbers[place] is None else f"event {numbers[place]} of the batch: {detail}"
            for place, detail in zip(places, batch.rejects["detail"].to_pylist(), strict=True)
        ]
        column = batch.rejects.schema.get_field_index("detail")
        batch = Batch(batch.events, batch.rejects.set_column(column, REJECTS.field(column), pa.array(told)))
    return Batch(*(_at(table, pa.array(positions, pa.int64())) for table in (batch.events, batch.rejects)))


def _at(table: pa.Table, positions: pa.Array) -> pa.Table:
    place = table.schema.get_field_index("position")
    return table.set_column(place, table.schema.field(place), positions.take(table["position"].combine_chunks()))


def identifier_lists(counts: list[int], pairs: list[tuple[str, str]]) -> pa.Array:
    """The column `identifiers`: all rows' pairs one after the other, and how many each row has (after a
    leading 0)."""
    # Not zip(*pairs): an iterator for each pair would keep the garbage collector busy.
    fields = [pa.array([pair[at] for pair in pairs], pa.string()) for at in (0, 1)]
    structs = pa.StructArray.from_arrays(fields, fields=list(IDENTIFIERS.value_type))
    offsets = pa.array(list(accumulate(counts)), pa.int32())
    return pa.ListArray.from_arrays(offsets, structs, type=IDENTIFIERS)
