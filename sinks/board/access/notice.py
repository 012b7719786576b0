"""The pages that stand before the board's own: refusals, the question why, signing in and out; no JavaScript."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from http import HTTPStatus

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from starlette.responses import HTMLResponse

from throughline.errors import AccessRefused

_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
}
_TITLES = {401: "Sign in first", 403: "You may not see this", 404: "There is no such page", 503: "Not now"}


def notice(
    title: str,
    *sentences: str,
    status: int = 200,
    links: Sequence[tuple[str, str]] = (),
    reasons: Mapping[str, str] | None = None,
    case: str = "",
    page: str = "",
    signs_out: bool = False,
    onward: str | None = None,
) -> HTMLResponse:
    """A page with a heading, sentences and, where they are given, links (text, target), a question or a button.

    With `onward` the browser goes there by itself: from our own page, and not as sent by another site.
    """
    shown = _template().render(
        title=title,
        sentences=sentences,
        links=links,
        reasons=reasons or {},
        case=case,
        page=page,
        signs_out=signs_out,
        onward=onward,
    )
    return HTMLResponse(shown, status, _HEADERS)


def refusal(error: AccessRefused, links: Sequence[tuple[str, str]] = ()) -> HTMLResponse:
    """The page of somebody who was not let in: what happened, and what to do."""
    title = _TITLES.get(error.status) or HTTPStatus(error.status).phrase
    return notice(title, *(part for part in (error.what, error.hint) if part), status=error.status, links=links)


@cache
def _template() -> Template:
    loader = PackageLoader("throughline.sinks.board.access")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("notice.html")
