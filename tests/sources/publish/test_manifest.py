"""The manifest of an outbox says what the broker acknowledged; read back from its file it is the same."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from throughline.errors import DataError
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.wire.kafka_record import KafkaRecord
from throughline.schemas.wire.manifest import Manifest, Sent, manifest_text, read_manifest
from throughline.sources.formats.registry import read_events
from throughline.sources.publish.manifest import manifest_of_batches, manifest_of_outbox
from throughline.sources.publish.outbox import Outbox

SECOND_OF_MARCH = date.fromisoformat("2026-03-02")
MORNING = 1_772_442_000.0  # 2026-03-02T09:00Z
DAY = 86_400
EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "examples"


def record(number: int, *times: tuple[str, str]) -> KafkaRecord:
    said = [
        ("content-type", "application/avro"),
        ("ce_id", f"e{number}"),
        ("ce_source", "urn:s"),
        ("ce_type", "uk.test.police.crime.recorded.v1"),
        ("ce_contenthash", str(number)),
        *times,
    ]
    return KafkaRecord("t", b"20", tuple((name, text.encode()) for name, text in said), b"x")


def at(day: str) -> tuple[str, str]:
    return ("ce_time", f"2026-03-{day}T10:00:00Z")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite"


def test_what_the_broker_has_is_summed_by_type_and_day(path: Path) -> None:
    """By the name of the catalogue, with the numbers that the outbox gave; what waits or was refused is not sent."""
    with Outbox(path) as outbox:
        outbox.add([record(1, at("02")), record(2, at("02")), record(3, at("02")), record(4, at("03"))])
        first, second, third, _ = outbox.unsent()
        outbox.mark(sent=[first, second], refused=[(third, "too large")])

    assert manifest_of_outbox(path, "uk.test") == Manifest(
        (Sent("urn:s", "police.crime.recorded", SECOND_OF_MARCH, 2, "000000000001", "000000000002"),)
    )


def test_the_day_is_that_of_recording(path: Path) -> None:
    """Where it is stated; else that of the event, of a month its first day."""
    recorded = record(1, at("05"), ("ce_recordedtime", "2026-03-02T12:00:00Z"))
    with Outbox(path) as outbox:
        outbox.add([recorded, record(2, ("ce_occurredon", "2026-03")), record(3, ("ce_occurredon", "2026-03-04"))])
        outbox.mark(sent=outbox.unsent())

    assert [one.day.day for one in manifest_of_outbox(path, "uk.test").sent] == [1, 2, 4]


def four_days(path: Path) -> None:
    """Of four days the first two have left the records."""
    with Outbox(path) as outbox:
        for day in range(4):
            outbox.add([record(day, at(f"{day + 2:02}"))])
            outbox.mark(sent=outbox.unsent(), now=MORNING + day * DAY)
        assert outbox.prune(kept_days=2.5, now=MORNING + 4 * DAY) == 2


def test_what_left_the_records_is_vouched_for(path: Path) -> None:
    four_days(path)
    made = manifest_of_outbox(path, "uk.test")

    assert made.complete_from is None
    assert [(one.day.day, one.events) for one in made.sent] == [(2, 1), (3, 1), (4, 1), (5, 1)]


def test_days_that_an_earlier_version_forgot_are_not_vouched_for(path: Path) -> None:
    """What was sent on the 2nd and 3rd was deleted; the first left was sent on the 4th: from the 5th all is there."""
    four_days(path)
    with closing(sqlite3.connect(path)) as connection:
        for table in ("shipped", "refusals", "deliveries", "positions"):
            connection.execute(f"drop table {table}")
        for column in ("series", "last_number"):
            connection.execute(f"alter table feeds drop column {column}")
        connection.execute("pragma user_version = 1")
    made = manifest_of_outbox(path, "uk.test")

    assert made.complete_from == date.fromisoformat("2026-03-05")
    assert [one.day.day for one in made.sent] == [5]


def test_event_files_have_a_manifest_too() -> None:
    """Each event once, however often it stands in them."""
    domain = load_domain()
    file = sorted(EXAMPLES.glob("*.jsonl"))[0]
    once = manifest_of_batches(read_events(file, domain))
    twice = manifest_of_batches([*read_events(file, domain), *read_events(file, domain)])

    assert sum(one.events for one in once.sent) > 0
    assert once == twice


def test_a_manifest_is_read_back(tmp_path: Path) -> None:
    """Written and read it is the same, with and without a beginning."""
    file = tmp_path / "manifest.json"
    for made in (
        Manifest(()),
        Manifest(
            (Sent("urn:s", "t", SECOND_OF_MARCH, 2, "1", "2"), Sent("urn:s", "u", SECOND_OF_MARCH, 1)), SECOND_OF_MARCH
        ),
    ):
        file.write_text(manifest_text(made))
        assert read_manifest(file) == made


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "is none"),
        ('{"manifest": 2, "sent": []}', "no manifest of form 1"),
        ('{"manifest": 1, "sent": [7]}', r"`sent\[1\]`: is not an object"),
        ('{"manifest": 1, "sent": [{"source": "s", "day": "2026-03-02", "events": 1}]}', r"`sent\[1\].type`"),
        ('{"manifest": 1, "sent": [{"source": "s", "type": "t", "day": "2 March", "events": 1}]}', "is not a day"),
        (
            '{"manifest": 1, "sent": [{"source": "s", "type": "t", "day": "2026-03-02", "events": true}]}',
            "not a number",
        ),
        ('{"manifest": 1, "complete_from": 3, "sent": []}', "`complete_from`"),
    ],
)
def test_what_is_wrong_in_a_manifest_is_named(tmp_path: Path, text: str, fault: str) -> None:
    """The row, the field, and how to write one."""
    file = tmp_path / "manifest.json"
    file.write_text(text)
    with pytest.raises(DataError, match=fault):
        read_manifest(file)
