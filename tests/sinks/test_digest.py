"""The digest is equal for equal sets of rows, and for those only."""

# ruff: noqa: DTZ001 (times in a store are UTC, without a zone)

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from throughline.sinks.digest import TABLES, Digested, digest, digest_by_table
from throughline.sinks.store import Store, open_memory_store

TEXT = st.one_of(
    st.none(),
    st.sampled_from(["", "NULL", "None", "N", "\x1e", "\x1f", "\x1eN", "\x1eR", "\x1eU", "\x1f\x1f", "'", "\\"]),
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=6),
)
TIME = st.one_of(st.none(), st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)))
SECONDS = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))
CELLS = (Digested("cells", "cells"),)
ROW = st.tuples(TEXT, TEXT, TIME, SECONDS, st.one_of(st.none(), st.lists(TEXT, max_size=3)))


@pytest.fixture(scope="module")
def store() -> Store:
    store = open_memory_store()
    store.connection.execute("create table cells (a varchar, b varchar, c timestamp, d double, e varchar[])")
    return store


def digest_of(store: Store, rows: list[tuple[Any, ...]]) -> str:
    store.connection.execute("delete from cells")
    if rows:
        store.connection.executemany("insert into cells values (?, ?, ?, ?, ?)", rows)
    return digest(store.connection, tables=CELLS)


def canonical(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """What makes two rows the same row: one zero, lists as bags."""
    *cells, seconds, reasons = row
    bag = None if reasons is None else tuple(sorted(reasons, key=lambda r: (r is None, r or "")))
    return (*cells, None if seconds is None else seconds + 0.0, bag)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_order_of_rows_does_not_matter(store: Store, data: st.DataObject) -> None:
    """Rows in any order, in a list in any order: one digest."""
    rows = data.draw(st.lists(ROW, min_size=1, max_size=6))
    shuffled = data.draw(st.permutations(rows))
    turned = [(*row[:-1], None if row[-1] is None else row[-1][::-1]) for row in shuffled]

    assert digest_of(store, rows) == digest_of(store, turned)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_other_cell_is_another_digest(store: Store, data: st.DataObject) -> None:
    """One cell changed, to null, to nothing, to a separator or to anything else: another digest."""
    rows = data.draw(st.lists(ROW, min_size=1, max_size=4))
    row = data.draw(st.integers(0, len(rows) - 1))
    other = data.draw(ROW)
    column = data.draw(st.integers(0, 4))
    changed = list(rows)
    changed[row] = (*rows[row][:column], other[column], *rows[row][column + 1 :])

    same = sorted(map(repr, map(canonical, rows))) == sorted(map(repr, map(canonical, changed)))
    assert (digest_of(store, rows) == digest_of(store, changed)) == same


@settings(max_examples=60, deadline=None)
@given(TEXT, TEXT, TEXT, TEXT)
def test_two_cells_never_run_together(store: Store, a: str, b: str, c: str, d: str) -> None:
    """What stands in two columns is not taken for the same text divided elsewhere."""
    left, right = (a, b, None, None, None), (c, d, None, None, None)
    assert (digest_of(store, [left]) == digest_of(store, [right])) == (left == right)


def test_every_copy_of_a_row_counts(store: Store) -> None:
    """A row twice is not a row once: the digest is of a bag, so a doubled row shows."""
    row = ("police", "20PP", datetime(2026, 3, 2), 1.5, ["a"])
    assert len({digest_of(store, [row] * n) for n in range(4)}) == 4


def test_a_row_in_another_table_is_another_digest() -> None:
    """A row elsewhere: another digest, and `digest_by_table` says where."""
    with open_memory_store() as store:
        empty = digest_by_table(store.connection)
        store.connection.execute(
            "insert into claim_facts by name select 1 as case_key, 'police' as agency, 1 as position, "
            "'cps' as claimed_holder, timestamp '2026-01-01' as from_at, 1 as event_key"
        )
        claims = digest_by_table(store.connection)
        assert [table for table in empty if empty[table] != claims[table]] == ["claims"]
        assert set(empty.values()) == {"0:0:0"}


def test_where_and_when_an_event_was_read_is_left_out() -> None:
    """Received, origin and position say how an event came here; the order of identifiers says nothing."""
    event = """
    insert into events by name select
      1::ubigint as event_key, 2::ubigint as case_key, 's' as source, 'e1' as event_id, 't' as type,
      1 as version,
      '20' as area, 'police' as agency, timestamp '2026-03-02' as occurred_at, 'day' as occurred_precision,
      ?::timestamp as received_at, ?::struct(kind varchar, value varchar)[] as identifiers,
      []::ubigint[] as identifier_keys, '{}' as data, 'stands' as standing, ? as origin, ? as position
    """
    a, b = {"kind": "urn", "value": "1"}, {"kind": "crime_ref", "value": "2"}
    digests = []
    for received, identifiers, origin, position in (
        (datetime(2026, 3, 3), [a, b], "x.jsonl", 1),
        (datetime(2026, 3, 4), [b, a], "y.jsonl", 2),
        (datetime(2026, 3, 4), [b], "y.jsonl", 2),
    ):
        with open_memory_store() as store:
            store.connection.execute(event, [received, identifiers, origin, position])
            digests.append(digest(store.connection))
    assert digests[0] == digests[1] != digests[2]


def test_what_is_digested_is_in_the_schema() -> None:
    """Each relation and column that the list names is there: a renamed one does not drop out silently."""
    with open_memory_store() as store:
        query = "select table_name, list(column_name) from duckdb_columns() group by 1"
        columns = dict(store.connection.execute(query).fetchall())
        for table in TABLES:
            # one that is a part of its rows is no relation of its own
            assert table.table in columns or table.where != "true"
            assert table.rows in columns
            assert table.without <= set(columns[table.rows])


def test_the_digest_is_the_same_in_every_release(store: Store) -> None:
    """It is what the module says it is, worked out by hand: stores of two releases can be compared."""
    digest_of(store, [("po\x1flice", None, datetime(2026, 1, 1, 10, 0, 0, 500000), 1.5, ["b", None, "a"])])

    text = 'po\x1eUlice\x1f\x1eN\x1f2026-01-01 10:00:00.5\x1f1.5\x1f["a","b",null]\x1f'
    number = int.from_bytes(hashlib.md5(text.encode()).digest(), "little")
    expected = f"1:{number & (1 << 64) - 1}:{number >> 64}"
    assert digest_by_table(store.connection, tables=CELLS) == {"cells": expected}
    assert digest(store.connection, tables=CELLS) == hashlib.sha256(f"cells={expected}\n".encode()).hexdigest()
