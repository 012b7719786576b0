"""Spreadsheets: every value of the sheet that is meant, as it was typed, or the cell that cannot be read."""
# ruff: noqa: DTZ001 — a cell has no zone

from __future__ import annotations

import random
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sheets import changed_xlsx, write_ods, write_xlsx

from throughline.errors import DataError
from throughline.schemas.acceptance.events import Batch
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.entry import MappingProblemsError
from throughline.sources.formats.workbook import read_workbook
from throughline.sources.mapping.conversion import column_values, map_again, read_mapped
from throughline.sources.mapping.mapping import load_mapping
from throughline.sources.workbench.dry_run import dry_run

SHEET = "xl/worksheets/sheet1.xml"


def read(path: Path, **settings: Any) -> tuple[dict[int, dict[str, str]], list[tuple[int, str, str | None]]]:
    """The rows by their number, without what is empty; and number, reason and column of the rejects."""
    rows, rejects = {}, []
    for found in read_workbook(path, settings):
        for row in found.table.to_pylist():
            values = {name: row[f"c{i}"] for i, name in enumerate(found.columns) if row[f"c{i}"] is not None}
            rows[row["position"]] = values
        rejects += [(row["position"], row["reason"], row["field"]) for row in found.rejects.to_pylist()]
    return rows, rejects


@pytest.mark.parametrize("is_1904", [False, True])
@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("20/000123/26", "20/000123/26"),
        (" a  b ", "a  b"),
        (200009000101, "200009000101"),  # twelve digits, as no CSV of a spreadsheet writes them
        ((9000101, "000000000000"), "9000101"),  # zeros that are shown only: `digits:` of a mapping puts them back
        (123456789012345678, "1.23456789012346E+17"),  # three digits are lost, and nobody takes it for a number
        (0.1, "0.1"),
        (-3, "-3"),
        (True, "TRUE"),
        (datetime(2026, 3, 14, 21, 40), "2026-03-14T21:40:00"),
        (datetime(2026, 3, 14, 21, 40, 1, 500_000), "2026-03-14T21:40:01.500"),
        (datetime(2026, 3, 14), "2026-03-14T00:00:00"),  # shown with its hour: a midnight
        (date(2026, 3, 14), "2026-03-14"),  # shown without: a day
        (time(21, 40), "21:40:00"),
        ((1.5, "[h]:mm"), "36:00:00"),
        ((46095, "[$-809]d mmmm yyyy;@"), None),
        (("=A1&1", "x"), "x"),
        (("=1+1", 2), "2"),
    ],
)
def test_cell_is_what_was_typed(tmp_path: Path, value: Any, text: str | None, is_1904: bool) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [["no", "x"], ["1", value]], is_1904=is_1904)
    # the same number is another day in the other system: 1 January 1900 is 1, 1 January 1904 is 0
    text = text or ("2030-03-15" if is_1904 else "2026-03-14")
    assert read(path) == ({2: {"no": "1", "x": text}}, [])


@pytest.mark.parametrize(
    ("value", "change"),
    [
        (("=NA()", "#N/A"), None),
        (("=1/0", "#DIV/0!"), None),
        (("=1+1", 7), ("<v>7</v>", "")),  # a program wrote the formula, and nothing ever reckoned it
        ((60, "dd/mm/yyyy"), None),  # 29 February 1900
        ((-5, "dd/mm/yyyy"), None),
        ((5_000_000, "dd/mm/yyyy"), None),
        ((0.5, "dd/mm/yyyy hh:mm"), None),
        ("y", ('t="s"><v>3</v>', 't="s"><v>99</v>')),
    ],
)
def test_cell_without_a_value_refuses_its_row(tmp_path: Path, value: Any, change: tuple[str, str] | None) -> None:
    """Only its own, and not where the mapping ignores the column. What it shows is kept, and is no value."""
    path = write_xlsx(tmp_path / "a.xlsx", [["no", "x"], ["1", value], ["2"]])
    if change:
        changed_xlsx(path, {SHEET: change})
    assert read(path) == ({3: {"no": "2"}}, [(2, "bad_cell", "x")])
    [_, found] = read_workbook(path, {})
    assert found.rejects["detail"][0].as_py().startswith("B2 has ")
    assert b'"unreadable":' in found.rejects["raw"][0].as_py()
    assert read(path, ignored=["x"]) == ({2: {"no": "1"}, 3: {"no": "2"}}, [])


