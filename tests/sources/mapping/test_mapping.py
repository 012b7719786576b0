"""Mappings: every row of an existing system's file ends as events or as a reject, and what does not fit is
named first.
"""
# ruff: noqa: DTZ001 — columns hold UTC and labels without a zone

from __future__ import annotations

import gzip
import os
import random
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from throughline.cli.main import main
from throughline.errors import DataError, MappingError
from throughline.schemas.acceptance.events import Batch
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.entry import MappingProblemsError
from throughline.sources.formats.delimited import read_csv
from throughline.sources.mapping.conversion import read_mapped
from throughline.sources.mapping.fit import check_mapping
from throughline.sources.mapping.mapping import load_mapping
from throughline.sources.workbench.dry_run import dry_run

DOMAINS = Path(__file__).resolve().parents[3] / "schemas" / "domains"
FUZZ = int(os.environ.get("THROUGHLINE_FUZZ", "300"))

MAPPING = """
title: Test
source: urn:test
area: {constant: IT}
identifiers: {fine_ref: number}
time: {column: day, format: [iso, "%d/%m/%Y"], precision: day, zone: Europe/Rome}
type: step
types:
  Create: police.fine.created
  Send: {type: police.fine.sent, expense: "9.0"}
fields: {amount: amount}
id: row
sequence: row
"""
HEADER = "number,day,step,amount\n"


@pytest.fixture(scope="module")
def domain() -> Domain:
    return load_domain(DOMAINS / "road_fines")


class Desk:
    """Writes a mapping and a file, and reads the one by the other."""

    def __init__(self, folder: Path, domain: Domain) -> None:
        self.folder, self.domain = folder, domain

    def read(self, text: str | bytes, mapping: str = MAPPING, name: str = "a.csv") -> Batch:
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return self.read_file(path, mapping)

    def read_file(self, path: Path, mapping: str = MAPPING) -> Batch:
        (self.folder / "m.yaml").write_text(mapping)
        batches = list(read_mapped(path, load_mapping(self.folder / "m.yaml"), self.domain))
        if not batches:
            return Batch(pa.table({"id": []}), pa.table({"reason": []}))
        return Batch(
            pa.concat_tables([batch.events for batch in batches]),
            pa.concat_tables([batch.rejects for batch in batches]),
        )


@pytest.fixture
def desk(tmp_path: Path, domain: Domain) -> Desk:
    return Desk(tmp_path, domain)


def told(batch: Batch) -> list[tuple[int, str]]:
    """Line and reason of each reject."""
    return list(zip(batch.rejects["position"].to_pylist(), batch.rejects["reason"].to_pylist(), strict=True))


def test_row_becomes_event(desk: Desk) -> None:
    """Columns, words, constants and the line come together in one event."""
    event = desk.read(HEADER + "A1,2005-03-23,Create,35.0\n").events.to_pylist()[0]
    assert event["type"] == "police.fine.created"
    assert event["agency"] == "police"
    assert event["area"] == "IT"
    assert event["occurred_at"] == datetime(2005, 3, 23)
    assert event["occurred_precision"] == "day"
    assert event["identifiers"] == [{"kind": "fine_ref", "value": "A1"}]
    assert event["data"] == '{"amount":"35.0"}'
    assert (event["id"], event["sequence"], event["position"]) == ("a.csv:2", "000000000002", 2)


def test_column_that_is_not_needed_may_be_missing(desk: Desk) -> None:
    """An export that says nothing of something has no column for it, as XML and JSON without an empty element: no
    value. A column that is needed elsewhere, or has another name, is a fault of the file all the same."""
    mapping = MAPPING.replace("amount: amount", "amount: {column: amount, needed: false}")
    assert desk.read("number,day,step\nA1,2005-03-23,Create\n", mapping).events["data"].to_pylist() == ["{}"]
    assert desk.read(HEADER + "A1,2005-03-23,Create,35.0\n", mapping).events["data"].to_pylist() == [
        '{"amount":"35.0"}'
    ]
    for header, changed in (
        ("number,day,step,amuont", mapping),
        ("number,day,step", mapping.replace("id: row", "id: {columns: [number, amount]}")),
        ("number,day,step", MAPPING),
    ):
        with pytest.raises(MappingError, match=r"am(ou|uo)nt"):
            desk.read(f"{header}\n", changed)


