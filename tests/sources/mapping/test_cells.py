"""Cells that are more, or other, than what a system wrote: numbers that a spreadsheet spoilt, and lists."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from throughline.schemas.acceptance.events import Batch
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.entry import MappingProblemsError
from throughline.sources.mapping.conversion import read_mapped
from throughline.sources.mapping.mapping import load_mapping

DOMAIN = load_domain()
MAPPING = """
title: T
source: urn:test
area: {constant: "20"}
unit: {constant: 20PP}
identifiers: {crime_ref: CRIME}
type: {constant: police.pcd.requested}
time: {constant: "2026-03-14T21:40:00Z"}
fields: {reference: {constant: S-1}, submission_no: {constant: "1"}, decision: {constant: green}}
id: {columns: [no]}
"""


def read(path: Path, crime: str, more: str = "") -> Batch:
    mapping = path.with_name("m.yaml")
    mapping.write_text(MAPPING.replace("CRIME", crime) + more)
    batches = list(read_mapped(path, load_mapping(mapping), DOMAIN))
    return Batch(pa.concat_tables(b.events for b in batches), pa.concat_tables(b.rejects for b in batches))


def cell(folder: Path, text: str) -> Path:
    path = folder / "a.csv"
    path.write_text("no;x\n" + text + ";\n")
    return path


IGNORED = "ignore: [x]\n"


@pytest.mark.parametrize(
    "text", ["2.00009E+11", "2E+11", "200009000101.0", "'200009000101", '="200009000101"', '["a","b"]']
)
def test_number_that_only_a_spreadsheet_writes_is_refused(tmp_path: Path, text: str) -> None:
    """Three crimes of twelve digits that are all 2.00009E+11 are never one case."""
    (tmp_path / "a.csv").write_text("no|x\n" + text + "|\n")
    batch = read(tmp_path / "a.csv", "no", IGNORED + "csv: {quote: '~'}\n")
    assert batch.rejects["reason"].to_pylist() == ["malformed_identifier"]


@pytest.mark.parametrize(
    ("text", "says", "value"),
    [
        ("200009000101.0", "repair: whole", "200009000101"),
        ("'200009000101", "repair: unquote", "200009000101"),
        ("9000101", "digits: 12", "000009000101"),
        ("'9000101.0", "repair: [unquote, whole], digits: 12", "000009000101"),
        ("20/000101/26", "repair: [unquote, whole], digits: 12", "20/000101/26"),
    ],
)
def test_mapping_may_ask_for_a_number_to_be_repaired(tmp_path: Path, text: str, says: str, value: str) -> None:
    """The identifier, and the id that is made of it, are those of the export that no spreadsheet has seen."""
    batch = read(cell(tmp_path, text), f"{{column: no, {says}}}", IGNORED)
    [event] = batch.events.to_pylist()
    assert [one["value"] for one in event["identifiers"]] == [value]
    assert event["id"] == value


def test_digits_that_are_lost_cannot_be_repaired(tmp_path: Path) -> None:
    batch = read(cell(tmp_path, "2.00009E+11"), "{column: no, repair: [unquote, whole], digits: 12}", IGNORED)
    assert batch.rejects["reason"].to_pylist() == ["malformed_identifier"]


def test_list_in_a_cell_is_read_where_the_mapping_says_so(tmp_path: Path) -> None:
    """Of identifiers as of fields, each value of it."""
    path = tmp_path / "a.csv"
    path.write_text("no;crimes;why\n1;20/1/26 , 20/2/26,;x\n")
    batch = read(path, '{column: crimes, split: ","}', "ignore: [why]\n")
    [event] = batch.events.to_pylist()
    assert [one["value"] for one in event["identifiers"]] == ["20/1/26", "20/2/26"]


def test_list_of_parquet_is_read_as_json_or_the_mapping_is_refused(tmp_path: Path) -> None:
    """A column that holds several values is never taken for one."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"no": ["1", "2"], "crimes": [["20/1/26", "20/2/26"], None]}), path)
    with pytest.raises(MappingProblemsError, match=r"(?s)several values in a cell.*split: json"):
        read(path, "crimes")
    batch = read(path, "{column: crimes, split: json}")
    [event] = batch.events.to_pylist()
    assert [one["value"] for one in event["identifiers"]] == ["20/1/26", "20/2/26"]
    assert batch.rejects["reason"].to_pylist() == ["missing_identifier"]


def test_cell_that_is_no_json_is_refused_where_a_list_is_meant(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("no|crimes\n1|20/1/26\n2|[1\n3|{}\n4|[]\n5|['a']\n6|" + '["20/1/26"]\n')
    batch = read(path, "{column: crimes, split: json}", "csv: {quote: '~'}\n")
    assert batch.rejects["reason"].to_pylist()[:5] == ["bad_field"] * 4 + ["missing_identifier"]
    assert batch.events["id"].to_pylist() == ["6"]
