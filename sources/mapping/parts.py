"""What a mapping says, as values: where each attribute of an event comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import md5
from pathlib import Path

from throughline.sources.formats.registry import Settings, row_formats
from throughline.sources.mapping.relation import Relation

OPERATION = "../op"
"""The column of what became of a row: c, u, d or r."""


@dataclass(frozen=True)
class TimeForm:
    """How a text says a time; '' and None: the mapping does not say.

    `formats` are those that are tried; `precision` is that of every time, else each has that of its format; `zone` is
    that of a text without an offset, else the domain's. `twice` and `skipped` say what becomes of a local time that the
    clock showed twice or not at all, `at` which end of a day an instant of it is. Years of two digits begin with
    `short_years`. `ahead`: what happened may lie years after it was recorded.
    """

    formats: tuple[str, ...] = ("iso",)
    precision: str = ""
    zone: str = ""
    twice: str = ""
    skipped: str = ""
    at: str = ""
    short_years: int | None = None
    ahead: bool = False


@dataclass(frozen=True)
class Value:
    """Where a value comes from: exactly one of `column`, `constant`, `path`; `words` translate it, `form` reads it as
    a time. `repair` and `digits` undo what a spreadsheet does to a number.
    Not `needed`: a file without the column, or a path without it, is no fault."""

    column: str | None = None
    constant: str | None = None
    path: str | None = None
    words: dict[str, str] | None = None
    otherwise: str | None = None
    split: str | None = None
    repair: tuple[str, ...] = ()
    digits: int | None = None
    form: TimeForm | None = None
    needed: bool = True
    line: int = 0


@dataclass(frozen=True)
class Condition:
    """`test` is in, not_in, present, absent or matches."""

    column: str
    test: str
    words: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True)
class Identity:
    """What makes the id: `form` is row, columns or hash."""

    form: str
    columns: tuple[str, ...] = ()
    when: tuple[Condition, ...] = ()
    line: int = 0


@dataclass(frozen=True)
class Word:
    """What a word of the system means: a catalogue type and constants of fields."""

    type: str
    fields: dict[str, str]
    line: int = 0


@dataclass(frozen=True)
class Emit:
    """One event that a row gives."""

    name: str | None
    type: Value
    words: dict[str, Word] | None
    otherwise: str | None
    time: Value | None
    recorded_at: Value | None
    area: Value
    agency: Value | None
    unit: Value | None
    sequence: Value | None
    sequence_is_row: bool
    identifiers: tuple[tuple[str, Value], ...]
    fields: dict[str, Value]
    when: tuple[Condition, ...] = ()
    is_change: bool = False

    def values(self) -> Iterator[Value]:
        """Every value that it reads."""
        times = (self.time, self.recorded_at)
        others = (self.type, self.area, self.agency, self.unit, self.sequence)
        many = (*(value for _, value in self.identifiers), *self.fields.values())
        yield from (value for value in (*times, *many, *others) if value is not None)

    def types(self) -> Iterator[tuple[str, int]]:
        """Every catalogue type that it may give, with the line where the mapping names it."""
        if self.words is None:
            constants = [self.type.constant, self.type.otherwise, *(self.type.words or {}).values()]
            yield from ((name, self.type.line) for name in constants if name is not None)
        else:
            yield from ((word.type, word.line) for word in self.words.values())
        if self.otherwise is not None:
            yield self.otherwise, self.type.line


@dataclass(frozen=True)
class Snapshot:
    """What a file shows is how things stood `as_of` a time; None: the caller says it.

    `vanished` says of a row that a later snapshot lacks: nothing (None: a snapshot may have a part of the rows), that
    its events are taken back (a word without a type), or that something of a type has happened.
    """

    as_of: Value | None
    vanished: Word | None = None
    line: int = 0


@dataclass(frozen=True)
class TopicRecords:
    """What the records of a topic are: `changes` of the rows of a table, or what an `outbox` says.

    `deleted` says of a row that is deleted: nothing (None), that its events are taken back (a word without a type), or
    that something of a type has happened.
    """

    kind: str
    deleted: Word | None = None
    line: int = 0


@dataclass(frozen=True)
class Mapping:
    """A mapping file, read and held together; whether it fits a file and a domain is `check_mapping`'s
    question.

    `settings` are those of formats of files, by their key. `revision` orders what is said of one id, where neither
    `snapshot` does nor the place of a change in the log of a database.
    """

    file: Path
    title: str
    source: str
    emits: tuple[Emit, ...]
    identities: tuple[Identity, ...]
    filters: tuple[Condition, ...] = ()
    ignore: tuple[str, ...] = ()
    settings: dict[str, Settings] = field(default_factory=dict)
    snapshot: Snapshot | None = None
    revision: Value | None = None
    topic: TopicRecords | None = None

    @property
    def reading(self) -> dict[str, Settings]:
        """What the reader of each format is told, by its key: also which columns are `ignored`."""
        return {one.key: {**self.settings.get(one.key, {}), "ignored": self.ignore} for one in row_formats()}

    @property
    def relation(self) -> Relation | None:
        """The rows of a database that it reads instead of a file's, if it does."""
        found: Relation | None = self.settings.get("database", {}).get("relation")
        return found

    @property
    def compares(self) -> bool:
        """Whether some events come of what differs between two snapshots."""
        return self.snapshot is not None and (
            self.snapshot.vanished is not None or any(emit.is_change for emit in self.emits)
        )

    def columns(self) -> dict[str, int]:
        """Every column that is read, with the line of the mapping that first names it."""
        used = self.needed_columns()
        for emit in self.emits:
            for value in emit.values():
                if value.column is not None:
                    used.setdefault(value.column, value.line)
        return used

    def needed_columns(self) -> dict[str, int]:
        """Those that a file may not lack."""
        used: dict[str, int] = {}
        conditions = [*self.filters]
        if self.relation is not None:
            used |= dict.fromkeys(self.relation.columns, self.relation.line)
        if self.snapshot is not None and self.snapshot.as_of is not None and self.snapshot.as_of.column is not None:
            used[self.snapshot.as_of.column] = self.snapshot.as_of.line
        if self.revision is not None and self.revision.column is not None:
            used[self.revision.column] = self.revision.line
        if self.topic is not None and self.topic.kind == "changes":
            used[OPERATION] = self.topic.line
        for emit in self.emits:
            conditions += emit.when
            for value in emit.values():
                if value.column is not None and value.needed:
                    used.setdefault(value.column, value.line)
        for identity in self.identities:
            conditions += identity.when
            for column in identity.columns:
                used.setdefault(column, identity.line)
        for condition in conditions:
            used.setdefault(condition.column, condition.line)
        return used

    @property
    def meaning(self) -> str:
        """A hash of all that decides what a row says: equal for equal mappings, wherever they stand and however they
        are laid out. When a snapshot was taken is no part of it."""
        said = replace(
            self, title="", file=Path(), snapshot=None if self.snapshot is None else replace(self.snapshot, as_of=None)
        )
        return md5(re.sub(r"\bline=\d+", "", repr(said)).encode()).hexdigest()

    @property
    def counts_places(self) -> bool:
        """Whether events are made of the number of a row: then equal rows of a file are several events, not one."""
        return any(one.form == "row" for one in self.identities) or any(emit.sequence_is_row for emit in self.emits)
