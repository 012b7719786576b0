"""Answers that are at hand: pages of figures as they were last sent, given without a thread and without a question.

What is at hand must not wait for what is being counted, and both are asked of one process.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import get_args

from starlette.requests import Request
from starlette.responses import Response

from throughline.sinks.board.access.rights import Need
from throughline.sinks.board.ahead import page_key
from throughline.sinks.board.compressed import takes_gzip
from throughline.sinks.board.frame.place import Place
from throughline.sinks.board.frame.rendering import freshness
from throughline.sinks.board.frame.settings import Settings
from throughline.sinks.board.reading.kept import Kept
from throughline.sinks.board.reading.present import Facts
from throughline.sinks.board.reading.settled import Settled


@dataclass(frozen=True)
class Sent:
    """What was sent, without what is added for one visitor on its way."""

    body: bytes
    status: int
    headers: dict[str, str]

    @property
    def nbytes(self) -> int:
        return len(self.body)


class Ready:
    """The answers of `settled`, among what is `kept` of its states."""

    def __init__(self, settled: Settled, kept: Kept, settings: Settings) -> None:
        self._settled = settled
        self._kept = kept
        self._settings = settings

    def answer(self, place: Place, request: Request) -> Response | None:
        """What was sent to such a request of the state that is shown; None where nothing was."""
        facts = self._settled.at_hand() if place.needs == "figures" else None
        sent = None if facts is None else self._kept.at_hand(facts.stamp, self._key(facts, request))
        return Response(sent.body, sent.status, sent.headers) if isinstance(sent, Sent) else None

    def has_page(self, place: Place, request: Request) -> bool:
        """Whether the page is at hand, and only to be drawn up for who asks."""
        facts = self._settled.at_hand() if place.needs == "figures" else None
        return facts is not None and self._kept.at_hand(facts.stamp, address_of(request)) is not None

    def keep(self, facts: Facts, request: Request, answer: Response) -> None:
        """Keep an answer that shows the state of these facts."""
        sent = Sent(bytes(answer.body), answer.status_code, dict(answer.headers))
        self._kept.get(facts.stamp, self._key(facts, request), lambda: sent)

    def _key(self, facts: Facts, request: Request) -> Hashable:
        """All that an answer depends on beside the state: its address, what the visitor may see, how old it says that
        the state is, and whether it is compressed."""
        visit = getattr(request.state, "visit", None)
        rights = None if visit is None else frozenset(need for need in get_args(Need) if visit.may(need))
        age = freshness(facts.received_at, self._settings.now())
        packed = takes_gzip(request.headers.get("accept-encoding", ""))
        return ("answer", address_of(request), rights, age["age"], age.get("is_old"), packed)


def address_of(request: Request) -> Hashable:
    """Under what a page is kept (`page_key`)."""
    return page_key(request.url.path, request.url.query)
