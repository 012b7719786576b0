"""What the rows could be: types of the catalogue ranked by how well the columns fill them, with the reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from throughline.schemas.definitions.catalogue import EventType, TypeField
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.identifier import PSEUDONYM
from throughline.sources.workbench.likeness import (
    bare,
    best,
    like_values,
    likeness,
    same_value,
    tokens,
    truth,
)
from throughline.sources.workbench.sample import Column

_STEPS = frozenset(["status", "step", "event", "activity", "action", "stage", "milestone", "task", "transition"])
# of the name of a file
_SAY_NOTHING = frozenset(["case", "export", "extract", "list", "file", "data", "report", "table", "dump", "all", "new"])
_CALLED = 0.5
# its words may be codes that are like nothing
_NAMED_ALIKE = 0.8
_TIMES = ("timestamp", "date")


@dataclass(frozen=True)
class Filled:
    """A field that a column fills. `words` (None: as it stands) say for each word which values it could be: one where
    it is plain. `split` parts a list."""

    field: str
    column: str
    words: Mapping[str, tuple[str, ...]] | None
    score: float
    split: str = ""

    @property
    def open_words(self) -> list[str]:
        return [word for word, values in (self.words or {}).items() if len(values) != 1]


@dataclass(frozen=True)
class Candidate:
    """A type and how well it fits. `missing` are the fields that it requires and nothing fills; `reasons` say why."""

    type: str
    score: float
    filled: tuple[Filled, ...]
    missing: tuple[str, ...]
    reasons: tuple[str, ...]


class Catalogue:
    """The catalogue beside the columns that are free to fill its fields; what was compared once is kept."""

    def __init__(self, domain: Domain, columns: Sequence[Column], dated: frozenset[str], names: Sequence[str]) -> None:
        """`names` are all that is called: the file, then its columns; `dated` the columns that read as times."""
        self.domain, self.columns, self.dated = domain, columns, dated
        self.title = " ".join(word for word in tokens(names[0]) if word not in _SAY_NOTHING)
        self.spoken = {word for name in names for word in tokens(name)}
        self._fits: dict[tuple[str, str, tuple[str, ...] | None], Filled | None] = {}

    def candidates(self, kinds: frozenset[str]) -> list[Candidate]:
        """Every type that an agency's system can say, the best first; `kinds` are the identifiers that are there."""
        types = [one for one in self.domain.types.values() if not one.type.startswith("steward.")]
        made = [self._candidate(one, kinds) for one in types]
        return sorted(made, key=lambda one: -one.score)

    def _candidate(self, event_type: EventType, kinds: frozenset[str]) -> Candidate:
        filled = self._fill(event_type)
        required = [name for name, field in event_type.fields.items() if field.required]
        have = {one.field for one in filled}
        missing = tuple(name for name in required if name not in have and name != "unit")
        reasons = [f"`{one.column}` fills `{one.field}`" for one in filled]
        score = sum(one.score for one in filled) - 0.6 * len(missing)
        named = likeness(self.title, event_type.type.partition(".")[2] or event_type.type)
        beside = best(event_type.brief, [self.title])
        if max(named, beside) >= 0.3:
            score += max(named, beside)
            reasons.append("the name of the file is like its own")
        joined = sorted(kinds & set(event_type.requires))
        if joined:
            score += 0.4
            reasons.append(f"`{joined[0]}` joins it to its case")
        elif event_type.requires:
            score -= 0.8
            reasons.append(f"no column is one of {', '.join(f'`{one}`' for one in event_type.requires[:4])}")
        # columns that speak of the same thing
        subject = set(tokens(event_type.type)) - {"police", "cp", "advocate", "case", "made"}
        score += 0.15 * len(subject & self.spoken)
        if missing:
            reasons.append(f"{', '.join(f'`{name}`' for name in missing)} {_is(missing)} required and missing")
        return Candidate(event_type.type, round(score, 3), filled, missing, tuple(reasons))

    def _fill(self, event_type: EventType) -> tuple[Filled, ...]:
        """The fields with their columns: each once, the best pairs first."""
        fits = [
            fit
            for field in event_type.fields.values()
            for column in self.columns
            if field.name not in ("unit", "agency", "identifiers") and (fit := self._fit(field, column)) is not None
        ]
        taken: set[str] = set()
        chosen: list[Filled] = []
        for fit in sorted(fits, key=lambda one: (-one.score, one.field, one.column)):
            if fit.field not in taken and fit.column not in taken:
                taken |= {fit.field, fit.column}
                chosen.append(fit)
        return tuple(chosen)

    def _fit(self, field: TypeField, column: Column) -> Filled | None:
        key = (column.name, field.name, field.values)
        if key not in self._fits:
            self._fits[key] = self._compared(field, column)
        return self._fits[key]

    def _compared(self, field: TypeField, column: Column) -> Filled | None:
        called = likeness(column.name, field.name)
        if column.is_empty or (column.is_list and field.type != "list<string>"):
            return None
        if field.values:
            return self._coded(field, column, called)
        if called < _CALLED:
            return None
        plain = Filled(field.name, column.name, None, called)
        if field.type in _TIMES:
            return plain if column.name in self.dated else None
        if column.name in self.dated:
            return None
        if field.type == "int":
            return plain if all(value.lstrip("+-").isdecimal() for value in column.counts) else None
        if field.type == "bool":
            words = {word: truth(word) for word in column.counts}
            said = {word: (value,) for word, value in words.items() if value is not None}
            return Filled(field.name, column.name, said, called) if len(said) == len(words) else None
        if field.sensitivity == "restricted" and not all(PSEUDONYM.fullmatch(value) for value in column.counts):
            return None
        if field.type == "list<string>":
            return None
        return plain if called >= 0.67 and max(map(len, column.counts)) <= 64 else None

    def _coded(self, field: TypeField, column: Column, called: float) -> Filled | None:
        """A field with a list of values: by its words and by its name."""
        assert field.values is not None
        labels = _labels(self.domain, field)
        split = "json" if column.is_list else _separator(column, labels) if field.type == "list<string>" else ""
        if not column.is_words and not split:
            return None
        if split and (split == "json" or any(split in value for value in column.counts)):
            # a list is read as it stands: its words cannot be translated
            parts = (
                {part.strip() for value in column.counts for part in value.split(split)} if split != "json" else set()
            )
            good = split == "json" or parts <= set(field.values)
            return Filled(field.name, column.name, None, called + 0.5, split) if good and called >= _CALLED else None
        words = {word: _meanings(word, labels) for word in column.counts}
        plain = sum(1 for values in words.values() if len(values) == 1) / len(words)
        near = sum(1 for values in words.values() if values) / len(words)
        if plain < 0.5 and (near < 0.5 or called < _CALLED) and called < 0.67:
            return None
        if plain == 0 and near == 0 and called < _NAMED_ALIKE:
            return None
        return Filled(field.name, column.name, words, 0.6 * called + 0.6 * plain + 0.2 * near)


