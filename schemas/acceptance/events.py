"""The Arrow schemas of what every reader and decoder produces: events, and records that are none.

Times are UTC without a zone in microseconds. For `occurred_precision` day or month, `occurred_at` is the
*label* of that day or month (its first day, 00:00, no zone), never an instant.

`revision` orders what a source says of one id: text in the one form of `revision.py`, whose code points are in the
order of the revisions; null comes before all. `retracts` is true where the source takes the event back, else null.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

_TIME = pa.timestamp("us")
IDENTIFIERS = pa.list_(pa.struct([("kind", pa.string()), ("value", pa.string())]))

EVENTS: pa.Schema = pa.schema(
    [
        ("source", pa.string()),
        ("id", pa.string()),
        ("type", pa.string()),
        ("version", pa.int16()),
        ("area", pa.string()),
        ("agency", pa.string()),
        ("unit", pa.string()),
        ("occurred_at", _TIME),
        ("occurred_precision", pa.string()),
        ("recorded_at", _TIME),
        ("sequence", pa.string()),
        ("identifiers", IDENTIFIERS),
        ("decision", pa.string()),
        ("reason", pa.string()),
        ("reference", pa.string()),
        ("answers", pa.string()),
        ("about", pa.string()),
        ("holder", pa.string()),
        ("due_at", _TIME),
        ("effect_at", _TIME),
        ("enhanced", pa.bool_()),
        ("channel", pa.string()),
        ("victim", pa.string()),
        ("officer", pa.string()),
        ("correlation", pa.string()),
        ("causation", pa.string()),
        ("revision", pa.string()),
        ("retracts", pa.bool_()),
        ("data", pa.string()),
        ("origin", pa.string()),
        ("position", pa.int64()),
    ]
)

REJECTS: pa.Schema = pa.schema(
    [
        ("origin", pa.string()),
        ("position", pa.int64()),
        ("reason", pa.string()),
        ("field", pa.string()),
        ("detail", pa.string()),
        ("raw", pa.binary()),
        ("source", pa.string()),
        ("id", pa.string()),
        ("type", pa.string()),
    ]
)


@dataclass(frozen=True)
class Batch:
    """What became of a run of records: every one stands in `events` (EVENTS) or in `rejects` (REJECTS)."""

    events: pa.Table
    rejects: pa.Table
