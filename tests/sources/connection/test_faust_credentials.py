"""What Faust is given leads to the same connection as what aiokafka is given: by a password, a certificate, a token."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from certificates import Authority
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from throughline.schemas.secrets.secret import Secret
from throughline.sources.connection.clients import for_aiokafka, for_faust
from throughline.sources.connection.security import OPEN, Security, Tokens

USER = Security("SASL_PLAINTEXT", mechanism="SCRAM-SHA-256", user="police", password=Secret("x"))
WAYS = {
    "open": OPEN,
    "TLS": Security("SSL"),
    "a user": USER,
    "a user by TLS": replace(USER, protocol="SASL_SSL", mechanism="SCRAM-SHA-512"),
    "PLAIN": replace(USER, protocol="SASL_SSL", mechanism="PLAIN"),
    "a certificate": Security("SSL"),
    "a token": Security(
        "SASL_SSL", mechanism="OAUTHBEARER", tokens=Tokens("https://login.example", "police", Secret("x"))
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_faust_is_given_what_aiokafka_is_given(way: str, tmp_path: Path) -> None:
    authority = Authority(tmp_path, "ca")
    security = replace(WAYS[way], authority=authority.certificate)
    if way == "a certificate":
        issued = authority.issue("worker", password="of the key")
        security = replace(security, certificate=issued.certificate, key=issued.key, key_password=Secret("of the key"))

    given = {key: value for key, value in credentials_to_aiokafka_auth(for_faust(security)).items() if value}
    expected = for_aiokafka(security)

    kinds = {"ssl_context", "sasl_oauth_token_provider"}
    assert given.keys() == expected.keys()
    assert {key: type(given[key]) for key in kinds & given.keys()} == {
        key: type(expected[key]) for key in kinds & expected.keys()
    }
    assert {key: given[key] for key in given.keys() - kinds} == {key: expected[key] for key in expected.keys() - kinds}
    if security.has_tls:
        assert given["ssl_context"].check_hostname
