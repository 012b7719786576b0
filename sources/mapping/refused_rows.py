"""Rows of an export that were refused and kept, mapped again: by a mapping that was mended, or a newer catalogue.

A row of Parquet or XES is kept as JSON with the names of its columns, a row of CSV as its line: the names of its
columns stand in the file alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import orjson
import pyarrow as pa

from throughline.errors import DataError
from throughline.schemas.acceptance.events import Batch
from throughline.schemas.acceptance.rows import join_batches
from throughline.schemas.definitions.domain import Domain
from throughline.sources.formats.delimited import read_csv_again
from throughline.sources.formats.rows import Rows, row_rejects, row_table
from throughline.sources.mapping.mapping import Mapping
from throughline.sources.mapping.tabular import map_rows

CSV = (".csv", ".tsv", ".txt")


def counts_on_place(mapping: Mapping) -> bool:
    """Whether events are made of the number of a row: then equal rows of a file are several events, not one."""
    return any(identity.form == "row" for identity in mapping.identities) or any(
        emit.sequence_is_row for emit in mapping.emits
    )


def column_values(raw: bytes) -> dict[str, str | None] | None:
    """The columns of a row that was kept as JSON; None where it is something else."""
    try:
        row = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(row, dict) or not all(value is None or isinstance(value, str) for value in row.values()):
        return None
    return row


def map_csv_again(path: Path, records: Sequence[tuple[int, bytes]], mapping: Mapping, domain: Domain) -> Batch:
    """The events of lines of a CSV file, each given as (line, bytes); the file is read for its first line alone.

    Raises DataError where the file is gone or is no CSV file, MappingError where the mapping does not fit it.
    """
    if not path.is_file():
        raise DataError("is not there any more", file=path, hint="Only its first line says which column is which.")
    return map_rows(read_csv_again(path, mapping.csv, records), mapping, domain, path)


def map_json_again(
    path: Path, records: Sequence[tuple[int, dict[str, str | None]]], mapping: Mapping, domain: Domain
) -> Batch:
    """The events of rows given as (position, value by column); the file at `path` need not be there.

    Raises MappingError where the mapping does not fit the columns.
    """
    batches = []
    for columns, run in groupby(records, key=lambda record: tuple(record[1])):
        found = list(run)
        values = [pa.array([row[name] for _, row in found], pa.string()) for name in columns]
        positions = pa.array([position for position, _ in found], pa.int64())
        rows = Rows(columns, row_table(values, positions, None), row_rejects("", []))
        batches.append(map_rows(rows, mapping, domain, path))
    return join_batches(batches)
