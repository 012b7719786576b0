"""What a steward may do about a pair of identifiers, and what is refused before it becomes an event."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from throughline.errors import DataError, ThroughlineError, UsageError
from throughline.quality.stewardship.desk import Desk
from throughline.quality.stewardship.links import Identifier, identifier_of, propose, second, undo, unlink
from throughline.quality.stewardship.preview import preview
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.sinks.digest import digest
from throughline.sinks.questions.question import ask
from throughline.sinks.store import Store, open_memory_store
from throughline.streams.join.link import prepare_edges
from throughline.streams.join.replay import replay

MORNING = datetime.fromisoformat("2026-07-01T06:00")
LATER = MORNING + timedelta(hours=2)
FIRST, SECOND, NOBODY = (
    Desk("urn:throughline:steward:20:desk", "20", who) for who in ("o-5b20d4aa", "o-7c31e0bd", None)
)
CRIME, OTHER, URN = (
    Identifier("crime_ref", "20/1/26"),
    Identifier("crime_ref", "20/2/26"),
    Identifier("urn", "20PP0000126"),
)
REASON = {"reason_code": "same_case"}


@cache
def england_wales() -> Domain:
    return load_domain()


def crime(number: int, **identifiers: str) -> bytes:
    """A recorded crime as a line of JSON."""
    event = {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": "urn:throughline:police:20:rms",
        "type": "police.crime.recorded",
        "time": f"2026-03-02T10:{number:02}:00Z",
        "partitionkey": "20",
        "data": {"unit": "20PP", "identifiers": identifiers, "offence_group": "stalking"},
    }
    return orjson.dumps(event)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A crime with a URN, of two events, and another crime."""
    lines = [
        crime(1, crime_ref="20/1/26"),
        crime(2, crime_ref="20/1/26", urn="20PP0000126"),
        crime(3, crime_ref="20/2/26"),
    ]
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(lines))
    with open_memory_store() as made:
        replay(made, england_wales(), [tmp_path / "events.jsonl"], received_at=MORNING)
        yield made


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    return tmp_path / "steward.jsonl"


def cases(store: Store) -> int:
    row = store.connection.execute("select count(*) from cases").fetchone()
    assert row is not None
    return int(row[0])


def test_two_stewards_link_and_either_undoes_it_exactly(store: Store, outbox: Path) -> None:
    """The digest is as before; and the outbox alone, in any store of the same events, gives the same."""
    before = digest(store.connection)
    id = propose(store, england_wales(), outbox, CRIME, OTHER, **REASON, desk=FIRST, at=MORNING)
    assert digest(store.connection) == before

    second(store, england_wales(), outbox, id[:8], desk=SECOND, at=LATER)
    assert cases(store) == 1
    linked = digest(store.connection)

    assert replay(store, england_wales(), [outbox]).duplicate == 2
    with open_memory_store() as elsewhere:
        replay(elsewhere, england_wales(), [outbox, outbox.with_name("events.jsonl")], received_at=MORNING)
        assert digest(elsewhere.connection) == linked

    assert undo(store, england_wales(), outbox, OTHER, CRIME, **REASON, desk=SECOND, at=LATER) == 1
    assert digest(store.connection) == before


def test_a_proposal_is_undone_before_it_is_seconded(store: Store, outbox: Path) -> None:
    """Nobody can second it any more, and it may be proposed anew."""
    id = propose(store, england_wales(), outbox, CRIME, OTHER, **REASON, desk=FIRST, at=MORNING)
    undo(store, england_wales(), outbox, CRIME, OTHER, **REASON, desk=SECOND, at=LATER)

    with pytest.raises(DataError, match="No proposal"):
        second(store, england_wales(), outbox, id, desk=SECOND, at=LATER)
    propose(store, england_wales(), outbox, CRIME, OTHER, **REASON, desk=FIRST, at=LATER)


def test_what_an_event_joins_is_unlinked_by_one_and_linked_again_by_two(store: Store, outbox: Path) -> None:
    """An undo would find nothing: no steward linked it."""
    before = digest(store.connection)
    unlink(store, england_wales(), outbox, CRIME, URN, **REASON, desk=NOBODY, at=MORNING)
    assert cases(store) == 3

    with pytest.raises(DataError, match="links unlink"):
        undo(store, england_wales(), outbox, CRIME, URN, **REASON, desk=NOBODY, at=MORNING)
    id = propose(store, england_wales(), outbox, CRIME, URN, **REASON, desk=FIRST, at=LATER)
    second(store, england_wales(), outbox, id, desk=SECOND, at=LATER + timedelta(hours=1))
    assert digest(store.connection) == before


