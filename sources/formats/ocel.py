"""Object-centric event logs (OCEL 2.0: JSON, XML, SQLite) to Rows: each event is a row, or each change of an object.

An event has the columns `id`, `type`, `time`, and `@NAME` for each attribute. For each type of object it has a column
of that name: the ids of its objects of that type, as a list in JSON, which a mapping reads by `split: json`; and
`TYPE/@NAME` for each attribute of theirs, as it was at the time of the event. `TYPE[QUALIFIER]` are those in one role,
with attributes in the same way; these columns are there where the mapping names them. Of a type, or a type in a role,
that is named under `single` an event has one object at most, and its columns are plain.

A change has `object`, `object_type`, `attribute`, `value`, `before`, `time`, and the columns of the types of objects
that it is related to, itself among them. What an object was like from its beginning on is no change.

Reasons: `unknown_object` (an event names one that the log does not have), `several_objects`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import orjson
import pyarrow as pa

from throughline.errors import DataError
from throughline.schemas.acceptance.rfc3339 import write_instant
from throughline.schemas.definitions.entry import Entry
from throughline.schemas.pages.key import Key, Section
from throughline.sources.formats.registry import RowFormat, Settings
from throughline.sources.formats.rows import Fault, Rows, row_rejects, row_table
from throughline.sources.formats.text import open_bytes
from throughline.sources.objects.contents import Contents
from throughline.sources.objects.json_contents import read_ocel_json
from throughline.sources.objects.kept import KeptLog, micros
from throughline.sources.objects.sqlite_contents import read_ocel_sqlite
from throughline.sources.objects.xml_contents import read_ocel_xml

ROWS = ("events", "changes")
_AT_ONCE = 20_000
_COLUMNS = 2_000
_ROW_BYTES = 262_144
_QUALIFIED = re.compile(r"(.+)\[(.*)\]").fullmatch
_CHANGE = ("object", "object_type", "attribute", "value", "before", "time")

# by column what stands there: several values are a list
Found = dict[str, str | list[str]]
Related = list[tuple[str, str | None, str]]


def read_ocel(path: Path, settings: Settings) -> Iterator[Rows]:
    """The rows of a log; `settings` needs `rows` and may give `single` and `qualified`. The first Rows has none.

    The log is laid out on the disk. `position` counts events, or changes, from 1. Raises DataError where it is damaged.
    """
    if "rows" not in settings:
        hint = "Say in the mapping what its rows are: `ocel: {rows: events}`."
        raise DataError(
            "is an object-centric log, and the mapping does not say what its rows are", file=path, hint=hint
        )
    with KeptLog(_contents(path)) as log:
        reader = _Reader(path, log, settings)
        yield reader.rows([], [])
        gathered: list[tuple[int, Found]] = []
        faults: list[Fault] = []
        for position, found, fault in reader.found():
            if fault is None and sum(map(_size, found.values())) > _ROW_BYTES // 4:
                fault = ("too_large", f"it has more than {_ROW_BYTES // 4:,} characters")
            if fault is None:
                gathered.append((position, found))
            else:
                faults.append((position, fault[0], None, fault[1], orjson.dumps(found)[:_ROW_BYTES]))
            if len(gathered) + len(faults) == _AT_ONCE:
                yield reader.rows(gathered, faults)
                gathered, faults = [], []
        if gathered or faults:
            yield reader.rows(gathered, faults)


class _Reader:
    def __init__(self, path: Path, log: KeptLog, settings: Settings) -> None:
        self.path, self.log = path, log
        self.of_events = settings["rows"] == "events"
        self.single = set(settings.get("single", ()))
        types = {name: names for (of, name), names in log.kinds.items() if of == "object"}
        # by type of objects, which of them (None: all) stand under which name
        self.groups: dict[str, list[tuple[str | None, str]]] = {type_: [(None, type_)] for type_ in types}
        for group in dict.fromkeys([*settings.get("qualified", ()), *settings.get("single", ())]):
            matched = None if group in types else _QUALIFIED(group)
            type_ = group if matched is None else matched[1]
            if type_ not in types:
                hint = f"Its types of objects: {', '.join(sorted(types)) or 'none'}."
                raise DataError(f"has no type of objects `{type_}`", file=path, hint=hint)
            if matched is not None:
                self.groups[type_].append((matched[2], group))
        own = [name for (of, _), names in log.kinds.items() if of == "event" for name in names]
        first = ["id", "type", "time", *(f"@{name}" for name in own)] if self.of_events else list(_CHANGE)
        plain = list(dict.fromkeys(first))
        lists: list[str] = []
        for type_, names in types.items():
            for _, group in self.groups[type_]:
                (plain if group in self.single else lists).extend([group, *(f"{group}/@{name}" for name in names)])
        self.columns = tuple(dict.fromkeys([*plain, *lists]))
        self.nested = tuple(column for column in self.columns if column not in plain)
        if len(self.columns) > _COLUMNS:
            raise DataError(f"has more than {_COLUMNS} attributes and types of objects", file=path)

    def found(self) -> Iterator[tuple[int, Found, tuple[str, str] | None]]:
        """Each row by its number, and why it is none."""
        if self.of_events:
            for position, event in self.log.events():
                at = micros(event.time)
                found: Found = {"id": event.id, "type": event.type, "time": event.time if at is None else _instant(at)}
                found |= {f"@{name}": value for name, value in event.values.items()}
                yield position, *self._with_objects(found, self.log.related("event", event.id), at)
            return
        for position, (_, own, type_, attribute, value, stated, at, before) in enumerate(self.log.changes(), 1):
            found = {"object": own, "object_type": type_ or "", "attribute": attribute, "value": value}
            found |= {"before": before or "", "time": _instant(at) if at else stated}
            related = [(own, type_, ""), *self.log.related("object", own), *self.log.relating(own)]
            yield position, *self._with_objects(found, related, at)

    def _with_objects(self, found: Found, related: Related, at: int | None) -> tuple[Found, tuple[str, str] | None]:
        by_type: dict[str, list[tuple[str, str]]] = {}
        for own, type_, qualifier in related:
            if type_ is None:
                return found, ("unknown_object", "it names an object that the log does not have")
            by_type.setdefault(type_, []).append((own, qualifier))
        for type_, those in by_type.items():
            for role, group in self.groups[type_]:
                ids = list(dict.fromkeys(own for own, qualifier in those if role in (None, qualifier)))
                if group in self.single and len(ids) > 1:
                    return found, ("several_objects", "it has several objects of a type of which it may have one")
                self._put(found, group, ids, at)
        return found, None

    def _put(self, found: Found, group: str, ids: list[str], at: int | None) -> None:
        """The objects of a group, and what they were like; those that are not known as of a time as they began."""
        columns: dict[str, list[str]] = {group: ids} if ids else {}
        for own in ids:
            for name, value in self.log.values(own, 0 if at is None else at).items():
                columns.setdefault(f"{group}/@{name}", []).append(value)
        found.update({name: many[0] if group in self.single else many for name, many in columns.items()})

    def rows(self, gathered: list[tuple[int, Found]], faults: list[Fault]) -> Rows:
        arrays = []
        for column in self.columns:
            cells = [found.get(column) or None for _, found in gathered]
            texts = [orjson.dumps(one).decode() if isinstance(one, list) else one for one in cells]
            arrays.append(pa.array(texts, pa.string()))
        positions = pa.array([position for position, _ in gathered], pa.int64())
        return Rows(self.columns, row_table(arrays, positions, None), row_rejects(str(self.path), faults), self.nested)


def _contents(path: Path) -> Contents:
    with open_bytes(path) as file:
        head = file.read(1024).lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"SQLite format 3\x00"):
        yield from read_ocel_sqlite(path)
        return
    with open_bytes(path) as file:
        yield from (read_ocel_xml if head.startswith(b"<") else read_ocel_json)(file, path)


def _instant(at: int) -> str:
    try:
        return write_instant(at)
    except (OverflowError, ValueError):
        return ""


def _size(value: str | list[str]) -> int:
    return len(value) if isinstance(value, str) else sum(map(len, value))


_LOG = """\
{"objectTypes": [{"name": "Crime", "attributes": []}], "eventTypes": [{"name": "NEW", "attributes": []}],
 "objects": [{"id": "20/000123/26", "type": "Crime"}],
 "events": [{"id": "e1", "type": "NEW", "time": "2026-01-05T10:15:00Z",
   "relationships": [{"objectId": "20/000123/26", "qualifier": "concerns"}]}]}"""
_COMES = "identifiers.crime_ref → 20/000123/26"
_PLAIN = "time: {column: time}\nid: {columns: [id]}\nignore: [type]"
KEYS = Section(
    "`ocel`",
    "Logs of objects (OCEL 2.0: JSON, XML, SQLite). An event has `id`, `type`, `time`, `@NAME` for its attributes, for "
    "each type of object the ids of those that it is about, and `TYPE/@NAME` for what they were like then.",
    (
        Key(
            "rows",
            "`events`, or the `changes` of objects: `object`, `object_type`, `attribute`, `value`, `before`, `time`.",
            f"ocel: {{rows: events}}\nidentifiers: {{crime_ref: {{column: Crime, split: json}}}}\n{_PLAIN}",
            _COMES,
            file=_LOG,
        ),
        Key(
            "single",
            "Types of which an event has one object at most, so that no list has to be read.",
            f"ocel: {{rows: events, single: [Crime]}}\nidentifiers: {{crime_ref: Crime}}\n{_PLAIN}",
            _COMES,
            file=_LOG,
        ),
        Key(
            "qualified",
            "`TYPE[QUALIFIER]`: the objects of a type that an event has in one role, as columns of their own.",
            'ocel: {rows: events, qualified: ["Crime[concerns]"]}\n'
            'identifiers: {crime_ref: {column: "Crime[concerns]", split: json}}\n'
            "time: {column: time}\nid: {columns: [id]}\nignore: [type, Crime]",
            _COMES,
            file=_LOG,
        ),
    ),
)


def _settings(entry: Entry) -> Settings:
    KEYS.only(entry)
    said: dict[str, object] = {"rows": entry.choice("rows", ROWS), "single": entry.words("single")}
    for one in entry.words("qualified"):
        if _QUALIFIED(one) is None:
            entry.fault("qualified", f"`{one}` is no type with a qualifier.", "Write Crime[concerns].")
    return {**said, "qualified": entry.words("qualified")}


FORMATS = (
    RowFormat(
        (".jsonocel", ".xmlocel", ".sqliteocel"),
        read_ocel,
        key="ocel",
        settings=_settings,
        asked=(".json", ".xml", ".sqlite", ".db"),
        sections=(KEYS,),
    ),
)
