"""CSV as systems and spreadsheets write it: every line ends in a row or in a reject, and no line hides in another."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from throughline.errors import DataError
from throughline.sources.formats import delimited
from throughline.sources.formats.delimited import read_csv, read_csv_again

Read = Callable[..., "tuple[list[tuple[int, list[str | None]]], list[tuple[int, str]]]"]


def read_file(
    path: Path, given_settings: dict[str, str] | None = None
) -> tuple[list[tuple[int, list[str | None]]], list[tuple[int, str]]]:
    """The rows of a file with their lines, and line and reason of each reject."""
    rows: list[tuple[int, list[str | None]]] = []
    rejects: list[tuple[int, str]] = []
    for found in read_csv(path, given_settings or {}):
        for row in found.table.to_pylist():
            rows.append((row["position"], [row[f"c{i}"] for i in range(len(found.columns))]))
        rejects += zip(found.rejects["position"].to_pylist(), found.rejects["reason"].to_pylist(), strict=True)
    return sorted(rows, key=lambda row: row[0]), rejects


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def written(content: bytes | str, **given_settings: str) -> object:
        path = tmp_path / "a.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_file(path, given_settings)

    return written  # type: ignore[return-value]


def columns(path: Path) -> tuple[str, ...]:
    return next(read_csv(path, {})).columns


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_the_first_one_does(read: Read, end: str) -> None:
    """Excel for Mac ends its lines with CR alone."""
    assert read(end.join(["a,b", "1,x", "2,y", ""])) == ([(2, ["1", "x"]), (3, ["2", "y"])], [])


def test_header_that_ends_in_delimiters_names_no_more_columns(read: Read, tmp_path: Path) -> None:
    """As spreadsheets write it: what stands below no name is refused with its row, unless such a column is ignored."""
    text = 'a,b,,\n1,x,, \n2,y,z,\n"3",y,,\n'
    assert read(text) == ([(2, ["1", "x"]), (4, ["3", "y"])], [(3, "ragged_row")])
    assert columns(tmp_path / "a.csv") == ("a", "b")
    assert read(text, ignored=["", "a"]) == ([(2, ["1", "x"]), (3, ["2", "y"]), (4, ["3", "y"])], [])


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_mac_file_in_blocks_of_any_size(read: Read, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A CRLF among the CRs of a file is one end of a line, also where a block ends inside it."""
    monkeypatch.setattr(delimited, "_BLOCK", max(size, 8))
    assert read("a,b\r1,x\r\n2,y\r\r\r3,z") == ([(2, ["1", "x"]), (3, ["2", "y"]), (6, ["3", "z"])], [])


def test_line_break_in_the_header(read: Read, tmp_path: Path) -> None:
    """A name of a column may go over several lines, as Excel writes it; rows are numbered by the lines of the file."""
    assert read('"Crime\nNo",Unit\r\n1,x\r\n') == ([(3, ["1", "x"])], [])
    assert columns(tmp_path / "a.csv") == ("Crime\nNo", "Unit")


def test_header_in_quotes_tells_its_delimiter_and_line_end_outside_of_them(read: Read, tmp_path: Path) -> None:
    """Neither a comma nor a line break inside a quoted name counts."""
    assert read('"a,b,c\rd";e\n1;2\n') == ([(2, ["1", "2"])], [])
    assert columns(tmp_path / "a.csv") == ("a,b,c\rd", "e")


def test_each_line_has_the_encoding_that_fits_it(read: Read) -> None:
    """Two exports joined to one file, UTF-8 and Windows-1252, name the same unit by the same text."""
    content = "a,b\n1,Café\n".encode() + "2,Café\n".encode("cp1252")
    assert read(content) == ([(2, ["1", "Café"]), (3, ["2", "Café"])], [])
    assert read(content, encoding="utf-8") == ([(2, ["1", "Café"])], [(3, "not_utf8")])


def test_line_of_no_encoding_is_one_reject(read: Read) -> None:
    """A byte that neither encoding has costs its own line."""
    assert read(b"a,b\n1,\x81\xe9\n2,y\n") == ([(3, ["2", "y"])], [(2, "not_utf8")])
    assert read(b"a,b\n1,\x81\xe9\n2,\xe9\n", encoding="cp1252") == ([(3, ["2", "é"])], [(2, "not_utf8")])


def test_two_stray_quotes_do_not_swallow_the_lines_between(read: Read) -> None:
    """A quote opens in one row and the next one stands many rows on: only the row that opens it is refused."""
    lines = ["a,b,c", *(f"{n},x,y" for n in range(100))]
    lines[10], lines[90] = '9,x,"y', '89,x,y"'
    rows, rejects = read("\n".join(lines))
    assert rejects == [(11, "unclosed_quote")]
    assert [line for line, _ in rows] == [*range(2, 11), *range(12, 102)]
    assert rows[-11] == (91, ["89", "x", 'y"'])


