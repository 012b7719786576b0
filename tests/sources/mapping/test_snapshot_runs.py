"""Snapshots that come in one run or in several: whatever the order and the grouping, one store."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_snapshots import CANCELLED, CHANGES, COMPLETE, HEADER, MAPPING, Desk, desk, domain, row, timeline

from throughline.schemas.definitions.domain import Domain
from throughline.sinks.digest import digest
from throughline.sinks.store import Store, open_memory_store
from throughline.sources.mapping.mapping import load_mapping
from throughline.streams.join.rebuild import rebuild
from throughline.streams.join.replay import replay

__all__ = ["desk", "domain"]
HAPPENED = MAPPING + CANCELLED + CHANGES
TAKEN_BACK = MAPPING + COMPLETE + CHANGES
NIGHTS = {
    "n02": row("0001") + row("0002"),
    "n03": row("0001", "harassment") + row("0003"),
    "n05": row("0001", "harassment") + row("0002", "rape"),
    "n06": row("0001") + row("0003", "rape"),
}
# each night by its place
WAYS: dict[str, list[list[int]]] = {
    "a night at a time": [[0], [1], [2], [3]],
    "the last first": [[3], [2], [1], [0]],
    "two and two, one of them twice": [[1, 2], [0, 3], [2]],
}
# all that is said of events, less when and where it was read
SAID = (
    "select event_key, content_hash_of(e), standing, revised from events e",
    "select event_key, content_hash, revision, sequence from statements",
    "select event_key from duplicates",
    "select source, agency, events, first_seen, last_seen, quarantined, sequence_gaps from sources",
    "select * exclude (origin, position) from comparisons",
)


def state(store: Store) -> tuple[Any, ...]:
    rows = (store.connection.execute(f"{query} order by all").fetchall() for query in SAID)
    return (digest(store.connection), *rows)


def read(desk: Desk, mapping: str, runs: list[list[Path]]) -> tuple[Any, ...]:
    with open_memory_store() as store:
        for run in runs:
            desk.replay(store, run, mapping)
        return state(store)


@pytest.mark.parametrize("mapping", [HAPPENED, TAKEN_BACK], ids=["happened", "taken back"])
def test_nights_in_any_grouping_give_one_store(desk: Desk, mapping: str) -> None:
    """All that is kept of events is the same, and not the digest alone."""
    files = desk.exports(**NIGHTS)
    expected = read(desk, mapping, [files])
    assert expected[5]
    for name, runs in WAYS.items():
        assert read(desk, mapping, [[files[place] for place in run] for run in runs]) == expected, name


def test_a_late_night_takes_the_place_of_what_was_claimed_without_it(desk: Desk, domain: Domain) -> None:
    """And nothing is left of that: a rebuild finds the same."""
    files = desk.exports(n02=row("0001") + row("0002"), n03=row("0001", "rape") + row("0002"), n05=row("0001", "rape"))
    what = "event_id, shown_time(occurred_at, occurred_precision)"
    with open_memory_store() as store:
        desk.replay(store, [files[0]], HAPPENED)
        desk.replay(store, [files[2]], HAPPENED)
        claimed = [
            ("20/000001/26:reclassified:2026-03-05", "2026-03-03 to 2026-03-05"),
            ("20/000002/26:vanished:2026-03-05", "2026-03-03 to 2026-03-05"),
        ]
        assert [one for one in timeline(store, what) if "recorded" not in one[0]] == claimed
        desk.replay(store, [files[1]], HAPPENED)
        narrower = [
            ("20/000001/26:reclassified:2026-03-03", "2026-03-03"),
            ("20/000002/26:vanished:2026-03-05", "2026-03-04 to 2026-03-05"),
        ]
        assert [one for one in timeline(store, what) if "recorded" not in one[0]] == narrower
        found = digest(store.connection)
        rebuild(store, domain)
        assert digest(store.connection) == found


def test_a_night_in_two_parts_lacks_nothing_once_both_are_there(desk: Desk) -> None:
    """Between the two it seems to lack the rows of the other part."""
    (before,) = desk.exports(n02=row("0001") + row("0002"))
    parts = []
    for name in ("a", "b"):
        (desk.folder / name).mkdir()
        parts.append(desk.folder / name / "2026-03-03.csv")
        parts[-1].write_text(HEADER + row("0001" if name == "a" else "0002"))
    for mapping in (HAPPENED, TAKEN_BACK):
        assert read(desk, mapping, [[before, *parts]]) == read(desk, mapping, [[parts[0]], [before], [parts[1]]])


def test_a_night_that_says_two_things_of_a_row_says_nothing_of_a_change(desk: Desk) -> None:
    """Sent again with other content: the row is in conflict, and what was said to have changed is said no more."""
    files = desk.exports(n02=row("0001"), n03=row("0001", "rape"), n04=row("0001", "rape"))
    (desk.folder / "b").mkdir()
    again = desk.folder / "b" / "2026-03-03.csv"
    again.write_text(HEADER + row("0001", "harassment"))
    expected = read(desk, HAPPENED, [[*files, again]])
    assert [one[1] for one in expected[5]] == ["2026-03-04"]
    assert read(desk, HAPPENED, [[files[0]], [files[1]], [again], [files[2]]]) == expected


def test_a_night_that_cannot_be_read_whole_is_passed_over_in_any_grouping(desk: Desk) -> None:
    """Also one of which no row can be read: the name of the file says which night it is of."""
    files = desk.exports(n02=row("0001") + row("0002"), n03=row("0001") + "torn\n", n04="torn\n", n05=row("0001"))
    expected = read(desk, HAPPENED, [files])
    assert [one[1] for one in expected[5]] == ["2026-03-05"]
    for runs in ([[file] for file in files], [[file] for file in files[::-1]], [[files[0], files[3]], files[1:3]]):
        assert read(desk, HAPPENED, runs) == expected


def test_a_mapping_that_was_changed_compares_nothing_with_what_the_other_read(desk: Desk, domain: Domain) -> None:
    """It would find a change in every row. The user is told, and what to do; how a file is laid out is no change."""
    files = desk.exports(n02=row("0001"), n03=row("0001"), n04=row("0001"))
    told: list[str] = []

    def run(store: Store, file: Path, mapping: str) -> None:
        (desk.folder / "m.yaml").write_text(mapping)
        replay(store, domain, [file], mapping=load_mapping(desk.folder / "m.yaml"), note=told.append)

    with open_memory_store() as store:
        run(store, files[0], MAPPING + CHANGES)
        run(store, files[1], "note: the same\n\n" + MAPPING + CHANGES)
        assert told == []
        run(store, files[2], MAPPING + CHANGES.replace("fields: {offence_group: Offence}\n", "\n", 1) + "ignore: []\n")
        assert len(told) == 1
        assert "give the last of them again" in told[0]
        assert not [one for (one, _) in timeline(store) if one.endswith("reclassified")]


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.dictionaries(st.sampled_from("123"), st.sampled_from(["stalking", "harassment"]), min_size=1),
        min_size=2,
        max_size=4,
    ),
    st.integers(0, 2**32),
)
def test_a_plain_reading_of_all_nights_finds_the_same(desk: Desk, nights: list[dict[str, str]], seed: int) -> None:
    """Read in runs by chance, in any order: what changed and vanished is read off the nights side by side."""
    files = desk.exports(
        **{
            f"n{day:02}": "".join(row(f"000{ref}", offence) for ref, offence in rows.items())
            for day, rows in enumerate(nights, start=2)
        }
    )
    changed, last = set(), dict[str, str]()
    for day, night in enumerate(nights, start=2):
        changed |= {(ref, day) for ref, offence in night.items() if last.get(ref, offence) != offence}
        last |= night
    vanished = {
        (ref, day) for day, (one, other) in enumerate(pairwise(nights), start=3) for ref in one.keys() - other.keys()
    }
    chance = random.Random(seed)
    chance.shuffle(files)
    runs: list[list[Path]] = [[]]
    for file in files:
        if runs[-1] and chance.random() < 0.6:
            runs.append([])
        runs[-1].append(file)

    with open_memory_store() as store:
        for run in runs:
            desk.replay(store, run, HAPPENED)
        found = timeline(store, "event_id[9:9], try_cast(right(event_id, 2) as int), type")

    assert {one[:2] for one in found if one[2].endswith("reclassified")} == changed
    assert {one[:2] for one in found if one[2].endswith("cancelled")} == vanished
