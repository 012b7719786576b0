"""What quarantine kept is judged again: afterwards the store is as if nothing had ever been refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import fastavro
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from histories import Event, event, histories, to_table
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joined import small_domain

from throughline.errors import DataError, UsageError
from throughline.quality.stewardship.replay import replay_quarantine
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.topics import load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.avro.record import avro_record
from throughline.schemas.wire.event_json import event_object
from throughline.schemas.wire.kafka_record import plain_rows, record_of
from throughline.sinks.digest import digest
from throughline.sinks.quarantine.records import groups, records
from throughline.sinks.store import Store, open_memory_store
from throughline.sources.mapping.mapping import load_mapping
from throughline.sources.mapping.parts import Mapping
from throughline.streams.join.batch import settle, take
from throughline.streams.join.rebuild import open_domain
from throughline.streams.join.replay import replay
from throughline.streams.worker.fetch import Fetch
from throughline.streams.worker.records import read_case_records

MORNING = datetime.fromisoformat("2026-07-01T06:00")
SOME = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
TYPES = ("police.crime.recorded", "police.file.sent", "cps.file.received", "advocate.case.taken")


def lines_of(events: Iterable[Event]) -> list[bytes]:
    return [orjson.dumps(event_object(row, "test.small")) for row in plain_rows(to_table(events))]


def state(store: Store) -> dict[str, Any]:
    """What the store says, and what stands where: nothing of it may tell that a record was once refused."""
    queries = {
        "events": "select event_key, origin, position, received_at, in_conflict from events order by all",
        "quarantined": "select quarantine_id, reason, origin, position, received_at, raw from quarantined order by all",
    }
    return {name: store.connection.execute(query).fetchall() for name, query in queries.items()} | {
        "digest": digest(store.connection)
    }


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
        with pytest.raises(UsageError, match=r"steward decides.*\n\n.*conflict.resolved"):
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


MAPPING = """
title: Nightly export
source: urn:test:20:export
area: {constant: "20"}
identifiers: {crime_ref: Crime No}
time: {column: Recorded, format: "%d/%m/%Y %H:%M", zone: Europe/London}
type: Status
types:
  NEW: police.crime.recorded
  SENT: police.file.sent
