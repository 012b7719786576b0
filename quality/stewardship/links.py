"""What stewards decide on pairs of identifiers: propose a link, second it, undo it, unlink (docs/rules.md, section 2).

What is checked here spares a steward an action that would count for nothing. Whether one counts is decided by the
rules, from the set of events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import duckdb

from throughline.errors import DataError, UsageError
from throughline.quality.stewardship.desk import Action, Desk
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.steward import LINKED, SECONDED, UNLINKED, WITHDRAWN
from throughline.streams.join.link import prepare_edges

# of an id that is too long to be copied from a narrow table
ENOUGH_OF_AN_ID = 8
OFFICER = "Give --officer, your keyed pseudonym."


class Identifier(NamedTuple):
    """An identifier in its normal form, of some area."""

    kind: str
    value: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


def identifier_of(domain: Domain, text: str) -> Identifier:
    """The identifier that `kind:value` names, normalised. Raises UsageError for one that cannot link."""
    name, colon, value = text.partition(":")
    kind = next((one for one in domain.identifiers if one.kind == name.strip()), None)
    if not colon or kind is None:
        linking = ", ".join(one.kind for one in domain.identifiers if one.links)
        raise UsageError(f"`{text}` names no identifier.", hint=f"Write kind:value; kinds that link are {linking}.")
    normal = kind.normalise_value(value)
    if not kind.links or not kind.is_well_formed(normal) or kind.is_placeholder(normal):
        raise UsageError(f"`{text}` can join nothing.", hint=f"{kind.name}: {kind.note or 'no such form.'}")
    return Identifier(kind.kind, normal)


def propose(desk: Desk, left: Identifier, right: Identifier, *, reason_code: str) -> str:
    """Link two identifiers, or propose it where the domain asks for a second person; the id of the event.

    See `Desk.publish`. Raises DataError where an identifier is not in the store, or the pair is joined or proposed
    already; UsageError where nobody is named whom another could second, or where a decision on the pair is dated later.
    """
    if desk.domain.second_person and desk.officer is None:
        raise UsageError(
            "A link takes two stewards, and nobody is said to propose it: it could never be seconded.", hint=OFFICER
        )
    pair = _Pair.of(desk, left, right)
    if pair.is_joined:
        raise DataError(f"{pair} are joined already.", hint="`throughline links show` says by what.")
    for (waiting,) in pair.decisions("event_id", "state = 'waiting'")[:1]:
        raise DataError(
            f"That {pair} are one case is proposed already.",
            hint=f"`throughline links second {waiting}` seconds it; `links undo` takes it back.",
        )
    pair.check_is_latest()
    (id,) = desk.publish([pair.action(LINKED, reason_code=reason_code)])
    return id


def second(desk: Desk, proposal_id: str) -> None:
    """Second a link that waits, as another person than its author. See `Desk.publish`.

    `proposal_id` is the id of the event, or its beginning of at least eight characters.
    Raises DataError where no such proposal, or more than one, waits in the area of the desk; UsageError where its
    author is not named or is the one who would second it, or where it is dated later than now.
    """
    found = desk.store.connection.execute(
        """
        select source, event_id, left_kind, left_value, right_kind, right_value, acted_by, names_a_person, acted_at
        from link_acts
        where state = 'waiting' and area = $area
          and (event_id = $id or (len($id) >= $enough and starts_with(event_id, $id)))
        """,
        {"area": desk.area, "id": proposal_id, "enough": ENOUGH_OF_AN_ID},
    ).fetchall()
    if len(found) != 1:
        what = "No proposal" if not found else "More than one proposal"
        raise DataError(
            f"{what} `{proposal_id}` waits in the area {desk.area}.",
            hint="`throughline links list` shows what waits. Where two have one id, publish the event with its source.",
        )
    ((source, event_id, *ends, author, names_a_person, proposed_at),) = found
    if desk.officer is None:
        raise UsageError("Nobody is said to second it.", hint=OFFICER)
    if not names_a_person:
        raise UsageError(
            f"The proposal `{event_id}` does not say by pseudonym who made it, and cannot be seconded.",
            hint="Take it back with `throughline links undo` and propose it with --officer.",
        )
    if author.lower() == desk.officer:
        raise UsageError(f"{desk.officer} proposed this link.", hint="Another steward has to second it.")
    desk.check_outlasts(proposed_at, "The proposal")
    pair = dict(zip(_ENDS, ends, strict=True))
    desk.publish([Action(SECONDED, {"proposal_source": source, "proposal_id": event_id, **pair})])


def undo(desk: Desk, left: Identifier, right: Identifier, *, reason_code: str) -> int:
    """Take back every link of a pair since it was last unlinked, in force or proposed; how many there were.

    What was before the links is again: what events join stays joined, what was unlinked is so again. See
    `Desk.publish`. Raises DataError where there is nothing to take back.
    """
    pair = _Pair.of(desk, left, right)
    found = pair.decisions(
        "source, event_id",
        """
        links and state <> 'withdrawn' and act > (
          select coalesce(max(act), 0) from link_acts where left_key = $left and right_key = $right and not links
        )
        """,
    )
    if not found:
        raise DataError(
            f"No steward's link of {pair} is in force or waits.",
            hint="`throughline links unlink` parts what events join.",
        )
    named = [{"proposal_source": source, "proposal_id": id, "reason_code": reason_code} for source, id in found]
    desk.publish([pair.action(WITHDRAWN, **said) for said in named])
    return len(found)


def unlink(desk: Desk, left: Identifier, right: Identifier, *, reason_code: str) -> None:
    """Part two identifiers, whatever events carry both. See `Desk.publish`.

    Raises DataError where nothing joins the two, UsageError where they were linked by an action that is dated later.
    """
    pair = _Pair.of(desk, left, right)
    if not pair.is_joined:
        raise DataError(
            f"Nothing joins {pair} directly.",
            hint="`throughline links show` says whether they are one case over others.",
        )
    pair.check_is_latest()
    desk.publish([pair.action(UNLINKED, reason_code=reason_code)])


_ENDS = ("left_kind", "left_value", "right_kind", "right_value")


@dataclass(frozen=True)
class _Pair:
    """Two identifiers of the area of a desk, and the keys of both, the lesser first."""

    desk: Desk
    left: Identifier
    right: Identifier
    keys: tuple[int, int]

    @classmethod
    def of(cls, desk: Desk, left: Identifier, right: Identifier) -> _Pair:
        if left == right:
            raise UsageError(f"{left} is given twice.", hint="Name two identifiers.")
        one, other = sorted(key_of(desk.store.connection, desk.area, side) for side in (left, right))
        return cls(desk, left, right, (one, other))

    def __str__(self) -> str:
        return f"{self.left} and {self.right}"

    @property
    def is_joined(self) -> bool:
        """Whether an event or a steward joins the two: they are one case unless one is a hub."""
        connection = self.desk.store.connection
        prepare_edges(connection, list(self.keys))
        found = connection.execute("select 1 from ties where left_key = ? and right_key = ?", list(self.keys))
        return found.fetchone() is not None

    def decisions(self, columns: str, condition: str) -> list[tuple[Any, ...]]:
        """What stewards decided on the pair, in the order in which it counts."""
        return self.desk.store.connection.execute(
            f"select {columns} from link_acts "
            f"where left_key = $left and right_key = $right and {condition} order by act",
            {"left": self.keys[0], "right": self.keys[1]},
        ).fetchall()

    def check_is_latest(self) -> None:
        """Raise UsageError where the decision in force is dated at or after now."""
        self.desk.check_outlasts(
            max((at for (at,) in self.decisions("acted_at", "state = 'in force'")), default=None),
            "What a steward decided on this pair",
            "`throughline links undo` takes back a link of any time; otherwise wait until then.",
        )

    def action(self, type_name: str, **said: str) -> Action:
        return Action(type_name, dict(zip(_ENDS, (*self.left, *self.right), strict=True)) | said)


def key_of(connection: duckdb.DuckDBPyConnection, area: str, identifier: Identifier) -> int:
    """The key of an identifier. Raises DataError where no event of the area carries it."""
    row = connection.execute(
        "select identifier_key from identifiers where area = ? and kind = ? and value = ?", [area, *identifier]
    ).fetchone()
    if row is None:
        raise DataError(
            f"No event of the area {area} carries {identifier}.",
            hint='`throughline query "select identifiers from cases"` shows how they are written.',
        )
    return int(row[0])
