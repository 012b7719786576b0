"""The ledger of restatements: which rows of a published figure are different now, and which events did it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from england_wales import england_wales, england_wales_store
from histories import Event, event
from joined import batch_of, emptied

from throughline.errors import DataError
from throughline.quality.figures.publication import Publication, publications, publish_figure
from throughline.quality.figures.restatement import Restated, restated
from throughline.quality.stewardship.desk import Action, Desk
from throughline.schemas.definitions.steward import LINKED, SECONDED
from throughline.sinks.disclosure.register import Register
from throughline.sinks.store import Store
from throughline.streams.join.batch import join

MARCH = datetime.fromisoformat("2026-03-02T09:00")
APRIL = datetime.fromisoformat("2026-04-01T06:00")
HOUR = 3600


def request(n: int, hours: int = 0, **fields: Any) -> Event:
    at = MARCH + timedelta(days=n, hours=hours)
    fields = {"identifiers": {"urn": f"20PP{n:07}"}} | fields
    return event("police.pcd.requested", at, id=f"p{n}", **fields)


def receipt(n: int, hours: int, **fields: Any) -> Event:
    at = MARCH + timedelta(days=n, hours=hours)
    fields = {"identifiers": {"urn": f"20PP{n:07}"}} | fields
    return event("cps.pcd.received", at, id=f"c{n}", **fields)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Three requests: the first received after two hours, the second after four, the third not at all."""
    made = emptied(england_wales_store())
    join(made, batch_of([request(1), receipt(1, 2), request(2), receipt(2, 4), request(3), request(9)]), APRIL)
    return made


def desk_of(store: Store, folder: Path, day: int = 2, officer: str | None = None) -> Desk:
    return Desk(store, england_wales(), folder / "s.jsonl", "20", APRIL + timedelta(days=day), officer)


def published(store: Store, tmp_path: Path, day: int = 2) -> Publication:
    return publish_figure(desk_of(store, tmp_path, day), "delays")


def ledger(store: Store, since: datetime | None = None) -> list[Restated]:
    found = publications(store.connection, since)
    return [line for publication in found for line in restated(store, england_wales(), publication)]


def causes(line: Restated) -> list[tuple[str, str]]:
    return [(cause.kind, cause.event_id) for cause in line.causes]


def test_a_publication_is_on_the_record_as_it_was(store: Store, tmp_path: Path) -> None:
    """Its rows, what it could know, and to when it counted; nothing has changed while nothing arrived."""
    made = published(store, tmp_path)
    (found,) = publications(store.connection)

    assert found == made
    assert found.known_at == APRIL
    assert found.as_of == MARCH + timedelta(days=9)
    assert orjson.loads(found.rows["police to cps"])["median"] == 4 * HOUR
    assert found.is_whole
    assert ledger(store) == []


def test_a_late_receipt_is_the_line_of_the_ledger(store: Store, tmp_path: Path) -> None:
    """The receipt of the third arrives afterwards: one handoff is censored no more, and one event says why."""
    published(store, tmp_path)
    join(store, batch_of([receipt(3, 6)]), APRIL + timedelta(days=5))
    (line,) = ledger(store)

    assert line.subject == "police to cps"
    assert line.changes == {"p90": (None, 6 * HOUR), "censored": (2, 1)}
    assert causes(line) == [("received", "c3")]
    assert line.causes[0].received_at == APRIL + timedelta(days=5)
    assert line.explanation == ""


def test_what_happened_later_restates_nothing(store: Store, tmp_path: Path) -> None:
    """The figure counts to its own day: an event of another case after that day is no restatement."""
    published(store, tmp_path)
    join(store, batch_of([request(20), receipt(20, 1), receipt(9, 30)]), APRIL + timedelta(days=5))

    assert ledger(store) == []


