"""How large it gets: the tables of docs/scale.md from stated assumptions. `python -m bench.scale` prints them.

With `--write` they are put into the page, between its two marks; a test demands that they are what this prints.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.scale.assumptions import (
    ALL,
    BROKERS,
    BULK_RATE,
    COPIES,
    CORE_PRICE,
    DAYS,
    DISK_PRICE,
    EVENT_BYTES_LOG,
    EVENT_BYTES_STORE,
    EVENTS_PER_CRIME,
    NIGHT_SHARE,
    PARTITIONS,
    PEAK_SHARE,
    STORE_MEMORY,
    YEARS,
    forces,
    shares_of_partitions,
)
from bench.scale.day import simulate
from throughline.schemas.definitions.topics import murmur2

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
BEGIN, END = "<!-- bench.scale: begin -->", "<!-- bench.scale: end -->"
_WORKERS = (1, 2, 3, 4, 6, 12)
_GB = 1e9


def text() -> str:
    """All tables, as they stand in the page."""
    parts = [_assumptions(), _volume(), _spread(), _partitions(), _workers(), _day(), _cost()]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _events_a_year() -> float:
    return sum(force.crimes for force in forces()) * EVENTS_PER_CRIME.value


def _assumptions() -> list[str]:
    rows = [(f"{one.value:,g}", one.what, one.source) for one in ALL]
    crimes = sum(force.crimes for force in forces())
    source = "Home Office, year to March 2025, 43 forces, without fraud"
    return [
        "### Assumptions",
        "",
        *_table("number|what|from", [(f"{crimes:,}", "recorded crimes a year", source), *rows]),
    ]


def _volume() -> list[str]:
    rows = []
    for name, times in (("43 forces", 1), ("ten times that", 10)):
        year = _events_a_year() * times
        day = year / DAYS.value
        log, store = year * EVENT_BYTES_LOG.value / _GB, year * EVENT_BYTES_STORE.value / _GB
        rows.append(
            (
                *(name, f"{year / 1e6:,.1f} M", f"{day:,.0f}", f"{_at_peak(day):,.1f}"),
                *(f"{log:,.1f} GB", f"{log * COPIES.value:,.1f} GB", f"{store:,.1f} GB"),
            )
        )
    head = "|events a year|events a day|events/s at 10:00|Kafka a year|with its copies|stores a year"
    return ["### Volume", "", *_table(head, rows)]


def _at_peak(day: float) -> float:
    """Events a second in the busiest hour of such a day, without what comes by night."""
    return day * (1 - NIGHT_SHARE.value) * PEAK_SHARE.value / 3600


def _spread() -> list[str]:
    partitions = int(PARTITIONS.value)
    shares = shares_of_partitions(partitions)
    found = forces()
    rows = []
    for number in sorted(range(partitions), key=lambda number: -shares[number]):
        names = [force.name for force in found if murmur2(force.area.encode()) % partitions == number]
        events = _events_a_year() * shares[number]
        size = events * EVENT_BYTES_STORE.value / _GB
        rows.append(
            (str(number), f"{shares[number]:.1%}", f"{events / 1e6:,.1f} M", f"{size:,.1f} GB", ", ".join(names) or "–")
        )
    head = "partition|share|events a year|store a year|forces"
    return [f"### {len(found)} forces over {partitions} partitions", "", *_table(head, rows)]


def _partitions() -> list[str]:
    greatest = forces()[0].crimes / sum(force.crimes for force in forces())
    rows = []
    for partitions in (6, 12, 24, 48, 96, 192, 384):
        shares = shares_of_partitions(partitions)
        used = sum(share > 0 for share in shares)
        rows.append((str(partitions), str(used), f"{max(shares):.1%}", f"{max(shares) / greatest:.2f}"))
    head = "partitions|with a force|greatest share|times the greatest force's"
    return [
        "### Other numbers of partitions",
        "",
        f"The greatest force alone has {greatest:.1%}: no number of partitions has less in its greatest.",
        "",
        *_table(head, rows),
    ]


def _workers() -> list[str]:
    shares = shares_of_partitions(int(PARTITIONS.value))
    rows = []
    for workers in _WORKERS:
        dealt, packed = max(_dealt(shares, workers)), max(_packed(shares, workers))
        held = -(-len(shares) // workers)
        first = _events_a_year() * YEARS.value * dealt / BULK_RATE.value / 3600
        rows.append(
            (
                *(str(workers), str(held), f"{held * STORE_MEMORY.value:,.0f} GB"),
                *(f"{dealt:.1%}", f"{packed:.1%}", f"{first:.1f} h", f"{first * 10:,.0f} h"),
            )
        )
    head = (
        "workers|partitions of one|memory of its stores|busiest, dealt in turn|busiest, dealt by volume"
        f"|first load of {YEARS.value:g} years|ten times that"
    )
    return ["### Workers", "", *_table(head, rows)]


def _dealt(shares: Sequence[float], workers: int) -> list[float]:
    """Shares of the workers where partitions are dealt in turn, as a consumer group that knows no volumes does."""
    return [sum(shares[number] for number in range(worker, len(shares), workers)) for worker in range(workers)]


def _packed(shares: Sequence[float], workers: int) -> list[float]:
    """Shares of the workers where each partition, the greatest first, goes to the worker that has least."""
    loads = [0.0] * workers
    for share in sorted(shares, reverse=True):
        loads[loads.index(min(loads))] += share
    return loads


def _day() -> list[str]:
    shares = shares_of_partitions(int(PARTITIONS.value))
    rows = []
    for times in (1, 10):
        for workers in _WORKERS:
            found = simulate(int(_events_a_year() / DAYS.value) * times, shares, workers)
            rows.append(
                (
                    *(f"{times}x", str(workers), f"{found.busiest_share:.1%}", f"{found.day_p50:.1f} s"),
                    *(f"{found.day_p99:.1f} s", f"{found.night_seconds:.1f} s", f"{found.recovery_seconds:.1f} s"),
                )
            )
    head = (
        "volume|workers|busiest worker's share|by day, p50|by day, p99|night extract taken in"
        "|fresh again after an hour's outage"
    )
    return ["### A day", "", *_table(head, rows)]


def _cost() -> list[str]:
    rows = []
    for times, workers in ((1, 4), (10, 6)):
        year = _events_a_year() * times
        kept = year * (EVENT_BYTES_LOG.value * COPIES.value + EVENT_BYTES_STORE.value) / _GB
        cores = 2 * (BROKERS.value + workers)
        machines = cores * CORE_PRICE.value * 12
        for years in (1, 10):
            disk = kept * years * DISK_PRICE.value * 12
            rows.append(
                (
                    *(f"{times}x", str(workers), f"{cores:g}", f"£{machines:,.0f}", str(years)),
                    *(f"{kept * years:,.0f} GB", f"£{disk:,.0f}", f"£{(machines + disk) / year * 1e6:,.0f}"),
                )
            )
    head = "volume|workers|cores|machines a year|years kept|disk then|disk that year|a million events of that year"
    return ["### Cost", "", *_table(head, rows)]


def _table(head: str, rows: Iterable[Sequence[str]]) -> list[str]:
    names = head.split("|")
    return [f"| {' | '.join(row)} |" for row in (names, ["---"] * len(names), *rows)]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.name}")
    given = options.parse_args()
    made = text()
    if given.write:
        page = PAGE.read_text(encoding="utf-8")
        before, after = page.split(BEGIN)[0], page.split(END)[1]
        PAGE.write_text(f"{before}{BEGIN}\n\n{made}\n{END}{after}", encoding="utf-8")
    else:
        print(made, end="")
