"""How a worker ends that cannot work, so that a supervisor can tell it from one that was told to stop."""

from __future__ import annotations

from pathlib import Path

import pytest
from workers import WorkerProcess

from throughline.broker.ports import free_ports
from throughline.errors import TopicMismatch
from throughline.streams.worker.agent import _check_whole


def test_a_worker_without_a_broker_ends_with_70(tmp_path: Path) -> None:
    nobody, port = free_ports(2)
    alone = WorkerProcess(f"127.0.0.1:{nobody}", "nobody.", tmp_path / "live", "--no-publish", port=port)

    assert alone.process.wait(60) == 70
    assert "worker_stops" in alone.log.read_text()


def test_partitions_without_their_like_are_refused() -> None:
    """What can be one case must be with one worker: each partition number comes with that of every topic."""
    names = frozenset({"police.case-events", "cps.case-events"})
    _check_whole({0: set(names), 7: set(names)}, names)
    with pytest.raises(TopicMismatch, match=r"without the partitions of the same number in `cps\.case-events`"):
        _check_whole({0: set(names), 7: {"police.case-events"}}, names)
