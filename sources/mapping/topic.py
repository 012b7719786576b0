"""What a mapping says of records on a topic that Kafka Connect fills: what each record is, and what a deletion means.

Its keys and what they mean stand in KEYS. A row is what a record says; what stands around it has `../` before its name.
Every record has `../key`, `../topic` and `../headers.NAME`, one of a change of a row also `../op` (`c` created, `u`
updated, `d` deleted, `r` read by a snapshot), `../position` (where the change stands in the log of the database, as a
whole number), `../source.NAME`, `../before.NAME` and `../transaction.NAME`. What an outbox sends along with its payload
is `../NAME`. Of what stands around a row only what is named is read.
"""

from __future__ import annotations

from dataclasses import replace

from throughline.schemas.definitions.entry import Entry
from throughline.schemas.pages.key import Key, Section
from throughline.sources.mapping.parts import Mapping, TimeForm, TopicRecords, Value, Word

AROUND = "../"
POSITION = "../position"
_COMMITTED = "../source.ts_ms"
_HEADS = ("key", "topic", "headers", "op", "position", "source", "before", "transaction", "ts_ms", "ts_us", "ts_ns")

_A_CHANGE = {"../op": "c", "../position": "17"}
KEYS = Section(
    "`topic`",
    "The rows are records of a topic that Kafka Connect fills. `throughline source changes` reads them.",
    (
        Key(
            "records",
            "`changes` of the rows of a table, or what an `outbox` says.",
            "topic: {records: outbox}",
            "identifiers.crime_ref → 20/000123/26",
        ),
        Key(
            "deleted",
            "Of changes, what a deleted row means: `retract`, `ignore`, or `{type: …}` with constants of its fields.",
            "topic: {records: changes, deleted: ignore}",
            "revision → 000000000000000017",
            _A_CHANGE,
        ),
    ),
)


def read_topic(top: Entry) -> TopicRecords | None:
    """What stands under the key `topic`."""
    part = top.entry("topic")
    if part is None:
        return None
    KEYS.only(part)
    kind = part.choice("records", ("changes", "outbox"))
    deleted = None
    if kind == "changes" and "deleted" not in part.map:
        part.fault("deleted", "is missing: it says what a deleted row means.", "Write retract, ignore or {type: …}.")
    elif kind == "outbox" and "deleted" in part.map:
        part.fault("deleted", "is for changes of rows: what an outbox says is not deleted.")
    elif isinstance(part.map.get("deleted"), str):
        if part.choice("deleted", ("retract", "ignore")) == "retract":
            deleted = Word("", {}, part.line("deleted"))
    elif (of := part.entry("deleted")) is not None:
        fields = {name: of.word(name) for name in of.map if name != "type"}
        deleted = Word(of.text("type"), fields, part.line("deleted"))
    if "snapshot" in top.map:
        part.fault(None, "and `snapshot` are of different ways in: a topic says each change by itself.")
    return TopicRecords(kind, deleted, top.line("topic"))


def in_order(top: Entry, mapping: Mapping) -> Mapping:
    """The mapping with what orders the things that it says of one id: of changes, where they stand in the log of their
    database. Faults of what it names that no record can have, and of ids that a record has only once."""
    if mapping.snapshot is not None and mapping.revision is not None:
        top.fault("revision", "is not read: what is said later is said by a later snapshot.")
    topic = mapping.topic
    if topic is None:
        return mapping
    is_change = topic.kind == "changes"
    if is_change and mapping.revision is None:
        mapping = replace(mapping, revision=Value(column=POSITION, line=topic.line))
    for name, line in mapping.columns().items():
        if is_change and name.startswith(AROUND) and name[3:].split(".")[0] not in _HEADS:
            top.fault("topic", f"nothing around a record is called `{name}`.", "See `sources/mapping/topic.py`.", line)
    if mapping.counts_places:
        top.fault("id", "must not be made of the place of a record: one that is sent again has another.")
    return mapping


def of_deleted(mapping: Mapping) -> Mapping | None:
    """The mapping of deleted rows, where a deletion is an event of its own: it happened when it was committed."""
    word = None if mapping.topic is None else mapping.topic.deleted
    if word is None or not word.type:
        return None
    first = mapping.emits[0]
    emit = replace(
        first,
        name="deleted",
        type=Value(constant=word.type, line=word.line),
        words=None,
        otherwise=None,
        time=Value(column=_COMMITTED, form=TimeForm(("epoch_ms",)), line=word.line),
        recorded_at=None,
        fields={name: Value(constant=said, line=word.line) for name, said in word.fields.items()},
        when=(),
    )
    return replace(mapping, emits=(emit,))
