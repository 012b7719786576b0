"""A file of another kind under a known ending is refused whole, with what it is and what to do."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from throughline.errors import DataError
from throughline.schemas.definitions.domain import load_domain
from throughline.sources.files import too_few
from throughline.sources.formats.delimited import read_csv
from throughline.sources.formats.registry import read_events, read_rows
from throughline.sources.formats.xes import read_xes

DOMAIN = load_domain()
OCEL_XML = "<?xml version='1.0'?>\n<log>\n<object-types/>\n<objects/>\n<events><event id='1'/></events></log>"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.json", '{"ocel:global-log": {"ocel:version": "1.0"},\n"ocel:events": {}}', "an OCEL log"),
        ("a.json", '{\n  "objectTypes": [],\n  "eventTypes": []}', "an OCEL log"),
        ("a.json", OCEL_XML, "an OCEL log"),
        ("a.jsonl", '{"schema":{"type":"struct"},"payload":{"before":null,"after":{"x":1}}}\nnull\n', "Debezium"),
        ("a.jsonl", '{"before":null,"after":{"x":1},"op":"c"}\n', "Debezium"),
        ("a.jsonl", "PAR1\x00\x01", "Parquet"),
        ("a.json", "<!DOCTYPE html><html>", "an HTML page"),
    ],
)
def test_events_of_another_kind(tmp_path: Path, name: str, content: str, says: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=says) as caught:
        list(read_events(tmp_path / name, DOMAIN))
    assert caught.value.hint


@pytest.mark.parametrize("content", ["PK\x03\x04sheet", "<html><body>", "%PDF-1.7"])
def test_table_of_another_kind(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(DataError, match=r"is (a zip archive|an HTML page|PDF)"):
        list(read_csv(tmp_path / "a.csv", {}))


@pytest.mark.parametrize("name", ["cases.zip", "cases.tar.gz", "cases.xlsx.gz"])
def test_what_is_packed_is_to_be_unpacked(tmp_path: Path, name: str) -> None:
    """Text may be packed by gzip; of everything else it is said what to do."""
    (tmp_path / name).write_bytes(gzip.compress(b"PK\x03\x04"))
    with pytest.raises(DataError, match=r"(?i)unpack it"):
        list(read_rows(tmp_path / name, {}))


def test_object_centric_log_is_no_xes(tmp_path: Path) -> None:
    """Its outermost element has the same name."""
    (tmp_path / "a.xes").write_text(OCEL_XML)
    with pytest.raises(DataError, match="OCEL log"):
        list(read_xes(tmp_path / "a.xes"))


def test_key_that_stands_twice_refuses_its_event(tmp_path: Path) -> None:
    """Its own, and all those of a trace that has one twice; the events beside them stand."""
    one = '<event><string key="a" value="{}"/>{}</event>'
    (tmp_path / "a.xes").write_text(
        "<log><trace>" + one.format("x", '<string key="a" value="y"/>') + one.format("z", "") + "</trace>"
        '<trace><string key="id" value="1"/><string key="id" value="2"/>' + one.format("x", "") + "</trace></log>"
    )
    found = list(read_xes(tmp_path / "a.xes"))
    assert [row["position"] for rows in found for row in rows.table.to_pylist()] == [2]
    rejects = [row for rows in found for row in rows.rejects.to_pylist()]
    told = [(row["position"], row["reason"], row["field"]) for row in rejects]
    assert told == [(1, "repeated_name", "a"), (3, "repeated_name", "case:id")]


def test_lines_above_the_header_are_skipped(tmp_path: Path) -> None:
    """As many as the mapping says, whatever stands in them; the lines keep their numbers."""
    (tmp_path / "a.csv").write_text('Crimes; 2026, all "units"\n\nno;at\n1;x\n')
    [rows] = read_csv(tmp_path / "a.csv", {"skip": 2})
    assert (rows.columns, rows.table["position"].to_pylist()) == (("no", "at"), [4])
    with pytest.raises(DataError, match="of which `skip` leaves out 9"):
        list(read_csv(tmp_path / "a.csv", {"skip": 9}))


@pytest.mark.parametrize(
    ("events", "refused", "says"),
    [(0, 0, "has no event"), (0, 3, "every record was refused"), (1, 2, "2 of 3"), (2, 2, None), (1, 0, None)],
)
def test_file_that_gives_next_to_nothing_is_told(events: int, refused: int, says: str | None) -> None:
    told = too_few(Path("a.csv"), events, refused)
    assert told is None if says is None else told is not None and says in told