REFUSED: dict[str, tuple[Callable[..., Any], dict[str, Any], type[ThroughlineError], str]] = {
    "proposed by nobody": (propose, {"desk": NOBODY}, UsageError, "takes two stewards"),
    "of what events join": (propose, {"right": URN}, DataError, "joined already"),
    "of one identifier": (propose, {"right": CRIME}, UsageError, "given twice"),
    "of one that nothing carries": (propose, {"right": Identifier("urn", "20PP0000926")}, DataError, "carries urn"),
    "in another area": (propose, {"desk": Desk("urn:x", "21", "o-5b20d4aa")}, DataError, "area 21 carries"),
    "by a name": (propose, {"desk": Desk("urn:x", "20", "Jane Doe")}, UsageError, "never by name"),
    "for no reason of the catalogue": (propose, {"reason_code": "because"}, UsageError, "reason_code"),
    "unlinked, and joined by nothing": (unlink, {}, DataError, "Nothing joins"),
    "undone, and never made": (undo, {}, DataError, "No steward's link"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_could_not_count_is_refused(name: str, store: Store, outbox: Path) -> None:
    """There is neither an event nor a line of the outbox."""
    do, said, error, match = REFUSED[name]
    usual = {"left": CRIME, "right": OTHER, "reason_code": "same_case", "desk": FIRST, "at": MORNING}

    with pytest.raises(error, match=match):
        do(store, england_wales(), outbox, **(usual | said))

    assert store.connection.execute("from link_acts").fetchall() == []
    assert not outbox.exists()


@pytest.mark.parametrize(
    ("desk", "at", "match"),
    [
        (FIRST, LATER, "Another steward has to second it"),
        (NOBODY, LATER, "--officer"),
        (SECOND, MORNING, "Correct the clock"),
        (Desk("urn:x", "21", "o-7c31e0bd"), LATER, "No proposal"),
    ],
    ids=["by its author", "by nobody", "not later than it", "in another area"],
)
def test_a_seconding_that_would_not_count_is_refused(
    desk: Desk, at: datetime, match: str, store: Store, outbox: Path
) -> None:
    """The proposal waits on; a second one of the same pair is refused, too."""
    id = propose(store, england_wales(), outbox, CRIME, OTHER, **REASON, desk=FIRST, at=MORNING)
    written = outbox.read_bytes()

    with pytest.raises((UsageError, DataError), match=match):
        second(store, england_wales(), outbox, id, desk=desk, at=at)
    with pytest.raises(DataError, match="proposed already"):
        propose(store, england_wales(), outbox, OTHER, CRIME, **REASON, desk=SECOND, at=LATER)

    assert outbox.read_bytes() == written
    assert store.connection.execute("select state from link_acts").fetchall() == [("waiting",)]


def test_a_proposal_that_names_nobody_cannot_be_seconded(store: Store, tmp_path: Path, outbox: Path) -> None:
    """Such as one that another system published."""
    act = {
        "specversion": "1.0",
        "id": "steward-1",
        "source": "urn:throughline:steward:20:desk",
        "type": "steward.identifiers.linked",
        "time": "2026-07-01T06:00:00Z",
        "partitionkey": "20",
        "data": {"left_kind": "crime_ref", "left_value": "20/1/26", "right_kind": "crime_ref", "right_value": "20/2/26"}
        | REASON,
    }
    (tmp_path / "acts.jsonl").write_bytes(orjson.dumps(act))
    replay(store, england_wales(), [tmp_path / "acts.jsonl"])

    with pytest.raises(UsageError, match="does not say by pseudonym who made it"):
        second(store, england_wales(), outbox, "steward-1", desk=SECOND, at=LATER)


@pytest.mark.parametrize(
    "text", ["20/1/26", "case:20/1/26", "victim_ref:v-1", "crime_ref:UNKNOWN", "urn:1", "crime_ref:"]
)
def test_what_names_no_identifier_that_links_is_refused(text: str) -> None:
    """No kind, an unknown kind, one that never links, a placeholder, a form that is none, nothing."""
    with pytest.raises(UsageError):
        identifier_of(england_wales(), text)


def test_a_decision_that_is_dated_later_would_outlast_another_and_is_named(store: Store, outbox: Path) -> None:
    """By a clock that is ahead. An undo has no need to be later."""
    before = digest(store.connection)
    ahead = LATER + timedelta(hours=1)
    id = propose(store, england_wales(), outbox, CRIME, OTHER, **REASON, desk=FIRST, at=LATER)
    second(store, england_wales(), outbox, id, desk=SECOND, at=ahead)

    with pytest.raises(UsageError, match="links undo"):
        unlink(store, england_wales(), outbox, CRIME, OTHER, **REASON, desk=FIRST, at=MORNING)
    undo(store, england_wales(), outbox, CRIME, OTHER, **REASON, desk=FIRST, at=MORNING)
    assert digest(store.connection) == before

    unlink(store, england_wales(), outbox, CRIME, URN, **REASON, desk=FIRST, at=LATER)
    with pytest.raises(UsageError, match="not past yet"):
        propose(store, england_wales(), outbox, CRIME, URN, **REASON, desk=FIRST, at=MORNING)


def test_an_identifier_is_brought_to_its_normal_form() -> None:
    """As it stands in the store."""
    assert identifier_of(england_wales(), "urn: 20pp 0000126") == URN


def test_the_preview_says_what_the_link_then_does(store: Store, outbox: Path) -> None:
    """The number of events and the identifiers of the case that results."""
    found = preview(store.connection, "20", CRIME, OTHER)
    assert (found.left.events, found.right.events, found.events) == (2, 1, 3)
    assert (found.merges, found.joined_by, found.left.neighbours) == (True, (), {"urn": 1})

    id = propose(store, england_wales(), outbox, CRIME, OTHER, **REASON, desk=FIRST, at=MORNING)
    assert preview(store.connection, "20", CRIME, OTHER).waiting == (id,)
    second(store, england_wales(), outbox, id, desk=SECOND, at=LATER)

    made = store.connection.execute("select events, identifiers from cases").fetchall()
    assert made == [(found.events, found.identifiers)]
    now = preview(store.connection, "20", CRIME, OTHER)
    assert (now.merges, now.is_one_case, now.joined_by) == (False, True, ("steward",))
    assert now.left.neighbours == now.left.neighbours_then == {"urn": 1, "crime_ref": 1}


def test_two_of_a_kind_that_stands_once_in_a_case_are_shown(tmp_path: Path) -> None:
    """Before the link, and in the list after it; england_wales says so of no kind, this domain of crime numbers."""
    domain = load_domain(domain_with_one_crime_a_case(tmp_path))
    (tmp_path / "events.jsonl").write_bytes(b"\n".join([crime(1, crime_ref="20/1/26"), crime(3, crime_ref="20/2/26")]))
    with open_memory_store() as store:
        replay(store, domain, [tmp_path / "events.jsonl"], received_at=MORNING)
        assert preview(store.connection, "20", CRIME, OTHER).contradictory == ("crime_ref",)
        assert listed(store) == []

        id = propose(store, domain, tmp_path / "s.jsonl", CRIME, OTHER, **REASON, desk=FIRST, at=MORNING)
        second(store, domain, tmp_path / "s.jsonl", id, desk=SECOND, at=LATER)
        assert preview(store.connection, "20", CRIME, OTHER).contradictory == ()
        assert listed(store) == [("contradictory", str(CRIME), str(OTHER)), ("linked", str(CRIME), str(OTHER))]


def domain_with_one_crime_a_case(folder: Path) -> Path:
    copied = Path(shutil.copytree(england_wales().path, folder / "domain"))
    file = copied / "domain.yaml"
    text = file.read_text(encoding="utf-8")
    assert "  - kind: crime_ref\n" in text
    file.write_text(text.replace("  - kind: crime_ref\n", "  - kind: crime_ref\n    once: true\n"), encoding="utf-8")
    return copied


def listed(store: Store) -> list[tuple[str, str, str | None]]:
    """State and identifiers of each matter that `links list` shows."""
    prepare_edges(store.connection, [])
    rows = ask(store.connection, "links", now=MORNING).rows
    return [(row[0], row[2], row[3]) for row in rows]


@pytest.mark.parametrize(("crimes", "becomes"), [(18, False), (19, True)])
def test_the_preview_says_whether_the_link_makes_a_hub(
    crimes: int, becomes: bool, store: Store, tmp_path: Path, outbox: Path
) -> None:
    """The URN stands beside one crime and more; the link adds one, and twenty are allowed."""
    more = [crime(10 + n, crime_ref=f"20/{100 + n}/26", urn="20PP0000126") for n in range(crimes)]
    (tmp_path / "more.jsonl").write_bytes(b"\n".join(more))
    replay(store, england_wales(), [tmp_path / "more.jsonl"])

    found = preview(store.connection, "20", URN, OTHER)
    assert (found.left.becomes_hub, found.merges) == (becomes, not becomes)

    id = propose(store, england_wales(), outbox, URN, OTHER, **REASON, desk=FIRST, at=MORNING)
    second(store, england_wales(), outbox, id, desk=SECOND, at=LATER)
    hubs = store.connection.execute("select kind, value from identifiers where is_hub").fetchall()
    assert hubs == ([tuple(URN)] if becomes else [])
    assert preview(store.connection, "20", URN, OTHER).left.is_hub is becomes
