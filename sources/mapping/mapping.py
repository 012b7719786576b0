"""A mapping: how the rows of an existing system's files become events. A YAML file, read here into plain
values.

Keys (a text where a value is wanted names a column; `{constant: …}` is a constant, `{path: REGEX}` the first
group of a match in the file's path; `values:` translates words, `otherwise:` is for words that it does not
list):

- `title`, `source` (URN of the publishing system), `note`
- `csv`: `delimiter`, `quote`, `encoding` (utf-8, cp1252); what is left out is detected
- `area`, `agency` (default: the type's own), `unit`: values
- `identifiers`: kind -> value or list of values
- `time`: `column` (or `constant`, `path`), `format` (`iso`, or strptime forms; one or a list), `precision`
  (instant, day, month), `zone` (IANA; of times without an offset, and of the day that a time falls on)
- `type`: value; `types`: its words -> catalogue type, or `{type: …, decision: …}` with constants of any
  field; `otherwise: TYPE`, else an unlisted word is a reject `unmapped_type`
- `fields`: field of the catalogue -> value (`split: ";"` for lists)
- `filters`: conditions `{column, in: […]}`, `not_in`, `present: true|false`, `matches: REGEX`; a row that
  fails one is left out knowingly and only counted
- `id`: `row` (file name and line), `{columns: […]}`, `{hash: […]}`, or a list of these with `when:`
  (conditions); the first that fits is used
- `sequence`: `row` or a value; `recorded_at`: as `time`
- `emits`: list of overrides of `type`, `time`, `unit`, `agency`, `fields`, `sequence`, `recorded_at`, each
  with a `name` (becomes part of the id) and perhaps `when:` (conditions); a row gives one event for each
- `ignore`: columns knowingly not used
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from throughline.sources.mapping.parts import Condition, Emit, Identity, Mapping, Time, Value, Word
from throughline.sources.mapping.sections import Section, read_section

PRECISIONS = ("instant", "day", "month")


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file. Raises MappingError with file, line and key where it does not hold together."""
    top = read_section(path)
    top.only(
        [
            "title",
            "note",
            "source",
            "csv",
            "area",
            "agency",
            "unit",
            "identifiers",
            "time",
            "type",
            "types",
            "otherwise",
            "fields",
            "filters",
            "id",
            "sequence",
            "recorded_at",
            "emits",
            "ignore",
        ]
    )
    base = _Emits(top)
    emits = tuple(base.emits())
    csv = top.section("csv")
    settings: dict[str, str] = {}
    if csv is not None:
        csv.only(["delimiter", "quote", "encoding"])
        settings = {key: csv.text(key) for key in csv.keys()}  # noqa: SIM118 — no dict
    return Mapping(
        file=path,
        title=top.text("title"),
        source=top.text("source"),
        emits=emits,
        identities=_identities(top),
        filters=_conditions(top, "filters"),
        ignore=tuple(top.texts("ignore")),
        csv=settings,
    )


@dataclass
class _Emits:
    top: Section

    def emits(self) -> Iterator[Emit]:
        if "emits" not in self.top:
            yield self._emit(self.top, None)
            return
        names: set[str] = set()
        for part in self.top.sections("emits"):
            part.only(
                [
                    "name",
                    "type",
                    "types",
                    "otherwise",
                    "time",
                    "agency",
                    "unit",
                    "fields",
                    "sequence",
                    "recorded_at",
                    "when",
                    "identifiers",
                ]
            )
            name = part.text("name")
            if name in names:
                raise part.error("two of `emits` have this name; ids would be the same", "name")
            names.add(name)
            yield replace(self._emit(part, name), when=_conditions(part, "when"))

    def _emit(self, part: Section, name: str | None) -> Emit:
        def of(key: str) -> Section:
            return part if key in part else self.top

        own = part if "type" in part else self.top
        sequence = of("sequence").get("sequence")
        fields = dict(_values(self.top, "fields"))
        fields.update(_values(part, "fields"))
        return Emit(
            name=name,
            type=_value(own, "type"),
            words=_words(own),
            otherwise=own.text("otherwise") if "otherwise" in own else None,
            time=_time(of("time"), "time"),
            recorded_at=_time(of("recorded_at"), "recorded_at") if "recorded_at" in of("recorded_at") else None,
            area=_value(self.top, "area"),
            agency=_value(of("agency"), "agency") if "agency" in of("agency") else None,
            unit=_value(of("unit"), "unit") if "unit" in of("unit") else None,
            sequence=None if sequence in (None, "row") else _value(of("sequence"), "sequence"),
            sequence_is_row=sequence == "row",
            identifiers=tuple(_identifiers(of("identifiers"))),
            fields=fields,
        )


