"""Proofs of SQL: a YAML file of cases, each with the rows given and the rows expected, worked out by hand.

A case has `case` (what it shows), perhaps `as_of` (UTC; else 2026-06-01, or null), `given` (rows by table) and
`expected`. What a row does not name is null, or plain (`PLAIN`). A row may stand for many:

- `times: 30` repeats it, and `every: 1 day` moves each repetition on in all its times
- `months: 2026-01..2026-05` has it (so often) in each month, for which `{month}` stands
- `{n}` in a value is the number of the repetition, over all months

A fraction (`4/104`) is a number. Events without a key are numbered from 1 in the order given, as `e1`, `e2` …, each in
a case of its own; the same number stands for an event or a case in any other table.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import yaml

from throughline.sinks.store import Store, open_memory_store

Row = dict[str, Any]
AS_OF = "2026-06-01T00:00"
KEY = "{n}"
"""As a default: the running number of the row among those given of its table."""

_MORNING = "{month}-02T10:15:07"
_SENT = {"case_key": KEY, "position": 1, "from_agency": "police", "to_agency": "cps", "kind": "sent"}
PLAIN: dict[str, Row] = {
    "events": {
        "event_key": KEY, "case_key": KEY, "source": "rms", "event_id": "e{n}", "type": "police.crime.recorded",
        "version": 1, "area": "20", "agency": "police", "occurred_at": _MORNING, "occurred_precision": "instant",
        "received_at": "2026-06-01T06:00", "identifiers": {}, "identifier_keys": [], "data": {}, "standing": "stands",
        "origin": "in/1.jsonl", "position": KEY,
    },
    "duplicates": {"origin": "in/2.jsonl", "position": KEY, "received_at": "2026-06-02T06:00"},
    "restated": {
        "origin": "in/1.jsonl", "position": 1, "received_at": "2026-06-02T06:00",
        "first_received_at": "2026-06-01T06:00",
    },
    "statements": {"received_at": "2026-06-02T06:00"},
    "quarantined": {
        "quarantine_id": KEY, "reason": "bad_time", "detail": "A time.", "origin": "in/1.jsonl", "position": KEY,
        "received_at": "2026-06-01T06:00",
    },
    "identifiers": {
        "identifier_key": KEY, "area": "20", "kind": "urn", "value": "U{n}", "case_key": KEY, "is_hub": False,
    },
    "case_facts": {
        "case_key": KEY, "area": "20", "identifiers": [], "opened_at": _MORNING, "state": "unknown", "events": 1,
        "handoffs": 0, "last_at": "2026-06-01T00:00",
    },
    "holding_facts": {
        "case_key": KEY, "position": 1, "agency": "police", "from_at": _MORNING, "from_precision": "instant",
        "from_date": "{month}-02",
    },
    "handoff_facts": {**_SENT, "sent_at": _MORNING, "sent_precision": "instant", "sent_event": KEY},
    "clock_facts": {
        "case_key": KEY, "standard": "S", "version": "1", "start_event": KEY, "started_precision": "instant",
        "started_at": "2026-03-02T10:00", "start_earliest": "2026-03-02T10:00", "start_latest": "2026-03-02T10:00",
        "start_first": "2026-03-02", "start_last": "2026-03-02", "cancelled": False, "unit": "hours", "paused": 0,
    },
    "pause_facts": {
        "case_key": KEY, "standard": "S", "version": "1", "start_event": KEY, "position": 1, "paused": 0,
        "from_at": "2026-03-04T10:00", "from_earliest": "2026-03-04T10:00", "from_latest": "2026-03-04T10:00",
        "from_first": "2026-03-04", "from_last": "2026-03-04", "to_at": "2026-03-06T10:00",
    },
    "contact_facts": {
        "case_key": KEY, "position": 1, "kind": "promised", "agency": "police", "occurred_at": _MORNING,
        "occurred_precision": "instant", "event_key": KEY,
    },
    "telling_facts": {"case_key": KEY, "event_key": KEY, "position": 1, "class": "not_told"},
    "claim_facts": {
        "case_key": KEY, "agency": "police", "position": 1, "claimed_holder": "police", "from_at": _MORNING,
        "event_key": KEY,
    },
    "contradiction_facts": {
        "case_key": KEY, "left_agency": "cps", "right_agency": "police", "left_claim": "police", "right_claim": "cps",
        "kind": "each_points_at_other", "from_at": _MORNING,
    },
    "effects": {"ordinal": 0, "kind": "sent"},
    "event_types": {"version": 1, "brief": "", "summary": "", "is_decision": False},
    "standards": {
        "version": "1", "title": "A standard", "owner": "police", "match": "case", "once": False, "due_field": False,
        "confirmed": True, "enabled": True, "local": False, "source": "",
    },
    "standard_events": {"standard": "S", "version": "1", "role": "start"},
    "alert_rules": {"severity": "high"},
    "figure_rules": {"at_least": 0.8, "precision": "month"},
    "number_runs": {"source": "rms", "area": "20", "series": "a", "first_at": _MORNING, "last_at": _MORNING},
    "heartbeats": {"area": "20", "sent_at": _MORNING},
    "quarantine_acts": {"discarded": False},
    "agencies": {"name": "", "role": "police"},
    "domain": {"name": "d", "title": "D", "type_prefix": "d", "time_zone": "Europe/London", "second_person": False},
}  # fmt: skip
"""Columns that a row has unless it says otherwise."""

EVERYWHERE: dict[str, list[Row]] = {
    "agencies": [{"agency": one, "role": one} for one in ("police", "cps", "advocate", "steward")],
    "domain": [{}],
}
"""Tables that a case has unless it gives them."""


@contextmanager
def forgotten(store: Store) -> Iterator[Store]:
    """A store that forgets what the block does: making one anew for each case costs a hundred times as much."""
    store.connection.execute("begin")
    yield store
    store.connection.execute("rollback")


@dataclass(frozen=True)
class Proof:
    """One case of the proof of what `name` names."""

    name: str
    case: str
    as_of: datetime | None
    given: Mapping[str, list[Row]]
    expected: list[Row]
    settings: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.name}: {self.case}"


class _Plain(yaml.SafeLoader):
    """Reads a time as text: what it becomes is the column's to say."""


