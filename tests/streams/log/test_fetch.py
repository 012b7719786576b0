"""Fetches: the same from either client, and cut where a store stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from throughline.schemas.acceptance.reject import Reject
from throughline.streams.log.fetch import Fetch, Passed, fetch_of_items


def fetch(*offsets: int) -> Fetch:
    return Fetch(
        "cps.case-events",
        4,
        list(offsets),
        [1_000 + offset for offset in offsets],
        [b"%d" % offset for offset in offsets],
        [(("n", b"%d" % offset),) for offset in offsets],
    )


def test_what_it_says_of_itself() -> None:
    whole = fetch(5, 7, 12)

    assert (len(whole), whole.origin, whole.next_offset, whole.size) == (3, "cps.case-events-4", 13, 4 + 3 * 64)


def test_since_cuts_every_list_at_the_same_place() -> None:
    assert fetch(5, 7, 12).since(7) == fetch(7, 12)


def test_since_an_offset_that_the_log_does_not_have() -> None:
    """Offsets may be missing: what is after it is kept."""
    assert fetch(5, 7, 12).since(6) == fetch(7, 12)


def test_since_its_beginning_or_before_is_the_whole() -> None:
    whole = fetch(5, 7)

    assert whole.since(0) is whole
    assert whole.since(5) is whole


def test_since_after_its_end_is_nothing() -> None:
    rest = fetch(5, 7).since(8)

    assert len(rest) == 0
    assert rest.values == []


def test_a_tombstone_has_no_size() -> None:
    assert Fetch("t", 0, [1, 2], [0, 0], [None, b"abc"], [(), ()]).size == 3


@dataclass
class Record:
    """As aiokafka has it."""

    offset: int
    timestamp: int
    value: bytes | None
    headers: Any = ()


def test_a_fetch_of_records_and_what_was_passed_over_between() -> None:
    marker, unread = Passed(10, 11, 52), Passed(11, 14, 53, Reject("unreadable_batch", None, "so"), b"raw")
    found = fetch_of_items("t", 2, [Record(8, 50, b"a", [("k", b"v")]), Record(9, 51, None), marker, unread])

    assert found == Fetch("t", 2, [8, 9], [50, 51], [b"a", None], [[("k", b"v")], ()], [marker, unread])
    assert (found.first, found.next_offset, found.latest) == (8, 14, 53)


def test_what_was_passed_over_is_cut_as_records_are() -> None:
    marker, unread = Passed(4, 5, 9), Passed(5, 8, 10, Reject("unreadable_batch", None, "so"))
    whole = Fetch("t", 0, [8], [11], [b"a"], [()], [marker, unread])

    assert (whole.first, whole.next_offset) == (4, 9)
    assert whole.since(5).passed == [unread]
    assert whole.since(8).passed == []


def test_of_what_says_nothing_the_ends_are_kept() -> None:
    """They say from where to where the fetch goes."""
    markers = [Passed(n, n + 1, 0) for n in range(5)]

    assert fetch_of_items("t", 0, markers).passed == [markers[0], markers[-1]]
