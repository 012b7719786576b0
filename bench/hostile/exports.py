"""Hostile exports: workbooks, XML, JSON and text of fixed width, damaged as a whole or in one of their parts."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

import orjson
import xlsxwriter

from bench.hostile.records import MAPPING, Good, Run
from bench.hostile.values import TEXTS, damaged
from throughline.sources.mapping.conversion import read_mapped
from throughline.sources.mapping.mapping import load_mapping

_NAMES = ("entry", "area", "unit", "crime", "file", "at", "entered", "what", "channel", "person", "remark")
_ROWS = 20


def exports(good: Good, chance: random.Random, count: int, folder: Path) -> Run:
    """One file of rows, some cells of which are odd texts, and then spoilt."""
    rows = []
    for _ in range(_ROWS):
        row = [f"n{good.number(chance)}", "20", "", "20/1/26", "", "2026-03-02T10:00:00", "", "Contact", "sms", "", "x"]
        if chance.random() < 0.3:
            row[chance.randrange(len(row))] = str(chance.choice(TEXTS))
        rows.append(dict(zip(_NAMES, row, strict=True)))
    ending = chance.choice(("xlsx", "xlsx", "xml", "json", "dat", "ods", "xls"))
    if ending in ("xlsx", "ods", "xls"):
        content = _spoilt_parts(_workbook(rows), chance) if chance.random() < 0.6 else damaged(_workbook(rows), chance)
        if ending == "xls":
            content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + chance.randbytes(4096)
    elif ending == "xml":
        text = "".join(
            "<contact>" + "".join(f"<{k}>{escape(v)}</{k}>" for k, v in row.items()) + "</contact>" for row in rows
        )
        content = damaged(f"<log>{text}</log>".encode(errors="replace"), chance)
    elif ending == "json":
        content = damaged(b"\n".join(orjson.dumps(row) for row in _sound(rows)), chance)
    else:
        lines = ["".join(value[:19].ljust(20) for value in row.values()) for row in rows]
        content = damaged("\n".join(lines).encode(errors="replace"), chance)
    path = folder / f"hostile_export.{ending}"
    path.write_bytes(content)
    mapping = load_mapping(MAPPING)
    return Run("exports", 1, lambda: read_mapped(path, mapping, good.domain), _once, may_refuse=True)


def _once(found: list[int]) -> str | None:
    return None if len(set(found)) == len(found) else "a position came out twice"


def _sound(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{name: value.encode(errors="replace").decode() for name, value in row.items()} for row in rows]


def _workbook(rows: list[dict[str, str]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, _NAMES)
        for place, row in enumerate(_sound(rows), 1):
            for column, value in enumerate(row.values()):
                sheet.write_string(place, column, value[:30_000])
    return out.getvalue()


def _spoilt_parts(workbook: bytes, chance: random.Random) -> bytes:
    """The workbook, whole as a zip file, with one part damaged."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice(sorted(parts))
    parts[name] = damaged(parts[name], chance)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for one, content in parts.items():
            archive.writestr(one, content)
    return out.getvalue()
