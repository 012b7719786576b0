"""Tables of events to accepted events and rejects, by the rules of the domain: a million rows a second.

Whatever a record was, bytes of Avro, a line of JSON, a row of an export, its decoder gives EVENTS, and it is judged
here. What is plainly good is seen by column. Whatever is not goes, as its record states it, to the one function that
knows reasons (`judge.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from throughline.schemas.acceptance.doubts import Fields, doubtful_rows
from throughline.schemas.acceptance.events import EVENTS, REJECTS, Batch
from throughline.schemas.acceptance.judge import row_or_reject
from throughline.schemas.acceptance.lists import one_array
from throughline.schemas.acceptance.normal_form import read_identifiers, without_placeholders
from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.acceptance.rows import RowBatch
from throughline.schemas.acceptance.rules import ITEMS_LIMIT, Rules
from throughline.schemas.acceptance.statement import state

Record = tuple[Any, bytes | None, Reject | None]
"""A record as it was read: the CloudEvent that it states (the dict of its JSON form), its bytes, and, if it cannot
state one, why."""


@dataclass(frozen=True)
class Decoded:
    """Records as EVENTS, and what only their decoder knows.

    In rows of `doubts` (a boolean each) the columns do not say all that the record says, and mean nothing. `records`
    gives the records of rows, by their numbers. A decoder that made `data` of columns gives these, too, as `fields`.
    """

    events: pa.Table
    doubts: np.ndarray
    records: Callable[[Sequence[int]], Iterable[Record]]
    fields: Sequence[Fields] | None = None


def admit(events: pa.Table, rules: Rules, raw: pa.ChunkedArray | None = None) -> Batch:
    """Judge a table of EVENTS. Every row ends as an event, identifiers in normal form, or as a reject.

    `raw` (binary, one per row, null allowed) is what stands in a reject; without it, the event as JSON. The
    order of rows is kept. Identifiers that are placeholders are taken off and their kinds listed in `data`.
    """

    def records(rows: Sequence[int]) -> Iterator[Record]:
        places = pa.array(rows, pa.int64())
        raws = raw.take(places).to_pylist() if raw is not None else [None] * len(rows)
        for row, record in zip(_plain(events.take(places)), raws, strict=True):
            event, fault = state(row, rules)
            yield event, record if record is not None else orjson.dumps(event, default=str), fault

    return admit_decoded(Decoded(events, np.zeros(events.num_rows, dtype=bool), records), rules)


def admit_decoded(decoded: Decoded, rules: Rules) -> Batch:
    """Judge what a decoder has read, as `admit` does: a doubtful row by what its record states."""
    events = decoded.events
    if not events.num_rows:
        return Batch(EVENTS.empty_table(), REJECTS.empty_table())
    found = read_identifiers(one_array(events["identifiers"]), rules.identifiers, ITEMS_LIMIT, rules.field_chars)
    doubts = decoded.doubts | found.doubts | doubtful_rows(events, found, rules, decoded.fields)
    place = EVENTS.get_field_index("identifiers")
    good = events.set_column(place, EVENTS.field(place), found.normal)
    if not doubts.any():
        if found.has_placeholders:
            good = without_placeholders(good, rules.identifiers)
        return Batch(good, REJECTS.empty_table())
    places, parsed, rejects = _one_by_one(decoded, np.flatnonzero(doubts).tolist(), rules)
    good = good.filter(pa.array(~doubts))
    if places:
        order = np.argsort(np.concatenate([np.flatnonzero(~doubts), places]), kind="stable")
        good = pa.concat_tables([good, parsed]).take(pa.array(order))
    return Batch(without_placeholders(good, rules.identifiers), rejects)


def _one_by_one(decoded: Decoded, rows: list[int], rules: Rules) -> tuple[list[int], pa.Table, pa.Table]:
    """The rows that are accepted after all, their EVENTS, and the REJECTS of the others."""
    batch = RowBatch("")
    accepted: list[int] = []
    origins: list[str] = []
    stand = decoded.events.select(["origin", "position"]).take(pa.array(rows)).to_pylist()
    for row, where, (event, raw, fault) in zip(rows, stand, decoded.records(rows), strict=True):
        verdict = fault or row_or_reject(event, rules)
        origin, position = where["origin"] or "", where["position"] or 0
        if isinstance(verdict, Reject):
            batch.origin = origin
            batch.reject(position, verdict, raw, event)
        else:
            accepted.append(row)
            origins.append(origin)
            batch.add(verdict, position)
    made = batch.build()
    if not accepted:
        return accepted, made.events, made.rejects
    place = EVENTS.get_field_index("origin")
    return accepted, made.events.set_column(place, EVENTS.field(place), pa.array(origins, pa.string())), made.rejects


def _plain(rows: pa.Table) -> Iterator[dict[str, Any]]:
    """Rows as mappings with times in microseconds and identifiers as (kind, value)."""
    times = [name for name in EVENTS.names if pa.types.is_timestamp(EVENTS.field(name).type)]
    for name in times:
        rows = rows.set_column(rows.schema.get_field_index(name), name, rows[name].cast(pa.int64()))
    for row in rows.to_pylist():
        row["identifiers"] = [
            (one["kind"] or "", one["value"] or "") for one in row["identifiers"] or () if one is not None
        ]
        yield row
