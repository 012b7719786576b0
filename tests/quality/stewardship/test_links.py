"""What a steward may do about a pair of identifiers, and what is refused before it becomes an event."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from england_wales import england_wales
from listed_stewards import with_stewards

from throughline.errors import DataError, ThroughlineError, UsageError
from throughline.quality.stewardship.desk import Desk
from throughline.quality.stewardship.links import Identifier, identifier_of, propose, second, undo, unlink
from throughline.quality.stewardship.preview import preview
from throughline.schemas.definitions.domain import load_domain
from throughline.sinks.digest import digest
from throughline.sinks.questions.question import ask
from throughline.sinks.store import Store, open_memory_store
from throughline.streams.join.link import prepare_edges
from throughline.streams.join.replay import replay

MORNING = datetime.fromisoformat("2026-07-01T06:00")
LATER = MORNING + timedelta(hours=2)
FIRST, SECOND, NOBODY = "o-5b20d4aa", "o-7c31e0bd", None
CRIME, OTHER, URN = (
    Identifier("crime_ref", "20/1/26"),
    Identifier("crime_ref", "20/2/26"),
    Identifier("urn", "20PP0000126"),
)
REASON = {"reason_code": "same_case"}


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
def desk(store: Store, tmp_path: Path) -> Desk:
    """That of the first steward, in the morning."""
    return Desk(store, england_wales(), tmp_path / "steward.jsonl", "20", MORNING, FIRST)


def by(desk: Desk, officer: str | None, at: datetime) -> Desk:
    return replace(desk, officer=officer, at=at)


def cases(store: Store) -> int:
    row = store.connection.execute("select count(*) from cases").fetchone()
    assert row is not None
    return int(row[0])


def test_two_stewards_link_and_either_undoes_it_exactly(store: Store, desk: Desk) -> None:
    """The digest is as before; and the outbox alone, in any store of the same events, gives the same."""
    before = digest(store.connection)
    id = propose(desk, CRIME, OTHER, **REASON)
    assert digest(store.connection) == before

    second(by(desk, SECOND, LATER), id[:8])
    assert cases(store) == 1
    linked = digest(store.connection)

    assert replay(store, england_wales(), [desk.outbox]).duplicate == 2
    with open_memory_store() as elsewhere:
        replay(elsewhere, england_wales(), [desk.outbox, desk.outbox.with_name("events.jsonl")], received_at=MORNING)
        assert digest(elsewhere.connection) == linked

    assert undo(by(desk, SECOND, LATER), OTHER, CRIME, **REASON) == 1
    assert digest(store.connection) == before


def test_a_proposal_is_undone_before_it_is_seconded(store: Store, desk: Desk) -> None:
    """Nobody can second it any more, and it may be proposed anew."""
    id = propose(desk, CRIME, OTHER, **REASON)
    undo(by(desk, SECOND, LATER), CRIME, OTHER, **REASON)

    with pytest.raises(DataError, match="No proposal"):
        second(by(desk, SECOND, LATER), id)
    propose(by(desk, FIRST, LATER), CRIME, OTHER, **REASON)


def test_what_an_event_joins_is_unlinked_by_one_and_linked_again_by_two(store: Store, desk: Desk) -> None:
    """An undo would find nothing: no steward linked it."""
    before = digest(store.connection)
    unlink(by(desk, NOBODY, MORNING), CRIME, URN, **REASON)
    assert cases(store) == 3

    with pytest.raises(DataError, match="links unlink"):
        undo(by(desk, NOBODY, MORNING), CRIME, URN, **REASON)
    id = propose(by(desk, FIRST, LATER), CRIME, URN, **REASON)
    second(by(desk, SECOND, LATER + timedelta(hours=1)), id)
    assert digest(store.connection) == before


REFUSED: dict[str, tuple[Callable[..., Any], dict[str, Any], type[ThroughlineError], str]] = {
    "proposed by nobody": (propose, {"officer": NOBODY}, UsageError, "takes two stewards"),
    "of what events join": (propose, {"right": URN}, DataError, "joined already"),
    "of one identifier": (propose, {"right": CRIME}, UsageError, "given twice"),
    "of one that nothing carries": (propose, {"right": Identifier("urn", "20PP0000926")}, DataError, "carries urn"),
    "in another area": (propose, {"area": "21"}, DataError, "area 21 carries"),
    "by a name": (propose, {"officer": "Jane Doe"}, UsageError, "never by name"),
    "for no reason of the catalogue": (propose, {"reason_code": "because"}, UsageError, "reason_code"),
    "unlinked, and joined by nothing": (unlink, {}, DataError, "Nothing joins"),
    "undone, and never made": (undo, {}, DataError, "No steward's link"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_could_not_count_is_refused(name: str, store: Store, desk: Desk) -> None:
    """There is neither an event nor a line of the outbox."""
    do, said, error, match = REFUSED[name]
    usual = {"left": CRIME, "right": OTHER, "reason_code": "same_case"}
    of_desk = {name: said[name] for name in said.keys() - usual.keys()}
    of_pair = {name: said.get(name, given) for name, given in usual.items()}

    with pytest.raises(error, match=match):
        do(replace(desk, **of_desk), **of_pair)

    assert store.connection.execute("from link_acts").fetchall() == []
    assert not desk.outbox.exists()


@pytest.mark.parametrize(
    ("second_desk", "match"),
    [
        ({"officer": FIRST, "at": LATER}, "Another steward has to second it"),
        ({"officer": NOBODY, "at": LATER}, "--officer"),
        ({"officer": SECOND, "at": MORNING}, "Correct the clock"),
        ({"officer": SECOND, "at": LATER, "area": "21"}, "No proposal"),
    ],
    ids=["by its author", "by nobody", "not later than it", "in another area"],
)
def test_a_seconding_that_would_not_count_is_refused(
    second_desk: dict[str, Any], match: str, store: Store, desk: Desk
) -> None:
    """The proposal waits on; a second one of the same pair is refused, too."""
    id = propose(desk, CRIME, OTHER, **REASON)
    written = desk.outbox.read_bytes()

    with pytest.raises((UsageError, DataError), match=match):
        second(replace(desk, **second_desk), id)
    with pytest.raises(DataError, match="proposed already"):
        propose(by(desk, SECOND, LATER), OTHER, CRIME, **REASON)

    assert desk.outbox.read_bytes() == written
    assert store.connection.execute("select state from link_acts").fetchall() == [("waiting",)]


def test_a_proposal_that_names_nobody_cannot_be_seconded(store: Store, tmp_path: Path, desk: Desk) -> None:
    """Such as one that another system published."""
    proposal = {
        "specversion": "1.0",
        "id": "steward-1",
        "source": "urn:throughline:steward:20:desk",
        "type": "steward.identifiers.linked",
        "time": "2026-07-01T06:00:00Z",
        "partitionkey": "20",
        "data": {"left_kind": "crime_ref", "left_value": "20/1/26", "right_kind": "crime_ref", "right_value": "20/2/26"}
        | REASON,
    }
    (tmp_path / "theirs.jsonl").write_bytes(orjson.dumps(proposal))
    replay(store, england_wales(), [tmp_path / "theirs.jsonl"])

    with pytest.raises(UsageError, match="does not say by pseudonym who made it"):
        second(by(desk, SECOND, LATER), "steward-1")


@pytest.mark.parametrize(
    "text", ["20/1/26", "case:20/1/26", "victim_ref:v-1", "crime_ref:UNKNOWN", "urn:1", "crime_ref:"]
)
def test_what_names_no_identifier_that_links_is_refused(text: str) -> None:
    """No kind, an unknown kind, one that never links, a placeholder, a form that is none, nothing."""
    with pytest.raises(UsageError):
        identifier_of(england_wales(), text)


def test_a_decision_that_is_dated_later_would_outlast_another_and_is_named(store: Store, desk: Desk) -> None:
    """By a clock that is ahead. An undo has no need to be later."""
    before = digest(store.connection)
    ahead = LATER + timedelta(hours=1)
    id = propose(by(desk, FIRST, LATER), CRIME, OTHER, **REASON)
    second(by(desk, SECOND, ahead), id)

    with pytest.raises(UsageError, match="links undo"):
        unlink(desk, CRIME, OTHER, **REASON)
    undo(desk, CRIME, OTHER, **REASON)
    assert digest(store.connection) == before

    unlink(by(desk, FIRST, LATER), CRIME, URN, **REASON)
    with pytest.raises(UsageError, match="not past yet"):
        propose(desk, CRIME, URN, **REASON)


def test_an_identifier_is_brought_to_its_normal_form() -> None:
    """As it stands in the store."""
    assert identifier_of(england_wales(), "urn: 20pp 0000126") == URN


def test_the_preview_says_what_the_link_then_does(store: Store, desk: Desk) -> None:
    """The number of events and the identifiers of the case that results."""
    found = preview(store.connection, "20", CRIME, OTHER)
    assert (found.left.events, found.right.events, found.events) == (2, 1, 3)
    assert (found.merges, found.joined_by, found.left.neighbours) == (True, (), {"urn": 1})

    id = propose(desk, CRIME, OTHER, **REASON)
    assert preview(store.connection, "20", CRIME, OTHER).waiting == (id,)
    second(by(desk, SECOND, LATER), id)

    made = store.connection.execute("select events, identifiers from cases").fetchall()
    assert made == [(found.events, found.identifiers)]
    now = preview(store.connection, "20", CRIME, OTHER)
    assert (now.merges, now.is_one_case, now.joined_by) == (False, True, ("steward",))
    assert now.left.neighbours == now.left.neighbours_then == {"urn": 1, "crime_ref": 1}


def test_two_of_a_kind_that_stands_once_in_a_case_are_shown(tmp_path: Path) -> None:
    """Before the link, and in the list after it; england_wales says so of no kind, this domain of crime numbers."""
    domain = with_stewards(load_domain(domain_with_one_crime_a_case(tmp_path)))
    (tmp_path / "events.jsonl").write_bytes(b"\n".join([crime(1, crime_ref="20/1/26"), crime(3, crime_ref="20/2/26")]))
    with open_memory_store() as store:
        replay(store, domain, [tmp_path / "events.jsonl"], received_at=MORNING)
        assert preview(store.connection, "20", CRIME, OTHER).contradictory == ("crime_ref",)
        assert listed(store) == []

        desk = Desk(store, domain, tmp_path / "s.jsonl", "20", MORNING, FIRST)
        second(by(desk, SECOND, LATER), propose(desk, CRIME, OTHER, **REASON))
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
    crimes: int, becomes: bool, store: Store, tmp_path: Path, desk: Desk
) -> None:
    """The URN stands beside one crime and more; the link adds one, and twenty are allowed."""
    more = [crime(10 + n, crime_ref=f"20/{100 + n}/26", urn="20PP0000126") for n in range(crimes)]
    (tmp_path / "more.jsonl").write_bytes(b"\n".join(more))
    replay(store, england_wales(), [tmp_path / "more.jsonl"])

    found = preview(store.connection, "20", URN, OTHER)
    assert (found.left.becomes_hub, found.merges) == (becomes, not becomes)

    id = propose(desk, URN, OTHER, **REASON)
    second(by(desk, SECOND, LATER), id)
    hubs = store.connection.execute("select kind, value from identifiers where is_hub").fetchall()
    assert hubs == ([tuple(URN)] if becomes else [])
    assert preview(store.connection, "20", URN, OTHER).left.is_hub is becomes
