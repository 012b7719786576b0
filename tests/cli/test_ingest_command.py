"""`throughline ingest` as somebody starts it: tokens, where it listens, TLS, a proxy, and what its log says."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx
import orjson
import pytest
import trustme
from posted import BATCH, RMS, STRUCTURED, crime, running, service
from starlette.testclient import TestClient
from typed import run

from throughline.errors import UsageError
from throughline.sources.ingest.app import create_app
from throughline.sources.ingest.opening import proxies_of
from throughline.sources.ingest.token import read_tokens


def test_a_token_is_made_listed_and_taken_back(tmp_path: Path) -> None:
    """The secret is shown once, on standard output alone; the list shows none."""
    to = ("--tokens", tmp_path / "tokens.yaml")
    made = run("ingest", "token", "add", "--agency", "police", "--source", RMS, "--area", "20", *to)
    (secret,) = made.stdout.split()
    (token,) = read_tokens(tmp_path / "tokens.yaml")
    assert secret.startswith(f"tl_{token.id}_")
    assert secret not in made.stderr

    listed = run("ingest", "token", "list", *to).stdout
    assert f"{token.id},police,{RMS},20" in listed
    assert "counts" in listed
    assert secret not in listed

    run("ingest", "token", "revoke", token.id, *to)
    assert "revoked" in run("ingest", "token", "list", *to).stdout
    assert "There is no token `nobody`" in run("ingest", "token", "revoke", "nobody", *to, code=2).stderr
    assert "is no agency" in run("ingest", "token", "add", "--agency", "x", "--source", "y", *to, code=2).stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "would travel there in the open"),
        (["--host", "192.0.2.1"], "would travel there in the open"),
        (["--tls-cert", "nowhere.pem"], "go together"),
        (["--tls-cert", "nowhere.pem", "--tls-key", "nowhere.pem"], "There is no file `nowhere.pem`"),
        (["--host", "0.0.0.0", "--proxy", "0.0.0.0/0"], "is every address"),
        (["--proxy", "elsewhere"], "neither an address nor a range"),
        ([], "There is no token in"),
    ],
)
def test_it_does_not_start_where_secrets_would_be_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)

    assert said in run("ingest", *arguments, code=2).stderr


def test_beyond_this_machine_it_speaks_tls_and_its_log_has_ids_alone(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "served.pem")
    said = run("ingest", "token", "add", "--agency", "police", "--source", RMS, "--tokens", tmp_path / "tokens.yaml")
    secret = said.stdout.strip()
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    pem = tmp_path / "served.pem"
    with running(tmp_path, "--host", "0.0.0.0", "--tls-cert", pem, "--tls-key", pem) as made:
        with httpx.Client(base_url=f"https://127.0.0.1:{made.port}", verify=trusted, trust_env=False) as client:
            headers = {"Authorization": f"Bearer {secret}", "Content-Type": STRUCTURED}
            receipt = client.post("/events", content=orjson.dumps(crime("CONTENT")), headers=headers).json()["receipt"]
            refused = crime("CONTENT", source="urn:CONTENT")
            client.post("/events", content=orjson.dumps(refused), headers=headers)
            client.post("/events", content=b"[CONTENT", headers=headers | {"Content-Type": BATCH})
            client.post("/events", headers={"Authorization": f"Bearer {secret}CONTENT"})
            assert client.get("/ready").json() == {"ready": True, "waiting": 1, "broker": "none named"}
        with httpx.Client(trust_env=False) as plain, pytest.raises(httpx.HTTPError):
            plain.get(f"http://127.0.0.1:{made.port}/live")
    log = (tmp_path / "ingest.log").read_text()
    assert receipt in log
    assert read_tokens(tmp_path / "tokens.yaml")[0].id in log
    assert "CONTENT" not in log
    assert secret not in log
    assert "20/" not in log


def test_behind_a_proxy_nobody_else_is_answered(tmp_path: Path) -> None:
    with service(tmp_path) as posted:
        posted.service.proxies = proxies_of(["10.0.0.7"])
        app = create_app(posted.service)
        for peer, headers, status in (
            ("10.0.0.7", {}, 200),
            ("10.0.0.7", {"X-Forwarded-Proto": "https"}, 200),
            ("10.0.0.7", {"X-Forwarded-Proto": "http"}, 403),
            ("10.0.0.8", {"X-Forwarded-For": "10.0.0.7"}, 403),
        ):
            with TestClient(app, base_url="http://posts.example", client=(peer, 1)) as client:
                assert client.get("/live", headers=headers).status_code == status


def test_the_page_asks_nothing_from_outside(tmp_path: Path) -> None:
    with service(tmp_path) as posted:
        page = posted.client.get("/")
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "POST /events" in page.text
    for word in ("http:", "https:", "<script", "url(", "@import", "<img", "<link"):
        assert word not in page.text.lower()


def test_publish_without_files_needs_an_outbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    said = run("publish", "--bootstrap", "127.0.0.1:1", code=2).stderr

    assert "There is nothing to publish" in said
    assert not (tmp_path / "outbox.sqlite").exists()


def test_a_range_of_a_proxy_is_read() -> None:
    assert [str(one) for one in proxies_of(["10.0.0.0/28", "::1"])] == ["10.0.0.0/28", "::1/128"]
    with pytest.raises(UsageError):
        proxies_of(["10.0.0.1/8"])