def test_a_figure_of_an_earlier_day(store: Store, tmp_path: Path) -> None:
    """Published as of the evening of the second request, it has two handoffs, and a receipt of the third is no news."""
    evening = MARCH + timedelta(days=2, hours=12)
    made = publish_figure(desk_of(store, tmp_path), "delays", as_of=evening)
    join(store, batch_of([receipt(3, 6)]), APRIL + timedelta(days=5))

    assert orjson.loads(made.rows["police to cps"])["handoffs"] == 2
    assert ledger(store) == []


def test_an_event_of_a_case_that_counts_the_same_is_no_cause(store: Store, tmp_path: Path) -> None:
    """Of two events that came late only the one is named that touched a case behind a change."""
    published(store, tmp_path)
    at, first = MARCH + timedelta(days=1, hours=8), {"urn": "20PP0000001"}
    late = [receipt(3, 6), event("police.victim.updated", at, id="p99", identifiers=first)]
    join(store, batch_of(late), APRIL + timedelta(days=5))
    (line,) = ledger(store)

    assert causes(line) == [("received", "c3")]


def test_a_correction_takes_an_event_back(store: Store, tmp_path: Path) -> None:
    """A copy with another time: neither stands, and the second is not received any more. Both sides are said."""
    published(store, tmp_path)
    corrected = receipt(2, 4) | {"occurred_at": MARCH + timedelta(days=2, hours=3)}
    join(store, batch_of([corrected]), APRIL + timedelta(days=5))
    (line,) = ledger(store)

    assert line.changes["censored"] == (2, 3)
    assert line.changes["median"] == (4 * HOUR, None)
    assert causes(line) == [("corrected", "c2")]


def test_a_steward_links_two_cases(store: Store, tmp_path: Path) -> None:
    """Two cases become one: the decision is named, although it was made after the day that the figure counts to."""
    published(store, tmp_path)
    pair = {"left_kind": "urn", "left_value": "20PP0000003", "right_kind": "urn", "right_value": "20PP0000009"}

    first, second = desk_of(store, tmp_path, 5, "o-5b20d4aa"), desk_of(store, tmp_path, 6, "o-7c31e0bd")
    (proposed,) = first.publish([Action(LINKED, pair | {"reason_code": "same_case"})])
    assert ledger(store) == []
    of_proposal = {"proposal_source": first.source, "proposal_id": proposed}
    (seconded,) = second.publish([Action(SECONDED, pair | of_proposal)])
    (line,) = ledger(store)

    assert line.changes["cases"] == (4, 3)
    assert causes(line) == [("linked", proposed), ("linked", seconded)]


def test_a_row_that_was_not_there(store: Store, tmp_path: Path) -> None:
    """The first handoff of a pair, come late: nothing before, all of it now."""
    published(store, tmp_path)
    at, first = MARCH + timedelta(days=1, hours=5), {"urn": "20PP0000001"}
    join(store, batch_of([event("cps.action_plan.issued", at, id="c77", identifiers=first)]), APRIL + timedelta(days=5))
    (line,) = ledger(store)

    assert line.subject == "cps to police"
    assert line.changes["handoffs"] == (None, 1)
    assert causes(line) == [("received", "c77")]


def test_each_publication_has_its_own_lines(store: Store, tmp_path: Path) -> None:
    """Published again after the late receipt, the second publication is right, and only the first is restated."""
    first = published(store, tmp_path)
    join(store, batch_of([receipt(3, 6)]), APRIL + timedelta(days=5))
    second = published(store, tmp_path, day=6)

    assert [line.publication.publication_id for line in ledger(store)] == [first.publication_id]
    assert ledger(store, since=second.published_at) == []


def test_a_filled_gap_is_said_where_no_count_changed(store: Store, tmp_path: Path) -> None:
    """Rows that were withheld are shown once the missing numbers have come, though not one handoff is another."""
    made = emptied(store)
    numbered = [request(n, sequence=str(n)) for n in (1, 2, 3)] + [request(9, sequence="9")]
    join(made, batch_of([*numbered, receipt(1, 2), receipt(2, 4)]), APRIL)
    published(made, tmp_path)
    elsewhere = {"urn": "20PP0000055"}
    other = [
        event("police.victim.updated", MARCH + timedelta(days=n), id=f"v{n}", sequence=str(n), identifiers=elsewhere)
        for n in range(4, 9)
    ]
    join(made, batch_of(other), APRIL + timedelta(days=5))
    (line,) = ledger(made)

    assert set(line.changes) == {"median", "coverage", "withheld"}
    assert line.changes["coverage"] == (0.444444, 1.0)
    assert line.causes == ()
    assert line.explanation == "Nothing that is counted changed, but how much of what should be there is there."


