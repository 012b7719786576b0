"""The picture of the live join: what passes, and what the worker says."""

from __future__ import annotations

from datetime import datetime

import pytest
from rich.console import Console

from throughline.live.picture import duration, picture, sparkline
from throughline.live.probe import WorkerState, worker_state
from throughline.live.watching import Passing
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.topics import Topics, load_topics


@pytest.fixture(scope="module")
def topics() -> Topics:
    return load_topics(load_domain(None))


def drawn(passing: Passing, topics: Topics, worker: WorkerState | None, now: float) -> str:
    console = Console(width=130, record=True, force_terminal=False, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    with console.file:
        console.print(picture(passing, topics, worker, now))
    return console.export_text()


def test_it_shows_what_arrives_and_who_gave_to_whom(topics: Topics) -> None:
    passing = Passing()
    for second in range(10):
        for _ in range(second):
            passing.note("police.case-events", second)
    passing.events.append(("10:15:00", "police.case-events", "uk.cjs.police.file.submitted.v1"))
    passing.handoffs.append(
        {
            "sent_at": datetime(2026, 3, 5),  # noqa: DTZ001 - UTC without zone, as messages have times
            "from_agency": "police",
            "to_agency": "cps",
            "kind": "submission",
            "received_at": None,
            "limbo_seconds": None,
        }
    )
    worker = WorkerState("running", 12, 0.4, 1_234, 5, 6, 7)

    text = drawn(passing, topics, worker, 10.0)

    assert "worker running" in text
    assert "behind 12 records" in text
    assert "accepted 1,234" in text
    assert "police.file.submitted" in text
    assert "not yet" in text
    row = next(line for line in text.splitlines() if line.strip().startswith("police.case-events"))
    # 45 in all; 5 to 9 a second in the last five whole seconds
    assert row.split()[1:3] == ["45", "7"]


def test_it_says_that_the_worker_does_not_answer(topics: Topics) -> None:
    assert worker_state(1) is None
    assert "worker does not answer" in drawn(Passing(), topics, None, 1.0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (0, "0 s"), (59, "59 s"), (60, "1 min"), (7200, "2 h"), (432_000, "5 d")],
)
def test_durations_read_as_people_say_them(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_bars_are_as_high_as_their_counts() -> None:
    """The greatest is the tallest, one that is not nought is never invisible."""
    assert sparkline([0, 1, 4, 8]) == " ▁▄█"
    assert sparkline([0, 0]) == "  "
