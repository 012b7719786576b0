"""The gate before an application: whoever asks is known, may see the page, and looks at no case without a record of it.

ASGI middleware. In order: the name that the request was sent to, the site that caused it, the person, the need of the
route, the case, the reason, the record; then the application answers. Whatever fails ends in a page that says so.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import duckdb
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from throughline.errors import AccessRefused, LooksError, StoreError
from throughline.schemas.wire.network import is_loopback
from throughline.sinks.board.access.arrival import Arrivals
from throughline.sinks.board.access.declaration import Found, Visit, find_route
from throughline.sinks.board.access.looks import Looks
from throughline.sinks.board.access.notice import notice, refusal
from throughline.sinks.board.access.origin import host_of, is_from_elsewhere, one_header, own_page
from throughline.sinks.board.access.provider import CALLBACK
from throughline.sinks.board.access.rights import Person, may, may_see_case
from throughline.sinks.board.access.settings import Reasons

log = logging.getLogger(__name__)

Open = Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]
Find = Callable[[duckdb.DuckDBPyConnection, str], Sequence[str]]

_REASONS_KEPT = 50_000
_FORM_LIMIT = 10_000
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Gate:
    """An application behind the gate.

    `store` opens the store for reading, once for each look; `find` gives the ids of the cases that are called so.
    """

    def __init__(
        self, app: Starlette, arrivals: Arrivals, reasons: Reasons, looks: Looks, store: Open, find: Find
    ) -> None:
        self._app: ASGIApp = app
        self._routes = app.routes
        self._arrivals = arrivals
        self._reasons = reasons
        self._looks = looks
        self._store = store
        self._find = find
        self._given: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        sender = _Sender(send)
        request = Request(scope, receive)
        try:
            answer = await self._answer(request, sender)
        except AccessRefused as error:
            log.warning("refused: %s", error.code)
            answer = refusal(error, self._ways_on(request, error))
        except (LooksError, StoreError) as error:
            log.error("nothing is shown: %s", type(error).__name__)
            if sender.has_begun:
                # the application's own answer to its failure
                return
            answer = refusal(_not_recorded(error))
        if answer is not None:
            await answer(scope, receive, sender)

    async def _answer(self, request: Request, sender: _Sender) -> Response | None:
        """The answer to a request; None where the application gave it."""
        self._check_sender(request)
        if request.url.path.startswith("/access/"):
            says_why = (request.method, request.url.path) == ("POST", "/access/reason")
            return await (self._take_reason(request) if says_why else self._arrivals.page(request))
        person = await self._arrivals.person(request)
        if isinstance(person, Response):
            return person
        found = find_route(self._routes, dict(request.scope))
        if found is None:
            raise AccessRefused("There is no page at this address.", code="no_page", status=404)
        declared = found.declaration
        shows_unnamed = declared is not None and declared.case is not None and found.case is None
        if declared is None or shows_unnamed or not may(person, declared.need):
            raise AccessRefused(
                "Your role does not let you see this page.",
                code="need",
                hint="Ask whoever runs the board if you need it for your work.",
            )
        visit = Visit(person, found.page, self._looks)
        if declared.case is not None:
            asked = await run_in_threadpool(self._look_at_one, visit, found, request)
            if asked is not None:
                return asked
        request.scope.setdefault("state", {})["visit"] = visit
        sender.visit = visit if declared.need == "cases" and declared.case is None else None
        sender.keeps_nothing = declared.need == "cases" or declared.case is not None
        await self._app(request.scope, request.receive, sender)
        return None

    def _check_sender(self, request: Request) -> None:
        """Refuse what was sent to another name than ours, or was caused by another site."""
        headers = request.scope["headers"]
        try:
            sent_to = one_header(headers, "host") or ""
            said = {name: one_header(headers, name) for name in ("sec-fetch-site", "origin")}
        except ValueError:
            raise _odd() from None
        host, address = host_of(sent_to), self._arrivals.address
        if host is None:
            raise _odd()
        if address is None and not is_loopback(host):
            raise AccessRefused(
                "The board on this machine answers to 127.0.0.1 and localhost only.",
                code="host",
                status=421,
                hint="Type its address yourself. A page that sent you here may have wanted to read the board.",
            )
        if address is not None and sent_to.lower() != address.partition("://")[2]:
            raise AccessRefused("The board has another address.", code="host", status=421, hint=f"Use {address}.")
        own = address or f"http://{sent_to}"
        # the provider sends people back from its own site
        if is_from_elsewhere(said, own) and request.url.path != CALLBACK:
            raise AccessRefused(
                "Another site sent you here, so nothing was done.",
                code="elsewhere",
                hint="If you followed a link on purpose, go on from here.",
            )

    def _ways_on(self, request: Request, error: AccessRefused) -> list[tuple[str, str]]:
        if error.code == "elsewhere" and request.method == "GET":
            return [("Open the page", _page_of(request))]
        if error.code in ("host", "odd", "elsewhere", "other_user"):
            return []
        links = [("To the first page", "/")]
        return [*links, ("Sign out", "/access/sign-out")] if self._arrivals.can_sign_out else links

    def _look_at_one(self, visit: Visit, found: Found, request: Request) -> Response | None:
        """Put a look at one case on the record; a form instead, where the person has yet to say why.

        A case is shown under its id alone: another of its names leads there.
        """
        person = visit.person
        case, is_open = self._called(person, found.case or "")
        if not is_open:
            self._looks.write([visit.look(case, "refused", None)])
            log.warning("refused: a case, to %s", person.id)
            # as if there were none: that a case exists is not for everybody to know
            raise _no_case()
        if case != found.case:
            return _sent_on(found.page_of(case) + (f"?{request.url.query}" if request.url.query else ""))
        why = self._given.get((person.session, case))
        if why is None and self._reasons.asked_of & {grant.role for grant in person.grants if "cases" in grant.may}:
            return notice(
                "Why do you need to see this case?",
                "Your answer is kept, with your name and the time, for those who look after the board. "
                "You are asked once for each case while you are signed in.",
                status=403,
                reasons=self._reasons.listed,
                case=case,
                page=_page_of(request),
            )
        self._looks.write([visit.look(case, "shown", why)])
        return None

    async def _take_reason(self, request: Request) -> Response:
        """Keep why a person looks at a case, and send the browser back to the page."""
        person = await self._arrivals.person(request)
        if isinstance(person, Response):
            return person
        if int(request.headers.get("content-length") or _FORM_LIMIT + 1) > _FORM_LIMIT:
            raise _odd()
        form = await request.form()
        case, page, reason = (str(form.get(name, "")) for name in ("case", "page", "reason"))
        if reason not in self._reasons.listed:
            raise AccessRefused(
                "You did not choose a reason of the list.", code="reason", hint="Go back, and choose one."
            )

        def keep() -> None:
            found, is_open = self._called(person, case)
            if not is_open:
                raise _no_case()
            self._given[person.session, found] = reason
            while len(self._given) > _REASONS_KEPT:
                self._given.popitem(last=False)

        await run_in_threadpool(keep)
        return _sent_on(page)

    def _called(self, person: Person, name: str) -> tuple[str, bool]:
        """The id of the case called so, and whether the person may see it. Raises AccessRefused for none or several."""
        with self._store() as connection:
            found = self._find(connection, name)
            if len(found) > 1:
                raise AccessRefused(
                    "More than one case is called so.",
                    code="several",
                    status=404,
                    hint="Give the kind of the number too, as in urn:20PP0012326.",
                )
            if not found:
                raise _no_case()
            return found[0], may_see_case(connection, person, int(found[0].removeprefix("c"), 16))


class _Sender:
    """Sends an answer on, with headers that keep it here; one that shows cases without a record is held back."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._is_held_back = False
        self.has_begun = False
        self.visit: Visit | None = None
        self.keeps_nothing = False

    async def __call__(self, message: Message) -> None:
        if self._is_held_back:
            return
        visit = self.visit
        if message["type"] != "http.response.start":
            await self._send(message)
            return
        self.has_begun = True
        if visit is not None and not visit.has_looked and (visit.has_tried or 200 <= message["status"] < 300):
            self._is_held_back = True
            if not visit.has_tried:
                log.error("the page %s shows cases and put no look on the record", visit.page)
            page = refusal(_not_recorded(LooksError("")))
            await self._send({"type": message["type"], "status": page.status_code, "headers": page.raw_headers})
            await self._send({"type": "http.response.body", "body": page.body})
        else:
            await self._send({**message, "headers": _with_headers(message.get("headers", ()), self.keeps_nothing)})


