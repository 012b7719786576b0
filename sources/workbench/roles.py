"""What each column of a sample is for: numbers of cases, times, area, unit; and why others are not used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from throughline.schemas.definitions.domain import Domain
from throughline.sources.workbench.dating import Dates, dates_of
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
_BORN = frozenset(("birth", "dob", "born"))


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
