"""JSON that is no events: each object of a path is a row, with what stands in it and around it."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from throughline.errors import DataError
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.entry import MappingProblemsError
from throughline.sources.formats.json_records import read_json_rows
from throughline.sources.mapping.conversion import map_again, read_mapped
from throughline.sources.mapping.mapping import load_mapping

EXPORT = {
    "made": "2026-03-16",
    "cases": [
        {
            "urn": "20PP0012326",
            "tags": ["a", "b"],
            "events": [
                {"at": "2026-03-14T21:40:00Z", "officer": {"unit": "A", "on": True, "no": 200009000101}, "none": None},
                {"at": "2026-03-15T08:00:00Z", "crimes": [{"no": "20/1/26"}, {"no": "20/2/26"}]},
            ],
        },
        {"urn": "20PP0012327", "events": []},
        {"urn": "20PP0012328", "events": [{"at": "later", "crimes": [{"no": "20/3/26"}], "rate": 0.5}]},
    ],
}
ROWS = "cases[].events[]"


def read(path: Path, rows: str = ".") -> tuple[dict[int, dict[str, str]], list[tuple[int, str]]]:
    """The rows by their number, without what is empty; number and reason of the rejects."""
    found, rejects = {}, []
    for part in read_json_rows(path, {"rows": rows}):
        for row in part.table.to_pylist():
            values = {name: row[f"c{i}"] for i, name in enumerate(part.columns) if row[f"c{i}"] is not None}
            found[row["position"]] = values
        rejects += [(row["position"], row["reason"]) for row in part.rejects.to_pylist()]
    return found, rejects


def written(folder: Path, text: str | bytes, name: str = "a.json") -> Path:
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return folder / name


@pytest.mark.parametrize("option", [0, orjson.OPT_INDENT_2])
@pytest.mark.parametrize("packed", [False, True])
def test_row_is_what_stands_in_it_and_around_it(tmp_path: Path, option: int, packed: bool) -> None:
    """On one line or many; what stands in a list is a list, however many it has."""
    text = orjson.dumps(EXPORT, option=option)
    rows, rejects = read(written(tmp_path, gzip.compress(text) if packed else text), ROWS)
    first = {"../urn": "20PP0012326", "../tags": '["a","b"]', "../../made": "2026-03-16"}
    officer = {"officer.unit": "A", "officer.on": "true", "officer.no": "200009000101"}
    assert rows == {
        1: {"at": "2026-03-14T21:40:00Z", **officer, **first},
        2: {"at": "2026-03-15T08:00:00Z", "crimes.no": '["20/1/26","20/2/26"]', **first},
        3: {
            "at": "later",
            "crimes.no": '["20/3/26"]',
            "rate": "0.5",
            "../urn": "20PP0012328",
            "../../made": "2026-03-16",
        },
    }
    assert rejects == []


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1}\n{"a":2}\n',
        '[{"a":1},{"a":2}]',
        '[\n {"a": 1},\n\n {"a":\n 2}\n]',
        '{"a":\n1}\n{\n"a":2}',
        '\ufeff{"a":1}\n{"a":2}',
    ],
)
def test_documents_on_lines_in_an_array_or_one_after_another(tmp_path: Path, text: str) -> None:
    assert read(written(tmp_path, text)) == ({1: {"a": "1"}, 2: {"a": "2"}}, [])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"a":1,"a":2}', "repeated_name"),
        ('{"a":NaN}', "not_json"),
        ('{"a":1', "not_json"),
        ("[1]", "not_object"),
        ("7", "not_object"),
        ('{"a":' * 500 + "1" + "}" * 500, "too_deep"),
        ('{"a":' * 5000 + "1" + "}" * 5000, "not_json"),
        ('{"a":"\\u0000"}', "nul_character"),
        ('{"a":"' + "x" * 70_000 + '"}', "too_large"),
        ('{"a":"\\ud800"}', "not_json"),
    ],
)
def test_line_that_is_no_row_costs_itself(tmp_path: Path, line: str, reason: str) -> None:
    path = written(tmp_path, f'{{"a":1}}\n{line}\n{{"a":3}}\n', "a.jsonl")
    assert read(path) == ({1: {"a": "1"}, 3: {"a": "3"}}, [(2, reason)])


def test_number_with_more_digits_than_it_keeps_is_no_number(tmp_path: Path) -> None:
    """Beyond 64 bits a reader keeps 15 digits; nobody takes what is left for an identifier."""
    path = written(tmp_path, '{"a":123456789012345678901234,"b":12345678901234567}')
    assert read(path)[0] == {1: {"a": "1.23456789012346E+23", "b": "12345678901234567"}}


def test_path_that_leads_elsewhere(tmp_path: Path) -> None:
    """To nothing: the file is refused. To something else than it says: its document is from there on."""
    path = written(tmp_path, orjson.dumps(EXPORT))
    with pytest.raises(DataError, match=r"has nothing at `case\[\]`"):
        read(path, "case[]")
    path = written(tmp_path, '{"c":[{"e":[{"a":1}]},{"e":{"a":2}}]}')
    assert read(path, "c[].e[]") == (
        {
            1: {
                "a": "1",
            }
        },
        [(2, "not_object")],
    )
    with pytest.raises(DataError, match="Parquet"):
        read(written(tmp_path, b"PAR1\x00"))


MAPPING = """
title: T
source: urn:test
area: {constant: "20"}
identifiers: {crime_ref: {column: crimes.no, split: json}, urn: ../urn}
type: {constant: police.crime.recorded}
time: {column: at}
fields: {offence_group: {constant: stalking}}
id: {columns: [at]}
ignore: [officer.unit, officer.on, officer.no, ../tags, ../../made, rate]
json: {rows: "cases[].events[]"}
"""


def test_mapped_and_mapped_again(tmp_path: Path) -> None:
    path = written(tmp_path, orjson.dumps(EXPORT))
    (tmp_path / "m.yaml").write_text(MAPPING)
    mapping, domain = load_mapping(tmp_path / "m.yaml"), load_domain()
    batches = list(read_mapped(path, mapping, domain))
    events = pa.concat_tables(b.events for b in batches)
    rejects = pa.concat_tables(b.rejects for b in batches).sort_by("position").to_pylist()
    assert [len(one) for one in events["identifiers"].to_pylist()] == [3]
    assert [(one["position"], one["reason"]) for one in rejects] == [(1, "missing_identifier"), (3, "bad_time")]
    reject = rejects[1]
    again = map_again(path, [(3, reject["raw"].replace(b"later", b"2026-03-15T09:00:00Z"))], mapping, domain)
    assert again.events.num_rows == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"cases": [{"no": 1},\n{"no": NaN}]}', r"a\.json:2: .*not JSON"),
        ('{"cases": [{"no": 1},\n]}', r"a\.json:1: .*not JSON"),
        ('{"cases": [{"no": 1, "no": 2}]}', r"a name twice \(line 1\)"),
        ('{"cases": [{"no": 1}]}'.encode("utf-16"), "UTF-16"),
        ("", "is empty"),
        ('{"case": []}', r"nothing at `cases\[\]`"),
    ],
)
def test_file_of_which_nothing_can_be_read_says_why_and_where(tmp_path: Path, text: str | bytes, said: str) -> None:
    """Not that it lacks the columns of the mapping."""
    path = tmp_path / "a.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError, match=said) as refused:
        read(path, "cases[]")
    assert refused.value.hint


@pytest.mark.parametrize("rows", ["cases[", "cases..events", "/cases", "cases[0]", "cases[*]"])
def test_path_of_another_form_is_refused_by_its_line(tmp_path: Path, rows: str) -> None:
    (tmp_path / "m.yaml").write_text(MAPPING.replace("cases[].events[]", rows))
    with pytest.raises(MappingProblemsError, match=r"m\.yaml:11: `json\.rows`"):
        load_mapping(tmp_path / "m.yaml")


def test_names_without_end_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, b"\n".join(orjson.dumps({f"n{i}": 1}) for i in range(3000)))
    with pytest.raises(DataError, match="more than 2000 different paths"):
        read(path)


names = st.sampled_from(["a", "b", "a.b", "c"])
scalars = st.none() | st.booleans() | st.integers(0, 99) | st.text("xyé ", max_size=3)
objects = st.dictionaries(
    names,
    st.recursive(
        scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=8
    ),
    max_size=3,
)


def values(one: Any) -> list[str]:
    """Every scalar that says something, as text without blanks around it."""
    if isinstance(one, dict | list):
        return [text for inner in (one.values() if isinstance(one, dict) else one) for text in values(inner)]
    text = "" if one is None else str(one).lower() if isinstance(one, bool) else str(one).strip()
    return [text] if text else []


@settings(deadline=None)
@given(st.lists(objects, min_size=1, max_size=4))
def test_no_value_is_lost(tmp_path_factory: pytest.TempPathFactory, given: list[dict[str, Any]]) -> None:
    """Whatever stands in a row, at whatever depth and however often, is in its columns."""
    path = written(tmp_path_factory.getbasetemp(), b"\n".join(map(orjson.dumps, given)), "any.jsonl")
    lists = {name for found in read_json_rows(path, {}) for name in found.nested}
    rows, rejects = read(path)
    assert rejects == []
    for one, cells in zip(given, rows.values(), strict=True):
        found = [v for name, cell in cells.items() for v in (orjson.loads(cell) if name in lists else [cell])]
        assert sorted(found) == sorted(values(one))