def _sent_on(page: str) -> Response:
    return Response(status_code=303, headers={"location": own_page(page), "cache-control": "no-store"})


def _with_headers(given: Any, keeps_nothing: bool) -> list[tuple[bytes, bytes]]:
    headers = [(key, value) for key, value in given if not (keeps_nothing and key.lower() == b"cache-control")]
    if keeps_nothing:
        headers.append((b"cache-control", b"no-store"))
    there = {key.lower() for key, _ in headers}
    return headers + [(key, value) for key, value in _HEADERS if key not in there]


def _page_of(request: Request) -> str:
    path, query = request.scope.get("raw_path") or b"/", request.url.query
    return own_page(path.decode("latin-1").partition("?")[0] + (f"?{query}" if query else ""))


def _no_case() -> AccessRefused:
    return AccessRefused(
        "No case that you may see is called so.",
        code="no_case",
        status=404,
        hint="Check its number. If it is yours, ask whoever runs the board.",
    )


def _odd() -> AccessRefused:
    return AccessRefused("The request is not one that a browser makes.", code="odd", status=400)


def _not_recorded(error: Exception) -> AccessRefused:
    not_read = isinstance(error, StoreError)
    return AccessRefused(
        "The store cannot be read now." if not_read else "The case is not shown: the look at it could not be recorded.",
        code="store" if not_read else "record",
        status=503,
        hint="Try again in some minutes. If it lasts, tell whoever runs the board.",
    )
