"""The paper as Excel workbook: a sheet for each measure and one for its months, with contents that lead there."""

from __future__ import annotations

from collections.abc import Iterable

from xlsxwriter.worksheet import Worksheet

from throughline.sinks.board.pack.paper import Figure, Number, Paper
from throughline.sinks.disclosure.marker import SYMBOL
from throughline.sinks.sheets.grid import Grid
from throughline.sinks.sheets.workbook import Workbook, workbook

# Excel allows no more in the name of a sheet
_NAME = 31
_BY_MONTH = " by month"
# the head of a table, below its title, question, number and way back
_TOP = 4
# fewer are no line
_MONTHS = 3
_DEEP, _SOFT = "#17394a", "#484949"
_BACK = "internal:'Contents'!A1"


def paper_xlsx(said: Paper) -> bytes:
    """The paper as the bytes of a workbook. Durations are days, shares percentages, months dates (their first day)."""
    with workbook(f"{said.title}: {said.subtitle}", said.counted_to.replace(microsecond=0)) as book:
        contents = book.sheet("Contents")
        links: list[tuple[str, str]] = []
        for figure in said.figures:
            name = _sheet_name(figure.name)
            _write(book, said, figure, name, figure.grid)
            links.append((name, figure.number.title))
            if figure.months_grid is not None:
                name = _sheet_name(figure.name, _BY_MONTH)
                _write(book, said, figure, name, figure.months_grid)
                links.append((name, f"{figure.number.title}, month by month"))
        _trusted(book, said)
        links.append(("Trust", "Can it be trusted?"))
        book.write_about(_about(said))
        links.append(("About", "How figures are counted, and what the signs mean"))
        _contents(book, contents, said, links)
    return book.content


def _sheet_name(name: str, ending: str = "") -> str:
    said = name.replace("_", " ").capitalize()
    return f"{said[: _NAME - len(ending)]}{ending}"


def _contents(book: Workbook, sheet: Worksheet, said: Paper, links: Iterable[tuple[str, str]]) -> None:
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 90)
    sheet.write_string(0, 0, f"{said.title}: {said.subtitle}", book.title)
    at = 1
    if said.marking:
        sheet.write_string(at, 0, said.marking, book.strong)
        at += 1
    for head, text in said.facts:
        sheet.write_string(at, 0, head, book.label)
        sheet.write_string(at, 1, text, book.text)
        at += 1
    at = _numbers(book, sheet, said.first, at + 1)
    sheet.write_string(at + 1, 0, "Sheet", book.head)
    sheet.write_string(at + 1, 1, "What is in it", book.head)
    for place, (name, title) in enumerate(links, start=at + 2):
        sheet.write_url(place, 0, f"internal:'{name}'!A1", book.link, name)
        sheet.write_string(place, 1, title, book.text)


def _numbers(book: Workbook, sheet: Worksheet, numbers: Iterable[Number], at: int) -> int:
    sheet.write_string(at, 0, "Six figures", book.head)
    sheet.write_string(at, 1, "", book.head)
    for place, one in enumerate(numbers, start=at + 1):
        sheet.write_string(place, 0, one.title, book.label)
        sheet.write_string(place, 1, " ".join(part for part in (one.sentence, one.of, one.then) if part), book.text)
        at = place
    return at + 1


def _write(book: Workbook, said: Paper, figure: Figure, name: str, grid: Grid) -> None:
    """Title, question, number, marking and a way back above the table; beside months, a chart of them."""
    sheet = book.sheet(name)
    is_by_month = grid is figure.months_grid
    sheet.write_string(0, 0, f"{figure.number.title}{', month by month' if is_by_month else ''}", book.title)
    sheet.write_string(1, 0, figure.asks)
    sheet.write_string(2, 0, f"{figure.number.sentence} {figure.number.of} {said.day}.", book.soft)
    sheet.write_url(3, 0, _BACK, book.link, "Contents")
    if said.marking:
        sheet.write_string(3, 1, said.marking, book.strong)
    book.write_grid(sheet, grid, _TOP)
    if is_by_month:
        _chart(book, sheet, name, figure, grid)


def _chart(book: Workbook, sheet: Worksheet, name: str, figure: Figure, grid: Grid) -> None:
    """The number of each month as a line, between the limits of what is usual."""
    first, last = _TOP + 1, _TOP + len(grid.rows)
    if len(grid.rows) < _MONTHS:
        return
    chart = book.book.add_chart({"type": "line"})
    numbers = [place for place, column in enumerate(grid.columns) if column.kind in ("days", "share")]
    for place in numbers:
        is_value = place == numbers[0]
        line = {"color": _DEEP, "width": 2.25} if is_value else {"color": _SOFT, "width": 1, "dash_type": "dash"}
        drawn = {"type": "circle", "size": 5, "fill": {"color": _DEEP}, "border": {"color": _DEEP}}
        chart.add_series(
            {
                "name": [name, _TOP, place],
                "categories": [name, first, 0, last, 0],
                "values": [name, first, place, last, place],
                "line": line,
                "marker": drawn if is_value else {"type": "none"},
            }
        )
    says = f"{figure.number.title}, month by month"
    chart.set_title({"name": says, "name_font": {"size": 12}})
    chart.set_x_axis({"date_axis": True, "num_format": "mmm yyyy", "major_unit": 3, "major_unit_type": "months"})
    grey = {"visible": True, "line": {"color": "#d5d8da"}}
    chart.set_y_axis({"name": grid.columns[numbers[0]].head, "min": 0, "major_gridlines": grey})
    chart.set_legend({"position": "bottom"})
    # a month whose number is hidden or not known is a gap, not a nought
    chart.show_blanks_as("gap")
    chart.set_size({"width": 760, "height": 360})
    where = {"description": f"{says}. The table beside it has every number."}
    sheet.insert_chart(_TOP, len(grid.columns) + 1, chart, where)


def _trusted(book: Workbook, said: Paper) -> None:
    sheet = book.sheet("Trust")
    sheet.set_column(0, 0, 46)
    sheet.set_column(1, 5, 24)
    sheet.write_string(0, 0, "Can it be trusted?", book.title)
    sheet.write_string(1, 0, said.reliance.verdict, book.strong)
    at = 2
    if said.marking:
        sheet.write_string(at, 0, said.marking, book.strong)
        at += 1
    for one in said.reliance.says:
        sheet.write_string(at, 0, one)
        at += 1
    for table in said.reliance.tables:
        at += 1
        sheet.write_string(at, 0, table.caption, book.strong)
        for place, head in enumerate(table.heads):
            sheet.write_string(at + 1, place, head, book.head)
        for row, line in enumerate(table.lines, start=at + 2):
            for place, cell in enumerate(line.cells):
                sheet.write_string(row, place, cell, book.text)
        at += 2 + len(table.lines)
    sheet.write_url(at + 1, 0, _BACK, book.link, "Contents")


def _about(said: Paper) -> dict[str, str]:
    made = {"Who may read it": said.marking} if said.marking else {}
    made |= {
        "Durations": "In days of 24 hours. Open cases count for as long as they have lasted (Kaplan and Meier).",
        "Shares": "Percentages of what has a known outcome.",
        "Months": "Dates: the first day of the month in which something began.",
        SYMBOL: "Hidden: small, or it would give a small number away. The column `suppressed` says which.",
        "Empty": "Not known, or there is none.",
    }
    for figure in said.figures:
        made[figure.number.title] = (
            f"{figure.method}\nNot known: {figure.unknown}\nNot for: {figure.not_for}\nReview: {figure.review}"
        )
    return made
