"""A file read as plainly as its kind can be, and nothing made of it: `python -m bench.exports.plain FILE`."""

from __future__ import annotations

import csv
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import orjson
from lxml import etree


def _of_csv(path: Path) -> Iterator[Any]:
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.reader(file)


def _of_xlsx(path: Path) -> Iterator[Any]:
    import openpyxl  # type: ignore[import-untyped]

    yield from openpyxl.load_workbook(path, read_only=True).worksheets[0].iter_rows(values_only=True)


def _of_xls(path: Path) -> Iterator[Any]:
    import python_calamine

    yield from python_calamine.load_workbook(path).get_sheet_by_index(0).iter_rows()


def _of_ods(path: Path) -> Iterator[Any]:
    with zipfile.ZipFile(path) as archive, archive.open("content.xml") as file:
        yield from _elements(file, "table-row")


def _of_xml(path: Path) -> Iterator[Any]:
    with path.open("rb") as file:
        yield from _elements(file, "case")


def _elements(file: IO[bytes], name: str) -> Iterator[Any]:
    for _, element in etree.iterparse(file, tag=f"{{*}}{name}"):
        yield [*element.attrib.values(), *((one.text, *one.attrib.values()) for one in element)]
        element.clear()
        parent = element.getparent()
        while parent is not None and element.getprevious() is not None:
            del parent[0]


def _of_json(path: Path) -> Iterator[Any]:
    yield from orjson.loads(path.read_bytes())["cases"]


def _of_lines(path: Path) -> Iterator[Any]:
    with path.open("rb") as file:
        yield from map(orjson.loads, file)


def _of_fixed(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8") as file:
        yield from ((line[:14], line[14:34], line[34:40], line[40:46], line[46:54], line[54:]) for line in file)


READERS: dict[str, tuple[str, Callable[[Path], Iterator[Any]]]] = {
    "csv": ("csv", _of_csv),
    "xlsx": ("openpyxl, read-only", _of_xlsx),
    "ods": ("lxml, iterparse", _of_ods),
    "xls": ("calamine", _of_xls),
    "xml": ("lxml, iterparse", _of_xml),
    "json": ("orjson, whole", _of_json),
    "jsonl": ("orjson", _of_lines),
    "dat": ("slices of lines", _of_fixed),
}
"""By kind what it is read by, and how."""

if __name__ == "__main__":
    given = Path(sys.argv[1])
    print(sum(1 for _ in READERS[given.suffix[1:]][1](given)))
