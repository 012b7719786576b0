"""A stream of server-sent events: one whenever something new was committed to the stores."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from throughline.sinks.board.reading.present import Present
from throughline.sinks.board.reading.settled import Settled

_EVERY = 1.0
# a line that says nothing, so that a connection that has gone is noticed
_BEATS = 15


def fresh(stores: Present, settled: Settled) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint: the first event says which state is shown now, and of which figures are; each further one which has
    taken its place."""

    async def follow(request: Request) -> Response:
        return StreamingResponse(
            _events(stores, settled, request), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )

    return follow


async def _events(stores: Present, settled: Settled, request: Request) -> AsyncIterator[str]:
    def stamps() -> dict[str, str]:
        with settled.reading() as of_figures:
            return {"stamp": stores.state().facts.stamp, "figures": of_figures.facts.stamp}

    shown, beats = dict[str, str](), 0
    while not await request.is_disconnected():
        now = await run_in_threadpool(stamps)
        if now != shown:
            shown = now
            yield f"event: state\ndata: {json.dumps(shown)}\n\n"
        beats += 1
        if beats % _BEATS == 0:
            yield ": still here\n\n"
        await asyncio.sleep(_EVERY)
