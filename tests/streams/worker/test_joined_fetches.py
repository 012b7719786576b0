"""Fetches of one partition number, joined: the same records, each topic in its order."""

from __future__ import annotations

from throughline.streams.log.fetch import Fetch, joined


def fetch(topic: str, *offsets: int) -> Fetch:
    texts: list[bytes | None] = [f"{topic} {offset}".encode() for offset in offsets]
    return Fetch(topic, 3, list(offsets), [offset * 10 for offset in offsets], texts, [() for _ in offsets])


def test_fetches_of_a_topic_become_one() -> None:
    """All records of all topics are there once, each with what belongs to it; what was missing between still is."""
    found = joined([fetch("a", 1, 2), fetch("b", 7), fetch("a", 5), fetch("b", 8, 9)])

    assert found == [fetch("a", 1, 2, 5), fetch("b", 7, 8, 9)]


def test_a_fetch_alone_stays_as_it_is() -> None:
    """Nothing is copied where nothing is to be joined."""
    alone = fetch("a", 1, 2)

    assert joined([alone])[0] is alone
