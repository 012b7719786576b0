"""Pages of figures are compressed for whoever takes it, and for nobody else."""

from __future__ import annotations

import gzip

import pytest
from starlette.testclient import TestClient

from throughline.sinks.board.compressed import compressed

PAGE = "<p>A page of figures</p>" * 50


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "GZIP", "deflate , gzip ; q=1"])
def test_a_browser_that_takes_it_gets_less(accepted: str) -> None:
    answer = compressed(PAGE, 200, accepted)

    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert len(answer.body) < len(PAGE)
    assert gzip.decompress(bytes(answer.body)).decode() == PAGE


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "gzip; q=0.0", "identity"])
def test_one_that_refuses_it_gets_the_page_as_it_is(accepted: str) -> None:
    answer = compressed(PAGE, 404, accepted)

    assert (answer.body.decode(), answer.status_code) == (PAGE, 404)
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"


def test_the_same_page_is_the_same_bytes() -> None:
    assert compressed(PAGE, 200, "gzip").body == compressed(PAGE, 200, "gzip").body


def test_pages_of_cases_are_not_compressed(demo_board: TestClient) -> None:
    """They repeat what is in their address beside what is secret."""
    asked = {"Accept-Encoding": "gzip"}

    assert demo_board.get("/waiting", headers=asked).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in demo_board.get("/cases", headers=asked).headers