def _value(section: Section, key: str) -> Value:
    given = section.get(key)
    line = section.line(key)
    if isinstance(given, str):
        return Value(column=given, line=line)
    part = section.section(key)
    if part is None:
        raise section.error("is missing; name a column, or write {constant: …}", key)
    part.only(["column", "constant", "path", "values", "otherwise", "split", "format", "precision", "zone"])
    return _value_of(part, line)


def _value_of(part: Section, line: int) -> Value:
    given = [key for key in ("column", "constant", "path") if key in part]
    if len(given) != 1:
        raise part.error("needs exactly one of `column`, `constant`, `path`")
    path = part.text("path") if "path" in part else None
    if path is not None:
        _regex(part, "path", groups=1)
    words = part.section("values")
    return Value(
        column=part.text("column") if "column" in part else None,
        constant=part.text("constant") if "constant" in part else None,
        path=path,
        words=None if words is None else {key: words.text(key) for key in words.keys()},  # noqa: SIM118
        otherwise=part.text("otherwise") if "otherwise" in part else None,
        split=part.text("split") if "split" in part else None,
        line=line,
    )


def _values(section: Section, key: str) -> Iterator[tuple[str, Value]]:
    part = section.section(key)
    for name in part.keys() if part is not None else ():
        assert part is not None
        yield name, _value(part, name)


def _identifiers(section: Section) -> Iterator[tuple[str, Value]]:
    part = section.section("identifiers")
    if part is None:
        return
    for kind in part.keys():  # noqa: SIM118
        if isinstance(part.get(kind), list):
            yield from ((kind, Value(column=column, line=part.line(kind))) for column in part.texts(kind))
        else:
            yield kind, _value(part, kind)


def _words(section: Section) -> dict[str, Word] | None:
    part = section.section("types")
    if part is None:
        return None
    words: dict[str, Word] = {}
    for word in part.keys():  # noqa: SIM118
        line = part.line(word)
        inner = part.section(word) if not isinstance(part.get(word), str) else None
        if inner is None:
            words[word] = Word(part.text(word), {}, line)
        else:
            rest = {key: inner.text(key) for key in inner.keys() if key != "type"}  # noqa: SIM118
            words[word] = Word(inner.text("type"), rest, line)
    return words


def _time(section: Section, key: str) -> Time:
    value = _value(section, key)
    part = section.section(key) if not isinstance(section.get(key), str) else None
    if part is None:
        return Time(value)
    formats = tuple(part.texts("format")) if "format" in part else ("iso",)
    precision = part.text("precision") if "precision" in part else "instant"
    if precision not in PRECISIONS:
        raise part.error(f"must be one of {', '.join(PRECISIONS)}", "precision")
    zone = part.text("zone") if "zone" in part else "UTC"
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise part.error(
            f"there is no time zone `{zone}`", "zone", "Write an IANA name such as Europe/London."
        ) from None
    return Time(value, formats, precision, zone)


def _conditions(section: Section, key: str) -> tuple[Condition, ...]:
    found: list[Condition] = []
    for part in section.sections(key):
        part.only(["column", "in", "not_in", "present", "matches"])
        tests = [test for test in ("in", "not_in", "present", "matches") if test in part]
        if len(tests) != 1:
            raise part.error("needs exactly one of `in`, `not_in`, `present`, `matches`")
        test, words = tests[0], tuple(part.texts(tests[0]))
        if test == "present":
            if words not in {("true",), ("false",)}:
                raise part.error("must be true or false", "present")
            test, words = ("present" if words == ("true",) else "absent"), ()
        if test == "matches":
            _regex(part, "matches")
        found.append(Condition(part.text("column"), test, words, part.line("column")))
    return tuple(found)


def _identities(top: Section) -> tuple[Identity, ...]:
    given: Any = top.get("id")
    line = top.line("id")
    if given == "row":
        return (Identity("row", line=line),)
    parts = top.sections("id") if isinstance(given, list) else [p for p in [top.section("id")] if p is not None]
    found: list[Identity] = []
    for part in parts:
        part.only(["columns", "hash", "row", "when"])
        form = [form for form in ("columns", "hash", "row") if form in part]
        if len(form) != 1:
            raise part.error("needs exactly one of `columns`, `hash`, `row`")
        columns = () if form[0] == "row" else tuple(part.texts(form[0]))
        found.append(Identity(form[0], columns, _conditions(part, "when"), part.line(form[0])))
    if not found:
        raise top.error("is missing", "id", "Write `id: row`, or {columns: […]}, or {hash: […]}.")
    return tuple(found)


def _regex(part: Section, key: str, groups: int = 0) -> None:
    try:
        count = re.compile(part.text(key)).groups
    except re.error as error:
        raise part.error(f"is no regular expression ({error.msg})", key) from None
    if count < groups:
        raise part.error("needs a group in round brackets around what is wanted", key)


__all__ = ["Mapping", "load_mapping"]
