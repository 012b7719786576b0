"""The copies of an event beside one another, and the steward's decision which of them stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from england_wales import england_wales

from throughline.errors import DataError, UsageError
from throughline.quality.stewardship.conflicts import copies_of, resolve, source_called
from throughline.quality.stewardship.desk import Desk
from throughline.schemas.definitions.domain import Domain
from throughline.sinks.store import Store, open_memory_store
from throughline.streams.join.replay import replay

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "examples"
SOURCE, ID = "urn:throughline:police:20:rms", "police-0001"
MORNING = datetime.fromisoformat("2026-07-01T06:00")


@pytest.fixture(scope="module")
def domain() -> Domain:
    return england_wales()


@pytest.fixture
def store(domain: Domain) -> Iterator[Store]:
    """The example events, one of them published twice with other contents."""
    with open_memory_store() as made:
        replay(made, domain, [EXAMPLES / "events.jsonl", EXAMPLES / "faults.jsonl"], received_at=MORNING)
        yield made


@pytest.fixture
def desk(store: Store, domain: Domain, tmp_path: Path) -> Desk:
    return Desk(store, domain, tmp_path / "s.jsonl", "20", MORNING, "o-5b20d4aa")


def offences(store: Store) -> dict[str, bool]:
    """What each copy says that it was, and whether that copy stands."""
    return {copy.fields["data.offence_group"]: copy.stands for copy in copies_of(store.connection, SOURCE, ID)}


def test_the_copies_differ_in_what_their_files_say(store: Store) -> None:
    """Field by field, those of `data` by their own names; where they were read is no content."""
    one, other = copies_of(store.connection, SOURCE, ID)

    assert {name for name in one.fields if one.fields[name] != other.fields.get(name)} == {"data.offence_group"}
    assert one.fields.keys() == other.fields.keys()
    assert one.coming["origin"] != other.coming["origin"]


@pytest.mark.parametrize("stands", [0, 1])
def test_the_copy_that_a_steward_names_stands(stands: int, store: Store, desk: Desk) -> None:
    """And the other does not; a later decision may say otherwise."""
    assert set(offences(store).values()) == {False}
    copies = copies_of(store.connection, SOURCE, ID)
    chosen = copies[stands]

    resolve(desk, SOURCE, ID, chosen.content_hash, reason_code="source_corrected")
    assert [copy.stands for copy in copies_of(store.connection, SOURCE, ID)] == [stands == 0, stands == 1]

    evening = replace(desk, at=datetime.fromisoformat("2026-07-01T18:00"))
    resolve(evening, SOURCE, ID, copies[1 - stands].content_hash, reason_code="source_corrected")
    assert [copy.stands for copy in copies_of(store.connection, SOURCE, ID)] == [stands == 1, stands == 0]


def test_a_conflict_that_is_decided_is_no_alert(store: Store, desk: Desk) -> None:
    """The copy that does not stand stays in quarantine."""
    alerts = "select subject from alerts where kind = 'conflict'"
    assert store.connection.execute(alerts).fetchall() == [(f"{SOURCE} {ID}",)]

    copies = copies_of(store.connection, SOURCE, ID)
    resolve(desk, SOURCE, ID, copies[0].content_hash, reason_code="source_corrected")

    kept = store.connection.execute("select content_hash from quarantined where reason = 'conflict'").fetchall()
    assert kept == [(copies[1].content_hash,)]
    assert store.connection.execute(alerts).fetchall() == []


def test_what_would_decide_nothing_is_refused(store: Store, desk: Desk) -> None:
    """A hash that no copy has, an event whose copies agree, an area in which the event is not."""
    hash_of_one = copies_of(store.connection, SOURCE, ID)[0].content_hash

    with pytest.raises(DataError, match=hash_of_one):
        resolve(desk, SOURCE, ID, "0" * 32, reason_code="older_copy")
    with pytest.raises(DataError, match="conflicts list"):
        copies_of(store.connection, SOURCE, "police-0002")
    with pytest.raises(UsageError, match="--area 20"):
        resolve(replace(desk, area="21"), SOURCE, ID, hash_of_one, reason_code="older_copy")

    assert not desk.outbox.exists()


def test_a_decision_that_is_dated_later_would_outlast_another(store: Store, desk: Desk) -> None:
    """By a clock that is ahead: what could not count is refused."""
    chosen, other = (copy.content_hash for copy in copies_of(store.connection, SOURCE, ID))
    resolve(desk, SOURCE, ID, chosen, reason_code="older_copy")

    with pytest.raises(UsageError, match="not past yet"):
        resolve(desk, SOURCE, ID, other, reason_code="older_copy")
    assert [copy.stands for copy in copies_of(store.connection, SOURCE, ID)] == [True, False]


def test_a_source_is_named_by_its_end_where_one_ends_so(store: Store) -> None:
    """As tables show it; one that nothing ends in is nobody's, and of several each has to be named whole."""
    assert source_called(store.connection, "police:20:rms") == source_called(store.connection, SOURCE) == SOURCE
    assert source_called(store.connection, "0:rms") == "0:rms"
    store.connection.execute("update quarantined set source = 'urn:elsewhere:police:20:rms' where reason = 'bad_time'")

    with pytest.raises(DataError, match="urn:elsewhere:police:20:rms, urn:throughline:police:20:rms"):
        source_called(store.connection, "police:20:rms")
