"""Arrow times in microseconds that DuckDB can read: it fails on a whole table for one time beyond its calendar."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_PER_UNIT = {"s": 1_000_000, "ms": 1_000, "us": 1}
# the year 33658, and as far before 1970: no time that a rule accepts, and one that DuckDB can write
_MOST = 10**18


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
