"""How an answer to a FETCH comes to the agent: of case events whole, of what is not of case events record by record."""

from __future__ import annotations

from typing import Any

import aiokafka
import faust
from aiokafka.consumer import fetcher
from aiokafka.structs import ConsumerRecord, TopicPartition

from bench.hostile.batches import batch, record
from throughline.streams.worker.transport import AnswerBytes, CommittedRecords

CASES = "police.case-events"


class OfCases(CommittedRecords):
    case_topics = frozenset({CASES})


def read(topic: str, *batches: bytes, offset: int = 0) -> tuple[list[ConsumerRecord[Any, Any]], int]:
    """The records, and the offset of the next FETCH."""
    records = OfCases(TopicPartition(topic, 3), AnswerBytes(b"".join(batches)), None, offset)
    return list(records), records.next_fetch_offset


def two(base: int) -> bytes:
    return batch([record(n, b"v%d" % (base + n)) for n in range(2)], base=base)


def test_a_fetch_of_case_events_is_one_record_at_its_last_offset() -> None:
    """Faust then counts the whole fetch as read once that one is."""
    (one,), following = read(CASES, two(0), two(2), two(4)[:-1], offset=1)

    assert (one.topic, one.partition, one.offset, following) == (CASES, 3, 3, 4)
    assert (one.value.origin, one.value.offsets, one.value.values) == (f"{CASES}-3", [1, 2, 3], [b"v1", b"v2", b"v3"])


def test_what_cannot_be_read_is_acknowledged_with_the_rest() -> None:
    (one,), following = read(CASES, two(0), batch([b""] * 3, "zstd", packed=b"no", base=2))

    assert (one.offset, following) == (4, 5)
    assert [(passed.first, passed.end) for passed in one.value.passed] == [(2, 5)]


def test_a_changelog_goes_on_record_by_record() -> None:
    """The recovery of a table counts single records."""
    records, following = read("app-table-changelog", two(0), batch([b""], "zstd", packed=b"no", base=2), two(3))

    assert [(one.offset, one.value) for one in records] == [(0, b"v0"), (1, b"v1"), (3, b"v3"), (4, b"v4")]
    assert following == 5


def test_an_answer_that_says_nothing_is_nothing() -> None:
    assert not AnswerBytes(b"").has_next()
    assert read(CASES) == ([], 0)


def test_the_clients_that_are_hooked_into_are_those_that_were_looked_at() -> None:
    """With another version, read transport.py and message_set.py beside its fetcher and records again."""
    assert aiokafka.__version__ == "0.14.0"
    assert faust.__version__ == "0.15.3"
    assert {"MemoryRecords", "PartitionRecords"} <= set(fetcher.Fetcher._proc_fetch_request.__code__.co_names)