def test_stray_quote_that_closes_in_an_odd_place(read: Read) -> None:
    """What is no record of several lines to the letter is read line by line."""
    assert read('a,b\n"1,x\n2,"y"\n3,z\n') == (
        [(3, ["2", "y"]), (4, ["3", "z"])],
        [(2, "unclosed_quote")],
    )


def test_text_of_several_lines_is_one_record(read: Read) -> None:
    """Commas, doubled quotes and empty lines may stand in it; its line is the one that it begins at."""
    assert read('a,b,c\n1,"Dear ""Sir"",\n\nI, too,\r\nwrite",y\n2,x,y\n') == (
        [(2, ["1", 'Dear "Sir",\n\nI, too,\r\nwrite', "y"]), (6, ["2", "x", "y"])],
        [],
    )


def test_open_record_goes_on_in_the_next_block(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a block ends is not seen."""
    monkeypatch.setattr(delimited, "_BLOCK", 16)
    text = 'a,b\n1,"one\ntwo\nthree, and more"\n2,y\n3,"open\n4,z\n'
    assert read(text) == (
        [(2, ["1", "one\ntwo\nthree, and more"]), (5, ["2", "y"]), (7, ["4", "z"])],
        [(6, "unclosed_quote")],
    )


def test_many_open_quotes_do_not_each_read_the_rest(read: Read) -> None:
    """Quotes that stay open to the end, one a line, are given up after ever fewer lines."""
    count = 20_000
    _, rejects = read("a,b\n" + 'x","y\n' * count)
    assert rejects == [(line, "unclosed_quote") for line in range(2, count + 2)]


PIECES = st.text(st.sampled_from('ab"",\r\n\0é '), max_size=12)


@settings(deadline=None)
@given(lines=st.lists(PIECES, max_size=8), run=st.sampled_from([1, 2, 3, 100]))
def test_fast_and_careful_reading_agree(lines: list[str], run: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Runs of any length, read by Arrow where it can and by Python's csv else, give the same rows and rejects."""
    path = tmp_path_factory.getbasetemp() / "agree.csv"
    path.write_bytes("\n".join(["a,b,c", *lines]).encode())
    with pytest.MonkeyPatch.context() as careful:
        careful.setattr(delimited._Reader, "_read_run", lambda *_: False)
        expected = read_file(path)
    with pytest.MonkeyPatch.context() as runs:
        runs.setattr(delimited, "_RUN_LINES", run)
        assert read_file(path) == expected


def test_a_line_that_is_no_text_inside_quotes_costs_its_record(read: Read) -> None:
    """Once, whole, and with the bytes as they stood: nothing is taken of a text that is there in part."""
    assert read(b'a,b\n1,"one\n\xff\nthree"\n2,y\n', encoding="utf-8") == (
        [(5, ["2", "y"])],
        [(2, "not_utf8")],
    )


@settings(deadline=None)
@given(seed=st.integers(0, 2**32))
@example(seed=9453422)
def test_every_line_is_in_a_row_or_a_reject(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever is damaged, each line that is not empty stands in the `raw` of exactly one row or reject."""
    draw = random.Random(seed)
    content = bytearray(("a,b,c\n" + "".join(f'{n},"x, {n}",y\n' for n in range(40))).encode())
    for _ in range(draw.randint(1, 10)):
        place = draw.randrange(6, len(content))
        content[place : place + draw.randint(0, 2)] = draw.choice([b'"', b",", b"\n", b"\0", b"\xff", b"\r", b'""'])
    path = tmp_path_factory.getbasetemp() / "damaged.csv"
    path.write_bytes(content)
    covered: list[int] = []
    for found in read_csv(path, {"encoding": "utf-8"}):
        for table in (found.table, found.rejects):
            for line, raw in zip(table["position"].to_pylist(), table["raw"].to_pylist(), strict=True):
                covered += range(line, line + raw.count(b"\n") + 1)
    full = {line for line, text in enumerate(content.split(b"\n"), 1) if text.strip(b"\r") and line > 1}
    assert full <= set(covered)
    assert len(covered) == len(set(covered))


def test_records_are_read_again_as_they_were(read: Read, tmp_path: Path) -> None:
    """The kept bytes of single records give the rows that the file gave."""
    read('"a\nb",c\n1,"x\ny"\n2\n3,z\n')
    again = read_csv_again(tmp_path / "a.csv", {}, [(3, b'1,"x\ny"'), (5, b"2,mended"), (7, b"3")])
    assert again.columns == ("a\nb", "c")
    assert again.table.drop_columns(["raw"]).to_pylist() == [
        {"c0": "1", "c1": "x\ny", "position": 3},
        {"c0": "2", "c1": "mended", "position": 5},
    ]
    assert again.rejects["position"].to_pylist() == [7]


def test_header_of_any_width_is_read_or_refused_at_once(tmp_path: Path) -> None:
    """Looking for names that stand twice took minutes where there are many."""
    path = tmp_path / "a.csv"
    path.write_text(",".join(f"c{place}" for place in range(100_000)) + "\n")
    with pytest.raises(DataError, match="more than 16,384"):
        list(read_csv(path, {}))
