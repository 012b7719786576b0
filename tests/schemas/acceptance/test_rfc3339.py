"""Times as text: what is an instant, a day or a month, and what is none."""

from __future__ import annotations

import pytest

from throughline.schemas.acceptance.rfc3339 import read_instant, read_label

# 2026-03-02T10:15:07Z is 20,514 days (56 years of 365, 14 of them leap, then 31 + 28 + 1) and 36,907 s after 1970 began
INSTANT = (20_514 * 86_400 + 36_907) * 1_000_000


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("2026-03-02T10:15:07Z", 0),
        ("2026-03-02t10:15:07z", 0),
        ("2026-03-02T11:15:07+01:00", 0),
        ("2026-03-02T10:15:07.5Z", 500_000),
        ("2026-03-02T10:15:07.1234569Z", 123_456),
    ],
)
def test_an_instant_states_its_offset(text: str, micros: int) -> None:
    assert read_instant(text) == INSTANT + micros


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02 10:15:07Z",
        "2026-03-02_10:15:07Z",
        "2026-03-02T10:15:07",
        "2026-03-02T10:15:60Z",
        "2026-03-02T10:15Z",
        "2026-03-02",
        "2026/03/02T10:15:07Z",
        "2026-03-02T10.15:07Z",
        "2026-03-02T10:15.07Z",
        "2026-02-29T10:15:07Z",
        "٢٠٢٦-03-02T10:15:07Z",
        "",
    ],
)
def test_what_only_looks_like_an_instant_is_none(text: str) -> None:
    """A space for the `T` among them, which Python would take."""
    assert read_instant(text) == "bad_time"


@pytest.mark.parametrize("text", ["0000-03-02T10:15:07Z", "0000-03-02T10:15:07+01:00"])
def test_a_time_that_no_calendar_has_is_out_of_range(text: str) -> None:
    assert read_instant(text) == "time_out_of_range"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("2026-03-02", (20_514 * 86_400_000_000, "day")),
        ("2026-03", (20_513 * 86_400_000_000, "month")),
        ("2026-02-29", "bad_time"),
        ("2026-13", "bad_time"),
        ("2026", "bad_time"),
        ("2026-3-2", "bad_time"),
        ("0000-01-01", "time_out_of_range"),
    ],
)
def test_a_day_or_a_month_is_the_label_of_its_first_day(text: str, label: object) -> None:
    assert read_label(text) == label
