"""One hostile input: how it is made, how it is read, and what must come of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from throughline.schemas.definitions.domain import Domain
from throughline.schemas.wire.kafka_record import plain_rows

# an event as a mapping, without where it stood
Row = dict[str, Any]


@dataclass(frozen=True)
class Made:
    """What came of a run of records: `rows` of them, `left_out` knowingly, the others in one table or the other; or
    `accepted` and `refused` where whoever was asked says no more than how many."""

    events: pa.Table
    rejects: pa.Table
    rows: int
    left_out: int = 0
    accepted: int = 0
    refused: int = 0


@dataclass(frozen=True)
class Case:
    """`inputs` records of which most are hostile, or one file that is damaged as a whole (`may_refuse`).

    `untouched` are the events, by their ids, that must come out as they are of the records that nothing was done to;
    `records` how many must come out in all, where that is known.
    """

    inputs: int
    read: Callable[[], Iterator[Made]]
    may_refuse: bool = False
    untouched: Mapping[str, Row] = field(default_factory=dict)
    records: int | None = None


class Reader(Protocol):
    """Makes the hostile inputs of one way in. Its files stand in the folder that it was given, and nothing else."""

    def case(self, chance: random.Random) -> Case: ...


Readers = Mapping[str, Callable[[Domain, Path], Reader]]


def rows_of(events: pa.Table) -> Iterator[tuple[int, Row]]:
    """Events by position, each without its place."""
    for row in plain_rows(events):
        position = row.pop("position")
        row.pop("origin")
        yield position, row