def test_word_brings_constants_and_fields_of_other_types_stay_out(desk: Desk) -> None:
    """`types:` may set fields; a column is used for the types that list its field."""
    [event] = desk.read(HEADER + "A1,2005-03-23,Send,35.0\n").events.to_pylist()
    assert event["data"] == '{"expense":"9.0"}'


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2005-03-23", datetime(2005, 3, 23)),
        ("23/03/2005", datetime(2005, 3, 23)),
        ("2005-03-23 00:00:00+01:00", datetime(2005, 3, 23)),
        ("2005-03-22T23:30:00Z", datetime(2005, 3, 23)),
        ("2005-03-23 23:59", datetime(2005, 3, 23)),
    ],
)
def test_day_is_that_of_the_zone(desk: Desk, written: str, meant: datetime) -> None:
    """The day of a time is the local one of the mapping's zone."""
    assert desk.read(f"{HEADER}A1,{written},Create,\n").events["occurred_at"].to_pylist() == [meant]


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "missing_time"),
        ("yesterday", "bad_time"),
        ("2005-02-30", "bad_time"),
        ("2005-13-01", "bad_time"),
        ("infinity", "bad_time"),
        ("0000-01-01", "time_out_of_range"),
        ("9999-12-31", "time_out_of_range"),
        ("99999-01-01", "bad_time"),
        ("1066-10-14", "time_out_of_range"),
        ("2005-03-23 25:00", "bad_time"),
    ],
)
def test_bad_time_is_a_reject(desk: Desk, written: str, reason: str) -> None:
    """No date is guessed, and its neighbours stay."""
    batch = desk.read(f"{HEADER}A1,2005-03-23,Create,\nA2,{written},Create,\nA3,2005-03-23,Create,\n")
    assert told(batch) == [(3, reason)]
    assert batch.rejects["raw"].to_pylist() == [f"A2,{written},Create,".encode()]
    assert batch.events.num_rows == 2


def test_instant_needs_a_time_of_day_and_a_zone(desk: Desk) -> None:
    """A date is never turned into a midnight; a local time is UTC by its zone."""
    mapping = MAPPING.replace("precision: day", "precision: instant").replace('[iso, "%d/%m/%Y"]', "iso")
    text = (
        HEADER + "A1,2005-03-23,Create,\nA2,2005-03-23 10:00,Create,\nA3,2005-07-23T10:00:00.123456789,Create,\n"
        "A5,2005-03-23T10:00:00+05,Create,\n"
    )
    batch = desk.read(text, mapping)
    assert told(batch) == [(2, "bad_time")]
    assert batch.events["occurred_at"].to_pylist() == [
        datetime(2005, 3, 23, 9),
        datetime(2005, 7, 23, 8, 0, 0, 123456),
        datetime(2005, 3, 23, 5),
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("A1,2005-03-23,Dance,", "unmapped_type"),
        ("A1,2005-03-23,,", "unmapped_type"),
        (",2005-03-23,Create,", "missing_identifier"),
        ("%%,2005-03-23,Create,", "malformed_identifier"),
        ("A1,2005-03-23,Create", "ragged_row"),
        ("A1,2005-03-23,Create,1,2", "ragged_row"),
        ("A1,2005-03-23,Create,\x00", "nul_character"),
        ("A1,2005-03-23,Create," + "x" * 5000, "field_too_long"),
        ("A1,2005-03-23,Create," + "x" * 300_000, "too_large"),
        ('A1,2005-03-23,Create,"never closed', "unclosed_quote"),
    ],
)
def test_bad_row_is_a_reject_with_its_line(desk: Desk, row: str, reason: str) -> None:
    """A row that fits nowhere ends whole in the rejects; those around it are events."""
    good = "A9,2005-03-23,Create,1\n"
    batch = desk.read(f"{HEADER}{good}{row}\n{good * 3}")
    assert told(batch) == [(3, reason)]
    assert batch.rejects["raw"].to_pylist() == [row.encode()]
    assert batch.events["position"].to_pylist() == [2, 4, 5, 6]