def test_a_record_that_left_quarantine_is_not_taken_for_news(store: Store, tmp_path: Path) -> None:
    """It has the time at which it was first read: the row is restated, and no event received since is named."""
    published(store, tmp_path)
    join(store, batch_of([receipt(3, 6)]), APRIL - timedelta(days=1))
    (line,) = ledger(store)

    assert line.changes["censored"] == (2, 1)
    assert line.causes == ()
    assert line.explanation.startswith("No event received since explains it: a record left quarantine")


def test_a_publication_of_which_a_row_is_missing_says_so(store: Store, tmp_path: Path) -> None:
    """The digest is of all rows: a store that got only some of them knows."""
    at, first = MARCH + timedelta(days=1, hours=5), {"urn": "20PP0000001"}
    join(store, batch_of([event("cps.action_plan.issued", at, id="c77", identifiers=first)]), APRIL)
    assert len(published(store, tmp_path).rows) == 2
    with store.transaction() as connection:
        connection.execute("delete from events where data->>'$.subject' = 'police to cps'")

    assert [found.is_whole for found in publications(store.connection)] == [False]


def test_a_store_without_cases_has_nothing_to_publish(tmp_path: Path) -> None:
    """No rows, no publication."""
    with pytest.raises(DataError, match="no cases"):
        published(emptied(england_wales_store()), tmp_path)


def test_a_figure_of_an_earlier_day_is_what_delays_shows_of_it(store: Store, tmp_path: Path) -> None:
    """Two cases that a later event joins are one, as in `delays --as-of` of that day; nothing is restated."""
    both = {"urn": "20PP0000001", "crime_ref": "20/000001/26"}
    other = {"urn": "20PP0000002", "crime_ref": "20/000001/26"}
    later = [
        event("police.victim.updated", MARCH + timedelta(days=20 + n), id=f"v{n}", identifiers=one)
        for n, one in enumerate([both, other])
    ]
    join(store, batch_of(later), APRIL)
    day = MARCH + timedelta(days=3)

    made = publish_figure(desk_of(store, tmp_path), "delays", as_of=day)

    store.connection.execute("set variable as_of = ?::timestamp", [day])
    shown = store.connection.execute("select to_json(d)->>'$' from delays d").fetchall()
    store.connection.execute("reset variable as_of")
    assert sorted((row,) for row in made.rows.values()) == sorted(shown)
    assert orjson.loads(made.rows["police to cps"])["cases"] == 2
    assert ledger(store) == []


def test_an_event_of_a_later_day_that_joins_cases_restates_an_earlier_figure(store: Store, tmp_path: Path) -> None:
    """It is counted in today's cases: the event that joined two of them is named, and no other of a later day."""
    publish_figure(desk_of(store, tmp_path), "delays", as_of=MARCH + timedelta(days=3))
    both = {"urn": "20PP0000001", "crime_ref": "20/000001/26"}
    other = {"urn": "20PP0000002", "crime_ref": "20/000001/26"}
    late = [
        event("police.victim.updated", MARCH + timedelta(days=20 + n), id=f"v{n}", identifiers=one)
        for n, one in enumerate([both, other, {"urn": "20PP0000002"}])
    ]
    join(store, batch_of(late), APRIL + timedelta(days=5))
    back, there = ledger(store)

    assert there.changes == {"cases": (3, 2)}
    assert back.changes["handoffs"] == (None, 1)
    assert causes(there) == causes(back) == [("received", "v0"), ("received", "v1")]


