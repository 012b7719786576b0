"""One record of Kafka Connect in JSON, with or without its schema: the row that it is about, and what stands around.

Reasons of a record that is none: those of `read_json`, not_a_change, unknown_operation, no_row, not_object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from throughline.schemas.acceptance.reject import Reject, read_json
from throughline.sources.changes.logical_types import fields_of, read_struct
from throughline.sources.changes.position import log_position

UNAVAILABLE = (
    "__debezium_unavailable_value",
    "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==",
    "5f5f646562657a69756d5f756e617661696c61626c655f76616c7565",
)
"""What stands in the place of a large value that did not change and that the database did not say: as text, and as
base64 and hexadecimal of a binary column."""
_OPERATIONS = ("c", "u", "d", "r")
_TIMES = ("ts_ms", "ts_us", "ts_ns")


@dataclass(frozen=True, slots=True)
class ConnectRecord:
    """A record as it stands in its partition; `time` is the broker's, milliseconds since 1970 UTC."""

    topic: str
    partition: int
    offset: int
    time: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()

    @property
    def origin(self) -> str:
        return f"{self.topic}-{self.partition}"


@dataclass(frozen=True, slots=True)
class Said:
    """What a record says: its row, and what stands around it by name.

    `is_backlog`: a snapshot has read the row, which may have stood so for long. `columns` are all that its table has,
    where the record says so.
    """

    row: dict[str, Any]
    around: dict[str, Any]
    is_deleted: bool = False
    is_backlog: bool = False
    columns: tuple[str, ...] = field(default=())


def read_record(record: ConnectRecord, kind: str) -> Said | Reject | None:
    """What a record says, of the kind `changes` or `outbox`; None for a tombstone, which says nothing new."""
    if record.value is None:
        return None
    read = read_json(record.value)
    if isinstance(read, Reject):
        return read
    value, schema = _unwrapped(read)
    if value is None:
        return None
    said = _outbox(value) if kind == "outbox" else _change(value, schema)
    if isinstance(said, Said):
        said.around["topic"] = record.topic
        said.around["key"] = None if record.key is None else _text_of(record.key)
        said.around["headers"] = {name: None if text is None else _text_of(text) for name, text in record.headers}
    return said


def _unwrapped(read: Any) -> tuple[Any, Any]:
    """The payload of a converter that writes schemas, with its schema; anything else as it is."""
    if isinstance(read, dict) and read.keys() == {"schema", "payload"}:
        return read["payload"], read["schema"]
    return read, None


def _text_of(raw: bytes) -> Any:
    """A key or header: JSON, or the text that it is."""
    if raw[:1] in (b"{", b'"'):
        read = read_json(raw)
        if not isinstance(read, Reject):
            return _unwrapped(read)[0]
    return raw.decode("utf-8", "replace")


def _change(value: Any, schema: Any) -> Said | Reject:
    source = value.get("source") if isinstance(value, dict) else None
    if not isinstance(source, dict) or "op" not in value:
        told = (
            "a change has `op`, `source`, `before` and `after`; leave out what flattens records (ExtractNewRecordState)"
        )
        return Reject("not_a_change", None, told)
    operation = value["op"]
    if operation not in _OPERATIONS:
        told = "a change is c, u, d or r; t empties the whole table, and m is no row"
        return Reject("unknown_operation", "op", told)
    is_deleted = operation == "d"
    name, other = ("before", "after") if is_deleted else ("after", "before")
    state, before = value.get(name), value.get("before")
    if not isinstance(state, dict):
        told = f"the record has no `{name}`; PostgreSQL gives what was deleted with `replica identity full`"
        return Reject("no_row", name, told)
    schemas = fields_of(schema)
    row = read_struct(state, schemas.get(name) or schemas.get(other))
    was = read_struct(before, schemas.get("before")) if isinstance(before, dict) else {}
    if not is_deleted:
        for column, inner in row.items():
            if inner in UNAVAILABLE and was.get(column) is not None:
                row[column] = was[column]
    is_backlog = operation == "r" or str(source.get("snapshot", "false")).lower() not in ("false", "none")
    # the time at which a snapshot read a row is not when it came to stand so
    around_source = {key: None if is_backlog and key in _TIMES else inner for key, inner in source.items()}
    around: dict[str, Any] = {
        "op": operation,
        "position": log_position(source),
        "source": around_source,
        "before": was,
        "transaction": value.get("transaction"),
        **{key: value.get(key) for key in _TIMES},
    }
    columns = tuple(fields_of(schemas.get("after"))) or (() if is_deleted else tuple(row))
    return Said(row, around, is_deleted, is_backlog, columns)


def _outbox(value: Any) -> Said | Reject:
    """The payload, which may be JSON in a text, and the columns that stand beside it."""
    around: dict[str, Any] = {}
    row = _object(value)
    if isinstance(row, dict) and "payload" in row and isinstance(_object(row["payload"]), dict):
        around = {name: inner for name, inner in row.items() if name != "payload"}
        row = _object(row["payload"])
    if isinstance(row, Reject):
        return row
    if not isinstance(row, dict):
        return Reject("not_object", None, "what an outbox says is an object, or JSON of one")
    return Said(row, around)


def _object(value: Any) -> Any:
    return read_json(value.encode()) if isinstance(value, str) else value


def named(around: Mapping[str, Any], path: str) -> tuple[bool, Any]:
    """Whether something stands at a path around a row (`source.lsn`), and what."""
    if path in around:
        return True, around[path]
    head, _, rest = path.partition(".")
    inner = around.get(head)
    return named(inner, rest) if isinstance(inner, dict) and rest else (False, None)
