"""What a link would do, before it is proposed: both cases beside one another, and the one that would result."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from throughline.quality.stewardship.links import Identifier, key_of
from throughline.sql import one_row, sql
from throughline.streams.join.link import prepare_edges


@dataclass(frozen=True)
class Side:
    """One identifier and its case. Times are UTC or labels; a hub leads to no case, and all of it is null.

    `neighbours` has by kind how many identifiers it is joined to, and would be joined to with the link; `hub_limit` is
    how many of one kind it may be joined to.
    """

    identifier: Identifier
    is_hub: bool
    hub_limit: int
    neighbours: dict[str, int]
    neighbours_then: dict[str, int]
    case_id: str | None
    opened_at: datetime | None
    last_at: datetime | None
    state: str | None
    holder: str | None
    events: int | None
    handoffs: int | None
    agencies: list[str]
    identifiers: list[str]

    @property
    def becomes_hub(self) -> bool:
        """Whether the link would make it a hub: it would then join nothing, what it joins now included."""
        return not self.is_hub and max(self.neighbours_then.values(), default=0) > self.hub_limit


@dataclass(frozen=True)
class Preview:
    """A pair of identifiers of one area.

    `joined_by` says what joins them directly: `events`, `steward`, both or nothing. `unlinked`: a steward's decision
    that they are apart is in force. `waiting` has the ids of proposals to link them, `contradictory` the kinds of which
    a case has one, and each of the two cases has another.
    """

    left: Side
    right: Side
    joined_by: tuple[str, ...]
    unlinked: bool
    waiting: tuple[str, ...]
    contradictory: tuple[str, ...]

    @property
    def is_one_case(self) -> bool:
        return self.left.case_id is not None and self.left.case_id == self.right.case_id

    @property
    def merges(self) -> bool:
        """Whether the link would make one case of two."""
        hub = any(side.is_hub or side.becomes_hub for side in (self.left, self.right))
        return not hub and not self.is_one_case

    @property
    def events(self) -> int | None:
        """Events of the case that would result; null where the link would not merge the two."""
        return (self.left.events or 0) + (self.right.events or 0) if self.merges else None

    @property
    def identifiers(self) -> list[str]:
        return sorted({*self.left.identifiers, *self.right.identifiers}) if self.merges else []

    def advice(self, *, second_person: bool) -> list[str]:
        """What a steward should know before proposing; `second_person`, whether the domain asks for two of them."""
        lines = []
        for side in (self.left, self.right):
            if side.is_hub:
                lines.append(f"{side.identifier} is a hub and joins nothing: a link to it would count for nothing.")
            elif side.becomes_hub:
                lines.append(f"The link would make {side.identifier} a hub: it would join nothing any more.")
        lines += [f"Both cases have a {kind}, and a case has one: they may be two." for kind in self.contradictory]
        if self.joined_by:
            lines.append(f"Joined by {' and '.join(self.joined_by)} already.")
        elif self.is_one_case:
            lines.append("They are one case already, over other identifiers.")
        if self.unlinked:
            lines.append("A steward unlinked them: a link would take that back.")
        lines += [f"A link is proposed and waits: {id}." for id in self.waiting]
        if self.merges:
            takes = "a second steward" if second_person else "one steward"
            lines.append(f"Linked they are one case of {self.events:,} events; that takes {takes}.")
        return lines


def preview(connection: duckdb.DuckDBPyConnection, area: str, left: Identifier, right: Identifier) -> Preview:
    """What linking two identifiers would do. Raises DataError where no event of the area carries one of them."""
    keys = [key_of(connection, area, one) for one in (left, right)]
    prepare_edges(connection, keys)
    sides = [
        _side(connection, one, key, other, other_key)
        for one, key, other, other_key in ((left, keys[0], right, keys[1]), (right, keys[1], left, keys[0]))
    ]
    by_events, by_steward, unlinked, waiting = one_row(
        connection,
        """
        select
          exists (from joins where left_key = $left and right_key = $right)
            and not exists (from held_joins where left_key = $left and right_key = $right),
          exists (from steward_links where left_key = $left and right_key = $right and linked),
          exists (from steward_links where left_key = $left and right_key = $right and not linked),
          coalesce((
            select list(event_id order by act) from link_acts
            where left_key = $left and right_key = $right and state = 'waiting'
          ), [])
        """,
        {"left": min(keys), "right": max(keys)},
    )
    ways = (("events", by_events and not unlinked), ("steward", by_steward))
    return Preview(
        left=sides[0],
        right=sides[1],
        joined_by=tuple(name for name, is_so in ways if is_so),
        unlinked=unlinked,
        waiting=tuple(waiting),
        contradictory=_contradictory(connection, *sides),
    )


def _contradictory(connection: duckdb.DuckDBPyConnection, left: Side, right: Side) -> tuple[str, ...]:
    """Kinds that stand once in a case and of which the two cases have different values."""
    once = connection.execute("select kind from identifier_kinds where once order by ordinal").fetchall()
    found = []
    for (kind,) in once:
        of_left, of_right = ({one for one in side.identifiers if one.startswith(f"{kind}:")} for side in (left, right))
        if of_left and of_right and of_left != of_right:
            found.append(kind)
    return tuple(found)


def _side(
    connection: duckdb.DuckDBPyConnection, identifier: Identifier, key: int, other: Identifier, other_key: int
) -> Side:
    is_hub, hub_limit, neighbours, already, *case = one_row(
        connection, sql(__package__, "links_sql/side"), {"key": key, "other": other_key}
    )
    counted = {one["kind"]: one["identifiers"] for one in neighbours}
    then = counted if already else counted | {other.kind: counted.get(other.kind, 0) + 1}
    return Side(identifier, is_hub, hub_limit, counted, then, *case)
