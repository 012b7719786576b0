"""What differs between snapshots of a system: rows that have vanished, and values that changed.

A snapshot is all rows, of however many files, that are as of one time. Each is compared with the one before it,
whatever the order in which they are read; what differs happened between the two. Rows are kept on disk meanwhile.
What was read in earlier runs is for the caller to keep: `gathered` gives it, `recall` takes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Named
from datetime import date, datetime, timedelta
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

import duckdb
import orjson
import pyarrow as pa

from throughline.schemas.acceptance.admission import admit
from throughline.schemas.acceptance.events import EVENTS, Batch
from throughline.schemas.acceptance.rfc3339 import last_of, read_label
from throughline.schemas.definitions.domain import Domain
from throughline.sources.mapping.conversion import STATED, Converted
from throughline.sources.mapping.parts import Mapping, Word
from throughline.sources.mapping.statement import catalogue_words, sql_type
from throughline.sources.mapping.times import text
from throughline.sql import sql

_ROWS_AT_ONCE = 100_000
# what an event says of what it is about: not how it is named, when it was written down, or where it was read
_PLACE = ("origin", "position", "revision")
_CONTENT = (
    *("type", "agency", "unit", "decision", "reason", "reference", "answers", "about", "holder"),
    *("due_at", "effect_at", "enhanced", "channel", "victim", "officer", "data"),
)
_GATHERED = {
    "seen": "select *, md5(concat_ws(chr(31), "
    + ", ".join(f"coalesce({name}::varchar, chr(30))" for name in EVENTS.names if name not in _PLACE)
    + ")) as said from seen",
    "stated": "from stated",
    "unsure": "from unsure",
}


class Snapshots:
    """Gathers what rows of snapshots say; `differences` compares them once all have been read."""

    def __init__(self, mapping: Mapping, domain: Domain) -> None:
        self._mapping, self._domain = mapping, domain
        self._folder = TemporaryDirectory(prefix="throughline-snapshots-")
        self._connection = duckdb.connect(str(Path(self._folder.name) / "seen.duckdb"))
        self._connection.execute("set timezone = 'UTC'")
        self._connection.register("nothing", EVENTS.empty_table())
        self._connection.execute(
            "create table seen as select *, true as is_change, '' as content from nothing; "
            "create table stated (id varchar, revision varchar); create table unsure (revision varchar)"
        )

    def take(self, made: Converted) -> None:
        """Keep what a run of rows says."""
        content = ", ".join(f"coalesce({name}::varchar, chr(30))" for name in _CONTENT)
        for events, is_change in ((made.batch.events, False), (made.changes, True)):
            self._connection.register("given", events)
            self._connection.execute(
                f"insert into seen by name select *, {is_change} as is_change, "
                f"md5(concat_ws(chr(31), {content})) as content from given"
            )
        self._connection.register("given", made.stated.cast(STATED))
        self._connection.execute("insert into stated select distinct id, revision from given where id is not null")
        if made.is_unsure:
            self._connection.execute(
                # a row that does not say which it is of is of one that the rows beside it are of
                "insert into unsure select distinct revision from given where revision is not null "
                "union select null where not exists (select 1 from given where revision is not null)"
            )

    @property
    def since(self) -> str | None:
        """The earliest of the snapshots that were taken, as a revision; '' where it may be any, None for none."""
        row = self._connection.execute(
            "select min(coalesce(revision, '')) "
            "from (select revision from stated union all select revision from unsure)"
        ).fetchone()
        return None if row is None else row[0]

    @property
    def is_single(self) -> bool:
        """Whether those that were taken are one, so that nothing is compared with anything."""
        row = self._connection.execute("select count(distinct revision) from stated").fetchone()
        return row is not None and row[0] == 1

    def gathered(self) -> Iterator[tuple[str, pa.RecordBatchReader]]:
        """What has been taken, table by table: `seen`, `stated` and `unsure`."""
        for name, query in _GATHERED.items():
            yield name, self._connection.execute(query).to_arrow_reader(_ROWS_AT_ONCE)

    def recall(self, earlier: Named[str, pa.Table | pa.RecordBatchReader]) -> None:
        """Add what was gathered in earlier runs, table by table, as far as `differences` needs it."""
        for name, table in earlier.items():
            self._connection.register("given", table)
            self._connection.execute(f"insert into {name} by name from given")
            self._connection.unregister("given")

    def differences(self, *, takes_back: bool = True) -> Iterator[Batch]:
        """The events of what changed and of what has vanished, admitted by the domain's rules, in bounded batches.

        With `takes_back` also retractions of what a reading without the snapshots between would have claimed: for those
        who cannot know what was claimed before.
        """
        run = self._connection.execute
        # what cannot be read may be the row that seems to be missing, and of an unknown snapshot
        run(
            "create temp table whole as select revision, lag(revision) over (order by revision) as before "
            "from (select distinct revision from stated where revision is not null) "
            "where revision not in (select revision from unsure where revision is not null) "
            "and not exists (select 1 from unsure where revision is null)"
        )
        taken = [one for (one,) in run("select distinct revision from seen order by revision").fetchall()]
        zone = self._domain.time_zone
        pairs = [(before, after, *between(before, after, zone)) for before, after in combinations(taken, 2)]
        columns = zip(*pairs, strict=True) if pairs else ((), (), (), ())
        kinds = (pa.string(), pa.string(), pa.int64(), pa.string())
        made = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
        self._connection.register("pairs", pa.table(made, names=["before", "revision", "micros", "occurred_precision"]))
        run(
            "create temp table intervals as select * exclude (micros), make_timestamp(micros) as occurred_at from pairs"
        )
        what = "" if takes_back else "where retracts is null"
        yield from self._admitted(f"select * from ({sql(__package__, 'changes')}) {what}")
        snapshot = self._mapping.snapshot
        if snapshot is not None and snapshot.vanished is not None:
            yield from self._admitted(self._vanished(snapshot.vanished, takes_back))

    def _vanished(self, meaning: Word, takes_back: bool) -> str:
        vanished = f"(select * from ({sql(__package__, 'vanished')}) where is_new or {takes_back})"
        if not meaning.type:
            columns = {"revision": "missing_at", "retracts": "true"}
            columns |= {"occurred_at": "row_occurred_at", "occurred_precision": "row_occurred_precision"}
            return f"select {_listed(columns)} from {vanished} where is_new"
        words = catalogue_words(self._domain.rules)
        columns = {name: f"null::{sql_type(name)}" for name in EVENTS.names} | {
            name: name
            for name in (
                "source",
                "area",
                "unit",
                "identifiers",
                "occurred_at",
                "occurred_precision",
                "origin",
                "position",
            )
        }
        said = {name: words.fields[name] for name in meaning.fields}
        rest = {name: _value(meaning.fields[name], form.kind) for name, form in said.items() if form.column is None}
        columns |= {form.column: text(meaning.fields[name]) for name, form in said.items() if form.column is not None}
        columns |= {
            "id": "id || ':vanished:' || missing_at",
            "type": text(meaning.type),
            "version": words.versions[meaning.type],
            "agency": text(words.agencies[meaning.type]) if meaning.type in words.agencies else "agency",
            "revision": "before",
            # one that a reading without the snapshots between would have claimed
            "retracts": "if(is_new, null, true)",
            "data": text(orjson.dumps(rest, option=orjson.OPT_SORT_KEYS).decode()),
        }
        # one event of a row, whatever number of events the row had
        name = next((emit.name for emit in self._mapping.emits if not emit.is_change), None)
        if name is None:
            return f"select {_listed(columns)} from {vanished}"
        columns["id"] = f"left(id, -{len(name) + 1}) || ':vanished:' || missing_at"
        return f"select {_listed(columns)} from {vanished} where ends_with(id, {text(':' + name)})"

    def _admitted(self, query: str) -> Iterator[Batch]:
        for found in self._connection.execute(query).to_arrow_reader(_ROWS_AT_ONCE):
            table = pa.Table.from_batches([found]).select(EVENTS.names).cast(EVENTS)
            yield admit(table, self._domain.rules)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._folder.cleanup()


def between(before: str, after: str, zone: str) -> tuple[int, str]:
    """Label (microseconds) and precision of what happened after one snapshot and by the next, given their revisions.

    A day or a month means its end. In whole months where both ends are ends of months, else in days.
    """
    first, last = _last_day(before, zone), _last_day(after, zone)
    # an instant may have more of its day to come
    begins = first if "T" in before else first + timedelta(days=1)
    begins = min(begins, last)
    letters = 7 if begins.day == 1 and (last + timedelta(days=1)).day == 1 else 10
    label = read_label(f"{begins.isoformat()[:letters]}/{last.isoformat()[:letters]}")
    assert not isinstance(label, str), label
    return label


def _last_day(revision: str, zone: str) -> date:
    """The last local day that a revision may mean."""
    if "T" in revision:
        return datetime.fromisoformat(revision).astimezone(ZoneInfo(zone)).date()
    if len(revision) == 7:
        return last_of(date.fromisoformat(f"{revision}-01"), "month")
    return date.fromisoformat(revision)


def _value(said: str, kind: str) -> str | list[str]:
    return [said] if kind == "list<string>" else said


def _listed(columns: dict[str, str]) -> str:
    return ", ".join(f"{columns.get(name, name)} as {name}" for name in EVENTS.names)
