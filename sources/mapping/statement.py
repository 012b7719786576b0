"""A mapping as SQL over one run of rows: for each emit one query, a row of which is one event or a fault.

The queries read the view `source_rows` (columns c0, c1, …, position, raw) with the variables `origin` and
`path`. They give the columns of EVENTS and besides `fault_reason`, `fault_field`, `fault_detail` (null:
none) and `raw`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from throughline.schemas.acceptance.events import EVENTS
from throughline.schemas.acceptance.rules import Rules
from throughline.schemas.acceptance.type_form import FieldForm
from throughline.sources.mapping.parts import OPERATION, Condition, Emit, Identity, Mapping, TimeForm, Value
from throughline.sources.mapping.times import TimeSql, text

TIMES = {"timestamp": "instant", "date": "date"}
"""The kinds of fields that are times, and what `TimeSql` makes of them."""


@dataclass(frozen=True)
class CatalogueWords:
    """What the catalogue says of the names that a mapping uses, by the newest version of each type.

    `versions` and `agencies` by type (no agency where the publisher says it), `fields` by the name on the
    wire, `listing` the types that list a field.
    """

    versions: dict[str, str]
    agencies: dict[str, str]
    fields: dict[str, FieldForm]
    listing: dict[str, set[str]]


def catalogue_words(rules: Rules) -> CatalogueWords:
    """Gather them from a domain's rules."""
    words = CatalogueWords({}, {}, {}, {})
    for (name, version), rule in sorted(rules.by_version.items()):
        words.versions[name] = str(version)
        if rule.form.agency is not None:
            words.agencies[name] = rule.form.agency
        for field in rule.form.fields:
            words.fields[field.name] = field
    for name, version_text in words.versions.items():
        for field in rules.by_version[name, int(version_text)].form.fields:
            words.listing.setdefault(field.name, set()).add(name)
    return words


@dataclass
class _Faults:
    """Conditions under which a row is no event, in the order in which they are told."""

    found: list[tuple[str, str, str, str]]

    def add(self, when: str, reason: str, name: str, detail: str) -> None:
        self.found.append((when, reason, name, detail))

    def every(self) -> str:
        """SQL of the numbers of all that are so, from 0."""
        cases = ", ".join(f"case when {fault[0]} then {number} end" for number, fault in enumerate(self.found))
        return f"list_filter([{cases}], x -> x is not null)" if cases else "[]::integer[]"

    def column(self, place: int) -> str:
        """SQL of one of the three: 1 reason, 2 field, 3 detail."""
        cases = " ".join(f"when {fault[0]} then {text(fault[place])}" for fault in self.found)
        return f"case {cases} end" if cases else "null::varchar"


