"""CloudEvents as JSON to EVENTS: taken apart in one quick loop, and judged as a table.

The loop reads and does not judge. What it cannot put into the columns of EVENTS is in doubt: an event of an unknown
type or of another form, a time that is none, an attribute that EVENTS does not keep, a kind of identifier without one,
a reason that stands twice or has the sign that parts reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from throughline.schemas.acceptance.admission import Decoded, Record, admit_decoded
from throughline.schemas.acceptance.events import EVENTS, Batch
from throughline.schemas.acceptance.judge import KNOWN_ATTRIBUTES
from throughline.schemas.acceptance.reject import Reject, names_read, names_written, parse_json, read_json
from throughline.schemas.acceptance.rfc3339 import read_instant, read_label
from throughline.schemas.acceptance.rows import ROW_COLUMNS, RowBatch, identifier_lists, placed
from throughline.schemas.acceptance.rules import NOT_FIELDS, SHARED_PLACE, Refused, Rules, TypeRule
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.wire.cloudevents import too_large

# Portions that stay in the processor's cache: columns are made of objects that were just touched.
_PORTION = 1024
_ATTRIBUTES = KNOWN_ATTRIBUTES - {"contenthash", "subject", "datacontenttype", "dataschema"}
_BLANK: list[Any] = [None] * len(SHARED_PLACE)
_NOTHING = (None,) * (len(ROW_COLUMNS) - 1)
_SKIP = -1
_REASON = SHARED_PLACE["reason"]
_TIMES = ("occurred_at", "recorded_at", "due_at", "effect_at")
_INSTANT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$"


class _Doubt(Exception):  # noqa: N818 — no error
    """EVENTS does not say all that the event says."""


def events_from_json_lines(lines: Sequence[bytes], domain: Domain, origin: str, first_position: int) -> Batch:
    """Accept JSON Lines, one CloudEvent each; `first_position` is the number of the first line.

    Every line that is not blank ends in `events` or, whole and with its reason, in `rejects`: not_utf8, not_json,
    too_large, or what the judge says.
    """
    rules = domain.rules
    refused = RowBatch(origin)
    kept: list[int] = []

    def objects() -> Iterator[Any]:
        for place, line in enumerate(lines):
            event = too_large(rules.record_bytes) if len(line) > rules.record_bytes else parse_json(line)
            if not isinstance(event, Reject):
                kept.append(place)
                yield event
            elif line.strip():
                refused.reject(first_position + place, event, line, None)

    def again(row: int) -> Record:
        read = read_json(line := lines[kept[row]])
        return ({}, line, read) if isinstance(read, Reject) else (read, line, None)

    columns, doubts, names = _read(objects(), rules)
    if names != names_written([lines[place] for place in kept]):
        doubts |= np.array([isinstance(read_json(lines[place]), Reject) for place in kept], dtype=bool)
    return _admit((columns, doubts), again, [first_position + place for place in kept], rules, refused)


def events_from_objects(
    stated: Sequence[tuple[Any, bytes | None, int, int | None]], domain: Domain, origin: str
) -> Batch:
    """Accept CloudEvents that are parsed already: each as the dict of its JSON form (or why there is none), its bytes,
    its position, and which of its batch it is (from 1; None: of none)."""
    refused = RowBatch(origin)
    kept = []
    for place, (event, raw, _, _) in enumerate(stated):
        if isinstance(event, Reject):
            refused.reject(place, event, raw, event)
        else:
            kept.append(place)
    columns, doubts, _ = _read((stated[place][0] for place in kept), domain.rules)
    batch = _admit((columns, doubts), lambda row: (*stated[kept[row]][:2], None), kept, domain.rules, refused)
    return placed(batch, [position for _, _, position, _ in stated], [number for *_, number in stated])


def _admit(
    columns: tuple[dict[str, pa.Array], np.ndarray],
    again: Callable[[int], Record],
    positions: Sequence[int],
    rules: Rules,
    refused: RowBatch,
) -> Batch:
    """Events that were read to accepted events and rejects; `again` gives a record by its row."""
    named, doubts = columns
    named["origin"] = pa.repeat(refused.origin, len(positions))
    named["position"] = pa.array(positions, pa.int64())
    events = pa.Table.from_arrays([named[name] for name in EVENTS.names], schema=EVENTS)
    decoded = Decoded(events, doubts, lambda rows: map(again, rows))
    batch, bad = admit_decoded(decoded, rules), refused.build().rejects
    return Batch(batch.events, pa.concat_tables([bad, batch.rejects]) if bad.num_rows else batch.rejects)


def _read(objects: Iterable[Any], rules: Rules) -> tuple[dict[str, pa.Array], np.ndarray, int]:
    """The columns of EVENTS up to `data`, which rows are doubtful, and how many names the objects have."""
    plans: dict[str, _Plan] = {}
    shapes: dict[tuple[str, ...], tuple[str, ...]] = {}
    labels: dict[str, tuple[int, str]] = {}
    portions: list[tuple[dict[str, pa.Array], np.ndarray, int]] = []
    rows = _Rows(rules, plans, shapes, labels)
    for event in objects:
        try:
            rows.add(event)
        except (_Doubt, Refused, KeyError, TypeError, AttributeError, ValueError):
            rows.leave(event)
        if len(rows.rows) == _PORTION:
            portions.append((*rows.columns(), rows.names))
            rows = _Rows(rules, plans, shapes, labels)
    if rows.rows:
        portions.append((*rows.columns(), rows.names))
    if not portions:
        return {name: pa.array([], EVENTS.field(name).type) for name in ROW_COLUMNS}, np.zeros(0, dtype=bool), 0
    columns = {name: pa.concat_arrays([named[name] for named, *_ in portions]) for name in ROW_COLUMNS}
    return columns, np.concatenate([doubts for _, doubts, _ in portions]), sum(names for *_, names in portions)


class _Plan:
    """A type's fields for the loop: name to (what it is for the loop, place among the shared columns or None)."""

    __slots__ = ("agency", "fields", "name", "version")

    def __init__(self, rule: TypeRule) -> None:
        form = rule.form
        self.name, self.version, self.agency = form.type, form.version, form.agency
        self.fields: dict[str, int | None] = {
            name: None if field.column is None else SHARED_PLACE[field.column] for name, field in rule.fields.items()
        }
        self.fields |= dict.fromkeys(NOT_FIELDS, _SKIP)


