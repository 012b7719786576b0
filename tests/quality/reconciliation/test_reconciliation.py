"""Reconciliation: what should be there and is not is a line; what agrees is none."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from england_wales import england_wales, england_wales_store
from histories import Event, event
from joined import batch_of, emptied

from throughline.errors import DataError
from throughline.quality.reconciliation.differences import Difference, advice, reconcile
from throughline.quality.reconciliation.official import compare_official, load_official, read_totals
from throughline.schemas.definitions.entry import DomainProblemsError
from throughline.schemas.wire.manifest import Manifest, Sent, summed
from throughline.sinks.store import Store
from throughline.streams.join.batch import join

MARCH = datetime.fromisoformat("2026-03-02T09:00")
DAY = date.fromisoformat("2026-03-02")
RECEIVED = datetime.fromisoformat("2026-07-01T06:00")
OFFICIAL = england_wales().path / "official"
RMS = "urn:throughline:police:20:rms"


@pytest.fixture
def store() -> Store:
    """A store of England and Wales, without any event."""
    return emptied(england_wales_store())


def crime(n: int, at: datetime = MARCH, **fields: Any) -> Event:
    fields = {"identifiers": {"crime_ref": f"20/{n:06}/26"}, "source": RMS} | fields
    return event("police.crime.recorded", at, id=f"r{n}", **fields)


def found(store: Store, *kinds: str, **given: Any) -> list[Difference]:
    differences = reconcile(store.connection, england_wales(), **({"as_of": None} | given))
    return [one for one in differences if not kinds or one.difference in kinds]


def test_every_difference_says_why_and_what_to_do() -> None:
    """A kind of difference without advice would be a number only."""
    assert all(why.endswith(".") and do.endswith(".") for why, do in advice().values())


def test_what_agrees_is_no_difference(store: Store) -> None:
    """A file sent and received, with every number there."""
    sent = event("police.pcd.requested", MARCH, id="p1", identifiers={"urn": "20PP0000001"})
    received = event("cps.pcd.received", MARCH + timedelta(hours=1), id="c1", identifiers={"urn": "20PP0000001"})
    join(store, batch_of([sent, received]), RECEIVED)

    assert found(store) == []


def test_a_handoff_without_receipt(store: Store) -> None:
    """Of three files that went to the prosecutor in March one was received: two lack, and the prosecutor is asked."""
    sent = [
        event("police.pcd.requested", MARCH + timedelta(days=n), id=f"p{n}", identifiers={"urn": f"20PP{n:07}"})
        for n in (1, 2, 3)
    ]
    received = event("cps.pcd.received", MARCH + timedelta(days=4), id="c1", identifiers={"urn": "20PP0000001"})
    join(store, batch_of([*sent, received]), RECEIVED)
    (line,) = found(store, "receipts_missing")

    assert (line.agency, line.subject, line.expected, line.found) == ("cps", "police to cps", 3, 1)
    assert (line.from_day, line.to_day) == (date.fromisoformat("2026-03-03"), date.fromisoformat("2026-03-05"))


def test_a_decision_nobody_told(store: Store) -> None:
    """The deciding agency is asked, by type of decision and month."""
    decided = event("cps.case.discontinued", MARCH, id="c1", identifiers={"urn": "20PP0000001"})
    join(store, batch_of([decided]), RECEIVED)

    assert [(line.agency, line.subject, line.expected, line.found) for line in found(store, "not_told")] == [
        ("cps", "cps.case.discontinued", 1, 0)
    ]


def test_the_numbers_that_never_arrived(store: Store) -> None:
    """Each run of numbers is a line, with its ends and the days between which it fell."""
    join(store, batch_of([crime(n, MARCH + timedelta(days=n), sequence=str(n)) for n in (1, 2, 6, 8)]), RECEIVED)

    assert [(line.subject, line.expected, line.from_day.day, line.to_day.day) for line in found(store)] == [
        (f"{RMS} 3 to 5", 3, 4, 8),
        (f"{RMS} 7", 1, 8, 10),
    ]


def test_a_feed_that_is_silent_against_its_own_rhythm(store: Store) -> None:
    """Sixty events, one a day, and then nothing for thirty days."""
    join(store, batch_of([crime(n, MARCH + timedelta(days=n)) for n in range(60)]), RECEIVED)
    last = MARCH + timedelta(days=59)

    assert found(store, "feed_silent", as_of=last + timedelta(days=3)) == []
    (line,) = found(store, "feed_silent", as_of=last + timedelta(days=30))
    assert (line.agency, line.subject, line.expected, line.from_day) == ("police", f"{RMS} 20", 30, last.date())


def sent(events: int, day: date = DAY, type_: str = "police.crime.recorded") -> Sent:
    return Sent(RMS, type_, day, events)


def manifest(*rows: Sent) -> Manifest:
    return Manifest(rows)


def test_a_manifest_has_more_than_the_store(store: Store) -> None:
    """Four were sent that day and three are here."""
    join(store, batch_of([crime(n) for n in (1, 2, 3)]), RECEIVED)

    assert found(store, manifests=[manifest(sent(3))]) == []
    (line,) = found(store, manifests=[manifest(sent(4))])
    assert (line.difference, line.agency, line.expected, line.found) == ("sent_not_here", "police", 4, 3)
    assert line.subject == f"{RMS} police.crime.recorded"


def test_a_store_has_more_than_the_manifest(store: Store) -> None:
    """Also on a day between its first and last that it does not name; not on days before and after."""
    days = [MARCH + timedelta(days=n) for n in range(5)]
    join(store, batch_of([crime(n, at) for n, at in enumerate(days)]), RECEIVED)
    given = manifest(sent(1, days[1].date()), sent(1, days[3].date()))
    (line,) = found(store, manifests=[given])

    assert (line.difference, line.from_day, line.expected, line.found) == ("here_not_sent", days[2].date(), 0, 1)


def test_the_later_manifest_counts(store: Store) -> None:
    """A day that was not over when the first was written is whole in the second."""
    join(store, batch_of([crime(n) for n in (1, 2, 3)]), RECEIVED)

    assert found(store, manifests=[manifest(sent(1)), manifest(sent(3))]) == []


def test_days_that_a_manifest_does_not_vouch_for_are_not_compared(store: Store) -> None:
    """It says one event of the 2nd, and to be complete from the 3rd on."""
    join(store, batch_of([crime(n) for n in (1, 2, 3)]), RECEIVED)
    given = Manifest((sent(1),), complete_from=DAY + timedelta(days=1))

    assert found(store, manifests=[given]) == []


def test_a_manifest_of_a_source_that_never_came(store: Store) -> None:
    """Nothing of it is here, not even which agency it speaks for."""
    join(store, batch_of([crime(1)]), RECEIVED)
    other = Sent("urn:elsewhere", "police.crime.recorded", DAY, 7)
    (line,) = found(store, manifests=[Manifest((other,))])

    assert (line.difference, line.agency, line.expected, line.found) == ("sent_not_here", None, 7, 0)


def test_a_manifest_sums_what_was_sent() -> None:
    """By source, type and day, with the least and the greatest number: 10 is more than 9."""
    rows = [("s", "t", DAY, "9"), ("s", "t", DAY, "10"), ("s", "t", DAY, None), ("s", "u", DAY, "x")]

    assert summed(rows) == (Sent("s", "t", DAY, 3, "9", "10"), Sent("s", "u", DAY, 1))


MAPPING = """
title: Recorded crime
measure: {agency: police, types: [police.crime.recorded]}
period: {from: 2026-03-01, to: 2026-03-31}
value: {column: crimes}
area: {column: Force, values: {Brum: "20"}}
tolerance: 0.1
"""


def compared(store: Store, tmp_path: Path, totals: str, mapping: str = MAPPING) -> Any:
    (tmp_path / "official.yaml").write_text(mapping)
    (tmp_path / "totals.csv").write_text(totals)
    table = load_official(tmp_path / "official.yaml", england_wales())
    return compare_official(store.connection, england_wales(), table, read_totals(tmp_path / "totals.csv", table))


def test_official_totals_within_the_tolerance_agree(store: Store, tmp_path: Path) -> None:
    """Of ten crimes a total of 11 is within a tenth, one of 12 is not; areas without any event are left out."""
    join(store, batch_of([crime(n) for n in range(10)]), RECEIVED)

    made = compared(store, tmp_path, "Force,crimes\nBrum,11\nKent,500\n")
    assert (made.differences, made.compared, made.left_out) == ((), 1, ("Kent",))
    (line,) = compared(store, tmp_path, "Force,crimes\nWest Midlands,12.0\n").differences
    assert (line.difference, line.subject) == ("below_official", "Recorded crime: West Midlands")
    assert (line.expected, line.found) == (12, 10)


def test_an_official_period_is_of_local_days(store: Store, tmp_path: Path) -> None:
    """Summer time began on the 29th: half past eleven at night (UTC) of the 31st is in April."""
    times = ["2026-02-28T23:59", "2026-03-01T00:00", "2026-03-31T22:59", "2026-03-31T23:30"]
    join(store, batch_of([crime(n, datetime.fromisoformat(at)) for n, at in enumerate(times)]), RECEIVED)

    (line,) = compared(store, tmp_path, "Force,crimes\nBrum,9\n").differences
    assert line.found == 2


def test_official_totals_by_a_field(store: Store, tmp_path: Path) -> None:
    """A group of the table is several values of a field."""
    groups = ["rape", "other_sexual", "stalking"]
    join(store, batch_of([crime(n, data=f'{{"offence_group":"{one}"}}') for n, one in enumerate(groups)]), RECEIVED)
    by_group = MAPPING.replace(
        'area: {column: Force, values: {Brum: "20"}}',
        "group: {column: Group, field: offence_group, values: {Sexual: [rape, other_sexual]}}",
    )

    made = compared(store, tmp_path, "Group,crimes\nSexual,2\nTheft,8\n", by_group)
    assert (made.differences, made.compared, made.left_out) == ((), 1, ("Theft",))


def test_a_table_that_does_not_fit_is_named(store: Store, tmp_path: Path) -> None:
    """The column, or the line and the column."""
    with pytest.raises(DataError, match="`Force`: There is no such column"):
        compared(store, tmp_path, "Area,crimes\nBrum,1\n")
    with pytest.raises(DataError, match=r"totals.csv:2: `crimes`: 'many'"):
        compared(store, tmp_path, "Force,crimes\nBrum,many\n")
    with pytest.raises(DomainProblemsError, match="by `area` or by `group`"):
        compared(store, tmp_path, "Force,crimes\n", MAPPING + "group: {column: G, field: f, values: {}}\n")


@pytest.mark.parametrize("name", sorted(file.stem for file in OFFICIAL.glob("*.yaml")))
def test_the_mappings_that_ship_fit_the_published_tables(shared_data: Path, store: Store, name: str) -> None:
    """Every force of the real table is an area of the domain, and every total a number."""
    table = load_official(OFFICIAL / f"{name}.yaml", england_wales())
    file = "by_group_2024_25.csv" if table.field else "by_force_2024_25.csv"
    totals = read_totals(shared_data / "official_measures" / file, table)

    assert table.parts.keys() & totals.keys()
    if table.field is None:
        assert totals.keys() - table.parts.keys() == set()
        assert sum(totals.values()) == 5_225_477
