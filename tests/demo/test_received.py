"""The demo's events come in over time, as from systems that export every night."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from throughline.demo.run import LAST_NIGHT, nightly


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_an_event_is_received_in_the_night_after_it_was_written_down() -> None:
    """Or after it happened, where no time of writing is stated; none after the demo's last night."""
    times = pa.table(
        {
            "occurred_at": pa.array(
                [at("2025-03-02T10:00"), at("2025-03-02T01:00"), at("2026-06-30T12:00")], pa.timestamp("us")
            ),
            "recorded_at": pa.array([at("2025-03-04T23:59"), None, at("2026-07-05T00:00")], pa.timestamp("us")),
        }
    )

    assert nightly(times).to_pylist() == [at("2025-03-05T02:00"), at("2025-03-03T02:00"), LAST_NIGHT]


def test_a_refused_record_is_received_when_it_says_that_it_was_written_down() -> None:
    """One of the faults is a year without its century."""
    raws = [
        b'{"time": "2025-03-02T10:00:00Z", "recordedtime": "2025-03-04T10:00:00Z"}',
        b'{"occurredon": "2025-03-02"}',
        b'{"time": "0025-03-02T10:00:00Z"}',
    ]

    received = nightly(pa.table({"raw": pa.array(raws, pa.binary())}))

    assert received.to_pylist() == [at("2025-03-05T02:00"), at("2025-03-03T02:00"), at("2025-03-03T02:00")]
