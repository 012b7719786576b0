"""A trusted proxy: its headers count when it sends them, with its secret, and from nobody else."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
from gated_board import CASE, PROXY, SESSION_KEY, browser, gate, looks, settings
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from throughline.errors import AccessRefused
from throughline.schemas.secrets.secret import Secret
from throughline.schemas.wire.network import is_within
from throughline.sinks.board.access.proxy import vouched_for
from throughline.sinks.board.access.settings import Proxy

RANGE = ipaddress.ip_network("10.0.0.0/30")
PROXY_OF_TEST = Proxy((RANGE,), "x-person", "x-roles", None, Secret(""))
SAID = {"x-person": "p1", "x-roles": "stewards, others", "x-proxy-secret": SESSION_KEY}


def from_address(store: Path, folder: Path, address: str) -> TestClient:
    return browser(gate(store, settings(folder, PROXY)), client=(address, 40000))


def test_the_proxy_lets_in_whom_it_names(store: Path, tmp_path: Path) -> None:
    client = from_address(store, tmp_path, "10.0.0.2")

    assert client.get(f"/cases/{CASE}", headers=SAID).status_code == 200
    assert [(look.person, look.roles) for look in looks(store)] == [("proxy:p1", ("steward",))]


@pytest.mark.parametrize("address", ["10.0.0.4", "127.0.0.1", "::1", "testclient", "10.0.0.2.evil.example"])
def test_the_same_headers_from_another_address_are_refused(store: Path, tmp_path: Path, address: str) -> None:
    answer = from_address(store, tmp_path, address).get("/", headers=SAID)

    assert answer.status_code == 403
    assert "figures" not in answer.text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"x-person": None}, "The proxy did not say who you are."),
        ({"x-person": ""}, "The proxy did not say who you are."),
        ({"x-person": "p" * 300}, "The proxy gave no name that can be kept."),
        ({"x-proxy-secret": None}, "The proxy did not show its secret."),
        ({"x-proxy-secret": SESSION_KEY + "x"}, "The proxy did not show its secret."),
        ({"x-roles": None}, "You are known here, and have no role on this board."),
        ({"x-roles": "Stewards;stewards"}, "You are known here, and have no role on this board."),
    ],
)
def test_what_the_proxy_does_not_say_is_refused(
    store: Path, tmp_path: Path, change: dict[str, str | None], sentence: str
) -> None:
    said = {name: value for name, value in {**SAID, **change}.items() if value is not None}

    answer = from_address(store, tmp_path, "10.0.0.2").get("/", headers=said)

    assert answer.status_code == 403
    assert sentence in answer.text


def test_a_header_that_somebody_added_before_the_proxy_is_refused() -> None:
    """A proxy that adds its own header and lets the other through sends two."""
    twice = [(b"x-person", b"p1"), (b"x-person", b"steward"), (b"x-roles", b"stewards")]

    with pytest.raises(AccessRefused, match="said twice"):
        vouched_for(PROXY_OF_TEST, "10.0.0.1", twice)


def test_what_a_browser_sends_of_others_counts_nothing(store: Path, tmp_path: Path) -> None:
    said = {"x-forwarded-for": "10.0.0.2", "forwarded": "for=10.0.0.2", **SAID}

    assert from_address(store, tmp_path, "192.0.2.1").get("/", headers=said).status_code == 403


def test_behind_a_proxy_there_is_no_sign_in(store: Path, tmp_path: Path) -> None:
    client = from_address(store, tmp_path, "10.0.0.2")

    assert client.get("/access/callback", headers=SAID).status_code == 404


@given(st.ip_addresses(v=4))
def test_an_address_is_the_proxys_where_a_range_has_it_however_it_is_written(address: ipaddress.IPv4Address) -> None:
    expected = 0x0A000000 <= int(address) <= 0x0A000003

    assert is_within(PROXY_OF_TEST.networks, str(address)) is expected
    assert is_within(PROXY_OF_TEST.networks, f"::ffff:{address}") is expected


@pytest.mark.parametrize("number", range(4))
def test_every_address_of_the_range_is_the_proxys(number: int) -> None:
    assert is_within(PROXY_OF_TEST.networks, f"10.0.0.{number}")


@given(st.text(max_size=20) | st.none())
def test_what_is_no_address_is_nobodys(peer: str | None) -> None:
    try:
        ipaddress.ip_address(peer or "")
    except ValueError:
        assert not is_within(PROXY_OF_TEST.networks, peer)
