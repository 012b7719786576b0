"""What is more than usual variation: limits worked out by hand, as an XmR chart has them."""

from __future__ import annotations

import pytest

from throughline.sinks.measures.variation import variation


def test_the_limits_lie_so_many_mean_moving_ranges_from_the_mean() -> None:
    """Mean 12; ranges 2, 4, 1, 3, 5 have the mean 3: 2.66 × 3 = 7.98."""
    made = variation([10, 12, 16, 15, 12, 7])

    assert made is not None
    assert (made.mean, made.lower, made.upper) == pytest.approx((12, 4.02, 19.98))
    assert made.signals == (None,) * 6


def test_what_lies_beyond_a_limit_is_more_than_usual() -> None:
    """Mean 20; ranges 0 but for the last, 100, mean 100/9: limits −9.56 and 49.56."""
    made = variation([10.0] * 9 + [110.0])

    assert made is not None
    assert (made.lower, made.upper) == pytest.approx((20 - 2.66 * 100 / 9, 20 + 2.66 * 100 / 9))
    assert made.signals[-1] == "beyond"
    assert made.signals[:-1] == ("shift",) * 9, "and nine below the mean are a shift"


@pytest.mark.parametrize(("run", "signal"), [(7, None), (8, "shift")])
def test_eight_on_one_side_of_the_mean_are_a_shift(run: int, signal: str | None) -> None:
    """Up and down by 0.8 about 5, then about 3: ranges of 1.6 keep all of them within the limits."""
    wave = [(-1.0) ** place * 0.8 for place in range(run)]
    above, below = [5 + value for value in wave], [3 + value for value in wave]

    made = variation([*above, *below])

    assert made is not None
    assert made.signals == (signal,) * (2 * run)


def test_one_on_the_mean_ends_a_run() -> None:
    """Seven above the mean, one on it, one above: no eight in a row."""
    made = variation([*[1.0] * 7, 0.0, 1.0, *[-4.0] * 2])

    assert made is not None
    assert made.mean == 0
    assert "shift" not in made.signals


@pytest.mark.parametrize("value", [0.003, 0.7, 61_714.28571428572, 0.0])
@pytest.mark.parametrize("count", [6, 11, 12, 23])
def test_what_never_changes_is_no_signal(value: float, count: int) -> None:
    """The mean of equal values may differ from them by a hair."""
    made = variation([value] * count)

    assert made is not None
    assert made.signals == (None,) * count


def test_limits_of_a_share_do_not_leave_it() -> None:
    made = variation([0.0, 1.0] * 4, least=0, most=1)

    assert made is not None
    assert (made.lower, made.upper) == (0, 1)


def test_fewer_than_six_say_nothing() -> None:
    assert variation([1, 2, 3, 4, 5]) is None
    assert variation([]) is None
    assert variation([1, 2, 3, 4, 5, 6]) is not None
