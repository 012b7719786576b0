"""What the pages of the board answer, asked without a browser."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import duckdb
import html5lib
import pytest
from boards import board_of
from england_wales import england_wales
from histories import event
from joined import batch_of, small_domain
from starlette.testclient import TestClient
from typed import run

from throughline.sinks.board.routes import PLACES
from throughline.sinks.store import open_store
from throughline.streams.join.batch import join
from throughline.streams.join.rebuild import open_domain


def asked(store: Path, query: str) -> str:
    with duckdb.connect(str(store), read_only=True) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return str(row[0])


@pytest.fixture(scope="session")
def long_case(demo: Path) -> str:
    """The case with the most events."""
    return asked(demo, "select case_id from cases order by events desc, case_id limit 1")


@pytest.fixture(scope="session")
def addresses(demo: Path, long_case: str) -> list[str]:
    """An address for every page of the table, and for those that a filter or a time makes look otherwise."""
    short = asked(demo, "select case_id from cases where events <= 3 order by events, case_id limit 1")
    limbo = asked(demo, "select case_id from cases where state = 'limbo' order by events desc limit 1")
    return [
        *(place.path for place in PLACES if "{" not in place.path),
        *("/cases?state=limbo", "/cases?find=nothing+is+called+so", "/cases?order=newest&page=2"),
        *(f"/cases/{case}" for case in (long_case, short, limbo)),
        *(f"/cases/{long_case}?as_of=2024-07-01", f"/cases/{long_case}?known_at=2024-01-01"),
        "/quality?as_of=2026-06-30",
        "/overview?beside=2026-03-31",
        "/figures/between_agencies?by=from_agency&then_by=to_agency",
        "/figures/decisions_told?by=offence_group&then_by=agency&beside=2026-03-31",
        "/figures/whose_time?by=month&offence_group=stalking",
        "/figures/decisions_told/about",
        "/figures/decisions_told/cases?outcome=not_told&agency=cps",
        "/no/such/page",
    ]


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_every_page_is_valid_html(demo_board: TestClient, addresses: list[str]) -> None:
    """As html5lib parses it: strictly."""
    for address in addresses:
        answer = demo_board.get(address)
        assert answer.status_code == (404 if address == "/no/such/page" else 200), address
        html5lib.HTMLParser(strict=True).parse(answer.text)


def test_every_page_says_how_fresh_it_is_and_to_when_it_counts(demo_board: TestClient, addresses: list[str]) -> None:
    for address in addresses[:-1]:
        said = text(demo_board.get(address).text)
        assert "Newest event received 3 minutes ago." in said, address
        assert "Counted to" in said, address


def test_no_page_names_a_source_a_code_or_a_person(demo_board: TestClient, demo: Path, addresses: list[str]) -> None:
    """Names of agencies and areas stand for their codes; sources are called by who runs them."""
    with duckdb.connect(str(demo), read_only=True) as connection:
        persons = {
            one
            for row in connection.execute("select distinct victim, officer from events").fetchall()
            for one in row
            if one
        }
    assert persons
    for address in addresses:
        page = demo_board.get(address).text
        assert "urn:throughline" not in page, address
        assert not re.search(r">[a-z]+(_[a-z]+)+<", page), address
        assert not [one for one in persons if one in page], address


def test_every_answer_forbids_what_comes_from_outside(demo_board: TestClient, addresses: list[str]) -> None:
    for address in [*addresses, "/static/look.css", "/static/fresh.js", "/"]:
        headers = demo_board.get(address).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_the_list_of_cases_is_all_in_its_address(demo_board: TestClient, demo: Path) -> None:
    """Filters hold over the pages of the list, and each page has other cases."""
    count = asked(demo, "select count(*) from cases where state = 'closed' and area = '20'")
    first = demo_board.get("/cases?state=closed&area=20&order=newest").text
    onwards = re.search(r'rel="next" href="([^"]+)"', first)
    assert onwards is not None
    second = demo_board.get(onwards[1].replace("&amp;", "&")).text

    assert f"{int(count):,} cases, newest first" in first
    assert f"{int(count):,} cases, newest first" in second
    links = [set(re.findall(r"/cases/c[0-9a-f]{16}", page)) for page in (first, second)]
    assert all(links)
    assert not links[0] & links[1]


def test_the_case_that_waits_longest_stands_first(demo_board: TestClient, demo: Path) -> None:
    longest = asked(
        demo, "select case_id from cases where state = 'limbo' order by holder_since, opened_at, case_id limit 1"
    )
    found = re.search(r"/cases/(c[0-9a-f]{16})", demo_board.get("/cases?state=limbo").text)

    assert found is not None
    assert found[1] == longest


@pytest.mark.parametrize("form", ["{0}", "crime_ref:{0}", " {0} ", "{1}", "CRIME {2}"])
def test_a_case_is_found_by_any_form_of_its_number(demo_board: TestClient, demo: Path, form: str) -> None:
    """As it is kept, with its kind, with blanks, in small letters."""
    case_id = asked(demo, "select min(case_id) from cases where list_contains(identifiers, 'crime_ref:20/900003/24')")
    assert case_id != "None"
    number = "20/900003/24"
    given = form.format(number, "20 / 900003 / 24", number)
    answer = demo_board.get("/cases", params={"find": given})
    if form.startswith("CRIME"):
        assert "No case is called CRIME 20/900003/24" in answer.text
        return
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/cases/{case_id}"


def test_any_of_its_names_leads_to_the_page_of_a_case(demo_board: TestClient, demo: Path) -> None:
    """Times that were asked for go along."""
    case_id = asked(demo, "select min(case_id) from cases where list_contains(identifiers, 'crime_ref:20/900003/24')")
    answer = demo_board.get("/cases/crime_ref:20/900003/24?known_at=2026-01-01")

    assert answer.headers["location"] == f"/cases/{case_id}?known_at=2026-01-01"


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/cases/nobody", 404, "No case is called nobody."),
        (
            "/cases?page=0",
            400,
            "<code>page</code> is <code>0</code>, and has to be a whole number from 1 to 1,000,000.",
        ),
        ("/cases?page=-1", 400, "has to be a whole number"),
        ("/cases?state=lost", 400, "has to be one of: held, limbo, unknown, closed"),
        ("/cases?as_of=yesterday", 400, "<code>as_of</code> is <code>yesterday</code>, which is not a date."),
        ("/cases?as_of=9999-12-31", 400, "which is not a date"),
        ("/quality?as_of=2026-13-01", 400, "is not a date"),
        ("/no/such/page", 404, "There is no page at this address."),
        ("/cases/%3Cscript%3Ealert(1)%3C/script%3E", 404, "No case is called &lt;script&gt;"),
    ],
)
def test_a_fault_says_what_where_and_what_next(demo_board: TestClient, address: str, status: int, said: str) -> None:
    answer = demo_board.get(address)

    assert answer.status_code == status
    assert said in answer.text
    assert "Go to the list of cases" in answer.text
    assert "<script>alert" not in answer.text
    html5lib.HTMLParser(strict=True).parse(answer.text)


def test_nothing_can_be_sent_to_it(demo_board: TestClient) -> None:
    answer = demo_board.post("/cases")

    assert answer.status_code == 405
    assert "The board only shows" in answer.text


def test_a_case_as_it_was_known_then(demo_board: TestClient, demo: Path, long_case: str) -> None:
    """The events that had been received by the end of the day, as `timeline --known-at` has them."""
    day = asked(demo, f"select (min(received_at) + interval 60 day)::date from timeline where case_id = '{long_case}'")
    shown = demo_board.get(f"/cases/{long_case}?known_at={day}").text
    listed = run("timeline", long_case, "--known-at", f"{day}T23:59:59", "--store", demo, "--format", "csv").stdout
    events = len(listed.strip().splitlines()) - 1

    assert 0 < events < int(asked(demo, f"select events from cases where case_id = '{long_case}'"))
    assert f"{events} events, in the order in which they happened" in shown
    assert "This is the case as it was." in shown
    before = demo_board.get(f"/cases/{long_case}?known_at=2020-01-01").text
    assert "Nothing of this case yet" in before


def test_a_store_without_events_has_every_page(tmp_path: Path) -> None:
    """Each says that there is nothing yet."""
    with open_store(tmp_path / "store.duckdb", write=True) as store:
        open_domain(store, england_wales())
    with board_of([tmp_path / "store.duckdb"]) as board:
        for place in PLACES:
            if "{" not in place.path:
                answer = board.get(place.path)
                assert answer.status_code == 200
                assert "No event has been received yet." in answer.text
                html5lib.HTMLParser(strict=True).parse(answer.text)


def test_what_was_revised_or_taken_back_is_marked(tmp_path: Path) -> None:
    """An arrest that was corrected, and an interview that was taken back, of a case that goes on."""
    first = event("police.crime.recorded", "2026-03-02T10:00", id="1")
    arrest = event("police.suspect.arrested", "2026-03-03T10:00", id="2", revision="1")
    interview = event("police.suspect.interviewed", "2026-03-04T10:00", id="3", revision="1")
    later = [
        arrest | {"revision": "2", "occurred_at": datetime.fromisoformat("2026-03-05T10:00")},
        interview | {"revision": "2", "retracts": True},
    ]
    with open_store(tmp_path / "store.duckdb", write=True) as store:
        open_domain(store, england_wales())
        for events in ([first, arrest, interview], later):
            join(store, batch_of(events), datetime.fromisoformat("2026-03-10T00:00"))
    with board_of([tmp_path / "store.duckdb"]) as board:
        address = board.get("/cases?find=C1").headers["location"]
        rows = re.findall(r'<tr><th scope="row">.*?</tr>', board.get(address).text)
        marked = {text(row).strip() for row in rows if "Revised" in row or "Taken back" in row}
    assert marked == {
        "5 March 2026 at 10am Police Suspect arrested Revised not stated 4 days later",
        "4 March 2026 at 10am Police A suspect is interviewed. Taken back taken back on 10 March 2026",
    }


def test_another_domain_is_shown_in_its_own_words(tmp_path: Path) -> None:
    """Nothing on the board is of one country or one kind of case."""
    with open_store(tmp_path / "store.duckdb", write=True) as store:
        open_domain(store, small_domain())
    with board_of([tmp_path / "store.duckdb"], small_domain()) as board:
        assert small_domain().title in board.get("/cases").text


def test_a_fault_of_the_board_is_logged_and_shown(
    demo_board: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Without what went wrong inside, which is for the log."""
    monkeypatch.setattr("throughline.sinks.board.pages.search._listed", lambda *given: 1 / 0)
    answer = demo_board.get("/cases")

    assert answer.status_code == 500
    assert "Something went wrong in the board" in answer.text
    assert "ZeroDivisionError" not in answer.text
    assert "division" in caplog.text


def test_what_takes_too_long_is_ended(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says so, and the next one is answered."""
    monkeypatch.setattr(
        "throughline.sinks.board.pages.search._listed",
        lambda asked, *given: asked.connection.execute(
            "select sum(a.range * b.range) from range(10000000) a, range(10000000) b"
        ),
    )
    monkeypatch.setattr("boards.PAGE_SECONDS", 0.3)
    with board_of([demo]) as board:
        answer = board.get("/cases")
        assert answer.status_code == 503
        assert "The page took too long" in answer.text
        monkeypatch.undo()
        assert board.get("/cases").status_code == 200
