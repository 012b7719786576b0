"""The numbers that publishers' outboxes gave to records, as runs: a number that is in none of them was lost on the way.

The number stands in a header and says what was published, not what happened. Copies of a record have its number; each
source, area and outbox has its own series, from 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import Topics
from throughline.schemas.wire.kafka_record import read_number

NUMBERS = pa.schema(
    [
        ("source", pa.string()),
        ("area", pa.string()),
        ("series", pa.string()),
        ("first_number", pa.int64()),
        ("last_number", pa.int64()),
        ("first_at", pa.timestamp("us")),
        ("last_at", pa.timestamp("us")),
    ]
)
_LATEST_MILLIS = 253_402_300_799_999
_CHARS = 1_000

# source, area and number as they stand in the headers, and when the broker had the record, milliseconds UTC
Numbered = tuple[bytes | None, bytes | None, bytes, int]


def numbered(named: Mapping[str, bytes | None], number: bytes, at: int) -> Numbered:
    """What of a record's headers says its number."""
    return named.get("ce_source"), named.get("ce_partitionkey"), number, at


def number_runs(found: Sequence[Numbered], topic: str, partition: int, domain: Domain, topics: Topics) -> pa.Table:
    """Runs (NUMBERS) of numbers of a fetch. What is no number, or speaks for a source or area that it must not, is
    passed over: a record is judged by what it says of itself, and this is a help."""
    by_series: dict[tuple[str, str, str], dict[int, list[int]]] = {}
    series: dict[tuple[bytes | None, bytes | None, bytes], tuple[str, str, str] | None] = {}
    for source, area, text, at in found:
        name, _, number = text.partition(b":")
        given = (source, area, name)
        if given not in series:
            series[given] = _series(given, topic, partition, domain, topics)
        key, read = series[given], read_number(number)
        if key is not None and read is not None:
            by_series.setdefault(key, {}).setdefault(read, []).append(min(max(at, 0), _LATEST_MILLIS) * 1000)
    rows = []
    for key, numbers in by_series.items():
        run: list[int] = []
        times: list[int] = []
        for number_read in sorted(numbers):
            if run and number_read > run[-1] + 1:
                rows.append((*key, run[0], run[-1], min(times), max(times)))
                run, times = [], []
            run = [run[0] if run else number_read, number_read]
            times += numbers[number_read]
        rows.append((*key, run[0], run[-1], min(times), max(times)))
    columns = zip(*rows, strict=True) if rows else ((),) * len(NUMBERS)
    arrays = [
        pa.array(column, pa.int64() if kind == NUMBERS.field("first_at").type else kind).cast(kind)
        for column, kind in zip(columns, NUMBERS.types, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=NUMBERS)


def _series(
    given: tuple[bytes | None, bytes | None, bytes], topic: str, partition: int, domain: Domain, topics: Topics
) -> tuple[str, str, str] | None:
    try:
        source, area, name = ((one or b"").decode() for one in given)
    except UnicodeDecodeError:
        return None
    if any(not one or len(one) > _CHARS or "\x00" in one for one in (source, area, name)):
        return None
    agencies = topics.agencies_of(topic) or ()
    if agencies and all(domain.rules.source_fault(source, agency) is not None for agency in agencies):
        return None
    return (source, area, name) if topics.partition_of(area) == partition else None
