"""Tokens by client credentials, from an endpoint on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from secured_broker import password_of, token_endpoint

from throughline.errors import BrokerUnavailable, CredentialRefused
from throughline.schemas.secrets.secret import Secret
from throughline.sources.connection.security import Tokens
from throughline.sources.connection.token import TokenSource


@pytest.fixture(scope="module")
def key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "first"}, private=True)


@pytest.fixture(scope="module")
def endpoint(key: RSAKey) -> Iterator[str]:
    with token_endpoint(key) as url:
        yield url


def test_a_token_is_kept_for_four_fifths_of_its_time(endpoint: str, key: RSAKey) -> None:
    """300 s: the same after 239 s, another after 240 s; and it is that of the client."""
    now = 0.0
    source = TokenSource(Tokens(endpoint, "police", Secret(password_of("police"))), lambda: now)

    first = source.token()
    assert jwt.decode(first, key).claims["sub"] == "police"
    now = 239.0
    assert source.token() is first
    now = 240.0
    assert source.token() is not first


def test_a_wrong_secret_is_told_by_the_word_of_the_endpoint(endpoint: str) -> None:
    with pytest.raises(CredentialRefused, match=r"gives client `police` no token: invalid_client \(401\)") as raised:
        TokenSource(Tokens(endpoint, "police", Secret("canary-9a"))).token()

    assert "canary-9a" not in str(raised.value)


def test_an_endpoint_that_is_away_may_come_back() -> None:
    with pytest.raises(BrokerUnavailable, match="No token can be had from"):
        TokenSource(Tokens("http://127.0.0.1:1/token", "police", Secret("x"))).token()