class MappingSql:
    """Plans the queries of one mapping for one file: `columns` are the file's."""

    def __init__(self, mapping: Mapping, rules: Rules, columns: Sequence[str], path: Path, zone: str) -> None:
        """`zone` is that of a time for which the mapping says none."""
        self.mapping, self.zone = mapping, zone
        self.catalogue = catalogue_words(rules)
        self.times: list[TimeSql] = []
        self.place = {name: i for i, name in enumerate(columns)}
        self.path = path.as_posix()
        self.name = path.name

    def filter(self) -> str:
        """The condition for a row to be wanted at all."""
        return self._all(self.mapping.filters)

    def queries(self) -> list[str]:
        """One query for each emit."""
        return [self._query(emit) for emit in self.mapping.emits]

    def every_fault(self) -> list[tuple[str, list[tuple[str, str, str]]]]:
        """For each emit a query with the column `faults` besides, the numbers of all faults of a row; and reason, field
        and detail of each number."""
        made = []
        for emit in self.mapping.emits:
            faults = _Faults([])
            made.append((self._query(emit, faults=faults), [fault[1:] for fault in faults.found]))
        return made

    def stated(self) -> str:
        """Id and revision of every event that a row could give: also of a row that is left out, which is there."""
        every = (f"select id, revision from ({self._query(emit, is_wanted='true')})" for emit in self.mapping.emits)
        return " union all ".join(every)

    def taken(self) -> str:
        """No id and the revision of the file, as far as it is known without a row."""
        snapshot = self.mapping.snapshot
        if snapshot is None or snapshot.as_of is None or snapshot.as_of.column is not None:
            return "select null::varchar as id, null::varchar as revision"
        self.times = []
        as_of = self._time(snapshot.as_of, "as_of", "event", _Faults([]))
        return f"select null::varchar as id, {as_of.revision} as revision from {self._layers('(select 1) r')}"

    def _query(self, emit: Emit, is_wanted: str | None = None, faults: _Faults | None = None) -> str:
        """`faults` take what can be wrong; where they are given, each row has the numbers of its own."""
        said, faults = faults, _Faults([]) if faults is None else faults
        self.times = []
        type_sql = self._type(emit, faults)
        snapshot = self.mapping.snapshot
        as_of = None
        if snapshot is not None and snapshot.as_of is not None:
            as_of = self._time(snapshot.as_of, "as_of", "event", faults)
        # of a change: when it is known to have happened by; what it happened after is for the comparison to say
        occurred = as_of if emit.time is None else self._time(emit.time, "time", "event", faults)
        assert occurred is not None
        recorded = "null::timestamp"
        if emit.recorded_at is not None:
            recorded = self._time(emit.recorded_at, "recorded_at", "instant", faults).at
            if emit.time is not None and emit.time.form is not None and not emit.time.form.ahead:
                self._refuse_ahead(emit, occurred, recorded, faults)
        agency = "null::varchar" if emit.agency is None else self._value(emit.agency, "agency", faults)
        shared, data = self._fields(emit, faults)
        columns = {name: f"null::{sql_type(name)}" for name in EVENTS.names}
        columns |= shared
        known = self._of_types(emit, self.catalogue.versions)
        versions = self._case("r.type_of_row", known, quote=False)
        columns |= {
            "source": text(self.mapping.source),
            "id": self._id(emit, faults),
            "type": "r.type_of_row",
            "version": f"({versions})::smallint",
            "area": self._value(emit.area, "area", faults),
            "agency": f"coalesce({agency}, {self._own_agency(emit)})",
            "unit": "null::varchar" if emit.unit is None else self._value(emit.unit, "unit", faults),
            "occurred_at": occurred.at,
            "occurred_precision": occurred.precision,
            "recorded_at": recorded,
            "sequence": self._sequence(emit, faults),
            "revision": self._revision(as_of, faults),
            "retracts": self._retracts(),
            "identifiers": self._identifiers(emit, faults),
            "data": data,
            "origin": "getvariable('origin')::varchar",
            "position": "r.position",
        }
        listed = ",\n  ".join(f"{columns[name]} as {_quoted(name)}" for name in EVENTS.names)
        every = "" if said is None else f"  {faults.every()} as faults,\n"
        where = is_wanted or " and ".join([self.filter(), self._all(emit.when)])
        return (
            "-- One row per event that a row of the source gives, or the fault that keeps it from being.\n"
            f"select\n  {listed},\n"
            f"  {faults.column(1)} as fault_reason,\n  {faults.column(2)} as fault_field,\n"
            f"  {faults.column(3)} as fault_detail,\n{every}  r.raw as raw\n"
            f"from {self._layers(f'(select *, {type_sql} as type_of_row from source_rows r where {where}) r')}"
        )

    def _revision(self, as_of: TimeSql | None, faults: _Faults) -> str:
        if as_of is not None:
            return as_of.revision
        if self.mapping.revision is None:
            return "null::varchar"
        given = f"ltrim({self._value(self.mapping.revision, 'revision', faults)}, '0')"
        name = self.mapping.revision.column or "revision"
        told = f"`{name}` orders what is said of one id, and is no whole number of at most 18 digits"
        faults.add(f"not coalesce(regexp_full_match({given}, '[0-9]{{0,18}}'), false)", "bad_revision", name, told)
        return f"lpad({given}, 18, '0')"

    def _retracts(self) -> str:
        topic = self.mapping.topic
        if topic is None or topic.deleted is None or topic.deleted.type or OPERATION not in self.place:
            return "null::boolean"
        return f"case when {self._column(OPERATION)} = 'd' then true end"

    def _layers(self, source: str) -> str:
        """The rows of `source` with the columns of every time that is read."""
        for layer in ("texts", "parsed", "clocks"):
            columns = {name: sql for time in self.times for name, sql in getattr(time, layer).items()}
            made = ",\n  ".join(f"{sql} as {name}" for name, sql in columns.items())
            source = f"(select *,\n  {made}\nfrom {source}) r"
        return source

    def _column(self, name: str) -> str:
        # one that is not needed may be missing
        return f"r.c{self.place[name]}" if name in self.place else "null::varchar"

    def _raw_value(self, value: Value) -> str:
        if value.column is not None:
            return self._column(value.column)
        if value.constant is not None:
            return text(value.constant) if value.constant else "null::varchar"
        found = re.search(value.path or "", self.path)
        return text(found[1]) if found and found[1] else "null::varchar"

    def _value(self, value: Value, name: str, faults: _Faults) -> str:
        given = self._raw_value(value)
        if value.words is None:
            return given
        otherwise = given if value.otherwise == "keep" else text(value.otherwise) if value.otherwise else "null"
        mapped = self._case(given, value.words, otherwise=otherwise)
        if value.otherwise is None:
            known = ", ".join(text(word) for word in value.words)
            faults.add(
                f"({given}) not in ({known})" if known else "true",
                "unmapped_value",
                name,
                f"`{name}` has a word that `values:` does not list",
            )
        return f"({mapped})"

    def _case(self, given: str, words: dict[str, str], *, otherwise: str = "null", quote: bool = True) -> str:
        if not words:
            return otherwise
        branches = " ".join(
            f"when {text(word)} then {text(meaning) if quote else meaning}" for word, meaning in words.items()
        )
        return f"case {given} {branches} else {otherwise} end"

    def _type(self, emit: Emit, faults: _Faults) -> str:
        given = self._raw_value(emit.type)
        if emit.words is None:
            mapped = self._value(emit.type, "type", faults)
        else:
            words = {word: meaning.type for word, meaning in emit.words.items()}
            mapped = self._case(given, words, otherwise=text(emit.otherwise) if emit.otherwise else "null")
        faults.add(
            "r.type_of_row is null",
            "unmapped_type",
            emit.type.column or "type",
            "the mapping gives no type for this word: list it under `types:`",
        )
        return f"({mapped})"

    def _own_agency(self, emit: Emit) -> str:
        return f"({self._case('r.type_of_row', self._of_types(emit, self.catalogue.agencies))})"

    def _of_types(self, emit: Emit, said: dict[str, str]) -> dict[str, str]:
        return {name: said[name] for name, _ in emit.types() if name in said}

    def _sequence(self, emit: Emit, faults: _Faults) -> str:
        if emit.sequence_is_row:
            return "lpad(r.position::varchar, 12, '0')"
        return "null::varchar" if emit.sequence is None else self._value(emit.sequence, "sequence", faults)

    def _identifiers(self, emit: Emit, faults: _Faults) -> str:
        lists = []
        for kind, value in emit.identifiers:
            found = _repaired(self._value(value, f"identifiers.{kind}", faults), value)
            pieces = self._pieces(found, value.split, f"identifiers.{kind}", faults)
            lists.append(f"list_transform({pieces}, x -> {{'kind': {text(kind)}, 'value': x}})")
        if not lists:
            return "[]::struct(kind varchar, value varchar)[]"
        return f"list_filter(flatten([{', '.join(lists)}]), x -> x.value is not null)"

    def _pieces(self, given: str, split: str | None, name: str, faults: _Faults) -> str:
        """The texts of a value that may be a list, as SQL of a list."""
        if split is None:
            return f"[{given}]"
        if split != "json":
            return f"list_filter(list_transform(string_split({given}, {text(split)}), x -> trim(x)), x -> x <> '')"
        read = f"try_cast({given} as json)"
        is_list = f"coalesce(json_type({read}) = 'ARRAY', false)"
        faults.add(f"({given}) is not null and not {is_list}", "bad_field", name, f"`{name}` is no list in JSON")
        return f"case when {is_list} then json_extract_string({read}, '$[*]') else [] end"

    def _id(self, emit: Emit, faults: _Faults) -> str:
        cases = [f"when {self._all(one.when)} then {self._identity(one)}" for one in self.mapping.identities]
        made = f"case {' '.join(cases)} end"
        faults.add(f"({made}) is null", "missing_id", "id", "the columns of the id are empty, or no `when` fits")
        return made if emit.name is None else f"({made}) || {text(':' + emit.name)}"

    def _identity(self, identity: Identity) -> str:
        if identity.form == "row":
            return f"{text(self.name + ':')} || r.position"
        columns = [self._normal_column(name) for name in identity.columns]
        if identity.form == "columns":
            return " || ':' || ".join(columns)
        # Each column behind its own mark, so that an empty one is told from a missing separator.
        joined = ", ".join(f"coalesce({column}, '')" for column in columns)
        return f"left(sha256(concat_ws(chr(31), {joined})), 32)"

    def _normal_column(self, name: str) -> str:
        """A column as a part of an id: a time is one text, however its file writes it, and an identifier what it is
        repaired to."""
        column = self._column(name)
        for emit in self.mapping.emits:
            for _, value in emit.identifiers:
                if value.column == name and (value.repair or value.digits):
                    return _repaired(column, value)
        read = (time.normal for time in self.times if time.texts[time.given.removeprefix("r.")] == column)
        return next(read, column)

    def _time(self, value: Value, name: str, target: str, faults: _Faults) -> TimeSql:
        time = self._reading(self._value(value, name, faults), value.form, target)
        column = value.column or name
        if target == "event":
            faults.add(f"{time.given} is null", "missing_time", column, f"`{column}` is empty")
        for when, detail in time.faults(column):
            faults.add(when, "bad_time", column, detail)
        return time

    def _reading(self, given: str, form: TimeForm | None, target: str) -> TimeSql:
        time = TimeSql(f"t{len(self.times)}", given, form or TimeForm(), self.zone, target)
        self.times.append(time)
        return time

    def _refuse_ahead(self, emit: Emit, occurred: TimeSql, recorded: str, faults: _Faults) -> None:
        column = (emit.time and emit.time.column) or "time"
        faults.add(
            f"({occurred.at}) > ({recorded}) + interval 1 year",
            "time_out_of_range",
            column,
            f"`{column}` lies more than a year after it was recorded; where that can be, say `ahead: true`",
        )

    def _fields(self, emit: Emit, faults: _Faults) -> tuple[dict[str, str], str]:
        values = {name: self._value(value, name, faults) for name, value in emit.fields.items()}
        splits = {name: value.split for name, value in emit.fields.items()}
        forms = {name: value.form for name, value in emit.fields.items()}
        for name in sorted({name for word in (emit.words or {}).values() for name in word.fields}):
            said = {word: m.fields[name] for word, m in (emit.words or {}).items() if name in m.fields}
            values[name] = f"({self._case(self._raw_value(emit.type), said, otherwise=values.get(name, 'null'))})"
        shared: dict[str, str] = {}
        parts: list[tuple[str, str]] = []
        for name in sorted(values):
            form = self.catalogue.fields[name]
            kind, column = form.kind, form.column
            given = values[name]
            listing = self.catalogue.listing[name]
            if any(type_name not in listing for type_name, _ in emit.types()):
                # A column may be filled on steps whose type does not list the field: it is theirs only.
                given = f"case when r.type_of_row in ({', '.join(map(text, sorted(listing)))}) then {given} end"
            if kind in TIMES:
                time = self._reading(given, forms.get(name), TIMES[kind])
                for when, detail in time.faults(name):
                    faults.add(when, "bad_field", f"data.{name}", detail)
                is_text = kind == "timestamp" and column is None
                typed = f"(written_clock({time.at}) || 'Z')" if is_text else f"({time.at})"
            else:
                typed = self._typed(name, kind, given, splits.get(name), faults)
            if name == "reasons":
                shared["reason"] = f"array_to_string(list_sort(list_distinct({typed})), '; ')"
            elif column is not None:
                shared[column] = typed
            else:
                parts.append((name, typed))
        if not parts:
            return shared, "'{}'"
        members = ", ".join(
            f"case when {value} is not null then {text(_json_key(name))} || to_json({value}) end"
            for name, value in parts
        )
        return shared, f"'{{' || concat_ws(',', {members}) || '}}'"

    def _typed(self, name: str, kind: str, given: str, split: str | None, faults: _Faults) -> str:
        typed = given
        if kind == "list<string>":
            pieces = self._pieces(given, split, f"data.{name}", faults)
            return (
                f"case when {given} is not null then "
                f"list_filter(list_transform({pieces}, x -> trim(x)), x -> x <> '') end"
            )
        if kind == "int":
            whole = "'[+-]?[0-9]{1,19}'"
            typed = f"case when regexp_full_match({given}, {whole}) then try_cast({given} as bigint) end"
        elif kind == "bool":
            typed = f"case lower({given}) when 'true' then true when 'false' then false end"
        if typed is not given:
            faults.add(
                f"({given}) is not null and ({typed}) is null",
                "bad_field",
                f"data.{name}",
                f"`{name}` is not a {kind}; `values:` can translate words",
            )
            typed = f"({typed})"
        return typed

    def _all(self, conditions: Iterable[Condition]) -> str:
        return " and ".join(["true", *(self._condition(one) for one in conditions)])

    def _condition(self, one: Condition) -> str:
        column = self._column(one.column)
        if one.test in {"present", "absent"}:
            return f"{column} is {'not null' if one.test == 'present' else 'null'}"
        if one.test == "matches":
            return f"coalesce(regexp_matches({column}, {text(one.words[0])}), false)"
        words = ", ".join(text(word) for word in one.words) or "null"
        listed = f"coalesce({column} in ({words}), false)"
        return listed if one.test == "in" else f"not {listed}"


def _repaired(given: str, value: Value) -> str:
    """An identifier without what a spreadsheet did to it, as far as the mapping says."""
    if "unquote" in value.repair:
        given = f"""nullif(regexp_replace({given}, '^=?["''\u2018\u201c]*|["''\u2019\u201d]*$', '', 'g'), '')"""
    if "whole" in value.repair:
        given = f"regexp_replace({given}, '^([0-9]+)\\.0+$', '\\1')"
    if value.digits is not None:
        is_short = f"regexp_full_match({given}, '[0-9]{{1,{value.digits}}}')"
        given = f"case when {is_short} then lpad({given}, {value.digits}, '0') else {given} end"
    return given


def _json_key(name: str) -> str:
    return '"' + name + '":'


def _quoted(name: str) -> str:
    return '"' + name + '"'


def sql_type(name: str) -> str:
    kind = str(EVENTS.field(name).type)
    return {
        "string": "varchar",
        "timestamp[us]": "timestamp",
        "bool": "boolean",
        "int16": "smallint",
        "int64": "bigint",
    }.get(kind, "varchar")
