"""Batches of events as an agency posts them, each event with an id of its own."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

SOURCE = "urn:example:police:20:rms"
AGENCY = "police"
BATCH = "application/cloudevents-batch+json"


def batches(count: int, size: int, run: str) -> Iterator[tuple[list[str], bytes]]:
    """The ids and the body of each batch; the same run gives the same events."""
    for batch in range(count):
        ids = [f"{run}-{batch}-{number}" for number in range(size)]
        yield ids, orjson.dumps([_event(name, batch * size + number) for number, name in enumerate(ids)])


def _event(name: str, number: int) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": name,
        "source": SOURCE,
        "type": "uk.cjs.police.crime.recorded.v1",
        "time": f"2026-03-02T10:{number // 60 % 60:02}:{number % 60:02}Z",
        "recordedtime": "2026-03-02T12:00:00Z",
        "partitionkey": "20",
        "datacontenttype": "application/json",
        "data": {
            "unit": "20PP",
            "identifiers": {"crime_ref": f"20/{number % 10**6:06}/26"},
            "offence_group": "stalking",
            "da_flag_police": number % 3 == 0,
        },
    }
