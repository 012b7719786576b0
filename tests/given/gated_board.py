"""A small application behind the gate, over a store of four cases of three agencies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import duckdb
import httpx2
from identity_provider import CLIENT_SECRET
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from throughline.errors import DataError
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.sinks.board.access.declaration import needs
from throughline.sinks.board.access.gate import Gate
from throughline.sinks.board.access.looks import Look, Looks, looks_path
from throughline.sinks.board.access.opening import guarded
from throughline.sinks.board.access.settings import AccessSettings, read_access
from throughline.sinks.questions.case import case_id, case_of
from throughline.sinks.store import open_store
from throughline.streams.join.replay import replay

ADDRESS = "https://board.example.org"
SESSION_KEY = "a key of a session, long enough for a test"

# by crime reference or referral: who takes part
SHARED = "urn:20PP0012326"  # police and cps both say something
# the id of the first, which does not depend on the store
CASE = "c45797269dfe7ed19"
POLICE_ONLY = "crime_ref:20/000456/26"
SENT_TO_CPS = "crime_ref:20/000789/26"  # police sent it; the cps has said nothing yet
ADVOCATE_ONLY = "advocate_ref:CA-000042"

ACCESS = """
address: https://board.example.org
provider:
  issuer: https://login.example.org
  client_id: throughline-board
  client_secret_file: client_secret
  session_key_file: session_key
roles:
  - {claim: groups, is: pcc, role: board}
  - {claim: groups, is: cps-staff, role: agency, agency: cps}
  - {claim: groups, is: advocates, role: agency, agency: advocate}
  - {claim: groups, is: stewards, role: steward}
  - {claim: groups, is: officers, role: officer, cases_claim: cases}
"""
PROXY = """
address: https://board.example.org
proxy:
  addresses: [10.0.0.0/30]
  user_header: X-Person
  roles_header: X-Roles
  secret_header: X-Proxy-Secret
  secret_file: session_key
roles:
  - {claim: roles, is: stewards, role: steward}
"""
WHY = """
reasons:
  asked_of: [agency]
  listed: {own_work: I am working on this case, complaint: I am answering a complaint}
"""


def event(n: int, agency: str, type_: str, time: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": str(n),
        "source": f"urn:example:{agency}:system",
        "type": type_,
        "time": time,
        "partitionkey": "20",
        "data": data,
    }


def crime(ref: str) -> dict[str, Any]:
    return {"unit": "20PP", "identifiers": {"crime_ref": ref}, "offence_group": "stalking"}


def file_sent(ref: str, **more: str) -> dict[str, Any]:
    identifiers = {"crime_ref": ref, **more}
    return {"unit": "20PP", "identifiers": identifiers, "decision": "green", "submission_no": 1, "file_type": "pcd"}


EVENTS = [
    event(1, "police", "police.crime.recorded", "2026-03-02T10:15:00Z", crime("20/000123/26")),
    event(2, "police", "police.file.submitted", "2026-03-05T09:00:00Z", file_sent("20/000123/26", urn="20PP0012326")),
    event(
        1,
        "cps",
        "cps.pcd.received",
        "2026-03-09T11:30:00Z",
        {"identifiers": {"urn": "20PP0012326"}, "decision": "green", "submission_no": 1},
    ),
    event(3, "police", "police.crime.recorded", "2026-03-02T10:15:00Z", crime("20/000456/26")),
    event(4, "police", "police.crime.recorded", "2026-03-02T10:15:00Z", crime("20/000789/26")),
    event(5, "police", "police.file.submitted", "2026-03-06T09:00:00Z", file_sent("20/000789/26")),
    event(
        1,
        "advocate",
        "advocate.referral.received",
        "2026-03-03T09:00:00Z",
        {"unit": "ISAC-01", "identifiers": {"advocate_ref": "CA-000042"}, "reference": "REF-000123"},
    ),
]


def make_store(path: Path, events: list[dict[str, Any]] = EVENTS) -> Path:
    """A store of these events of England and Wales; all must be accepted."""
    file = path.with_suffix(".jsonl")
    file.write_text("\n".join(map(json.dumps, events)), encoding="utf-8")
    with open_store(path, write=True) as store:
        counts = replay(store, england_wales(), [file], received_at=datetime.fromisoformat("2026-05-01T00:00"))
    assert (counts.accepted, counts.quarantined) == (len(events), {})
    return path


@contextmanager
def opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_store(path, write=False) as store:
        yield store.connection


def called(connection: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    """The id of the case that is called so."""
    try:
        return [case_id(case_of(connection, name))]
    except DataError:
        return []


def access_file(folder: Path, text: str = ACCESS) -> Path:
    """The text as an access file, with the files of its secrets beside it."""
    (folder / "client_secret").write_text(CLIENT_SECRET + "\n", encoding="utf-8")
    (folder / "session_key").write_text(SESSION_KEY + "\n", encoding="utf-8")
    for name in ("client_secret", "session_key"):
        (folder / name).chmod(0o600)
    file = folder / "access.yaml"
    file.write_text(text, encoding="utf-8")
    return file


@cache
def england_wales() -> Domain:
    return load_domain()


def settings(folder: Path, text: str = ACCESS) -> AccessSettings:
    return read_access(access_file(folder, text), frozenset(england_wales().agencies or ()))


def board(store: Path) -> Starlette:
    """Pages of every need, one without a declaration, one that forgets the record, and a list of cases."""

    @needs("figures")
    async def figures(request: Request) -> Response:
        return PlainTextResponse("figures")

    @needs("cases", case="case")
    async def case(request: Request) -> Response:
        return PlainTextResponse(f"case {request.path_params['case']}")

    @needs("cases")
    def cases(request: Request) -> Response:
        with opened(store) as connection:
            request.state.visit.make_visible_cases(connection)
            found = connection.execute("select case_id from visible_cases order by all").fetchall()
        shown = [case for (case,) in found]
        request.state.visit.look_at(shown)
        return PlainTextResponse("\n".join(shown))

    @needs("cases")
    async def careless(request: Request) -> Response:
        return PlainTextResponse("cases that nobody wrote down")

    @needs("quality")
    async def quality(request: Request) -> Response:
        return PlainTextResponse("quality")

    @needs("downloads")
    async def download(request: Request) -> Response:
        return PlainTextResponse("a file")

    @needs("anyone")
    async def look(request: Request) -> Response:
        return PlainTextResponse("a style sheet")

    async def undeclared(request: Request) -> Response:
        return PlainTextResponse("forgotten")

    return Starlette(
        routes=[
            Route("/", figures),
            Route("/cases", cases),
            Route("/cases/{case:path}", case),
            Route("/careless", careless),
            Mount("/steward", routes=[Route("/quality", quality)]),
            Route("/download", download, methods=["GET", "POST"]),
            Route("/look.css", look),
            Route("/undeclared", undeclared),
        ]
    )


def gate(store: Path, settings: AccessSettings | None, transport: httpx2.AsyncBaseTransport | None = None) -> Gate:
    return guarded(
        board(store),
        host="127.0.0.1" if settings is None else "0.0.0.0",
        settings=settings,
        looks=Looks(looks_path(store)),
        store=partial(opened, store),
        find=called,
        transport=transport,
    )


def browser(gate: Gate, address: str = ADDRESS, client: tuple[str, int] = ("testclient", 50000)) -> TestClient:
    return TestClient(gate, base_url=address, follow_redirects=False, client=client)


def looks(store: Path) -> list[Look]:
    return list(Looks(looks_path(store)).read())


def id_of(store: Path, name: str) -> str:
    with opened(store) as connection:
        return case_id(case_of(connection, name))
