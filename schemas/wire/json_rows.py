"""JSON events taken apart quickly: only what is plainly good stays, whatever else is a `Doubt`.

The loop tests what can be tested in passing; times are read as columns afterwards.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from throughline.schemas.acceptance.events import EVENTS
from throughline.schemas.acceptance.judge import KNOWN_ATTRIBUTES, NOT_FIELDS, SHARED_PLACE
from throughline.schemas.acceptance.rfc3339 import read_instant
from throughline.schemas.acceptance.rows import ROW_COLUMNS, identifier_lists
from throughline.schemas.acceptance.rules import Rules, TypeRule

_TEXT, _ENUM, _TIME, _BOOL, _INT, _LIST, _REASONS, _DATE, _SKIP = range(9)
_KINDS = {
    "string": _TEXT,
    "timestamp": _TIME,
    "bool": _BOOL,
    "int": _INT,
    "list<string>": _LIST,
    "date": _DATE,
}
_BLANK: list[Any] = [None] * len(SHARED_PLACE)
_SORTED = orjson.OPT_SORT_KEYS
_TIMES = ("occurred_at", "recorded_at", "due_at", "effect_at")
_INSTANT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$"


class Plan:
    """A type's fields for the loop: name to (kind, allowed values, place among the shared columns or
    None)."""

    __slots__ = ("agency", "fields", "name", "required", "requires", "unit_required", "version")

    def __init__(self, rule: TypeRule) -> None:
        form = rule.form
        self.name, self.version, self.agency = form.type, form.version, form.agency
        self.unit_required = "unit" in form.required_envelope
        self.required = len(rule.required)
        self.requires = rule.requires
        self.fields: dict[str, tuple[int, frozenset[str] | None, int | None, bool]] = dict.fromkeys(
            NOT_FIELDS, (_SKIP, None, None, False)
        )
        for name, field in rule.fields.items():
            allowed = rule.values.get(name)
            kind = _REASONS if field.column == "reason" else _KINDS.get(field.kind, _TEXT)
            if kind == _TEXT and allowed is not None:
                kind = _ENUM
            place = SHARED_PLACE[field.column] if field.column else None
            self.fields[name] = (kind, allowed, place, name in rule.required)


Shared = tuple[dict[str, Plan], set[tuple[str, ...]], dict[str, tuple[int, str]]]
"""What the portions share: plans by wire type, shapes of attributes that are known, labels of dates that were
read."""


class Doubt(Exception):  # noqa: N818 — no error
    """The line takes the long way."""


class QuickRows:
    """Rows whose times are still text, and their identifiers laid flat."""

    def __init__(self, rules: Rules, shared: Shared) -> None:
        self.rules = rules
        self.plans, self.shapes, self.labels = shared
        self.rows: list[tuple[Any, ...]] = []
        self.places: list[int] = []
        self.labelled: list[tuple[int, int]] = []
        self.counts: list[int] = [0]
        self.pairs: list[tuple[str, str]] = []
        self.other_times: list[tuple[int, str]] = []

    def add(self, event: Any, place: int) -> None:
        """Take an event apart. Raises Doubt, KeyError, TypeError … for whatever is not plainly good."""
        shape = tuple(event)
        if shape not in self.shapes:
            if not KNOWN_ATTRIBUTES.issuperset(shape):
                raise Doubt
            self.shapes.add(shape)
        rules = self.rules
        plan = self.plans[event["type"]]
        data = event["data"]
        get = event.get
        source, event_id, area = event["source"], event["id"], event["partitionkey"]
        if not source or not event_id or event["specversion"] != "1.0" or get("contenthash") is not None:
            raise Doubt
        if not area or (rules.areas is not None and area not in rules.areas):
            raise Doubt
        time = get("time")
        precision = "instant"
        stands_for = None
        if time is None:
            on = event["occurredon"]
            stands_for = self.labels.get(on)
            if stands_for is None:
                stands_for = self.labels[on] = rules.read_label(on, "occurredon")
            precision = stands_for[1]
        elif get("occurredon") is not None:
            raise Doubt
        agency = data.get("agency")
        if agency is None:
            agency = plan.agency
        if agency != plan.agency or agency is None:
            if plan.agency is not None or type(agency) is not str or not agency:
                raise Doubt
            if rules.agencies is not None and agency not in rules.agencies:
                raise Doubt
        unit = data.get("unit")
        if unit == "" or (unit is None and plan.unit_required):
            raise Doubt

        shared = _BLANK[:]
        rest: dict[str, Any] | None = None
        missing = plan.required
        fields = plan.fields
        times: list[str] | None = None
        for name, value in data.items():
            kind, allowed, at, required = fields[name]
            if value is None or kind == _SKIP:
                continue
            if required:
                if value == "" or value == []:
                    raise Doubt
                missing -= 1
            if kind == _ENUM:
                if value not in allowed:  # type: ignore[operator]
                    raise Doubt
            elif kind == _TEXT:
                if type(value) is not str:
                    raise Doubt
            elif kind == _BOOL:
                if type(value) is not bool:
                    raise Doubt
            elif kind == _TIME:
                if at is None:
                    if type(value) is not str or len(value) != 20:
                        raise Doubt
                    times = [value] if times is None else [*times, value]
            elif kind == _INT:
                if type(value) is not int or not -(2**63) <= value < 2**63:
                    raise Doubt
            elif kind == _DATE:
                label = self.labels.get(value)
                if label is None:
                    label = self.labels[value] = rules.read_label(value, name)
                if label[1] != "day":
                    raise Doubt
            else:
                if type(value) is not list:
                    raise Doubt
                for item in value:
                    if type(item) is not str or (allowed is not None and item not in allowed):
                        raise Doubt
                if kind == _REASONS:
                    value = (value[0] if len(value) == 1 else "; ".join(sorted(set(value)))) or None
            if at is not None:
                shared[at] = value
            elif rest is None:
                rest = {name: value}
            else:
                rest[name] = value
        if missing:
            raise Doubt

        pairs: list[tuple[str, str]] = []
        repeated = False
        needed = bool(plan.requires)
        known = rules.identifiers
        given = data.get("identifiers")
        for kind_name, value in () if given is None else given.items():
            if needed and kind_name in plan.requires:
                needed = False
            rule = known[kind_name]
            if type(value) is str:
                normal = value if value in rule.known else rule.normal(value)
                if normal is None:
                    raise Doubt
                pairs.append((kind_name, normal))
                continue
            if type(value) is not list or not value:
                raise Doubt
            repeated = True
            for one in value:
                normal = rule.normal(one)
                if normal is None:
                    raise Doubt
                pairs.append((kind_name, normal))
        if needed:
            raise Doubt
        if len(pairs) > 1:
            if len(pairs) > 16:
                raise Doubt
            if repeated:
                pairs = list(set(pairs))
            pairs.sort()
        text = orjson.dumps(rest, option=_SORTED).decode() if rest else "{}"
        row = len(self.rows)
        self.rows.append(
            (source, event_id, plan.name, plan.version, area, agency, unit, time, precision,
             get("recordedtime"), get("sequence"), *shared, get("correlationid"), get("causationid"), text)
        )  # fmt: skip
        self.places.append(place)
        self.counts.append(len(pairs))
        self.pairs += pairs
        if stands_for is not None:
            self.labelled.append((row, stands_for[0]))
        if times is not None:
            self.other_times += [(row, one) for one in times]

    def build(self, origin: str, first_position: int) -> tuple[pa.Table, list[int]]:
        """The good rows as EVENTS, and the places of the lines that turned out doubtful."""
        if not self.rows:
            return EVENTS.empty_table(), []
        rows = len(self.rows)
        bad = np.zeros(rows, dtype=bool)
        columns: dict[str, pa.Array] = {}
        for name, values in zip(ROW_COLUMNS, self._columns(), strict=True):
            if name == "identifiers":
                columns[name] = identifier_lists(self.counts, self.pairs)
                continue
            column = _column(values, pa.string() if name in _TIMES else EVENTS.field(name).type, bad)
            columns[name] = self._times(column, bad) if name in _TIMES else column
        if self.labelled:
            columns["occurred_at"] = self._with_labels(columns["occurred_at"])
        if self.other_times:
            self._check_other_times(bad)
        places = np.asarray(self.places, dtype=np.int64)
        columns["origin"] = pa.repeat(origin, rows)
        columns["position"] = pa.array(places + first_position)
        table = pa.Table.from_arrays([columns[name] for name in EVENTS.names], schema=EVENTS)
        if not bad.any():
            return table, []
        return table.filter(pa.array(~bad)), places[bad].tolist()

    def _columns(self) -> list[Any]:
        columns: list[Any] = list(zip(*self.rows, strict=True))
        columns.insert(ROW_COLUMNS.index("identifiers"), None)
        return columns

    def _times(self, column: pa.Array, bad: np.ndarray) -> pa.Array:
        """Instants of a column of text; rows that are not one within the limits are marked."""
        micros = pa.timestamp("us")
        if column.null_count == len(column):
            return pa.nulls(len(column), micros)
        well_formed = pc.match_substring_regex(column, _INSTANT)
        if not pc.all(well_formed).as_py():
            _mark(bad, pc.invert(well_formed))
            column = pc.if_else(well_formed, column, None)
        try:
            instants = column.cast(pa.timestamp("us", "UTC")).cast(micros)
        except pa.ArrowInvalid:  # one 31 February: then each is read alone
            read = [None if text is None else read_instant(text) for text in column.to_pylist()]
            _mark(bad, pa.array([isinstance(one, str) for one in read]))
            instants = pa.array([one if type(one) is int else None for one in read], pa.int64()).cast(micros)
        number = instants.cast(pa.int64())
        _mark(bad, pc.or_(pc.less(number, self.rules.earliest), pc.greater_equal(number, self.rules.latest)))
        return instants

    def _with_labels(self, occurred: pa.Array) -> pa.Array:
        rows, labels = zip(*self.labelled, strict=True)
        micros = pc.fill_null(occurred.cast(pa.int64()), 0).to_numpy(zero_copy_only=False).copy()
        micros[list(rows)] = labels
        return pa.array(micros).cast(pa.timestamp("us"))

    def _check_other_times(self, bad: np.ndarray) -> None:
        """Times that stay in `data` are in their one form if they are 20 characters long, and times."""
        rows, texts = zip(*self.other_times, strict=True)
        wrong = np.zeros(len(texts), dtype=bool)
        self._times(pa.array(texts, pa.string()), wrong)
        bad[np.asarray(rows)[wrong]] = True


def _column(values: Any, kind: pa.DataType, bad: np.ndarray) -> pa.Array:
    """The values as a column; those that are not of its type (a number in `sequence`) are marked and left
    out."""
    try:
        return pa.array(values, kind)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        wrong = [value is not None and type(value) is not str for value in values]
        bad |= np.asarray(wrong)
        return pa.array([None if is_wrong else value for value, is_wrong in zip(values, wrong, strict=True)], kind)


def _mark(bad: np.ndarray, wrong: pa.Array) -> None:
    bad |= pc.fill_null(wrong, False).to_numpy(zero_copy_only=False)
