"""From a figure back to who published what it rests on, by the events of OpenLineage alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest
from england_wales import england_wales
from on_record import RMS, put_on_record, result
from openlineage.client.serde import Serde

from throughline.errors import DataError
from throughline.quality.figures.lineage import lineage, tables_read
from throughline.sinks.export import export_parquet
from throughline.sinks.schema import public_schema
from throughline.sinks.store import Store, open_memory_store
from throughline.streams.join.replay import replay

RECEIVED = datetime.fromisoformat("2026-05-01T00:00")
EXAMPLES = Path(__file__).parents[3] / "docs" / "how-to" / "examples"
Told = dict[str, Any]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The example cases, and a copy of them, with a run of the checks; who writes to it takes that back."""
    folder = tmp_path_factory.mktemp("lineage")
    copy = folder / "again.jsonl"
    copy.write_bytes((EXAMPLES / "events.jsonl").read_bytes())
    with open_memory_store() as made:
        for path in (EXAMPLES / "events.jsonl", EXAMPLES / "faults.jsonl", copy):
            replay(made, england_wales(), [path], received_at=RECEIVED)
        failing = result("numbers_lost", RMS, passed=False, observed=0.75)
        put_on_record(made, folder, "2026-05-02T12:00", [result("unit_missing", RMS), failing])
        yield made


def told(store: Store, *exports: Path) -> list[Told]:
    return [orjson.loads(Serde.to_json(event)) for event in lineage(store, "test", exports)]


def named(datasets: list[Told]) -> set[str]:
    return {one["name"] for one in datasets}


def done(events: list[Told], job: str) -> list[Told]:
    """The ends of the runs of a job."""
    return [one for one in events if one["job"]["name"].startswith(job) and one.get("eventType") == "COMPLETE"]


def test_every_view_leads_back_to_who_published(store: Store, tmp_path: Path) -> None:
    """From the file of an export, over its view, tables and the files that were read, to the sources."""
    folder = tmp_path / "export"
    export_parquet(store, folder)
    events = told(store, folder)
    sources = {row[0] for row in store.connection.execute("select distinct source from events").fetchall()}
    made_of: dict[str, set[str]] = {}
    for event in events:
        for output in named(event["outputs"]):
            made_of.setdefault(output, set()).update(named(event["inputs"]))

    ends = {}
    for view in public_schema().views:
        seen: set[str] = set()
        waiting = {str(folder / f"{view}.parquet")}
        while waiting:
            seen |= waiting
            waiting = {given for one in waiting for given in made_of.get(one, ())} - seen
        ends[view] = seen & sources

    assert ends == dict.fromkeys(public_schema().views, sources)


def test_a_replay_says_how_many_records_it_brought_and_where_they_stand(store: Store) -> None:
    """What was read in one moment is one run."""
    (run,) = done(told(store), "replay")

    assert {one["name"]: one["outputFacets"]["outputStatistics"]["rowCount"] for one in run["outputs"]} == {
        "events": 17,
        "duplicates": 16,
        "quarantined": 1,
    }
    assert {Path(one["name"]).name for one in run["inputs"]} == {"again.jsonl", "events.jsonl", "faults.jsonl"}


def test_a_run_of_the_checks_carries_what_it_found(store: Store) -> None:
    """One assertion a check."""
    (run,) = done(told(store), "quality checks")
    (judged,) = run["inputs"]

    assert [
        (one["name"], one["success"], one["expected"], one["actual"], one["params"])
        for one in judged["inputFacets"]["dataQualityAssertions"]["assertions"]
    ] == [
        ("numbers_lost", False, "at most 0.25", "0.75", {"subjects": 1, "failing": 1}),
        ("unit_missing", True, "at most 0.25", "0.5", {"subjects": 1, "failing": 0}),
    ]


def test_a_worker_has_a_run_an_hour_and_topics_by_name(store: Store) -> None:
    """Two records of one hour and two partitions, one of the next."""
    with store.transaction() as connection:
        connection.execute("insert into log_positions select 'police.rms', unnest([0, 1]), 'id', 9")
        for partition, minute in ((0, "10:05"), (1, "10:50"), (0, "11:01")):
            connection.execute(
                "insert into duplicates select event_key, ?, 1, ?::timestamp from events limit 1",
                [f"police.rms-{partition}", f"2026-05-03 {minute}"],
            )
    runs = done(told(store), "worker")
    with store.transaction() as connection:
        connection.execute("delete from log_positions")
        connection.execute("delete from duplicates where origin like 'police.rms-%'")

    assert [
        (
            run["eventTime"],
            run["inputs"][0]["namespace"],
            run["inputs"][0]["name"],
            run["inputs"][0]["inputFacets"]["inputStatistics"]["rowCount"],
        )
        for run in runs
    ] == [
        ("2026-05-03T10:50:00.000Z", "kafka", "police.rms", 2),
        ("2026-05-03T11:01:00.000Z", "kafka", "police.rms", 1),
    ]


def test_every_run_begins_and_ends_once(store: Store) -> None:
    """As the specification asks for; told again, the same store says the same."""
    events = told(store)
    states: dict[str, list[str]] = {}
    for one in events:
        if "run" in one:
            states.setdefault(one["run"]["runId"], []).append(one["eventType"])

    assert states
    assert set(map(tuple, states.values())) == {("START", "COMPLETE")}
    assert events == told(store)


def test_it_says_nothing_of_what_an_event_says(store: Store) -> None:
    """No identifier, no reference and no id of an event is in it."""
    text = orjson.dumps(told(store)).decode()
    said = store.connection.execute(
        "select unnest(list_transform(identifiers, lambda i: i.value)) from events "
        "union select event_id from events union select reference from events where length(reference) > 3"
    ).fetchall()

    assert said
    assert [value for (value,) in said if value in text] == []


def test_an_export_of_another_store_is_refused(store: Store, tmp_path: Path) -> None:
    """Its files do not come from here."""
    with open_memory_store() as other:
        replay(other, england_wales(), [EXAMPLES / "events.jsonl"], received_at=RECEIVED)
        export_parquet(other, tmp_path / "other")

    with pytest.raises(DataError, match="is of another store"):
        told(store, tmp_path / "other")


def test_what_a_query_makes_itself_is_not_read() -> None:
    """A name of `with` hides nothing else; subqueries and joins are looked into."""
    query = "with a as (from t1) select * from a join (select 1 from t2 where x in (select y from t3)) b on true"
    row = duckdb.connect().execute("select json_serialize_sql(?)", [query]).fetchone()
    assert row is not None

    assert tables_read(orjson.loads(row[0])) == {"t1", "t2", "t3"}
