"""Everything that is wrong with the rows of a file by a mapping: each column at fault once, whatever else is wrong.

A row is refused for the first thing that is wrong with it. Who corrects a mapping wants to see all of them at once: so
the columns are looked at one by one, by the mapping's own conditions and by the catalogue's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import duckdb
import pyarrow as pa

from throughline.schemas.acceptance.rules import Rules, TypeRule
from throughline.schemas.acceptance.type_form import SHARED, FieldForm
from throughline.schemas.definitions.domain import Domain
from throughline.sources.formats.rows import Rows
from throughline.sources.mapping.parts import Emit, Mapping, Value
from throughline.sources.mapping.statement import MappingSql
from throughline.sources.mapping.times import MACROS, text
from throughline.sources.workbench.person import may_be_shown, said_by_name

ROWS_TOLD = 3
_LONGEST = 40
_MOST_WORDS = 60
_OF_WORDS = ("unmapped_value", "unmapped_type")


@dataclass
class Fault:
    """One thing that is wrong with `count` rows, of which `rows` are the first. `column` is that of the file, where one
    is to blame. `words` are those at fault and how often each stands there, where they can be repeated; `allowed` those
    that would do."""

    reason: str
    column: str | None
    detail: str
    count: int = 0
    rows: list[int] = field(default_factory=list)
    words: Counter[str] = field(default_factory=Counter)
    allowed: tuple[str, ...] = ()


class Faults:
    """Gathers the faults of a file, run by run of its rows."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.found: dict[tuple[str, str | None, str], Fault] = {}
        self.seen: set[int] = set()
        # of every row that was refused: why, for what is told of no column
        self.others: list[tuple[int, str, str | None, str]] = []
        self.connection = duckdb.connect(":memory:", config={"threads": 1})
        self.connection.execute("set timezone = 'UTC'")
        self.connection.execute(MACROS)

    def __enter__(self) -> Faults:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.connection.close()

    def told(self) -> list[Fault]:
        """What was found, the most frequent first; of a row that no column is told of, why it was refused."""
        for position, reason, name, detail in self.others:
            if position not in self.seen:
                self._add(reason, name, detail, 1, [position])
        return sorted(self.found.values(), key=lambda one: (-one.count, one.rows, one.reason, one.column or ""))

    def refused(self, rejects: pa.Table) -> None:
        """Take the rows that the mapping and the catalogue refuse."""
        columns = [rejects[name].to_pylist() for name in ("position", "reason", "field", "detail")]
        self.others += zip(*columns, strict=True)

    def look(self, rows: Rows, mapping: Mapping, domain: Domain, path: Path) -> None:
        """Look at each column of a run of rows, which the mapping fits."""
        if not rows.table.num_rows:
            return
        plan = MappingSql(mapping, domain.rules, rows.columns, path, domain.time_zone)
        self.connection.execute("set variable origin = $1", [str(path)])
        self.connection.register("source_rows", rows.table)
        for (query, conditions), emit in zip(plan.every_fault(), mapping.emits, strict=True):
            self.connection.execute(f"create or replace temp table made as {query}")
            for number, (reason, name, detail) in enumerate(conditions):
                self._condition(number, reason, name, detail, emit, rows)
            for name in dict.fromkeys(
                [*emit.fields, *(one for word in (emit.words or {}).values() for one in word.fields)]
            ):
                self._field(name, emit, rows)
            self._identifiers(emit)
            told: dict[str, list[int]] = {}
            for number, (_, name, _) in enumerate(conditions):
                told.setdefault(name.removeprefix("data."), []).append(number)
            self._attributes(emit, told)
        self.connection.unregister("source_rows")

    def _add(self, reason: str, column: str | None, detail: str, count: int, rows: list[int]) -> Fault:
        fault = self.found.setdefault((reason, column, detail), Fault(reason, column, detail))
        fault.count += count
        fault.rows = sorted({*fault.rows, *rows})[:ROWS_TOLD]
        return fault

    def _where(self, condition: str, reason: str, column: str | None, detail: str) -> Fault | None:
        """Add a fault of the rows in `made` that a condition holds for; None where there are none."""
        places = self.connection.execute(f"select position from made where {condition} order by position").fetchall()
        if not places:
            return None
        self.seen.update(place for (place,) in places)
        return self._add(reason, column, detail, len(places), [place for (place,) in places[:ROWS_TOLD]])

    def _condition(self, number: int, reason: str, name: str, detail: str, emit: Emit, rows: Rows) -> None:
        condition = f"list_contains(faults, {number})"
        value = _value_of(name, emit)
        fault = self._where(condition, reason, _column_of(name, value, rows), detail)
        if fault is None or reason not in _OF_WORDS or value is None:
            return
        fault.allowed = tuple(emit.words or ()) if reason == "unmapped_type" else tuple(value.words or ())
        self._words(fault, condition, value, rows)

    def _words(self, fault: Fault, condition: str, value: Value | None, rows: Rows) -> None:
        """What stands in the column of the rows at fault, where it can be repeated: codes, and nothing of a person."""
        if value is None or value.column not in rows.columns or said_by_name(value.column):
            return
        place = rows.columns.index(value.column)
        words = self.connection.execute(
            f"select c{place}, count(*) from source_rows join (select position from made where {condition}) "
            f"using (position) where c{place} is not null group by 1 order by 2 desc, 1 limit {_MOST_WORDS + 1}"
        ).fetchall()
        if len(words) <= _MOST_WORDS and all(len(word) <= _LONGEST and may_be_shown(word) for word, _ in words):
            fault.words.update(dict(words))

    def _field(self, name: str, emit: Emit, rows: Rows) -> None:
        """A field by the catalogue: its values, and whether it is there where a type requires it."""
        said = text(f'$."{name}"')
        column = f'"{SHARED[name]}"' if name in SHARED else f"json_extract_string(data, {said})"
        value = emit.fields.get(name)
        for rule in self._rules(emit):
            form = rule.fields.get(name)
            if form is None:
                continue
            of_type = f"type = {text(rule.form.type)}"
            if form.values:
                self._values(name, form, column, of_type, value, rows)
            elif form.kind in ("string", "enum"):
                longest = self.rules.field_chars
                detail = f"`{name}` has more than {longest} characters"
                self._where(
                    f"{of_type} and length({column}) > {longest}", "field_too_long", _named(value, name), detail
                )

    def _values(self, name: str, form: FieldForm, column: str, of_type: str, value: Value | None, rows: Rows) -> None:
        listed = ", ".join(map(text, form.values))
        if name == "reasons":
            bad = f"len(list_filter(string_split({column}, '; '), x -> x not in ({listed}))) > 0"
        elif form.kind == "list<string>":
            path = text(f'$."{name}"[*]')
            bad = f"len(list_filter(json_extract_string(data, {path}), x -> x not in ({listed}))) > 0"
        else:
            bad = f"{column} not in ({listed})"
        condition = f"{of_type} and {column} is not null and {bad}"
        detail = f"`{name}` is not one of the catalogue's values"
        fault = self._where(condition, "bad_field", _named(value, name), detail)
        if fault is not None:
            fault.allowed = form.values
            self._words(fault, condition, value, rows)

    def _rules(self, emit: Emit) -> Iterator[TypeRule]:
        newest = dict(sorted(self.rules.by_version))
        for name in dict.fromkeys(name for name, _ in emit.types()):
            yield self.rules.by_version[name, newest[name]]

    def _identifiers(self, emit: Emit) -> None:
        for kind in dict.fromkeys(kind for kind, _ in emit.identifiers):
            known = self.rules.identifiers[kind]
            given = self.connection.execute(
                "select distinct one.value from (select unnest(identifiers) as one from made) "
                f"where one.kind = {text(kind)}"
            ).fetchall()
            bad = ", ".join(text(value) for (value,) in given if known.normal(value) is None)
            if bad:
                condition = f"len(list_filter(identifiers, x -> x.kind = {text(kind)} and x.value in ({bad}))) > 0"
                column = next((value.column for one, value in emit.identifiers if one == kind), None)
                self._where(condition, "malformed_identifier", column, f"it does not have the form of a `{kind}`")
        for rule in self._rules(emit):
            if rule.requires:
                kinds = ", ".join(map(text, sorted(rule.requires)))
                condition = (
                    f"type = {text(rule.form.type)} and len(list_filter(identifiers, x -> x.kind in ({kinds}))) = 0"
                )
                listed = ", ".join(sorted(rule.requires))
                columns = [value.column for kind, value in emit.identifiers if kind in rule.requires]
                self._where(condition, "missing_identifier", (columns or [None])[0], f"it needs one of: {listed}")

    def _attributes(self, emit: Emit, told: dict[str, list[int]]) -> None:
        """Unit, area and the fields that a type requires; `told` are the faults that a field has, by number."""
        if self.rules.areas is not None:
            listed = ", ".join(map(text, sorted(self.rules.areas)))
            fault = self._where(
                f"area is not null and area not in ({listed})",
                "unknown_area",
                emit.area.column,
                "the domain has no such area",
            )
            if fault is not None:
                fault.allowed = tuple(sorted(self.rules.areas))
        self._where("area is null", "missing_attribute", emit.area.column, "an event needs its area")
        for rule in self._rules(emit):
            of_type = f"type = {text(rule.form.type)}"
            if rule.needs_unit:
                column = None if emit.unit is None else emit.unit.column
                self._where(f"{of_type} and unit is null", "missing_field", column, "`unit` is required")
            for name in sorted(rule.required):
                said = text(f'$."{name}"')
                column = f'"{SHARED[name]}"' if name in SHARED else f"json_extract_string(data, {said})"
                # what is null since it could not be read is told as that
                own = " and ".join(f"not list_contains(faults, {number})" for number in told.get(name, ()))
                self._where(
                    f"{of_type} and {column} is null{f' and {own}' if own else ''}",
                    "missing_field",
                    _named(emit.fields.get(name), name),
                    f"`{name}` is required",
                )


def _value_of(name: str, emit: Emit) -> Value | None:
    """Where that comes from which a fault names: a field, a kind of identifier, an attribute, or a column itself."""
    bare = name.removeprefix("data.").removeprefix("identifiers.")
    if name == (emit.type.column or "type"):
        return emit.type
    named = {"area": emit.area, "agency": emit.agency, "unit": emit.unit, "sequence": emit.sequence, "time": emit.time}
    return emit.fields.get(bare) or dict(emit.identifiers).get(bare) or named.get(bare)


def _column_of(name: str, value: Value | None, rows: Rows) -> str | None:
    return name if name in rows.columns else name if value is None else value.column or name


def _named(value: Value | None, name: str) -> str:
    return name if value is None else value.column or name
