"""A log on the disk, so that what an object was like at the time of an event can be asked without holding it all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import orjson

from throughline.errors import InfrastructureError
from throughline.sources.objects.contents import Content, Contents, Event, Kind, Object, Relation, Value

_AT_ONCE = 5_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TABLES = """
create table objects (id text primary key, type text) without rowid;
create table object_values (object text, attribute text, since integer, value text, stated text);
create table relations (kind text, source text, object text, qualifier text);
create table events (place integer primary key, id text, type text, time text, attributes text);
"""
_INDEXES = """
create index values_of on object_values (object, attribute, since);
create index relations_of on relations (source, kind);
create index relations_to on relations (object, kind);
"""
_AS_OF = """
select attribute, value from object_values v
where object = ? and since = (
  select max(since) from object_values w where w.object = v.object and w.attribute = v.attribute and since <= ?
)
"""
_CHANGES = """
select v.rowid, v.object, o.type, v.attribute, v.value, v.stated, v.since, (
  select value from object_values w
  where w.object = v.object and w.attribute = v.attribute and w.since < v.since order by since desc limit 1
)
from object_values v left join objects o on o.id = v.object
where v.since > 0
order by v.rowid
"""


class KeptLog:
    """The contents of a log, in a file of its own that is gone with it. `kinds` are its types, by what they are of."""

    def __init__(self, contents: Contents) -> None:
        self._folder = TemporaryDirectory(prefix="throughline-ocel-")
        self.kinds: dict[tuple[str, str], list[str]] = {}
        try:
            self._database = sqlite3.connect(Path(self._folder.name) / "log.sqlite", isolation_level=None)
            self._database.executescript("pragma journal_mode = off; pragma synchronous = off;" + _TABLES)
            self._database.execute("begin")
            while some := list(islice(contents, _AT_ONCE)):
                self._keep(some)
            self._database.execute("commit")
            self._database.executescript(_INDEXES)
        except sqlite3.OperationalError as error:
            self.close()
            said = f"A log cannot be laid out in `{self._folder.name}`: {error}."
            raise InfrastructureError(said, hint="See that there is room for it, or set TMPDIR.") from error
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if hasattr(self, "_database"):
            self._database.close()
        self._folder.cleanup()

    def events(self) -> Iterator[tuple[int, Event]]:
        """The events in the order of the file, numbered from 1."""
        for place, own, type_, time, values in self._database.execute("select * from events order by place"):
            yield place, Event(own, type_, time, orjson.loads(values))

    def changes(self) -> Iterator[tuple[int, str, str | None, str, str, str, int, str | None]]:
        """What changed of objects after they began, numbered: object, its type, attribute, value, time as it is stated
        and in microseconds, and the value before."""
        yield from self._database.execute(_CHANGES)

    def related(self, of: str, source: str) -> list[tuple[str, str | None, str]]:
        """The objects that an event, or an object, is related to: id, type (None: there is none), qualifier."""
        query = (
            "select r.object, o.type, r.qualifier from relations r left join objects o on o.id = r.object "
            "where r.source = ? and r.kind = ? order by r.rowid"
        )
        return self._database.execute(query, [source, of]).fetchall()

    def relating(self, object_: str) -> list[tuple[str, str | None, str]]:
        """The objects that are related to an object from their side."""
        query = (
            "select r.source, o.type, r.qualifier from relations r left join objects o on o.id = r.source "
            "where r.object = ? and r.kind = 'object' order by r.rowid"
        )
        return self._database.execute(query, [object_]).fetchall()

    def values(self, object_: str, at: int) -> dict[str, str]:
        """What an object was like at a time in microseconds, by attribute."""
        return dict(self._database.execute(_AS_OF, [object_, at]).fetchall())

    def _keep(self, some: list[Content]) -> None:
        rows: dict[type, list[tuple[Any, ...]]] = {Object: [], Value: [], Relation: [], Event: []}
        for one in some:
            if isinstance(one, Kind):
                known = self.kinds.setdefault((one.of, one.name), [])
                known += [name for name in one.attributes if name not in known]
            elif isinstance(one, Object):
                self._name("object", one.type, [name for name, _, _ in one.values])
                rows[Object].append((one.id, one.type))
                rows[Value] += [(one.id, name, _since(time), value, time) for name, time, value in one.values]
            elif isinstance(one, Value):
                rows[Value].append((one.object, one.attribute, _since(one.time), one.value, one.time))
            elif isinstance(one, Relation):
                rows[Relation].append((one.of, one.source, one.object, one.qualifier))
            else:
                self._name("event", one.type, list(one.values))
                rows[Event].append((one.id, one.type, one.time, orjson.dumps(one.values).decode()))
        run = self._database.executemany
        run("insert or ignore into objects values (?, ?)", rows[Object])
        run("insert into object_values values (?, ?, ?, ?, ?)", rows[Value])
        run("insert into relations values (?, ?, ?, ?)", rows[Relation])
        run("insert into events (id, type, time, attributes) values (?, ?, ?, ?)", rows[Event])

    def _name(self, of: str, type_: str, attributes: list[str]) -> None:
        """Know a type and its attributes, declared or not."""
        known = self.kinds.setdefault((of, type_), [])
        known += [name for name in attributes if name not in known]


def micros(text: str) -> int | None:
    """A time as OCEL writes it, in microseconds since 1970 UTC: without an offset it is UTC; None where it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    return since.days * 86_400_000_000 + since.seconds * 1_000_000 + since.microseconds


def _since(text: str) -> int:
    # a time that is none is as early as any: the value holds, and nothing says that it changed
    return max(0, micros(text) or 0)
