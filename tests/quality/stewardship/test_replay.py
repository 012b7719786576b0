"""What quarantine kept is judged again: afterwards the store is as if nothing had ever been refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import fastavro
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from histories import Event, event, histories, to_table
from hypothesis import given
from hypothesis import strategies as st
from joined import small_domain
from quarantined import MORNING, SOME, groups, records, state

from throughline.errors import DataError, UsageError
from throughline.quality.stewardship.replay import replay_quarantine
from throughline.schemas.acceptance.statement import event_object
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.avro.record import avro_record
from throughline.schemas.wire.kafka_record import plain_rows
from throughline.sinks.store import open_memory_store
from throughline.streams.join.replay import replay

TYPES = ("police.crime.recorded", "police.file.sent", "cps.file.received", "advocate.case.taken")


def lines_of(events: Iterable[Event]) -> list[bytes]:
    return [orjson.dumps(event_object(row, "test.small")) for row in plain_rows(to_table(events))]


def as_if_never_refused(file: Path, mended: Domain, poor: Domain) -> int:
    """Replay `file` by a poor catalogue, mend it, replay quarantine twice; how many records the poor one refused."""
    with open_memory_store() as store, open_memory_store() as clean:
        refused = sum(replay(store, poor, [file], received_at=MORNING).quarantined.values())
        replay(clean, mended, [file], received_at=MORNING)
        replay_quarantine(store, mended)
        assert state(store) == state(clean)

        again = replay_quarantine(store, mended)
        assert again.counts.accepted == 0
        assert state(store) == state(clean)
    return refused


@SOME
@given(
    events=histories(max_size=25, placeholders=False),
    unknown=st.sets(st.sampled_from(TYPES), min_size=1),
    area=st.sampled_from([None, "20", "30"]),
)
def test_after_the_catalogue_is_mended_the_store_is_that_of_a_clean_set(
    events: list[Event], unknown: set[str], area: str | None
) -> None:
    """Lines whose type or area the catalogue did not have; some are bad by the mended one, too, and stay."""
    mended = small_domain()
    types = {name: one for name, one in mended.types.items() if name not in unknown}
    areas = {name: title for name, title in (mended.areas or {}).items() if name != area}
    with TemporaryDirectory() as folder:
        file = Path(folder) / "events.jsonl"
        file.write_bytes(b"\n".join(lines_of(events)))
        as_if_never_refused(file, mended, replace(mended, types=types, areas=areas))


def recorded(number: int, **fields: Any) -> Event:
    return event("police.crime.recorded", f"2026-03-0{number}T10:15", id=f"e{number}", **fields)


def some_events() -> list[Event]:
    return [recorded(1), recorded(2, area="30"), recorded(3, identifiers={"crime_ref": "C1", "urn": "U1"})]


def without_east() -> Domain:
    return replace(small_domain(), areas={"20": "West"})


def test_a_record_of_an_avro_file_is_kept_with_its_schema(tmp_path: Path) -> None:
    """The record alone would not say what has written it."""
    stored = SchemaStore(small_domain()).of("police.crime.recorded")
    assert stored is not None
    with (tmp_path / "events.avro").open("wb") as file:
        written = [avro_record(row, stored.avro) for row in plain_rows(to_table(some_events()))]
        fastavro.writer(file, stored.avro.schema, written)

    assert as_if_never_refused(tmp_path / "events.avro", small_domain(), without_east()) == 1


def test_parquet_of_events_is_kept_as_json(tmp_path: Path) -> None:
    """The row is an event like any other."""
    events = [*some_events(), recorded(4, area="30", data='{"placeholder_identifiers":["crime_ref","urn"]}')]
    pq.write_table(to_table(events).drop_columns(["origin", "position"]), tmp_path / "events.parquet")

    assert as_if_never_refused(tmp_path / "events.parquet", small_domain(), without_east()) == 2


def test_a_part_of_a_row_is_not_enough(tmp_path: Path) -> None:
    """A row without its time was kept as source, id and type: it stays, and it is said why."""
    table = to_table([recorded(1)]).drop_columns(["origin", "position"])
    place = table.schema.get_field_index("occurred_at")
    pq.write_table(
        table.set_column(place, table.schema.field(place), pa.nulls(1, pa.timestamp("us"))), tmp_path / "e.parquet"
    )
    with open_memory_store() as store:
        replay(store, small_domain(), [tmp_path / "e.parquet"])
        before = state(store)
        done = replay_quarantine(store, small_domain())

        assert [(why.what, n) for why, n in done.unread.items()] == [
            ("a row of an export, which says nothing without its mapping", 1)
        ]
        assert state(store) == before


def test_a_record_refused_for_another_reason_stays_under_that_one(tmp_path: Path) -> None:
    """The type is known now, and its field is still bad."""
    (tmp_path / "e.jsonl").write_bytes(lines_of([recorded(1, data='{"nothing":1}')])[0])
    poor = replace(small_domain(), types={})
    with open_memory_store() as store:
        replay(store, poor, [tmp_path / "e.jsonl"], received_at=MORNING)
        assert [group.reason for group in groups(store.connection)] == ["unknown_type"]
        replay_quarantine(store, small_domain())

        (record,) = records(store.connection)
        assert record.reason != "unknown_type"
        assert (record.position, record.received_at) == (1, MORNING)


def test_what_is_accepted_may_be_a_conflict(tmp_path: Path) -> None:
    """The same id with other content was there already: now both copies wait for a steward, and are not replayed."""
    copies = [recorded(1), recorded(1, area="20", unit="CID", source="urn:test:20:police")]
    (tmp_path / "a.jsonl").write_bytes(lines_of(copies[:1])[0])
    (tmp_path / "b.jsonl").write_bytes(lines_of(copies[1:])[0])
    with open_memory_store() as store:
        replay(store, small_domain(), [tmp_path / "a.jsonl"])
        replay(store, replace(small_domain(), types={}), [tmp_path / "b.jsonl"])
        done = replay_quarantine(store, small_domain())

        assert done.counts.quarantined == {"conflict": 1}
        assert [(group.reason, group.records) for group in groups(store.connection)] == [("conflict", 2)]
        with pytest.raises(UsageError, match=r"steward decides.*\n\n.*conflicts resolve"):
            replay_quarantine(store, small_domain(), reason="conflict")
        with pytest.raises(UsageError, match="steward decides"):
            replay_quarantine(store, small_domain(), quarantine_id=records(store.connection)[0].quarantine_id)


def test_only_what_was_asked_for_is_judged(tmp_path: Path) -> None:
    """By reason, source or id."""
    (tmp_path / "e.jsonl").write_bytes(b"\n".join([*lines_of(some_events()), b"{"]))
    with open_memory_store() as store:
        replay(store, replace(small_domain(), types={}), [tmp_path / "e.jsonl"])
        assert replay_quarantine(store, small_domain(), reason="not_json").counts.accepted == 0
        assert replay_quarantine(store, small_domain(), source="urn:test:30:police").counts.accepted == 1
        first = next(one for one in records(store.connection) if one.reason == "unknown_type")
        assert replay_quarantine(store, small_domain(), quarantine_id=first.quarantine_id).counts.accepted == 1
        assert replay_quarantine(store, small_domain()).counts.accepted == 1
        assert [(group.reason, group.records) for group in groups(store.connection)] == [("not_json", 1)]
        with pytest.raises(DataError, match="quarantine list"):
            replay_quarantine(store, small_domain(), quarantine_id=7)
