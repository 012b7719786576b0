"""Rows of a database in bounded portions, each with what names its rows and where it stands in the order of reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, FromClause, Result, Select, cast, column, literal, select
from sqlalchemy.types import String, UserDefinedType

from throughline.errors import DatabaseRefused
from throughline.sources.databases.address import more_wanted
from throughline.sources.databases.table import columns_of, named_table, written_select
from throughline.sources.databases.values import Column, Unreadable
from throughline.sources.formats.rows import Fault, Rows, row_rejects, row_table
from throughline.sources.mapping.relation import XMIN, Relation

ROWS_AT_ONCE = 2_000
# what is kept of a row that is refused
_RAW_BYTES = 262_144
# the parameters that a query may have are bounded
_AT_ONCE = 100

# a value of a database in a form that JSON has
Kept = Any


@dataclass(frozen=True)
class Portion:
    """A run of rows, from the position `first` on: for each its key, and what stands in the columns that the way of
    reading asks for besides."""

    rows: Rows
    first: int = 1
    keys: tuple[tuple[Any, ...], ...] = ()
    places: tuple[tuple[Any, ...], ...] = ()


class _Named(UserDefinedType[Any]):
    """A type by its name in the words of the database."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        return self.name


class Selection(AbstractContextManager["Selection"]):
    """The rows of a relation as they can be asked for in one transaction. `used` are the columns that the mapping
    reads: no other leaves the database.

    Raises DatabaseRefused where the table or a column by which it is read is not there.
    """

    def __init__(self, connection: Connection, relation: Relation, used: Mapping[str, int]) -> None:
        self.connection, self.relation = connection, relation
        self.source: FromClause = named_table(relation.table) if relation.table else written_select(relation.select)
        self.columns = columns_of(connection, self.source, relation.table)
        self.names = tuple(one.name for one in self.columns)
        self._by_name = {one.name: one for one in self.columns}
        if relation.by == XMIN and self.dialect != "postgresql":
            raise DatabaseRefused("`xmin` is of PostgreSQL.", hint="Name a column as `watermark`.")
        for name in relation.columns:
            if name not in self._by_name:
                raise DatabaseRefused(
                    f"`{relation.name}` has no column `{name}`, by which its rows are read.",
                    hint="Look at `database` of the mapping.",
                )
        self.wanted = [one for one in self.columns if one.name in used]
        self._first = 1
        self._open: list[Result[Any]] = []

    def __exit__(self, *_: object) -> None:
        """Give back what was not read to its end."""
        for result in self._open:
            result.close()

    @property
    def dialect(self) -> str:
        return self.connection.dialect.name

    def column(self, name: str) -> Column:
        return self._by_name[name]

    @property
    def key(self) -> tuple[ColumnElement[Any], ...]:
        return tuple(column(name) for name in self.relation.key)

    def bound(self, name: str, value: Any) -> ColumnElement[Any]:
        """A value of a column as a parameter, of the type that the column has."""
        if self.dialect != "postgresql":
            return literal(value)
        return cast(literal(value, String()), _Named(self._by_name[name].sql_type))

    def none(self) -> Portion:
        """No row, of these columns: so that a mapping is held against a table that is empty."""
        nothing = [pa.array([], pa.string()) for _ in self.names]
        return Portion(Rows(self.names, row_table(nothing, pa.array([], pa.int64()), None), row_rejects("", [])))

    def portions(
        self, condition: ColumnElement[bool] | None, order: Sequence[ColumnElement[Any]], *besides: ColumnElement[Any]
    ) -> Iterator[Portion]:
        """The rows that fulfil a condition, in this order. `besides` is what their `places` say."""
        query: Select[*tuple[Any, ...]] = select(
            *(column(one.name).label(f"c{place}") for place, one in enumerate(self.wanted)),
            *(one.label(f"k{place}") for place, one in enumerate(self.key)),
            *(one.label(f"b{place}") for place, one in enumerate(besides)),
        ).select_from(self.source)
        if condition is not None:
            query = query.where(condition)
        query = query.order_by(*order)
        streamed = {"stream_results": True, "max_row_buffer": ROWS_AT_ONCE, "as_text": True}
        result = self.connection.execute(query, execution_options=streamed)
        self._open.append(result)
        for found in result.partitions(ROWS_AT_ONCE):
            yield self._portion([tuple(row) for row in found])
            more_wanted(self.connection)

    def of_keys(self, keys: Sequence[tuple[Any, ...]]) -> Iterator[Portion]:
        """The rows that have these keys."""
        for start in range(0, len(keys), _AT_ONCE):
            yield from self.portions(self._any_of(keys[start : start + _AT_ONCE]), self.key)

    def _any_of(self, keys: Sequence[tuple[Any, ...]]) -> ColumnElement[bool]:
        found: ColumnElement[bool] | None = None
        for key in keys:
            one: ColumnElement[bool] | None = None
            for name, value in zip(self.relation.key, key, strict=True):
                same = column(name) == self.bound(name, value)
                one = same if one is None else one & same
            assert one is not None
            found = one if found is None else found | one
        assert found is not None
        return found

    def _portion(self, found: list[tuple[Any, ...]]) -> Portion:
        texts: list[list[str | None]] = [[] for _ in self.wanted]
        positions: list[int] = []
        faults: list[Fault] = []
        width = len(self.wanted)
        for position, row in enumerate(found, self._first):
            cells: list[str | None] = []
            wrong: tuple[str, Unreadable] | None = None
            for of, value in zip(self.wanted, row[:width], strict=True):
                try:
                    cells.append(of.text(value))
                except Unreadable as error:
                    cells.append(None)
                    wrong = wrong or (of.name, error)
            if wrong is None:
                positions.append(position)
                for of_column, cell in zip(texts, cells, strict=True):
                    of_column.append(cell)
            else:
                name, why = wrong
                raw = orjson.dumps(dict(zip((one.name for one in self.wanted), cells, strict=True)))[:_RAW_BYTES]
                faults.append((position, why.reason, name, f"`{name}` is {why.what}, and no text", raw))
        first = self._first
        self._first += len(found)
        made = {one.name: pa.array(cells, pa.string()) for one, cells in zip(self.wanted, texts, strict=True)}
        nothing = pa.nulls(len(positions), pa.string())
        table = row_table([made.get(name, nothing) for name in self.names], pa.array(positions, pa.int64()), None)
        keys_end = width + len(self.relation.key)
        return Portion(
            Rows(self.names, table, row_rejects(self.relation.name, faults)),
            first,
            tuple(row[width:keys_end] for row in found),
            tuple(row[keys_end:] for row in found),
        )