def test_rows_keep_their_numbers_and_empty_ones_are_none(tmp_path: Path) -> None:
    """Titles above the header, a column that begins further right, blank rows between and 1,000 of blanks below."""
    rows: list[list[Any]] = [["Crimes of 2026"], [], [None, "no", None, "at"], [None, "1"], [], [None, "2", None, "x"]]
    rows += [[None, "  "]] * 1000
    path = write_xlsx(tmp_path / "a.xlsx", rows)
    assert read(path, header_row=3) == ({4: {"no": "1"}, 6: {"no": "2", "at": "x"}}, [])
    with pytest.raises(DataError, match=r"a\.xlsx:2: \(sheet `Sheet1`\) has nothing in the row"):
        read(path, header_row=2)


def test_value_in_a_column_without_a_name_is_told(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [["no"], ["1"], ["2", "stray"], ["3"]])
    assert read(path) == ({2: {"no": "1"}, 4: {"no": "3"}}, [(3, "ragged_row", None)])


@pytest.mark.parametrize(
    ("header", "says"),
    [(["a", "a"], "two columns `a`"), ([("=NA()", "#N/A")], "in A1, in its header"), (["x"] * 3, "two columns")],
)
def test_header_that_names_no_columns_is_refused(tmp_path: Path, header: list[Any], says: str) -> None:
    with pytest.raises(DataError, match=says):
        read(write_xlsx(tmp_path / "a.xlsx", [header, ["1"]]))


def test_wide_sheet(tmp_path: Path) -> None:
    """2,000 columns are read, and not one more."""
    path = write_xlsx(tmp_path / "a.xlsx", [[f"c{i}" for i in range(2000)], ["1"] * 2000])
    assert len(read(path)[0][2]) == 2000
    with pytest.raises(DataError, match="names 2001 columns"):
        read(write_xlsx(tmp_path / "a.xlsx", [[f"c{i}" for i in range(2001)]]))


def test_sheet_is_named_where_several_have_rows(tmp_path: Path) -> None:
    """An empty one does not count, a hidden one does: nobody knows why it was hidden."""
    names = ("Notes", "Cases", "Empty")
    path = write_xlsx(tmp_path / "a.xlsx", [["about"]], [["no"], ["1"]], [], names=names)
    changed_xlsx(path, {"xl/workbook.xml": ('name="Notes"', 'state="hidden" name="Notes"')})
    with pytest.raises(DataError, match="has 2 sheets with rows") as caught:
        read(path)
    assert "`Notes` (hidden), `Cases`" in caught.value.hint
    assert read(path, sheet="Cases") == ({2: {"no": "1"}}, [])
    assert read(path, sheet="Notes") == ({}, [])
    with pytest.raises(DataError, match="no sheet `cases`"):
        read(path, sheet="cases")
    assert read(write_xlsx(tmp_path / "b.xlsx", [], [["no"], ["1"]])) == ({2: {"no": "1"}}, [])


def test_merged_cells_are_refused_or_filled_in(tmp_path: Path) -> None:
    """One value for three rows: whether it is of each of them only the agency knows."""
    path = write_xlsx(tmp_path / "a.xlsx", [["no", "unit"], ["1", "A"], ["2", "B"], ["3"], ["4"], ["5", "C"]])
    merged = '</sheetData><mergeCells count="1"><mergeCell ref="B3:B5"/></mergeCells>'
    changed_xlsx(path, {SHEET: ("</sheetData>", merged)})
    whole, rejects = read(path)
    assert (sorted(whole), rejects) == ([2, 6], [(row, "merged_cell", "unit") for row in (3, 4, 5)])
    filled, rejects = read(path, merged="fill")
    assert ([row.get("unit") for row in filled.values()], rejects) == (["A", "B", "B", "B", "C"], [])
    assert len(read(path, ignored=["unit"])[0]) == 5