def test_quotes_of_every_kind(desk: Desk) -> None:
    """A record over two lines, doubled quotes, and a quote in the middle of a word are what they look
    like.
    """
    text = (
        HEADER + 'A1,2005-03-23,Create,"two\nlines, and a comma"\nA2,2005-03-23,Create,"say ""no"""\n'
        'A3,2005-03-23,Create,5" pipe\n"A4",2005-03-23,Create,\n'
    )
    batch = desk.read(text)
    assert told(batch) == []
    assert batch.events["position"].to_pylist() == [2, 4, 5, 6]
    assert batch.events["data"].to_pylist() == [
        '{"amount":"two\\nlines, and a comma"}',
        '{"amount":"say \\"no\\""}',
        '{"amount":"5\\" pipe"}',
        "{}",
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_dialects(desk: Desk, delimiter: str, ending: str, encoding: str) -> None:
    """Delimiter, line ending, byte order mark and Windows-1252 are detected."""
    text = (HEADER + "A1,2005-03-23,Create,é\n").replace(",", delimiter).replace("\n", ending)
    batch = desk.read(text.encode(encoding))
    assert told(batch) == []
    assert batch.events["data"].to_pylist() == ['{"amount":"é"}']


def test_gzip_and_last_line_without_its_end(desk: Desk) -> None:
    """A packed file is read as what is in it."""
    batch = desk.read(gzip.compress((HEADER + "A1,2005-03-23,Create,1").encode()), name="a.csv.gz")
    assert batch.events.num_rows == 1


def test_declared_utf8_rejects_only_the_lines_that_are_not(desk: Desk) -> None:
    """With the encoding stated, a line of another is one reject."""
    mapping = MAPPING + "csv: {encoding: utf-8}\n"
    batch = desk.read(HEADER.encode() + b"A1,2005-03-23,Create,\xe9\nA2,2005-03-23,Create,1\n", mapping)
    assert told(batch) == [(2, "not_utf8")]
    assert batch.events["position"].to_pylist() == [3]


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "empty"),
        ((HEADER + "A1,2005-03-23,Create,1").encode("utf-16"), "UTF-16"),
        (b"num\x81ber,day\n", "neither UTF-8 nor"),
        (b"\n\n", "empty first line"),
        (b"number,day,step,number\n", "two columns"),
        (b",,,\n1,2,3,4\n", "names no column"),
        (b"\xef\xbb\xbfsep=;\r\nnumber;day;step;amount\n", r'(?s)line for Excel.*delimiter: ";", skip: "1"'),
        (b"num\x00ber,day\n", "no|not text"),
        (b'"number,day\n', "quote"),
        (b"\x1f\x8bnot gzip", "gzip"),
    ],
)
def test_file_that_cannot_be_read_at_all(desk: Desk, content: bytes, match: str) -> None:
    """The error names the file and what to do."""
    with pytest.raises(DataError, match=match) as error:
        desk.read(content)
    assert error.value.file is not None


def test_directory_missing_file_and_unknown_ending(desk: Desk, tmp_path: Path) -> None:
    """None of them is a table."""
    for path in (tmp_path, tmp_path / "none.csv", tmp_path / "a.xlsx"):
        with pytest.raises(DataError):
            desk.read_file(path)


def test_header_alone_gives_nothing_but_is_checked(desk: Desk) -> None:
    """A table without rows has no events; one with other columns is refused all the same."""
    assert desk.read(HEADER).events.num_rows == 0
    with pytest.raises(MappingError, match="no column `amount`"):
        desk.read("number,day,step\n")


@pytest.mark.parametrize(
    ("change", "line", "match"),
    [
        (("number}", "numer}"), 5, "(?s)no column `numer`.*Did you mean `number`"),
        (("police.fine.created", "police.fine.create"), 9, "(?s)no type.*Did you mean `police.fine.created`"),
        (
            ("fields: {amount: amount}", "fields: {amont: amount}"),
            11,
            "(?s)field `amont`.*Did you mean `amount`",
        ),
        (("fine_ref: number", "urn: number"), 5, "no identifier kind `urn`"),
        (("constant: IT", "constant: XX"), 4, "no area `XX`"),
        (("fields: {amount: amount}", "note: x"), None, "column `amount` that the mapping does not use"),
        (("Europe/Rome", "Europe/Nowhere"), 6, "no time zone"),
        (("precision: day", "precision: week"), 6, "(?s)`week` is not known.*Known: instant, day, month"),
        (("%d/%m/%Y", "%Q"), 6, "no form of a time"),
        (("id: row", "id: {}"), 12, "exactly one of"),
        (("id: row", "id: {columns: []}"), 12, "names no column"),
        (("id: row", "id: {hash: }"), 12, "names no column"),
        (("id: row", "idd: row"), 12, "(?s)is not a key here.*Did you mean `id`"),
        (("type: step", "type: {constant: a, column: b}"), 7, "exactly one of"),
        (("title: Test", "title: [Test"), None, "not YAML"),
        (("sequence: row", "id: row"), 13, "stands twice"),
        (("area: {constant: IT}", "area: {path: '/zone-(..)/'}"), 4, "does not match"),
        (("area: {constant: IT}", "area: {path: '('}"), 4, "no regular expression"),
        (("area: {constant: IT}", "area: {constant: IT, format: iso}"), 4, "`area.format`: is not a key here"),
        (("fine_ref: number", "fine_ref: {column: number, zone: UTC}"), 5, "`identifiers.fine_ref.zone`: is not a key"),
        (
            ("{amount: amount}", "{amount: {column: amount, format: iso}}"),
            11,
            "is a string, and is not read by the form",
        ),
        (("{amount: amount}", '{amount: {column: amount, split: ";"}}'), 11, "is a string, and `split` is not read"),
        (("{amount: amount}", "{amount: {column: amount, otherwise: x}}"), 11, "there is no `values`"),
        (("type: step\ntypes:", "type: step\nnote: x\nfiller:"), 9, "is not a key here"),
        (("id: row", "id: row\nemits:\n  - {name: a, time: day}\n  - {name: b, time: day}"), 6, "`time`: is not read"),
    ],
)
def test_mapping_that_does_not_fit_names_its_line(
    desk: Desk, change: tuple[str, str], line: int | None, match: str
) -> None:
    """What is wrong with a mapping is said with file, line, the nearest name, before a row is read."""
    with pytest.raises(MappingProblemsError, match=match) as error:
        desk.read(HEADER + "A1,2005-03-23,Create,1\n", MAPPING.replace(*change, 1))
    if line is not None:
        assert line in [problem.line for problem in error.value.problems]


