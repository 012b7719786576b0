"""Whatever is sent, the service answers as it describes itself: no fault of its own, nothing kept that was not told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import schemathesis
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from posted import BATCH, STRUCTURED, Posted, crime, fates, service
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from starlette.types import ASGIApp, Receive, Scope, Send

from throughline.sources.ingest.body import BodyLimits

load_all_checks()
CHECKS = (
    schemathesis.checks.not_a_server_error,
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)


@pytest.fixture(scope="module")
def posted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Posted]:
    with service(tmp_path_factory.mktemp("hostile"), limits=BodyLimits(most_bytes=50_000)) as made:
        yield made


def open_still(app: ASGIApp) -> ASGIApp:
    """The application, which schemathesis would open and close around each request."""

    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})

    return asked


def test_the_service_is_as_it_describes_itself(posted: Posted) -> None:
    """By schemathesis, from the description that is served: requests that fit it and requests that do not."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", open_still(posted.client.app))
    operations = [found.ok() for found in schema.get_all_operations()]
    modes = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
    assert [operation.label for operation in operations] == [
        "POST /events", "GET /receipts/{receipt}", "POST /alive", "GET /live", "GET /ready",
    ]  # fmt: skip

    for operation in operations:
        # nothing can be wrong with a request that has neither body nor parameters
        for mode in modes if operation.label in {"POST /events", "GET /receipts/{receipt}"} else modes[:1]:

            @settings(max_examples=15, deadline=None, database=None, suppress_health_check=list(HealthCheck))
            @given(case=operation.as_strategy(generation_mode=mode))
            def asked(case: Any) -> None:
                case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {posted.secret}"})

            asked()


GOOD = orjson.dumps(crime())
PIECES = st.sampled_from(
    [GOOD, b"[", b"]", b"{", b"}", b",", b'"', b"\\", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"null", b"NaN", b"1e999",
     b'"\\ud800"', b'{"id":1,"id":2}', b"9" * 400, b"[" * 2000, b'{"a":' * 2000, b"\r\n", b"\x1f\x8b\x08"]
)  # fmt: skip
BODIES = st.one_of(
    st.binary(max_size=200),
    st.lists(PIECES, max_size=8).map(b"".join),
    st.tuples(st.integers(0, len(GOOD)), st.binary(max_size=3)).map(
        lambda cut: GOOD[: cut[0]] + cut[1] + GOOD[cut[0] + 1 :]
    ),
)
VALUES = st.one_of(
    st.text(max_size=40).map(str.encode),
    st.binary(max_size=40),
    st.sampled_from(
        [STRUCTURED.encode(), BATCH.encode(), b"application/json", b"gzip", b"deflate", b"%", b"%E9", b'"', b"1.0"]
    ),
)
NAMES = st.one_of(
    st.sampled_from(
        ["content-type", "content-encoding", "idempotency-key", "ce-id", "ce-source", "ce-type", "ce-time"]
    ),
    st.from_regex(r"ce-[!#$%&'*+.^_`|~0-9a-z-]{0,12}", fullmatch=True),
)
# what no client could send: h11 refuses it before the service hears of it
SENT = st.lists(st.tuples(NAMES, VALUES.filter(lambda value: not {0, 10, 13} & set(value))), max_size=6)


@settings(max_examples=150, deadline=5_000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(headers=SENT, body=BODIES)
@example(headers=[("content-type", BATCH.encode())], body=b"[" + GOOD + b",{" + b"]")
@example(headers=[("content-type", STRUCTURED.encode()), ("content-encoding", b"gzip")], body=b"\x1f\x8b\x08")
@example(headers=[("content-type", b"\xff"), ("ce-id", b"\xff")], body=b"")
def test_no_request_makes_a_fault(posted: Posted, headers: list[tuple[str, bytes]], body: bytes) -> None:
    """Every answer is one of those described, and what waits in the outbox is what was told to be accepted."""
    before = posted.outbox.waiting
    given = [("authorization", f"Bearer {posted.secret}".encode()), *headers]

    answer = posted.client.post("/events", content=body, headers=given)

    assert answer.status_code in (202, 400, 403, 413, 415, 422), answer.text
    accepted = 0
    if answer.status_code == 202:
        accepted = fates(answer).count("accepted")
        assert answer.json()["records"] == len(fates(answer))
    else:
        said = answer.json()
        assert (answer.headers["content-type"], said["status"]) == ("application/problem+json", answer.status_code)
    assert posted.outbox.waiting - before == accepted
