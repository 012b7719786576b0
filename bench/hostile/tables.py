"""Hostile rows of Parquet files: of the right types and with wrong values, in both layouts of event files."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from bench.hostile.records import UNTOUCHED, Good, Run, exactly, json_bytes
from bench.hostile.values import LONGS, TEXTS, TIMES, hostile_value
from throughline.schemas.acceptance.events import EVENTS
from throughline.schemas.acceptance.rows import ROW_COLUMNS
from throughline.sources.formats.registry import read_events


def events_table(rows: list[dict[str, Any]]) -> pa.Table:
    """EVENTS of rows (mappings; times in microseconds, identifiers as (kind, value)), without origin and position."""
    columns = []
    for one in EVENTS:
        values = [row.get(one.name) for row in rows]
        if one.name == "identifiers":
            values = [[{"kind": kind, "value": value} for kind, value in pairs] for pairs in values]
        if pa.types.is_timestamp(one.type):
            columns.append(pa.array(values, pa.int64()).cast(one.type))
        else:
            columns.append(pa.array(values, one.type))
    return pa.table(columns, schema=EVENTS)


def parquet_rows(good: Good, chance: random.Random, count: int, folder: Path) -> Run:
    """Rows of Parquet in the layout of EVENTS, of the right types and with wrong values."""
    rows = [_wrong_row(good.row(chance), chance) for _ in range(count)]
    path = folder / "hostile.parquet"
    pq.write_table(events_table(rows), path)
    return Run("Parquet rows", count, lambda: read_events(path, good.domain), exactly(set(range(1, count + 1))))


def _wrong_row(row: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    if chance.random() < UNTOUCHED:
        return row
    name = chance.choice(ROW_COLUMNS)
    kind = EVENTS.field(name).type
    if name == "identifiers":
        wrong: tuple[Any, ...] = (None, "", *TEXTS)
        row[name] = [(chance.choice((k, k, chance.choice(wrong))), chance.choice((v, chance.choice(wrong))))
                     for k, v in row[name] * chance.choice((0, 1, 1, 2, 600))]  # fmt: skip
    elif name == "data":
        value = json_bytes(hostile_value(chance)).decode()
        whole = (value, "{" * 5000, "[" * 100_000, "", None, '{"a":NaN}', '{"direction":"outbound"', "\x00", "{}")
        row[name] = chance.choice(whole)
    elif chance.random() < 0.15:
        row[name] = None
    elif pa.types.is_timestamp(kind):
        row[name] = chance.choice(LONGS)
    elif pa.types.is_boolean(kind):
        row[name] = chance.random() < 0.5
    elif pa.types.is_integer(kind):
        row[name] = chance.choice((0, -1, 2, 32767, -32768))
    elif name == "occurred_precision":
        row[name] = chance.choice(("day", "month", "year", "", "INSTANT"))
    else:
        row[name] = chance.choice(TEXTS)
    return row


def flat_parquet_rows(good: Good, chance: random.Random, count: int, folder: Path) -> Run:
    """Rows of Parquet with the attributes of CloudEvents as columns and `data` as JSON text."""
    names = ("id", "source", "type", "specversion", "time", "occurredon", "partitionkey", "recordedtime", "data")
    rows = []
    for _ in range(count):
        event = good.event(chance)
        row = {name: event.get(name) for name in names} | {"data": orjson.dumps(event["data"]).decode()}
        if chance.random() >= UNTOUCHED:
            name = chance.choice(names)
            row[name] = chance.choice((None, chance.choice(TEXTS), chance.choice(TIMES)))
            if name == "data":
                value = json_bytes(hostile_value(chance)).decode()
                row[name] = chance.choice((value, "[" * 100_000, "{", '{"a":NaN}', '"\\ud800"', "\x00", None))
        rows.append(row)
    path = folder / "hostile_flat.parquet"
    pq.write_table(pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in names}), path)
    run = exactly(set(range(1, count + 1)))
    return Run("Parquet rows, flat", count, lambda: read_events(path, good.domain), run)
