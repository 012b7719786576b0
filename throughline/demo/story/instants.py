"""Times of made-up events: whole seconds since 1970 UTC, their text, and the office hours they fall in."""

from __future__ import annotations

from datetime import date

DAY = 86_400
HOUR = 3_600
_EPOCH = date(1970, 1, 1).toordinal()
_MINUTES = [f"T{minute // 60:02d}:{minute % 60:02d}:" for minute in range(1440)]
_SECONDS = [f"{second:02d}Z" for second in range(60)]
_days: dict[int, str] = {}


def instant_text(time: int) -> str:
    """RFC 3339 in UTC, to the second."""
    day, second = divmod(time, DAY)
    text = _days.get(day) or day_text(time)
    return text + _MINUTES[second // 60] + _SECONDS[second % 60]


def day_text(time: int) -> str:
    """YYYY-MM-DD of the day in UTC; between 08:00 and 20:00 that is the day in London too."""
    day = time // DAY
    text = _days.get(day)
    if text is None:
        text = _days[day] = date.fromordinal(_EPOCH + day).isoformat()
    return text


def office_time(time: int, part: float, after: int = 0) -> int:
    """About that time, on a weekday between 08:30 and 17:30 UTC, and later than `after`.

    `part` (0 to 1) chooses the time of day. A Saturday becomes the Friday and a Sunday the Monday, so that
    the lengths of delays stay what they were on the whole. Bank holidays are worked.
    """
    day = time // DAY
    weekday = (day + 3) % 7  # 1 January 1970 was a Thursday
    if weekday == 5:
        day -= 1
    elif weekday == 6:
        day += 1
    moment = day * DAY + 30_600 + int(part * 32_400)
    return moment if moment > after else after + 60 + int(part * 3_600)