class _Rows:
    """Rows whose times are still text, and their identifiers laid flat."""

    def __init__(
        self,
        rules: Rules,
        plans: dict[str, _Plan],
        shapes: dict[tuple[str, ...], tuple[str, ...]],
        labels: dict[str, tuple[int, str]],
    ) -> None:
        self.rules, self.plans, self.shapes, self.labels = rules, plans, shapes, labels
        self.rows: list[tuple[Any, ...]] = []
        self.doubtful: list[int] = []
        self.labelled: list[tuple[int, int]] = []
        self.counts: list[int] = [0]
        self.pairs: list[tuple[str, str]] = []
        self.names = 0

    def leave(self, event: Any) -> None:
        """Put a doubtful row."""
        self.names += names_read(event)
        self.doubtful.append(len(self.rows))
        self.rows.append(_NOTHING)
        self.counts.append(0)

    def add(self, event: Any) -> None:
        """Take an event apart. Raises _Doubt, Refused, KeyError, TypeError … where EVENTS would not say all of it."""
        shape = tuple(event)
        others = self.shapes.get(shape)
        if others is None:
            if not KNOWN_ATTRIBUTES.issuperset(shape):
                raise _Doubt
            others = self.shapes[shape] = tuple(name for name in shape if name not in _ATTRIBUTES)
        for name in others:
            if event[name] is not None:
                if type(event[name]) is not str or name == "contenthash":
                    raise _Doubt
                self.rules.check_text(event[name], name)
        plan = self.plans.get(event["type"])
        if plan is None:
            plan = self.plans[event["type"]] = _Plan(self.rules.by_wire_type[event["type"]])
        data = event["data"]
        get = event.get
        if event["specversion"] != "1.0":
            raise _Doubt
        time, on = get("time"), get("occurredon")
        precision, label = "instant", None
        if time is None:
            label = self.labels.get(on)
            if label is None:
                found = read_label(on)
                if isinstance(found, str):
                    raise _Doubt
                label = self.labels[on] = found
            precision = label[1]
        elif on is not None:
            raise _Doubt

        shared = _BLANK[:]
        rest: dict[str, Any] | None = None
        fields = plan.fields
        for name, value in data.items():
            at = fields[name]
            if value is None or at == _SKIP:
                continue
            if at is None:
                if rest is None:
                    rest = {name: value}
                else:
                    rest[name] = value
                continue
            if at == _REASON:
                if type(value) is not list:
                    raise _Doubt
                once = sorted(set(value)) if len(value) > 1 else value
                text = "; ".join(once)
                if len(once) < len(value) or text.count(";") >= max(len(value), 1):
                    raise _Doubt
                value = text or None
            shared[at] = value

        agency = data.get("agency")
        if agency is None or agency == "":
            agency = plan.agency
        given = data.get("identifiers")
        pairs: list[tuple[str, str]] = []
        for kind, value in () if given is None else given.items():
            if type(value) is str:
                pairs.append((kind, value))
            elif value is not None:
                if type(value) is not list or not value:
                    raise _Doubt
                for one in value:
                    if type(one) is not str:
                        raise _Doubt
                    pairs.append((kind, one))
        text = orjson.dumps(rest, option=orjson.OPT_SORT_KEYS).decode() if rest else "{}"
        if label is not None:
            self.labelled.append((len(self.rows), label[0]))
        self.rows.append(
            (event["source"], event["id"], plan.name, plan.version, get("partitionkey"),
             agency, data.get("unit"), time, precision, get("recordedtime"), get("sequence"),
             *shared, get("correlationid"), get("causationid"), get("revision"), get("retracts"), text)
        )  # fmt: skip
        self.counts.append(len(pairs))
        self.pairs += pairs
        self.names += len(shape) + len(data) + (0 if given is None else len(given))

    def columns(self) -> tuple[dict[str, pa.Array], np.ndarray]:
        """The columns of EVENTS up to `data`, and which rows are doubtful."""
        doubts = np.zeros(len(self.rows), dtype=bool)
        doubts[self.doubtful] = True
        made: dict[str, pa.Array] = {"identifiers": identifier_lists(self.counts, self.pairs)}
        names = [name for name in ROW_COLUMNS if name != "identifiers"]
        for name, values in zip(names, zip(*self.rows, strict=True), strict=True):
            column = _column(values, pa.string() if name in _TIMES else EVENTS.field(name).type, doubts)
            made[name] = _times(column, doubts) if name in _TIMES else column
        if self.labelled:
            rows, labels = zip(*self.labelled, strict=True)
            micros = pc.fill_null(made["occurred_at"].cast(pa.int64()), 0).to_numpy(zero_copy_only=False).copy()
            micros[list(rows)] = labels
            made["occurred_at"] = pa.array(micros).cast(pa.timestamp("us"))
        return made, doubts