def test_cell_with_half_a_character_costs_its_row(tmp_path: Path) -> None:
    """Excel writes what XML has no place for as `_xHHHH_`, and a file may say half of a pair so. Also in a row that is
    refused for something else."""
    strings = "xl/sharedStrings.xml"
    path = write_xlsx(tmp_path / "a.xlsx", [["no"], ["1"], ["half"], ["half", "stray"], ["pair"]])
    changed_xlsx(path, {strings: ("half", "a_xD83D_")})
    changed_xlsx(path, {strings: ("pair", "4_xD83D__xDE00_")})

    rows, rejects = read(path)

    assert (rows, rejects) == (
        {2: {"no": "1"}, 5: {"no": "4\U0001f600"}},
        [(3, "not_utf8", "no"), (4, "not_utf8", "no")],
    )
    with pytest.raises(DataError, match="half a character"):
        read(changed_xlsx(write_xlsx(tmp_path / "b.xlsx", [["half"], ["1"]]), {strings: ("half", "_xD83D_")}))


def test_instruction_in_a_cell_is_no_part_of_it(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [["no"], [7]])
    assert read(changed_xlsx(path, {SHEET: ("<v>7</v>", "<?say so?><v>7</v>")})) == ({2: {"no": "7"}}, [])


def test_last_day_of_a_mac_is_a_day_and_the_next_none(tmp_path: Path) -> None:
    """From 1904 on, the days of the calendar end 1,462 earlier than from 1900 on: 31 December 9999."""
    rows: list[list[Any]] = [["no"], [(2_957_003, "dd/mm/yyyy")], [(2_957_004, "dd/mm/yyyy")]]
    path = write_xlsx(tmp_path / "a.xlsx", rows, is_1904=True)
    assert read(path) == ({2: {"no": "9999-12-31"}}, [(3, "bad_cell", "no")])


def test_part_that_is_damaged_is_refused_however_it_is_packed(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [["no"], ["1"]])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for way in (zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(path, "w", way) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
            begin = archive.getinfo("_rels/.rels").header_offset + 30 + len("_rels/.rels")
        raw = bytearray(path.read_bytes())
        raw[begin : begin + 40] = b"\xff" * 40
        path.write_bytes(raw)
        with pytest.raises(DataError, match=r"is damaged|Invalid data stream"):
            read(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"<html><table><tr><td>no", "is an HTML page"),
        (b"no;at\n1;x\n", "is text such as CSV"),
        (b'<?xml version="1.0"?><Workbook/>', "is XML"),
        (b"PK\x03\x04 and no more", "is damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "cannot be read as an old Excel file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "is protected by a password"),
        (b"\x00\x01\x02", "is of another kind"),
    ],
)
@pytest.mark.parametrize("name", ["a.xls", "a.xlsx"])
def test_what_is_no_spreadsheet_is_told(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=says) as caught:
        read(tmp_path / name)
    assert caught.value.hint


def test_kind_is_that_of_the_content(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [["no"], ["1"]])
    assert read(path.rename(tmp_path / "a.xls")) == ({2: {"no": "1"}}, [])


def ods_row(*cells: str, more: str = "") -> str:
    return f"<table:table-row{more}>{''.join(cells)}</table:table-row>"


def ods_cell(shown: str, attributes: str = 'office:value-type="string"') -> str:
    return f"<table:table-cell {attributes}><text:p>{shown}</text:p></table:table-cell>"


