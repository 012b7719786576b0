"""Given one record of Debezium and a mapping, this event, or this reason why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pytest
from crime_changes import MAPPING, crime, england_wales_domain, written_mapping
from debezium import COMMITTED, DAYS, MICROS, TEXT, ZONED, change, decimal, routed, tombstone
from hypothesis import given, settings
from hypothesis import strategies as st

from throughline.errors import MappingError
from throughline.sources.changes.conversion import Mapped, map_records
from throughline.sources.changes.envelope import ConnectRecord
from throughline.sources.changes.logical_types import read_struct
from throughline.sources.changes.position import log_position
from throughline.sources.mapping.mapping import load_mapping

# 2 March 2026, 10:15; of a clock in England that is UTC
AT = datetime(2026, 3, 2, 10, 15)  # noqa: DTZ001 - columns hold UTC without a zone
OUTBOX = """
title: What the crime service says
source: urn:throughline:police:20:crimes
topic: {records: outbox}
area: {constant: "20"}
unit: unit.code
identifiers: {crime_ref: crime}
type: ../headers.eventType
types: {CrimeRecorded: police.crime.recorded}
time: {column: at}
fields: {offence_group: offence}
id: {columns: [../headers.id]}
"""
SAID = {"crime": "20/000123/26", "at": "2026-03-02T10:15:00Z", "unit": {"code": "20PP"}, "offence": "stalking"}


def mapped(folder: Path, mapping: str, *records: ConnectRecord) -> Mapped:
    return map_records(records, load_mapping(written_mapping(folder, mapping)), england_wales_domain())


def one_event(made: Mapped) -> dict[str, Any]:
    assert made.batch.rejects.num_rows == 0, made.batch.rejects.to_pylist()
    (event,) = made.batch.events.to_pylist()
    return dict(event)


def reasons(made: Mapped) -> list[tuple[str, str | None]]:
    return [(row["reason"], row["field"]) for row in made.batch.rejects.to_pylist()]


def test_times_are_read_with_a_schema_and_without(tmp_path: Path) -> None:
    """With one they are written as times; without, the mapping says what the numbers are. A timestamp of no zone is a
    local time: in July an hour before UTC."""
    july = (COMMITTED + 122 * 86_400_000) * 1000
    schema = dict.fromkeys(("crime_no", "unit", "offence", "notes"), TEXT) | {"id": DAYS, "recorded": MICROS}
    stated = MAPPING.replace("format: local_us", "format: iso")

    bare = one_event(mapped(tmp_path, MAPPING, change("c", 1, after=crime(1, recorded=july))))
    full = one_event(mapped(tmp_path, stated, change("c", 1, after=crime(1, recorded=july), schema=schema)))

    assert bare["occurred_at"] == full["occurred_at"] == datetime(2026, 7, 2, 9, 15)  # noqa: DTZ001
    assert bare["recorded_at"] == AT


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("io.debezium.time.Date", 20514, "2026-03-02"),
        ("org.apache.kafka.connect.data.Date", -1, "1969-12-31"),
        ("io.debezium.time.Timestamp", COMMITTED, "2026-03-02T10:15:00"),
        ("org.apache.kafka.connect.data.Timestamp", COMMITTED + 250, "2026-03-02T10:15:00.25"),
        ("io.debezium.time.MicroTimestamp", COMMITTED * 1000 + 1, "2026-03-02T10:15:00.000001"),
        ("io.debezium.time.NanoTimestamp", COMMITTED * 10**6 + 1, "2026-03-02T10:15:00.000000001"),
        ("io.debezium.time.ZonedTimestamp", "2026-03-02T10:15:00Z", "2026-03-02T10:15:00Z"),
        ("io.debezium.time.IsoTimestamp", "2026-03-02T10:15:00Z", "2026-03-02T10:15:00"),
        ("io.debezium.time.Time", 36_900_000, "10:15:00"),
        ("io.debezium.time.MicroTime", 36_900_500_000, "10:15:00.5"),
        ("io.debezium.time.MicroTimestamp", 9_223_372_036_825_200_000, 9_223_372_036_825_200_000),  # `infinity`
        ("io.debezium.time.IsoTimestamp", 1.5, 1.5),  # no text, whatever its schema says
        ("io.debezium.time.Date", [], []),
        ("io.debezium.time.Timestamp", "A" * 5000, "A" * 5000),  # a text times a million is gigabytes
        ("io.debezium.time.MicroTime", True, True),
    ],
)
def test_a_value_is_what_its_schema_says(name: str, value: Any, text: Any) -> None:
    schema = {"fields": [{"field": "a", "name": name}]}
    assert read_struct({"a": value}, schema) == {"a": text}


@pytest.mark.parametrize(
    ("unscaled", "scale", "text"),
    [
        (12345, 2, "123.45"),
        (-1, 3, "-0.001"),
        (200009000101, 0, "200009000101"),
        (12345678901234567890123456789012345678, 0, "12345678901234567890123456789012345678"),
        (-12345678901234567890123456789012345678, 30, "-12345678.901234567890123456789012345678"),
    ],
)
def test_a_decimal_is_its_digits(unscaled: int, scale: int, text: str) -> None:
    """Without a schema nobody can tell them from text: the connector is to write them as text."""
    value, schema = decimal(unscaled, scale)
    assert read_struct({"a": value}, {"fields": [{**schema, "field": "a"}]}) == {"a": text}
    variable = {"field": "a", "type": "struct", "name": "io.debezium.data.VariableScaleDecimal"}
    assert read_struct({"a": {"scale": scale, "value": value}}, {"fields": [variable]}) == {"a": text}


@pytest.mark.parametrize("scale", [999_999, -999_999, 10**30, "9" * 5000])
def test_a_scale_that_no_database_has_is_not_followed(scale: Any) -> None:
    """A few bytes do not ask for a text of megabytes: the value stays as it is, and fits no column."""
    field = {"field": "a", "type": "bytes", "name": "org.apache.kafka.connect.data.Decimal"}
    assert read_struct({"a": "AQ=="}, {"fields": [field | {"parameters": {"scale": scale}}]}) == {"a": "AQ=="}


@pytest.mark.parametrize(
    ("form", "value", "occurred", "precision"),
    [
        ("epoch_days", 20514, datetime(2026, 3, 2), "day"),  # noqa: DTZ001
        ("epoch_days", -1826, datetime(1965, 1, 1), "day"),  # noqa: DTZ001
        ("epoch_us", COMMITTED * 1000, AT, "instant"),
        ("epoch_ns", COMMITTED * 10**6, AT, "instant"),
        ("local_ms", COMMITTED, AT, "instant"),
        ("local_ns", COMMITTED * 10**6 + 999, AT, "instant"),
    ],
)
def test_a_number_is_the_time_that_the_mapping_says(
    tmp_path: Path, form: str, value: int, occurred: datetime, precision: str
) -> None:
    mapping = MAPPING.replace("local_us", form)
    event = one_event(mapped(tmp_path, mapping, change("c", 1, after=crime(1, recorded=value))))
    assert (event["occurred_at"], event["occurred_precision"]) == (occurred, precision)


def test_a_number_of_another_unit_is_refused(tmp_path: Path) -> None:
    made = mapped(tmp_path, MAPPING, change("c", 1, after=crime(1, recorded=COMMITTED)))
    assert reasons(made) == [("bad_time", "recorded")]
    with pytest.raises(MappingError, match="read the same number differently"):
        mapped(tmp_path, MAPPING.replace("local_us", "[local_us, epoch_us]"), change("c", 1, after=crime(1)))


def test_a_snapshot_does_not_say_when_a_row_changed(tmp_path: Path) -> None:
    """Its time of reading is not taken for the time of the change."""
    read = change("r", 1, after=crime(1), snapshot="first_in_data_collection")
    assert one_event(mapped(tmp_path, MAPPING, read))["recorded_at"] is None
    timed = MAPPING.replace("{column: recorded, format: local_us}", "{column: ../source.ts_ms, format: epoch_ms}")
    made = mapped(tmp_path, timed.replace("[id,", "[recorded, id,"), read)
    assert reasons(made) == [("missing_time", "../source.ts_ms")]


def test_a_deleted_row_is_what_the_mapping_says(tmp_path: Path) -> None:
    deleted = change("d", 7, before=crime(1))
    assert one_event(mapped(tmp_path, MAPPING, deleted))["retracts"] is True

    ignored = mapped(tmp_path, MAPPING.replace("retract", "ignore"), deleted)
    assert (ignored.batch.events.num_rows, ignored.left_out) == (0, 1)

    cancelled = MAPPING.replace("retract", "{type: police.crime.cancelled, reasons: additional_information}")
    event = one_event(mapped(tmp_path, cancelled, deleted))
    assert (event["id"], event["type"], event["retracts"]) == ("20/000001/26:deleted", "police.crime.cancelled", None)
    assert (event["occurred_at"], event["reason"]) == (AT, "additional_information")


def test_a_deletion_that_says_no_more_than_the_key_is_refused(tmp_path: Path) -> None:
    """As PostgreSQL gives it with the usual replica identity: columns that may be empty are, others are 0 or empty."""
    bare = {"id": 1, "crime_no": "20/000001/26", "recorded": 0, "unit": "", "offence": "", "notes": None}
    made = mapped(tmp_path, MAPPING, change("d", 7, before=bare), change("d", 8, before=None), tombstone())
    assert [reason for reason, _ in reasons(made)] == ["no_row", "bad_time"]
    assert (made.batch.events.num_rows, made.left_out) == (0, 1)


def test_a_value_that_was_not_sent_is_not_taken_for_one(tmp_path: Path) -> None:
    """A large value that did not change: it is that of before, where that is there."""
    absent = "__debezium_unavailable_value"
    noted = change("u", 1, after=crime(1, notes=absent))
    unsaid = change("u", 1, after=crime(1, offence=absent))
    known = change("u", 1, before=crime(1), after=crime(1, offence=absent))

    assert one_event(mapped(tmp_path, MAPPING, noted))["id"] == "20/000001/26"  # the column is ignored
    assert reasons(mapped(tmp_path, MAPPING, unsaid)) == [("unavailable_value", "offence")]
    assert one_event(mapped(tmp_path, MAPPING, known))["data"] == '{"offence_group":"stalking"}'


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"{", "not_json"),
        (b"[]", "not_a_change"),
        (b'{"status": "BEGIN", "id": "555:1", "event_count": null}', "not_a_change"),  # of the topic of transactions
        (orjson.dumps({**crime(1), "__deleted": "false"}), "not_a_change"),  # flattened
    ],
)
def test_a_record_that_is_no_change_is_named(tmp_path: Path, value: bytes, reason: str) -> None:
    made = mapped(tmp_path, MAPPING, ConnectRecord("rms.public.crime", 0, 0, 0, None, value))
    assert [found for found, _ in reasons(made)] == [reason]


@pytest.mark.parametrize(
    ("source", "position"),
    [
        ({"connector": "postgresql", "lsn": 24023128}, "24023128"),
        ({"connector": "oracle", "scn": "2122184"}, "2122184"),
        ({"connector": "mysql", "file": "mysql-bin.000003", "pos": 484}, "300000000484"),
        ({"connector": "mariadb", "file": "binlog.000010", "pos": 4}, "1000000000004"),
        ({"connector": "sqlserver", "change_lsn": "00000027:00000758:0003"}, None),
        ({"connector": "postgresql", "lsn": None}, None),
        ({"connector": "oracle", "scn": "9" * 5000}, None),
    ],
)
def test_changes_are_ordered_by_the_log_of_their_database(source: Mapping[str, Any], position: str | None) -> None:
    assert log_position(source) == position


def test_a_change_without_a_position_needs_another_order(tmp_path: Path) -> None:
    """A column that only grows, as `rowversion` of SQL Server does."""
    record = change("c", None, after=crime(1, version=12), connector="sqlserver")
    assert reasons(mapped(tmp_path, MAPPING.replace("[id,", "[version, id,"), record)) == [
        ("bad_revision", "../position")
    ]
    event = one_event(mapped(tmp_path, MAPPING + "revision: version\n", record))
    assert event["revision"] == "000000000000000012"


@pytest.mark.parametrize("shape", [{}, {"is_expanded": True}, {"schema": True}, {"beside": {"region": "wm"}}])
def test_what_an_outbox_says_is_an_event(tmp_path: Path, shape: dict[str, Any]) -> None:
    """However its router is set: the payload is the row, the headers stand around it."""
    event = one_event(mapped(tmp_path, OUTBOX, routed("4d47e190-0402", SAID, **shape)))
    assert (event["id"], event["unit"], event["occurred_at"], event["revision"]) == ("4d47e190-0402", "20PP", AT, None)


def test_a_name_that_nothing_around_a_record_has_is_told(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"nothing around a record is called `\.\./sauce\.ts_ms`"):
        load_mapping(written_mapping(tmp_path, MAPPING.replace("../source.", "../sauce.")))
    made = mapped(tmp_path, MAPPING.replace("source.ts_ms", "source.ts_mz"), change("c", 1, after=crime(1)))
    assert reasons(made) == [("not_mapped", "../source.ts_mz")]
    with pytest.raises(MappingError, match="must not be made of the place of a record"):
        load_mapping(written_mapping(tmp_path, MAPPING.replace("{columns: [crime_no]}", "row")))


def test_a_deletion_that_is_an_event_is_of_the_time_at_which_it_was_committed(tmp_path: Path) -> None:
    """Whether or not the mapping reads that time of other changes."""
    mapping = MAPPING.replace("retract", "{type: police.crime.cancelled, reasons: additional_information}").replace(
        "recorded_at:", "#"
    )
    event = one_event(mapped(tmp_path, mapping, change("d", 7, before=crime(1))))
    assert (event["type"], event["occurred_at"]) == ("police.crime.cancelled", AT)


RECORDS = {
    "good": (change("c", 1, after=crime(1)), None),
    "new column": (change("c", 2, after=crime(2, suspect="s-1")), "suspect"),
    "no column": (change("c", 3, after={name: said for name, said in crime(3).items() if name != "unit"}), "unit"),
    "new column that is told to nobody": (change("c", 4, after=crime(4, **{"Jo Bloggs": 1})), None),
    "several values": (change("c", 5, after=crime(5, "x") | {"offence": ["stalking"]}), "offence"),
    "deleted": (change("d", 6, before=crime(6)), None),
    "deleted, with a new column": (change("d", 7, before=crime(7, suspect="s-1")), "suspect"),
}


@settings(max_examples=15)
@given(st.lists(st.sampled_from(sorted(RECORDS)), min_size=1, max_size=6))
def test_what_becomes_of_a_record_does_not_depend_on_its_neighbours(names: list[str]) -> None:
    """One that the mapping does not fit is refused, with the name of the column where it may be told."""
    with TemporaryDirectory() as folder:
        made = mapped(Path(folder), MAPPING, *(replace(RECORDS[name][0], offset=n) for n, name in enumerate(names)))

    accepted = [n for n, name in enumerate(names) if name in ("good", "deleted")]
    assert sorted(made.batch.events["position"].to_pylist()) == accepted
    assert [(row["position"], row["reason"], row["field"]) for row in made.batch.rejects.to_pylist()] == [
        (n, "not_mapped", RECORDS[name][1]) for n, name in enumerate(names) if n not in accepted
    ]


def test_what_an_outbox_says_otherwise_is_refused_by_itself(tmp_path: Path) -> None:
    """A name that the mapping does not know, and a value that is several: also where another record has several."""
    mapping = OUTBOX.replace("{offence_group: offence}", "{reasons: {column: why, split: json}}")
    mapping = mapping.replace("police.crime.recorded", "police.crime.cancelled")
    said = {name: text for name, text in SAID.items() if name != "offence"} | {"why": ["additional_information"]}
    records = [
        routed("1", said),
        routed("2", {**said, "officer": "x"}),
        routed("3", {**said, "crime": ["20/000123/26", "20/000124/26"]}),
        routed("4", {**said, "why": "additional_information"}),
        routed("5", said),
    ]
    together = mapped(tmp_path, mapping, *(replace(one, offset=n) for n, one in enumerate(records, 1)))
    alone = [mapped(tmp_path, mapping, one) for one in records]

    fates = [(row["position"], row["reason"]) for row in together.batch.rejects.to_pylist()]
    assert sorted(fates) == [(2, "not_mapped"), (3, "not_mapped"), (4, reasons(alone[3])[0][0])]
    assert [made.batch.events.num_rows for made in alone] == [1, 0, 0, 0, 1]


def test_zoned_times_keep_their_zone(tmp_path: Path) -> None:
    schema = dict.fromkeys(("crime_no", "unit", "offence", "notes", "id"), TEXT) | {"recorded": ZONED}
    record = change("c", 1, after=crime(1, recorded="2026-07-02T09:15:00Z"), schema=schema)
    event = one_event(mapped(tmp_path, MAPPING.replace("local_us", "iso"), record))
    assert event["occurred_at"] == datetime(2026, 7, 2, 9, 15)  # noqa: DTZ001
