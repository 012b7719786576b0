"""Records of one partition to events, by a mapping: every record ends as events, as a reject, or is left out knowingly.

A deleted row is read as its last state, and is taken back, or gives an event of its own, or is left out, as the mapping
says.
"""

from __future__ import annotations

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
from throughline.sources.mapping.parts import Mapping
from throughline.sources.mapping.topic import AROUND, of_deleted

# where nothing stands in one record, it may in the next
_NOT_IN_EVERY = ("before", "headers", "transaction", "key", "position")


@dataclass(frozen=True)
class Mapped:
    """What became of the records of a partition: `left_out` counts tombstones, rows that filters leave out, and
    deletions that mean nothing; `backlog` the rows that a snapshot read."""

    batch: Batch
    records: int
    left_out: int
    backlog: int


@dataclass(frozen=True)
class _Row:
    record: ConnectRecord
    cells: dict[str, list[str]]
    lists: set[str]
    around: dict[str, list[str]]
    said: Said


def map_records(records: Sequence[ConnectRecord], mapping: Mapping, domain: Domain) -> Mapped:
    """The events of records of one partition. Raises MappingProblemsError where the mapping does not fit the rows."""
    assert mapping.topic is not None
    rows: list[_Row] = []
    faults: list[Fault] = []
    left_out = backlog = 0
    for record in records:
        found = _row(record, mapping)
        if isinstance(found, Reject):
            faults.append((record.offset, found.reason, found.field, found.detail, record.value or b""))
        elif found is None or (found.said.is_deleted and mapping.topic.deleted is None):
            left_out += 1
        else:
            backlog += found.said.is_backlog
            rows.append(found)
    deletions = of_deleted(mapping)
    deleted = [row for row in rows if row.said.is_deleted] if deletions is not None else []
    stated = [row for row in rows if not row.said.is_deleted] if deletions is not None else rows
    origin = records[0].origin if records else ""
    batches = [Batch(EVENTS.empty_table(), row_rejects(origin, faults).cast(REJECTS))]
    columns = _columns(rows, mapping)
    for some, by in ((stated, mapping), (deleted, deletions)):
        if some and by is not None:
            if by is deletions:
                by = replace(by, ignore=tuple(name for name in columns if name not in by.columns()))
            for made in convert([_table(some, columns)], by, domain, Path(origin)):
                batches.append(made.batch)
                left_out += made.left_out
    return Mapped(join_batches(batches), len(records), left_out, backlog)


def _row(record: ConnectRecord, mapping: Mapping) -> _Row | Reject | None:
    assert mapping.topic is not None
    said = read_record(record, mapping.topic.kind)
    if said is None or isinstance(said, Reject):
        return said
    cells = columns_of(said.row)
    if isinstance(cells, Reject):
        return cells
    used = mapping.columns()
    for column, values in cells[0].items():
        if column in used and not said.is_deleted and values[0] in UNAVAILABLE:
            told = (
                "the value is large, did not change, and was not sent; PostgreSQL sends it with `replica identity full`"
            )
            return Reject("unavailable_value", column, told)
    around: dict[str, list[str]] = {}
    for name in (name for name in used if name.startswith(AROUND)):
        is_there, value = named(said.around, name.removeprefix(AROUND))
        if is_there:
            inner = columns_of({"": value})
            if isinstance(inner, Reject):
                return inner
            around[name] = [text for values in inner[0].values() for text in values]
    return _Row(record, *cells, around, said)


def _columns(rows: Sequence[_Row], mapping: Mapping) -> tuple[str, ...]:
    """The columns of the rows, and those of the mapping that some other record may have."""
    found: dict[str, None] = {}
    is_whole = False
    for row in rows:
        found |= dict.fromkeys((*row.said.columns, *row.cells, *row.around))
        is_whole = is_whole or bool(row.said.columns)
    for name in mapping.columns():
        head = name.removeprefix(AROUND).split(".")[0]
        # a deletion may say no more than the key, and an outbox says of each thing what there is to say
        if not is_whole or (name.startswith(AROUND) and head in _NOT_IN_EVERY):
            found.setdefault(name)
    return tuple(found)


def _table(rows: Sequence[_Row], columns: tuple[str, ...]) -> Rows:
    nested = set().union(*(row.lists for row in rows))
    arrays = []
    for name in columns:
        cells = (row.around.get(name) if name.startswith(AROUND) else row.cells.get(name) for row in rows)
        arrays.append(pa.array([_cell(values, name in nested) for values in cells], pa.string()))
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
