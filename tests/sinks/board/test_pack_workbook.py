"""The paper for a board as workbook: what a spreadsheet reads back, given a paper."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from papers import HELD, MARKING, TOLD, paper_of

from throughline.sinks.board.pack.book import paper_xlsx


@pytest.fixture(scope="module")
def book() -> Workbook:
    return openpyxl.load_workbook(BytesIO(paper_xlsx(paper_of(TOLD, HELD))))


def test_the_contents_lead_to_every_sheet(book: Workbook) -> None:
    """A sheet for each measure, one for its months where it has any, and two for all."""
    links = {
        cell.value: cell.hyperlink.location for (cell, _) in book["Contents"].iter_rows(max_col=2) if cell.hyperlink
    }

    assert book.sheetnames == ["Contents", "Decisions told", "Decisions told by month", "Held", "Trust", "About"]
    assert links == {name: f"'{name}'!A1" for name in book.sheetnames[1:]}


def test_numbers_are_numbers_and_shares_percentages(book: Workbook) -> None:
    """Hidden ones are `[c]`, and a column says why."""
    sheet = book["Decisions told"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=5)]

    assert rows == [
        ["Agency", "Cases", "Share", "suppressed"],
        ["All", 90, 0.45, None],
        ["=1+1", 80, 0.4625, None],
        ["CPS", "[c]", "[c]", "small"],
    ]
    assert [cell.number_format for cell in sheet[6][1:3]] == ["#,##0", "0.0%"]
    assert sheet.freeze_panes == "B6"


def test_no_text_is_run(book: Workbook) -> None:
    """A name that looks like a formula stays a name."""
    assert book["Decisions told"]["A7"].data_type == "s"
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_durations_are_days(book: Workbook) -> None:
    """With the unit in the head."""
    assert [cell.value for cell in book["Held"][5]] == ["Agency", "Half took (days)"]
    assert (book["Held"]["B6"].value, book["Held"]["B6"].number_format) == (21.5, "#,##0.0")


def test_months_are_dates_with_a_chart_beside_them(book: Workbook) -> None:
    """A hidden month is empty, so that the line has a gap and no nought."""
    sheet = book["Decisions told by month"]
    months = [(row[0].value, row[1].value, row[3].value or "") for row in sheet.iter_rows(min_row=6)]

    assert months == [
        (datetime.fromisoformat("2026-04-01"), 0.4, ""),
        (datetime.fromisoformat("2026-05-01"), None, "Hidden"),
        (datetime.fromisoformat("2026-06-01"), 0.5, "Not over yet"),
    ]
    assert sheet["A6"].number_format == "mmmm yyyy"
    assert len(sheet._charts) == 1


def test_a_sheet_says_how_figures_are_counted(book: Workbook) -> None:
    """Method, what is not known, what it is not for."""
    about = {row[0].value: row[1].value for row in book["About"].iter_rows(max_col=2)}

    assert about["Decisions told"] == (
        "Every decision, and the first event that tells it.\nNot known: A telling that nobody recorded.\n"
        "Not for: Saying that a victim does not know.\nReview: Victims are notified of decisions."
    )


def test_every_sheet_of_a_paper_for_case_workers_says_so() -> None:
    """A sheet is copied out of its workbook easily."""
    marked = openpyxl.load_workbook(BytesIO(paper_xlsx(paper_of(TOLD, HELD, marking=MARKING))))

    for sheet in marked:
        assert MARKING in [cell.value for row in sheet.iter_rows() for cell in row], sheet.title


def test_the_same_paper_is_the_same_bytes_and_says_the_day_it_counts_to(book: Workbook) -> None:
    """No clock is asked."""
    assert paper_xlsx(paper_of(TOLD, HELD)) == paper_xlsx(paper_of(TOLD, HELD))
    assert book.properties.created == datetime.fromisoformat("2026-06-30T22:59:59")
