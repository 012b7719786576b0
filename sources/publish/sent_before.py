"""What an outbox sent before and is to send once more: found by what it is, with the numbers that it had.

A record that is sent again is the same event, in the same place: whoever has it counts a copy, and whoever lost
it misses no number. What stands in the outbox waits again; of what was deleted the caller has the record anew.
"""

from __future__ import annotations

import sqlite3

from throughline.schemas.wire.kafka_record import NUMBER_HEADER, KafkaRecord
from throughline.sources.publish.record_text import SEQUENCE_DIGITS, event_hash, headers_of, headers_text

# of what was deleted, only what is asked for is looked up; the index stays with an outbox that was asked once
_PREPARE = (
    "create index if not exists shipped_events on shipped (source_id, event_id)",
    "create temp table places (event_hash blob primary key, place integer) without rowid",
    "insert or replace into places select event_hash(topic, headers), place from records",
)
_WAIT = "update records set state = 0, sent_at = null where place = ? and state = 1"
_FIND = """
select place, sequence, number from shipped
where source_id = ? and event_id = ? and area = ? and type = ? and coalesce(content_hash, ?) = ?
order by place
limit 1
"""
_FORGOTTEN = f"""
select printf('%0{SEQUENCE_DIGITS}d', sequence) from known where event_hash = ? and sequence is not null
union all select null
"""
_RESTORE = "insert into records (place, source_id, topic, key, headers, value) values (?, ?, ?, ?, ?, ?)"


def note_added(connection: sqlite3.Connection, event: bytes) -> None:
    """Note that the event with this hash was just added: it waits, and need not be looked for."""
    _prepare(connection)
    connection.execute("insert or replace into temp.places values (?, null)", [event])


def send_again(connection: sqlite3.Connection, event: bytes, source_id: int, record: KafkaRecord) -> None:
    """Let the known event with this hash wait again, in its place, within the caller's transaction.

    `record` is what it would be sent as if it were new: without the numbers that it had. Of what an earlier version
    forgot only the sequence is known.
    """
    _prepare(connection)
    found = connection.execute("select place from temp.places where event_hash = ?", [event]).fetchone()
    if found is not None:
        # what waits already, or was refused and is tried again anyway, is left as it is
        connection.execute(_WAIT, found)
        return
    said = {name: text.decode() for name, text in record.headers}
    what = (source_id, said["ce_id"], said.get("ce_partitionkey", ""), said["ce_type"])
    shipped = connection.execute(_FIND, (*what, said["ce_contenthash"], said["ce_contenthash"])).fetchone()
    if shipped is None:
        shipped = (None, *connection.execute(_FORGOTTEN, [event]).fetchone(), None)
    place, sequence, number = shipped
    if sequence is not None and "ce_sequence" not in said:
        record = record.with_header("ce_sequence", sequence)
    if number is not None:
        record = record.with_header(NUMBER_HEADER, number)
    connection.execute("delete from shipped where place = ?", [place])
    connection.execute(_RESTORE, (place, source_id, record.topic, record.key, headers_text(record), record.value))
    connection.execute("insert into temp.places values (?, ?)", [event, place])


def _prepare(connection: sqlite3.Connection) -> None:
    if connection.execute("select 1 from sqlite_temp_schema where name = 'places'").fetchone() is None:
        connection.create_function("event_hash", 2, _hash_of_row, deterministic=True)
        for statement in _PREPARE:
            connection.execute(statement)


def _hash_of_row(topic: str, headers: str) -> bytes:
    said = dict(headers_of(headers))
    return event_hash(topic, said["ce_source"], said["ce_id"], said["ce_contenthash"])
