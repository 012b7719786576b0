"""A message of a shared topic that cannot be read ends the sink there: no older state stands as the present one."""

from __future__ import annotations

import time

import cramjam
import pytest
from brokers import RunningBroker
from confluent_kafka.admin import AdminClient, NewTopic

from bench.hostile.batches import batch, produce, record
from throughline.errors import SharedLogError
from throughline.streams.shared.log import SharedLog

UNREADABLE = {
    "a bomb": batch([b""], "zstd", packed=bytes(cramjam.zstd.compress(record(0, bytes(120 << 20))))),
    "no name": batch([record(0, b"v", [(b"\xff\xfe", b"x")])]),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_cannot_be_read_is_named_and_not_passed_over(kind: str, broker: RunningBroker, topic_prefix: str) -> None:
    topic = f"{topic_prefix}shared"
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(30)
    for one in (batch([record(0, b"v0")]), UNREADABLE[kind], batch([record(0, b"v2")])):
        assert produce(broker.bootstrap, topic, 0, one) == 0
    found: list[int] = []
    said = pytest.raises(SharedLogError, match=r"^Cannot read .* (at|offset) 1\b")
    with SharedLog(broker.bootstrap, [topic], []) as log, said:
        _read_on(log, found)

    assert found == [0]


def _read_on(log: SharedLog, found: list[int]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        found += [message.offset for message in log.read(1, 0.5).messages]
