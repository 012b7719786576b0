"""A fetch reaches the agent as one event, and what is not of case events as it always does."""

from __future__ import annotations

from aiokafka.structs import ConsumerRecord
from faust.types import TP

from throughline.streams.worker.agent import WholeFetches
from throughline.streams.worker.fetch import fetch_of_records


class OfTwoTopics(WholeFetches):
    case_topics = frozenset({"police.case-events", "cps.case-events"})


def record(topic: str, partition: int, offset: int) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord(
        topic=topic, partition=partition, offset=offset, timestamp=1_772_000_000_000 + offset, timestamp_type=1,
        key=b"20", value=b"v%d" % offset, checksum=None, serialized_key_size=2, serialized_value_size=2,
        headers=(("ce_id", b"%d" % offset),),
    )  # fmt: skip


def test_each_partition_comes_as_one_record_with_the_offset_of_its_last() -> None:
    """Faust then counts the whole fetch as read once that one is."""
    police = [record("police.case-events", 3, offset) for offset in (7, 8, 9)]
    cps = [record("cps.case-events", 3, 0)]

    given = list(OfTwoTopics().iterate({TP("police.case-events", 3): police, TP("cps.case-events", 3): cps}))

    assert [(tp.topic, one.offset, len(one.value)) for tp, one in given] == [
        ("police.case-events", 9, 3),
        ("cps.case-events", 0, 1),
    ]
    fetch = fetch_of_records(given[0][1].value)
    assert (fetch.origin, fetch.offsets, fetch.values) == ("police.case-events-3", [7, 8, 9], [b"v7", b"v8", b"v9"])
    assert police[-1].value == b"v9"


def test_a_changelog_goes_on_record_by_record() -> None:
    """The recovery of a table counts single records."""
    changelog = [record("app-table-changelog", 0, offset) for offset in range(3)]

    given = list(OfTwoTopics().iterate({TP("app-table-changelog", 0): changelog}))

    assert [one.value for _, one in given] == [b"v0", b"v1", b"v2"]


def test_an_empty_fetch_is_nothing() -> None:
    assert list(OfTwoTopics().iterate({TP("police.case-events", 3): []})) == []


def test_what_was_taken_is_cut_off() -> None:
    """By offset: some may be missing between."""
    fetch = fetch_of_records([record("police.case-events", 3, offset) for offset in (4, 6, 7)])

    assert fetch.since(0) is fetch
    assert fetch.since(5).offsets == [6, 7]
    assert fetch.since(8).offsets == []
    assert fetch.next_offset == 8
