"""The same rows in every kind of export give the same events, and what a bar showed is read off its terminal."""

from __future__ import annotations

from pathlib import Path

from bench.exports.command import bar_of
from bench.exports.crimes import KINDS, write
from throughline.schemas.definitions.domain import load_domain
from throughline.sources.mapping.conversion import read_mapped
from throughline.sources.mapping.mapping import load_mapping


def test_every_kind_gives_the_same_events(tmp_path: Path) -> None:
    domain = load_domain()
    found = {}
    for kind in KINDS:
        path, mapping = write(kind, tmp_path, 30)
        batches = list(read_mapped(path, load_mapping(mapping), domain))
        assert not any(batch.rejects.num_rows for batch in batches), kind
        columns = ["id", "unit", "occurred_at", "data"]
        found[kind] = [row for batch in batches for row in batch.events.select(columns).to_pylist()]
    assert len(found["csv"]) == 30
    assert [kind for kind, events in found.items() if events != found["csv"]] == []


def test_a_bar_is_read_off_the_terminal() -> None:
    said = "starting ━━ 0% 0:00\nreading a.xml ━╸━  4% 0:01\nreading a.xml ━━╸  9% 0:02\nlinking ━━ 50% 0:03\n"
    assert bar_of(said) == [4, 9]
