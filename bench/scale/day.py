"""A day of events through the workers, one batch after the other: how old each event is when it is committed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.scale.assumptions import BATCH_SECONDS, BULK_RATE, NIGHT_SHARE, PEAK_SHARE

_HOUR = 3600.0
_NIGHT = 2 * _HOUR
OUTAGE = (10 * _HOUR, 11 * _HOUR)
# how old an event may be where nothing has piled up
_FRESH_SECONDS = 10.0
# share of the hours from 8 to 18 but the hour from 10, and of all others
_DAY_SHARE, _REST_SHARE = 0.7, 0.1

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Day:
    """What the busiest worker shows: seconds of age at commit, and seconds from the outage's end until all is fresh."""

    events: int
    busiest_share: float
    day_p50: float
    day_p99: float
    night_seconds: float
    recovery_seconds: float


def simulate(events: int, shares: Sequence[float], workers: int) -> Day:
    """A day with `events` over partitions with these shares, dealt in turn to the workers.

    Nothing is drawn: events come as evenly as their hour allows, and go to partitions by a sequence of low discrepancy.
    """
    night = int(events * NIGHT_SHARE.value)
    times = np.concatenate([np.full(night, _NIGHT), _by_hour(events - night)])
    partition = np.searchsorted(np.cumsum(shares), np.arange(events) * 0.6180339887498949 % 1 * (1 - 1e-12))
    order = np.argsort(times, kind="stable")
    times, partition = times[order], partition[order]
    busy = [sum(shares[number] for number in range(w, len(shares), workers)) for w in range(workers)]
    busiest = int(np.argmax(busy))
    of_worker = partition % workers == busiest
    ages = _ages(times[of_worker], partition[of_worker], None)
    with_outage = _ages(times[of_worker], partition[of_worker], OUTAGE)
    came = times[of_worker]
    by_night = came == _NIGHT
    late = came[(with_outage > _FRESH_SECONDS) & (came >= OUTAGE[0]) & (came < OUTAGE[1] + 12 * _HOUR)]
    done = late + with_outage[(with_outage > _FRESH_SECONDS) & (came >= OUTAGE[0]) & (came < OUTAGE[1] + 12 * _HOUR)]
    by_day = ages[(came >= 8 * _HOUR) & (came < 18 * _HOUR)]
    return Day(
        events=events,
        busiest_share=busy[busiest],
        day_p50=float(np.percentile(by_day, 50)),
        day_p99=float(np.percentile(by_day, 99)),
        night_seconds=float(ages[by_night].max(initial=0.0)),
        recovery_seconds=float(done.max(initial=OUTAGE[1]) - OUTAGE[1]),
    )


def _by_hour(events: int) -> Array:
    """Times of so many events: most in the ten hours from 8, most of all in the hour from 10."""
    at = np.array([0, 8, 10, 11, 18, 24]) * _HOUR
    plain = (_DAY_SHARE / 9) * np.array([0, 2, 0, 7, 0])
    share = plain + np.array([_REST_SHARE * 8 / 14, 0, PEAK_SHARE.value, 0, _REST_SHARE * 6 / 14])
    through = np.concatenate([[0.0], np.cumsum(share)])
    return np.interp((np.arange(events) + 0.5) / events * through[-1], through, at)


def _ages(times: Array, partition: Array, outage: tuple[float, float] | None) -> Array:
    """Seconds from coming to commit of each event, for a worker that takes in each round all that waits."""
    ages = np.empty(len(times))
    clock, taken = 0.0, 0
    while taken < len(times):
        clock = max(clock, float(times[taken]))
        if outage and outage[0] <= clock < outage[1]:
            clock = outage[1]
        end = int(np.searchsorted(times, clock, side="right"))
        batches = len(set(partition[taken:end].tolist())) if end - taken < 100 else len(np.unique(partition[taken:end]))
        clock += batches * BATCH_SECONDS.value + (end - taken) / BULK_RATE.value
        ages[taken:end] = clock - times[taken:end]
        taken = end
    return ages