FIVE_FAULTS = [
    ("source: urn:test", "sorce: urn:test"),
    ("Europe/Rome", "Europe/Roma"),
    ("precision: day", "precision: week"),
    ("Create: police.fine.created", "Create: [police.fine.created]"),
    ("fields: {amount: amount}", "fields: {amount: {column: amount, path: a(b)}}"),
    ("id: row", "id: {rows: [number]}"),
    ("sequence: row", "csv: {quote: none, encoding: utf-7}"),
]


def test_every_fault_of_a_mapping_is_listed_with_file_and_line(tmp_path: Path) -> None:
    """A mapping need not be loaded again and again to find the next fault; none leaves a trail of others."""
    text = MAPPING
    for right, wrong in FIVE_FAULTS:
        text = text.replace(right, wrong)
    path = tmp_path / "m.yaml"
    path.write_text(text)
    with pytest.raises(MappingProblemsError) as caught:
        load_mapping(path)
    assert [(problem.line, problem.key) for problem in caught.value.problems] == [
        (2, "source"),
        (3, "sorce"),
        (6, "time.precision"),
        (6, "time.zone"),
        (9, "types.Create"),
        (11, "fields.amount"),
        (12, "id"),
        (12, "id.rows"),
        (13, "csv.encoding"),
        (13, "csv.quote"),
    ]
    listed = str(caught.value).splitlines()
    assert [line.strip().split(" ")[0] for line in listed if str(path) in line] == [
        f"{path}:{problem.line}:" for problem in caught.value.problems
    ]


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_command_shows_every_fault_of_a_mapping(
    tmp_path: Path, dry: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Five faults of a mapping are five lines, before a store is made."""
    export, path, store = tmp_path / "a.csv", tmp_path / "m.yaml", tmp_path / "s.duckdb"
    export.write_text(HEADER)
    path.write_text(
        "title: T\nsorce: urn:t\narea: {constant: IT}\ntime: {column: day, zone: Rome}\ntype: step\nid: {}\nfields: x\n"
    )
    options = ["--store", str(store), "--mapping", str(path), "--domain", str(DOMAINS / "road_fines"), *dry]
    monkeypatch.setattr("sys.argv", ["throughline", "replay", str(export), *options])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    told = capsys.readouterr().err.removeprefix("throughline: ").splitlines()
    assert [line.strip() for line in told if str(path) in line] == [
        f"{path}:1: `source`: is missing or empty. Write `source: …`.",
        f"{path}:2: `sorce`: is not a key here. Did you mean `source`?",
        f"{path}:4: `time.zone`: there is no time zone `Rome`. Write an IANA name such as Europe/London.",
        f"{path}:6: `id`: needs exactly one of `columns`, `hash`, `row`.",
        f"{path}:7: `fields`: must be a mapping. Write `fields: {{…: …}}`.",
    ]
    assert not store.exists()


def test_aliases_take_no_memory(tmp_path: Path) -> None:
    """Ten lines that would multiply to a thousand million values are refused by their lines, at once."""
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10))]
    path = tmp_path / "m.yaml"
    path.write_text("\n".join(lines))
    with pytest.raises(MappingProblemsError, match=r"an anchor .* is used again .*: write the value out") as caught:
        load_mapping(path)
    assert [problem.line for problem in caught.value.problems] == list(range(2, 11))


def test_mapping_that_is_none(tmp_path: Path) -> None:
    """A list, an empty file, one too large or nested too deep, another encoding: each is one sentence."""
    path = tmp_path / "m.yaml"
    for content, says in [
        (b"- a", "must be a mapping"),
        (b"a: " + b"[" * 5000, "nests too deep|not YAML"),
        # where libyaml itself would end the process
        (b"a: " + b"[" * 900_000, "nests too deep"),
        (b"- " * 400_000 + b"x", "nests too deep"),
        (b"? " * 400_000 + b"x", "nests too deep"),
        (b"\n".join(b" " * n + b"a:" for n in range(1000)), "nests too deep"),
        (b"#" * (2 << 20), "larger than a megabyte"),
        (b"title: \xff", "cannot be read"),
    ]:
        path.write_bytes(content)
        with pytest.raises(MappingProblemsError, match=says):
            load_mapping(path)


def test_every_problem_is_listed(desk: Desk, tmp_path: Path, domain: Domain) -> None:
    """`check_mapping` tells all at once."""
    (tmp_path / "m.yaml").write_text(MAPPING)
    problems = check_mapping(
        load_mapping(tmp_path / "m.yaml"), ["number", "when", "step", "sum"], domain, tmp_path / "a.csv"
    )
    assert [problem.problem.split(" has ")[1] for problem in problems] == [
        "no column `day`.",
        "no column `amount`.",
        "a column `when` that the mapping does not use.",
        "a column `sum` that the mapping does not use.",
    ]


def test_dry_run_lists_what_does_not_fit(desk: Desk, tmp_path: Path, domain: Domain) -> None:
    """A dry run says line, column and reason, counts, and what filters leave out."""
    (tmp_path / "m.yaml").write_text(MAPPING + "filters: [{column: step, not_in: [Ignore]}]\n")
    path = tmp_path / "a.csv"
    path.write_text(HEADER + "A1,2005-03-23,Create,\nA2,?,Create,\nA3,2005-03-23,Dance,\nA4,2005-03-23,Ignore,\nA5\n")
    report = dry_run(load_mapping(tmp_path / "m.yaml"), path, domain)
    assert (report.rows, report.events, report.refused.total, report.left_out) == (5, 1, 3, 1)
    assert [(fault.rows, fault.column, fault.reason) for fault in report.faults] == [
        ([3], "day", "bad_time"),
        ([4], "step", "unmapped_type"),
        ([6], None, "ragged_row"),
    ]
    assert f"{path}: bad_time in `day`: 1 row (3)" in "\n".join(report.lines())


def test_dry_run_of_a_mapping_that_cannot_run(tmp_path: Path, domain: Domain) -> None:
    """Its problems are the report."""
    (tmp_path / "m.yaml").write_text(MAPPING)
    path = tmp_path / "a.csv"
    path.write_text("number,when\nA1,2005-03-23\n")
    report = dry_run(load_mapping(tmp_path / "m.yaml"), path, domain)
    assert len(report.problems) == 4
    assert report.rows == 0


def test_hash_ids_are_those_of_the_content(desk: Desk) -> None:
    """Equal rows have the same id, and an empty column is not a missing one."""
    mapping = MAPPING.replace("id: row", "id: {hash: [number, day, step, amount]}").replace("sequence: row\n", "")
    rows = "A1,2005-03-23,Create,1\n" * 2 + "A1,2005-03-23,Create,\n"
    ids = desk.read(HEADER + rows, mapping).events["id"].to_pylist()
    assert ids[0] == ids[1] != ids[2]
    # read again next year they are the same: the columns as they stand, each behind U+001F
    assert ids[0] == sha256("\x1f".join(("A1", "2005-03-23", "Create", "1")).encode()).hexdigest()[:32]
    assert ids[2] == sha256("\x1f".join(("A1", "2005-03-23", "Create", "")).encode()).hexdigest()[:32]


def test_row_gives_several_events(desk: Desk) -> None:
    """`emits` makes an event of each time that a row has, with ids of their own."""
    mapping = (
        "title: T\nsource: urn:t\narea: {constant: IT}\nidentifiers: {fine_ref: number}\n"
        "id: {columns: [number]}\n"
        "emits:\n"
        "  - {name: made, type: {constant: police.fine.created}, time: {column: made, precision: day}}\n"
        "  - {name: sent, type: {constant: police.fine.sent}, time: {column: sent, precision: day},\n"
        "     when: [{column: sent, present: true}]}\n"
    )
    events = desk.read("number,made,sent\nA1,2005-03-23,2005-03-24\nA2,2005-03-23,\n", mapping).events
    assert sorted(zip(events["id"].to_pylist(), events["type"].to_pylist(), strict=True)) == [
        ("A1:made", "police.fine.created"),
        ("A1:sent", "police.fine.sent"),
        ("A2:made", "police.fine.created"),
    ]


def test_words_of_yaml_stay_words(desk: Desk) -> None:
    """NO, 0123 and null are what the system wrote, never a boolean, a number or nothing."""
    mapping = MAPPING.replace(
        "fields: {amount: amount}", "fields:\n  amount: {column: amount, values: {NO: 010, null: 'off'}}"
    )
    batch = desk.read(HEADER + "A1,2005-03-23,Create,NO\nA1,2005-03-23,Create,null\nA1,2005-03-23,Create,x\n", mapping)
    assert batch.events["data"].to_pylist() == ['{"amount":"010"}', '{"amount":"off"}']
    assert told(batch) == [(4, "unmapped_value")]


def test_parquet_rows(desk: Desk, tmp_path: Path) -> None:
    """Typed columns are read as their text; a reject holds the row as JSON."""
    path = tmp_path / "a.parquet"
    table = {
        "number": ["A1", "A2"],
        "day": [datetime(2005, 3, 23), None],
        "step": pa.array(["Create"] * 2).dictionary_encode(),
        "amount": [35, 36],
    }
    pq.write_table(pa.table(table), path)
    batch = desk.read_file(path)
    assert batch.events["data"].to_pylist() == ['{"amount":"35"}']
    assert told(batch) == [(2, "missing_time")]
    assert batch.rejects["raw"].to_pylist() == [b'{"number":"A2","day":null,"step":"Create","amount":"36"}']


def test_hostile_csv_loses_nothing(desk: Desk) -> None:
    """Random damage to a good file: every line is in an event, in a reject, or inside the quotes of one of
    them.
    """
    draw = random.Random(20050323)
    for _ in range(max(FUZZ // 30, 5)):
        lines = [f"A{number},2005-03-23,Create,{number}" for number in range(60)]
        text = bytearray((HEADER + "\n".join(lines) + "\n").encode())
        for _ in range(draw.randint(1, 12)):
            place = draw.randrange(len(HEADER), len(text))
            text[place : place + draw.randint(0, 2)] = draw.choice(
                [b'"', b",", b"\n", b"\x00", b"\xff", b"\r", b'""', b";", b"\xc3\xa9"]
            )
        batch = desk.read(bytes(text), MAPPING + "csv: {encoding: utf-8}\n")
        told_of = set(batch.events["position"].to_pylist()) | set(batch.rejects["position"].to_pylist())
        covered: set[int] = set()
        begun: set[int] = set()
        for rows in read_csv(desk.folder / "a.csv", {"encoding": "utf-8"}):
            for table in (rows.table, rows.rejects):
                for line, raw in zip(table["position"].to_pylist(), table["raw"].to_pylist(), strict=True):
                    begun.add(line)
                    covered |= set(range(line, line + raw.count(b"\n") + 1))
        lines = bytes(text).split(b"\n")
        full = {number for number, line in enumerate(lines, 1) if line.strip(b"\r") and number > 1}
        assert full <= covered
        assert told_of == begun


def test_real_logs(shared_data: Path) -> None:
    """The published logs map without a reject: one event per row, or two where a row has two times."""
    logs = shared_data / "process_logs"
    for domain_name, mapping, file, events in [
        ("road_fines", "roadtraffic", "roadtraffic100traces.csv", 390),
        ("process_log", "start_end_log", "icpm_manual_log_1.csv", 24),
        ("process_log", "start_end_log", "icpm_manual_log_2.csv", 30),
        ("process_log", "running_example", "running-example.csv", 42),
    ]:
        folder = DOMAINS / domain_name
        report: Any = dry_run(load_mapping(folder / "mappings" / f"{mapping}.yaml"), logs / file, load_domain(folder))
        assert (report.problems, report.refused.total, report.events, report.repeated_ids) == ([], 0, events, 0)
