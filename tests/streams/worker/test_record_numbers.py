"""The numbers that publishers' outboxes give: what is lost on the way shows as a gap, whatever the order and however
often the rest comes; a steward's act or another agency's event on a topic is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fetched import RMS, TOPIC, WRITTEN, crime, domain, empty_partition, fetch_of, records_of, topics
from hypothesis import given
from hypothesis import strategies as st
from listed_stewards import with_stewards

from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.json_lines import events_from_json_lines
from throughline.sinks.store import Store
from throughline.sources.publish.outbox import Outbox
from throughline.streams.worker.numbers import Numbered, number_runs
from throughline.streams.worker.partition import PartitionStore
from throughline.streams.worker.records import read_case_records


@pytest.fixture
def partition() -> Iterator[PartitionStore]:
    with empty_partition() as made:
        yield made


def gaps(store: Store) -> list[tuple[str, int, int]]:
    rows = store.connection.execute("select source, first_number, last_number from sequence_gaps order by all")
    return [(source, first, last) for source, first, last in rows.fetchall()]


def test_records_that_are_lost_on_the_way_show_as_a_gap(partition: PartitionStore, tmp_path: Path) -> None:
    """Of ten that an outbox sends the first and two in the middle do not arrive; one of them comes late."""
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        outbox.add(records_of(map(crime, range(10))))
        sent = [one.record for one in outbox.unsent()]

    partition.take([fetch_of([*sent[1:4], *sent[6:]])], behind=0)
    assert gaps(partition.store) == [(RMS, 1, 1), (RMS, 5, 6)]
    shown = partition.store.connection.execute("select sequence_gaps from sources").fetchall()
    assert shown == [(3,)]

    partition.take([fetch_of([sent[5], sent[6], sent[0]], first=7)], behind=0)
    assert gaps(partition.store) == [(RMS, 5, 5)]


def test_a_new_outbox_begins_a_series_of_its_own(partition: PartitionStore, tmp_path: Path) -> None:
    """And each area has its own, since each may be in another store; a source that numbers is left to itself."""
    for name, numbers in (("one", range(3)), ("two", range(3, 5))):
        with Outbox(tmp_path / f"{name}.sqlite") as outbox:
            outbox.add(records_of([crime(100, partitionkey="21"), *map(crime, numbers)]))
            sent = [one.record for one in outbox.unsent() if one.record.key == b"20"]
        partition.take([fetch_of(sent, first=3 * (name == "two"))], behind=0)
    with Outbox(tmp_path / "own.sqlite") as outbox:
        outbox.add(records_of([crime(50, sequence="7")]))
        (own,) = outbox.unsent()

    assert gaps(partition.store) == []
    runs = partition.store.connection.execute("select first_number, last_number from number_runs order by all")
    assert runs.fetchall() == [(1, 2), (1, 3)]
    assert "throughline-number" not in dict(own.record.headers)


def test_an_outbox_goes_on_where_it_stopped(tmp_path: Path) -> None:
    found = []
    for numbers in (range(2), range(1, 4)):
        with Outbox(tmp_path / "outbox.sqlite") as outbox:
            outbox.add(records_of(map(crime, numbers)))
            found = [dict(one.record.headers)["throughline-number"] for one in outbox.unsent()]
    assert [number.partition(b":")[2] for number in found] == [b"1", b"2", b"3", b"4"]
    assert len({number.partition(b":")[0] for number in found}) == 1


@given(st.lists(st.lists(st.integers(1, 12), min_size=1), min_size=1, max_size=5))
def test_runs_are_those_of_the_set(read: list[list[int]]) -> None:
    """However many are read at once, and in whatever order."""
    many = [(RMS.encode(), b"20", b"a:%d" % number, WRITTEN) for some in read for number in some]
    made = number_runs(many, TOPIC, topics().partition_of("20"), domain(), topics())

    numbers = {number for some in read for number in some}
    firsts = sorted(number for number in numbers if number - 1 not in numbers)
    lasts = sorted(number for number in numbers if number + 1 not in numbers)
    assert list(zip(made["first_number"].to_pylist(), made["last_number"].to_pylist(), strict=True)) == [
        *zip(firsts, lasts, strict=True)
    ]


@pytest.mark.parametrize(
    "one",
    [
        (b"urn:throughline:cps:20:cms", b"20", b"a:1", WRITTEN),  # another agency's source
        (RMS.encode(), b"21", b"a:1", WRITTEN),  # another partition's area
        (RMS.encode(), b"20", b"a:0", WRITTEN),
        (RMS.encode(), b"20", b"a:9999999999999999999", WRITTEN),
        (RMS.encode(), b"20", b"a:-1", WRITTEN),
        (RMS.encode(), b"20", b"1", WRITTEN),
        (b"\xff", b"20", b"a:1", WRITTEN),
        (None, b"20", b"a:1", WRITTEN),
    ],
)
def test_a_number_that_is_none_counts_for_nothing(one: Numbered) -> None:
    assert number_runs([one], TOPIC, topics().partition_of("20"), domain(), topics()).num_rows == 0


@pytest.mark.parametrize(
    ("source", "type_", "data", "reason"),
    [
        (
            "urn:throughline:steward:20:desk",
            "steward.conflict.resolved",
            {"conflict_source": RMS, "conflict_id": "e1", "content_hash": "0" * 32, "reason_code": "source_corrected"},
            "wrong_topic",
        ),
        ("urn:throughline:cps:20:cms", "cps.pcd.received", {"identifiers": {"urn": "20PP0012326"}}, "wrong_topic"),
    ],
)
def test_an_agency_s_topic_carries_nobody_else_s_events(
    source: str, type_: str, data: dict[str, object], reason: str
) -> None:
    """Neither a steward's acts, by which a publisher could decide on what others say, nor another agency's events."""
    listed = with_stewards(domain())
    (record,) = records_of([crime(1, source=source, type=type_, data=data)], listed)
    found = read_case_records(fetch_of([record]), listed, SchemaStore(listed), topics())
    assert found.batch.events.num_rows == 0
    assert [(row["reason"], row["field"]) for row in found.batch.rejects.to_pylist()] == [(reason, "agency")]


@pytest.mark.parametrize("type_", ["steward.conflict.resolved", "cps.pcd.received"])
def test_a_source_says_nothing_for_others_in_a_file_either(type_: str) -> None:
    """A replay knows no topics: there the source says whose an event is."""
    shown = {
        "steward.conflict.resolved": {
            "conflict_source": RMS,
            "conflict_id": "e1",
            "content_hash": "0" * 32,
            "reason_code": "source_corrected",
        },
        "cps.pcd.received": {"identifiers": {"urn": "20PP0012326"}},
    }
    batch = events_from_json_lines([crime(1, type=type_, data=shown[type_])], domain(), "made", 1)
    assert [row["reason"] for row in batch.rejects.to_pylist()] == ["wrong_source"]
