"""How long something lasted, in the two largest units that matter: `3 weeks and 2 days`, `25 minutes`.

Always rounded down to the smaller of the two: what is said to have lasted so long, did.
"""

from __future__ import annotations

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_YEAR = 365 * _DAY


def counted(amount: int, unit: str) -> str:
    """`1 day`, `2 days`."""
    return f"{amount:,} {unit}" if amount == 1 else f"{amount:,} {unit}s"


def duration_words(seconds: float) -> str:
    """Seconds in words. Two units at most; weeks from two weeks on, years from 365 days on."""
    whole = int(max(seconds, 0))
    if whole < _MINUTE:
        return "less than a minute"
    if whole < _HOUR:
        return counted(whole // _MINUTE, "minute")
    if whole < _DAY:
        return _two(whole, _HOUR, "hour", _MINUTE, "minute")
    if whole < 3 * _DAY:
        return _two(whole, _DAY, "day", _HOUR, "hour")
    if whole < 14 * _DAY:
        return counted(whole // _DAY, "day")
    if whole < _YEAR:
        return _two(whole, 7 * _DAY, "week", _DAY, "day")
    return _two(whole, _YEAR, "year", 7 * _DAY, "week")


def span_words(least: float, most: float) -> str:
    """A duration of which only bounds are known: `between 3 days and 5 days`; once, where both are said alike."""
    low, high = duration_words(least), duration_words(most)
    return low if low == high else f"between {low} and {high}"


def _two(whole: int, larger: int, name: str, smaller: int, other: str) -> str:
    first, rest = divmod(whole, larger)
    second = rest // smaller
    return f"{counted(first, name)} and {counted(second, other)}" if second else counted(first, name)