id: {columns: [Crime No, Status]}
ignore: [Note]
"""
POOR_MAPPING = MAPPING.replace("  SENT: police.file.sent\n", "")


@cache
def mapping(text: str) -> Mapping:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mapping.yaml"
        path.write_text(text, encoding="utf-8")
        return load_mapping(path)


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "Crime No": st.sampled_from(["20/1/26", "20/2/26", "20/3/26", ""]),
            "Recorded": st.sampled_from(["14/03/2026 21:40", "2026/03/15 08:05", "15/03/2026 25:10"]),
            "Status": st.sampled_from(["NEW", "SENT", "SENT", "OTHER"]),
            "Note": st.sampled_from(["", "née", "a;b", "two\nlines", 'said "no"']),
        }
    ),
    min_size=1,
    max_size=12,
)


def write_csv(file: Path, rows: list[dict[str, str]], encoding: str) -> None:
    quoted = [";".join('"' + value.replace('"', '""') + '"' for value in row.values()) for row in rows]
    file.write_bytes(("\n".join([";".join(rows[0]), *quoted]) + "\n").encode(encoding))


@SOME
@given(rows=ROWS, form=st.sampled_from(["utf-8", "cp1252", "parquet"]))
def test_after_a_mapping_is_mended_the_store_is_that_of_a_clean_set(rows: list[dict[str, str]], form: str) -> None:
    """Rows that the mapping refused, of CSV or of Parquet."""
    with TemporaryDirectory() as folder, open_memory_store() as store, open_memory_store() as clean:
        file = Path(folder) / ("rows.parquet" if form == "parquet" else "rows.csv")
        if form == "parquet":
            pq.write_table(pa.Table.from_pylist(rows), file)
        else:
            write_csv(file, rows, form)
        replay(store, small_domain(), [file], mapping=mapping(POOR_MAPPING), received_at=MORNING)
        replay(clean, small_domain(), [file], mapping=mapping(MAPPING), received_at=MORNING)
        for _ in range(2):
            replay_quarantine(store, small_domain(), mapping=mapping(MAPPING))
            assert state(store) == state(clean)


def test_a_line_of_an_export_needs_its_mapping_and_the_first_line_of_its_file(tmp_path: Path) -> None:
    """Each is asked for by name, and nothing is changed meanwhile."""
    row = {"Crime No": "20/1/26", "Recorded": "14/03/2026 21:40", "Status": "SENT", "Note": ""}
    write_csv(tmp_path / "rows.csv", [row], "utf-8")
    with open_memory_store() as store:
        replay(store, small_domain(), [tmp_path / "rows.csv"], mapping=mapping(POOR_MAPPING))
        (record,) = records(store.connection)
        one = {"quarantine_id": record.quarantine_id}

        with pytest.raises(DataError, match=r"rows.csv:2: .*without its mapping\n\nGive --mapping FILE"):
            replay_quarantine(store, small_domain(), **one)
        other = mapping(MAPPING.replace("urn:test:20:export", "urn:test:20:another"))
        with pytest.raises(DataError, match="the one that is for its source"):
            replay_quarantine(store, small_domain(), mapping=other, **one)
        (tmp_path / "rows.csv").rename(tmp_path / "gone.csv")
        with pytest.raises(DataError, match=r"whose file is gone.*\n\nPut the file back"):
            replay_quarantine(store, small_domain(), mapping=mapping(MAPPING), **one)
        (tmp_path / "gone.csv").rename(tmp_path / "rows.csv")
        assert replay_quarantine(store, small_domain(), mapping=mapping(MAPPING), **one).counts.accepted == 1
        assert records(store.connection) == []


def test_a_row_that_a_filter_leaves_out_now_stays(tmp_path: Path) -> None:
    """It became no event: a steward may discard it."""
    row = {"Crime No": "20/1/26", "Recorded": "14/03/2026 21:40", "Status": "DRAFT", "Note": ""}
    write_csv(tmp_path / "rows.csv", [row], "utf-8")
    filtered = mapping(MAPPING + "filters:\n  - {column: Status, not_in: [DRAFT]}\n")
    with open_memory_store() as store:
        replay(store, small_domain(), [tmp_path / "rows.csv"], mapping=mapping(MAPPING))
        done = replay_quarantine(store, small_domain(), mapping=filtered)

        assert (done.left_out, done.counts.read, len(records(store.connection))) == (1, 0, 1)


def fetched(domain: Domain, *, structured: bool, spoilt: bool = False) -> Fetch:
    """Two records as a publisher sends them, in the partition of their area; with `spoilt`, not as they were sent."""
    topics, schemas = load_topics(domain), SchemaStore(domain)
    events = [
        event(
            "police.crime.recorded",
            f"2026-03-0{number}T10:15",
            id=f"e{number}",
            identifiers={"crime_ref": f"20/00000{number}/26"},
            data='{"offence_group":"stalking"}',
            unit="20PP",
        )
        for number in (1, 2)
    ]
    sent = [
        record_of(row, schemas, topics, type_prefix=domain.type_prefix, structured=structured)
        for row in plain_rows(to_table(events))
    ]
    wrong = (("ce_contenthash", b"0" * 64),)
    return Fetch(
        topic=sent[0].topic,
        partition=topics.partition_of("20"),
        offsets=[5, 9],
        times=[1_783_000_000_000, 1_783_000_060_000],
        values=[one.value for one in sent],
        headers=[
            (*(one for one in s.headers if one[0] != "ce_contenthash"), *wrong) if spoilt else s.headers for s in sent
        ],
    )


def take_fetch(store: Store, domain: Domain, fetch: Fetch) -> None:
    open_domain(store, domain)
    with store.transaction() as connection:
        take(connection, read_case_records(fetch, domain, SchemaStore(domain), load_topics(domain)).batch)
    settle(store)


@cache
def england_wales() -> Domain:
    return load_domain()


@pytest.mark.parametrize("structured", [False, True])
def test_a_record_of_a_topic_is_judged_as_the_worker_would(structured: bool) -> None:
    """The value alone, Avro or JSON, is the event; it stands at its offset, at the time that the broker had it."""
    mended = england_wales()
    poor = replace(mended, areas={name: title for name, title in (mended.areas or {}).items() if name != "20"})
    with open_memory_store() as store, open_memory_store() as clean:
        take_fetch(store, poor, fetched(mended, structured=structured))
        take_fetch(clean, mended, fetched(mended, structured=structured))
        assert replay_quarantine(store, mended).counts.accepted == 2
        assert state(store) == state(clean)


def test_a_record_of_a_topic_that_changed_on_its_way_is_never_taken() -> None:
    """It may read well: only its hash said that it lies, and that was a header."""
    with open_memory_store() as store:
        take_fetch(store, england_wales(), fetched(england_wales(), structured=False, spoilt=True))
        done = replay_quarantine(store, england_wales())

        assert (done.counts.read, sum(done.unread.values()), len(records(store.connection))) == (0, 2, 2)


def test_a_record_in_the_wrong_topic_or_partition_stays() -> None:
    """What a topic may hold is judged again as well."""
    fetch = fetched(england_wales(), structured=True)
    with open_memory_store() as store:
        take_fetch(store, england_wales(), replace(fetch, partition=fetch.partition + 1))
        take_fetch(store, england_wales(), replace(fetch, topic="cps.case-events"))
        before = state(store)
        replay_quarantine(store, england_wales())

        assert sorted(group.reason for group in groups(store.connection)) == ["wrong_partition", "wrong_topic"]
        assert state(store) == before


def test_a_store_that_is_fed_from_topics_publishes_what_changed() -> None:
    """The records that leave quarantine, and the case that they make."""
    mended = england_wales()
    poor = replace(mended, types={})
    with open_memory_store() as store:
        take_fetch(store, poor, fetched(mended, structured=True))
        with store.transaction() as connection:
            connection.execute("insert into log_positions values ('police.case-events', 0, 'x', 10)")
        replay_quarantine(store, mended)
        noted = store.connection.execute(
            "select (select count(distinct case_key) from outgoing_cases), (select count(*) from outgoing_quarantine)"
        ).fetchone()

        assert noted == (2, 2)
