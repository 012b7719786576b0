"""The application: each page is asked in a thread with a connection of its own, and ends at the limits."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from throughline.errors import DataError, InfrastructureError, QueryError, ThroughlineError, UsageError
from throughline.sinks.board.access.declaration import needs
from throughline.sinks.board.access.rights import make_visible_cases
from throughline.sinks.board.ahead import ahead, begin_drawing
from throughline.sinks.board.compressed import compressed
from throughline.sinks.board.frame.asked import Asked
from throughline.sinks.board.frame.page import Download, NotFoundError, Page, Redirect
from throughline.sinks.board.frame.place import Place
from throughline.sinks.board.frame.rendering import Rendering
from throughline.sinks.board.frame.settings import Settings
from throughline.sinks.board.fresh import fresh
from throughline.sinks.board.headers import Headers
from throughline.sinks.board.reading.kept import Kept
from throughline.sinks.board.reading.present import Present
from throughline.sinks.board.reading.settled import Settled
from throughline.sinks.board.reading.turn import Turns
from throughline.sinks.board.ready import Ready, address_of
from throughline.sinks.board.routes import HOME, PLACES
from throughline.sinks.board.words.names import Names
from throughline.sinks.questions.limits import limited

log = logging.getLogger(__name__)
SERVICE = "Throughline"


def create_app(stores: Present, settings: Settings) -> Starlette:
    """The board over the newest state of `stores`, which it closes when it ends."""
    names = Names(settings.domain)
    rendering = Rendering(PLACES, names, SERVICE)
    kept = Kept(settings.limits.seconds, most_bytes=settings.kept_bytes)
    turns = Turns(settings.limits.seconds)
    settled = Settled(stores, ahead(PLACES, names, settings, kept), lambda stamp: kept.forget({stamp}))
    ready = Ready(settled, kept, settings)

    def answer(place: Place, request: Request) -> Response:
        """Ask the stores and draw the page: in a thread."""
        reading = settled.reading() if place.is_of_figures else stores.reading()
        with reading as state, state.cursor() as cursor, limited(cursor, settings.limits):
            visit = getattr(request.state, "visit", None)
            asked = Asked(
                request.url.path,
                {name: str(value) for name, value in request.path_params.items()},
                dict(request.query_params),
                cursor,
                state.facts,
                names,
                settings,
                kept,
                visit,
                place.is_of_figures,
                place.can_be_as_known,
            )
            cursor.execute("set variable as_of = ?::timestamp", [asked.as_of])
            make_visible_cases(cursor, visit.person if visit else None)
            if place.needs == "figures":
                # the same for everybody: it depends on the state and its address alone, and on no clock
                page = kept.get(asked.facts.stamp, address_of(request), lambda: place.show(asked))
            else:
                page = place.show(asked)
            if isinstance(page, Redirect):
                return RedirectResponse(page.address, 303)
            if isinstance(page, Download):
                headers = {"Content-Disposition": f'attachment; filename="{page.name}"'}
                return Response(page.content, media_type=page.kind, headers=headers)
            html = rendering.html(page, asked, place)
            if place.needs == "figures":
                sent = compressed(html, page.status, request.headers.get("accept-encoding", ""))
                ready.keep(state.facts, request, sent)
                return sent
            return HTMLResponse(html, page.status)

    async def answered(place: Place, request: Request) -> Response:
        """What is at hand at once; what is to be counted in its turn, once for all who ask; the rest in a thread."""
        while (at_hand := ready.answer(place, request)) is None:
            if not place.is_of_figures or ready.has_page(place, request):
                return await run_in_threadpool(answer, place, request)
            made = await turns.made(address_of(request), lambda: answer(place, request))
            if made is not None:
                return made
        return at_hand

    def endpoint(place: Place) -> Callable[[Request], object]:
        async def show(request: Request) -> Response:
            try:
                return await answered(place, request)
            except (NotFoundError, ThroughlineError) as error:
                return fault(error)
            except Exception as error:  # a fault of ours: it is in the log, and the reader is told so
                return await not_answered(request, error)

        return show

    def declared(place: Place) -> Callable[[Request], object]:
        show = endpoint(place)
        return show if place.needs is None else needs(place.needs, case=place.case)(show)

    def fault(error: NotFoundError | ThroughlineError) -> Response:
        status, heading = _kind_of(error)
        if status >= 500:
            log.error("%s", error)
        hint = _TOO_MUCH if isinstance(error, QueryError) else error.hint
        return HTMLResponse(rendering.bare_html(_fault_page(heading, error.what, hint, status)), status)

    async def not_answered(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status == 500:
            log.error("a page could not be shown: %s", request.url.path, exc_info=error)
        heading, what, hint = _SAID.get(status, _SAID[500])
        return HTMLResponse(rendering.bare_html(_fault_page(heading, what, hint, status)), status)

    @needs("anyone")
    async def home(request: Request) -> Response:
        visit = getattr(request.state, "visit", None)
        open_pages = (place.path for place in PLACES if place.label and (visit is None or visit.may(place.needs)))
        return RedirectResponse(next(open_pages, HOME), 307)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        begin_drawing()
        await run_in_threadpool(settled.begin)
        yield
        turns.close()
        await run_in_threadpool(settled.close)
        await run_in_threadpool(stores.close)

    pages = [Route(place.path, declared(place), name=place.name, methods=["GET"]) for place in PLACES]
    return Starlette(
        routes=[
            Route("/", home),
            *pages,
            Route("/fresh", needs("anyone")(fresh(stores, settled))),
            Mount("/static", needs("anyone")(StaticFiles(directory=Path(__file__).parent / "static"))),
        ],
        middleware=[Middleware(Headers), *settings.middleware],
        exception_handlers={HTTPException: not_answered, Exception: not_answered},
        lifespan=lifespan,
    )


_SAID = {
    404: (
        "Page not found",
        "There is no page at this address.",
        "Check the address. If you came by a link, it may be from an earlier version of the board.",
    ),
    405: ("This cannot be done here", "The board only shows: nothing can be changed on it.", "Go back, and reload."),
    500: (
        "The page could not be shown",
        "Something went wrong in the board, and was written to its log. Nothing in the store was changed.",
        "Try again. If it happens again, tell whoever runs the board what you were looking at, and when.",
    ),
}


_TOO_MUCH = "Ask for less: one area, one agency, or a single case. If it happens again, tell whoever runs the board."


def _kind_of(error: NotFoundError | ThroughlineError) -> tuple[int, str]:
    if isinstance(error, NotFoundError):
        return 404, "Not found"
    if isinstance(error, QueryError):
        return 503, "The page took too long"
    if isinstance(error, UsageError | DataError):
        return 400, "The address cannot be read"
    return (503, "The store cannot be read") if isinstance(error, InfrastructureError) else (500, "An error")


def _fault_page(heading: str, what: str, hint: str, status: int) -> Page:
    return Page("fault.html", heading, {"what": what, "hint": hint}, status=status)
