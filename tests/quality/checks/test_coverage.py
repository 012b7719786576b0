"""Coverage: how much of what a figure rests on is there, by agency and month, and what is withheld."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from england_wales import england_wales, england_wales_store
from histories import Event, event
from joined import batch_of, emptied, rows

from throughline.schemas.acceptance.events import REJECTS, Batch
from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.entry import DomainProblemsError
from throughline.schemas.definitions.quality import load_figure_rules
from throughline.sinks.store import Store, open_memory_store
from throughline.streams.join.batch import join
from throughline.streams.join.rebuild import open_domain

MARCH = datetime.fromisoformat("2026-03-01T09:00")
RECEIVED = datetime.fromisoformat("2026-07-01T06:00")


@pytest.fixture
def store() -> Iterator[Store]:
    """A store of England and Wales, without any event."""
    made = emptied(england_wales_store())
    yield made
    made.connection.execute("reset variable as_of")


def requests(numbers: range, *, at: datetime = MARCH, **fields: Any) -> list[Event]:
    """A request of police for a charging decision for each number, an hour apart, each in a case of its own."""
    return [
        event(
            "police.pcd.requested",
            at + timedelta(hours=n),
            id=f"p{n}",
            sequence=f"{n:012}",
            identifiers={"urn": f"20PP{n:07}"},
            **fields,
        )
        for n in numbers
    ]


def receipts(numbers: range, *, at: datetime = MARCH, hours: int = 5) -> list[Event]:
    """The receipt of each of those by the prosecutor, some hours later."""
    return [
        event(
            "cps.pcd.received",
            at + timedelta(hours=n + hours),
            id=f"c{n}",
            sequence=f"{n:012}",
            identifiers={"urn": f"20PP{n:07}"},
        )
        for n in numbers
    ]


def covered(store: Store, agency: str = "police", figure: str = "delays") -> list[tuple[Any, ...]]:
    """Month, events, missing, refused, in_conflict, undated and coverage in hundredths of an agency's figure."""
    return store.connection.execute(
        "select strftime(period, '%Y-%m'), events, missing, refused, in_conflict, undated, round(100 * coverage)::int "
        "from coverage where agency = ? and figure = ? order by all",
        [agency, figure],
    ).fetchall()


def pair(store: Store) -> dict[str, Any]:
    (row,) = rows(store, "from delays where from_agency = 'police' and to_agency = 'cps'")
    return row


def test_a_feed_without_a_gap_is_whole(store: Store) -> None:
    """Every number is there: coverage 1, and the delay is shown."""
    join(store, batch_of(requests(range(1, 11)) + receipts(range(1, 11))), RECEIVED)

    assert covered(store) == [("2026-03", 10, 0, 0, 0, 0, 100)]
    assert (pair(store)["median"], pair(store)["coverage"], pair(store)["withheld"]) == (5 * 3600, 1.0, None)


def test_missing_numbers_are_counted_in_the_month_in_which_they_fell(store: Store) -> None:
    """Numbers 5 to 8 of the prosecutor never arrived: a third of what should be there, and the delay is withheld."""
    kept = [*receipts(range(1, 5)), *receipts(range(9, 13))]
    join(store, batch_of(requests(range(1, 13)) + kept), RECEIVED)

    assert covered(store, "cps") == [("2026-03", 8, 4, 0, 0, 0, 67)]
    found = pair(store)
    assert (found["handoffs"], found["censored"]) == (12, 4)
    assert (found["median"], found["p90"], found["held_median"]) == (None, None, None)
    assert found["withheld"] == "Of what cps should have published, 66% is there; 90% is needed."


def test_the_gap_itself_is_named(store: Store) -> None:
    """The first and the last number that are missing, and between which times."""
    join(store, batch_of([*requests(range(1, 5)), *requests(range(9, 13))]), RECEIVED)

    assert rows(store, "select * exclude (source, agency) from sequence_gaps") == [
        {
            "first_number": 5,
            "last_number": 8,
            "numbers": 4.0,
            "after_at": MARCH + timedelta(hours=4),
            "before_at": MARCH + timedelta(hours=9),
        }
    ]


