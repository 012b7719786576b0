"""Spreadsheets, made by another library than the one that reads them, or by hand where no library makes such a file."""

from __future__ import annotations

import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import xlsxwriter

_OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
_SPACES = " ".join(f'xmlns:{name}="{_OASIS}{name}:1.0"' for name in ("table", "office", "text", "style"))
FORMATS = {datetime: "dd/mm/yyyy hh:mm", date: "dd/mm/yyyy", time: "hh:mm"}


def write_xlsx(path: Path, *sheets: list[list[Any]], names: tuple[str, ...] = (), is_1904: bool = False) -> Path:
    """A workbook of these sheets, each a list of rows from the first. A time is shown as one of its kind; a value with
    a form is (value, form); a formula with its saved result is ("=…", result)."""
    with xlsxwriter.Workbook(path, {"date_1904": is_1904}) as book:
        for place, rows in enumerate(sheets):
            sheet = book.add_worksheet(names[place] if names else None)
            for y, row in enumerate(rows):
                for x, value in enumerate(row):
                    if isinstance(value, tuple) and str(value[0]).startswith("="):
                        sheet.write_formula(y, x, value[0], None, value[1])
                    elif isinstance(value, tuple):
                        sheet.write(y, x, value[0], book.add_format({"num_format": value[1]}))
                    elif type(value) in FORMATS:
                        sheet.write_datetime(y, x, value, book.add_format({"num_format": FORMATS[type(value)]}))
                    elif value is not None:
                        sheet.write(y, x, value)
    return path


def changed_xlsx(path: Path, change: dict[str, tuple[str, str]]) -> Path:
    """The same workbook, in parts of which one text is another."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name, (old, new) in change.items():
        assert old.encode() in parts[name], parts[name]
        parts[name] = parts[name].replace(old.encode(), new.encode())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def write_ods(path: Path, tables: str, *, head: str = "") -> Path:
    """A document of these `<table:table>` elements."""
    styles = '<office:automatic-styles><style:style style:name="hid" style:family="table">'
    styles += '<style:table-properties table:display="false"/></style:style></office:automatic-styles>'
    body = f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        content = f"{head}<office:document-content {_SPACES}>{styles}{body}</office:document-content>"
        archive.writestr("content.xml", content)
    return path