_Plain.yaml_implicit_resolvers = {
    first: [one for one in resolvers if one[0] != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def proofs(folder: Path) -> list[Proof]:
    """The cases of every file of a folder, by name; `settings` is what a case says besides."""
    found = []
    for path in sorted(folder.glob("*.yaml")):
        for one in yaml.load(path.read_text(encoding="utf-8"), _Plain):  # a subclass of the safe loader
            case, given = one.pop("case"), one.pop("given")
            as_of = one.pop("as_of", AS_OF)
            expected = list(_spread(one.pop("expected")))
            found.append(Proof(path.stem, case, as_of and datetime.fromisoformat(as_of), given, expected, one))
    return found


@pytest.fixture(scope="module")
def made_once() -> Iterator[Store]:
    with open_memory_store() as store:
        yield store


@pytest.fixture
def empty_store(made_once: Store) -> Iterator[Store]:
    """A store that no domain filled, and that forgets what a test put into it."""
    with forgotten(made_once):
        yield made_once


def give(connection: duckdb.DuckDBPyConnection, given: Mapping[str, Iterable[Row]]) -> None:
    """Insert the rows into the tables of these names."""
    for table, rows in given.items():
        columns = dict(connection.execute(f"select column_name, column_type from (describe {table})").fetchall())
        filled = list(_filled(rows, PLAIN.get(table, {})))
        named = dict.fromkeys(name for row in filled for name in row)
        unknown = named.keys() - columns.keys()
        assert not unknown, f"{table} has no columns {sorted(unknown)}"
        if filled:
            made = {name: [_value(row.get(name), columns[name]) for row in filled] for name in named}
            # Arrow takes a number for one with a sign unless it is told
            kinds = {name: pa.uint64() if columns[name] == "UBIGINT" else None for name in named}
            arrays = [pa.array(values, kinds[name]) for name, values in made.items()]
            connection.register("rows_given", pa.Table.from_arrays(arrays, names=list(made)))
            connection.execute(f"insert into {table} by name from rows_given")
            connection.unregister("rows_given")


def difference(
    connection: duckdb.DuckDBPyConnection, query: str, expected: list[Row], parameters: Mapping[str, Any] | None = None
) -> str | None:
    """How what a query gives differs from the rows expected, in the columns that any of them names; null if it is not.

    Rows may come in any order. Between fractions a hair is no difference.
    """
    result = connection.execute(query, parameters or {})
    names = [column[0] for column in result.description]
    kinds = {column[0]: str(column[1]) for column in result.description}
    made = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    compared = list(dict.fromkeys(name for row in expected for name in row))
    assert not (unknown := [name for name in compared if name not in kinds]), f"no columns {unknown} in {names}"
    wanted = [{name: _value(row.get(name), kinds[name]) for name in compared} for row in expected]
    if not expected:
        return f"nothing expected, {made} made" if made else None
    shown = [{name: row[name] for name in compared} for row in made]
    left = list(shown)
    for row in wanted:
        same = next((one for one in left if all(_same(row[name], one[name]) for name in compared)), None)
        if same is None:
            return f"expected {row}\n" + "\n".join(f"  made {one}" for one in shown)
        left.remove(same)
    return f"not expected: {left}" if left else None


def _filled(rows: Iterable[Row], plain: Row) -> Iterator[Row]:
    """The rows given, with the defaults of their table."""
    for number, (row, month, moved) in enumerate(_repeated(rows), start=1):
        key = row.get("event_key", number)
        full = {name: _in_place(value, key, month) for name, value in plain.items()} | row
        yield {name: _moved_on(value, moved) for name, value in full.items()}


def _spread(rows: Iterable[Row]) -> Iterator[Row]:
    return ({name: _moved_on(value, by) for name, value in row.items()} for row, _, by in _repeated(rows))


def _repeated(rows: Iterable[Row]) -> Iterator[tuple[Row, str, timedelta]]:
    """Each row as often as it says, its month, and by how much its times are moved on."""
    for given in rows:
        row = dict(given)
        times, months, every = row.pop("times", 1), _months(row.pop("months", "2026-03")), row.pop("every", "0 days")
        amount, unit = every.split()
        step = timedelta(**{unit.rstrip("s") + "s": float(amount)})
        for number, (month, place) in enumerate(product(months, range(times)), start=1):
            yield {name: _in_place(value, number, month) for name, value in row.items()}, month, place * step


def _moved_on(value: Any, by: timedelta) -> Any:
    return (
        (datetime.fromisoformat(value) + by).isoformat()
        if by and isinstance(value, str) and _TIME.match(value)
        else value
    )


_TIME = re.compile(r"\d{4}-\d\d-\d\d(T|$)")


def _months(text: str) -> list[str]:
    first, _, last = text.partition("..")
    day, months = date.fromisoformat(f"{first}-01"), []
    while (month := day.isoformat()[:7]) <= (last or first):
        months.append(month)
        day = (day + timedelta(days=31)).replace(day=1)
    return months


def _in_place(value: Any, number: int, month: str) -> Any:
    if value == KEY:
        return number
    if isinstance(value, dict):
        return {name: _in_place(one, number, month) for name, one in value.items()}
    return value.replace("{n}", str(number)).replace("{month}", month) if isinstance(value, str) else value


def _value(value: Any, kind: str) -> Any:
    """A value of YAML as the column has it."""
    kind = kind.upper()
    if value is None:
        return None
    if kind.startswith("TIMESTAMP"):
        return datetime.fromisoformat(value)
    if kind == "DATE":
        return date.fromisoformat(value[:10])
    if kind.startswith("STRUCT"):
        pairs = value.items() if isinstance(value, dict) else value
        return [{"kind": one, "value": other} for one, other in pairs]
    if kind in ("DOUBLE", "FLOAT"):
        return float(Fraction(value) if isinstance(value, str) else value)
    if kind.endswith("INT") or kind == "INTEGER":
        return int(value)
    if kind == "VARCHAR":
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return value


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-12)
    return bool(left == right)
