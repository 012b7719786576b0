"""JSON Lines of CloudEvents: one event a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from throughline.schemas.acceptance.events import Batch
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.wire.json_lines import events_from_json_lines
from throughline.sources.formats.kinds import refuse_other_kind
from throughline.sources.formats.registry import EventFormat
from throughline.sources.formats.text import line_blocks

_BLOCK = 1 << 25


def read_json_lines(path: Path, domain: Domain, batch_rows: int) -> Iterator[Batch]:
    """The events of a file, plain or gzip. Raises DataError for one that is plainly of another kind."""
    line = 1
    for block in line_blocks(path, _BLOCK):
        if line == 1:
            refuse_other_kind(path, block)
        lines = block.removesuffix(b"\n").split(b"\n")
        for start in range(0, len(lines), batch_rows):
            part = lines[start : start + batch_rows]
            yield events_from_json_lines(part, domain, str(path), line)
            line += len(part)


def judge_again(records: Sequence[tuple[int, bytes]], domain: Domain, origin: str) -> Batch:
    """The events of lines that were kept, as (position, bytes)."""
    batch = events_from_json_lines([raw for _, raw in records], domain, origin, 0)
    positions = pa.array([position for position, _ in records], pa.int64())
    return Batch(_placed(batch.events, positions), _placed(batch.rejects, positions))


def _placed(table: pa.Table, positions: pa.Array) -> pa.Table:
    """The table with the positions of the records for their numbers, from 0."""
    place = table.schema.get_field_index("position")
    return table.set_column(place, table.schema.field(place), positions.take(table["position"].combine_chunks()))


FORMATS = (EventFormat((".jsonl", ".ndjson", ".json"), read_json_lines, judge_again, lambda raw: True, is_packed=True),)
