"""Nightly exports of how things stand: given these files, in whatever order they are read, this timeline."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from throughline.errors import MappingError
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.sinks.digest import digest
from throughline.sinks.store import Store, open_memory_store
from throughline.sources.mapping.mapping import dated, load_mapping
from throughline.sources.mapping.snapshots import between
from throughline.streams.join.replay import replay

MAPPING = """
title: Nightly export of the crime system
source: urn:throughline:police:20:crime_export
area: {constant: "20"}
unit: Unit
identifiers: {crime_ref: Ref, urn: URN}
time: Recorded
id: {columns: [Ref]}
snapshot:
  as_of: {path: '(\\d{4}-\\d{2}-\\d{2})\\.csv', format: "%Y-%m-%d"}
"""
STATE = """
type: {constant: police.crime.recorded}
fields: {offence_group: Offence}
"""
COMPLETE = """
  complete: true
  vanished: retract
"""
CANCELLED = """
  complete: true
  vanished: {type: police.crime.cancelled, reasons: additional_information}
"""
CHANGES = """
emits:
  - name: recorded
    type: {constant: police.crime.recorded}
    fields: {offence_group: Offence}
  - name: reclassified
    changes: true
    type: {constant: police.crime.reclassified}
    fields: {offence_group: Offence}
"""
HEADER = "Ref;URN;Recorded;Unit;Offence\n"


def row(ref: str, offence: str = "stalking", urn: str = "", unit: str = "20PP") -> str:
    return f"20/00{ref}/26;{urn};2026-03-01T10:00:00Z;{unit};{offence}\n"


@pytest.fixture(scope="module")
def domain() -> Domain:
    return load_domain(None)


class Desk:
    """Writes exports into a folder and replays them."""

    def __init__(self, folder: Path, domain: Domain) -> None:
        self.folder, self.domain = folder, domain

    def exports(self, **nights: str) -> list[Path]:
        """A file for each night: `n02` is that of 2 March."""
        files = []
        for night, rows in nights.items():
            files.append(self.folder / f"2026-03-{night[1:]}.csv")
            files[-1].write_text(HEADER + rows)
        return files

    def replay(self, store: Store, files: list[Path], mapping: str) -> Store:
        (self.folder / "m.yaml").write_text(mapping)
        replay(store, self.domain, files, mapping=load_mapping(self.folder / "m.yaml"))
        return store


@pytest.fixture
def desk(tmp_path: Path, domain: Domain) -> Desk:
    return Desk(tmp_path, domain)


@pytest.fixture
def store() -> Iterator[Store]:
    with open_memory_store() as store:
        yield store


def timeline(store: Store, columns: str = "type, revised") -> list[tuple[Any, ...]]:
    return store.connection.execute(f"select {columns} from timeline order by all").fetchall()


def test_a_later_night_revises_an_earlier_one(desk: Desk, store: Store) -> None:
    """One crime, and no conflict: its offence and URN are those of the last night."""
    files = desk.exports(
        n02=row("0001"),
        n03=row("0001", "harassment", urn="20PP0012326"),
        n04=row("0001", "harassment", urn="20PP0012326"),
    )
    desk.replay(store, files, MAPPING + STATE)

    assert timeline(store, "data->>'$.offence_group', revised") == [("harassment", True)]
    (identifiers,) = store.connection.execute("select identifiers from cases").fetchone() or ([],)
    assert "urn:20PP0012326" in identifiers
    changed = store.connection.execute(
        "select from_revision, to_revision, standing, changed from revisions order by statement"
    ).fetchall()
    assert changed == [
        ("2026-03-02", "2026-03-02", "superseded", None),
        ("2026-03-03", "2026-03-04", "stands", ["identifiers", "offence_group"]),
    ]


def test_nights_in_any_order_and_twice_give_one_digest(desk: Desk, domain: Domain) -> None:
    """In one run or in one for each file."""
    files = desk.exports(n02=row("0001") + row("0002"), n03=row("0001", "harassment"), n04=row("0001") + row("0002"))
    digests = set()
    for number, order in enumerate(permutations(files)):
        for runs in [[[*order]], [[file] for file in (*order, order[0])]][number % 2 :: 2]:
            with open_memory_store() as store:
                for run in runs:
                    desk.replay(store, run, MAPPING + STATE)
                digests.add(digest(store.connection))
    assert len(digests) == 1


def test_a_file_that_is_not_complete_says_nothing_of_what_it_lacks(desk: Desk, store: Store) -> None:
    desk.replay(store, desk.exports(n02=row("0001") + row("0002"), n03=row("0001")), MAPPING + STATE)

    assert len(timeline(store)) == 2


@pytest.mark.parametrize("backwards", [False, True])
def test_a_row_that_has_vanished_is_taken_back(desk: Desk, store: Store, backwards: bool) -> None:
    """Nothing is deleted: what was said is among the revisions, and it may come back."""
    files = desk.exports(n02=row("0001") + row("0002"), n03=row("0001"), n04=row("0001"))
    desk.replay(store, files[::-1] if backwards else files, MAPPING + COMPLETE + STATE)

    assert timeline(store, "event_id") == [("20/000001/26",)]
    found = store.connection.execute("select from_revision, standing from revisions order by statement").fetchall()
    assert found == [("2026-03-02", "superseded"), ("2026-03-03", "retraction")]

    desk.replay(store, desk.exports(n04=row("0001"), n05=row("0001") + row("0002")), MAPPING + COMPLETE + STATE)
    assert timeline(store, "event_id") == [("20/000001/26",), ("20/000002/26",)]


def test_a_row_that_has_vanished_may_be_something_that_happened(desk: Desk, store: Store) -> None:
    """After the night that had it last and by the one that lacks it: one day here, three where nights are missing."""
    files = desk.exports(n02=row("0001") + row("0002"), n03=row("0001") + row("0002"), n06=row("0002"), n07=row("0003"))
    desk.replay(store, files, MAPPING + CANCELLED + STATE)

    happened = "event_id, shown_time(occurred_at, occurred_precision), reason"
    assert [one for one in timeline(store, happened) if "vanished" in one[0]] == [
        ("20/000001/26:vanished:2026-03-06", "2026-03-04 to 2026-03-06", "additional_information"),
        ("20/000002/26:vanished:2026-03-07", "2026-03-07", "additional_information"),
    ]


def test_a_changed_value_is_an_event_between_the_two_nights(desk: Desk, store: Store) -> None:
    """One for each change, and none for a URN that is filled in, or where nothing stood before."""
    nights = {"n02": "stalking", "n03": "stalking", "n04": "harassment", "n06": "rape"}
    exports = {
        night: row("0001", offence, urn="" if night == "n02" else "20PP0012326") for night, offence in nights.items()
    }
    exports["n06"] += row("0002", "harassment")
    desk.replay(store, desk.exports(**exports), MAPPING + CHANGES)

    what = "shown_time(occurred_at, occurred_precision), data->>'$.offence_group'"
    found = store.connection.execute(
        f"select {what} from timeline where type like '%reclassified' order by all"
    ).fetchall()
    assert found == [("2026-03-04", "harassment"), ("2026-03-05 to 2026-03-06", "rape")]


def test_a_row_that_is_left_out_has_not_vanished(desk: Desk, store: Store) -> None:
    """It is there, and a filter keeps it from being an event. One of a file that cannot be read at all may be any."""
    drafts = MAPPING + COMPLETE + STATE + "filters: [{column: Unit, not_in: [DRAFT]}]\n"
    desk.replay(store, desk.exports(n02=row("0001") + row("0002"), n03=row("0001", unit="DRAFT") + row("0002")), drafts)
    assert len(timeline(store)) == 2

    files = desk.exports(n02=row("0001") + row("0002"), n03=row("0001"))
    (desk.folder / "b").mkdir()
    (desk.folder / "b" / "2026-03-03.csv").write_text(HEADER + "20/000002/26;;2026-03-01T10:00:00Z;20PP\n")
    desk.replay(store, [*files, desk.folder / "b" / "2026-03-03.csv"], MAPPING + COMPLETE + STATE)
    assert len(timeline(store)) == 2


def test_a_night_that_comes_later_tells_more_exactly_when(desk: Desk, domain: Domain) -> None:
    """Two nights say that something changed between them; the night between them says on which side."""
    files = desk.exports(n02=row("0001"), n03=row("0001", "harassment"), n04=row("0001", "harassment"))
    shown = []
    for runs in ([files], [[files[0], files[2]], files]):
        with open_memory_store() as store:
            for run in runs:
                desk.replay(store, run, MAPPING + CHANGES)
            shown.append(timeline(store, "event_id, occurred_at, occurred_precision"))
    assert shown[0] == shown[1]
    assert [one[0] for one in shown[0]] == ["20/000001/26:reclassified:2026-03-03", "20/000001/26:recorded"]


def test_a_row_that_cannot_be_read_has_not_vanished(desk: Desk, store: Store) -> None:
    """A file with a row that may be any: nothing is taken back by it. One whose row has its id lacks the others."""
    torn = "20/000002/26;;2026-03-01T10:00:00Z;20PP\n"
    desk.replay(store, desk.exports(n02=row("0001") + row("0002"), n03=row("0001") + torn), MAPPING + COMPLETE + STATE)
    assert len(timeline(store)) == 2

    refused = row("0002", "no such group") + row("0001")
    desk.replay(store, desk.exports(n02=row("0001") + row("0002"), n03=refused), MAPPING + COMPLETE + STATE)
    assert len(timeline(store)) == 2


def test_snapshots_need_a_time_and_an_id_of_their_own(desk: Desk, store: Store) -> None:
    """Named before a row is read; `--as-of` says the time where the files do not."""
    undated = MAPPING[: MAPPING.index("snapshot:")] + "snapshot: {}\n" + STATE
    files = desk.exports(n02=row("0001"))
    with pytest.raises(MappingError, match="does not say when the files were taken"):
        desk.replay(store, files, undated)
    with pytest.raises(MappingError, match="must not be made of the number of a row"):
        desk.replay(store, files, undated.replace("{columns: [Ref]}", "row"))

    for as_of in ("2026-03-02", "2026-03", "2026-03-02T23:00:00+01:00"):
        (desk.folder / "m.yaml").write_text(undated)
        replay(store, desk.domain, files, mapping=dated(load_mapping(desk.folder / "m.yaml"), as_of))
    found = store.connection.execute("select revision from statements order by 1").fetchall()
    assert [one for (one,) in found] == ["2026-03", "2026-03-02", "2026-03-02T22:00:00.000000Z"]


@pytest.mark.parametrize(
    ("before", "after", "label"),
    [
        ("2026-03-02", "2026-03-03", "day"),
        ("2026-01", "2026-02", "month"),
        ("2021-04", "2021-12", "8 months"),
        ("2026-01-31", "2026-02", "month"),
        ("2026-03-02T02:00:00.000000Z", "2026-03-03T02:00:00.000000Z", "2 days"),
        ("2026-03-02T02:00:00.000000Z", "2026-03-02T14:00:00.000000Z", "day"),
        # in summer time the third has begun
        ("2026-07-02T02:00:00.000000Z", "2026-07-02T23:30:00.000000Z", "2 days"),
    ],
)
def test_between_two_snapshots_lie_days_or_months(before: str, after: str, label: str) -> None:
    assert between(before, after, "Europe/London")[1] == label


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.dictionaries(st.sampled_from("1234"), st.sampled_from(["stalking", "harassment"]), min_size=1),
        min_size=1,
        max_size=4,
    ),
    st.randoms(),
)
def test_a_plain_reading_of_the_nights_finds_the_same(desk: Desk, nights: list[dict[str, str]], random: Any) -> None:
    """What stands is the last night; what vanished is read off by comparing each with the one before, and what changed
    by comparing it with the last that has it."""
    files = desk.exports(
        **{
            f"n{day:02}": "".join(row(f"000{ref}", offence) for ref, offence in rows.items())
            for day, rows in enumerate(nights, start=2)
        }
    )
    changed, vanished = set(), set()
    last: dict[str, tuple[str, int]] = {}
    for day, night in enumerate(nights, start=2):
        for ref, offence in night.items():
            if ref in last and last[ref][0] != offence:
                changed.add((ref, offence, last[ref][1] + 1))
            last[ref] = (offence, day)
    for day, (before, after) in enumerate(pairwise(nights), start=3):
        vanished |= {(ref, day) for ref in before.keys() - after.keys()}
    shuffled = list(files)
    random.shuffle(shuffled)

    with open_memory_store() as store:
        desk.replay(store, shuffled, MAPPING + CANCELLED + CHANGES)
        found = timeline(store, "event_id[9:9], data->>'$.offence_group', day(occurred_at), type, occurred_precision")

    seen = {ref: rows[ref] for rows in nights for ref in rows}
    assert {one[:2] for one in found if one[3].endswith("recorded")} == set(seen.items())
    assert {one[:3] for one in found if one[3].endswith("reclassified")} == changed
    assert {(one[0], one[2]) for one in found if one[3].endswith("cancelled")} == vanished
    assert {one[4] for one in found if one[3].endswith("cancelled")} <= {"day"}
