"""Rows of an export that its mapping refused are judged again, after the mapping was mended."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joined import small_domain
from quarantined import MORNING, SOME, records, state

from throughline.errors import DataError
from throughline.quality.stewardship.replay import replay_quarantine
from throughline.sinks.store import open_memory_store
from throughline.sources.mapping.mapping import load_mapping
from throughline.sources.mapping.parts import Mapping
from throughline.streams.join.replay import replay

MAPPING = """
title: Nightly export
source: urn:test:20:export
area: {constant: "20"}
identifiers: {crime_ref: Crime No}
time: {column: Recorded, format: "%d/%m/%Y %H:%M", zone: Europe/London}
type: Status
types:
  NEW: police.crime.recorded
  SENT: police.file.sent
id: {columns: [Crime No, Status]}
ignore: [Note]
"""
POOR_MAPPING = MAPPING.replace("  SENT: police.file.sent\n", "")


@cache
def mapping(text: str) -> Mapping:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mapping.yaml"
        path.write_text(text, encoding="utf-8")
        return load_mapping(path)


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "Crime No": st.sampled_from(["20/1/26", "20/2/26", "20/3/26", ""]),
            "Recorded": st.sampled_from(["14/03/2026 21:40", "2026/03/15 08:05", "15/03/2026 25:10"]),
            "Status": st.sampled_from(["NEW", "SENT", "SENT", "OTHER"]),
            "Note": st.sampled_from(["", "née", "a;b", "two\nlines", 'said "no"']),
        }
    ),
    min_size=1,
    max_size=12,
)


def write_csv(file: Path, rows: list[dict[str, str]], encoding: str) -> None:
    quoted = [";".join('"' + value.replace('"', '""') + '"' for value in row.values()) for row in rows]
    file.write_bytes(("\n".join([";".join(rows[0]), *quoted]) + "\n").encode(encoding))


@SOME
@given(rows=ROWS, form=st.sampled_from(["utf-8", "cp1252", "parquet"]))
def test_after_a_mapping_is_mended_the_store_is_that_of_a_clean_set(rows: list[dict[str, str]], form: str) -> None:
    """Rows that the mapping refused, of CSV or of Parquet."""
    with TemporaryDirectory() as folder, open_memory_store() as store, open_memory_store() as clean:
        file = Path(folder) / ("rows.parquet" if form == "parquet" else "rows.csv")
        if form == "parquet":
            pq.write_table(pa.Table.from_pylist(rows), file)
        else:
            write_csv(file, rows, form)
        replay(store, small_domain(), [file], mapping=mapping(POOR_MAPPING), received_at=MORNING)
        replay(clean, small_domain(), [file], mapping=mapping(MAPPING), received_at=MORNING)
        for _ in range(2):
            replay_quarantine(store, small_domain(), mapping=mapping(MAPPING))
            assert state(store) == state(clean)


def test_a_line_of_an_export_needs_its_mapping_and_the_first_line_of_its_file(tmp_path: Path) -> None:
    """Each is asked for by name, and nothing is changed meanwhile."""
    row = {"Crime No": "20/1/26", "Recorded": "14/03/2026 21:40", "Status": "SENT", "Note": ""}
    write_csv(tmp_path / "rows.csv", [row], "utf-8")
    with open_memory_store() as store:
        replay(store, small_domain(), [tmp_path / "rows.csv"], mapping=mapping(POOR_MAPPING))
        (record,) = records(store.connection)
        one = {"quarantine_id": record.quarantine_id}

        with pytest.raises(DataError, match=r"rows.csv:2: .*without its mapping\n\nGive --mapping FILE"):
            replay_quarantine(store, small_domain(), **one)
        other = mapping(MAPPING.replace("urn:test:20:export", "urn:test:20:another"))
        with pytest.raises(DataError, match="the one that is for its source"):
            replay_quarantine(store, small_domain(), mapping=other, **one)
        (tmp_path / "rows.csv").rename(tmp_path / "gone.csv")
        with pytest.raises(DataError, match=r"whose file is gone.*\n\nPut the file back"):
            replay_quarantine(store, small_domain(), mapping=mapping(MAPPING), **one)
        (tmp_path / "gone.csv").rename(tmp_path / "rows.csv")
        assert replay_quarantine(store, small_domain(), mapping=mapping(MAPPING), **one).counts.accepted == 1
        assert records(store.connection) == []


def test_a_row_that_a_filter_leaves_out_now_stays(tmp_path: Path) -> None:
    """It became no event: a steward may discard it."""
    row = {"Crime No": "20/1/26", "Recorded": "14/03/2026 21:40", "Status": "DRAFT", "Note": ""}
    write_csv(tmp_path / "rows.csv", [row], "utf-8")
    filtered = mapping(MAPPING + "filters:\n  - {column: Status, not_in: [DRAFT]}\n")
    with open_memory_store() as store:
        replay(store, small_domain(), [tmp_path / "rows.csv"], mapping=mapping(MAPPING))
        done = replay_quarantine(store, small_domain(), mapping=filtered)

        assert (done.left_out, done.counts.read, len(records(store.connection))) == (1, 0, 1)
