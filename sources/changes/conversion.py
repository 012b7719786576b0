"""Records of one partition to events, by a mapping: every record ends as events, as a reject, or is left out knowingly.

What becomes of a record does not depend on those that it is read with: one whose columns are not those of the mapping
is refused by itself (`not_mapped`).

A deleted row is read as its last state, and is taken back, or gives an event of its own, or is left out, as the mapping
says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
import pyarrow as pa

from throughline.schemas.acceptance.events import EVENTS, REJECTS, Batch
from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.acceptance.rows import join_batches
from throughline.schemas.definitions.domain import Domain
from throughline.sources.changes.envelope import UNAVAILABLE, ConnectRecord, Said, named, read_record
from throughline.sources.formats.json_records import columns_of
from throughline.sources.formats.rows import Fault, Rows, row_rejects, row_table
from throughline.sources.mapping.conversion import convert
from throughline.sources.mapping.fit import misfit
from throughline.sources.mapping.parts import Mapping
from throughline.sources.mapping.topic import AROUND, of_deleted

# where nothing stands in one record, it may in the next
_NOT_IN_EVERY = ("before", "headers", "transaction", "key", "position")
# a name of any other form may be content
_NAME = re.compile("[A-Za-z][A-Za-z_.]{0,60}").fullmatch


@dataclass(frozen=True)
class Mapped:
    """What became of the records of a partition: `left_out` counts tombstones, rows that filters leave out, and
    deletions that mean nothing; `backlog` are the offsets of the rows that a snapshot read."""

    batch: Batch
    records: int
    left_out: int
    backlog: frozenset[int]


@dataclass(frozen=True)
class _Row:
    record: ConnectRecord
    cells: dict[str, list[str]]
    lists: set[str]
    around: dict[str, list[str]]
    said: Said
    columns: tuple[str, ...]


def map_records(records: Sequence[ConnectRecord], mapping: Mapping, domain: Domain) -> Mapped:
    """The events of records of one partition. Raises MappingProblemsError where the mapping does not fit the domain."""
    deletions = of_deleted(mapping)
    reader = _Reader(mapping, deletions)
    rows: list[_Row] = []
    faults: list[Fault] = []
    left_out = 0
    for record in records:
        found = reader.row(record)
        if isinstance(found, Reject):
            faults.append((record.offset, found.reason, found.field, found.detail, record.value or b""))
        elif found is None:
            left_out += 1
        else:
            rows.append(found)
    deleted = [row for row in rows if row.said.is_deleted] if deletions is not None else []
    stated = [row for row in rows if not row.said.is_deleted] if deletions is not None else rows
    origin = records[0].origin if records else ""
    batches = [Batch(EVENTS.empty_table(), row_rejects(origin, faults).cast(REJECTS))]
    for some, by in ((stated, mapping), (deleted, deletions)):
        if some and by is not None:
            columns = tuple(dict.fromkeys(name for row in some for name in row.columns))
            if by is deletions:
                by = replace(by, ignore=tuple(name for name in columns if name not in by.columns()))
            for made in convert([_table(some, columns)], by, domain, Path(origin)):
                batches.append(made.batch)
                left_out += made.left_out
    backlog = frozenset(row.record.offset for row in rows if row.said.is_backlog)
    return Mapped(join_batches(batches), len(records), left_out, backlog)


class _Reader:
    """Records to rows that fit `mapping`, or `deletions`, the mapping of deleted rows where those are events of their
    own."""

    def __init__(self, mapping: Mapping, deletions: Mapping | None) -> None:
        assert mapping.topic is not None
        self._topic, self._mapping, self._deletions = mapping.topic, mapping, deletions
        self._used = mapping.columns() | ({} if deletions is None else deletions.columns())
        self._around = [name for name in self._used if name.startswith(AROUND)]
        self._fits: dict[tuple[bool, tuple[str, ...], frozenset[str]], Reject | None] = {}

    def row(self, record: ConnectRecord) -> _Row | Reject | None:
        """What a record says, None where it means nothing, or why it gives no event."""
        said = read_record(record, self._topic.kind)
        if said is None or isinstance(said, Reject):
            return said
        cells = columns_of(said.row)
        if isinstance(cells, Reject):
            return cells
        for column, values in cells[0].items():
            if column in self._used and not said.is_deleted and values[0] in UNAVAILABLE:
                told = (
                    "the value is large, did not change, and was not sent; PostgreSQL sends it with "
                    "`replica identity full`"
                )
                return Reject("unavailable_value", column, told)
        around: dict[str, list[str]] = {}
        for name in self._around:
            is_there, value = named(said.around, name.removeprefix(AROUND))
            if is_there:
                inner = columns_of({"": value})
                if isinstance(inner, Reject):
                    return inner
                around[name] = [text for values in inner[0].values() for text in values]
        if said.is_deleted and self._topic.deleted is None:
            return None
        row = _Row(record, *cells, around, said, self._columns(said, cells[0], around))
        is_deletion = said.is_deleted and self._deletions is not None
        shape = (is_deletion, row.columns, frozenset(row.lists))
        if shape not in self._fits:
            self._fits[shape] = self._misfit(*shape)
        return self._fits[shape] or row

    def _columns(self, said: Said, cells: dict[str, list[str]], around: dict[str, list[str]]) -> tuple[str, ...]:
        """The columns of a row, and those of the mapping that some other record may have."""
        found = dict.fromkeys((*said.columns, *cells, *around))
        for name in self._used:
            head = name.removeprefix(AROUND).split(".")[0]
            # a deletion may say no more than the key, and an outbox says of each thing what there is to say
            if not said.columns or (name.startswith(AROUND) and head in _NOT_IN_EVERY):
                found.setdefault(name)
        return tuple(found)

    def _misfit(self, is_deletion: bool, columns: tuple[str, ...], lists: frozenset[str]) -> Reject | None:
        by = self._deletions if is_deletion else self._mapping
        assert by is not None
        # what was deleted is not looked through for what is new in it
        found = misfit(by, columns, lists, are_others_left_out=is_deletion)
        if found is None:
            return None
        name, told = found
        return Reject("not_mapped", name if name in self._used or _NAME(name) else None, told)


def _table(rows: Sequence[_Row], columns: tuple[str, ...]) -> Rows:
    nested = set().union(*(row.lists for row in rows))
    arrays = []
    for name in columns:
        found = ((row, row.around if name.startswith(AROUND) else row.cells) for row in rows)
        arrays.append(pa.array([_cell(cells.get(name), name in row.lists) for row, cells in found], pa.string()))
    positions = pa.array([row.record.offset for row in rows], pa.int64())
    raw = pa.array([row.record.value for row in rows], pa.binary())
    listed = tuple(name for name in columns if name in nested)
    return Rows(columns, row_table(arrays, positions, raw), REJECTS.empty_table(), listed)


def _cell(values: list[str] | None, is_list: bool) -> str | None:
    if not values:
        return None
    return orjson.dumps(values).decode() if is_list else values[0]


def by_partition(records: Iterable[ConnectRecord]) -> Iterator[list[ConnectRecord]]:
    """The records of each partition, in their order."""
    found: dict[str, list[ConnectRecord]] = {}
    for record in records:
        found.setdefault(record.origin, []).append(record)
    yield from found.values()
