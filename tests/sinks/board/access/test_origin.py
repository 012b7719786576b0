"""Host names and origins: what leads to this machine and no other, whatever is written."""

from __future__ import annotations

import ipaddress
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.schemas.wire.network import is_loopback
from throughline.sinks.board.access.origin import host_of, is_from_elsewhere, one_header, own_page


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("board.example.org", "board.example.org"),
        ("BOARD.example.org.:443", "board.example.org"),
        ("127.0.0.1:8080", "127.0.0.1"),
        ("[::1]:8080", "::1"),
        ("[0:0:0:0:0:0:0:1]", "::1"),
        ("[::1", None),
        ("[::1]x", None),
        ("[::1]:", None),
        ("localhost:", None),
        ("localhost:80:80", None),
        ("::1", None),
        ("localhost@evil.example", None),
        ("localhost/evil", None),
        ("localhost,evil.example", None),
        ("local host", None),
        ("", None),
    ],
)
def test_a_host_is_read_without_its_port(header: str, host: str | None) -> None:
    assert host_of(header) == host


@pytest.mark.parametrize("host", ["localhost", "LocalHost.", "127.0.0.1", "127.9.9.9", "::1", "[::1]"])
def test_what_is_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "0.0.0.0",
        "::",
        "10.0.0.1",
        "localhost.evil.example",
        "127.0.0.1.nip.io",
        "2130706433",
        "0x7f.1",
        "127.1",
        "127.0.0.01",
        "",
    ],
)
def test_what_is_not_surely_this_machine(host: str) -> None:
    """Other ways of writing 127.0.0.1 are read differently by different programs: they are refused."""
    assert not is_loopback(host)


@given(st.ip_addresses())
def test_an_address_is_of_this_machine_where_the_standard_says_so(address: ipaddress.IPv4Address) -> None:
    assert is_loopback(str(address)) is address.is_loopback
    header = str(address) if address.version == 4 else f"[{address}]"
    assert host_of(f"{header}:1234") == host_of(header) == str(address)


@given(st.text(string.printable, max_size=30))
def test_no_header_is_read_as_a_name_that_another_reader_would_split(header: str) -> None:
    """A host that is read has no character at which a browser or a proxy ends it."""
    host = host_of(header)

    assert host is None or (host != "" and not set(host) & set("/\\@?#, \t\r\n[]%"))


@given(st.from_regex(r"(localhost|127\.0\.0\.1)[.a-z0-9-]{1,10}", fullmatch=True))
def test_a_name_that_begins_with_this_machine_is_another(host: str) -> None:
    read = host_of(host)

    assert read is None or read in ("localhost", "127.0.0.1") or not is_loopback(read) or host.startswith("127.0.0.1")
    if read is not None and any(letter.isalpha() for letter in read.removeprefix("localhost")):
        assert not is_loopback(read)


@pytest.mark.parametrize(
    ("site", "origin", "elsewhere"),
    [
        (None, None, False),
        ("none", None, False),
        ("same-origin", "https://board.example.org", False),
        ("same-origin", "null", False),  # our own form, on a page that says nobody where it was
        ("cross-site", None, True),
        ("same-site", None, True),
        ("cross-site", "https://board.example.org", True),
        (None, "null", True),
        ("none", "null", True),
        (None, "https://board.example.org:444", True),
        (None, "http://board.example.org", True),
        ("same-origin", "https://evil.example", True),
    ],
)
def test_what_another_site_caused(site: str | None, origin: str | None, elsewhere: bool) -> None:
    said = {"sec-fetch-site": site, "origin": origin}

    assert is_from_elsewhere(said, "https://board.example.org") is elsewhere


def test_a_header_that_stands_twice_is_not_read() -> None:
    assert one_header([(b"X-Person", b" p1 ")], "x-person") == "p1"
    assert one_header([(b"x-other", b"p1")], "x-person") is None
    with pytest.raises(ValueError, match="2 times"):
        one_header([(b"X-Person", b"p1"), (b"x-person", b"p2")], "X-Person")


@given(st.text(max_size=20))
def test_a_page_of_ours_begins_with_one_slash(page: str) -> None:
    found = own_page(page)

    assert found in (page, "/")
    assert found.startswith("/")
    assert not found.startswith(("//", "/\\"))
    assert found.isascii()
    assert found.isprintable()
