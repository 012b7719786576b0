"""One look at a table: what is new in it becomes events in the outbox, and with them the place to go on from.

A process that is ended anywhere has kept a portion of rows with its place, or neither. What is read again is known to
the outbox, and is not sent again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from throughline.errors import MappingError
from throughline.schemas.acceptance.events import EVENTS
from throughline.schemas.definitions.domain import Domain
from throughline.sources.databases.address import Database
from throughline.sources.databases.bookmark import Bookmark, Key, RefusedRow, State, place_of
from throughline.sources.databases.numbers import read_numbered
from throughline.sources.databases.portions import Portion, Selection
from throughline.sources.databases.watermark import read_beyond
from throughline.sources.databases.whole import next_time, published, stage, staged, sweep
from throughline.sources.mapping.conversion import Converted, convert
from throughline.sources.mapping.mapping import dated
from throughline.sources.mapping.parts import Mapping
from throughline.sources.mapping.relation import Relation
from throughline.sources.mapping.snapshots import Snapshots
from throughline.sources.publish.ledger import Delivery
from throughline.sources.publish.outbox import Added, Noting, Outbox
from throughline.sources.tally import Tally

_REFUSED_LISTED = 1_000


@dataclass
class Polled:
    """What became of the rows of one look. `is_first`: nobody had looked before, and they may be years old.

    `rows` are the first thousand of those `refused`. `missing` numbers of an outbox are waited for, `given_up` not."""

    is_first: bool
    read: int = 0
    new: int = 0
    known: int = 0
    left_out: int = 0
    refused: Tally = field(default_factory=Tally)
    rows: list[RefusedRow] = field(default_factory=list)
    missing: int = 0
    given_up: int = 0

    def refuse(self, rows: Sequence[RefusedRow], relation: Relation) -> None:
        for row in rows:
            self.refused.count(row.reason, named_row(relation, row.key), row.field, row.detail)
        self.rows += rows[: _REFUSED_LISTED - len(self.rows)]


class Taker(Protocol):
    """What takes events, and with the last of them notes how far they were read; a publisher does."""

    def publish(
        self,
        events: pa.Table,
        also: Noting | None = None,
        delivery: Delivery | None = None,
        *,
        is_backlog: bool = False,
    ) -> Added: ...


class Poll:
    """Looks at the rows that `mapping` names, as often as it is asked, and puts their events into `taker`, a
    publisher of `outbox` or what stands in for one. Between two portions it ends early where `is_stopping` says so.

    Raises MappingError where the mapping names no rows of a database, or compares what is not whole.
    """

    def __init__(
        self,
        database: Database,
        mapping: Mapping,
        domain: Domain,
        taker: Taker,
        outbox: Outbox,
        *,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._relation = relation_of(mapping)
        self._database, self._mapping, self._domain = database, mapping, domain
        self._taker, self._is_stopping = taker, is_stopping
        self._bookmark = Bookmark(outbox, mapping, self._relation)
        self._folder = outbox.path.with_name(f"{outbox.path.name}.snapshots") / self._bookmark.reading
        self._asks_again = True

    def begin_again(self) -> None:
        """Read from the first row at the next look."""
        self._bookmark.forget()

    def look(self) -> Polled:
        """Read what is new, and keep it in the outbox.

        Raises MappingProblemsError, DatabaseRefused, DatabaseUnavailable, OutboxError and its kinds: what was kept
        until then is kept, and the rest is read the next time.
        """
        state = self._bookmark.state() or {"is_loading": True}
        made = Polled(bool(state["is_loading"]))
        if self._relation.way == "whole":
            self._compare(state, made)
        else:
            self._read_on(state, made)
            self._asks_again = False
        return made

    def _read_on(self, state: State, made: Polled) -> None:
        before: State = state.get("place", {})
        asked = self._bookmark.refused() if self._asks_again else []
        gone = set(asked)
        place = before
        with self._selection(self._mapping) as selection:
            read = read_numbered if self._relation.way == "outbox" else read_beyond
            steps = chain(
                [(selection.none(), before)],
                ((portion, before) for portion in selection.of_keys(asked)),
                read(selection, before),
            )
            for (portion, place), converted in self._converted(steps, self._mapping):
                gone.difference_update(portion.keys)
                refused = _refused_rows(portion, converted.batch.rejects)
                delivery = self._delivery(portion, converted, made)
                self._keep(converted.batch.events, {**state, "place": place}, portion.keys, refused, made, delivery)
                made.read += converted.rows
                made.left_out += converted.left_out
        if not self._is_stopping():
            self._keep(EVENTS.empty_table(), {"is_loading": False, "place": place}, gone, [], made)
        made.given_up = int(place.get("given_up", 0)) - int(before.get("given_up", 0))
        made.missing = sum(last - first + 1 for first, last, _ in place.get("gaps", []))

    def _compare(self, state: State, made: Polled) -> None:
        place: State = state.get("place", {})
        if "under_way" in place:
            place = self._publish_staged(state, place, made)
        sweep(self._folder, place)
        taken_at = next_time(place)
        mapping = dated(self._mapping, taken_at)
        refused: list[RefusedRow] = []
        deliveries: list[Delivery] = []
        with Snapshots(mapping, self._domain) as snapshots:
            with self._selection(mapping) as selection:
                steps = (
                    (portion, place) for portion in chain([selection.none()], selection.portions(None, selection.key))
                )
                for (portion, _), converted in self._converted(steps, mapping):
                    snapshots.take(converted)
                    deliveries.append(self._delivery(portion, converted, made))
                    refused += _refused_rows(portion, converted.batch.rejects)
                    made.read += converted.rows
                    made.left_out += converted.left_out
            if self._is_stopping():
                return
            place, others = stage(snapshots, self._folder, place, taken_at)
        others_refused = [RefusedRow((), row["reason"], row["field"], row["detail"]) for row in others.to_pylist()]
        made.refuse(others_refused, self._relation)
        delivery = replace(
            deliveries[0],
            read=made.read,
            left_out=made.left_out,
            backlog=made.read if made.is_first else 0,
            refused=pa.concat_tables([one.refused for one in deliveries]),
        )
        self._keep(EVENTS.empty_table(), {**state, "place": place}, self._bookmark.refused(), refused, made, delivery)
        if "under_way" in place:
            place = self._publish_staged(state, place, made)
        sweep(self._folder, place)

    @contextmanager
    def _selection(self, mapping: Mapping) -> Iterator[Selection]:
        with (
            self._database.transaction() as connection,
            Selection(connection, self._relation, mapping.columns()) as selection,
        ):
            yield selection

    def _publish_staged(self, state: State, place: State, made: Polled) -> State:
        for events in staged(self._folder, place):
            delivery = Delivery("database", self._relation.name, 0)
            added = self._taker.publish(events, delivery=delivery, is_backlog=made.is_first)
            made.new += added.new
            made.known += added.known
        place = published(place)
        self._keep(EVENTS.empty_table(), {"is_loading": False, "place": place}, (), [], made)
        return place

    def _converted(
        self, steps: Iterator[tuple[Portion, State]], mapping: Mapping
    ) -> Iterator[tuple[tuple[Portion, State], Any]]:
        """Each portion with the state after it, and what the mapping makes of it."""
        under_way: deque[tuple[Portion, State]] = deque()

        def rows() -> Iterator[Any]:
            for step in steps:
                if self._is_stopping():
                    return
                under_way.append(step)
                yield step[0].rows

        # a portion is smaller than a run of the conversion: one of it gives one of these
        for converted in convert(rows(), mapping, self._domain, Path(self._relation.name)):
            yield under_way.popleft(), converted

    def _delivery(self, portion: Portion, converted: Converted, made: Polled) -> Delivery:
        """What is noted of a portion: a row of a table has no place but its key."""
        rejects = converted.batch.rejects
        places = [place_of(portion.keys[one - portion.first]) for one in rejects["position"].to_pylist()]
        column = rejects.schema.get_field_index("position")
        return Delivery(
            way="database",
            origin=self._relation.name,
            read=converted.rows,
            refused=rejects.set_column(column, "position", pa.array(places, pa.int64())),
            left_out=converted.left_out,
            backlog=converted.rows if made.is_first else 0,
        )

    def _keep(
        self,
        events: pa.Table,
        state: State,
        read: Sequence[Key] | set[Key],
        refused: Sequence[RefusedRow],
        made: Polled,
        delivery: Delivery | None = None,
    ) -> None:
        added = self._taker.publish(
            events,
            lambda file: self._bookmark.note(file, state, read, refused),
            delivery,
            is_backlog=made.is_first,
        )
        made.new += added.new
        made.known += added.known
        made.refuse(refused, self._relation)


def named_row(relation: Relation, key: Key) -> str:
    """A row by its table and its key."""
    return " ".join([relation.name, *(f"{name}={value}" for name, value in zip(relation.key, key, strict=False))])


def relation_of(mapping: Mapping) -> Relation:
    """The rows of a database that a mapping reads. Raises MappingError where there are none."""
    relation = mapping.relation
    if relation is None:
        raise MappingError(
            "says nothing of a database",
            file=mapping.file,
            hint="Say which rows: `database: {table: …, key: …, watermark: …}`.",
        )
    if relation.way != "whole" and mapping.compares:
        raise MappingError(
            f"`{relation.way}` reads a part of the rows, which cannot be compared with another part",
            file=mapping.file,
            line=relation.line,
            hint="Say `whole: true`, or leave `changes` out.",
        )
    return relation


def _refused_rows(portion: Portion, rejects: pa.Table) -> list[RefusedRow]:
    """The rows of a portion that gave no event, each once, by the first fault."""
    found: dict[int, RefusedRow] = {}
    for row in rejects.select(["position", "reason", "field", "detail"]).to_pylist():
        key = portion.keys[row["position"] - portion.first]
        found.setdefault(row["position"], RefusedRow(key, row["reason"], row["field"], row["detail"]))
    return list(found.values())
