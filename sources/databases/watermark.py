"""Rows beyond a watermark: a column that grows with each change of a row.

What began earlier may be committed later, with a lower value than was read already. Where the column is a time or a
number, each reading begins so far below the highest value that was read (`overlap`): what is committed later than that
is not seen. Where it is the transaction that wrote the row, nothing is lost: PostgreSQL says which transaction is the
oldest that may still commit, and each reading begins with that one. It must be a column of the type xid8, or `xmin`,
which every table of PostgreSQL has, and by which the whole table is looked through.

What was read before is read again within the overlap. That is harmless: the outbox knows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, case, column, false, func, literal, literal_column, text

from throughline.sources.databases.portions import Portion, Selection, below, kept, recalled
from throughline.sources.databases.values import NUMBER, TIME, TRANSACTION
from throughline.sources.mapping.relation import XMIN

State = dict[str, Any]

# an hour that the clocks show twice, and an hour for what is committed late
OVERLAP_SECONDS = 7_200.0
OVERLAP_NUMBERS = 1_000.0
_AHEAD = timedelta(days=1)
_SNAPSHOT = text(
    "select pg_snapshot_xmin(seen)::text::bigint, pg_snapshot_xmax(seen)::text::bigint from pg_current_snapshot() seen"
)


def read_beyond(selection: Selection, state: State) -> Iterator[tuple[Portion, State]]:
    """The rows beyond `state` ({}: all), each portion with the state that holds once it is kept."""
    by = selection.relation.by
    if by == XMIN or selection.column(by).kind == TRANSACTION:
        return _by_transaction(selection, state)
    return _by_value(selection, state)


def _by_value(selection: Selection, state: State) -> Iterator[tuple[Portion, State]]:
    name = selection.relation.by
    by: ColumnElement[Any] = column(name)
    reached = recalled(state.get("at"))
    beyond = by.is_not(None) if reached is None else by > selection.bound(name, reached)
    floor = None if reached is None else by >= _floor(selection, name, reached)
    ahead = datetime.now(UTC).replace(tzinfo=None) + _AHEAD
    flag = case((beyond, literal_column("'1'")), else_=literal_column("'0'"))
    for portion in selection.portions(floor, (by, *selection.key), by, flag):
        for value, is_beyond in portion.places:
            # a time that has not come would hide all that come before it
            if is_beyond == "1" and not _is_ahead(value, ahead):
                state = {"at": kept(value)}
        yield portion, state


def _floor(selection: Selection, name: str, reached: Any) -> ColumnElement[Any]:
    """The lowest value that is read again."""
    overlap = selection.relation.overlap
    is_time = selection.column(name).kind == TIME
    if selection.dialect != "postgresql":
        is_time = not isinstance(reached, int | float) and not hasattr(reached, "as_tuple")
    usual = OVERLAP_SECONDS if is_time else OVERLAP_NUMBERS
    by = usual if overlap is None else overlap
    if selection.dialect != "postgresql":
        return literal(below(reached, by))
    if is_time:
        return selection.bound(name, reached).op("-")(func.make_interval(0, 0, 0, 0, 0, 0, literal(by)))
    if selection.column(name).kind == NUMBER:
        # a whole number, so that an index over whole numbers can be used
        return selection.bound(name, str(int((Decimal(reached) - Decimal(str(by))).to_integral_value(ROUND_FLOOR))))
    return selection.bound(name, reached)


def _is_ahead(value: Any, ahead: datetime) -> bool:
    """Whether a value is a time that lies ahead: also one that is no date of ours, such as `infinity`."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None) > ahead
    if not isinstance(value, str) or value.lstrip("-").replace(".", "", 1).isdecimal():
        return False
    try:
        return datetime.fromisoformat(value[:19]) > ahead
    except ValueError:
        return value in ("infinity", "NaN", "Infinity") or value[4:5].isdecimal()


def _by_transaction(selection: Selection, state: State) -> Iterator[tuple[Portion, State]]:
    oldest, top = selection.connection.execute(_SNAPSHOT).one()
    by = _transaction(selection, top)
    for portion in selection.portions(_not_read(selection, by, state), (by, *selection.key), by):
        last = int(portion.places[-1][0])
        is_settled = last < oldest
        state = {"at": last, "key": list(map(kept, portion.keys[-1]))} if is_settled else {"at": oldest}
        yield portion, state
    yield selection.none(), {"at": oldest}


def _transaction(selection: Selection, top: int) -> ColumnElement[Any]:
    """The number of the transaction that wrote a row."""
    name = selection.relation.by
    if name != XMIN:
        return column(name)
    # of 64 bits; the row itself has the lower 32
    newest = literal(top, BigInteger())
    return newest - func.mod(newest - literal_column("xmin::text::bigint"), literal(2**32, BigInteger()))


def _not_read(selection: Selection, by: ColumnElement[Any], state: State) -> ColumnElement[bool] | None:
    if "at" not in state:
        return None
    name = selection.relation.by
    at = literal(state["at"], BigInteger()) if name == XMIN else selection.bound(name, str(state["at"]))
    if "key" not in state:
        return by >= at
    # the keys as PostgreSQL orders them: (a, b) > (x, y)
    later: ColumnElement[bool] = false()
    for key, value in reversed(list(zip(selection.relation.key, state["key"], strict=True))):
        given = selection.bound(key, recalled(value))
        later = (column(key) > given) | ((column(key) == given) & later)
    return (by > at) | ((by == at) & later)
