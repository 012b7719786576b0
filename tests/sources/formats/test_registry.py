"""A format is one file: what it can read is found by its ending, and every message that lists endings names it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from throughline.errors import DataError, UsageError
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.entry import Entry, MappingProblemsError
from throughline.sources.files import files_to_read
from throughline.sources.formats import registry
from throughline.sources.formats.registry import (
    RowFormat,
    Settings,
    event_format,
    event_formats,
    read_events,
    row_format,
    row_formats,
)
from throughline.sources.formats.rows import Rows, row_rejects, row_table
from throughline.sources.mapping.conversion import map_again, read_mapped
from throughline.sources.mapping.mapping import load_mapping

MAPPING = """
title: Test
source: urn:test
area: {constant: "20"}
identifiers: {crime_ref: crime}
time: {column: at, precision: day, zone: Europe/London}
type: {constant: police.crime.recorded}
fields: {offence_group: {constant: stalking}}
id: {columns: [crime]}
pairs: {between: "="}
"""


def read_pairs(path: Path, settings: Settings) -> Iterator[Rows]:
    """A format that nobody has: a crime and its day on each line, with a mark between."""
    pairs = [line.split(settings["between"]) for line in path.read_text().splitlines()]
    values = [pa.array([pair[i] for pair in pairs], pa.string()) for i in (0, 1)]
    positions = pa.array(range(1, len(pairs) + 1), pa.int64())
    yield Rows(("crime", "at"), row_table(values, positions, None), row_rejects("", []))


def settings_of_pairs(entry: Entry) -> Settings:
    entry.only("between")
    return {"between": entry.word("between")}


@pytest.fixture
def pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a file in sources/formats says with FORMATS = (…,)."""
    made = RowFormat((".pairs",), read_pairs, key="pairs", settings=settings_of_pairs)
    every = (*registry._formats(), made)
    monkeypatch.setattr(registry, "_formats", lambda: every)


def test_what_programs_leave_in_a_folder_was_sent_by_nobody(tmp_path: Path) -> None:
    for name in ("a b.csv", ".DS_Store", "Thumbs.db", "desktop.ini", "~$a b.xlsx"):
        (tmp_path / name).write_bytes(b"x")
    assert files_to_read([tmp_path], is_mapped=True) == [tmp_path / "a b.csv"]


@pytest.mark.usefixtures("pairs")
def test_format_needs_no_more_than_its_file(tmp_path: Path) -> None:
    """It is mapped with settings of its own, and what was refused is mapped again from what was kept."""
    domain = load_domain(None)
    (tmp_path / "m.yaml").write_text(MAPPING)
    mapping = load_mapping(tmp_path / "m.yaml")
    path = tmp_path / "a.pairs"
    path.write_text("20/1/26=2026-03-02\n20/2/26=soon\n")
    (batch,) = read_mapped(path, mapping, domain)
    assert batch.events["id"].to_pylist() == ["20/1/26"]
    assert batch.rejects["reason"].to_pylist() == ["bad_time"]
    assert batch.rejects["raw"].to_pylist() == [b'{"crime":"20/2/26","at":"soon"}']
    again = map_again(path, [(2, b'{"crime":"20/2/26","at":"2026-03-03"}')], mapping, domain)
    assert again.events["id"].to_pylist() == ["20/2/26"]


@pytest.mark.usefixtures("pairs")
def test_faults_in_the_settings_of_a_format_have_their_line(tmp_path: Path) -> None:
    """A format judges its own settings, beside what else is wrong with the mapping."""
    (tmp_path / "m.yaml").write_text(MAPPING.replace("between", "betwen").replace("title: Test\n", ""))
    with pytest.raises(MappingProblemsError) as caught:
        load_mapping(tmp_path / "m.yaml")
    assert [(one.line, one.key) for one in caught.value.problems] == [
        (2, "title"),
        (9, "pairs.between"),
        (9, "pairs.betwen"),
    ]


@pytest.mark.usefixtures("pairs")
def test_messages_list_the_endings_that_there_are(tmp_path: Path) -> None:
    """Whoever gives a file that nothing reads learns what can be read."""
    domain = load_domain(None)
    (tmp_path / "m.yaml").write_text(MAPPING)
    (tmp_path / "a.docx").write_text("")
    with pytest.raises(DataError) as caught:
        list(read_mapped(tmp_path / "a.docx", load_mapping(tmp_path / "m.yaml"), domain))
    assert caught.value.hint == (
        "A mapping reads .csv, .tsv, .txt, .fwf, .dat, .json, .jsonl, .ndjson, .xes, .xml (each also .gz) "
        "and .jsonocel, .xmlocel, .sqliteocel, .parquet, .pq, .xlsx, .xlsm, .ods, .xls, .pairs."
    )
    with pytest.raises(DataError) as caught:
        list(read_events(tmp_path / "a.docx", domain))
    assert caught.value.hint == (
        "Event files are .jsonl, .ndjson, .json (each also .gz) and .avro, .parquet, .pq. Others need a mapping."
    )
    with pytest.raises(UsageError) as unread:
        files_to_read([tmp_path], is_mapped=False)
    assert ".jsonl, .ndjson, .json (each also .gz) and .avro, .parquet, .pq" in unread.value.hint


def test_an_ending_has_one_reader_of_events_and_one_of_rows() -> None:
    """Which reader a file gets does not depend on the order of modules."""
    for formats in (event_formats(), row_formats()):
        endings = Counter(ending for one in formats for ending in one.endings)
        assert set(endings.values()) == {1}
    keys = [one.key for one in row_formats() if one.key]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("name", "of_events", "of_rows"),
    [
        ("a.jsonl", True, True),
        ("a.JSON.gz", True, True),
        ("a.avro", True, False),
        ("a.parquet", True, True),
        ("a.CSV", False, True),
        ("a.csv.gz", False, True),
        ("a.xes.gz", False, True),
        ("csv", False, False),
        ("a.gz", False, False),
    ],
)
def test_format_is_that_of_the_ending(name: str, of_events: bool, of_rows: bool) -> None:
    """In capitals too, and packed."""
    assert (event_format(Path(name)) is not None, row_format(Path(name)) is not None) == (of_events, of_rows)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ('{quote: "**"}', "csv.quote"),
        ('{delimiter: "\\n"}', "csv.delimiter"),
        ("{encoding: utf-7}", "csv.encoding"),
        ("{quotes: x}", "csv.quotes"),
    ],
)
def test_settings_of_csv_that_no_file_has(tmp_path: Path, settings: str, key: str) -> None:
    """They are refused by the line of the mapping, before a file is opened."""
    (tmp_path / "m.yaml").write_text(MAPPING.replace('pairs: {between: "="}', f"csv: {settings}"))
    with pytest.raises(MappingProblemsError) as caught:
        load_mapping(tmp_path / "m.yaml")
    assert [(one.line, one.key) for one in caught.value.problems] == [(10, key)]
