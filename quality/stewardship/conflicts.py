"""Copies of one event that differ: what each says, and the steward's decision which of them stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
import orjson

from throughline.errors import DataError, UsageError
from throughline.quality.stewardship.desk import Action, Desk
from throughline.schemas.definitions.steward import RESOLVED
from throughline.sql import sql

# how a copy came here: two copies may differ in it and be one content
_COMING = ("recorded_at", "received_at", "origin", "position")
_KEYS = frozenset({"event_key", "case_key", "identifier_keys", "standing", "revised", "source", "event_id"})


@dataclass(frozen=True)
class Copy:
    """One content of an event; `fields` are its attributes by name, those of `data` as `data.NAME`, null left out.

    `coming` is when and where it was recorded, received and read, which is no content. Times are UTC.
    """

    content_hash: str
    stands: bool
    fields: dict[str, Any]
    coming: dict[str, Any]


def source_called(connection: duckdb.DuckDBPyConnection, given: str) -> str:
    """The source with this name, or the one whose name ends so, as tables show it: `police:20:rms`.

    A name that no source of the store has is given back. Raises DataError where several end so.
    """
    found = connection.execute(
        "select distinct source from (select source from events union all select source from quarantined) "
        "where source = $given or ends_with(source, ':' || $given) order by source",
        {"given": given},
    ).fetchall()
    names = [name for (name,) in found]
    if given in names or not names:
        return given
    if len(names) > 1:
        raise DataError(f"Several sources end in `{given}`.", hint=f"Name one of them whole: {', '.join(names)}.")
    return str(names[0])


def copies_of(connection: duckdb.DuckDBPyConnection, source: str, id: str) -> list[Copy]:
    """The copies of an event that was published with different contents, by area and content hash.

    `source` may be given as `source_called` takes it. Raises DataError where there is no such event, or only one
    content of it.
    """
    source = source_called(connection, source)
    connection.execute(sql("throughline.streams.join", "keys"))
    found = connection.execute(
        "select content_hash_of(e) as content_hash, e.* from dated_events e "
        "where source = $source and event_id = $id "
        # another area's event under the same id is another event
        "qualify count(*) over (partition by event_key) > 1 order by area, content_hash",
        {"source": source, "id": id},
    )
    names = [column[0] for column in found.description]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    if not rows:
        raise DataError(
            f"No copies of the event `{id}` of `{source}` differ.",
            hint="`throughline conflicts list` shows the events whose copies do.",
        )
    return [_copy(row) for row in rows]


def _copy(row: dict[str, Any]) -> Copy:
    fields = {
        name: value
        for name, value in row.items()
        if name not in _KEYS and name not in _COMING and name not in ("content_hash", "data") and value is not None
    }
    fields["identifiers"] = sorted(f"{one['kind']}:{one['value']}" for one in row["identifiers"])
    fields |= {f"data.{name}": value for name, value in orjson.loads(row["data"]).items()}
    return Copy(row["content_hash"], row["standing"] == "stands", fields, {name: row[name] for name in _COMING})


def resolve(desk: Desk, source: str, id: str, content_hash: str, *, reason_code: str) -> None:
    """Let the copy with this content stand. `source` may be given as `source_called` takes it. See `Desk.publish`.

    Raises DataError where no copies differ or none has this hash, UsageError where the event is of another area than
    the desk, where the action would not come, or where an earlier decision is dated later.
    """
    connection = desk.store.connection
    source = source_called(connection, source)
    copies = copies_of(connection, source, id)
    areas = sorted({copy.fields["area"] for copy in copies})
    if desk.area not in areas:
        raise UsageError(f"The event is not of the area {desk.area}.", hint=f"Give --area {' or '.join(areas)}.")
    hashes = [copy.content_hash for copy in copies if copy.fields["area"] == desk.area]
    if content_hash not in hashes:
        raise DataError(
            f"No copy of the event `{id}` has the content hash `{content_hash}`.",
            hint=f"There are: {', '.join(hashes)}.",
        )
    ((latest,),) = connection.execute(
        "select max(occurred_at) from dated_events where type = ? and standing = 'stands' "
        "and (data->>'$.conflict_source') = ? and (data->>'$.conflict_id') = ? and area = ?",
        [RESOLVED, source, id, desk.area],
    ).fetchall()
    desk.check_outlasts(latest, "What a steward decided on this event")
    named = {"conflict_source": source, "conflict_id": id, "content_hash": content_hash, "reason_code": reason_code}
    desk.publish([Action(RESOLVED, named)])
