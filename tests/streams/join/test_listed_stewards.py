"""A steward's act counts from a source, for an area and by a person that the deployment lists; else for nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from listed_stewards import FIRST, SECOND, with_stewards

from throughline.errors import DataError, UsageError
from throughline.quality.stewardship.replay import replay_quarantine
from throughline.schemas.acceptance.owner import Desk
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.steward import ACTS
from throughline.schemas.wire.json_lines import events_from_json_lines
from throughline.sinks.digest import digest
from throughline.sinks.store import Store, open_memory_store
from throughline.sources.publish.publisher import check_acts
from throughline.streams.join.rebuild import open_domain
from throughline.streams.join.replay import replay

NOBODY = load_domain()
LISTED = with_stewards(NOBODY)
DESK = "urn:throughline:steward:20:desk"
PAIR = {
    "left_kind": "crime_ref",
    "left_value": "20/000001/26",
    "right_kind": "crime_ref",
    "right_value": "20/000002/26",
}
NAMED = {"proposal_source": DESK, "proposal_id": "s-1", **PAIR}


def line(type_: str, id: str, data: dict[str, Any], source: str = DESK, area: str = "20", **more: Any) -> bytes:
    said = {"specversion": "1.0", "id": id, "source": source, "type": f"uk.cjs.{type_}.v1", "partitionkey": area}
    return orjson.dumps(said | {"time": f"2026-03-0{id[-1]}T10:00:00Z", "data": data} | more)


CRIMES = [
    line(
        "police.crime.recorded",
        f"c-{n}",
        {"unit": "20PP", "identifiers": {"crime_ref": f"20/00000{n}/26"}, "offence_group": "stalking"},
        source="urn:throughline:police:20:rms",
    )
    for n in (1, 2)
]


def link(source: str = DESK, first: str = FIRST, second: str = SECOND, area: str = "20") -> list[bytes]:
    """A link that one steward proposes and another seconds."""
    seconded = NAMED | {"proposal_source": source, "officer": second}
    return [
        line("steward.identifiers.linked", "s-1", PAIR | {"reason_code": "same_case", "officer": first}, source, area),
        line("steward.identifiers.seconded", "s-2", seconded, source, area),
    ]


def replayed(folder: Path, lines: list[bytes], domain: Domain, store: Store | None = None) -> Store:
    (folder / "events.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    made = store or open_memory_store()
    replay(made, domain, [folder / "events.jsonl"])
    return made


def cases(store: Store) -> int:
    row = store.connection.execute("select count(*) from cases").fetchone()
    assert row is not None
    return int(row[0])


def refused(store: Store) -> list[tuple[str, str]]:
    return store.connection.execute(
        "select event_id, field from quarantine where reason = 'unlisted_steward'"
    ).fetchall()


def test_two_listed_stewards_link(tmp_path: Path) -> None:
    store = replayed(tmp_path, CRIMES + link(), LISTED)

    assert (cases(store), refused(store)) == (1, [])


@pytest.mark.parametrize(
    ("acts", "fields"),
    [
        (link(source="urn:x:desk"), {"source"}),
        (link(source="urn:throughline:steward:20:home"), {"source"}),
        (link(first="o-aaaaaaaa", second="o-bbbbbbbb"), {"data.officer"}),
        (link(second="o-bbbbbbbb"), {"data.officer"}),
        (link(second=FIRST.upper()), {"data.officer"}),
        (link(area="21"), {"partitionkey"}),
    ],
    ids=["no form", "another desk", "two invented", "one invented", "in capitals", "another area"],
)
def test_who_is_not_listed_links_nothing(tmp_path: Path, acts: list[bytes], fields: set[str]) -> None:
    """The act is in quarantine, with what is not listed; the two cases are as they were."""
    store = replayed(tmp_path, CRIMES + acts, LISTED)

    assert cases(store) == 2
    assert {field for _, field in refused(store)} == fields


def test_without_a_list_nobody_acts() -> None:
    """No act of any type is accepted, whether it names somebody or not, and each is told what to do."""
    lines = [line(type_, "s-1", dict(NOBODY.types[type_].example)) for type_ in sorted(ACTS)]
    batch = events_from_json_lines(lines, NOBODY, "f", 1)

    assert batch.events.num_rows == 0
    assert {row["reason"] for row in batch.rejects.to_pylist()} == {"unlisted_steward"}
    assert all("`stewards` in sources.yaml" in row["detail"] for row in batch.rejects.to_pylist())
    assert events_from_json_lines(lines, LISTED, "f", 1).events.num_rows == len(ACTS)


def test_a_foreign_copy_contests_and_cancels_nothing(tmp_path: Path) -> None:
    """Another content under its id, a retraction and a withdrawal of it, none of them by one listed: it stands."""
    said = PAIR | {"officer": "o-bbbbbbbb"}
    other = line("steward.identifiers.linked", "s-1", said | {"reason_code": "same_person"})
    withdrawn = line("steward.identifiers.withdrawn", "w-5", NAMED | {"reason_code": "different_case"}, "urn:x:desk")
    again = line("steward.identifiers.linked", "s-1", said | {"reason_code": "same_case"}, revision="9", retracts=True)

    store = replayed(tmp_path, [other, withdrawn, again, *CRIMES, *link()], LISTED)

    assert cases(store) == 1
    assert {id for id, _ in refused(store)} == {"s-1", "w-5"}


def test_a_store_from_before_lets_go_of_what_is_not_listed(tmp_path: Path) -> None:
    """Its acts leave for quarantine when it is next opened, and come back once they are listed and it is replayed."""
    trusting = replace(LISTED, stewards=replace(LISTED.stewards, agencies=frozenset(), acts=frozenset()))
    store = replayed(tmp_path, CRIMES + link(), trusting)
    store.connection.execute("delete from store_meta where key = 'stewards'")
    assert cases(store) == 1
    linked = digest(store.connection)

    replayed(tmp_path, CRIMES, NOBODY, store)

    assert (cases(store), {id for id, _ in refused(store)}) == (2, {"s-1", "s-2"})
    assert digest(store.connection) == digest(replayed(tmp_path, CRIMES, NOBODY).connection)

    replay_quarantine(store, LISTED, reason="unlisted_steward")

    assert (cases(store), refused(store)) == (1, [])
    assert digest(store.connection) == linked


def test_who_is_listed_no_longer_acts_no_longer(tmp_path: Path) -> None:
    store = replayed(tmp_path, CRIMES + link(), LISTED)

    open_domain(store, with_stewards(NOBODY, officers=[FIRST]))

    assert [id for id, _ in refused(store)] == ["s-2"]


def test_a_domain_that_lists_nobody_takes_nothing_from_a_store_that_has_a_list(tmp_path: Path) -> None:
    """It is another folder than the deployment's, named by mistake."""
    store = replayed(tmp_path, CRIMES + link(), LISTED)

    with pytest.raises(UsageError, match="this domain lists none"):
        open_domain(store, NOBODY)

    open_domain(store, LISTED)
    assert refused(store) == []


def test_a_publisher_sends_no_act_of_whoever_is_not_listed() -> None:
    """Nor does the library, which is given events that were judged by somebody else."""
    events = events_from_json_lines(CRIMES + link(), LISTED, "f", 1).events

    check_acts(events, LISTED)
    with pytest.raises(DataError, match="`s-1` is not sent"):
        check_acts(events, NOBODY)


def test_one_desk_may_be_of_several_areas_or_of_any() -> None:
    for areas, taken in ((frozenset({"20", "21"}), 2), (None, 3)):
        desks = {DESK: Desk(areas, frozenset({FIRST}))}
        domain = replace(LISTED, stewards=replace(LISTED.stewards, desks=desks))
        lines = [
            line("steward.quarantine.restored", "s-1", {"quarantine_id": "1", "officer": FIRST}, area=area)
            for area in ("20", "21", "22")
        ]
        assert events_from_json_lines(lines, domain, "f", 1).events.num_rows == taken
