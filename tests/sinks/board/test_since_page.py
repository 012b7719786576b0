"""What changed between two meetings, as the board shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import html5lib
import pytest
from boards import NOW
from england_wales import england_wales
from playwright.sync_api import Page
from starlette.testclient import TestClient

from throughline.sinks.board.app import create_app
from throughline.sinks.board.frame.settings import PAGE_LIMITS, Settings
from throughline.sinks.board.meeting.sections import SECTIONS
from throughline.sinks.board.reading.present import Present
from throughline.sinks.disclosure.register import Register
from throughline.sinks.measures.meeting import changes

DAYS = "since=2026-05-31&until=2026-06-29"
SINCE, UNTIL = (datetime.fromisoformat(f"2026-{day}T22:59:59.999999") for day in ("05-31", "06-29"))


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.fixture(scope="module")
def expected(demo: Path) -> dict[str, set[str]]:
    """By section, the cases of the demo."""
    with duckdb.connect(str(demo), read_only=True) as connection:
        return {name: {*one["case_id"].to_pylist()} for name, one in changes(connection, SINCE, UNTIL).items()}


def test_without_a_day_it_asks_for_one(demo_board: TestClient) -> None:
    page = demo_board.get("/since").text

    html5lib.HTMLParser(strict=True).parse(page)
    assert 'name="since"' in page
    assert "<h2" not in page


def test_each_section_is_a_number_a_table_and_a_way_to_the_cases(
    demo_board: TestClient, expected: dict[str, set[str]]
) -> None:
    page = demo_board.get(f"/since?{DAYS}").text
    said = text(page)

    html5lib.HTMLParser(strict=True).parse(page)
    for name, section in SECTIONS.items():
        says = section.says.replace("{cases}", f" {len(expected[name])} cases ").strip()
        assert f"{says}.".replace("  ", " ") in said
        assert f"/since/{name}?since=2026-05-31&amp;until=2026-06-29" in page
    assert "Since the end of 31 May 2026 . Counted to 29 June 2026 at 11.59pm ." in said


def test_it_is_cut_by_a_facet(demo_board: TestClient) -> None:
    page = text(demo_board.get(f"/since?{DAYS}&by=offence_group").text)

    assert "Rape" in page
    assert "Held by an agency" not in page


@pytest.mark.parametrize("name", SECTIONS)
def test_the_list_has_every_case(demo_board: TestClient, expected: dict[str, set[str]], name: str) -> None:
    found: set[str] = set()
    for number in range(1, 20):
        answer = demo_board.get(f"/since/{name}?{DAYS}&page={number}")
        if answer.status_code != 200:
            break
        html5lib.HTMLParser(strict=True).parse(answer.text)
        found |= {*re.findall(r"/cases/(c[0-9a-f]{16})", answer.text)}

    assert found == expected[name]


def test_a_row_leads_to_its_cases_alone(demo_board: TestClient, demo: Path) -> None:
    with duckdb.connect(str(demo), read_only=True) as connection:
        moved = changes(connection, SINCE, UNTIL)["moved"].to_pylist()
    wanted = {row["case_id"] for row in moved if row["outcome"] == "into_limbo"}

    page = demo_board.get(f"/since/moved?{DAYS}&outcome=into_limbo").text

    assert wanted
    assert {*re.findall(r"/cases/(c[0-9a-f]{16})", page)} == wanted


def test_what_was_known_otherwise_is_worked_out_when_asked(demo_board: TestClient) -> None:
    asked = demo_board.get(f"/since?{DAYS}").text
    answered = demo_board.get(f"/since?{DAYS}&restated=yes").text

    assert "Work out which numbers changed" in asked
    html5lib.HTMLParser(strict=True).parse(answered)
    assert "Numbers of 31 May 2026 that are others now" in text(answered)
    assert "Received late" in answered
    assert "urn:throughline" not in answered
    listed = demo_board.get(f"/since/restated?{DAYS}&kind=received").text
    assert re.findall(r"/cases/c[0-9a-f]{16}", listed)
    assert "Stated otherwise:" not in listed


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/since?since=2026-06-30&until=2026-06-30", 400),
        ("/since?since=tomorrow", 400),
        ("/since?since=2026-05-31&by=case_id", 400),
        ("/since/moved", 400),
        ("/since/nothing?since=2026-05-31", 404),
        ("/since/moved?since=2026-05-31&page=99", 400),
    ],
)
def test_what_makes_no_sense_says_why(demo_board: TestClient, address: str, status: int) -> None:
    assert demo_board.get(address).status_code == status


@pytest.fixture
def shared_board(demo: Path, tmp_path: Path) -> Iterator[TestClient]:
    """A board whose readers are not those who work on the cases."""
    settings = Settings(england_wales(), register=Register(tmp_path / "shown"), limits=PAGE_LIMITS, now=lambda: NOW)
    with TestClient(create_app(Present([demo], PAGE_LIMITS), settings), base_url="http://127.0.0.1") as client:
        yield client


def test_small_numbers_are_hidden(shared_board: TestClient, expected: dict[str, set[str]]) -> None:
    """By outcome and by agency, one after the other."""
    for by in ("outcome", "agency", "offence_group"):
        page = shared_board.get(f"/since?{DAYS}&by={by}").text
        numbers = [int(one) for one in re.findall(r'<td class="number">([\d,]+)</td>', page)]

        assert "fewer than 10" in page
        assert all(number == 0 or number >= 10 for number in numbers), by


@pytest.mark.parametrize("width", [1280, 320])
def test_it_fits_a_window(demo_address: str, window: Page, width: int) -> None:
    """Neither wide nor on a telephone does the page scroll sideways; the form works by keyboard."""
    window.set_viewport_size({"width": width, "height": 800})
    window.goto(f"{demo_address}/since?{DAYS}")

    assert window.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    window.get_by_label("Cases by").select_option("agency")
    window.get_by_role("button", name="Show", exact=True).press("Enter")
    assert "by=agency" in window.url
    assert window.get_by_role("heading", name="Grown older").is_visible()
