"""OCEL 2.0 in SQLite.

Source: OCEL 2.0 specification, relational format: `event`, `object`, `event_object`, `object_object`, `event_map_type`,
`object_map_type`, and for each type a table `event_…` or `object_…`. A row of an object with `ocel_changed_field` says
that one value only.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from throughline.errors import DataError
from throughline.sources.objects.contents import Contents, Event, Kind, Object, Relation, Value

_OWN = {"ocel_id", "ocel_time", "ocel_changed_field"}
_HINT = "Export it again: it is cut off, damaged, or no OCEL 2.0."
_VIRTUAL = re.compile(r"\s*create\s+virtual\b", re.IGNORECASE).match


def read_ocel_sqlite(path: Path) -> Contents:
    """What stands in a database, which is only read. Raises DataError where it is damaged, or is no OCEL 2.0."""
    address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as database:
            # what the file itself says is not run
            database.execute("pragma trusted_schema = off")
            database.text_factory = lambda raw: raw.decode("utf-8", "replace")
            yield from _contents(database, path)
    except sqlite3.Error as error:
        raise DataError(f"cannot be read as OCEL 2.0 in SQLite ({error})", file=path, hint=_HINT) from error


def _contents(database: sqlite3.Connection, path: Path) -> Contents:
    def must_be_table(name: str, *columns: str) -> list[str]:
        """The columns of a table: a view would be run, and may never end."""
        found = database.execute("select type, sql from sqlite_schema where name = ? collate nocase", [name]).fetchone()
        if found is None or found[0] != "table" or _VIRTUAL(found[1] or ""):
            raise DataError(f"cannot be read as OCEL 2.0 in SQLite: `{name}` is no table in it", file=path, hint=_HINT)
        names = [name for _, name, *_ in database.execute(f"pragma table_info({_quoted(name)})")]
        lacks = next((one for one in columns if one not in names), None)
        if lacks is not None:
            said = f"cannot be read as OCEL 2.0 in SQLite: its table `{name}` has no column `{lacks}`"
            raise DataError(said, file=path, hint=_HINT)
        return names

    for of in ("object", "event"):
        must_be_table(f"{of}_map_type")
        for type_, table in database.execute(f"select ocel_type, ocel_type_map from {of}_map_type order by 1"):
            names = must_be_table(f"{of}_{table}", "ocel_id", "ocel_time")
            attributes = [name for name in names if name not in _OWN]
            yield Kind(of, str(type_), tuple(attributes))
            rows = _rows(database, f"{of}_{table}", names)
            yield from (_events(rows, str(type_), attributes) if of == "event" else _values(rows, attributes))
    must_be_table("object")
    for own, type_ in database.execute("select ocel_id, ocel_type from object"):
        yield Object(str(own), str(type_))
    for of, source, target in (
        ("event", "ocel_event_id", "ocel_object_id"),
        ("object", "ocel_source_id", "ocel_target_id"),
    ):
        must_be_table(f"{of}_object")
        for first, second, qualifier in database.execute(f"select {source}, {target}, ocel_qualifier from {of}_object"):
            yield Relation(of, str(first), str(second), str(qualifier or ""))


def _rows(database: sqlite3.Connection, table: str, names: list[str]) -> Iterator[dict[str, Any]]:
    for row in database.execute(f"select {', '.join(map(_quoted, names))} from {_quoted(table)}"):
        yield dict(zip(names, row, strict=True))


def _events(rows: Iterator[dict[str, Any]], type_: str, attributes: list[str]) -> Contents:
    for row in rows:
        values = {name: text for name in attributes if (text := _text(row[name]))}
        yield Event(str(row["ocel_id"]), type_, _text(row["ocel_time"]), values)


def _values(rows: Iterator[dict[str, Any]], attributes: list[str]) -> Contents:
    for row in rows:
        changed = row.get("ocel_changed_field")
        for name in attributes if changed is None else [str(changed)]:
            if text := _text(row.get(name)):
                yield Value(str(row["ocel_id"]), name, _text(row["ocel_time"]), text)


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, bytes) else str(value)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
