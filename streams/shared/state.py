"""Messages of the shared topics to a store: the newest of each case and of each record in quarantine counts.

The decision timeline carries everything that the public views of a case read, so that they say the same here as where
it was published; alerts and handoffs follow from it, and their topics are for those who want nothing else. What the
store holds is a function of the set of messages: copies and old ones change nothing, whatever comes in which order.
Two messages of one key and version (published again after the rules changed) count in the order of the log.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import duckdb
import pyarrow as pa

from throughline.errors import SharedLogError
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import SharedName, Topics
from throughline.schemas.wire.avro.shared import check_frames, shared_schema
from throughline.sinks.feed import feed_with_shared_topics
from throughline.sinks.store import Store
from throughline.sql import registered, sql
from throughline.streams.join.rules import install_rules
from throughline.streams.shared.form import PARTS, write_part

# what a sink reads; the others say nothing that is not in these
READ: tuple[SharedName, ...] = ("decision_timeline", "quarantine")
_KEYS: dict[SharedName, str] = {"decision_timeline": "case_id", "quarantine": "quarantine_id"}
_KEY_FORM: dict[SharedName, re.Pattern[bytes]] = {
    "decision_timeline": re.compile(rb"c([0-9a-f]{16})"),
    "quarantine": re.compile(rb"([0-9a-f]{16})"),
}


class SharedMessage(NamedTuple):
    """A message as it stands in the log."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] | None

    @property
    def place(self) -> str:
        return f"{self.topic}[{self.partition}]@{self.offset}"


class Position(NamedTuple):
    """How far a partition was read, as `log_positions` has it."""

    topic: str
    partition: int
    topic_id: str
    next_offset: int


@dataclass
class Taken:
    """What became of messages: applied, of keys that are gone, or old (a newer one of its key was there)."""

    changed: int = 0
    gone: int = 0
    old: int = 0


def open_shared(store: Store, domain: Domain) -> None:
    """Make the store one that is fed with the shared topics, with the rules of this domain (titles, calendar).

    What was published stays as it was published under the publisher's rules. Raises StoreError for a store of events.
    """
    feed_with_shared_topics(store)
    with store.transaction() as connection:
        install_rules(connection, domain)


def take(store: Store, topics: Topics, messages: Sequence[SharedMessage], positions: Iterable[Position] = ()) -> Taken:
    """Apply messages and note the positions, in one transaction. Messages of topics that are not read are old.

    Raises SharedLogError, and takes nothing, where a message is written with another schema or is damaged.
    """
    taken = Taken()
    with store.transaction() as connection:
        for name in READ:
            topic = topics.shared[name].name
            found = [message for message in messages if message.topic == topic]
            if found:
                _take_topic(connection, name, found, taken)
        taken.old = len(messages) - taken.changed - taken.gone
        for position in positions:
            connection.execute(
                "delete from log_positions where topic = ? and partition = ?", [position.topic, position.partition]
            )
            connection.execute("insert into log_positions values (?, ?, ?, ?)", list(position))
    return taken


def _take_topic(
    connection: duckdb.DuckDBPyConnection, name: SharedName, messages: Sequence[SharedMessage], taken: Taken
) -> None:
    check_frames(name, ((message.value, message.place) for message in messages if message.value is not None))
    newest: dict[bytes, tuple[int, int]] = {}
    for place, message in enumerate(messages):
        version = _version(message)
        key = message.key or b""
        if key not in newest or version >= newest[key][0]:
            newest[key] = version, place
    arrived = pa.table(
        {
            "key": [_digits(name, messages[place]) for _, place in newest.values()],
            "version": pa.array((version for version, _ in newest.values()), pa.int64()),
            "place": pa.array((place for _, place in newest.values()), pa.int64()),
        }
    )
    with registered(connection, arrived_messages=arrived):
        connection.execute(sql(__package__, f"sql/fresh_{name}"))
    fresh = [messages[place] for (place,) in connection.execute("select place from fresh order by place").fetchall()]
    living = [message for message in fresh if message.value is not None]
    taken.changed += len(living)
    taken.gone += len(fresh) - len(living)
    with registered(connection, decoded=_decoded(name, living)):
        connection.execute(sql(__package__, f"sql/take_{name}"))
    if name == "decision_timeline":
        for part in PARTS:
            connection.execute(write_part(connection, part))
        connection.execute("drop table temp.taken_cases")
    connection.execute("drop table temp.fresh")


def _decoded(name: SharedName, messages: Sequence[SharedMessage]) -> pa.Table:
    """The messages by the columns of their schema, and where each stands: log_origin, log_offset.

    Raises SharedLogError for one that is not what its schema says, or is of another key than it says.
    """
    schema = shared_schema(name)
    start = len(schema.frame)
    rows, places, bad = schema.codec.decode([(message.value or b"")[start:] for message in messages])
    if bad:
        place, reject = bad[0]
        raise _damaged(messages[place], reject.detail)
    in_order = [messages[place] for place in places]
    for key, message in zip(rows.column(_KEYS[name]).to_pylist(), in_order, strict=True):
        if message.key != key.encode():
            raise _damaged(message, "its key is not the one that it says")
    table = pa.Table.from_batches([rows])
    table = table.append_column("log_origin", pa.array([f"{m.topic}-{m.partition}" for m in in_order], pa.string()))
    return table.append_column("log_offset", pa.array([m.offset for m in in_order], pa.int64()))


def _version(message: SharedMessage) -> int:
    for name, value in message.headers or ():
        if name == "ce_sequence" and value is not None and value.isdigit():
            return int(value)
    raise _damaged(message, "it has no `ce_sequence`, which says which of two messages is newer")


def _digits(name: SharedName, message: SharedMessage) -> str:
    """The 16 hexadecimal digits of a message's key."""
    found = _KEY_FORM[name].fullmatch(message.key or b"")
    if found is None:
        raise _damaged(message, "its key is no id")
    return found[1].decode()


def _damaged(message: SharedMessage, what: str) -> SharedLogError:
    return SharedLogError(
        f"The message at {message.place} cannot be taken: {what}.",
        hint="Nothing from its batch was taken. Have its worker publish the case again, then run this again.",
    )
