"""The service: a request is let in, read within its limits, and answered once its events are on the disk."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from throughline.errors import InfrastructureError, OutboxError, RequestRefused, ThroughlineError
from throughline.schemas.wire.network import Network, is_within
from throughline.sources.ingest.body import BodyLimits, read_body
from throughline.sources.ingest.description import description, page
from throughline.sources.ingest.headers import Headers
from throughline.sources.ingest.intake import Intake, Post
from throughline.sources.ingest.load import Load, Rates
from throughline.sources.ingest.problem import problem, records_refused
from throughline.sources.ingest.token import Token, Tokens

log = logging.getLogger(__name__)

_PRUNE_SECONDS = 3_600.0
_KEY_CHARS = 200
_Result = TypeVar("_Result")


@dataclass
class Condition:
    """How the sending goes on: why nothing is sent any more (None: all is well), how many records wait, and whether a
    broker was named and answers."""

    failure: Callable[[], OutboxError | None] = lambda: None
    waiting: Callable[[], int] = lambda: 0
    broker: Callable[[], str] = lambda: "none named"


@dataclass
class Service:
    """What the application is made of. With `proxies`, nobody else is answered. `heard` has the sources by when
    (monotonic seconds) something was last heard of their systems."""

    intake: Intake
    tokens: Tokens
    rates: Rates
    title: str
    types: Sequence[str]
    load: Load = field(default_factory=Load)
    limits: BodyLimits = field(default_factory=BodyLimits)
    proxies: tuple[Network, ...] = ()
    condition: Condition = field(default_factory=Condition)
    heard: dict[str, float] = field(default_factory=dict)


def create_app(service: Service) -> Starlette:
    """The application over `service`. One thread of its own judges and keeps what comes."""
    keeper = ThreadPoolExecutor(1, "throughline-intake")
    described = description(service.title, service.types, service.limits.most_bytes)
    described_text, page_text = orjson.dumps(described), page(described)

    async def in_turn(call: Callable[..., _Result], *given: Any) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(keeper, call, *given)

    def let_in(request: Request) -> Token:
        sent = request.headers.getlist("authorization")
        token = service.tokens.of(sent[0] if len(sent) == 1 else None)
        service.heard[token.source] = time.monotonic()
        return token

    async def post(request: Request) -> Response:
        began = time.monotonic()
        token = let_in(request)
        key = _key(request)
        service.rates.take(token.source, 1)
        with service.load.request() as hold:
            body = await read_body(
                request.stream(),
                declared=request.headers.get("content-length"),
                encoding=",".join(request.headers.getlist("content-encoding")) or None,
                limits=service.limits,
                hold=hold,
            )
            answer = await in_turn(service.intake.take, token, Post(request.headers.raw, body, key))
        said = answer.body
        log.info(
            "token %s, receipt %s%s: %d accepted, %d known, %d refused, %d bytes, %.0f ms", token.id, answer.receipt_id,
            " again" if answer.is_repeated else "", said["accepted"], said["known"], said["refused"], len(body),
            (time.monotonic() - began) * 1000,
        )  # fmt: skip
        headers = {"Location": f"/receipts/{answer.receipt_id}"}
        if answer.status != 202:
            return records_refused(said, answer.status, headers)
        return Response(orjson.dumps(said), 202, headers, "application/json")

    async def receipt(request: Request) -> Response:
        token = let_in(request)
        service.rates.take(token.source, 1)
        found = await in_turn(service.intake.receipt, token, request.path_params["receipt"])
        return Response(orjson.dumps(found), 200, media_type="application/json")

    async def alive(request: Request) -> Response:
        token = let_in(request)
        service.rates.take(token.source, 1)
        return Response(status_code=204)

    async def openapi(request: Request) -> Response:
        return Response(described_text, media_type="application/json")

    async def first_page(request: Request) -> Response:
        return HTMLResponse(page_text)

    async def live(request: Request) -> Response:
        is_live = service.condition.failure() is None
        return Response(orjson.dumps({"live": is_live}), 200 if is_live else 503, media_type="application/json")

    async def ready(request: Request) -> Response:
        condition = service.condition
        is_ready = condition.failure() is None and service.load.requests < service.load.most_requests
        said = {"ready": is_ready, "waiting": condition.waiting(), "broker": condition.broker()}
        return Response(orjson.dumps(said), 200 if is_ready else 503, media_type="application/json")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async def prune() -> None:
            while True:
                await asyncio.sleep(_PRUNE_SECONDS)
                try:
                    await in_turn(service.intake.prune)
                except InfrastructureError as error:
                    log.error("%s", error.what)

        pruning = asyncio.create_task(prune())
        yield
        pruning.cancel()
        await asyncio.to_thread(keeper.shutdown)

    return Starlette(
        routes=[
            Route("/events", post, methods=["POST"]),
            Route("/alive", alive, methods=["POST"]),
            Route("/receipts/{receipt}", receipt, methods=["GET"]),
            Route("/openapi.json", openapi),
            Route("/live", live),
            Route("/ready", ready),
            Route("/", first_page),
        ],
        middleware=[Middleware(Headers), Middleware(_OfProxy, proxies=service.proxies)],
        exception_handlers={
            HTTPException: _http_fault,
            ThroughlineError: _fault,
            ClientDisconnect: _gone,
            Exception: _our_fault,
        },
        lifespan=lifespan,
    )


def _key(request: Request) -> str | None:
    sent = request.headers.getlist("idempotency-key")
    if not sent:
        return None
    key = sent[0].strip()
    if len(sent) > 1 or not key or len(key) > _KEY_CHARS or not (key.isascii() and key.isprintable()):
        raise RequestRefused(
            f"An Idempotency-Key is one text of 1 to {_KEY_CHARS} ASCII characters.",
            code="bad_key",
            status=400,
            hint="A UUID is a good one.",
        )
    return key


class _OfProxy:
    """ASGI middleware: with proxies, a request comes from one of them, which had it by TLS, or is refused."""

    def __init__(self, app: Any, proxies: tuple[Network, ...]) -> None:
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and self._proxies:
            peer = scope.get("client")
            schemes = [value for name, value in scope["headers"] if name == b"x-forwarded-proto"]
            if not is_within(self._proxies, peer and peer[0]) or any(one.strip() != b"https" for one in schemes):
                refused = RequestRefused(
                    "This service is reached by its address, over TLS, only.", code="not_the_proxy", status=403
                )
                await problem(refused)(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def _fault(request: Request, error: Exception) -> Response:
    if isinstance(error, RequestRefused):
        log.info("refused with %d %s", error.status, error.code)
        return problem(error)
    assert isinstance(error, ThroughlineError)
    log.error("%s", error)
    return problem(
        RequestRefused(
            "Nothing can be kept here at the moment.",
            code="cannot_keep",
            status=503,
            hint="Send it again later: nothing counts twice.",
            headers={"Retry-After": "10"},
        )
    )


async def _http_fault(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    what = {404: "There is nothing at this address.", 405: "This cannot be done at this address."}
    refused = RequestRefused(
        what.get(error.status_code, "The request cannot be read."),
        code={404: "not_found", 405: "no_such_method"}.get(error.status_code, "bad_request"),
        status=error.status_code,
        hint="`/openapi.json` describes what can be asked.",
        headers=error.headers or {},
    )
    return problem(refused)


async def _gone(request: Request, error: Exception) -> Response:
    return problem(RequestRefused("The client went away.", code="gone", status=400))


async def _our_fault(request: Request, error: Exception) -> Response:
    # the message of an error may have content in it
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("a request could not be answered: %s\n%s", type(error).__name__, where)
    return problem(
        RequestRefused(
            "Something went wrong here, and was written to the log.",
            code="our_fault",
            status=500,
            hint="Send it again: nothing counts twice.",
        )
    )
