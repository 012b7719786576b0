"""Two downloads of open data as snapshots: what a later one says otherwise is a revision, and nothing is made up.

The months of 2020, which stand in both.
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from throughline.schemas.definitions.domain import load_domain
from throughline.sinks.digest import digest
from throughline.sinks.store import Store, open_memory_store
from throughline.sources.mapping.mapping import load_mapping
from throughline.sources.mapping.parts import Condition, Identity, Mapping, Snapshot, TimeForm, Value, Word
from throughline.streams.join.replay import replay

ENGLAND_WALES = Path(__file__).resolve().parents[3] / "schemas" / "domains" / "england_wales"
FIRST, SECOND = "S1_2021-04", "S2_2021-12"
# that of the crime and of what is said of it; the others say where it was, which the mapping's event leaves out
SAID = ("Month", "Crime type", "Last outcome category")


@pytest.fixture(scope="module")
def mapping() -> Mapping:
    """The shipped one, of rows with a crime id, each download as of its month."""
    shipped = load_mapping(ENGLAND_WALES / "mappings" / "police_uk_street.yaml")
    as_of = Value(path=r"S\d_(\d{4}-\d{2})", form=TimeForm(("%Y-%m",)))
    made = replace(
        shipped,
        identities=(Identity("columns", ("Crime ID",)),),
        snapshot=Snapshot(as_of),
        filters=(*shipped.filters, Condition("Crime ID", "present", ())),
    )
    # where it was, which tells rows apart where they have no crime id
    left = {name for one in shipped.identities for name in one.columns} - made.columns().keys()
    return replace(made, ignore=(*shipped.ignore, *sorted(left)))


def said(files: list[Path]) -> dict[str, set[tuple[str, ...]]]:
    """What the rows of a download say of each crime id, read plainly."""
    found: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
            for row in csv.DictReader(text):
                if row["Crime ID"]:
                    found[row["Crime ID"]].add(tuple(row[name] for name in SAID))
    return found


def filled(store: Store, mapping: Mapping, runs: list[list[Path]]) -> Store:
    for run in runs:
        replay(store, load_domain(ENGLAND_WALES), run, mapping=mapping)
    return store


def test_the_changed_outcomes_are_revisions_in_either_order(shared_data: Path, mapping: Mapping) -> None:
    """And with the months shuffled. Of 653 crimes the second download plainly says another outcome. Of the others that
    changed it says several things, which is for a steward to decide."""
    first, second = (sorted((shared_data / "police_uk" / name).glob("2020-*.csv.gz")) for name in (FIRST, SECOND))
    before, after = said(first), said(second)
    sure = {ref for ref, rows in after.items() if len(rows) == 1}
    revised = {ref for ref in sure & before.keys() if before[ref] != after[ref]}
    contested = {ref for ref, rows in (before | after).items() if len(rows) > 1}
    months = [*second[::2], *first[::-1], *second[1::2]]

    with open_memory_store() as store, open_memory_store() as other:
        filled(store, mapping, [first, second])
        ask = store.connection.execute
        assert {ref for (ref,) in ask("select event_id from timeline where revised").fetchall()} == revised
        assert len(revised) == 653
        standing = {ref for (ref,) in ask("select event_id from timeline").fetchall()}
        assert standing == (before.keys() | after.keys()) - contested
        changed = ask("select distinct changed from revisions where changed is not null").fetchall()
        assert changed == [(["decision"],)]
        assert digest(filled(other, mapping, [months[:5], months[5:]]).connection) == digest(store.connection)


def test_a_file_a_run_compares_as_all_at_once(shared_data: Path, mapping: Mapping) -> None:
    """Two months of each download, as if they were whole. What the later download lacks is taken back, whichever file
    comes first; while a month of it has not come, its crimes seem to be gone, and they are there again when it has."""
    complete = replace(mapping, snapshot=replace(mapping.snapshot or Snapshot(None), vanished=Word("", {}, 0)))
    first, second = (sorted((shared_data / "police_uk" / name).glob("2020-0[12]-*.csv.gz")) for name in (FIRST, SECOND))
    gone = said(first).keys() - said(second).keys()

    with open_memory_store() as store, open_memory_store() as other:
        filled(store, complete, [[*first, *second]])
        taken_back = "select event_id from revisions where standing = 'retraction'"
        assert {ref for (ref,) in store.connection.execute(taken_back).fetchall()} == gone
        filled(other, complete, [[second[1]], [first[0]], [second[0]], [first[1]]])
        assert digest(other.connection) == digest(store.connection)
