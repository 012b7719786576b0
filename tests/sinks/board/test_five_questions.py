"""What somebody of a board asks who has never seen it: each answer is three clicks from the front page at most.

A click is a link, or the button of a form once its choices are made. The addresses stand in docs/how-to/board.md.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from throughline.sinks.store import open_store

PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "board.md"


class Reader:
    """Somebody at a window, who counts their clicks."""

    def __init__(self, window: Page, address: str) -> None:
        self.window = window
        self.clicks = 0
        window.goto(f"{address}/")

    def follow(self, name: str, place: str = "main") -> None:
        self.window.locator(place).get_by_role("link", name=name).first.click()
        self.clicks += 1

    def show(self, **chosen: str) -> None:
        for field, label in chosen.items():
            box = self.window.locator(f"#{field}")
            if box.evaluate("one => one.closest('details') && !one.closest('details').open"):
                self.window.locator("details", has=box).locator("summary").click()
            box.select_option(label=label)
        self.window.get_by_role("button", name="Show", exact=True).click()
        self.clicks += 1

    @property
    def address(self) -> str:
        """Where they are, without the host and without filters that were left alone."""
        parts = urlsplit(self.window.url)
        given = [one for one in parts.query.split("&") if one and not one.endswith("=")]
        return parts.path + (f"?{'&'.join(given)}" if given else "")

    def reads(self) -> str:
        return re.sub(r"\s+", " ", self.window.inner_text("main"))


@pytest.fixture
def reader(window: Page, demo_address: str) -> Reader:
    return Reader(window, demo_address)


def written(address: str) -> bool:
    """Whether the address stands in the manual."""
    return f"`{address}`" in PAGE.read_text(encoding="utf-8")


def test_where_cases_wait_longest_between_police_and_cps_by_offence_and_month(reader: Reader) -> None:
    reader.follow("Time between sent and received")
    held = {"hold-from_agency": "Police", "hold-to_agency": "Crown Prosecution Service"}
    reader.show(by="Offence group", then_by="Month", **held)

    assert reader.clicks == 2
    assert written(reader.address)
    said = reader.reads()
    assert "Rape" in said
    assert "March 2026" in said
    assert "until half of what is sent to another agency is received" in said


def test_whose_time_it_is_by_offence(reader: Reader) -> None:
    reader.follow("Waiting", "nav")
    reader.follow("Whose time it was")
    reader.show(by="Offence group")

    assert reader.clicks == 3
    assert written(reader.address)
    assert all(words in reader.reads() for words in ("Contested between agencies", "In nobody's hands", "Stalking"))


def test_what_happened_in_a_case_and_who_knew_when(reader: Reader, demo: Path) -> None:
    with open_store(demo, write=False) as store:
        row = store.connection.execute(
            "select case_id from cases where events > 40 order by case_id limit 1"
        ).fetchone()
    assert row is not None
    reader.follow("Cases", "nav")
    reader.window.fill("#find", row[0])
    reader.window.get_by_role("button", name="Find").click()
    reader.clicks += 1

    assert reader.clicks == 2
    assert reader.address == f"/cases/{row[0]}"
    assert all(words in reader.reads() for words in ("What happened, in words", "Who knew what when"))


def test_which_decisions_the_victim_was_never_told_of(reader: Reader) -> None:
    reader.follow("Decisions told to the victim")
    reader.show(by="Decision")
    row = reader.window.locator("tr", has_text="Never told").nth(1)
    assert "Cases behind" in row.inner_text() or row.get_by_role("link").count() == 1
    row.get_by_role("link").click()
    reader.clicks += 1

    assert reader.clicks == 3
    assert "outcome=not_told" in reader.window.url
    assert "Never told" in reader.reads()


def test_how_many_files_came_back_and_why(reader: Reader) -> None:
    reader.follow("Handoffs", "nav")
    said = reader.reads()
    assert "of files that were answered came back" in said
    reader.follow("Why files came back")

    assert reader.clicks == 2
    assert written(reader.address)
    assert "Hard media not provided" in reader.reads()