def step_column(columns: Sequence[Column], taken: frozenset[str]) -> Column | None:
    """The column whose words say what happened in each row, if there is one."""
    found = [
        column
        for column in columns
        if column.name not in taken
        and column.is_words
        and 1 < len(column.counts) <= 40
        and _says_steps(column)
        and not set(tokens(column.name)) & {"outcome", "last", "custody"}
    ]
    return max(found, key=lambda column: len(set(tokens(column.name)) & _STEPS), default=None)


def _says_steps(column: Column) -> bool:
    """By its name: that of an event in XES is `concept:name`, and of its case `case:concept:name`."""
    words = set(tokens(column.name))
    return bool(words & _STEPS) or ("concept" in words and "case" not in words)


def like_types(word: str, types: Sequence[str], domain: Domain, most: int = 4) -> list[str]:
    """The types that a word of a system could mean, the most like first; those that are given where none is."""
    scored = []
    for event_type in domain.types.values():
        tail = event_type.type.partition(".")[2] or event_type.type
        score = max(likeness(word, tail), likeness(word, event_type.summary.partition(":")[0]))
        if bare(word) and bare(word) in bare(tail):
            score = max(score, 0.6)
        if score >= 0.5:
            scored.append((-score, event_type.type not in types, event_type.type))
    found = [name for _, _, name in sorted(scored)][:most]
    return list(dict.fromkeys([*found, *types]))[:most]


def _meanings(word: str, labels: Mapping[str, str]) -> tuple[str, ...]:
    same = same_value(word, labels)
    if same is not None:
        return (same,)
    near = tuple(like_values(word, labels))
    # one that is only like it is for a person to say
    return near if len(near) != 1 else (near[0], *(value for value in labels if value != near[0]))


def _labels(domain: Domain, field: TypeField) -> dict[str, str]:
    """The values that a field of a type may have, with their labels."""
    known: dict[str, str] = {}
    for enum in domain.enums.values():
        if set(field.values or ()) <= set(enum.values):
            known = dict(enum.labels)
            break
    return {value: known.get(value, value) for value in field.values or ()}


def _separator(column: Column, labels: Mapping[str, str]) -> str:
    return next(
        (
            mark
            for mark in (";", "|", ",")
            if any(mark in value for value in column.counts) and not any(mark in value for value in labels)
        ),
        "",
    )


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"
