"""What each contestant found, to compare: the handoffs and who holds how many cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import orjson
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from throughline.sinks.store import open_store

_COLUMNS = (
    "from_agency varchar, from_unit varchar, to_agency varchar, to_unit varchar, sent_at bigint, received_at bigint, "
    "kind varchar, reason varchar"
)


@dataclass(frozen=True)
class Answer:
    """`handoffs` is a connection whose table of that name has _COLUMNS; `holders` counts cases by who holds them."""

    handoffs: duckdb.DuckDBPyConnection
    holders: Counter[str]

    @property
    def count(self) -> int:
        return _one(self.handoffs, "select count(*) from handoffs")


def own_answer(folder: Path) -> Answer:
    """What the stores in `folder` say."""
    found, holders = _empty(), Counter[str]()
    for file in sorted(folder.glob("partition-*.duckdb")):
        with open_store(file, write=False) as store:
            rows = store.connection.execute(
                """
                select
                  from_agency, from_unit, to_agency, to_unit, epoch_us(sent_at), epoch_us(received_at), kind, reason
                from handoff_facts
                """
            ).to_arrow_table()
            found.execute("insert into handoffs from rows")
            states = store.connection.execute(
                """
                select concat_ws(' ', state, coalesce(holder_agency, awaiting_agency)), count(*)
                from case_facts group by all
                """
            ).fetchall()
            holders.update(dict(states))
            del rows
    return Answer(found, holders)


def check_settled(folder: Path, events: int) -> None:
    """Raise RuntimeError where an event is not stored, or a case still waits to be derived."""
    stored = waiting = 0
    for file in sorted(folder.glob("partition-*.duckdb")):
        with open_store(file, write=False) as store:
            stored += _one(store.connection, "select count(*) from events")
            waiting += _one(store.connection, "select count(*) from unsettled_cases")
    if stored != events or waiting:
        raise RuntimeError(f"{stored} of {events} events are stored, and {waiting} cases wait to be derived")


def peer_answer(said: Mapping[str, Any], bootstrap: str, folder: Path) -> Answer:
    """What a peer emitted, the last of each handoff, and what it counted."""
    lines = folder / "emitted.jsonl"
    with lines.open("wb") as out:
        for partition, offset, value in _emitted(bootstrap, said["output"]):
            out.write(orjson.dumps({"p": partition, "o": offset, **orjson.loads(value)}) + b"\n")
    found = _empty()
    found.execute(
        """
        insert into handoffs
        with latest as (
          select unnest(arg_max(said, o)) from (
            select said, said.o as o, said.sent_event as sent_event
            from read_json(?, format = 'newline_delimited', columns = {
              p: 'integer', o: 'bigint', sent_event: 'varchar', gone: 'boolean', from_agency: 'varchar',
              from_unit: 'varchar', to_agency: 'varchar', to_unit: 'varchar', sent_at: 'bigint', received_at: 'bigint',
              kind: 'varchar', reason: 'varchar'
            }) said
          )
          group by sent_event
        )
        select from_agency, from_unit, to_agency, to_unit, sent_at, received_at, kind, reason
        from latest where gone is not true
        """,
        [str(lines)],
    )
    return Answer(found, Counter(said["holders"]))


def differences(peer: Answer, own: Answer) -> list[str]:
    """Lines for people: the numbers of both, and how many handoffs only one of them has."""
    rows = own.handoffs.execute("from handoffs").to_arrow_table()
    peer.handoffs.execute("create or replace temp table ours as from rows")
    del rows
    lacking = _one(peer.handoffs, "select count(*) from (from ours except all from handoffs)")
    besides = _one(peer.handoffs, "select count(*) from (from handoffs except all from ours)")
    lines = [
        f"  handoffs: {peer.count:,}, Throughline {own.count:,}; {lacking:,} of Throughline's are not among them, and "
        f"{besides:,} of them not among Throughline's",
    ]
    for holder in sorted(peer.holders.keys() | own.holders.keys()):
        if peer.holders[holder] or own.holders[holder]:
            mark = "" if peer.holders[holder] == own.holders[holder] else "   DIFFERS"
            lines.append(f"  cases {holder}: {peer.holders[holder]:,}, Throughline {own.holders[holder]:,}{mark}")
    return lines


def _emitted(bootstrap: str, topic: str) -> Any:
    """Partition, offset and value of every record of a topic."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    numbers = admin.list_topics(topic).topics[topic].partitions
    asked = {TopicPartition(topic, number): OffsetSpec.latest() for number in numbers}
    left = {at.partition: future.result().offset for at, future in admin.list_offsets(asked).items()}
    left = {number: end for number, end in left.items() if end}
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "answers", "enable.auto.commit": False})
    try:
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in left])
        while left:
            for message in consumer.consume(20_000, timeout=2.0):
                if message.error():
                    raise RuntimeError(message.error().str())
                yield message.partition(), message.offset(), message.value()
                if message.offset() + 1 >= left.get(message.partition(), 0):
                    left.pop(message.partition(), None)
    finally:
        consumer.close()


def _empty() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    connection.execute(f"create table handoffs ({_COLUMNS})")
    return connection


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])
