"""XML: each element of a path is a row, with all that stands in it and around it; what is hostile is refused."""

from __future__ import annotations

import gzip
import random
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.errors import DataError
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.entry import MappingProblemsError
from throughline.sources.formats.xml_records import read_xml
from throughline.sources.mapping.conversion import map_again, read_mapped
from throughline.sources.mapping.mapping import load_mapping

EXPORT = """<?xml version="1.0" encoding="UTF-8"?>
<!-- nightly -->
<export area="20">
  <header><made>2026-03-16</made></header>
  <case id="1">
    <urn>20PP0012326</urn>
    <event at="2026-03-14T21:40:00Z">  recorded
      <officer unit="A"><name>x &amp; y</name></officer>
    </event>
    <event at="2026-03-15T08:00:00Z"><crime>20/1/26</crime><crime>20/2/26</crime><empty/></event>
  </case>
  <case id="2"><event at="later"><crime>20/3/26</crime></event></case>
</export>
"""
ROWS = {"rows": "/export/case/event"}


def read(path: Path, **settings: Any) -> dict[int, dict[str, str]]:
    """The rows by their number, without what is empty."""
    rows = {}
    for found in read_xml(path, settings):
        assert found.rejects.num_rows == 0
        for row in found.table.to_pylist():
            values = {name: row[f"c{i}"] for i, name in enumerate(found.columns) if row[f"c{i}"] is not None}
            rows[row["position"]] = values
    return rows


def written(folder: Path, text: str | bytes, name: str = "a.xml") -> Path:
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return folder / name


@pytest.mark.parametrize("packed", [False, True])
def test_row_is_what_stands_in_it_and_around_it(tmp_path: Path, packed: bool) -> None:
    """A path that has several values anywhere is a list everywhere."""
    path = written(tmp_path, gzip.compress(EXPORT.encode()) if packed else EXPORT)
    around = {"../../@area": "20", "../../header/made": "2026-03-16"}
    assert read(path, **ROWS) == {
        1: {
            "@at": "2026-03-14T21:40:00Z",
            ".": "recorded",
            "officer/@unit": "A",
            "officer/name": "x & y",
            "../@id": "1",
            "../urn": "20PP0012326",
            **around,
        },
        2: {
            "@at": "2026-03-15T08:00:00Z",
            "crime": '["20/1/26","20/2/26"]',
            "../@id": "1",
            "../urn": "20PP0012326",
            **around,
        },
        3: {"@at": "later", "crime": '["20/3/26"]', "../@id": "2", **around},
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "iso-8859-1"])
def test_encoding_is_that_of_the_declaration(tmp_path: Path, encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?><a><b>é</b></a>'
    assert read(written(tmp_path, text.encode(encoding)), rows="/a/b") == {1: {".": "é"}}


def test_namespaces_are_written_by_the_prefix_of_the_mapping(tmp_path: Path) -> None:
    """Whatever prefix the file has for them; one that the mapping does not name has none."""
    text = '<x:e xmlns:x="urn:one"><x:c y:id="1" xmlns:y="urn:two"><x:n>z</x:n></x:c></x:e>'
    path = written(tmp_path, text)
    assert read(path, rows="/e/c") == {1: {"@id": "1", "n": "z"}}
    named = {"rows": "/p:e/p:c", "namespaces": {"p": "urn:one", "q": "urn:two"}}
    assert read(path, **named) == {1: {"@q:id": "1", "p:n": "z"}}
    with pytest.raises(DataError, match="has no element `/p:e/c`"):
        read(path, rows="/p:e/c", namespaces={"p": "urn:one"})


def test_what_follows_rows_and_may_belong_to_them_is_refused(tmp_path: Path) -> None:
    """They were read without it. Where the mapping ignores it, nothing is lost."""
    path = written(tmp_path, "<e>\n<c><a>1</a></c>\n<count>1</count></e>")
    with pytest.raises(DataError, match=r"a\.xml:3: has `count` behind rows"):
        read(path, rows="/e/c")
    assert read(path, rows="/e/c", ignored=["../count"]) == {1: {"a": "1"}}
    with pytest.raises(DataError, match="has a text in `e`"):
        read(written(tmp_path, "<e>words<c><a>1</a></c></e>"), rows="/e/c")


MAPPING = """
title: T
source: urn:test
area: ../../@area
identifiers: {crime_ref: {column: crime, split: json}}
type: {constant: police.crime.recorded}
time: {column: "@at"}
fields: {offence_group: {constant: stalking}}
id: {columns: ["@at"]}
ignore: [., officer/@unit, officer/name, ../@id, ../urn, ../../header/made]
xml: {rows: /export/case/event}
"""


def test_mapped_and_mapped_again(tmp_path: Path) -> None:
    path = written(tmp_path, EXPORT)
    (tmp_path / "m.yaml").write_text(MAPPING)
    mapping, domain = load_mapping(tmp_path / "m.yaml"), load_domain()
    batches = list(read_mapped(path, mapping, domain))
    events = pa.concat_tables(b.events for b in batches)
    rejects = pa.concat_tables(b.rejects for b in batches).sort_by("position").to_pylist()
    assert [one["value"] for one in events["identifiers"][0].as_py()] == ["20/1/26", "20/2/26"]
    assert [(one["position"], one["reason"]) for one in rejects] == [(1, "missing_identifier"), (3, "bad_time")]
    again = map_again(path, [(3, rejects[1]["raw"].replace(b"later", b"2026-03-15T09:00:00Z"))], mapping, domain)
    assert again.events.num_rows == 1
    (tmp_path / "m.yaml").write_text(MAPPING.replace(", split: json", ""))
    with pytest.raises(MappingProblemsError, match="several values in a cell of `crime`"):
        list(read_mapped(path, load_mapping(tmp_path / "m.yaml"), domain))


@pytest.mark.parametrize("rows", ["export/case", "/export//case", "/export/case[1]", "//case", "/export/@id", ""])
def test_path_of_another_form_is_refused_by_its_line(tmp_path: Path, rows: str) -> None:
    (tmp_path / "m.yaml").write_text(MAPPING.replace("/export/case/event", f'"{rows}"'))
    with pytest.raises(MappingProblemsError, match=r"m\.yaml:11: `xml\.rows`"):
        load_mapping(tmp_path / "m.yaml")


BOMB = '<!DOCTYPE e [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><e><c>&b;</c></e>'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (BOMB, "declares a document type"),
        (BOMB.encode("utf-16"), "declares a document type"),
        ("<!-- " + "x" * 200_000 + " -->" + BOMB, "declares a document type"),
        ('<!DOCTYPE e SYSTEM "file:///etc/passwd"><e><c/></e>', "declares a document type"),
        ('<!DOCTYPE e SYSTEM "http://localhost:1/x.dtd"><e><c/></e>', "declares a document type"),
        ("<e><c>&unknown;</c></e>", "not well-formed"),
        ("<e><c>x</c>", "not well-formed"),
        ("", "not well-formed"),
        ("no;at\n1;x\n", "not well-formed"),
        ("<e>" + "<c>" * 100_000, "not well-formed"),
        ('<e><c a="' + "x" * (11 << 20) + '"/></e>', "not well-formed"),
        ("<e><c>" + "<d/>" * 250_000 + "</c></e>", "more than 200,000 others"),
        ("<e><c>" + ("<d>" + "x" * (1 << 20) + "</d>") * 40 + "</c></e>", "32 MB in it"),
        ("<e><f>" + "<d/>" * 250_000 + "</f></e>", "more than 200,000 others"),
        ("<e>" + "<f>x</f>" * 70_000 + "</e>", "too much around"),
        (" " * (2 << 20) + "<e/>", "in its first megabyte"),
        ('<?xml version="1.0" encoding="no-such"?><e/>', "not well-formed"),
        ("<e><d/></e>", "has no element `/e/c`"),
        ("<e><c>" + "".join(f"<n{i}>1</n{i}>" for i in range(2001)) + "</c></e>", "more than 2000 different paths"),
    ],
)
def test_hostile_file_is_refused(tmp_path: Path, text: str | bytes, says: str) -> None:
    """No entity is expanded and nothing fetched."""
    with pytest.raises(DataError, match=says):
        read(written(tmp_path, text), rows="/e/c")


