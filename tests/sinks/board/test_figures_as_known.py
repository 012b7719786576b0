"""Figures as they were known at a time, and shared figures that count to whole days."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import html5lib
import pyarrow as pa
import pytest
from boards import NOW, board_of
from england_wales import england_wales
from histories import event
from joined import batch_of
from markupsafe import Markup
from starlette.testclient import TestClient

from throughline.sinks.board.app import create_app
from throughline.sinks.board.figures import chart
from throughline.sinks.board.frame.settings import PAGE_LIMITS, CountTo, Settings
from throughline.sinks.board.reading.present import Present
from throughline.sinks.board.words.dates import end_of_last
from throughline.sinks.charts.curve import curve
from throughline.sinks.disclosure.register import Register
from throughline.sinks.store import open_store
from throughline.streams.join.batch import join
from throughline.streams.join.rebuild import open_domain

LONDON = ZoneInfo("Europe/London")


def crime(number: int, at: str) -> Any:
    return event("police.crime.recorded", at, id=f"c{number}", identifiers={"crime_ref": f"20/{number}/26"})


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A crime of 2 March that was received on the 3rd, and one of the same day that came a month later."""
    path = tmp_path_factory.mktemp("known") / "cases.duckdb"
    with open_store(path, write=True) as made:
        open_domain(made, england_wales())
        for number, received in ((1, "2026-03-03T09:00"), (2, "2026-04-02T09:00")):
            join(made, batch_of([crime(number, "2026-03-02T10:00")]), datetime.fromisoformat(received))
    return path


@pytest.fixture(scope="module")
def board(store: Path) -> Iterator[TestClient]:
    with board_of([store]) as client:
        yield client


def cases(board: TestClient, query: str) -> int:
    """How many cases wait, as the download says."""
    rows = json.loads(board.get(f"/figures/waiting.json{query}").text)["rows"]
    return next((row["cases"] for row in rows if row["outcome"] is None), 0)


def test_a_figure_leaves_out_what_came_later(board: TestClient) -> None:
    assert cases(board, "?as_of=2026-03-10") == 2
    assert cases(board, "?as_of=2026-03-10&known_at=2026-03-10") == 1
    assert cases(board, "?as_of=2026-03-10&known_at=2026-04-02") == 2
    assert cases(board, "?known_at=2026-03-01") == 0


def test_the_page_says_so_and_leads_back(board: TestClient) -> None:
    """Every link to another page of figures keeps what is in the address."""
    page = board.get("/figures/waiting?known_at=2026-03-10&by=agency").text

    html5lib.HTMLParser(strict=True).parse(page)
    assert "Figures as they were known on" in page
    assert 'href="/figures/waiting?by=agency"' in page
    assert re.search(r'name="known_at" value="2026-03-10"', page)
    assert "/figures/waiting/about?known_at=2026-03-10" in page


def test_the_cases_behind_it_are_those_of_then(board: TestClient) -> None:
    """Under the names that they have now."""
    then, now = (
        {*re.findall(r"/cases/(c[0-9a-f]{16})", board.get(f"/figures/waiting/cases{query}").text)}
        for query in ("?as_of=2026-03-10&known_at=2026-03-10", "?as_of=2026-03-10")
    )

    assert len(then) == 1
    assert then < now


def test_a_page_that_takes_no_such_time_does_not_count_to_it(board: TestClient) -> None:
    page = board.get("/since?since=2026-03-01&known_at=2026-03-01").text

    assert "Figures as they were known" not in page
    assert "2 cases" in re.sub(r"<[^>]+>", "", page)


@pytest.mark.parametrize(
    ("unit", "at", "end"),
    [
        ("day", "2026-06-30T12:00:00", "2026-06-29T22:59:59.999999"),
        # ten past midnight in London
        ("day", "2026-06-30T23:10:00", "2026-06-30T22:59:59.999999"),
        ("month", "2026-06-30T23:10:00", "2026-06-30T22:59:59.999999"),
        ("month", "2026-06-30T12:00:00", "2026-05-31T22:59:59.999999"),
        # at the very end of a month it has ended
        ("month", "2026-06-30T22:59:59.999999", "2026-06-30T22:59:59.999999"),
        ("latest", "2026-06-30T12:00:00", "2026-06-30T12:00:00"),
    ],
)
def test_the_last_day_or_month_is_the_last_that_is_over(unit: str, at: str, end: str) -> None:
    assert end_of_last(unit, datetime.fromisoformat(at), LONDON) == datetime.fromisoformat(end)


@pytest.mark.parametrize(("count_to", "said"), [("day", "1 March 2026"), ("month", "28 February 2026")])
def test_shared_figures_count_to_the_last_whole_day(store: Path, count_to: CountTo, said: str) -> None:
    """So that a page is the same all day; pages of cases show the latest all the same."""
    settings = Settings(england_wales(), count_to=count_to, now=lambda: NOW)
    with TestClient(create_app(Present([store], PAGE_LIMITS), settings), base_url="http://127.0.0.1") as client:
        pages = {path: re.sub(r"<[^>]+>", "", client.get(path).text) for path in ("/waiting", "/overview", "/cases")}

    assert f"Counted to {said} at 11.59pm" in pages["/waiting"]
    assert f"Counted to {said} at 11.59pm" in pages["/overview"]
    assert "Counted to 2 March 2026 at 10am, the time of the latest event" in pages["/cases"]


@pytest.mark.parametrize("is_shared", [True, False])
def test_a_shared_curve_is_drawn_in_steps_of_many(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_shared: bool
) -> None:
    """Between two of its points ten or more left those who were at risk; a step of the whole curve is one case."""
    drawn: list[pa.Table] = []

    def noted(estimates: dict[str, pa.Table], *said: str, **named: str) -> Markup:
        drawn.extend(estimates.values())
        return curve(estimates, *said, **named)

    monkeypatch.setattr(chart, "curve", noted)
    register = Register(tmp_path / "shown") if is_shared else None
    settings = Settings(england_wales(), register=register, limits=PAGE_LIMITS, now=lambda: NOW)
    with TestClient(create_app(Present([demo], PAGE_LIMITS), settings), base_url="http://127.0.0.1") as client:
        page = client.get("/figures/between_agencies").text

    left = [before - after for one in drawn for before, after in pairwise(one["at_risk"].to_pylist()[1:])]
    assert left
    assert min(left) >= 10 if is_shared else min(left) == 1
    assert ("In steps of 10 or more." in page) is is_shared
