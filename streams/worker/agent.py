"""The Faust worker: its consumer group spreads the partition numbers, and each fetch reaches the agent whole.

Faust does what it is good at: membership of the group, assignment, fetching, holding back. It decodes nothing, keeps
no table and no truth: fetches go into the inbox of the committer, whose stores keep their own positions. What the
group commits is for showing lag only, and may be a moment ahead of what is stored.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterable, Mapping
from pathlib import Path
from typing import Any

import faust

from throughline.errors import TopicMismatch
from throughline.schemas.definitions.topics import Topics
from throughline.sources.connection.clients import for_faust
from throughline.sources.connection.security import OPEN, Security
from throughline.streams.worker.inbox import Assigned, Inbox, Revoked
from throughline.streams.worker.transport import CommittedApp

# compressed; a fetch of all partitions has at most ten times as much
FETCH_BYTES = 4 * 1024 * 1024
_REVOKED_SECONDS = _ASSIGNED_SECONDS = 25.0


def _check_whole(topics_of: Mapping[int, set[str]], names: frozenset[str]) -> None:
    """Raise TopicMismatch, which ends the worker, unless each partition number was assigned in every topic."""
    lacking = sorted({topic for found in topics_of.values() for topic in names - found})
    if lacking:
        raise TopicMismatch(
            "Partitions were assigned without the partitions of the same number in "
            f"{', '.join(f'`{one}`' for one in lacking)}.",
            hint="A topic was deleted, or has a different number of partitions: run `throughline topics check`.",
        )


def make_app(
    *,
    bootstrap: str,
    group: str,
    topics: Topics,
    folder: Path,
    inbox: Inbox,
    instance: str | None = None,
    security: Security = OPEN,
) -> faust.App:
    """The Faust app of a worker: one agent over all topics of case events, which hands fetches to `inbox`.

    `group` is the consumer group, `instance` a name of this worker within it that stays (static membership).
    """
    names = [one.topic.name for one in topics.case_events]
    app = CommittedApp(
        group,
        case_topics=frozenset(names),
        broker=[f"kafka://{address}" for address in bootstrap.split(",")],
        broker_credentials=for_faust(security),
        datadir=folder / "faust",
        processing_guarantee="at_least_once",
        # with a standby, even of no table, Faust's own assignor is used: it gives a partition number of all topics to
        # one worker
        table_standby_replicas=1,
        topic_replication_factor=1,
        topic_allow_declare=False,
        topic_disable_leader=True,
        store="memory://",
        web_enabled=False,
        key_serializer="raw",
        value_serializer="raw",
        stream_wait_empty=False,
        # whole fetches, of megabytes each
        stream_buffer_maxsize=4,
        stream_recovery_delay=0.0,
        broker_commit_every=100,
        broker_commit_interval=1.0,
        broker_max_poll_interval=300.0,
        broker_session_timeout=30,
        broker_heartbeat_interval=5,
        broker_rebalance_timeout=60,
        broker_request_timeout=60,
        broker_check_crcs=True,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=instance,
        consumer_max_fetch_size=FETCH_BYTES,
        producer_acks=-1,
    )
    channel = app.topic(*names, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")

    @app.agent(channel, concurrency=1, name="case-events")
    async def take_fetches(stream: AsyncIterable[Any]) -> None:
        # to raise here would acknowledge and lose the fetch: what can fail is the committer's
        async for fetch in stream:
            await asyncio.to_thread(inbox.put, fetch)

    @app.on_partitions_assigned.connect
    async def assigned(sender: Any, /, *partitions: Any, signal: Any, **_: Any) -> None:
        topics_of: dict[int, set[str]] = {}
        for tp in partitions[0]:
            topics_of.setdefault(tp.partition, set()).add(tp.topic)
        # what can be one case must be with one worker
        _check_whole(topics_of, frozenset(names))
        done = threading.Event()
        inbox.put(Assigned(frozenset(topics_of), done))
        # fetching begins afterwards, so that what it brings follows what the group had committed
        await asyncio.to_thread(done.wait, _ASSIGNED_SECONDS)

    @app.on_partitions_revoked.connect
    async def revoked(sender: Any, /, *partitions: Any, signal: Any, **_: Any) -> None:
        done = threading.Event()
        inbox.put(Revoked(frozenset(tp.partition for tp in partitions[0]), done))
        # the next owner opens the same files, where it is on this machine
        await asyncio.to_thread(done.wait, _REVOKED_SECONDS)

    return app