def test_row_that_is_too_large_costs_itself(tmp_path: Path) -> None:
    path = written(tmp_path, f"<e>\n<c>{'x' * 70_000}</c>\n<c>y</c></e>")
    found = list(read_xml(path, {"rows": "/e/c"}))
    [reject] = [row for rows in found for row in rows.rejects.to_pylist()]
    assert (reject["position"], reject["reason"], "line 2" in reject["detail"]) == (1, "too_large", True)
    assert [row["position"] for rows in found for row in rows.table.to_pylist()] == [2]


names = st.sampled_from(["a", "b", "c"])
texts = st.text("xyz <&é", max_size=4)
elements = st.recursive(
    st.tuples(names, st.dictionaries(names, texts, max_size=2), texts, st.just([])),
    lambda inner: st.tuples(names, st.dictionaries(names, texts, max_size=2), texts, st.lists(inner, max_size=3)),
    max_leaves=8,
)


def element(one: Any) -> ElementTree.Element:
    name, attributes, text, inside = one
    made = ElementTree.Element(name, attributes)
    made.text = text
    made.extend([element(part) for part in inside])
    return made


def values(made: ElementTree.Element) -> list[str]:
    """Every text and attribute, by Python's own reader, without blanks around it."""
    found = [made.text or "", *made.attrib.values()]
    found = [one.strip() for one in found if one.strip()]
    return found + [value for part in made for value in values(part)]


@given(st.lists(elements, min_size=1, max_size=4))
def test_no_value_is_lost(tmp_path_factory: pytest.TempPathFactory, given: list[Any]) -> None:
    """Whatever stands in a row, at whatever depth and however often, is in its columns."""
    root = ElementTree.Element("e")
    for one in given:
        row = element(one)
        row.tag = "row"
        root.append(row)
    path = tmp_path_factory.getbasetemp() / "any.xml"
    path.write_bytes(ElementTree.tostring(root))
    lists = {name for found in read_xml(path, {"rows": "/e/row"}) for name in found.nested}
    for row, cells in zip(root, read(path, rows="/e/row").values(), strict=True):
        found = [v for name, cell in cells.items() for v in (orjson.loads(cell) if name in lists else [cell])]
        assert sorted(found) == sorted(values(row))


def test_spoilt_bytes_give_rows_or_one_typed_error(tmp_path: Path) -> None:
    """500 exports with a few bytes changed."""
    chance = random.Random(7)
    for _ in range(500):
        text = bytearray(EXPORT.encode())
        for _ in range(chance.randint(1, 4)):
            text[chance.randrange(len(text))] = chance.choice(b'<>/"=&;!-?[] \x00\xffa0')
        try:
            read(written(tmp_path, bytes(text)), **ROWS)
        except DataError:
            continue
