"""How far a file has been read: by its bytes, over the two passes of those that are read twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import xlsxwriter

from throughline.sources.formats.registry import read_rows
from throughline.sources.formats.text import position_in

_ROWS = 21_000


def _written(path: Path) -> dict[str, dict[str, str]]:
    """The file, with some 21,000 rows of two columns, and what a mapping says of it."""
    rows = [{"no": f"20/{number:06}/26", "unit": "20PP"} for number in range(_ROWS)]
    match path.suffix:
        case ".xlsx":
            with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
                sheet = book.add_worksheet()
                for place, row in enumerate([dict.fromkeys(rows[0], "x") | {"unit": "y"}, *rows]):
                    sheet.write_row(place, 0, row.values())
            return {}
        case ".xml":
            each = "".join(f"<case><no>{row['no']}</no><unit>{row['unit']}</unit></case>\n" for row in rows)
            path.write_text(f"<export>{each}</export>")
            return {"xml": {"rows": "export/case"}}
        case _:
            path.write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n")
            return {"json": {"rows": "."}}


@pytest.mark.parametrize("ending", [".json", ".xlsx", ".xml"])
def test_it_is_known_how_far_a_file_has_been_read(tmp_path: Path, ending: str) -> None:
    """With its first rows, a file that is read twice is more than half done."""
    path = tmp_path / f"rows{ending}"
    settings = _written(path)
    size = path.stat().st_size

    reading = read_rows(path, settings)
    first = next(position_in(path) for rows in reading if rows.table.num_rows)

    assert first is not None
    assert 0.5 * size < first <= size
    assert list(reading)
    assert position_in(path) is None
