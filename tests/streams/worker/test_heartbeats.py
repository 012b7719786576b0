"""A source that lives and has nothing to say is told from one that is silent."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest
from joined import emptied

from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.topics import load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.kafka_record import KafkaRecord, heartbeat
from throughline.sql import sql
from throughline.streams.log.fetch import Fetch
from throughline.streams.worker.partition import open_partition
from throughline.streams.worker.records import HEARTBEATS

Beat = tuple[str, str, datetime, int | None, int | None, float]
SOURCE = "urn:example:police:rms"


def beat(sequence: int, sent_at: int) -> KafkaRecord:
    return heartbeat(
        source=SOURCE, topic="police.case-events", area="20", beat_id=f"b{sequence}", sent_at=sent_at,
        sequence=sequence, waiting=sequence, every_seconds=60,
    )  # fmt: skip


def test_the_latest_sign_of_life_counts_whatever_comes_last(tmp_path: Path) -> None:
    """A heartbeat is no event of a case; a broken one stands in quarantine."""
    domain = load_domain(None)
    topics = load_topics(domain, replication=1)
    number = topics.partition_of("20")
    records = [beat(7, 120_000_000), beat(5, 60_000_000), beat(9, 180_000_000)]
    fetch = Fetch(
        "police.case-events", number, [0, 1, 2, 3], [1, 2, 3, 4],
        [*(record.value for record in records), b"no json"], [*(r.headers for r in records), records[0].headers],
    )  # fmt: skip
    partition = open_partition(tmp_path, number, domain, topics, SchemaStore(domain), memory_limit="256MB")
    try:
        partition.begin({one.topic.name: "id" for one in topics.case_events})
        partition.take([fetch], behind=0)
        partition.take([fetch], behind=0)
        shown = partition.store.connection.execute(
            "select source, events, quarantined, last_heartbeat_at, waiting from sources"
        ).fetchall()
        refused = partition.store.connection.execute("select reason, position from quarantine").fetchall()
    finally:
        partition.close()

    assert shown == [(SOURCE, 0, 0, datetime(1970, 1, 1, 0, 3), 9)]  # noqa: DTZ001 - UTC without zone
    assert refused == [("bad_heartbeat", 3)]


def kept(*beats: Beat) -> list[Beat]:
    """The signs of life that are left after these came one by one."""
    with emptied().transaction() as connection:
        for one in beats:
            row = dict(zip(HEARTBEATS.names, one, strict=True))
            connection.register("beats", pa.Table.from_pylist([row], schema=HEARTBEATS))
            connection.execute(sql("throughline.streams.worker", "sql/heartbeats"))
            connection.unregister("beats")
        left: list[Beat] = connection.execute("from heartbeats order by all").fetchall()
        connection.execute("delete from heartbeats")
        return left


MORNING, NOON = datetime.fromisoformat("2026-03-02T06:00"), datetime.fromisoformat("2026-03-02T12:00")


@pytest.mark.parametrize(
    ("counts", "other"),
    [
        ((SOURCE, "20", NOON, None, None, 60.0), (SOURCE, "20", MORNING, 9, 0, 30.0)),
        ((SOURCE, "20", NOON, 2, 5, 60.0), (SOURCE, "20", NOON, 1, 0, 30.0)),
        ((SOURCE, "20", NOON, 1, 5, 60.0), (SOURCE, "20", NOON, None, 0, 30.0)),
        ((SOURCE, "20", NOON, 1, 0, 60.0), (SOURCE, "20", NOON, 1, 5, 30.0)),
        ((SOURCE, "20", NOON, 1, 5, 60.0), (SOURCE, "20", NOON, 1, None, 30.0)),
        ((SOURCE, "20", NOON, 1, 0, 30.0), (SOURCE, "20", NOON, 1, 0, 60.0)),
    ],
)
def test_of_two_signs_of_life_one_counts_whichever_came_last(counts: Beat, other: Beat) -> None:
    """The later; of one time that of the later event, then of fewer events that wait; what is not stated comes last."""
    assert kept(counts, other) == kept(other, counts) == [counts]


def test_a_sign_of_life_is_of_one_source_in_one_area() -> None:
    """What another source, or the same one elsewhere, had said stays."""
    three = [(source, area, NOON, 1, 0, 60.0) for source, area in (("a", "20"), ("a", "30"), ("b", "20"))]

    assert kept(*three) == three
