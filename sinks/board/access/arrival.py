"""Who is asking: the user of this machine, somebody whom a proxy names, or somebody who signed in."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from throughline.errors import AccessRefused
from throughline.sinks.board.access.notice import notice
from throughline.sinks.board.access.peer import user_at
from throughline.sinks.board.access.provider import CALLBACK, SignIn
from throughline.sinks.board.access.proxy import vouched_for
from throughline.sinks.board.access.rights import Grant, Person, everything
from throughline.sinks.board.access.role import Claims, Rule, grants_of
from throughline.sinks.board.access.session import Session, Sessions
from throughline.sinks.board.access.settings import Proxy

_SIGN_IN_SECONDS = 600


class Arrivals(ABC):
    """One way of knowing people. `address` is that of the board, None on loopback alone."""

    address: str | None = None
    can_sign_out = False

    @abstractmethod
    async def person(self, request: Request) -> Person | Response:
        """The person, or an answer that sends the browser to sign in. Raises AccessRefused."""

    async def page(self, request: Request) -> Response:
        """An answer to one of the addresses under `/access/`."""
        raise AccessRefused("There is no page at this address.", code="no_page", status=404)


class LocalArrivals(Arrivals):
    """On loopback, with nothing set: whoever connects is a user of this machine, who reads the store's file as well."""

    def __init__(self) -> None:
        self._session = secrets.token_urlsafe(8)

    async def person(self, request: Request) -> Person | Response:
        client, server = request.scope.get("client"), request.scope.get("server")
        name = await run_in_threadpool(user_at, client and tuple(client), server and tuple(server))
        return Person(f"system:{name}", self._session, (everything("local"),))


class ProxyArrivals(Arrivals):
    """Behind a trusted proxy: a session is a person's day, since the proxy says nothing of its own."""

    def __init__(self, proxy: Proxy, address: str, rules: tuple[Rule, ...]) -> None:
        self.address = address
        self._proxy = proxy
        self._rules = rules

    async def person(self, request: Request) -> Person | Response:
        peer = request.client.host if request.client else None
        name, claims = vouched_for(self._proxy, peer, request.scope["headers"])
        day = datetime.now(UTC).date().isoformat()
        return Person(f"proxy:{name}", f"{day}/{name}", _grants(self._rules, name, claims))


class ProviderArrivals(Arrivals):
    """By a provider: a signed cookie says who it is; without one, the browser is sent to sign in."""

    can_sign_out = True

    def __init__(self, sign_in: SignIn, sessions: Sessions, address: str, rules: tuple[Rule, ...]) -> None:
        self.address = address
        self._sign_in = sign_in
        self._sessions = sessions
        self._rules = rules
        self._is_secure = address.startswith("https://")
        prefix = "__Host-" if self._is_secure else ""
        self._cookie, self._browser_cookie = f"{prefix}throughline", f"{prefix}throughline-sign-in"

    async def person(self, request: Request) -> Person | Response:
        session = self._session(request)
        if session is not None:
            # the rules of now: whoever lost a role loses it when the board is started again
            grants = _grants(self._rules, session.name, session.claims)
            return Person(f"provider:{session.name}", session.id, grants)
        if request.method != "GET" or request.headers.get("sec-fetch-mode", "navigate") != "navigate":
            raise AccessRefused(
                "Your session has ended.", code="session", status=401, hint="Open the first page, and sign in again."
            )
        query = request.url.query
        begun = await self._sign_in.begin(request.url.path + (f"?{query}" if query else ""))
        return self._with_cookie(
            RedirectResponse(begun.url, 303, {"cache-control": "no-store"}),
            self._browser_cookie,
            begun.browser,
            _SIGN_IN_SECONDS,
        )

    async def page(self, request: Request) -> Response:
        asked = (request.method, request.url.path)
        if asked == ("GET", CALLBACK):
            return await self._arrive(request)
        if asked == ("GET", "/access/sign-out"):
            return notice("Sign out?", "Your session on this board ends.", signs_out=True, links=[("Stay", "/")])
        if asked == ("POST", "/access/sign-out"):
            return await self._leave(request)
        if asked == ("GET", "/access/signed-out"):
            return notice("You are signed out", links=[("Sign in again", "/")])
        return await super().page(request)

    async def _arrive(self, request: Request) -> Response:
        arrived = await self._sign_in.end(request.query_params, request.cookies.get(self._browser_cookie))
        _grants(self._rules, arrived.name, arrived.claims)
        cookie = self._sessions.begin(arrived.name, arrived.claims)
        session = self._sessions.read(cookie)
        assert session is not None
        # not a redirect: the browser would still say that the provider's site caused it
        answer = notice("You are signed in", links=[("Go on", arrived.wanted)], onward=arrived.wanted)
        self._without_cookie(answer, self._browser_cookie)
        return self._with_cookie(answer, self._cookie, cookie, self._sessions.seconds)

    async def _leave(self, request: Request) -> Response:
        session = self._session(request)
        if session is not None:
            self._sessions.end(session)
        links = [("Sign in again", "/")]
        at = await self._sign_in.sign_out_url()
        if at is not None:
            links.insert(0, ("Sign out of the sign-in service too", at))
        answer = notice(
            "You are signed out of the board",
            "The sign-in service may still know you: on a machine that others use, sign out of it too.",
            links=links,
        )
        return self._without_cookie(answer, self._cookie)

    def _session(self, request: Request) -> Session | None:
        return self._sessions.read(request.cookies.get(self._cookie))

    def _with_cookie(self, answer: Response, name: str, value: str, seconds: int) -> Response:
        answer.set_cookie(name, value, seconds, path="/", secure=self._is_secure, httponly=True, samesite="lax")
        return answer

    def _without_cookie(self, answer: Response, name: str) -> Response:
        answer.delete_cookie(name, path="/", secure=self._is_secure, httponly=True, samesite="lax")
        return answer


def _grants(rules: tuple[Rule, ...], name: str, claims: Claims) -> tuple[Grant, ...]:
    grants = grants_of(rules, name, claims)
    if not grants:
        raise AccessRefused(
            "You are known here, and have no role on this board.",
            code="no_role",
            hint="Ask whoever runs the board to give you one, or a group that has one.",
        )
    return grants