def test_later_events_of_a_month_with_a_gap_restate_nothing(store: Store, tmp_path: Path) -> None:
    """How much of what should be there is there is counted to the same day as the figure."""
    made = emptied(store)
    numbered = [request(n, sequence=str(n)) for n in (1, 2, 3)] + [request(9, sequence="5")]
    join(made, batch_of([*numbered, receipt(1, 2), receipt(2, 4)]), APRIL)
    published(made, tmp_path)
    more = [request(n, sequence=str(n)) for n in (11, 12, 19)]
    join(made, batch_of(more), APRIL + timedelta(days=5))

    assert ledger(made) == []


def test_an_event_that_is_stated_again_is_the_cause(store: Store, tmp_path: Path) -> None:
    """A receipt was taken back before the publication, and since is stated at a higher revision as it was first."""
    stated = receipt(3, 6, revision="1")
    join(store, batch_of([stated, stated | {"revision": "2", "retracts": True}]), APRIL)
    published(store, tmp_path)
    join(store, batch_of([stated | {"revision": "3"}]), APRIL + timedelta(days=5))
    (line,) = ledger(store)

    assert line.changes["censored"] == (2, 1)
    assert causes(line) == [("corrected", "c3")]
    assert line.causes[0].received_at == APRIL + timedelta(days=5)


@pytest.mark.parametrize("since", [{"revision": "9", "retracts": True}, {"revision": "9", "type": "cps.pcd.triaged"}])
def test_an_event_of_which_a_higher_revision_says_otherwise_is_the_cause(
    store: Store, tmp_path: Path, since: dict[str, Any]
) -> None:
    """Taken back, or of another type now: it is named once, with the time at which the higher revision came."""
    published(store, tmp_path)
    join(store, batch_of([receipt(2, 4) | since]), APRIL + timedelta(days=5))
    (line,) = ledger(store)

    assert line.changes["censored"] == (2, 3)
    assert causes(line) == [("corrected", "c2")]
    assert line.causes[0].received_at == APRIL + timedelta(days=5)


def test_a_higher_revision_that_settles_a_conflict_is_the_cause(store: Store, tmp_path: Path) -> None:
    """Two copies differed when the figure was published; a later one says at a higher revision what stands."""
    join(store, batch_of([receipt(3, 6), receipt(3, 6, unit="elsewhere")]), APRIL)
    published(store, tmp_path)
    join(store, batch_of([receipt(3, 6, revision="1", unit="third")]), APRIL + timedelta(days=5))
    (line,) = ledger(store)

    assert line.changes["censored"] == (2, 1)
    assert causes(line) == [("corrected", "c3")]


def test_what_is_small_beside_all_that_was_shown_is_left_out_of_a_publication(store: Store, tmp_path: Path) -> None:
    """Of twelve requests to the CPS are twelve cases shown, and of two sent back none: how many is not said, nor is how
    long. A later publication of 15 is hidden as well: that three were added would follow."""
    register = Register(tmp_path / "shown")
    join(store, batch_of([request(n) for n in range(4, 13)]), APRIL)
    at = MARCH + timedelta(days=30)
    back = [
        event("cps.pcd.triaged", at, id=f"r{n}", decision="reject", identifiers={"urn": f"20PP{n:07}"}) for n in (1, 2)
    ]
    join(store, batch_of(back), APRIL)
    first = publish_figure(desk_of(store, tmp_path), "delays", register=register)
    rows = {subject: orjson.loads(row) for subject, row in first.rows.items()}

    assert rows["police to cps"]["cases"] == 12
    assert "handoffs" not in rows["police to cps"]
    assert rows["cps to police"] == {"from_agency": "cps", "to_agency": "police", "suppressed": "small"}
    assert ledger(store) == []

    join(store, batch_of([request(n) for n in (13, 14, 15)]), APRIL)
    later = publish_figure(desk_of(store, tmp_path, 3), "delays", register=register)
    assert orjson.loads(later.rows["police to cps"])["suppressed"] == "secondary"
