"""Tokens: kept as hashes, bound to whom they are of, and refused as soon as they count no more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from posted import CMS, RMS, Posted, crime, domain, service

from throughline.errors import AccessError, UsageError
from throughline.sources.ingest.token import make_token, read_tokens, revoke, write_tokens

TODAY = date(2026, 3, 2)


@pytest.fixture
def posted(tmp_path: Path) -> Iterator[Posted]:
    with service(tmp_path) as made:
        yield made


def test_a_file_says_what_was_written_and_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "tokens.yaml"
    made = [
        make_token(domain(), agency="police", source=RMS, areas=["20", "21"], days=10, today=TODAY),
        make_token(domain(), agency="cps", source=CMS, areas=[], days=1, today=TODAY),
    ]
    tokens = [token for token, _ in made]

    write_tokens(path, tokens)

    assert read_tokens(path) == tokens
    assert [(token.areas, token.expires) for token in tokens] == [
        (frozenset({"20", "21"}), date(2026, 3, 12)),
        (None, date(2026, 3, 3)),
    ]
    assert path.stat().st_mode & 0o777 == 0o600
    assert not any(secret in path.read_text() for _, secret in made)
    assert len({secret for _, secret in made}) == 2


def test_a_token_counts_until_its_last_day(tmp_path: Path) -> None:
    token, _ = make_token(domain(), agency="police", source=RMS, areas=[], days=1, today=TODAY)

    assert [token.why_not(day) for day in (TODAY, TODAY + timedelta(1))] == ["", "expired"]
    assert replace(token, revoked=TODAY).why_not(TODAY) == "revoked"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"agency": "polcie"}, "`polcie` is no agency .*Did you mean `police`"),
        ({"areas": ["99"]}, "`99` is no area"),
        ({"source": CMS}, "cannot be used by `police`"),
    ],
)
def test_a_token_is_of_what_the_domain_has(given: dict[str, str], said: str) -> None:
    usual = {"agency": "police", "source": RMS, "areas": [], "days": 1, "today": TODAY}
    with pytest.raises(UsageError, match=f"(?s){said}"):
        make_token(domain(), **(usual | given))  # type: ignore[arg-type]


def test_a_file_that_others_can_open_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokens.yaml"
    write_tokens(path, [])
    path.chmod(0o640)

    with pytest.raises(AccessError, match="is not private: others than its owner may use it"):
        read_tokens(path)


def test_every_fault_of_a_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tokens.yaml"
    path.write_text(
        "tokens:\n- {id: a, agency: police, source: s, hash: plain, issued: 2026-01-01, expires: soon, secret: x}\n"
    )
    path.chmod(0o600)

    with pytest.raises(AccessError) as refused:
        read_tokens(path)
    assert [text in str(refused.value) for text in ("`tokens.hash`", "`tokens.expires`", "`tokens.secret`")] == [
        True
    ] * 3


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic {}",
        "Bearer {}x",
        "Bearer tl_00000000_{}",
        "{}",
        "Bearer {} {}",
        "Bearer é",
    ],
)
def test_nobody_comes_in_without_a_token(posted: Posted, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization.replace("{}", posted.secret).encode()}

    for path in ("/events", "/alive"):
        answer = posted.client.post(path, headers=headers)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="throughline"')
    assert posted.client.get("/receipts/r-1", headers=headers).status_code == 401


def test_two_tokens_at_once_are_none(posted: Posted) -> None:
    headers = [("Authorization", f"Bearer {posted.secret}")] * 2

    assert posted.client.post("/alive", headers=headers).status_code == 401


def test_a_token_is_taken_back_while_the_service_runs(posted: Posted) -> None:
    path, today = posted.service.tokens.path, datetime.now(UTC).date()
    other = posted.add_token(source="feed-7")
    assert posted.post([], "application/cloudevents-batch+json", secret=other).status_code == 202
    name = other.split("_")[1]

    write_tokens(path, revoke(read_tokens(path), name, today))

    answer = posted.post(crime(), secret=other)
    assert (answer.status_code, answer.json()["detail"]) == (401, f"The token `{name}` is revoked.")
    assert posted.post(crime()).status_code == 202


def test_a_file_that_was_spoilt_lets_nobody_in(posted: Posted) -> None:
    """Until it is mended."""
    path = posted.service.tokens.path
    sound = path.read_text()
    path.write_text("tokens: [{id: a}]")
    assert [posted.post(crime()).status_code for _ in range(2)] == [503, 503]
    path.write_text(sound)

    assert posted.post(crime()).status_code == 202
