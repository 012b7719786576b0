"""What may be set of a board, once, when it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from starlette.middleware import Middleware

from throughline.schemas.definitions.domain import Domain
from throughline.sinks.disclosure.register import Register
from throughline.sinks.questions.limits import Limits

CountTo = Literal["latest", "day", "month"]


def utc_now() -> datetime:
    """This moment, in UTC and naive, as the store keeps times."""
    return datetime.now(UTC).replace(tzinfo=None)


PAGE_LIMITS = Limits(seconds=20, memory="1GB", spill="2GB")
"""What one page may take."""
KEPT_BYTES = 3 * 10**9


def shared_out(memory: int) -> tuple[Limits, int]:
    """The limits of pages, and the bytes of what is kept, for a board that may take so many bytes in all.

    Half is kept. DuckDB has a quarter for each state of the stores: there are two while the next one is worked out.
    """
    return replace(PAGE_LIMITS, memory=f"{max(memory // 4096, 1)}KiB"), memory // 2


@dataclass(frozen=True)
class Settings:
    """`register`: what was ever shown, beside which small numbers stay hidden; null where all readers work on cases.

    `as_of`: count to this time wherever the address does not say another; null for the latest event. `count_to`: to
    what figures count where neither says: to the latest event, or the end of the last `day` or `month` before it.

    `limits` are those of one page, `kept_bytes` what may be kept for those who ask next; `now` is the clock.
    `middleware` stands before every page, the first one outermost (whoever checks who asks, and notes what was looked
    at, is put here).
    """

    domain: Domain
    register: Register | None = None
    as_of: datetime | None = None
    count_to: CountTo = "latest"
    limits: Limits = PAGE_LIMITS
    kept_bytes: int = KEPT_BYTES
    now: Callable[[], datetime] = utc_now
    middleware: tuple[Middleware, ...] = ()
