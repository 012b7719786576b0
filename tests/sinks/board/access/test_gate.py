"""The gate on loopback and the roles of every route: deny by default, in one table."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from gated_board import (
    ACCESS,
    ADVOCATE_ONLY,
    CASE,
    POLICE_ONLY,
    SHARED,
    WHY,
    board,
    browser,
    gate,
    id_of,
    looks,
    settings,
)
from signed_in import as_person
from starlette.testclient import TestClient

from throughline.errors import BoardExposed
from throughline.sinks.board.access.declaration import every_route
from throughline.sinks.board.access.looks import looks_path
from throughline.sinks.board.access.opening import check_host
from throughline.sinks.board.access.peer import user_name

LOCAL = "http://127.0.0.1:8080"
GROUPS = {"board": "pcc", "cps": "cps-staff", "advocate": "advocates", "steward": "stewards", "officer": "officers"}

# every route of the application, and the roles that see it; the case is one that police and cps share
EXPECTED: dict[str, set[str]] = {
    "/": {"board", "cps", "advocate", "steward", "officer"},
    "/cases": {"cps", "advocate", "steward", "officer"},
    "/cases/{case:path}": {"cps", "steward", "officer"},
    "/careless": set(),
    "/steward/quality": {"steward"},
    "/download": {"board", "cps", "advocate", "steward", "officer"},
    "/look.css": {"board", "cps", "advocate", "steward", "officer"},
    "/undeclared": set(),
}


def local(store: Path, address: str = LOCAL) -> TestClient:
    return browser(gate(store, None), address)


def test_the_table_has_every_route(store: Path) -> None:
    assert {path for path, _ in every_route(board(store).routes)} == EXPECTED.keys()


@pytest.mark.parametrize("role", GROUPS)
def test_each_role_sees_what_the_table_says_and_nothing_else(store: Path, tmp_path: Path, role: str) -> None:
    """By asking for every route; `/careless` is held back from everybody, since it wrote nothing down."""
    client = as_person(store, settings(tmp_path), "p1", groups=[GROUPS[role]], cases=[SHARED])
    answers = {path: client.get(path.replace("{case:path}", CASE)).status_code for path in EXPECTED}

    assert {path for path, status in answers.items() if status == 200} == {
        path for path, roles in EXPECTED.items() if role in roles
    }
    assert set(answers.values()) <= {200, 403, 404, 503}


def test_a_page_that_shows_cases_without_a_record_is_held_back(store: Path, caplog: pytest.LogCaptureFixture) -> None:
    answer = local(store).get("/careless")

    assert answer.status_code == 503
    assert "nobody wrote down" not in answer.text
    assert "/careless" in caplog.text


def test_what_is_no_page_is_refused_before_the_application(store: Path) -> None:
    assert local(store).get("/other").status_code == 404


def test_a_case_is_shown_under_its_id_alone(store: Path) -> None:
    """Another name of it leads there, and nothing was shown yet."""
    answer = local(store).get(f"/cases/{SHARED}?as_of=2026-04-01")

    assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{CASE}?as_of=2026-04-01")
    assert id_of(store, SHARED) == CASE
    assert looks(store) == []


def test_a_method_that_a_page_lacks_is_answered_to_whom_the_page_is_open(store: Path) -> None:
    assert local(store).post("/cases/" + CASE).status_code == 405
    assert local(store).post("/undeclared").status_code == 403


def test_on_loopback_a_person_is_the_user_of_this_machine(store: Path) -> None:
    import os

    assert local(store).get("/cases/" + CASE).text == f"case {CASE}"

    (look,) = looks(store)
    assert (look.person, look.roles, look.case, look.page, look.outcome, look.why) == (
        f"system:{user_name(os.geteuid())}",
        ("local",),
        id_of(store, SHARED),
        "/cases/{case:path}",
        "shown",
        None,
    )


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080", "10.0.0.1", "0.0.0.0", "[::]", "a b", ""],
)
def test_on_loopback_a_name_that_is_not_of_this_machine_is_refused(store: Path, host: str) -> None:
    """DNS rebinding: a page of evil.example lets its own name lead to 127.0.0.1, and asks under that name."""
    answer = local(store).get("/", headers={"host": host})

    assert answer.status_code in (400, 421)
    assert "figures" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "LOCALHOST:1", "[::1]:8080", "127.1.2.3"])
def test_on_loopback_the_names_of_this_machine_are_answered(store: Path, host: str) -> None:
    assert local(store).get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_another_site_causes_is_refused(store: Path, method: str, headers: dict[str, str]) -> None:
    """Another page on this machine, at another port, is another site too."""
    answer = local(store).request(method, "/download", headers=headers)

    assert answer.status_code == 403
    assert "a file" not in answer.text


def test_whoever_followed_a_link_can_go_on_from_our_own_page(store: Path) -> None:
    answer = local(store).get("/cases/urn:1?x=1&y=%22", headers={"sec-fetch-site": "cross-site"})

    assert '<a href="/cases/urn:1?x=1&amp;y=%22">Open the page</a>' in answer.text
    assert looks(store) == []


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "same-origin", "origin": LOCAL}, {"sec-fetch-site": "none"}, {}]
)
def test_what_our_own_pages_cause_is_answered(store: Path, headers: dict[str, str]) -> None:
    assert local(store).post("/download", headers=headers).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "board.example.org", ""])
def test_beyond_loopback_the_board_refuses_to_start_unless_somebody_knows_people(host: str) -> None:
    with pytest.raises(BoardExposed, match=r"--access FILE"):
        check_host(host, None)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_on_loopback_the_board_starts_without_settings(host: str) -> None:
    check_host(host, None)


def test_with_settings_the_board_starts_anywhere(tmp_path: Path) -> None:
    check_host("0.0.0.0", settings(tmp_path))


def test_a_look_is_on_the_record_before_the_answer(store: Path) -> None:
    """If it cannot be, the case is not shown."""
    looks_path(store).mkdir()

    answer = local(store).get("/cases/" + CASE)

    assert answer.status_code == 503
    assert "could not be recorded" in answer.text
    assert f"case {CASE}" not in answer.text
    assert local(store).get("/cases").status_code == 503


def test_a_list_puts_every_case_that_it_shows_on_the_record(store: Path, tmp_path: Path) -> None:
    client = as_person(store, settings(tmp_path), "p1", groups=["advocates"])

    shown = client.get("/cases").text

    assert shown == id_of(store, ADVOCATE_ONLY)
    assert [(look.case, look.why) for look in looks(store)] == [(shown, "listed")]


def test_a_case_of_others_looks_like_none_and_the_attempt_is_on_the_record(store: Path, tmp_path: Path) -> None:
    client = as_person(store, settings(tmp_path), "p1", groups=["cps-staff"])

    theirs, none = client.get("/cases/" + POLICE_ONLY), client.get("/cases/crime_ref:20/999999/26")

    assert (theirs.status_code, theirs.text) == (none.status_code, none.text) == (404, theirs.text)
    assert [(look.person, look.case, look.outcome) for look in looks(store)] == [
        ("provider:p1", id_of(store, POLICE_ONLY), "refused")
    ]


def test_a_reason_is_asked_once_for_each_case_and_session(store: Path, tmp_path: Path) -> None:
    client = as_person(store, settings(tmp_path, ACCESS + WHY), "p1", groups=["cps-staff"])
    asked = client.get(f"/cases/{CASE}?as_of=2026-04-01")
    assert asked.status_code == 403
    assert "I am working on this case" in asked.text
    assert f'name="page" value="/cases/{CASE}?as_of=2026-04-01"' in asked.text
    assert looks(store) == []

    given = {"case": SHARED, "page": f"/cases/{CASE}?as_of=2026-04-01", "reason": "own_work"}
    answer = client.post("/access/reason", data=given)
    assert (answer.status_code, answer.headers["location"]) == (303, given["page"])
    assert client.get(answer.headers["location"]).status_code == 200
    assert client.get("/cases/" + CASE).status_code == 200
    assert [look.why for look in looks(store)] == ["own_work", "own_work"]

    other = as_person(store, settings(tmp_path, ACCESS + WHY), "p1", groups=["cps-staff"])
    assert other.get("/cases/" + CASE).status_code == 403


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"reason": "curiosity"}, 403),
        ({"reason": ""}, 403),
        ({"case": "crime_ref:20/999999/26"}, 404),
        ({"case": POLICE_ONLY}, 404),
        ({"page": "x" * 20_000}, 400),
    ],
)
def test_a_reason_that_is_none_opens_nothing(store: Path, tmp_path: Path, wrong: dict[str, str], status: int) -> None:
    client = as_person(store, settings(tmp_path, ACCESS + WHY), "p1", groups=["cps-staff"])
    given = {"case": SHARED, "page": "/", "reason": "own_work"} | wrong

    assert client.post("/access/reason", data=given).status_code == status
    assert client.get("/cases/" + CASE).status_code == 403


@pytest.mark.parametrize(
    "page", ["https://evil.example/", "//evil.example", "/\\evil.example", "", "javascript:x", "/\n"]
)
def test_a_reason_leads_to_a_page_of_ours_alone(store: Path, tmp_path: Path, page: str) -> None:
    client = as_person(store, settings(tmp_path, ACCESS + WHY), "p1", groups=["cps-staff"])

    answer = client.post("/access/reason", data={"case": SHARED, "page": page, "reason": "own_work"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_a_steward_is_not_asked_where_the_settings_ask_agencies(store: Path, tmp_path: Path) -> None:
    client = as_person(store, settings(tmp_path, ACCESS + WHY), "s1", groups=["stewards"])

    assert client.get("/cases/" + CASE).status_code == 200


def test_answers_say_that_nothing_of_a_case_is_to_be_kept(store: Path) -> None:
    """And no page may be framed or read by another site."""
    client = local(store)

    assert client.get("/cases/" + CASE).headers["cache-control"] == "no-store"
    headers = client.get("/").headers
    assert (headers["x-frame-options"], headers["x-content-type-options"], headers["referrer-policy"]) == (
        "DENY",
        "nosniff",
        "same-origin",
    )


def test_logs_have_ids_alone(store: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No number of a case, no token, no secret, at whatever level."""
    caplog.set_level(logging.DEBUG)
    client = as_person(store, settings(tmp_path), "p1", groups=["cps-staff"])
    cookies = list(client.cookies.values())
    for page in ("/cases/" + CASE, "/cases/" + POLICE_ONLY, "/undeclared", "/other"):
        client.get(page)

    ours = "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "asyncio"))
    )
    assert "refused: a case, to provider:p1" in ours
    private: list[Any] = [
        *cookies,
        "20/000456/26",
        "20PP0012326",
        "client secret",
        "code-0",
        "eyJ",
        "a key of a session",
    ]
    assert [word for word in private if word in ours] == []


def test_sockets_of_other_kinds_are_refused(store: Path) -> None:
    from starlette.websockets import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect), local(store).websocket_connect("/"):
        pass
