"""Replay what stands in quarantine: the kept bytes are judged again, after a catalogue or a mapping was mended.

What is accepted now enters the store where and when it was first read, and leaves quarantine. All else stays: a record
that is refused for another reason under that one. Replaying again changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

import duckdb
import pyarrow as pa

from throughline.errors import UsageError
from throughline.quality.stewardship.conflicts import source_called
from throughline.quality.stewardship.rejudging import Judges, Unreadable, judge_again
from throughline.schemas.acceptance.events import Batch
from throughline.schemas.definitions.domain import Domain
from throughline.sinks.quarantine.kept import KeptRecord, choose_kept, leave, portion
from throughline.sinks.quarantine.records import show
from throughline.sinks.store import Store
from throughline.sources.mapping.parts import Mapping
from throughline.sql import one_row
from throughline.streams.join.accept import Counts
from throughline.streams.join.batch import settle, take
from throughline.streams.join.rebuild import open_domain
from throughline.streams.worker.partition import note_outgoing, note_quarantine

Report = Callable[[str, float, float | None], None]


@dataclass
class Replayed:
    """What became of the records that were asked for.

    `counts` is of those that were judged again (of a row that gives several events, each is counted); `left_out` of
    those that a filter of the mapping leaves out now; `unread` has those that could not be judged, by why.
    """

    counts: Counts = field(default_factory=Counts)
    left_out: int = 0
    unread: Counter[Unreadable] = field(default_factory=Counter)


def replay_quarantine(
    store: Store,
    domain: Domain,
    *,
    reason: str | None = None,
    source: str | None = None,
    quarantine_id: int | None = None,
    mapping: Mapping | None = None,
    topic_prefix: str = "",
    report: Report = lambda stage, done, total: None,
) -> Replayed:
    """Judge records in quarantine again: all that are open, or those of a reason, a source or an id (discarded or not).

    Raises UsageError for conflicts, which a steward decides; DataError for an id that is not there, and for one whose
    kept bytes do not suffice; MappingError; StoreError.
    """
    if quarantine_id is not None and reason is None:
        reason = show(store.connection, quarantine_id).reason
    if reason == "conflict":
        raise UsageError(
            "A conflict is not replayed: both copies are in the store, and a steward decides which one stands.",
            hint="`throughline conflicts list` has the events; `conflicts show` and `conflicts resolve` decide one.",
        )
    if source is not None:
        source = source_called(store.connection, source)
    open_domain(store, domain)
    judges = Judges(domain, mapping, topic_prefix)
    portions = choose_kept(store.connection, reason=reason, source=source, quarantine_id=quarantine_id)
    is_live = _is_live(store.connection)
    done = Replayed()
    for number in range(portions):
        report("judging again", number, portions)
        runs = [_judged(run, judges) for run in _runs(portion(store.connection, number))]
        unread = [found for run in runs for found in run.unread]
        if quarantine_id is not None and unread:
            record, why = unread[0]
            raise why.error(record)
        done.unread.update(why for _, why in unread)
        done.left_out += sum(run.left_out for run in runs)
        _take(store, runs, done, is_live=is_live)
    note = note_outgoing if is_live else lambda connection: None
    settle(store, lambda stage, part: report(stage, part, 1.0), derived=note)
    return done


@dataclass(frozen=True)
class _Run:
    """Records of one origin after they were judged; the tables of `batch` have the column received_at."""

    batch: Batch
    settled: list[int]
    left_out: int
    unread: list[tuple[KeptRecord, Unreadable]]


def _runs(records: Sequence[KeptRecord]) -> Iterator[list[KeptRecord]]:
    """Records of one origin, each position once, ascending."""
    for _, found in groupby(records, key=lambda record: record.origin):
        run: list[KeptRecord] = []
        for record in found:
            if run and record.position <= run[-1].position:
                yield run
                run = []
            run.append(record)
        yield run


def _judged(records: Sequence[KeptRecord], judges: Judges) -> _Run:
    batch, judged, unread = judge_again(records, judges)
    times = {one.position: one.received_at for one in judged}
    answered = {*batch.events["position"].to_pylist(), *batch.rejects["position"].to_pylist()}
    settled = [one for one in judged if one.position in answered]
    return _Run(
        Batch(_stamped(batch.events, times), _with_headers(_stamped(batch.rejects, times), judged)),
        [quarantine_id for one in settled for quarantine_id in one.quarantine_ids],
        len(judged) - len(settled),
        unread,
    )


def _stamped(table: pa.Table, times: dict[int, datetime]) -> pa.Table:
    received_at = pa.array([times[position] for position in table["position"].to_pylist()], pa.timestamp("us"))
    return table.append_column("received_at", received_at)


def _with_headers(rejects: pa.Table, judged: Sequence[KeptRecord]) -> pa.Table:
    """With the headers that were kept of each record: one that is refused for another reason keeps them."""
    kept = {one.position: one for one in judged}
    records = [kept[position] for position in rejects["position"].to_pylist()]
    found = [
        one.headers if one.raw == raw else None for one, raw in zip(records, rejects["raw"].to_pylist(), strict=True)
    ]
    return rejects.append_column("headers", pa.array(found, pa.string()))


def _take(store: Store, runs: Sequence[_Run], done: Replayed, *, is_live: bool) -> None:
    """Bring what was judged into the store, and let go what that settles, in one transaction."""
    settled = [quarantine_id for run in runs for quarantine_id in run.settled]
    if not settled:
        return
    batch = Batch(
        pa.concat_tables([run.batch.events for run in runs]), pa.concat_tables([run.batch.rejects for run in runs])
    )
    with store.transaction() as connection, note_quarantine(connection) if is_live else nullcontext():
        done.counts.add(take(connection, batch))
        leave(connection, settled, batch.rejects)


def _is_live(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the store is fed from topics: what changes in it is to be published."""
    return bool(one_row(connection, "select count(*) from log_positions")[0])
