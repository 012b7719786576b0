"""What each column of a sample is for: numbers of cases, times, area, unit; and why others are not used.

Of a table of a database also how it is to be read again and again: by what grows, by what numbers its rows, or whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from throughline.schemas.definitions.domain import Domain
from throughline.sources.workbench.dating import Dates, dates_of
from throughline.sources.workbench.draft import Answers, Part
from throughline.sources.workbench.likeness import bare, tokens
from throughline.sources.workbench.numbering import Numbering, numbering_of
from throughline.sources.workbench.person import said_by_name, said_by_shape
from throughline.sources.workbench.sample import Column, Sample

_UNITS = frozenset(["unit", "team", "station", "division", "department", "bcu", "office", "desk", "command"])
_AREAS = frozenset(["area", "force", "constabulary", "police", "region"])
_HAPPENED = frozenset(["occurred", "happened", "event", "time", "timestamp", "start", "started", "when"])
_WRITTEN = frozenset(["recorded", "created", "entered", "logged", "inserted"])
_SENT = frozenset(
    ["date", "month", "day", "reported", "received", "sent", "submitted", "opened", "made", "decided", "at", "on"]
)
_NOT_THEN = frozenset(
    [
        "due",
        "target",
        "deadline",
        "expected",
        "review",
        "updated",
        "modified",
        "changed",
        "birth",
        "dob",
        "end",
        "ended",
        "closed",
        "next",
    ]
)
_CHANGED = frozenset(["updated", "modified", "changed", "amended"])
_NUMBERED = frozenset(["id", "serial", "sequence", "seq", "number", "rowid"])
_DATED_NAME = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2}|\d{4}-\d{2}|\d{8})(?!\d)")
_BORN = frozenset(("birth", "dob", "born"))
_WALL = {"epoch_ms": "local_ms", "epoch_us": "local_us"}


@dataclass
class Roles:
    """The columns by what they are for; `left` says of the others why they are not used."""

    columns: dict[str, Column]
    dates: dict[str, Dates] = field(default_factory=dict)
    numbers: dict[str, Numbering] = field(default_factory=dict)
    area: str = ""
    unit: str = ""
    times: tuple[str, ...] = ()
    recorded: str = ""
    left: dict[str, str] = field(default_factory=dict)

    @property
    def changed(self) -> str:
        """The column that says when a row was last changed, or empty."""
        return next((name for name in self.dates if set(tokens(name)) & _CHANGED), "")

    def free(self) -> list[Column]:
        """The columns that a field may be filled by."""
        taken = {*self.left, *self.numbers, self.area, self.unit, self.recorded, *self.times}
        return [column for name, column in self.columns.items() if name not in taken]


def roles_of(sample: Sample, domain: Domain) -> Roles:
    """What the columns of a sample are for."""
    roles = Roles({column.name: column for column in sample.columns})
    for name, column in roles.columns.items():
        dates = None if column.is_empty else dates_of(column, domain.time_zone)
        words = set(tokens(name))
        why = None
        if not name.strip():
            why = "its name is empty"
        elif column.is_empty:
            why = "empty"
        elif dates is not None and words & _BORN:
            why = "about a person, by its name"
        elif dates is None:
            why = said_by_name(name) or said_by_shape(column)
        numbering = None if dates is not None else numbering_of(column, domain)
        if why is not None:
            roles.left[name] = why
        elif dates is not None:
            roles.dates[name] = dates
        elif numbering is not None:
            roles.numbers[name] = numbering
    free = roles.free()
    roles.area = next((column.name for column in free if areas_of(column, domain)), "")
    roles.unit = next(
        (one.name for one in roles.free() if set(tokens(one.name)) & _UNITS and one.name not in roles.dates), ""
    )
    roles.times, roles.recorded = _chosen_times(roles.dates)
    return roles


def _chosen_times(dates: Mapping[str, Dates]) -> tuple[tuple[str, ...], str]:
    """The columns that may say when it happened, and the one that says when it was written down."""
    scored = {name: _then(name) for name in dates}
    best = max(scored.values(), default=0)
    times = tuple(name for name, score in scored.items() if score == best)
    written = [name for name in dates if name not in times and set(tokens(name)) & _WRITTEN and has_clock(dates[name])]
    return times, written[0] if written else ""


def _then(name: str) -> int:
    words = set(tokens(name))
    if words & _NOT_THEN:
        return -3
    return 3 if words & {"occurred", "happened"} else 2 if words & (_HAPPENED | _SENT | _WRITTEN) else 0


def has_clock(dates: Dates) -> bool:
    return all(form == "iso" or "%H" in form or "%I" in form or form.startswith("epoch") for form in dates.forms)


def areas_of(column: Column, domain: Domain) -> dict[str, str]:
    """The areas that the words of a column name, by word; none where fewer than half do."""
    if domain.areas is None or not column.is_words or not set(tokens(column.name)) & _AREAS | _labelled(column, domain):
        return {}
    found = {}
    for word in column.counts:
        if word in domain.areas:
            found[word] = word
            continue
        same = [code for code, label in domain.areas.items() if bare(word).removesuffix("police") == bare(label)]
        same = same or [code for code, label in domain.areas.items() if bare(word).startswith(bare(label))]
        if len(same) == 1:
            found[word] = same[0]
    return found if 2 * len(found) >= len(column.counts) else {}


def _labelled(column: Column, domain: Domain) -> set[str]:
    labels = {bare(label) for label in (domain.areas or {}).values()}
    return {word for word in column.counts if any(bare(word).startswith(label) for label in labels)}


def relation_parts(sample: Sample, roles: Roles, key: Sequence[str], answers: Answers) -> list[Part]:
    """The key `database`, and `snapshot` where the whole table is compared; `key` are the columns of the id."""
    said: dict[str, Any] = dict(sample.layout.settings) | {"key": list(key)}
    evidence = f"Table: {sample.layout.evidence[0]}."
    if roles.changed:
        grows = f"`{roles.changed}` is called after changes and has times: what has changed since is read."
        return [Part("database", said | {"watermark": roles.changed}, (evidence, grows))]
    serial = next((column for column in sample.columns if _is_serial(column)), None)
    if serial is not None:
        why = f"`{serial.name}` numbers the rows. `outbox`: rows are only added; `watermark`: a change has a new number"
        way = answers.ask("database.way", ("outbox", "watermark"), why)
        return [Part("database", said | {way: serial.name}, (evidence, f"{why}."))]
    whole = "No column grows with each change: the whole table is read each time, and compared with the time before."
    return [
        Part("database", said | {"whole": "true"}, (evidence, whole)),
        Part("snapshot", {"complete": "true", "vanished": "retract"}),
    ]


def _is_serial(column: Column) -> bool:
    """Whether a column numbers the rows, in a growing order."""
    values = [value for value in column.values if value is not None]
    if not column.is_key or not set(tokens(column.name)) & _NUMBERED or not all(map(str.isdecimal, values)):
        return False
    numbers = list(map(int, values))
    return numbers == sorted(numbers)


def topic_parts(sample: Sample, answers: Answers) -> list[Part]:
    """Of change records: that they are, and when a change was written down."""
    why = "what it means that a row is deleted; or write {type: …} for an event of its own"
    deleted = answers.ask("topic.deleted", ("retract", "ignore"), why)
    comments = (f"Topic: {sample.layout.evidence[0]}.", f"Deleted: {why}.")
    recorded = {"column": "../source.ts_ms", "format": "epoch_ms"}
    return [
        Part("topic", {"records": "changes", "deleted": deleted}, comments),
        Part("recorded_at", recorded, ("Recorded: when the change was committed.",)),
    ]


def on_the_wall(value: Any, domain: Domain) -> Any:
    """A value of the mapping whose numbers are times: Debezium writes what a clock on the wall showed as if it stood in
    UTC, where its columns have no zone."""
    if not isinstance(value, dict):
        return value
    form = value.get("format")
    if form in _WALL and value.get("column") != "../source.ts_ms":
        return value | {"format": _WALL[form], "zone": domain.time_zone}
    return {name: on_the_wall(one, domain) for name, one in value.items()}


def snapshot_parts(sample: Sample, roles: Roles) -> list[Part]:
    """A hint, which is a comment: whether a file shows how things stand is nothing that one file can say."""
    found = _DATED_NAME.search(sample.name)
    if not found and sample.layout.key != "database" and roles.changed:
        said = (
            f"Snapshots: `{roles.changed}` says when a row was last changed. If each file shows how things stand, add:"
        )
        return [Part("", "", (said, "  snapshot: {}   # and give `--as-of` with each file"))]
    if not found:
        return []
    form = {7: "%Y-%m", 8: "%Y%m%d", 10: "%Y-%m-%d"}[len(found[0])]
    digits = re.sub(r"\d+", lambda run: rf"\d{{{len(run[0])}}}", found[0])
    return [
        Part(
            "",
            "",
            (
                "Snapshots: the name of the file has a date. If each file shows how things stand, so that a later one "
                "revises the rows of this one, add:",
                f"  snapshot: {{as_of: {{path: '({digits})', format: \"{form}\"}}}}",
            ),
        )
    ]
