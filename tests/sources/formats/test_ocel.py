"""Rows of object-centric logs: given a log in any of its formats, the same events, objects and changes."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from ocel_logs import WRITERS, write_json, write_sqlite, write_xml

from throughline.errors import DataError
from throughline.schemas.definitions.domain import load_domain
from throughline.sinks.store import open_memory_store
from throughline.sources.formats import ocel
from throughline.sources.formats.ocel import read_ocel
from throughline.sources.mapping.conversion import read_mapped
from throughline.sources.mapping.mapping import load_mapping
from throughline.sources.objects import json_contents
from throughline.streams.join.replay import replay

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "examples"
LOG: dict[str, Any] = json.loads((EXAMPLES / "cases.jsonocel").read_text())


def rows(path: Path, **settings: Any) -> tuple[list[dict[str, str | None]], list[tuple[int, str]]]:
    """The rows by the names of their columns, without those that are empty; and the rejects."""
    found, rejects = [], []
    for run in read_ocel(path, {"rows": "events", **settings}):
        for row in run.table.to_pylist():
            named = {name: row[f"c{place}"] for place, name in enumerate(run.columns)}
            found.append({name: value for name, value in named.items() if value is not None})
        rejects += [(row["position"], row["reason"]) for row in run.rejects.to_pylist()]
    return found, rejects


@pytest.mark.parametrize("ending", WRITERS)
def test_event_is_a_row_with_its_objects_as_they_were_then(tmp_path: Path, ending: str) -> None:
    """The file was rated red at first, and green before it was submitted."""
    path = WRITERS[ending](tmp_path / f"log{ending}", LOG)
    found, rejects = rows(path, single=["File", "Crime[leads]"])
    assert rejects == []
    assert found[2] == {
        "id": "e3",
        "type": "submit file",
        "time": "2026-03-21T12:00:00Z",
        "@unit": "20PP",
        "Crime": '["20/000901/26","20/000902/26"]',
        "Crime/@offence": '["stalking","harassment"]',
        "Crime[leads]": "20/000901/26",
        "Crime[leads]/@offence": "stalking",
        "File": "20PP0090126",
        "File/@rating": "green",
    }
    assert [row["Crime"] for row in found] == ['["20/000901/26"]', '["20/000902/26"]', found[2]["Crime"]]


@pytest.mark.parametrize("ending", WRITERS)
def test_change_of_an_object_is_a_row_with_what_it_is_related_to(tmp_path: Path, ending: str) -> None:
    path = WRITERS[ending](tmp_path / f"log{ending}", LOG)
    found, _ = rows(path, rows="changes")
    assert found == [
        {
            "object": "20PP0090126",
            "object_type": "File",
            "attribute": "rating",
            "value": "green",
            "before": "red",
            "time": "2026-03-20T00:00:00Z",
            "File": '["20PP0090126"]',
            "File/@rating": '["green"]',
            "Crime": '["20/000901/26"]',
            "Crime/@offence": '["stalking"]',
        }
    ]


def test_value_holds_from_its_time_on(tmp_path: Path) -> None:
    for time, rating in (("2026-03-19T23:59:59Z", "red"), ("2026-03-20T00:00:00Z", "green")):
        log = deepcopy(LOG)
        log["events"][2]["time"] = time
        found, _ = rows(write_json(tmp_path / "log.jsonocel", log), single=["File"])
        assert found[2]["File/@rating"] == rating


def test_row_that_cannot_be_told_is_refused_and_its_neighbours_stand(tmp_path: Path) -> None:
    log = deepcopy(LOG)
    log["events"][0]["relationships"].append({"objectId": "nobody", "qualifier": "recorded"})
    found, rejects = rows(write_json(tmp_path / "log.jsonocel", log), single=["Crime"])
    assert rejects == [(1, "unknown_object"), (3, "several_objects")]
    assert [row["id"] for row in found] == ["e2"]


def test_columns_do_not_depend_on_how_many_objects_an_event_has(tmp_path: Path) -> None:
    log = deepcopy(LOG)
    log["events"] = log["events"][:1]
    first = next(iter(read_ocel(write_json(tmp_path / "log.jsonocel", log), {"rows": "events"})))
    assert first.columns == ("id", "type", "time", "@unit", "Crime", "Crime/@offence", "File", "File/@rating", "Victim")
    assert first.nested == ("Crime", "Crime/@offence", "File", "File/@rating", "Victim")


def test_log_is_read_in_portions_of_any_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts with brackets and quotes in them, cut anywhere."""
    log = deepcopy(LOG)
    log["about"] = {"note": 'a "quoted" ] } text \\', "numbers": [1, [2, {"three": "]"}]]}
    log["events"][0]["attributes"][0]["value"] = 'the "20PP" {unit] \\'
    path = write_json(tmp_path / "log.jsonocel", log)
    expected = rows(path)
    assert expected[0][0]["@unit"] == 'the "20PP" {unit] \\'
    for size in (1, 2, 3, 7, 64):
        monkeypatch.setattr(json_contents, "_BLOCK", size)
        assert rows(path) == expected