def test_opendocument(tmp_path: Path) -> None:
    """Cells and rows that stand several times, dates with and without an hour, errors, and a million formatted rows."""
    rows = ods_row(ods_cell("no"), ods_cell("at"), ods_cell("n"), ods_cell("e"))
    day = ods_cell("14/03/26", 'office:value-type="date" office:date-value="2026-03-14"')
    midnight = ods_cell("14/03/26 00:00", 'office:value-type="date" office:date-value="2026-03-14T00:00:00"')
    number = ods_cell("2E+11", 'office:value-type="float" office:value="200009000101"')
    rows += ods_row(ods_cell("1"), day, number, more=' table:number-rows-repeated="2"')
    rows += ods_row(ods_cell("x", 'office:value-type="string" table:number-columns-repeated="2"'), midnight)
    rows += ods_row(ods_cell("2"), midnight, ods_cell("#N/A", 'table:formula="of:=NA()" office:value-type="string"'))
    rows += ods_row(
        '<table:table-cell table:number-columns-repeated="16384"/>', more=' table:number-rows-repeated="1048570"'
    )
    path = write_ods(tmp_path / "a.ods", f'<table:table table:name="T">{rows}</table:table>')
    one = {"no": "1", "at": "2026-03-14", "n": "200009000101"}
    assert read(path) == (
        {2: one, 3: one, 4: {"no": "x", "at": "x", "n": "2026-03-14T00:00:00"}},
        [(5, "bad_cell", "n")],
    )
    hidden = f'<table:table table:name="H" table:style-name="hid">{ods_row(ods_cell("h"))}</table:table>'
    path = write_ods(tmp_path / "b.ods", f'{hidden}<table:table table:name="T">{rows}</table:table>')
    with pytest.raises(DataError, match="2 sheets with rows") as caught:
        read(path)
    assert "`H` (hidden), `T`" in caught.value.hint
    assert len(read(path, sheet="T")[0]) == 3


def test_rows_and_columns_that_repeat_without_end_are_refused(tmp_path: Path) -> None:
    """A few bytes that would be hundreds of millions of cells; a column that is filled to its end is none of these."""
    wide = ods_cell("x", 'office:value-type="string" table:number-columns-repeated="16384"')
    for cell, times, is_read in ((wide, 160, False), (ods_cell("x"), 1_048_575, True)):
        rows = ods_row(ods_cell("no")) + ods_row(cell, more=f' table:number-rows-repeated="{times}"')
        path = write_ods(tmp_path / "a.ods", f'<table:table table:name="T">{rows}</table:table>')
        found = read_workbook(path, {})
        if is_read:
            assert next(one for one in found if one.table.num_rows).table["c0"][0].as_py() == "x"
        else:
            with pytest.raises(DataError, match="repeats its values without end"):
                list(found)


def test_merged_cells_of_opendocument(tmp_path: Path) -> None:
    spanned = ods_cell("A", 'office:value-type="string" table:number-rows-spanned="2"')
    rows = ods_row(ods_cell("no"), ods_cell("unit")) + ods_row(ods_cell("1"), spanned)
    rows += ods_row(ods_cell("2"), "<table:covered-table-cell/>") + ods_row(ods_cell("3"))
    path = write_ods(tmp_path / "a.ods", f'<table:table table:name="T">{rows}</table:table>')
    assert read(path)[1] == [(2, "merged_cell", "unit"), (3, "merged_cell", "unit")]
    assert read(path, merged="fill")[0][3] == {"no": "2", "unit": "A"}


MAPPING = """
title: T
source: urn:test
area: {constant: "20"}
unit: {constant: 20PP}
identifiers: {crime_ref: {column: no, digits: 12}}
type: {constant: police.crime.recorded}
time: {column: at, format: iso, zone: Europe/London}
fields: {offence_group: {constant: stalking}}
id: {columns: [no]}
ignore: [note]
excel: {sheet: Sheet1}
"""


def test_mapped_and_mapped_again(tmp_path: Path) -> None:
    """Numbers with the zeros that the sheet shows, and refused rows that are read again from what was kept.
    A date without an hour is no instant, and what was no value then is none now."""
    rows = [["no", "at", "note"], [(9000101, "000000000000"), datetime(2026, 3, 14), ("=NA()", "#N/A")]]
    rows += [[200009000102, date(2026, 3, 14)], [("=NA()", "#N/A"), datetime(2026, 3, 14)]]
    path = write_xlsx(tmp_path / "a.xlsx", rows)
    (tmp_path / "m.yaml").write_text(MAPPING)
    mapping, domain = load_mapping(tmp_path / "m.yaml"), load_domain()
    batches = list(read_mapped(path, mapping, domain))
    batch = Batch(pa.concat_tables(b.events for b in batches), pa.concat_tables(b.rejects for b in batches))
    assert batch.events["id"].to_pylist() == ["000009000101"]
    assert [str(at) for at in batch.events["occurred_at"].to_pylist()] == ["2026-03-14 00:00:00"]
    told = dry_run(mapping, path, domain)
    assert [(fault.rows, fault.column, fault.reason) for fault in told.faults] == [
        ([3], "at", "bad_time"),
        ([4], "no", "bad_cell"),
    ]
    kept = {row["position"]: row["raw"] for row in batch.rejects.to_pylist()}
    mended = kept[3].replace(b'"2026-03-14"', b'"2026-03-14T10:00:00"')
    assert map_again(path, [(3, mended)], mapping, domain).events["id"].to_pylist() == ["200009000102"]
    assert column_values(kept[4]) is None


