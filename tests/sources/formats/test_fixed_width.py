"""Text of fixed width: what stands in each place, and a line whose values cannot be told is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from throughline.errors import DataError
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.entry import MappingProblemsError
from throughline.sources.formats.fixed_width import read_fixed
from throughline.sources.formats.registry import row_format
from throughline.sources.mapping.conversion import map_again, read_mapped
from throughline.sources.mapping.mapping import load_mapping

COLUMNS = (("no", 1, 12), ("at", 14, 23), ("unit", 24, 27))


def read(path: Path, **settings: Any) -> tuple[dict[int, list[str | None]], list[tuple[int, str]]]:
    rows, rejects = {}, []
    for found in read_fixed(path, {"columns": COLUMNS, **settings}):
        for row in found.table.to_pylist():
            rows[row["position"]] = [row[f"c{i}"] for i in range(len(found.columns))]
        rejects += [(row["position"], row["reason"]) for row in found.rejects.to_pylist()]
    return rows, rejects


def test_columns_stand_in_their_places(tmp_path: Path) -> None:
    """Places count characters, whatever the line is encoded in; blank lines are none, and leading zeros stay."""
    path = tmp_path / "a.dat"
    path.write_bytes(
        b"CRIMES\r\n000009000101 2026-03-1420PP\r\n\r\n20/000124/26 2026-03-15\n"
        + "20/é00125/26 2026-03-16É".encode()
        + b"\n20/\xe900126/26 2026-03-17"
    )
    assert read(path, skip=1) == (
        {
            2: ["000009000101", "2026-03-14", "20PP"],
            4: ["20/000124/26", "2026-03-15", None],
            5: ["20/é00125/26", "2026-03-16", "É"],
            6: ["20/é00126/26", "2026-03-17", None],
        },
        [],
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"000009000101x2026-03-1420PP", "ragged_row"),  # between two columns
        (b"000009000101 2026-03-1420PPx", "ragged_row"),  # behind the last
        (b"000009000101\t2026-03-14", "ragged_row"),
        (b"000009000101 \x00", "nul_character"),
        (b"000009000101 \x81", "not_utf8"),
        (b"0" * 300_000, "too_large"),
    ],
)
def test_line_whose_values_cannot_be_told_is_refused(tmp_path: Path, line: bytes, reason: str) -> None:
    path = tmp_path / "a.dat"
    path.write_bytes(b"1\n" + line + b"\n2\n")
    rows, rejects = read(path)
    assert (sorted(rows), rejects) == ([1, 3], [(2, reason)])


def test_line_of_another_width_is_refused_where_the_mapping_says_one(tmp_path: Path) -> None:
    """A line that was cut off may have lost digits of a number."""
    (tmp_path / "a.dat").write_text("20/000124/26 2026-03-1520PP\n20/000124/2\n")
    assert read(tmp_path / "a.dat", width=27)[1] == [(2, "ragged_row")]


MAPPING = """
title: T
source: urn:test
area: {constant: "20"}
unit: unit
identifiers: {crime_ref: no}
type: {constant: police.crime.recorded}
time: {column: at, format: "%Y-%m-%d"}
fields: {offence_group: {constant: stalking}}
id: {columns: [no]}
fixed:
  columns:
    - {name: no, from: 1, to: 12}
    - {name: at, from: 14, to: 23}
    - {name: unit, from: 24, to: 27}
"""


def test_text_is_of_fixed_width_where_the_mapping_says_so(tmp_path: Path) -> None:
    """Otherwise `.txt` is CSV. A row that was refused is mapped again from what was kept."""
    path = tmp_path / "a.txt"
    path.write_text("20/000124/26 2026-03-1520PP\n20/000125/26 soon      20PP\n")
    (tmp_path / "m.yaml").write_text(MAPPING)
    mapping, domain = load_mapping(tmp_path / "m.yaml"), load_domain()
    [batch] = read_mapped(path, mapping, domain)
    assert batch.events["id"].to_pylist() == ["20/000124/26"]
    [reject] = batch.rejects.to_pylist()
    assert (reject["position"], reject["reason"]) == (2, "bad_time")
    again = map_again(path, [(2, reject["raw"].replace(b"soon", b"2026-03-16"))], mapping, domain)
    assert again.events["id"].to_pylist() == ["20/000125/26"]
    found = row_format(path)
    assert found is not None
    assert found.key == "csv"


@pytest.mark.parametrize(
    ("count", "written", "expected"),
    [
        # two columns of 4 without a gap, in places of characters and in places of bytes
        ("characters", "Zoë 0123", ["Zoë", "0123"]),
        ("bytes", "Zoë0123", ["Zoë", "0123"]),
        ("bytes", "abcë123", "not_utf8"),
        # nobody said: by bytes the first would be too long, and the second could be either
        ("", "Zoë 0123", ["Zoë", "0123"]),
        ("", "Zoë0123", "ragged_row"),
        ("", "Zoe 012ë", ["Zoe", "012ë"]),
        ("", "Zoe 0123", ["Zoe", "0123"]),
    ],
)
def test_places_of_characters_and_of_bytes(tmp_path: Path, count: str, written: str, expected: list[str] | str) -> None:
    """A line that gives other values by the one than by the other is not guessed at."""
    path = tmp_path / "a.dat"
    path.write_text(written + "\n", encoding="utf-8")
    settings = {"columns": (("name", 1, 4), ("no", 5, 8))} | ({"count": count} if count else {})
    _, rows = read_fixed(path, settings)
    if isinstance(expected, str):
        assert rows.rejects["reason"].to_pylist() == [expected]
    else:
        assert [rows.table[name].to_pylist() for name in ("c0", "c1")] == [[value] for value in expected]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("from: 14", "from: 12"),
        ("from: 14", "from: 24"),
        ("from: 14", "from: 0"),
        ("to: 27}", f"to: {'9' * 5000}}}"),
        ("name: at", "name: no"),
        ("to: 27}", "to: 27, wide: 3}"),
        ("  columns:", "  width: x\n  columns:"),
    ],
)
def test_columns_that_no_line_has(tmp_path: Path, old: str, new: str) -> None:
    (tmp_path / "m.yaml").write_text(MAPPING.replace(old, new))
    with pytest.raises(MappingProblemsError, match="fixed"):
        load_mapping(tmp_path / "m.yaml")


def test_file_needs_its_columns_said(tmp_path: Path) -> None:
    (tmp_path / "a.dat").write_text("x\n")
    with pytest.raises(DataError, match="columns of fixed width"):
        list(read_fixed(tmp_path / "a.dat", {}))
