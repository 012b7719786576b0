"""Whether a broker is there and does its work."""

from __future__ import annotations

import logging
import socket

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

_silent = logging.getLogger(f"{__name__}.client")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False


def answers(bootstrap: str, node: int | None = None, *, seconds: float = 2.0) -> bool:
    """True if something at `bootstrap` (HOST:PORT) speaks Kafka and names live brokers within `seconds`.

    With `node`, that node has to be among them: a broker that has just started may answer before it takes part.
    """
    host, _, port = bootstrap.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=seconds).close()
    except OSError:
        return False
    client = AdminClient({"bootstrap.servers": bootstrap, "socket.timeout.ms": 2000}, logger=_silent)
    try:
        brokers = client.list_topics(timeout=seconds).brokers
    except KafkaException:
        return False
    return bool(brokers) if node is None else node in brokers
