"""Tables of events to accepted events and rejects, by the rules of the domain: a million rows a second.

What is plainly good is seen by SQL over the whole table. Whatever is not goes, row by row, through the same
function as a JSON event (`parse_event`), so the verdict, the reason and the normal form are those of the
JSON path.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from throughline.schemas.acceptance.doubts import normal_identifiers, one_array, unseen_rows
from throughline.schemas.acceptance.events import EVENTS, IDENTIFIERS, Batch
from throughline.schemas.acceptance.lists import flat_items, lists_from
from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.acceptance.rows import RowBatch
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.rulebook import rules_of
from throughline.schemas.wire.event_json import event_object, parse_event

PLACEHOLDERS = "placeholder_identifiers"
"""The field of `data` that lists the kinds of the identifiers that were placeholders and so were taken
off.
"""


# what every domain knows for no number at all
A_PLACEHOLDER = "UNKNOWN"

_YEAR_1, _YEAR_10000 = np.datetime64("0001-01-01", "us"), np.datetime64("10000-01-01", "us")


def admit(events: pa.Table, domain: Domain, raw: pa.ChunkedArray | None = None) -> Batch:
    """Judge a table of EVENTS. Every row ends as an event, identifiers in normal form, or as a reject.

    `raw` (binary, one per row, null allowed) is what stands in a reject; without it, the event as JSON. The
    order of rows is kept. Identifiers that are placeholders are taken off and their kinds listed in `data`.
    """
    count = events.num_rows
    if count == 0:
        return RowBatch("").build()
    rules = rules_of(domain)
    events = events.combine_chunks()
    identifiers, suspect = normal_identifiers(events, rules)
    place = EVENTS.get_field_index("identifiers")
    good = events.set_column(place, EVENTS.field(place), identifiers)
    suspect[unseen_rows(good, rules)] = True
    if not suspect.any():
        return Batch(without_placeholders(good, domain), RowBatch("").build().rejects)
    return _judged(events, good, suspect, raw, domain)


def without_placeholders(events: pa.Table, domain: Domain) -> pa.Table:
    """Take identifiers that are placeholders off EVENTS and list their kinds in `data`; the same table if
    none is.
    """
    column = one_array(events["identifiers"])
    parents, items = flat_items(column)
    dropped = np.zeros(len(items), dtype=bool)
    for kind in domain.identifiers:
        of_kind = pc.equal(items.field("kind"), kind.kind)
        coded = pc.dictionary_encode(items.field("value").filter(of_kind))
        held = np.array([kind.is_placeholder(value) for value in coded.dictionary.to_pylist()], dtype=bool)
        if held.any():
            dropped[np.flatnonzero(of_kind)] = held[coded.indices.to_numpy()]
    if not dropped.any():
        return events
    kept = lists_from(parents[~dropped], items.filter(pa.array(~dropped)), len(column), IDENTIFIERS)
    kinds: dict[int, set[str]] = {}
    for row, kind in zip(
        parents[dropped].tolist(), items.field("kind").filter(pa.array(dropped)).to_pylist(), strict=True
    ):
        kinds.setdefault(row, set()).add(kind)
    rows = sorted(kinds)
    mask = np.zeros(len(column), dtype=bool)
    mask[rows] = True
    texts = []
    for row in rows:
        data = orjson.loads(events["data"][row].as_py())
        listed = kinds[row] | set(data.get(PLACEHOLDERS, ()))
        texts.append(orjson.dumps(data | {PLACEHOLDERS: sorted(listed)}, option=orjson.OPT_SORT_KEYS).decode())
    data = pc.replace_with_mask(one_array(events["data"]), pa.array(mask), pa.array(texts, pa.string()))
    events = events.set_column(EVENTS.get_field_index("identifiers"), EVENTS.field("identifiers"), kept)
    return events.set_column(EVENTS.get_field_index("data"), EVENTS.field("data"), data)


def _judged(
    events: pa.Table, good: pa.Table, suspect: np.ndarray, raw: pa.ChunkedArray | None, domain: Domain
) -> Batch:
    """The rows that are seen to be good, and each of the others by `parse_event`; in the order of the
    table.
    """
    batch = RowBatch("")
    places = np.flatnonzero(suspect)
    accepted: list[int] = []
    origins: list[str] = []
    rest = _plain(events.take(pa.array(places)))
    raws = raw.take(pa.array(places)).to_pylist() if raw is not None else [None] * len(places)
    for place, row, record in zip(places.tolist(), rest, raws, strict=True):
        verdict, event = _verdict(row, domain)
        if isinstance(verdict, Reject):
            batch.origin = row["origin"] or ""
            batch.reject(row["position"] or 0, verdict, record if record is not None else _text(event), event)
        else:
            accepted.append(place)
            origins.append(row["origin"] or "")
            batch.add(verdict, row["position"] or 0)
    made = batch.build()
    if not accepted:
        return Batch(without_placeholders(good.filter(pa.array(~suspect)), domain), made.rejects)
    place = EVENTS.get_field_index("origin")
    parsed = made.events.set_column(place, EVENTS.field(place), pa.array(origins, pa.string()))
    order = np.argsort(np.concatenate([np.flatnonzero(~suspect), np.array(accepted)]), kind="stable")
    every = pa.concat_tables([good.filter(pa.array(~suspect)), parsed.cast(EVENTS)]).take(pa.array(order))
    return Batch(without_placeholders(every, domain), made.rejects)


def _verdict(row: dict[str, Any], domain: Domain) -> tuple[Any, dict[str, Any]]:
    """A row of `parse_event` or a Reject, and the event as JSON form."""
    missing = next((name for name in ("source", "id", "type", "version", "area") if row[name] in (None, "")), None)
    said: dict[str, Any] = {key: row[key] for key in ("source", "id", "type")}
    if missing is not None:
        return Reject("missing_attribute", missing, f"an event needs `{missing}`"), said
    precision = row["occurred_precision"]
    if precision not in {"instant", "day", "month"}:
        return Reject("bad_attribute", "occurred_precision", "the precision is instant, day or month"), said
    if row["occurred_at"] is None:
        return Reject("missing_attribute", "time", "an event needs its time"), said
    label = np.datetime64(row["occurred_at"], "us")
    # numpy may refuse to reckon with a time beyond the calendar, depending on its version
    if not _YEAR_1 <= label < _YEAR_10000:
        return Reject("time_out_of_range", "time", "a time lies outside the years 1 to 9999"), said
    unit = "M" if precision == "month" else "D"
    if precision != "instant" and label != label.astype(f"datetime64[{unit}]").astype("datetime64[us]"):
        return Reject("bad_time", "occurred_at", "a day or month is given by its first moment"), said
    try:
        data = orjson.loads(row["data"] or "{}")
    except orjson.JSONDecodeError:
        return Reject("bad_field", "data", "`data` is not JSON"), said
    if not isinstance(data, dict):
        return Reject("bad_field", "data", "`data` must be a JSON object"), said
    placeholders = data.pop(PLACEHOLDERS, None)
    try:
        event = event_object(row | {"data": orjson.dumps(data)}, rules_of(domain).type_prefix)
    except (OverflowError, ValueError, TypeError):
        return Reject("time_out_of_range", "time", "a time lies outside the years 1 to 9999"), said
    parsed = parse_event(event, domain)
    if not isinstance(parsed, Reject) and isinstance(placeholders, list):
        kept = orjson.loads(parsed[-1]) | {PLACEHOLDERS: sorted({str(kind) for kind in placeholders})}
        return (*parsed[:-1], orjson.dumps(kept, option=orjson.OPT_SORT_KEYS).decode()), event
    if isinstance(parsed, Reject) and isinstance(placeholders, list):
        event["data"]["identifiers"] = _with_placeholders(event["data"]["identifiers"], placeholders)
    return parsed, event


def _with_placeholders(identifiers: dict[str, Any], kinds: list[Any]) -> dict[str, Any]:
    """The identifiers with those that were taken off, so that they are seen again when the reject is judged again."""
    found = dict(identifiers)
    for kind in map(str, kinds):
        given = found.get(kind, [])
        found[kind] = [*(given if isinstance(given, list) else [given]), A_PLACEHOLDER]
    return found


def _text(event: dict[str, Any]) -> bytes:
    return orjson.dumps(event, default=str)


def _plain(rows: pa.Table) -> Iterable[dict[str, Any]]:
    """Rows as mappings with times in microseconds and identifiers as (kind, value)."""
    times = [name for name in EVENTS.names if pa.types.is_timestamp(EVENTS.field(name).type)]
    for name in times:
        rows = rows.set_column(rows.schema.get_field_index(name), name, rows[name].cast(pa.int64()))
    for row in rows.to_pylist():
        row["identifiers"] = [
            (one["kind"] or "", one["value"] or "") for one in row["identifiers"] or () if one is not None
        ]
        yield row