def _column(values: Sequence[Any], kind: pa.DataType, doubts: np.ndarray) -> pa.Array:
    """The values as a column; those that are not of its type (a number in `sequence`) are null and in doubt."""
    try:
        return pa.array(values, kind)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        pass
    expected = {pa.bool_(): bool, pa.int16(): int}.get(kind, str)
    wrong = [value is not None and type(value) is not expected for value in values]
    doubts |= np.asarray(wrong)
    return pa.array([None if is_wrong else value for value, is_wrong in zip(values, wrong, strict=True)], kind)


def _times(column: pa.Array, doubts: np.ndarray) -> pa.Array:
    """Instants of a column of text; rows whose text is none are null and in doubt."""
    micros = pa.timestamp("us")
    if column.null_count == len(column):
        return pa.nulls(len(column), micros)
    well_formed = pc.match_substring_regex(column, _INSTANT)
    if not pc.all(well_formed).as_py():
        doubts |= pc.fill_null(pc.invert(well_formed), False).to_numpy(zero_copy_only=False)
        column = pc.if_else(well_formed, column, None)
    try:
        return column.cast(pa.timestamp("us", "UTC")).cast(micros)
    except pa.ArrowInvalid:  # one 31 February: then each is read alone
        read = [None if text is None else read_instant(text) for text in column.to_pylist()]
        doubts |= np.array([isinstance(one, str) for one in read])
        return pa.array([one if type(one) is int else None for one in read], pa.int64()).cast(micros)
