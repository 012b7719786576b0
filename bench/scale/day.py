"""A day of events through the workers, one batch after the other: how old each event is when it is committed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
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
    times, partition = _came(events, tuple(shares))
    busy = [sum(shares[number] for number in range(w, len(shares), workers)) for w in range(workers)]
    busiest = int(np.argmax(busy))
    of_worker = partition % workers == busiest
    ages = _ages(times[of_worker], partition[of_worker])
    with_outage = _ages_with_outage(times[of_worker], partition[of_worker], ages)
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


@lru_cache(maxsize=1)
def _came(events: int, shares: tuple[float, ...]) -> tuple[Array, Array]:
    """When each event comes, in order, and to which partition: the same for any number of workers."""
    night = int(events * NIGHT_SHARE.value)
    times = np.concatenate([np.full(night, _NIGHT), _by_hour(events - night)])
    partition = np.searchsorted(np.cumsum(shares), np.arange(events) * 0.6180339887498949 % 1 * (1 - 1e-12))
    order = np.argsort(times, kind="stable")
    return times[order], partition[order]


def _by_hour(events: int) -> Array:
    """Times of so many events: most in the ten hours from 8, most of all in the hour from 10."""
    at = np.array([0, 8, 10, 11, 18, 24]) * _HOUR
    plain = (_DAY_SHARE / 9) * np.array([0, 2, 0, 7, 0])
    share = plain + np.array([_REST_SHARE * 8 / 14, 0, PEAK_SHARE.value, 0, _REST_SHARE * 6 / 14])
    through = np.concatenate([[0.0], np.cumsum(share)])
    return np.interp((np.arange(events) + 0.5) / events * through[-1], through, at)


def _ages(times: Array, partition: Array) -> Array:
    """Seconds from coming to commit of each event, for a worker that takes in each round all that waits."""
    ages = np.empty(len(times))
    clock, taken = 0.0, 0
    while taken < len(times):
        clock = max(clock, float(times[taken]))
        clock, end = _round(times, partition, taken, clock)
        ages[taken:end] = clock - times[taken:end]
        taken = end
    return ages


def _ages_with_outage(times: Array, partition: Array, plain: Array) -> Array:
    """The same where the worker stands still in the outage: what was taken before it, and once nothing waits, is as in
    `plain`."""
    ages, committed = plain.copy(), times + plain
    before = int(np.searchsorted(committed, OUTAGE[0], side="right"))
    clock, taken = float(committed[before - 1]) if before else 0.0, before
    while taken < len(times):
        began = float(times[taken])
        if clock <= began and began >= OUTAGE[1] and committed[taken - 1] <= began:
            break
        clock = max(clock, began)
        if OUTAGE[0] <= clock < OUTAGE[1]:
            clock = OUTAGE[1]
        clock, end = _round(times, partition, taken, clock)
        ages[taken:end] = clock - times[taken:end]
        taken = end
    return ages


def _round(times: Array, partition: Array, taken: int, clock: float) -> tuple[float, int]:
    """When a round that begins at `clock` is committed, and how many events were taken by then."""
    end = int(np.searchsorted(times, clock, side="right"))
    batches = len(set(partition[taken:end].tolist())) if end - taken < 100 else len(np.unique(partition[taken:end]))
    return clock + batches * BATCH_SECONDS.value + (end - taken) / BULK_RATE.value, end
