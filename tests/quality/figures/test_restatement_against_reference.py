"""The ledger beside a second implementation: the reference's delays before and after, over drawn histories."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from random import Random
from typing import Any

import orjson
import pytest
import reference
from histories import Event, batches, history, shuffled
from joined import RULES, emptied, filled, learn_hashes, product_hash, small_domain

from throughline.quality.figures.publication import Publication, figure_rows
from throughline.quality.figures.restatement import restated
from throughline.sinks.store import Store

COMPARED = ("cases", "handoffs", "median", "p90", "censored")


def delays(events: Iterable[Event], as_of: datetime) -> dict[str, dict[str, Any]]:
    """The reference's rows by pair of agencies, counted to `as_of`."""
    rows = reference.delays(list(events), RULES, as_of, hash_of=product_hash)
    return {f"{row['from_agency']} to {row['to_agency']}": row for row in rows}


def published(store: Store, as_of: datetime, known_at: datetime) -> Publication:
    rows = figure_rows(store.connection, "delays", as_of)
    return Publication("pub-1", "delays", known_at, known_at, as_of, rows, is_whole=True)


@pytest.mark.parametrize("seed", range(6))
def test_the_ledger_says_what_the_reference_says(seed: int) -> None:
    """Half of a history, a publication as of some moment, the other half: the same rows and columns have changed.

    Every row that counts otherwise names events, and only such as came, were corrected or were decisions since.
    """
    random = Random(seed)
    parts = batches(shuffled(history(seed, 60, product_hash, placeholders=False), random), random, longest=12)
    half = len(parts) // 2
    before, after = [one for part in parts[:half] for one in part], [one for part in parts for one in part]
    learn_hashes(after)
    as_of = random.choice(after)["occurred_at"]
    store = filled(emptied(), parts[:half])
    publication = published(store, as_of, parts[half - 1][0]["received_at"])
    filled(store, parts[half:])

    lines = {line.subject: line for line in restated(store, small_domain(), publication)}

    old, new = delays(before, as_of), delays(after, as_of)
    expected = {
        (subject, column)
        for subject in old.keys() | new.keys()
        for column in COMPARED
        if not same(old.get(subject, {}).get(column), new.get(subject, {}).get(column))
    }
    found = {
        (subject, column)
        for subject, line in lines.items()
        for column, (was, now) in line.changes.items()
        if column in COMPARED and not same(was, now)
    }
    assert found == expected
    late = {(one["source"], one["id"]) for part in parts[half:] for one in part}
    named = {(cause.source, cause.event_id) for line in lines.values() for cause in line.causes}
    assert named <= late
    assert {subject for subject, _ in expected} <= {subject for subject, line in lines.items() if line.causes}
    assert {subject: orjson.loads(row)["handoffs"] for subject, row in publication.rows.items()} == {
        subject: row["handoffs"] for subject, row in old.items()
    }


def same(left: Any, right: Any) -> bool:
    if isinstance(left, float) or isinstance(right, float):
        return left is not None and right is not None and abs(left - right) < 1e-5
    return bool(left == right)