def test_a_gap_over_two_months_is_laid_out_evenly(store: Store) -> None:
    """Numbers 2 to 11 fell between the 17th of March and the 15th of April: half of them in each month."""
    before, after = datetime.fromisoformat("2026-03-17"), datetime.fromisoformat("2026-04-16")
    first = requests(range(1, 2), at=before - timedelta(hours=1))
    last = requests(range(12, 13), at=after - timedelta(hours=12))
    join(store, batch_of(first + last), RECEIVED)

    assert covered(store) == [("2026-03", 1, 5, 0, 0, 0, 17), ("2026-04", 1, 5, 0, 0, 0, 17)]


def refused(n: int, source: str | None, position: int) -> dict[str, Any]:
    return {
        "reason": "not_json",
        "field": None,
        "detail": "Expected JSON.",
        "source": source,
        "id": None,
        "type": None,
        "origin": "test",
        "position": position,
        "raw": f"{{{n}".encode(),
    }


def test_what_was_refused_fills_a_gap_and_is_counted_once(store: Store) -> None:
    """Numbers 5 to 8 are missing, two records of the feed stand in quarantine: two never arrived, two were refused."""
    good = [*requests(range(1, 5)), *requests(range(9, 13))]
    for n, one in enumerate(good):
        one |= {"origin": "test", "position": n}
    source = good[0]["source"]
    bad = pa.Table.from_pylist([refused(1, source, 4), refused(2, None, 4)], schema=REJECTS)
    join(store, Batch(batch_of(good).events, bad), RECEIVED)

    assert covered(store) == [("2026-03", 8, 2, 2, 0, 0, 67)]


def test_what_was_discarded_is_not_missing(store: Store) -> None:
    """A steward looked at the record and found it to be none: nothing is missing where its number is."""
    good = [*requests(range(1, 5)), *requests(range(6, 10))]
    for n, one in enumerate(good):
        one |= {"origin": "test", "position": n}
    bad = pa.Table.from_pylist([refused(1, good[0]["source"], 4)], schema=REJECTS)
    join(store, Batch(batch_of(good).events, bad), RECEIVED)
    (quarantine_id,) = store.connection.execute("select quarantine_id from quarantined").fetchone() or (0,)
    with store.transaction() as connection:
        connection.execute("insert into quarantine_acts values (?, true, 'test_record', null, null)", [quarantine_id])

    assert covered(store) == [("2026-03", 8, 0, 0, 0, 0, 100)]


def test_copies_in_conflict_are_not_there(store: Store) -> None:
    """Neither copy stands until a steward decides: one of ten events is missing from the figure."""
    good = requests(range(1, 11))
    join(store, batch_of([*good, good[0] | {"unit": "OTHER"}]), RECEIVED)

    assert covered(store) == [("2026-03", 9, 0, 0, 1, 0, 90)]


def test_a_time_without_a_day_is_no_time_for_a_delay(store: Store) -> None:
    """Five of ten requests say only the month: half of what delays rest on can be counted in days."""
    vague = [
        one | {"occurred_precision": "month", "occurred_at": datetime.fromisoformat("2026-03-01")}
        for one in requests(range(1, 6))
    ]
    join(store, batch_of(vague + requests(range(6, 11))), RECEIVED)

    assert covered(store) == [("2026-03", 10, 0, 0, 0, 5, 50)]


def test_a_month_of_silence_of_a_lively_feed_is_missing_as_much_as_usual(store: Store) -> None:
    """Thirty events a month and none in April: April lacks thirty. A feed of three a month may well have had none."""
    months = [datetime.fromisoformat(f"2026-{month}-02") for month in ("02", "03", "05", "06")]
    lively = [
        one | {"id": f"{one['id']}-{at.month}", "sequence": None}
        for at in months
        for one in requests(range(1, 31), at=at)
    ]
    quiet = [
        one | {"id": f"{one['id']}-{at.month}", "sequence": None}
        for at in months
        for one in receipts(range(1, 4), at=at)
    ]
    join(store, batch_of(lively + quiet), RECEIVED)

    assert covered(store)[2] == ("2026-04", 0, 30, 0, 0, 0, 0)
    assert [row[0] for row in covered(store, "cps")] == ["2026-02", "2026-03", "2026-05", "2026-06"]
    reasons = store.connection.execute("select reason from coverage where not trusted and figure = 'delays'").fetchall()
    assert reasons == [("0% there, 90% needed: nothing published that month, 30 expected",)]


