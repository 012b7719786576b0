"""What a mapping says of a database that is read in place of files: which rows, what names one, and how those are found
that have not been read.

Its keys and what they mean stand in KEYS.
"""

from __future__ import annotations

from dataclasses import dataclass

from throughline.schemas.definitions.entry import Entry
from throughline.schemas.pages.key import Key, Section

XMIN = "xmin"
WAYS = ("watermark", "outbox", "whole")
_WAIT_SECONDS = 86_400.0
_CHANGES = {"Changed": "2026-01-05 10:15:00"}
_COMES = "identifiers.crime_ref → 20/000123/26"
KEYS = Section(
    "`database`",
    "Rows of a database instead of a file's: which, what names one, and how those are found that have not been read, "
    "by exactly one of `watermark`, `outbox` and `whole`. `throughline source poll` reads them.",
    (
        Key(
            "table",
            "The table or view, with its schema if it needs one.",
            "database: {table: records.crimes, key: No, watermark: Changed}",
            _COMES,
            _CHANGES,
        ),
        Key(
            "select",
            "Instead of a table a query, in the words of the database.",
            'database: {select: "select * from crimes where open = 1", key: No, watermark: Changed}',
            _COMES,
            _CHANGES,
        ),
        Key(
            "key",
            "The column or columns that name a row; the column of `outbox` does by itself.",
            "database: {table: crimes, key: [No, Changed], watermark: Changed}",
            _COMES,
            _CHANGES,
        ),
        Key(
            "watermark",
            "A column that grows with each change: a time or a number. A column of the type xid8, or the word `xmin` "
            "for any table of PostgreSQL, lets the database itself say what may still come.",
            "database: {table: crimes, key: No, watermark: Changed}",
            _COMES,
            _CHANGES,
        ),
        Key(
            "overlap",
            "How far below the highest value it is read again each time, in seconds or in numbers: what began earlier "
            "may be committed later.",
            'database: {table: crimes, key: No, watermark: Changed, overlap: "600"}',
            _COMES,
            _CHANGES,
        ),
        Key(
            "outbox",
            "A column that numbers rows which are only added.",
            "database: {table: events, outbox: Serial}",
            _COMES,
            {"Serial": "17"},
        ),
        Key(
            "wait",
            "How many seconds a number is asked for again that is not there. Usually a day.",
            'database: {table: events, outbox: Serial, wait: "3600"}',
            _COMES,
            {"Serial": "17"},
        ),
        Key(
            "whole",
            "`true`: every row each time, compared with the time before, with `snapshot` as for files without `as_of`.",
            "database: {table: crimes, key: No, whole: true}\nsnapshot: {complete: true, vanished: retract}",
            "revision → 2026-01-31",
        ),
    ),
)


@dataclass(frozen=True)
class Relation:
    """Rows of a database: exactly one of `table` and `select` is said, and `way` is one of WAYS. `by` is the column of
    a watermark or an outbox, '' for whole tables. `overlap` None: the usual one of the column's kind."""

    table: str
    select: str
    key: tuple[str, ...]
    way: str
    by: str
    overlap: float | None
    wait: float
    line: int = 0

    @property
    def name(self) -> str:
        """What it is called in messages and reports."""
        return self.table or "select"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read whatever the mapping makes of them."""
        by = () if self.by in ("", XMIN) else (self.by,)
        return tuple(dict.fromkeys((*by, *self.key)))


def read_relation(top: Entry) -> Relation | None:
    """What stands under `database`, None where nothing does."""
    part = top.entry("database")
    if part is None:
        return None
    KEYS.only(part)
    for keys in (("table", "select"), WAYS):
        if sum(key in part.map for key in keys) != 1:
            part.fault(None, f"needs exactly one of {', '.join(f'`{key}`' for key in keys)}.")
    way = next((one for one in WAYS if one in part.map), WAYS[0])
    by = part.text(way) if way in part.map and way != "whole" else ""
    if way == "whole" and part.map["whole"] != "true":
        part.fault("whole", "must be true, or left out.")
    key = part.texts("key")
    if not key and way != "outbox":
        part.fault("key", "is missing: it names the column or columns by which a row is known.")
    if by == XMIN and "select" in part.map:
        part.fault("watermark", "`xmin` is of a table, not of a `select`.")
    for name, of in (("overlap", "watermark"), ("wait", "outbox")):
        if name in part.map and way != of:
            part.fault(name, f"is for `{of}` only.")
    _check_snapshot(top, part, way)
    return Relation(
        table=part.text("table", needed=False),
        select=part.text("select", needed=False),
        key=key or (by,),
        way=way,
        by=by,
        overlap=_number(part, "overlap"),
        wait=_number(part, "wait") or _WAIT_SECONDS,
        line=top.line("database"),
    )


def _check_snapshot(top: Entry, part: Entry, way: str) -> None:
    snapshot = top.entry("snapshot") if isinstance(top.map.get("snapshot"), dict) else None
    if way != "whole" and snapshot is not None and "complete" in snapshot.map:
        hint = "Say `whole: true`, or leave it out."
        part.fault(way, "reads a part of the rows, and `snapshot` says that they are complete.", hint)
    if way == "whole" and "snapshot" not in top.map:
        hint = "Write `snapshot: {complete: true, vanished: retract}`."
        part.fault("whole", "is a snapshot each time, and the mapping has no `snapshot`.", hint)
    if way == "whole" and snapshot is not None and "as_of" in snapshot.map:
        part.fault("whole", "is as of the moment at which it is read: leave `as_of` of `snapshot` out.")


def _number(part: Entry, key: str) -> float | None:
    if key not in part.map:
        return None
    given = part.word(key)
    if not given.replace(".", "", 1).isdecimal():
        part.fault(key, "must be a number, not below 0.")
        return None
    return float(given)
