"""The board itself behind the gate: every page of it, by every role, as one table says."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from pathlib import Path

import httpx2
import pytest
from gated_board import ADVOCATE_ONLY, CASE, browser, england_wales, id_of, looks, settings
from identity_provider import IdentityProvider
from signed_in import as_person
from starlette.applications import Starlette
from starlette.testclient import TestClient

from throughline.sinks.board.access.declaration import every_route
from throughline.sinks.board.access.looks import Looks, looks_path
from throughline.sinks.board.access.opening import guarded
from throughline.sinks.board.access.rights import NEEDS
from throughline.sinks.board.app import create_app
from throughline.sinks.board.frame.settings import PAGE_LIMITS, Settings
from throughline.sinks.board.reading.find import cases_called
from throughline.sinks.board.reading.present import Present

GROUPS = {"board": "pcc", "cps": "cps-staff", "steward": "stewards", "officer": "officers"}
EVERYBODY = set(GROUPS)
OF_CASES = {"cps", "steward", "officer"}

# what each address needs; one that is added to the board is added here, by somebody who thought of it
EXPECTED: dict[str, tuple[str, set[str]]] = {
    "/": ("anyone", EVERYBODY),
    "/overview": ("figures", EVERYBODY),
    "/since": ("figures", EVERYBODY),
    "/since/{section}": ("cases", OF_CASES),
    "/waiting": ("figures", EVERYBODY),
    "/handoffs": ("figures", EVERYBODY),
    "/promises": ("figures", EVERYBODY),
    "/standards": ("figures", EVERYBODY),
    "/withdrawal": ("figures", EVERYBODY),
    "/figures/{measure}.{form}": ("downloads", EVERYBODY),
    "/figures/{measure}": ("figures", EVERYBODY),
    "/figures/{measure}/about": ("figures", EVERYBODY),
    "/figures/{measure}/cases": ("cases", OF_CASES),
    "/cases": ("cases", OF_CASES),
    "/cases/{case:path}": ("cases", OF_CASES),
    "/quality": ("quality", {"steward"}),
    "/fresh": ("anyone", EVERYBODY),
    "/static": ("anyone", EVERYBODY),
}


@pytest.fixture
def pages(store: Path) -> Iterator[tuple[Starlette, Present]]:
    present = Present([store], PAGE_LIMITS)
    yield create_app(present, Settings(england_wales())), present
    present.close()


def visitor(pages: tuple[Starlette, Present], store: Path, folder: Path, role: str) -> TestClient:
    app, present = pages
    provider = IdentityProvider()
    gate = guarded(
        app,
        host="0.0.0.0",
        settings=settings(folder),
        looks=Looks(looks_path(store)),
        store=lambda: present.state().cursor(),
        find=lambda connection, name: cases_called(connection, england_wales(), name),
        transport=httpx2.ASGITransport(provider.app()),
    )
    return as_person(store, settings(folder), "p1", provider, browser(gate), groups=[GROUPS[role]], cases=[CASE])


def test_every_address_of_the_board_says_what_it_needs(pages: tuple[Starlette, Present]) -> None:
    declared = {path: found.need if found else None for path, found in every_route(pages[0].routes)}

    assert declared == {path: need for path, (need, _) in EXPECTED.items()}
    assert set(declared.values()) <= {*NEEDS, "anyone"}


@pytest.mark.parametrize("role", GROUPS)
def test_each_role_sees_what_the_table_says(
    pages: tuple[Starlette, Present], store: Path, tmp_path: Path, role: str
) -> None:
    client = visitor(pages, store, tmp_path, role)
    # a stream without an end is not asked for here; what it needs is what the first page needs
    words = {"{case:path}": CASE, "{measure}": "waiting", "{form}": "csv", "/{section}": "/new?since=2026-03-01"}
    asked = {path: reduce(lambda said, one: said.replace(*one), words.items(), path) for path in EXPECTED}
    asked |= {"/static": "/static/look.css"}
    del asked["/fresh"]
    answers = {path: client.get(address).status_code for path, address in asked.items()}

    assert {path for path, status in answers.items() if status in (200, 307)} == {
        path for path in asked if role in EXPECTED[path][1]
    }
    assert {status for status in answers.values() if status not in (200, 307)} <= {403}


@pytest.mark.parametrize(("role", "shown"), [("steward", ["/cases", "/quality"]), ("cps", ["/cases"])])
def test_the_navigation_leads_where_the_visitor_may_go(
    pages: tuple[Starlette, Present], store: Path, tmp_path: Path, role: str, shown: list[str]
) -> None:
    text = visitor(pages, store, tmp_path, role).get("/cases").text
    navigation = text[text.index("<nav") : text.index("</nav>")]

    assert [path for path in ("/cases", "/quality") if f'href="{path}"' in navigation] == shown


def test_a_list_has_the_cases_of_the_visitor_alone_each_on_the_record(
    pages: tuple[Starlette, Present], store: Path, tmp_path: Path
) -> None:
    """An officer who was given one case sees one, also by its number; another's number leads nowhere."""
    client = visitor(pages, store, tmp_path, "officer")
    other = id_of(store, ADVOCATE_ONLY)

    listed = client.get("/cases").text
    assert CASE in listed
    assert other not in listed
    assert [(look.case, look.page, look.why) for look in looks(store)] == [(CASE, "/cases", "listed")]

    assert client.get("/cases", params={"find": "20pp0012326"}).headers["location"] == f"/cases/{CASE}"
    assert other not in client.get("/cases", params={"find": ADVOCATE_ONLY}).text
    assert client.get(f"/cases/{other}").status_code == 404


def test_a_case_in_any_form_of_its_number_leads_to_its_page(
    pages: tuple[Starlette, Present], store: Path, tmp_path: Path
) -> None:
    client = visitor(pages, store, tmp_path, "steward")

    assert client.get("/cases/urn:20pp 0012326").headers["location"] == f"/cases/{CASE}"
    assert client.get(f"/cases/{CASE}").status_code == 200
    assert [(look.case, look.page) for look in looks(store)] == [(CASE, "/cases/{case:path}")]
