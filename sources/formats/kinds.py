"""Files of another kind than their ending says: refused whole, with what they are and what to do."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from throughline.errors import DataError

OCEL_HINT = "If it is of version 2, map it as it is: `ocel: {rows: events}` (`docs/how-to/files.md`)."
_UTF_8 = "Save it as UTF-8 (in Excel: `CSV UTF-8`) and try again."
_EXPORT = "Export it as CSV or Parquet, or name it by what it is."
# beginning, what it is, what to do
_MAGIC = (
    (b"PAR1", "Parquet", "Name it `.parquet`."),
    (b"Obj\x01", "Avro", "Name it `.avro`."),
    (
        b"PK\x03\x04",
        "a zip archive or a spreadsheet",
        "Unpack it; a spreadsheet is named `.xlsx` or `.ods`.",
    ),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Access file", "Name it `.xls` if it is of Excel."),
    (b"SQLite format 3\x00", "an SQLite database", _EXPORT),
    (b"%PDF-", "PDF", _EXPORT),
)
_OCEL_JSON = re.compile(rb'\s*\{\s*"(?:ocel:[a-z-]+|objectTypes|eventTypes)"\s*:').match
_OCEL_XML = re.compile(rb"<(?:ocel|log)\b[^>]*>\s*(?:<global\b|<(?:object|event)-types|<events|<objects)").search
_DEBEZIUM = re.compile(
    rb'\s*\{\s*"(?:schema"\s*:\s*(?:\{|null).*"payload"|payload"\s*:\s*\{\s*"before"|before"\s*:.*"after")\s*:'
).match
_DEBEZIUM_HINT = "Read it from its topic: `throughline source changes`, docs/how-to/change-records.md."


def refuse_other_kind(path: Path, head: bytes) -> None:
    """Raise DataError where the beginning of a text file, its lines or records whole or not, shows another kind."""
    for magic, what, hint in _MAGIC:
        if head.startswith(magic):
            raise DataError(f"is {what}, not text", file=path, hint=hint)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError("is UTF-16", file=path, line=1, hint=_UTF_8)
    begin = head[: 1 << 16].removeprefix(b"\xef\xbb\xbf").lstrip()
    if begin.startswith(b"<"):
        if _OCEL_XML(begin):
            raise DataError("is an OCEL log (object-centric) in XML", file=path, hint=OCEL_HINT)
        what = "an HTML page" if re.match(rb"<(?:!doctype html|html)", begin, re.IGNORECASE) else "XML"
        raise DataError(f"is {what}", file=path, hint="XML is named `.xml`, and an event log in XML `.xes`.")
    if _OCEL_JSON(begin):
        raise DataError("is an OCEL log (object-centric) in JSON", file=path, hint=OCEL_HINT)
    if _DEBEZIUM(begin.partition(b"\n")[0]):
        raise DataError("is a change stream of Debezium, not events", file=path, hint=_DEBEZIUM_HINT)
