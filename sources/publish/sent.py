"""What was sent and still is in an outbox: how it is known again, and how it is made to wait once more.

A broker can lose what it acknowledged: it was set up anew, or an old copy of it was restored. What is sent again is the
same record, so it counts once wherever the first one did arrive.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from hashlib import blake2b

import orjson

from throughline.schemas.wire.kafka_record import KafkaRecord

_AGAIN = "update records set state = 0, sent_at = null where state = 1 and"


def event_hash(topic: bytes, said: Mapping[str, bytes]) -> bytes:
    """16 bytes by which an outbox knows an event of these headers for good: topic, source, id and content."""
    event = b"\0".join((topic, said["ce_source"], said["ce_id"], said["ce_contenthash"]))
    return blake2b(event, digest_size=16).digest()


def headers_text(record: KafkaRecord) -> str:
    """The headers of a record as an outbox keeps them: JSON of [[name, text], …]."""
    return orjson.dumps([(name, text.decode()) for name, text in record.headers]).decode()


def headers_of(text: str) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, value.encode()) for name, value in orjson.loads(text))


def wait_again_since(connection: sqlite3.Connection, since: float) -> int:
    """Let everything wait again that was acknowledged since then (seconds since 1970 UTC); how many records."""
    return connection.execute(f"{_AGAIN} sent_at >= ?", [int(since)]).rowcount


def wait_again(connection: sqlite3.Connection, place: int) -> bool:
    """Let one record wait again; False where it waits anyway."""
    return bool(connection.execute(f"{_AGAIN} place = ?", [place]).rowcount)


def places(connection: sqlite3.Connection) -> dict[bytes, int]:
    """Where each event that is still there stands, by its hash."""
    found = {}
    for place, topic, headers in connection.execute("select place, topic, headers from records"):
        found[event_hash(topic.encode(), dict(headers_of(headers)))] = place
    return found


def number_of(connection: sqlite3.Connection, event: bytes) -> int | None:
    """The number that the outbox gave to an event that it knows; None where the event has its own."""
    row = connection.execute("select sequence from known where event_hash = ?", [event]).fetchone()
    return None if row is None or row[0] is None else int(row[0])


def shipped(connection: sqlite3.Connection) -> Iterator[tuple[dict[str, str], int]]:
    """What was acknowledged, in the order of the outbox: its headers, and when (seconds since 1970 UTC)."""
    for text, sent_at in connection.execute("select headers, sent_at from records where state = 1 order by place"):
        yield dict(orjson.loads(text)), sent_at


def is_pruned(connection: sqlite3.Connection) -> bool:
    """Whether some of it was deleted."""
    gone = connection.execute("select (select count(*) from known) > (select count(*) from records)")
    return bool(gone.fetchone()[0])


def prune(connection: sqlite3.Connection, before: float) -> int:
    """Delete what was acknowledged before then, up to the first that was not; how many records."""
    row = connection.execute(
        "select place from records where state = 1 and sent_at > ? order by place limit 1", [before]
    ).fetchone()
    bounded = ("", ()) if row is None else (" and place < ?", (row[0],))
    return connection.execute(f"delete from records where state = 1{bounded[0]}", bounded[1]).rowcount