def test_rows_come_in_bounded_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocel, "_AT_ONCE", 2)
    sizes = [run.table.num_rows for run in read_ocel(EXAMPLES / "cases.jsonocel", {"rows": "events"})]
    assert sizes == [0, 2, 1]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("cut.jsonocel", (EXAMPLES / "cases.jsonocel").read_bytes()[:-40], "ends within"),
        ("text.jsonocel", b'{"events": [{"id": "', "ends within"),
        ("old.jsonocel", b'{"ocel:events": {}}', "none of the lists of OCEL 2.0"),
        ("lacks.jsonocel", b'{"events": [{"id": "e1", "type": "a"}]}', "lacks 'time'"),
        ("twice.jsonocel", b'{"events": [{"id": "e1", "id": "e2"}]}', "a name twice"),
        ("large.jsonocel", b'{"events": [{"id": "' + b"x" * (2 << 20) + b'"}]}', "more than 1 MB"),
        ("cut.xmlocel", b"<log><events><event id='e1'", "not well-formed"),
        ("lacks.xmlocel", b"<log><events><event id='e1' type='a'/></events></log>", "without 'time'"),
        ("entity.xmlocel", b'<!DOCTYPE log [<!ENTITY a "b">]><log>&a;</log>', "document type"),
        ("cut.sqliteocel", b"SQLite format 3\x00" + b"\x00" * 200, "cannot be read as OCEL"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_damaged_or_hostile_log_is_refused_whole(
    tmp_path: Path, name: str, content: bytes, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_contents, "_ELEMENT_BYTES", 1 << 20)
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=problem):
        rows(path)


ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) select i as ocel_id, '' as ocel_time from n"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (f"drop table event_Type0; create view event_Type0 as {ENDLESS}", "`event_Type0` is no table"),
        ("alter table event_Type0 rename column ocel_id to own", "has no column `ocel_id`"),
        ("alter table object_Type1 rename column ocel_time to since", "has no column `ocel_time`"),
        ("drop table event_object", "cannot be read as OCEL"),
    ],
)
def test_tables_that_are_none_of_ocel_are_refused(tmp_path: Path, change: str, problem: str) -> None:
    """A view would be run, and may have no end."""
    path = write_sqlite(tmp_path / "log.sqliteocel", LOG)
    with closing(sqlite3.connect(path)) as database:
        database.executescript(change)
    with pytest.raises(DataError, match=problem):
        rows(path)


def test_mapping_that_does_not_say_what_the_rows_are_is_told(tmp_path: Path) -> None:
    path = write_json(tmp_path / "log.jsonocel", LOG)
    with pytest.raises(DataError, match="does not say what its rows are"):
        list(read_ocel(path, {"ignored": ()}))
    with pytest.raises(DataError, match="no type of objects `Person`"):
        rows(path, single=["Person"])


def test_event_of_several_objects_joins_their_cases(tmp_path: Path) -> None:
    """Through the mapping of the page: two crimes of one victim, and the file that goes with both, are one case."""
    mapping, domain = load_mapping(EXAMPLES / "cases_ocel.yaml"), load_domain()
    with open_memory_store() as store:
        replay(store, domain, [EXAMPLES / "cases.jsonocel"], mapping=mapping)
        said = store.connection.execute("select type, decision, unit from timeline order by position").fetchall()
        (cases,) = store.connection.execute("select count(*) from cases").fetchall()[0]
    assert cases == 1
    assert said[2] == ("police.file.submitted", "green", "20PP")
    assert len(said) == 3


@pytest.mark.parametrize(
    ("name", "write"), [("log.json", write_json), ("log.xml", write_xml), ("log.db", write_sqlite)]
)
def test_log_under_a_usual_ending_is_read_where_the_mapping_says_so(tmp_path: Path, name: str, write: Any) -> None:
    mapping, domain = load_mapping(EXAMPLES / "cases_ocel.yaml"), load_domain()
    (batch,) = read_mapped(write(tmp_path / name, LOG), mapping, domain)
    assert batch.events["id"].to_pylist() == ["e1", "e2", "e3"]
