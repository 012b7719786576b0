"""Who knew what when: how long after it happened an event was written down, and shared with the others.

What is known to a day or a month only was written down within bounds: least and most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from throughline.sinks.board.case.axis import bounds
from throughline.sinks.board.case.history import Row
from throughline.sinks.board.case.svg import drawing, element, text, wrapped
from throughline.sinks.board.words.duration import counted, duration_words, span_words
from throughline.sinks.board.words.names import Names, lowered

_DAY = 86_400.0
_WIDTH, _GUTTER, _ROW, _TOP = 960.0, 330.0, 26.0, 30.0


@dataclass(frozen=True)
class Lag:
    """An event, and the seconds from when it happened to when it was written down (least and most) and received."""

    row: Row
    what: str
    written_least: float | None
    written_most: float | None
    shared: float

    @property
    def written_words(self) -> str:
        """How long after it happened it was written down."""
        if self.written_most is None or self.written_least is None:
            return "not stated"
        if self.written_most < _DAY:
            return "the same day" if self.written_most >= 3600 else "at once"
        if self.written_least < _DAY:
            return f"up to {duration_words(self.written_most)} later"
        return f"{span_words(self.written_least, self.written_most)} later"

    @property
    def shared_words(self) -> str:
        """How long after it happened the others could know it."""
        return f"{duration_words(self.shared)} later" if self.shared >= _DAY else "the same day"

    @property
    def is_slow(self) -> bool:
        """Whether it was written down more than a day after it had certainly happened."""
        return self.written_least is not None and self.written_least > _DAY


def lags(events: Sequence[Row], names: Names) -> list[Lag]:
    """Each event with its lags, in order."""
    return [_lag(row, names) for row in events]


def slowest(found: Sequence[Lag], most: int) -> list[Lag]:
    """Those written down, or shared, last after they happened; more than a day each."""
    slow = [one for one in found if one.is_slow or one.shared > 3 * _DAY]
    return sorted(slow, key=lambda one: (-one.shared, one.row["position"]))[:most]


def summed_up(found: Sequence[Lag]) -> str:
    """How quickly the agencies wrote things down, in a sentence."""
    slow = [one for one in found if one.is_slow]
    stated = [one for one in found if one.written_most is not None]
    if not stated:
        return "No agency says when it wrote these events down."
    if not slow:
        return "Every event was written down within a day of happening, as far as agencies say."
    longest = max(slow, key=lambda one: one.written_most or 0.0)
    were = "was" if len(slow) == 1 else "were"
    return (
        f"Of {counted(len(found), 'event')}, {len(slow)} {were} written down more than a day after happening. "
        f"The slowest was written down {longest.written_words}: {lowered(longest.what)}."
    )


def chart(found: Sequence[Lag]) -> Markup:
    """A line for each event, from when it happened to when it was written down (square) and shared (triangle)."""
    longest = max(max(one.shared, one.written_most or 0.0) for one in found)
    scale = (_WIDTH - _GUTTER - 30) / longest
    parts: list[Markup] = []
    bottom = _TOP + _ROW * len(found)
    for days in _steps(longest / _DAY):
        x = _GUTTER + days * _DAY * scale
        label = "happened" if days == 0 else counted(days, "day")
        parts.append(element("line", x1=x, x2=x, y1=_TOP - 6, y2=bottom, class_="grid"))
        parts.append(text(x, 14.0, label, class_="tick", text_anchor="middle"))
    for place, one in enumerate(found):
        y = _TOP + _ROW * place + _ROW / 2
        parts.append(text(0.0, y + 4, wrapped(one.what, 46, 1)[0], class_="lane"))
        parts.append(element("line", x1=_GUTTER, x2=_GUTTER + one.shared * scale, y1=y, y2=y, class_="lag"))
        parts.append(element("circle", cx=_GUTTER, cy=y, r=4, class_="event"))
        if one.written_most is not None and one.written_least is not None:
            left, right = (_GUTTER + seconds * scale for seconds in (one.written_least, one.written_most))
            parts.append(element("rect", x=left - 4, y=y - 5, width=right - left + 8, height=10.0, class_="written"))
        x = _GUTTER + one.shared * scale
        parts.append(element("path", d=f"M{x - 5:.1f} {y - 6:.1f}l10 6l-10 6z", class_="shared"))
    desc = " ".join(f"{one.what}: written down {one.written_words}, shared {one.shared_words}." for one in found)
    return drawing(_WIDTH, bottom + 6, *parts, title="From happening to sharing", desc=desc, id_="lags")


def _lag(row: Row, names: Names) -> Lag:
    early, late = bounds(row["occurred_at"], row["occurred_precision"], names.zone)
    written: datetime | None = row["recorded_at"]
    return Lag(
        row,
        names.event(row["type"], row),
        None if written is None else max((written - late).total_seconds(), 0.0),
        None if written is None else max((written - early).total_seconds(), 0.0),
        max((row["received_at"] - early).total_seconds(), 0.0),
    )


def _steps(days: float) -> list[int]:
    """At most six whole numbers of days from nothing to `days`."""
    step = next(one for one in (1, 2, 5, 7, 14, 28, 56, 91, 182, 365, 730, 3650, 36500) if days / one <= 5)
    return [step * place for place in range(int(days // step) + 1)]
