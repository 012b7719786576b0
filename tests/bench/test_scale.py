"""The page on scale says what its script reckons, and the reckoning agrees with sums done another way."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.scale.assumptions import BATCH_SECONDS, BULK_RATE, forces, shares_of_partitions
from bench.scale.day import OUTAGE, simulate
from bench.scale.page import BEGIN, END, PAGE, text
from throughline.schemas.definitions.domain import load_domain


@pytest.fixture(autouse=True)
def published(shared_data: Path) -> None:
    """The table of recorded crime by force, used in place."""


def test_page_has_the_tables_that_the_script_prints() -> None:
    """Nobody changed an assumption and left the page as it was."""
    page = PAGE.read_text(encoding="utf-8")

    assert page.split(BEGIN)[1].split(END)[0].strip() == text().strip(), "run: python -m bench.scale --write"


def test_forces_are_the_areas_of_the_domain() -> None:
    """Each area of the shipped domain has its recorded crimes, and they are the published total."""
    found = forces()

    assert {force.area: force.name for force in found} == dict(load_domain(None).areas or {})
    assert sum(force.crimes for force in found) == 5_225_477


@pytest.mark.parametrize("partitions", [1, 12, 96])
def test_partitions_share_out_all_events(partitions: int) -> None:
    """No force is lost or counted twice."""
    shares = shares_of_partitions(partitions)

    assert len(shares) == partitions
    assert sum(shares) == pytest.approx(1)


def test_a_day_of_one_partition_is_what_a_sum_says() -> None:
    """One partition and few events: each is a batch alone; the extract of the night is one batch of all of it."""
    day = simulate(1_000, [1.0], 1)

    alone = BATCH_SECONDS.value + 1 / BULK_RATE.value
    assert day.day_p50 == pytest.approx(alone)
    assert day.night_seconds == pytest.approx(BATCH_SECONDS.value + 300 / BULK_RATE.value)
    assert day.busiest_share == 1


def test_an_outage_is_made_up_for_in_the_time_of_one_batch() -> None:
    """What an hour piled up is taken at the rate of a worker, and until then nothing is fresh."""
    day = simulate(1_000_000, [1.0], 1)

    piled_up = 1_000_000 * 0.7 * 0.2 * (OUTAGE[1] - OUTAGE[0]) / 3600
    assert day.recovery_seconds == pytest.approx(BATCH_SECONDS.value + piled_up / BULK_RATE.value, rel=0.05)
