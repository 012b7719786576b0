"""A workbook of grids: numbers as numbers, no text that a spreadsheet would run, the same bytes for the same grids."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from throughline.sinks.sheets.grid import Grid, Kind

_FORMS = {"text": "General", "month": "mmmm yyyy", "number": "#,##0", "share": "0.0%", "days": "#,##0.0"}
_WIDTHS: Mapping[Kind, int] = {"text": 14, "month": 16, "number": 12, "share": 12, "days": 12}
_WIDEST = 46
# where the stores have no event, as a file needs some time
_NO_TIME = datetime.fromisoformat("2000-01-01")


class Workbook:
    """A workbook that is being written; `content` has its bytes once the block of `workbook` has ended."""

    def __init__(self, title: str, made_at: datetime | None) -> None:
        self._out = io.BytesIO()
        self.book = xlsxwriter.Workbook(
            self._out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        self.book.set_properties({"title": title, "author": "Throughline", "created": made_at or _NO_TIME})
        self.book.set_size(1600, 1000)
        top = {"valign": "top"}
        self.title = self.book.add_format({"bold": True, "font_size": 15, **top})
        self.head = self.book.add_format({"bold": True, "text_wrap": True, "bottom": 1, **top})
        self.head_right = self.book.add_format({"bold": True, "text_wrap": True, "bottom": 1, "align": "right", **top})
        self.label = self.book.add_format({"bold": True, "text_wrap": True, **top})
        self.strong = self.book.add_format({"bold": True, **top})
        self.text = self.book.add_format({"text_wrap": True, **top})
        self.soft = self.book.add_format({"font_color": "#484949"})
        self.link = self.book.add_format({"font_color": "#1a5f7a", "underline": 1, **top})
        self._forms: dict[Kind, Format] = {}
        for kind in _WIDTHS:
            # a month in a row of names stands where names do
            self._forms[kind] = self.book.add_format({"num_format": _FORMS[kind], "align": _side(kind), **top})

    @property
    def content(self) -> bytes:
        return self._out.getvalue()

    def sheet(self, name: str) -> Worksheet:
        return self.book.add_worksheet(name)

    def write_grid(self, sheet: Worksheet, grid: Grid, top: int = 0) -> None:
        """The grid with its heads in row `top`, which stays in view with what is above it."""
        for place, column in enumerate(grid.columns):
            right = _side(column.kind) == "right"
            sheet.write_string(top, place, column.head, self.head_right if right else self.head)
            words = [str(row[place]) for row in grid.rows if isinstance(row[place], str)]
            longest = max([*map(len, words), min(len(column.head), 18), _WIDTHS[column.kind] - 2])
            sheet.set_column(place, place, min(longest + 2, _WIDEST))
        for at, row in enumerate(grid.rows, start=top + 1):
            for place, (column, value) in enumerate(zip(grid.columns, row, strict=True)):
                form = self._forms[column.kind]
                if isinstance(value, str):
                    sheet.write_string(at, place, value, form)
                elif isinstance(value, date):
                    sheet.write_datetime(at, place, datetime.combine(value, time()), form)
                elif value is not None:
                    sheet.write_number(at, place, value, form)
        names = next((place for place, one in enumerate(grid.columns) if _side(one.kind) == "right"), 0)
        sheet.freeze_panes(top + 1, names)
        if grid.rows:
            sheet.autofilter(top, 0, top + len(grid.rows), len(grid.columns) - 1)

    def write_about(self, facts: Mapping[str, str], name: str = "About") -> None:
        """A sheet of what there is to know: a line for each fact."""
        sheet = self.sheet(name)
        sheet.set_column(0, 0, 26)
        sheet.set_column(1, 1, 100)
        for place, (head, text) in enumerate(facts.items()):
            sheet.write_string(place, 0, head, self.label)
            sheet.write_string(place, 1, text, self.text)


@contextmanager
def workbook(title: str, made_at: datetime | None) -> Iterator[Workbook]:
    """A workbook to write to; `made_at` (UTC) is what it says of when it was made."""
    made = Workbook(title, made_at)
    yield made
    made.book.close()


def _side(kind: Kind) -> str:
    return "left" if kind in ("text", "month") else "right"