def test_an_absurd_number_costs_nothing(store: Store) -> None:
    """The longest run of numbers that there can be is one row, not as many as it has numbers."""
    far = requests(range(2, 3))[0] | {"sequence": str(2**63 - 1)}
    low = requests(range(1, 2))[0] | {"sequence": str(-(2**63))}
    join(store, batch_of([low, far]), RECEIVED)

    assert rows(store, "select numbers from sequence_gaps") == [{"numbers": 2.0**64}]
    # the most that its column can hold
    assert rows(store, "select sequence_gaps from sources") == [{"sequence_gaps": 2**63 - 1}]
    assert covered(store)[0][-1] == 0


def test_a_source_that_does_not_number_its_events_has_no_number_of_gaps(store: Store) -> None:
    join(store, batch_of([requests(range(1, 2))[0] | {"sequence": None}]), RECEIVED)

    assert rows(store, "select sequence_gaps from sources") == [{"sequence_gaps": None}]


def test_without_a_threshold_nothing_is_withheld() -> None:
    """Which coverage will do is of the domain: one that says nothing withholds nothing."""
    domain = load_domain(england_wales().path.parent / "process_log")
    with open_memory_store() as made:
        open_domain(made, domain)
        assert rows(made, "from figure_rules") == []


def test_a_new_threshold_derives_nothing_anew(store: Store, tmp_path: Path) -> None:
    """Thresholds are read when a view is asked: what is derived stays as it is."""
    join(store, batch_of(requests(range(1, 5))), RECEIVED)
    (tmp_path / "quality.yaml").write_text("figures:\n  - {figure: delays, at_least: 0.1, precision: day}\n")
    for domain, at_least in ((replace(england_wales(), path=tmp_path), 0.1), (england_wales(), 0.9)):
        open_domain(store, domain)

        assert rows(store, "select count(*) as n from unsettled") == [{"n": 0}]
        assert rows(store, "select at_least from figure_rules where figure = 'delays'") == [{"at_least": at_least}]


def test_of_all_months_together(store: Store) -> None:
    """March lacks a third, April nothing: four fifths of both months are there, which is not enough."""
    april = MARCH + timedelta(days=31)
    march = [*requests(range(1, 4)), *requests(range(7, 10))]
    join(store, batch_of(march + requests(range(10, 16), at=april)), RECEIVED)

    (found,) = rows(store, "from agency_coverage where agency = 'police' and figure = 'delays'")
    assert [row[1:3] for row in covered(store)] == [(6, 3), (6, 0)]
    assert (found["coverage"], found["months_not_trusted"]) == (0.8, 1)
    assert found["withheld"] == "Of what police should have published, 80% is there; 90% is needed."


@pytest.mark.parametrize(
    ("figure", "fault"),
    [
        ("{figure: delays, at_least: 90, precision: day}", "90 is not a share"),
        ("{figure: delay, at_least: 0.9, precision: day}", "Did you mean `delays`"),
        ("{figure: delays, at_least: 0.9, precision: week}", "`week` is not known"),
        ("{figure: delays, at_least: 0.9, precision: day, why: so}", "is not a key here"),
    ],
)
def test_a_threshold_that_cannot_be_is_named(tmp_path: Path, figure: str, fault: str) -> None:
    """File, line and key of what is wrong in the domain's `quality.yaml`."""
    (tmp_path / "quality.yaml").write_text(f"figures:\n  - {figure}\n")
    with pytest.raises(DomainProblemsError, match=fault):
        load_figure_rules(replace(england_wales(), path=tmp_path))


def test_a_figure_has_one_threshold(tmp_path: Path) -> None:
    """Two would make two rows of it."""
    line = "  - {figure: delays, at_least: 0.9, precision: day}\n"
    (tmp_path / "quality.yaml").write_text(f"figures:\n{line}{line}")
    with pytest.raises(DomainProblemsError, match="`delays` stands twice"):
        load_figure_rules(replace(england_wales(), path=tmp_path))
