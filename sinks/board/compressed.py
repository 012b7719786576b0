"""Pages of figures, compressed for browsers that take it.

Pages of cases are not: they repeat what stands in their address beside what must stay secret, and from its compressed
length, seen on its way, one could be guessed by trying the other (BREACH). Figures hold nothing of one person, and no
page holds a secret of the session.
"""

from __future__ import annotations

import gzip

from starlette.responses import HTMLResponse

# a fifth of the page is left; more effort takes off little
_EFFORT = 5


def compressed(html: str, status: int, accepted: str) -> HTMLResponse:
    """The page; compressed by gzip where `accepted` (Accept-Encoding) has it without refusing it."""
    headers = {"Vary": "Accept-Encoding"}
    if not takes_gzip(accepted):
        return HTMLResponse(html, status, headers)
    return HTMLResponse(gzip.compress(html.encode(), _EFFORT, mtime=0), status, {**headers, "Content-Encoding": "gzip"})


def takes_gzip(accepted: str) -> bool:
    """Whether Accept-Encoding has gzip without refusing it."""
    given = {}
    for one in accepted.lower().split(","):
        name, _, weight = one.partition(";")
        given[name.strip()] = weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return given.get("gzip", False)
