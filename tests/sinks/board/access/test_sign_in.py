"""Signing in by OpenID Connect: the right answer of the right provider lets in, once; all else ends in a sentence.

The provider stands in this process and signs real tokens; the last test runs it and the board on sockets.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import uvicorn
from gated_board import ACCESS, CASE, SESSION_KEY, browser, gate, looks, settings
from identity_provider import IdentityProvider
from signed_in import as_person
from starlette.testclient import TestClient

from throughline.schemas.secrets.secret import Secret
from throughline.sinks.board.access.opening import SERVER
from throughline.sinks.board.access.session import Sessions

STEWARD = {"groups": ["stewards"]}


@pytest.fixture
def provider() -> IdentityProvider:
    return IdentityProvider()


@pytest.fixture
def client(store: Path, tmp_path: Path, provider: IdentityProvider) -> TestClient:
    return browser(gate(store, settings(tmp_path), httpx2.ASGITransport(provider.app())))


def begun(client: TestClient, page: str = "/") -> str:
    """The address that the browser is sent to."""
    sent = client.get(page)
    assert sent.status_code == 303
    return str(sent.headers["location"])


def is_in(client: TestClient) -> bool:
    """Whether the browser is let in: somebody who is not is sent to sign in."""
    return client.get("/").status_code == 200


def test_the_right_answer_lets_in(client: TestClient, provider: IdentityProvider, store: Path) -> None:
    url = begun(client, f"/cases/{CASE}?as_of=2026-04-01")
    answer = client.get("/access/callback", params=provider.approve(url, "p1", **STEWARD))

    assert answer.status_code == 200
    assert f'content="0; url=/cases/{CASE}?as_of=2026-04-01"' in answer.text
    assert client.get(f"/cases/{CASE}").status_code == 200
    assert [(look.person, look.roles) for look in looks(store)] == [("provider:p1", ("steward",))]


def test_the_request_has_state_nonce_and_a_challenge_of_its_own(client: TestClient) -> None:
    first, second = (parse_qs(urlsplit(begun(client)).query) for _ in range(2))

    assert first["redirect_uri"] == ["https://board.example.org/access/callback"]
    assert first["scope"] == ["openid"]
    assert first["code_challenge_method"] == ["S256"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name][0]) >= 20
        assert first[name] != second[name]


def test_the_cookies_are_for_this_board_alone(client: TestClient, provider: IdentityProvider) -> None:
    sent = client.get("/")
    arrived = client.get("/access/callback", params=provider.approve(sent.headers["location"], "p1", **STEWARD))

    for answer, name in ((sent, "__Host-throughline-sign-in="), (arrived, "__Host-throughline=")):
        (cookie,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith(name)]
        assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
        assert "Domain" not in cookie


SPOILT: dict[str, dict[str, Any]] = {
    "claims changed after signing": {"tampered": True},
    "a key of somebody else under the id of the right one": {"signs_with": "second", "says_key": "first"},
    "a key id that nobody published": {"signs_with": "second"},
    "alg none": {"algorithm": "none"},
    "alg none, which the provider offers alone": {"algorithm": "none", "algorithms": ["none"]},
    "the public key as a shared secret": {"algorithm": "HS256", "algorithms": ["RS256", "HS256"]},
    "another audience": {"said": {"aud": "another-client"}},
    "another audience, and us as the party": {"said": {"aud": ["another-client"], "azp": "throughline-board"}},
    "no audience": {"left_out": ("aud",)},
    "another issuer": {"said": {"iss": "https://evil.example"}},
    "expired": {"said": {"exp": int(time.time()) - 3600, "iat": int(time.time()) - 7200}},
    "never expires": {"left_out": ("exp",)},
    "another nonce": {"said": {"nonce": "another"}},
    "no nonce": {"left_out": ("nonce",)},
    "nobody": {"left_out": ("sub",)},
    "a number for a name": {"said": {"sub": 7}},
}


@pytest.mark.parametrize("fault", SPOILT)
def test_a_token_that_is_not_whole_and_ours_lets_nobody_in(
    client: TestClient, provider: IdentityProvider, fault: str
) -> None:
    for name, value in SPOILT[fault].items():
        setattr(provider, name, value)

    answer = client.get("/access/callback", params=provider.approve(begun(client), "p1", **STEWARD))

    assert answer.status_code == 403
    assert "tell whoever runs the board" in answer.text
    assert "__Host-throughline" not in client.cookies
    assert not is_in(client)


def test_an_answer_counts_once(client: TestClient, provider: IdentityProvider) -> None:
    """Replayed by whoever saw it, it is refused, before the provider is asked."""
    given = provider.approve(begun(client), "p1", **STEWARD)
    assert client.get("/access/callback", params=given).status_code == 200
    client.cookies.delete("__Host-throughline")
    asked = len(provider.calls)

    again = client.get("/access/callback", params=given)

    assert again.status_code == 403
    assert "was used before" in again.text
    assert len(provider.calls) == asked
    assert not is_in(client)


def test_an_answer_in_another_browser_counts_nowhere(
    client: TestClient, provider: IdentityProvider, store: Path, tmp_path: Path
) -> None:
    """Who sends somebody a link with an answer of his own would see what the other does in his name."""
    given = provider.approve(begun(client), "attacker", **STEWARD)
    victim = TestClient(client.app, base_url="https://board.example.org", follow_redirects=False)
    begun(victim)

    assert victim.get("/access/callback", params=given).status_code == 403
    assert client.get("/access/callback", params=given).status_code == 403


@pytest.mark.parametrize(
    "change",
    [
        {"state": "made-up"},
        {"state": None},
        {"code": "made-up"},
        {"code": None},
        {"error": "access_denied"},
        {"iss": "https://evil.example"},
    ],
)
def test_an_answer_that_is_not_the_providers_is_refused(
    client: TestClient, provider: IdentityProvider, change: dict[str, str | None]
) -> None:
    given = provider.approve(begun(client), "p1", **STEWARD) | change
    params = {name: value for name, value in given.items() if value is not None}

    assert client.get("/access/callback", params=params).status_code == 403
    assert not is_in(client)


def test_a_new_key_of_the_provider_is_fetched_when_it_is_first_used(
    client: TestClient, provider: IdentityProvider
) -> None:
    as_person(Path(), None, "p1", provider, client, **STEWARD)  # type: ignore[arg-type]
    client.cookies.clear()
    provider.published, provider.signs_with = ["second"], "second"

    as_person(Path(), None, "p1", provider, client, **STEWARD)  # type: ignore[arg-type]

    assert is_in(client)
    assert provider.calls == ["metadata", "token", "keys", "token", "keys"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_provider_that_is_down_lets_nobody_in(client: TestClient, provider: IdentityProvider, when: str) -> None:
    if when == "before":
        provider.is_down = True
        answer = client.get("/")
    else:
        given = provider.approve(begun(client), "p1", **STEWARD)
        provider.is_down = True
        answer = client.get("/access/callback", params=given)

    assert answer.status_code == 503
    assert "The sign-in service does not answer as it should" in answer.text
    assert "Try again in some minutes" in answer.text


def test_who_is_in_stays_in_while_the_provider_is_down(client: TestClient, provider: IdentityProvider) -> None:
    as_person(Path(), None, "p1", provider, client, **STEWARD)  # type: ignore[arg-type]
    provider.is_down = True

    assert is_in(client)


def test_a_provider_that_calls_itself_otherwise_is_not_used(client: TestClient, provider: IdentityProvider) -> None:
    provider.issuer = "https://evil.example"

    assert client.get("/").status_code == 503


def test_somebody_without_a_role_is_told_so(client: TestClient, provider: IdentityProvider) -> None:
    as_person(Path(), None, "p1", provider, client, groups=["canteen"])  # type: ignore[arg-type]

    assert client.arrived.status_code == 403  # type: ignore[attr-defined]
    assert "have no role on this board" in client.arrived.text  # type: ignore[attr-defined]
    assert not is_in(client)


def test_signing_out_ends_every_copy_of_the_session(client: TestClient, provider: IdentityProvider) -> None:
    as_person(Path(), None, "p1", provider, client, **STEWARD)  # type: ignore[arg-type]
    copied = client.cookies["__Host-throughline"]

    assert "Sign out?" in client.get("/access/sign-out").text
    assert is_in(client)
    left = client.post("/access/sign-out")

    assert "https://login.example.org/end?client_id=throughline-board&amp;post_logout" in left.text
    assert not is_in(client)
    client.cookies.set("__Host-throughline", copied)
    assert not is_in(client)


def test_signing_out_cannot_be_caused_by_another_site(client: TestClient, provider: IdentityProvider) -> None:
    as_person(Path(), None, "p1", provider, client, **STEWARD)  # type: ignore[arg-type]

    client.post("/access/sign-out", headers={"sec-fetch-site": "cross-site"})

    assert is_in(client)


def test_the_provider_may_send_people_back_from_its_own_site(client: TestClient, provider: IdentityProvider) -> None:
    given = provider.approve(begun(client), "p1", **STEWARD)

    assert client.get("/access/callback", params=given, headers={"sec-fetch-site": "cross-site"}).status_code == 200


def test_a_style_sheet_begins_no_sign_in(client: TestClient) -> None:
    answer = client.get("/look.css", headers={"sec-fetch-mode": "no-cors"})

    assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)


def test_a_form_that_is_sent_too_late_is_told_so(client: TestClient) -> None:
    assert client.post("/download").status_code == 401


@pytest.mark.parametrize(
    "host", ["evil.example", "board.example.org.evil.example", "127.0.0.1", "board.example.org:444"]
)
def test_beyond_loopback_the_board_answers_to_its_address_alone(client: TestClient, host: str) -> None:
    answer = client.get("/", headers={"host": host})

    assert (answer.status_code, "location" in answer.headers) == (421, False)


def test_a_session_ends_after_its_time() -> None:
    now = [1000.0]
    sessions = Sessions(Secret(SESSION_KEY), 30, lambda: now[0])
    cookie = sessions.begin("p1", {"groups": ("stewards",)})

    now[0] += 30 * 60 - 1
    found = sessions.read(cookie)
    assert found is not None
    assert (found.name, found.claims) == ("p1", {"groups": ("stewards",)})
    now[0] += 1
    assert sessions.read(cookie) is None


def test_a_session_is_worth_nothing_under_another_key_or_changed() -> None:
    sessions = Sessions(Secret(SESSION_KEY), 30)
    cookie = sessions.begin("p1", {})

    assert Sessions(Secret("another key that is long enough to be one"), 30).read(cookie) is None
    for changed in (cookie[1:], cookie[:-1], cookie + "A", "", None, "a.b", "é"):
        assert sessions.read(changed) is None


def test_a_session_that_would_not_fit_a_cookie_says_what_to_do(client: TestClient, provider: IdentityProvider) -> None:
    # by chance, since what repeats itself is packed
    provider.said = {"cases": ["c" + hashlib.md5(str(n).encode()).hexdigest()[:16] for n in range(600)]}

    as_person(Path(), None, "p1", provider, client, groups=["officers"])  # type: ignore[arg-type]

    assert "cases_file" in client.arrived.text  # type: ignore[attr-defined]
    assert not is_in(client)


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The address of an application that uvicorn serves as the board is served."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=1, **SERVER))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


class Later:
    """An application that is known after its address is."""

    app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


def test_signing_in_over_sockets(store: Path, tmp_path: Path, provider: IdentityProvider) -> None:
    """Board and provider by uvicorn, as they are run; the claims of roles stand in another claim, as with Keycloak."""
    late = Later()
    with served(provider.app()) as issuer, served(late) as address:
        provider.issuer = issuer
        text = ACCESS.replace("https://login.example.org", issuer).replace("https://board.example.org", address)
        late.app = gate(store, settings(tmp_path, text.replace("claim: groups", "claim: realm_access.roles")))
        with httpx2.Client(base_url=address, trust_env=False) as client:
            url = str(client.get(f"/cases/{CASE}").headers["location"])
            given = provider.approve(url, "p1", realm_access={"roles": ["stewards"]})
            assert client.get("/access/callback", params=given).status_code == 200
            assert client.get(f"/cases/{CASE}").text == f"case {CASE}"
            # a header that anybody on this machine could send says nothing
            assert (
                httpx2.get(f"{address}/", headers={"x-forwarded-for": "10.0.0.1"}, trust_env=False).status_code == 303
            )
    assert [look.person for look in looks(store)] == ["provider:p1"]