@pytest.mark.parametrize(
    "said", ["{header_row: 0}", pytest.param(f"{{header_row: {'9' * 5000}}}", id="long"), "{merged: guess}", "{tab: x}"]
)
def test_settings_that_no_sheet_has(tmp_path: Path, said: str) -> None:
    (tmp_path / "m.yaml").write_text(MAPPING.replace("{sheet: Sheet1}", said))
    with pytest.raises(MappingProblemsError, match="excel"):
        load_mapping(tmp_path / "m.yaml")


def test_bombs_and_damage_are_refused(tmp_path: Path) -> None:
    """A sheet of zeros without end, one that says that it is small, entities, and a part that is not there."""
    good = write_xlsx(tmp_path / "good.xlsx", [["no"], ["1"]]).read_bytes()

    def changed(name: str, part: str, content: bytes) -> Path:
        (tmp_path / name).write_bytes(good)
        with zipfile.ZipFile(tmp_path / name) as archive:
            parts = {one: archive.read(one) for one in archive.namelist()} | {part: content}
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for one, text in parts.items():
                archive.writestr(one, text)
        return tmp_path / name

    with pytest.raises(DataError, match="unpacks to 134,217,728 bytes"):
        read(changed("zeros.xlsx", SHEET, b"0" * (1 << 27)))
    entity = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet><sheetData/></worksheet>'
    with pytest.raises(DataError, match="declares a document type"):
        read(changed("entity.xlsx", SHEET, entity))
    with pytest.raises(DataError, match="is not well-formed"):
        read(changed("cut.xlsx", SHEET, b"<worksheet><sheetData>"))
    with pytest.raises(DataError, match="and no workbook"):
        read(changed("empty.xlsx", "_rels/.rels", b"<Relationships/>"))
    lies = bytearray(changed("lies.xlsx", SHEET, b"<worksheet>" + b" " * 100_000 + b"</worksheet>").read_bytes())
    for place in range(len(lies) - 4):
        if lies[place : place + 4] == (100_023).to_bytes(4, "little"):
            lies[place : place + 4] = (50).to_bytes(4, "little")
    (tmp_path / "lies.xlsx").write_bytes(lies)
    with pytest.raises(DataError, match="is damaged"):
        read(tmp_path / "lies.xlsx")


def test_spoilt_bytes_give_rows_or_one_typed_error(tmp_path: Path) -> None:
    """200 workbooks with a few bytes changed, in the packed file or in one of its parts."""
    chance = random.Random(7)
    rows: list[list[Any]] = [["no", "at", "n"], *([f"{i}", datetime(2026, 3, 14, 9, i), i] for i in range(20))]
    good = write_xlsx(tmp_path / "good.xlsx", rows).read_bytes()
    for number in range(200):
        path = tmp_path / "a.xlsx"
        path.write_bytes(good)
        if number % 2:
            spoilt = bytearray(good)
            for _ in range(chance.randint(1, 4)):
                spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
            path.write_bytes(spoilt)
        else:
            with zipfile.ZipFile(path) as archive:
                parts = {one: bytearray(archive.read(one)) for one in archive.namelist()}
            part = parts[chance.choice(sorted(parts))]
            for _ in range(chance.randint(1, 3)):
                part[chance.randrange(len(part))] = chance.choice(b'0123456789<>/"= AZrst')
            with zipfile.ZipFile(path, "w") as archive:
                for one, text in parts.items():
                    archive.writestr(one, bytes(text))
        try:
            found, rejects = read(path)
        except DataError:
            continue
        places = [*found, *(row for row, _, _ in rejects)]
        assert len(set(places)) == len(places), f"run {number}"
