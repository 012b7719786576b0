"""Whether nothing was lost: each record of the log stands once in the stores, and they say what a replay says."""

from __future__ import annotations

import hashlib
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field

from bench.faults.workers import Failed
from bench.faults.world import Run
from throughline.schemas.wire.kafka_record import HEARTBEAT_TYPE
from throughline.sinks.digest import digest_by_table
from throughline.sinks.store import Store, open_store
from throughline.streams.log.event_log import CaseLog

# an event in conflict stands in quarantine, too: as that
_STANDING = """
select origin, position from events where standing = 'stands'
union all select origin, position from duplicates
union all select origin, position from quarantined
"""
_WAITING = "select (select count(*) from unsettled) + (select count(*) from unsettled_cases)"


@dataclass
class Checked:
    """What a check found; `faults` says in words what does not hold."""

    records: int = 0
    lost: int = 0
    digest_equal: bool = True
    faults: list[str] = field(default_factory=list)

    def raise_any(self) -> None:
        """Raise Failed where something does not hold."""
        if self.faults:
            raise Failed("\n".join(self.faults))


def check(run: Run, digests: dict[str, str]) -> Checked:
    """Compare the log, the acknowledgements, the stores of the run's folder (closed) and the digests of a replay."""
    found = Checked()
    with ExitStack() as stack:
        files = sorted(run.folder.glob("partition-*.duckdb"))
        stores = [stack.enter_context(open_store(file, write=False)) for file in files]
        _check_conservation(run, stores, found)
        live = digest_by_table(*(store.connection for store in stores))
        if live != digests:
            found.digest_equal = False
            tables = [name for name in digests if live[name] != digests[name]]
            found.faults.append(f"the digest differs from a replay's in {', '.join(tables)}")
        if any(store.connection.execute(_WAITING).fetchall() != [(0,)] for store in stores):
            found.faults.append("something was accepted and never derived")
    return found


def _check_conservation(run: Run, stores: list[Store], found: Checked) -> None:
    standing: Counter[tuple[str, int]] = Counter()
    refused: dict[tuple[str, int], str] = {}
    contents: dict[bytes, str] = {}
    taken: dict[tuple[str, int], int] = {}
    for store in stores:
        standing.update(store.connection.execute(_STANDING).fetchall())
        for origin, position, reason, raw in store.connection.execute(
            "select origin, position, reason, raw from quarantined"
        ).fetchall():
            refused[origin, position] = reason
            contents[_hash(raw)] = reason
        positions = store.connection.execute("select topic, partition, next_offset from log_positions").fetchall()
        taken.update(((topic, partition), offset) for topic, partition, offset in positions)
    expected = {(one.topic, one.partition, one.offset): one.sent for one in run.acknowledged}
    with CaseLog(run.bootstrap) as log:
        for (topic, partition), end in run.ends().items():
            origin, first = f"{topic}-{partition}", log.extent(topic, partition).first
            if taken.get((topic, partition)) != end:
                found.faults.append(f"{origin} ends at {end}, and was taken to {taken.get((topic, partition))}")
            for fetch in log.read(topic, partition, first, end):
                for offset, value, headers in zip(fetch.offsets, fetch.values, fetch.headers, strict=True):
                    found.records += 1
                    sent = expected.pop((topic, partition, offset), None)
                    if sent is not None and sent.value != value:
                        found.faults.append(f"{origin} has another record at {offset} than was acknowledged")
                    times = standing.pop((origin, offset), 0)
                    # one that was spoilt may stand in quarantine
                    if dict(headers).get("ce_type") == HEARTBEAT_TYPE.encode() and not (sent and sent.reason):
                        continue
                    # the same bad record again is the same row of the quarantine
                    reason = refused.get((origin, offset)) or (None if times else contents.get(_hash(value)))
                    if not times and reason is None:
                        found.lost += 1
                    if times > 1:
                        found.faults.append(f"{origin} at {offset} stands {times} times")
                    if sent is not None and sent.reason and sent.reason != reason:
                        found.faults.append(f"{origin} at {offset} is to be {sent.reason} and is {reason}")
    if expected:
        found.lost += len(expected)
        places = ", ".join(f"{topic}-{partition} at {offset}" for topic, partition, offset in list(expected)[:5])
        found.faults.append(f"the log lacks {len(expected)} acknowledged records, such as {places}")
    if found.lost:
        found.faults.append(f"{found.lost} records are in no store")
    if standing:
        found.faults.append(f"{len(standing)} rows of the stores are of no record in the log")


def _hash(value: bytes | None) -> bytes:
    return b"" if value is None else hashlib.sha256(value).digest()
