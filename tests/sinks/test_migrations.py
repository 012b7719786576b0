"""A store of an earlier version, opened by this one: what it held is what it holds."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from pathlib import Path

import pytest
from histories import RECEIVED, history
from joined import RECORDS, emptied, filled, product_hash, small_domain

from throughline.schemas.acceptance.owner import Stewards
from throughline.schemas.definitions.domain import load_domain
from throughline.sinks.digest import digest_by_table
from throughline.sinks.schema import Schema, meta, public_schema
from throughline.sinks.store import open_store
from throughline.streams.join.batch import settle
from throughline.streams.join.rebuild import open_domain

BEFORE_REVISIONS = Schema(public_schema().migrations[:7], {})
BEFORE_FACETS = Schema(public_schema().migrations[:8], {})
BEFORE_PAUSES = Schema(
    tuple(takewhile(lambda step: not step.name.endswith("_pauses.sql"), public_schema().migrations)), {}
)
BEFORE_AREAS = Schema(
    tuple(takewhile(lambda step: not step.name.endswith("_areas.sql"), public_schema().migrations)), {}
)


def test_what_stood_stands_and_what_was_in_conflict_is_in_conflict(tmp_path: Path) -> None:
    """Before there were revisions an event was in conflict or not; every view runs over what is kept."""
    path = tmp_path / "earlier.duckdb"
    with open_store(path, write=True, schema=BEFORE_REVISIONS) as store, store.transaction() as connection:
        connection.execute(
            """
            insert into events by name
            select
              key::ubigint as event_key, if(key = 1, 7, null)::ubigint as case_key, 'rms' as source,
              'e' || key as event_id,
              'police.crime.recorded' as type, 1 as version, '20' as area, 'police' as agency, unit,
              timestamp '2026-03-02 10:15' as occurred_at, 'instant' as occurred_precision,
              timestamp '2026-06-01 06:00' as received_at, [] as identifiers, [] as identifier_keys, '{}' as data,
              key = 2 as in_conflict, 'in/1.jsonl' as origin, 1 as position
            from (values (1, null), (2, 'CID'), (2, 'PPU')) t(key, unit)
            """
        )

    with open_store(path, write=True) as store:
        ask = store.connection.execute
        found = ask("select event_id, unit, standing, revised from events order by all").fetchall()
        assert found == [
            ("e1", None, "stands", None),
            ("e2", "CID", "conflict", None),
            ("e2", "PPU", "conflict", None),
        ]
        assert ask("select event_id, revised from timeline").fetchall() == [("e1", False)]
        for view in public_schema().views:
            ask(f"from {view}").fetchall()


def test_a_case_whose_numbers_are_not_padded_is_put_in_order(tmp_path: Path) -> None:
    """9 comes before 10 from now on: what was derived in the other order is derived again."""
    path = tmp_path / "earlier.duckdb"
    with open_store(path, write=True, schema=BEFORE_REVISIONS) as store, store.transaction() as connection:
        connection.execute(
            """
            insert into events by name
            select
              row_number() over ()::ubigint as event_key, case_key::ubigint as case_key,
              'rms' as source, coalesce(sequence, '-') as event_id,
              'police.crime.recorded' as type, 1 as version, '20' as area, 'police' as agency, sequence,
              timestamp '2026-03-02 10:15' as occurred_at, 'instant' as occurred_precision,
              timestamp '2026-06-01 06:00' as received_at, [] as identifiers, [] as identifier_keys, '{}' as data,
              false as in_conflict, 'in/1.jsonl' as origin, 1 as position
            from (values (1, '9'), (1, '10'), (2, '7'), (3, 'a'), (3, 'b'), (4, null), (4, '3')) t(case_key, sequence)
            """
        )

    with open_store(path, write=True) as store:
        assert store.connection.execute("select case_key from unsettled_cases").fetchall() == [(1,)]


def test_what_cases_are_about_is_derived_when_the_store_is_next_written(tmp_path: Path) -> None:
    """Before there were facets nothing said it; the cases are as they were until the rules are taken over."""
    path = tmp_path / "earlier.duckdb"
    with open_store(path, write=True, schema=BEFORE_FACETS) as store, store.transaction() as connection:
        connection.execute(
            """
            insert into events by name
            select
              key::ubigint as event_key, key::ubigint as case_key, 'urn:x:police:rms' as source, 'e' || key as event_id,
              'police.crime.recorded' as type, 1 as version, '20' as area, 'police' as agency,
              timestamp '2026-03-02 10:15' as occurred_at, 'instant' as occurred_precision,
              timestamp '2026-06-01 06:00' as received_at, [] as identifiers, [] as identifier_keys,
              '{"offence_group":"' || said || '"}' as data, 'stands' as standing, 'in/1.jsonl' as origin, 1 as position
            from (values (1, 'rape'), (2, 'stalking')) t(key, said)
            """
        )
        connection.execute(
            """
            insert into case_facts by name
            select
              event_key as case_key, area, [] as identifiers, occurred_at as opened_at, 'held' as state, 'police' as
              holder_agency, occurred_at as holder_since, 1 as events, 0 as handoffs, occurred_at as last_at
            from events
            """
        )

    with open_store(path, write=True) as store:
        ask = store.connection.execute
        assert ask("select area, state, events from cases").fetchall() == [("20", "held", 1)] * 2
        open_domain(store, load_domain())
        settle(store)
        assert ask("select offence_group, risk from cases order by 1").fetchall() == [
            ("rape", None),
            ("stalking", None),
        ]
    with open_store(path, write=False) as store:
        ask = store.connection.execute
        assert ask("select count(*) from cases where offence_group = 'stalking'").fetchall() == [(1,)]


def test_a_case_whose_clocks_can_pause_is_derived_again(tmp_path: Path) -> None:
    """Its pauses were not kept. Other cases, and what belongs to no case, stay as they are."""
    path = tmp_path / "earlier.duckdb"
    with open_store(path, write=True, schema=BEFORE_PAUSES) as store, store.transaction() as connection:
        connection.execute("insert into standard_events values ('S', '1', 'pause', 'police.inquiry.paused', null)")
        connection.execute(
            """
            insert into events by name
            select
              row_number() over ()::ubigint as event_key, case_key::ubigint as case_key,
              'rms' as source, concat(case_key, type) as event_id, type, 1 as version, '20' as area, 'police' as agency,
              timestamp '2026-03-02 10:15' as occurred_at, 'instant' as occurred_precision,
              timestamp '2026-06-01 06:00' as received_at, [] as identifiers, [] as identifier_keys, '{}' as data,
              'stands' as standing, 'in/1.jsonl' as origin, 1 as position
            from (
              values
                (1, 'police.crime.recorded'), (1, 'police.inquiry.paused'), (1, 'police.inquiry.paused'),
                (2, 'police.crime.recorded'), (null, 'police.inquiry.paused')
            ) t(case_key, type)
            """
        )

    with open_store(path, write=True) as store:
        assert store.connection.execute("select case_key from unsettled_cases").fetchall() == [(1,)]


@pytest.mark.parametrize("seed", [3, 4])
def test_events_that_were_known_by_source_and_id_alone_are_known_by_their_area_too(tmp_path: Path, seed: int) -> None:
    """What had been read of one id in two areas was in conflict; a store made now of the same events is the same."""
    now = filled(
        emptied(), [[one | {"received_at": RECEIVED}] for one in history(seed, 80, product_hash)], in_bulk=True
    )
    of_before = "select distinct event_key, md5_number_lower(source || chr(31) || event_id) as old_key from events"
    path = tmp_path / "earlier.duckdb"
    with open_store(path, write=True, schema=BEFORE_AREAS) as store, store.transaction() as connection:
        for name in RECORDS:
            query = (
                f"select t.* replace (coalesce(k.old_key, t.event_key) as event_key) "
                f"from {name} t left join ({of_before}) k using (event_key)"
            )
            connection.register("kept", now.connection.execute(query).to_arrow_table())
            connection.execute(f"insert into {name} by name from kept")
            connection.unregister("kept")

    with open_store(path, write=True) as store:
        # whoever acted as a steward then: who may is another test's matter
        open_domain(store, replace(small_domain(), stewards=Stewards()))
        settle(store)

        assert digest_by_table(store.connection) == digest_by_table(now.connection)
        assert "derive" not in meta(store.connection)
