"""History that is loaded for the first time is marked by its publisher, and starts no alert where it arrives."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import orjson
import pytest
from fetched import RMS, TOPIC, crime, domain, empty_partition, fetch_of, records_of, topics
from published import all_published, empty_sink, messages, shown

from throughline.errors import BrokerUnavailable
from throughline.schemas.wire.kafka_record import KafkaRecord, as_backlog
from throughline.sinks.digest import digest
from throughline.sinks.store import Store
from throughline.sources.publish.dispatch import publish
from throughline.sources.publish.outbox import Outbox
from throughline.sources.publish.publisher import Publisher
from throughline.streams.join.rebuild import past, rebuild
from throughline.streams.shared.state import take
from throughline.streams.worker.partition import PartitionStore

# months after the crimes of `crime`: whatever is owed is late
LATER = datetime(2026, 12, 1)  # noqa: DTZ001 - UTC without zone, as the store keeps times


@pytest.fixture
def partition() -> Iterator[PartitionStore]:
    with empty_partition() as made:
        yield made


def promised(number: int) -> bytes:
    """A call that was promised to the victim of a crime, and never made."""
    data = {"unit": "20PP", "identifiers": {"crime_ref": f"20/{number}/26"}, "reference": f"P-{number}"}
    data |= {"due_at": "2026-03-05T17:00:00Z", "channel": "telephone", "promised_to": "victim"}
    return crime(100 + number, type="police.victim.contact_promised", data=data)


def history(*numbers: int) -> list[KafkaRecord]:
    return records_of([line for number in numbers for line in (crime(number), promised(number))])


def broken(store: Store) -> int:
    """For how many cases an alert says that a promise was broken."""
    store.connection.execute("set variable as_of = ?::timestamp", [LATER])
    row = store.connection.execute("select count(*) from alerts where kind = 'contact_broken'").fetchone()
    assert row is not None
    return int(row[0])


def counted(store: Store) -> tuple[int, int]:
    """Events of the source, and how many of them came as a backlog."""
    row = store.connection.execute("select events, backlog from sources where source = ?", [RMS]).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def test_history_raises_no_alert_until_something_new_is_said_of_a_case(partition: PartitionStore) -> None:
    """Two cases come as history, one by itself. Then something is said of one of the two."""
    store = partition.store
    partition.take([fetch_of([*map(as_backlog, history(1, 2)), *history(3)])], behind=0)
    assert (broken(store), counted(store)) == (1, (6, 4))

    (news,) = records_of([crime(50, data=orjson.loads(crime(1))["data"])])
    partition.take([fetch_of([news], first=6)], behind=0)
    assert (broken(store), counted(store)) == (2, (7, 4))
    with past(store, domain(), as_of=LATER, known_at=None) as then:
        assert broken(then) == 2


def test_a_board_of_the_shared_topics_hears_no_more(partition: PartitionStore) -> None:
    """Neither the topic of alerts nor a sink's own store has an alert of the history."""
    partition.take([fetch_of([*map(as_backlog, history(1)), *history(2)])], behind=0)

    records = all_published(partition.store, as_of=LATER)
    said = [one for one in records if one.topic == topics().shared["alerts"].name and one.value is not None]
    with empty_sink() as sink:
        take(sink, topics(), messages(records))
        assert len(said) == len(shown(sink, "alerts", LATER)) == len(shown(partition.store, "alerts", LATER)) > 0
        assert (broken(sink), counted(sink)) == (1, (4, 2))


def test_the_mark_changes_nothing_but_alerts_and_its_count(partition: PartitionStore) -> None:
    """In whatever portions it is read; a copy that comes later without the mark makes no news of it, and a store that
    is derived anew has what it had."""
    marked = [as_backlog(one) if place % 3 else one for place, one in enumerate(history(1, 2, 3, 4))]
    plain = history(1, 2, 3, 4)
    both = [*marked, *plain[:4]]
    # two of the cuts lie within a run of marks
    for first, last in ((0, 2), (2, 5), (5, 12)):
        partition.take([fetch_of(both[first:last], first=first)], behind=0)

    runs = partition.store.connection.execute("from backlog_runs order by all").fetchall()
    assert runs == [(f"{TOPIC}-{topics().partition_of('20')}", *run) for run in ((1, 2), (4, 5), (7, 7))]
    before = digest(partition.store.connection)
    seen = (broken(partition.store), counted(partition.store))
    rebuild(partition.store, domain())
    assert (broken(partition.store), counted(partition.store)) == seen
    assert digest(partition.store.connection) == before
    with empty_partition() as unmarked:
        unmarked.take([fetch_of(plain)], behind=0)
        assert digest(unmarked.store.connection) == before


@pytest.mark.parametrize("is_backlog", [True, False])
def test_what_is_published_as_a_backlog_carries_its_mark(tmp_path: Path, is_backlog: bool) -> None:
    """In the outbox, so also where it is sent days later."""
    (tmp_path / "history.jsonl").write_bytes(b"\n".join(map(crime, range(3))))

    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        with (
            Publisher("127.0.0.1:1", topics(), domain(), outbox) as publisher,
            pytest.raises(BrokerUnavailable, match="not acknowledged"),
        ):
            publish(publisher, domain(), [tmp_path / "history.jsonl"], is_backlog=is_backlog, wait_seconds=0)
        marks = [dict(one.record.headers).get("throughline-backlog") for one in outbox.unsent()]

    assert marks == [b"true" if is_backlog else None] * 3
