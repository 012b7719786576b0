"""What docs/scale.md is reckoned with: each number with where it is from. Change one and run `bench.scale --write`."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path

from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.topics import murmur2

# the published table, used in place
_DATA = Path(os.environ.get("THROUGHLINE_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
CRIMES = _DATA / "official_measures" / "by_force_2024_25.csv"
# where the table calls a force otherwise than the domain does
_NAMES = {"Hampshire": "Hampshire and Isle of Wight", "London, City of": "City of London"}


@dataclass(frozen=True)
class Assumption:
    """A number, what it is, and where it is from."""

    value: float
    what: str
    source: str


EVENTS_PER_CRIME = Assumption(9.5, "events a recorded crime", "the generator `bench.generate`; most crimes have fewer")
EVENT_BYTES_LOG = Assumption(
    95, "bytes an event in Kafka, one copy, headers and all, zstd", "`python -m bench.live`: 94 on the broker's disk"
)
EVENT_BYTES_STORE = Assumption(
    450,
    "bytes an event in the store, with all that is derived",
    "`python -m bench.replay`, size of the file, rounded up",
)
COPIES = Assumption(3, "copies that Kafka keeps", "topics.yaml")
PARTITIONS = Assumption(12, "partitions of each topic", "topics.yaml")
BULK_RATE = Assumption(
    20_000,
    "events/s of a worker that has much to take",
    "less than half of what `python -m bench.live` measures on two cores (some 43,000); the aim is 100,000",
)
BATCH_SECONDS = Assumption(
    0.25, "seconds of a small batch of one partition", "the most that `python -m bench.small_batch` is to take"
)
DAYS = Assumption(260, "days on which a year's events come", "as if all came on working days")
NIGHT_SHARE = Assumption(0.3, "of a day's events come in one extract at 02:00", "systems that are read once a night")
PEAK_SHARE = Assumption(
    0.2, "of the others come in the hour from 10:00", "twice its share; 0.7 in the nine others from 08:00 to 18:00"
)
YEARS = Assumption(10, "years of history at the first load", "a case may be older than that; few are")
STORE_MEMORY = Assumption(2, "GB at most of each open store", "`--memory-limit` of the worker")
DISK_PRICE = Assumption(0.10, "pounds a GB of disk and month", "a round figure for block storage; put in your own")
CORE_PRICE = Assumption(30, "pounds a core with 8 GB and month", "a round figure for a rented machine; put in your own")
BROKERS = Assumption(3, "brokers of two cores each", "the least that keeps three copies")

ALL = (
    *(EVENTS_PER_CRIME, EVENT_BYTES_LOG, EVENT_BYTES_STORE, COPIES, PARTITIONS, BULK_RATE, BATCH_SECONDS, DAYS),
    *(NIGHT_SHARE, PEAK_SHARE, YEARS, STORE_MEMORY, DISK_PRICE, CORE_PRICE, BROKERS),
)


@dataclass(frozen=True)
class Force:
    """A police force: its area and the crimes that it recorded in the year to March 2025, without fraud."""

    area: str
    name: str
    crimes: int


def forces() -> list[Force]:
    """All forces, the greatest first. Raises FileNotFoundError where the published table is absent."""
    areas = {_plain(name): (area, name) for area, name in (load_domain(None).areas or {}).items()}
    found = []
    with CRIMES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            area, name = areas[_plain(_NAMES.get(row["Force"], row["Force"]))]
            found.append(Force(area, name, int(float(row["crimes"]))))
    return sorted(found, key=lambda force: (-force.crimes, force.area))


def _plain(name: str) -> str:
    return name.lower().replace("&", "and").replace("-", " ").removesuffix(" police").strip()


def shares_of_partitions(partitions: int) -> list[float]:
    """The share of all events that each partition gets: areas go there by murmur2."""
    shares = [0.0] * partitions
    found = forces()
    whole = sum(force.crimes for force in found)
    for force in found:
        shares[murmur2(force.area.encode()) % partitions] += force.crimes / whole
    return shares
