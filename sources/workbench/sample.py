"""The beginning of a file or of a table as columns: what a draft is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from throughline.errors import DataError, ThroughlineError, UsageError
from throughline.sources.formats.registry import Settings, no_reader, read_rows, row_format
from throughline.sources.formats.rows import Rows
from throughline.sources.workbench.layout import Layout, layout_of

ROWS = 10_000
_MOST_WORDS = 60
_LONGEST_WORD = 60


@dataclass(frozen=True)
class Column:
    """`values` are those of the rows in their order, None where a cell is empty; `is_list`: a cell may have several,
    as JSON."""

    name: str
    values: tuple[str | None, ...]
    is_list: bool = False

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each value stands there."""
        return Counter(value for value in self.values if value is not None)

    @property
    def filled(self) -> int:
        return self.counts.total()

    @property
    def is_empty(self) -> bool:
        return not self.counts

    @property
    def is_constant(self) -> bool:
        """Whether it says one thing in every row of several."""
        return len(self.counts) == 1 and self.filled == len(self.values) > 1

    @property
    def is_key(self) -> bool:
        """Whether every row has a value of its own."""
        return self.filled == len(self.values) == len(self.counts) > 0

    @property
    def is_words(self) -> bool:
        """Whether it has a few short words, as a coded column has."""
        longest = max(map(len, self.counts), default=0)
        return 0 < len(self.counts) <= _MOST_WORDS and longest <= _LONGEST_WORD

    def rows_of(self, value: str, most: int = 3) -> list[int]:
        """The places of the first rows with a value, from 0."""
        return [place for place, one in enumerate(self.values) if one == value][:most]


@dataclass(frozen=True)
class Sample:
    """The first rows of what `name` names. `layout` is how it is to be read; `positions` where each row stands;
    `refused` how many could not be read as rows; `is_whole` whether these are all."""

    name: str
    title: str
    layout: Layout
    columns: tuple[Column, ...]
    positions: tuple[int, ...]
    refused: int
    is_whole: bool

    @property
    def rows(self) -> int:
        return len(self.positions)


def sample_of(path: Path, *, sheet: str = "", most: int = ROWS) -> Sample:
    """The first `most` rows of a file, and how it is laid out.

    Raises DataError, with what to do, for a file that cannot be read, has no rows, or is of no kind that is known, and
    UsageError where it needs no mapping.
    """
    if not path.exists():
        raise UsageError(f"There is no file `{path}`.", hint="Check the path.")
    if path.is_dir():
        raise DataError("is a directory", file=path, hint="Draft from one of the files in it.")
    found = row_format(path)
    if found is None:
        raise no_reader(path)
    try:
        layout = layout_of(path, found.key, sheet) if found.key else Layout("", {}, (_named_kind(path),))
        read = {layout.key: _as_read(layout)} if layout.key else {}
        return _gathered(path.name, path.name.partition(".")[0], layout, read_rows(path, read), most)
    except ThroughlineError:
        raise
    except (ValueError, LookupError, OSError, pa.ArrowException, RecursionError) as error:
        # of a damaged file; its reader has words for what it knows
        raise DataError("cannot be read", file=path, hint=f"The reader says: {type(error).__name__}.") from error


def sample_of_table(name: str, names: Sequence[str], rows: Sequence[Sequence[str | None]], most: int) -> Sample:
    """The same of a table of a database, of which these columns and rows were read. Raises DataError without a row."""
    if not rows:
        raise DataError("has no row to draft from", file=name, hint="Draft from a table that has rows.")
    values = zip(*rows, strict=True)
    columns = tuple(Column(one, tuple(column)) for one, column in zip(names, values, strict=True))
    layout = Layout("database", {"table": name}, (f"a table of a database, with {len(columns)} columns",))
    title = name.rpartition(".")[2]
    return Sample(name, title, layout, columns, tuple(range(1, len(rows) + 1)), 0, len(rows) < most)


def _gathered(name: str, title: str, layout: Layout, found: Iterable[Rows], most: int) -> Sample:
    names: tuple[str, ...] = ()
    nested: set[str] = set()
    values: list[list[str | None]] = []
    positions: list[int] = []
    refused, said = 0, ""
    is_whole = True
    for rows in found:
        if not names:
            names, values = rows.columns, [[] for _ in rows.columns]
        if rows.columns != names:
            break
        nested |= set(rows.nested)
        room = most - len(positions)
        if rows.rejects.num_rows and not refused:
            first = rows.rejects.slice(0, 1).to_pylist()[0]
            said = f": of row {first['position']}, {first['detail']}"
        refused += rows.rejects.num_rows
        part = rows.table.slice(0, room)
        for place, column in enumerate(values):
            column += part[f"c{place}"].to_pylist()
        positions += part["position"].to_pylist()
        if rows.table.num_rows > room:
            is_whole = False
        if len(positions) >= most:
            break
    if not names or not positions:
        why = f"its {refused} rows cannot be read{said}" if refused else "nothing stands below the names of its columns"
        raise DataError(f"has no row to draft from: {why}", file=name, hint="Draft from a file that has rows.")
    if len(set(names)) < len(names):
        twice = next(one for one in names if names.count(one) > 1)
        raise DataError(f"has two columns `{twice}`", file=name, hint="Rename one of them.")
    columns = tuple(Column(one, tuple(column), one in nested) for one, column in zip(names, values, strict=True))
    return Sample(name, title, layout, columns, tuple(positions), refused, is_whole)


def _as_read(layout: Layout) -> Settings:
    """The settings as the reader takes them."""
    said: dict[str, Any] = dict(layout.settings)
    if said.get("delimiter") == "\\t":
        said["delimiter"] = "\t"
    # so that the reader is asked for by its key, also for an ending that another has
    return said or {"ignored": ()}


def _named_kind(path: Path) -> str:
    return "an event log (XES)" if ".xes" in path.name.lower() else "Parquet"
