"""What the committing thread does with fetches: together where they follow, the gap first where one does not."""

from __future__ import annotations

import threading
from functools import partial

import pytest
from written_log import Running, WrittenLog

from throughline.sinks.compaction import is_due
from throughline.sinks.schema import meta
from throughline.sinks.store import open_store
from throughline.streams.worker import committer
from throughline.streams.worker.inbox import Revoked
from throughline.streams.worker.partition import partition_file


def test_fetches_that_follow_one_another_are_not_read_again(running: Running, log: WrittenLog) -> None:
    running.assign()
    for first in range(0, 40, 10):
        running.inbox.put(log.fetch(first, first + 10))
    running.run()

    assert running.taken() == (40, 40)
    assert log.reads == []


def test_a_gap_is_read_from_the_log_first(running: Running, log: WrittenLog) -> None:
    """Offsets 10 to 24 never came: they are read in bulk before what follows them."""
    running.assign()
    running.inbox.put(log.fetch(0, 10))
    running.inbox.put(log.fetch(25, 40))
    running.run()

    assert log.reads == [(10, 25)]
    assert running.taken() == (40, 40)


def test_what_was_taken_is_passed_over(running: Running, log: WrittenLog) -> None:
    running.assign()
    running.inbox.put(log.fetch(0, 30))
    running.inbox.put(log.fetch(5, 40))
    running.run()

    assert running.taken() == (40, 40)


def test_a_position_never_goes_back(running: Running, log: WrittenLog) -> None:
    """A client may give records again, in fetches of any order, after a rebalance."""
    running.assign()
    running.inbox.put(log.fetch(0, 20))
    running.inbox.put(log.fetch(10, 30))
    running.inbox.put(log.fetch(5, 15))
    running.run()

    assert log.reads == []
    assert running.taken() == (30, 30)


def test_a_store_behind_the_group_is_brought_to_where_fetches_begin(running: Running, log: WrittenLog) -> None:
    """The group had committed 40 when the partition was assigned; the store is new."""
    log.standing = 40
    running.assign()
    running.run()

    assert log.reads == [(0, 40)]
    assert running.taken() == (40, 40)


def test_fetches_of_a_partition_that_was_revoked_are_dropped(running: Running, log: WrittenLog) -> None:
    running.assign()
    running.inbox.put(log.fetch(0, 10))
    done = threading.Event()
    running.inbox.put(Revoked(frozenset({running.number}), done))
    running.inbox.put(log.fetch(10, 20))
    running.run()

    assert done.is_set()
    assert running.taken() == (10, 10)


def test_no_store_is_made_for_a_partition_without_records(running: Running, log: WrittenLog) -> None:
    log.records = []
    running.assign()
    running.run()

    assert not partition_file(running.folder, running.number).exists()


def test_a_store_is_sorted_while_events_come_in(
    running: Running, log: WrittenLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committer, "is_due", partial(is_due, least=30))
    monkeypatch.setattr(committer, "_SORT_LOOK_SECONDS", 0)
    running.assign()
    for first in range(0, 40, 10):
        running.inbox.put(log.fetch(first, first + 10))
    running.run()

    assert running.taken() == (40, 40)
    with open_store(partition_file(running.folder, running.number), write=False) as store:
        assert "sorting" in meta(store.connection)
