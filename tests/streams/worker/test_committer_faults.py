"""What the committing thread does when something fails: it waits where waiting helps, else ends the process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from written_log import Running, WrittenLog, wait_until

from throughline.errors import StoreError, TopicMismatch
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import Topics
from throughline.sinks.store import open_store
from throughline.streams.log.event_log import Extent, check_position
from throughline.streams.worker import committer
from throughline.streams.worker.partition import PartitionStore, partition_file


@pytest.mark.parametrize("fault", ["went backwards", "lost its beginning", "was made anew"])
def test_a_log_that_lost_records_ends_the_process(
    fault: str, running: Running, log: WrittenLog, tmp_path: Path, domain: Domain, topics: Topics
) -> None:
    """Nothing is skipped: exit code 70, and the store keeps what it has."""
    running.assign()
    running.inbox.put(log.fetch(0, 20))
    running.run()
    if fault == "went backwards":
        log.records = log.records[:10]
    elif fault == "lost its beginning":
        log.first = 30
    else:
        log.topic_id = "another"
    again = Running(running.folder, domain, topics, log)
    again.assign()
    again.run()

    assert again.ended == [70]
    assert again.metrics.now_state == "failed"
    assert running.taken() == (20, 20)


@pytest.mark.parametrize("fault", ["went backwards", "lost its beginning", "was made anew"])
def test_a_log_that_loses_records_under_an_open_store_ends_the_process(
    fault: str, running: Running, log: WrittenLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a rebalance nothing is opened again, so that the log is looked at while it is read, too."""
    monkeypatch.setattr(committer, "_LAG_SECONDS", 0.2)
    running.assign()
    running.inbox.put(log.fetch(0, 20))
    running.committer.start()
    wait_until(lambda: running.metrics.behind == 20)
    if fault == "went backwards":
        log.records = log.records[:10]
    elif fault == "lost its beginning":
        log.first = 30
    else:
        log.topic_id = "another"
    wait_until(lambda: bool(running.ended))

    assert running.ended == [70]


def test_a_store_that_another_worker_holds_is_waited_for(running: Running, log: WrittenLog) -> None:
    """What came meanwhile is read from the log, up to its end."""
    running.folder.mkdir()
    with open_store(partition_file(running.folder, running.number), write=True):
        running.assign()
        running.inbox.put(log.fetch(0, 10))
        running.committer.start()
        wait_until(lambda: running.metrics.now_state == "paused")
        running.inbox.put(log.fetch(10, 20))
    wait_until(lambda: running.metrics.now_state == "running")
    running.committer.stop()

    assert running.ended == []
    assert running.taken() == (40, 40)


def test_a_broker_that_is_away_is_waited_for(running: Running, log: WrittenLog) -> None:
    """A gap that cannot be read: nothing after it is taken before it."""
    running.assign()
    running.inbox.put(log.fetch(0, 10))
    running.inbox.put(log.fetch(25, 40))
    log.times_away = 3
    running.committer.start()
    wait_until(lambda: not log.times_away and running.metrics.now_state == "running")
    running.committer.stop()

    assert running.ended == []
    assert log.reads == [(10, 40)]
    assert running.taken() == (40, 40)


def test_a_full_disk_is_waited_for(running: Running, log: WrittenLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """The transaction that finds no room is made again, and nothing is lost or taken twice."""
    whole = PartitionStore.take
    left = [2]

    def take(self: PartitionStore, *arguments: Any, **named: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise StoreError("no room", hint="Make room.")
        return whole(self, *arguments, **named)

    monkeypatch.setattr(PartitionStore, "take", take)
    running.assign()
    running.inbox.put(log.fetch(0, 40))
    running.committer.start()
    wait_until(lambda: not left[0] and running.metrics.now_state == "running")
    running.committer.stop()

    assert running.ended == []
    assert running.taken() == (40, 40)


def test_check_names_topic_and_offsets() -> None:
    with pytest.raises(
        TopicMismatch, match=r"police\.case-events-3 begins at offset 30, but the store has only reached 20: 10"
    ):
        check_position("police.case-events", 3, 20, Extent(30, 40))
