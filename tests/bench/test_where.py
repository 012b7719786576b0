"""Where the CPU seconds go: each of the three ways names its steps, and its table adds up to the whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.generate.population import generate
from bench.instruments.encoded import encoded_records
from bench.instruments.statements import Statements
from bench.where import lines, where_live, where_replayed

EVENTS = 500


@pytest.mark.parametrize("way", ["replay", "live"])
def test_every_way_names_its_models_and_what_is_read(tmp_path: Path, way: str) -> None:
    if way == "replay":
        found = where_replayed(generate(tmp_path, EVENTS, seed=1), tmp_path / "store.duckdb", "1GB")
        reading = "read, admit"
    else:
        found, taken = where_live(encoded_records(tmp_path / "records", EVENTS, 1), tmp_path / "live", "1GB")
        reading = "decode, judge"
        assert taken >= EVENTS

    assert {reading, "models/steps", "link_sql/place", "accept_sql/arrived"} <= found.costs.keys()


def test_table_shows_the_dearest_first_and_adds_up() -> None:
    """4, 3 and 1 CPU seconds in 2 batches: the table of two steps has 2,000, 1,500 and 500 ms of 4,000."""
    found = Statements()
    for name, cpu in (("middle", 3.0), ("least", 1.0), ("most", 4.0)):
        found.add(name, 0.0, cpu, 1)

    assert lines("batch", found, 2, times=2, unit="ms", scale=1e3) == [
        "batch: 4000.0 ms in 3 steps",
        "   2000.00   50.0%  most",
        "   1500.00   37.5%  middle",
        "    500.00   12.5%  all others",
    ]