def kept(value: Any) -> Kept:
    """A value in a form that JSON has. Raises DatabaseRefused for one by which rows cannot be told apart in text."""
    if value is None or isinstance(value, int | float) or (isinstance(value, str) and _is_utf8(value)):
        return value
    for name, (kind, write, _) in _FORMS.items():
        if type(value) is kind:
            return [name, write(value)]
    raise DatabaseRefused(
        f"Rows cannot be known by a {type(value).__name__}.", hint="Name other columns as `key` or `watermark`."
    )


def _is_utf8(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def recalled(value: Kept) -> Any:
    """The value that was kept."""
    return _FORMS[value[0]][2](value[1]) if isinstance(value, list) else value


_FORMS: dict[str, tuple[type, Any, Any]] = {
    "datetime": (datetime, datetime.isoformat, datetime.fromisoformat),
    "date": (date, date.isoformat, date.fromisoformat),
    "decimal": (Decimal, str, Decimal),
    "uuid": (UUID, str, UUID),
}


def below(value: Any, by: float) -> Any:
    """A number or a time, less so many or so many seconds; of a text that is a time, the beginning of one."""
    if isinstance(value, datetime):
        return value - timedelta(seconds=by)
    if isinstance(value, date):
        return value - timedelta(days=-(-by // 86_400))
    if isinstance(value, Decimal):
        return value - Decimal(str(by))
    if isinstance(value, int):
        return value - int(by)
    if isinstance(value, float):
        return value - by
    if isinstance(value, str):
        return _text_below(value, by)
    return value


def _text_below(value: str, by: float) -> str:
    try:
        moment = datetime.fromisoformat(value[:19])
    except ValueError:
        return value
    between = value[10:11] or " "
    lower = moment - timedelta(seconds=by)
    # a text that begins another comes before it, whatever the rest says of seconds and zone
    return lower.strftime("%Y-%m-%d") if len(value) == 10 else lower.strftime(f"%Y-%m-%d{between}%H:%M:%S")
