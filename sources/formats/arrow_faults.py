"""What an Arrow table may hold and its readers cannot: text that is not UTF-8, and times beyond every calendar.

Parquet keeps whatever bytes its writer called text. DuckDB fails on a whole table for one time beyond its calendar.
"""

from __future__ import annotations

from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from throughline.schemas.acceptance.events import Batch
from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.acceptance.rows import RowBatch

_PER_UNIT = {"s": 1_000_000, "ms": 1_000, "us": 1}
# the year 33658, and as far before 1970: no time that a rule accepts, and one that DuckDB can write
_MOST = 10**18
NOT_UTF8 = Reject("not_utf8", None, "a text of the row is not UTF-8")


def rows_not_utf8(table: pa.Table) -> list[int]:
    """The numbers, from 0 and ascending, of the rows that have a value which is not sound: text that is not UTF-8."""
    if _is_sound(table):
        return []
    found: list[int] = []
    waiting = [(0, table.num_rows)]
    while waiting:
        first, last = waiting.pop()
        if last - first == 1:
            found.append(first)
            continue
        middle = (first + last) // 2
        # the right half first, so that the left one is looked at first
        for start, end in ((middle, last), (first, middle)):
            # copied: a slice of a list column would be judged with all its neighbours
            if not _is_sound(table.take(pa.array(range(start, end), pa.int64()))):
                waiting.append((start, end))
    return found


def without_rows(table: pa.Table, rows: list[int]) -> pa.Table:
    """The same rows, those of the numbers `rows` with null in every column."""
    order: list[int | None] = list(range(table.num_rows))
    for row in rows:
        order[row] = None
    return table.take(pa.array(order, pa.int64()))


def rejected_rows(batch: Batch, table: pa.Table, rows: list[int], origin: str, first: int) -> Batch:
    """`batch`, in which the rows of the numbers `rows` of `table` are rejects as `not_utf8`; `first` is the position
    of the table's first row."""
    places = pa.array([first + row for row in rows], pa.int64())
    kept = [
        part.filter(pc.invert(pc.is_in(part["position"], value_set=places))) for part in (batch.events, batch.rejects)
    ]
    refused = RowBatch(origin)
    for row in rows:
        refused.reject(first + row, NOT_UTF8, row_text(table.slice(row, 1)), None)
    return Batch(kept[0], pa.concat_tables([kept[1], refused.build().rejects]))


def _is_sound(table: pa.Table) -> bool:
    try:
        table.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def row_text(row: pa.Table) -> bytes:
    """A row as JSON, bytes that are not UTF-8 written as backslash escapes."""
    values: dict[str, Any] = {}
    for name, column in zip(row.column_names, row.columns, strict=True):
        try:
            values[name] = column[0].as_py()
        except UnicodeDecodeError:
            values[name] = _escaped(column[0])
    return orjson.dumps(values, default=str)


def _escaped(value: pa.Scalar) -> Any:
    if isinstance(value, pa.StructScalar):
        return {name: _escaped(value[name]) for name in value.type.names}
    if isinstance(value, pa.ListScalar):
        return [_escaped(one) for one in value.values]
    buffer = value.as_buffer() if isinstance(value, pa.StringScalar) else None
    return str(value) if buffer is None else buffer.to_pybytes().decode(errors="backslashreplace")


def in_micros(table: pa.Table) -> pa.Table:
    """Timestamp columns of seconds, milliseconds and microseconds in microseconds, what is beyond the limit at it.

    Nanoseconds cannot say a time so far off.
    """
    for place, field in enumerate(table.schema):
        if not pa.types.is_timestamp(field.type) or field.type.unit not in _PER_UNIT:
            continue
        per_unit = _PER_UNIT[field.type.unit]
        most = _MOST // per_unit
        numbers = table.column(place).cast(pa.int64())
        inside = pc.min_element_wise(pc.max_element_wise(numbers, -most, skip_nulls=False), most, skip_nulls=False)
        column = pc.multiply(inside, per_unit).cast(pa.timestamp("us", field.type.tz))
        table = table.set_column(place, field.name, column)
    return table
