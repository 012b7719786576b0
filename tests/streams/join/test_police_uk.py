"""Two downloads of the same open data, in either order: nothing lost, nothing double, and each known oddity findable.

What is counted, and how, is in `tests/sources/mapping/test_police_uk_mapping.py`; here it is asked of the store by SQL.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.sinks.digest import digest, digest_by_table
from throughline.sinks.store import Store, open_memory_store
from throughline.sources.mapping.mapping import load_mapping
from throughline.sources.mapping.parts import Mapping
from throughline.streams.join.accept import Counts
from throughline.streams.join.replay import replay

ENGLAND_WALES = Path(__file__).resolve().parents[3] / "schemas" / "domains" / "england_wales"
FIRST, SECOND = "S1_2021-04", "S2_2021-12"
ROWS = {FIRST: 5_925, SECOND: 28_761}

# One row per row of a download: the event that it says, whether it is the first to say so or not.
ROWS_READ = """
    with readings as (
      select d.origin, d.position, d.is_first, e.identifiers, e.decision, e.data, e.event_id,
        regexp_extract(d.origin, 'S[12]_') as download
      from deliveries d
      join events e using (source, event_id)
    )
"""


@pytest.fixture(scope="module")
def domain() -> Domain:
    return load_domain(ENGLAND_WALES)


@pytest.fixture(scope="module")
def mapping() -> Mapping:
    return load_mapping(ENGLAND_WALES / "mappings" / "police_uk_street.yaml")


def load(store: Store, domain: Domain, mapping: Mapping, data: Path, *downloads: str) -> Counts:
    """Replay downloads one after another; the counts of all."""
    counts = Counts()
    for name in downloads:
        counts.add(replay(store, domain, [data / "police_uk" / name], mapping=mapping))
    return counts


@pytest.fixture(scope="module")
def store(shared_data: Path, domain: Domain, mapping: Mapping) -> Iterator[Store]:
    """The first download, then the second."""
    with open_memory_store() as store:
        load(store, domain, mapping, shared_data, FIRST, SECOND)
        yield store


def number(store: Store, query: str) -> int:
    row = store.connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def test_either_download_first_gives_one_digest(
    store: Store, shared_data: Path, domain: Domain, mapping: Mapping
) -> None:
    """S1 then S2, and S2 then S1."""
    with open_memory_store() as other:
        load(other, domain, mapping, shared_data, SECOND, FIRST)

        assert digest_by_table(other.connection) == digest_by_table(store.connection)


def test_every_row_is_a_delivery(store: Store) -> None:
    """As many deliveries as rows in each download, none twice, none in quarantine; as many first as events."""
    found = store.connection.execute(
        "select regexp_extract(origin, 'S[12]_[0-9-]+') as download, count(*), count(distinct (origin, position)) "
        "from deliveries group by all order by all"
    ).fetchall()

    assert found == [(name, rows, rows) for name, rows in ROWS.items()]
    assert number(store, "select count(*) from quarantine") == 0
    assert number(store, "select count(*) from deliveries where is_first") == number(
        store, "select count(*) from timeline"
    )


def test_replaying_again_changes_nothing(store: Store, shared_data: Path, domain: Domain, mapping: Mapping) -> None:
    """Every row is counted as a duplicate; deliveries and digest stay."""
    before = digest(store.connection), number(store, "select count(*) from deliveries")

    counts = load(store, domain, mapping, shared_data, SECOND, FIRST)

    assert (counts.read, counts.duplicate, counts.accepted) == (sum(ROWS.values()), sum(ROWS.values()), 0)
    assert (digest(store.connection), number(store, "select count(*) from deliveries")) == before


def test_changed_outcomes(store: Store) -> None:
    """Of 5,066 crimes in both downloads, 696 have another outcome in the second: the first row of each counts."""
    shared = f"""
        {ROWS_READ},
        said as (
          select identifiers, download, arg_min(coalesce(decision, ''), (origin, position)) as outcome
          from readings
          where len(identifiers) > 0
          group by all
        )
        select count(*), count(*) filter (s1.outcome <> s2.outcome)
        from said s1
        join said s2 using (identifiers)
        where s1.download = 'S1_' and s2.download = 'S2_'
    """

    assert store.connection.execute(shared).fetchall() == [(5_066, 696)]


def test_both_outcomes_stand_in_one_case(store: Store) -> None:
    """A changed outcome is another event of the same crime: both are on its timeline, in one case."""
    both = """
        select count(*), min(outcomes)
        from (
          select case_id, count(distinct t.decision) as outcomes, count(distinct t.recorded_at) as downloads
          from timeline t
          join cases c using (case_id)
          where len(c.identifiers) > 0
          group by all
        )
        where outcomes > 1 and downloads > 1
    """

    cases, outcomes = store.connection.execute(both).fetchall()[0]
    # 660 share no outcome, 691 have another set of outcomes: the case shows at least the former
    assert outcomes >= 2
    assert cases >= 660
    assert number(store, "select max(len(identifiers)) from cases") == 1


def test_rows_without_an_id(store: Store) -> None:
    """4,155 in the second download, 751 in the first; each distinct one is a case by itself."""
    rows = f"{ROWS_READ} select count(*) from readings where len(identifiers) = 0 and download ="
    alone = "select count(*) from cases where len(identifiers) = 0"

    assert number(store, f"{rows} 'S2_'") == 4_155
    assert number(store, f"{rows} 'S1_'") == 751
    assert number(store, alone) == number(store, "select count(*) from events where len(identifiers) = 0")
    assert number(store, f"{alone} and events <> 1") == 0


def test_repeated_ids(store: Store) -> None:
    """296 rows of the second download are beyond the first of their id; 285 ids stand more than once."""
    repeated = f"""
        {ROWS_READ}
        select count(*), sum(rows - 1)
        from (
          select count(*) as rows from readings where download = 'S2_' and len(identifiers) > 0 group by identifiers
        )
        where rows > 1
    """

    assert store.connection.execute(repeated).fetchall() == [(285, 296)]


def places_of_duplicates(files: list[Path]) -> pa.Table:
    """One row per row that equals an earlier one in all its columns: where it is, and where that first one is."""
    first: dict[tuple[str, ...], tuple[str, int]] = {}
    found = []
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
            # the header is line 1, and no value has a line break
            for position, row in enumerate(list(csv.reader(lines))[1:], start=2):
                place = (str(file), position)
                if tuple(row) in first:
                    found.append((*place, *first[tuple(row)]))
                first.setdefault(tuple(row), place)
    names = ("origin", "position", "first_origin", "first_position")
    return pa.Table.from_pylist([dict(zip(names, place, strict=True)) for place in found])


def test_duplicate_rows(store: Store, shared_data: Path) -> None:
    """Each of the 1,545 rows that equal an earlier one is a further delivery of the event of that one.

    1,540 of them have no id, 5 have one: rows of one crime that differ in anything, if only in their place, are two
    events.
    """
    duplicates = places_of_duplicates(sorted((shared_data / "police_uk" / SECOND).glob("*.csv.gz")))
    store.connection.register("duplicate_places", duplicates)
    further = """
        select count(*), count(*) filter (not d.is_first), count(*) filter (d.event_id = f.event_id)
        from duplicate_places p
        join deliveries d using (origin, position)
        join deliveries f on f.origin = p.first_origin and f.position = p.first_position
    """
    copies = f"""
        {ROWS_READ}
        select len(identifiers) as has_id, sum(rows - 1)::bigint
        from (select event_id, identifiers, count(*) as rows from readings where download = 'S2_' group by all)
        group by all
        order by all
    """

    assert store.connection.execute(further).fetchall() == [(1_545, 1_545, 1_545)]
    assert store.connection.execute(copies).fetchall() == [(0, 1_540), (1, 5)]
    store.connection.unregister("duplicate_places")


def test_a_month_stays_a_month(store: Store) -> None:
    """No time is made more precise than it was published, and none is moved out of its month."""
    precisions = store.connection.execute("select distinct occurred_precision from timeline").fetchall()
    misplaced = """
        select count(*)
        from timeline t
        join deliveries d using (source, event_id)
        where d.is_first
          and strftime(t.occurred_at, '%Y-%m-%d %H:%M')
            <> regexp_extract(d.origin, '/(\\d{4}-\\d{2})-city', 1) || '-01 00:00'
    """

    assert precisions == [("month",)]
    assert number(store, misplaced) == 0
