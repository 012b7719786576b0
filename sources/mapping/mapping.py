"""A mapping: how the rows of an existing system's files become events. A YAML file, read here into plain values.
Every scalar is text as it stands there: `NO` is a word and `0123` a code.

Which keys there are, what each means and an example stand in `grammar.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from throughline.errors import UsageError
from throughline.schemas.acceptance.rfc3339 import read_instant, read_label
from throughline.schemas.definitions.entry import Entry, MappingProblemsError, Problems, read_entry
from throughline.schemas.definitions.yaml_lines import YamlList, YamlMap
from throughline.schemas.pages.key import Section
from throughline.sources.formats.registry import row_formats
from throughline.sources.mapping.forms import check_pattern, read_form
from throughline.sources.mapping.grammar import (
    CONDITION,
    EMIT,
    EVENT,
    FORM,
    IDENTIFIER,
    IDENTITY,
    LIST,
    SNAPSHOT,
    TOP,
    VALUE,
    format_keys,
    only,
)
from throughline.sources.mapping.parts import Condition, Emit, Identity, Mapping, Snapshot, TimeForm, Value, Word
from throughline.sources.mapping.relation import read_relation
from throughline.sources.mapping.topic import in_order, read_topic

UNDECIDED = "DECIDE:"
"""How a draft marks what is left to decide: a mapping that still has it is no mapping."""
REPAIRS = ("unquote", "whole")


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file. Raises MappingProblemsError with file, line and key of each thing that is wrong."""
    problems = Problems()
    top = read_entry(path, problems, as_words=True)
    _refuse_undecided(top.map, top)
    problems.raise_any(MappingProblemsError)
    only(top, TOP, EVENT, format_keys())
    relation = read_relation(top)
    mapping = Mapping(
        file=path,
        title=top.text("title"),
        source=top.text("source"),
        emits=tuple(_emits(top)),
        identities=_identities(top),
        filters=_conditions(top, "filters"),
        ignore=top.words("ignore"),
        settings={
            one.key: one.settings(part) for one in row_formats() if one.key and (part := top.entry(one.key)) is not None
        }
        | ({} if relation is None else {"database": {"relation": relation}}),
        snapshot=_snapshot(top),
        revision=_value(top, "revision") if "revision" in top.map else None,
        topic=read_topic(top),
    )
    mapping = in_order(top, mapping)
    if mapping.counts_places and (mapping.snapshot is not None or relation is not None):
        top.fault("id", "must not be made of the number of a row: read later, it has another.")
    problems.raise_any(MappingProblemsError)
    return mapping


def _refuse_undecided(value: Any, top: Entry, key: str = "", line: int = 1) -> None:
    """A fault for each text of a draft that is not answered yet; keys are texts, too."""
    if isinstance(value, str) and value.startswith(UNDECIDED):
        said = value.removeprefix(UNDECIDED).strip()
        top.fault(key or None, "is still to be decided.", f"Put one of these in its place: {said}.", line)
    elif isinstance(value, YamlMap):
        for name, inner in value.items():
            at = value.line_of(name)
            _refuse_undecided(name, top, key, at)
            _refuse_undecided(inner, top, f"{key}.{name}" if key else name, at)
    elif isinstance(value, YamlList):
        for inner, at in zip(value, value.lines, strict=True):
            _refuse_undecided(inner, top, key, at)


def _emits(top: Entry) -> Iterator[Emit]:
    if "emits" not in top.map:
        yield _emit(top, top, None)
        return
    names: set[str] = set()
    parts = top.entries("emits")
    for key in EVENT.names:
        # `type`, `types` and `otherwise` of the top are for an event that has none of them
        own = ("types", "otherwise", "type") if key in {"types", "otherwise"} else (key,)
        if key != "fields" and key in top.map and parts and all(set(own) & part.map.keys() for part in parts):
            top.fault(key, "is not read: each of `emits` has its own.")
    for part in parts:
        only(part, EMIT, EVENT)
        name = part.text("name")
        if name in names:
            part.fault("name", "stands twice: two of `emits` would give the same ids.")
        names.add(name)
        yield replace(_emit(top, part, name), when=_conditions(part, "when"))


def _emit(top: Entry, part: Entry, name: str | None) -> Emit:
    """What `part` says of an event, and where it says nothing the top of the file."""

    def of(key: str) -> Entry:
        return part if key in part.map else top

    def value(key: str) -> Value | None:
        return _value(of(key), key) if key in of(key).map else None

    is_change = part.choice("changes", ("true", "false"), needed=False) == "true"
    if is_change and "snapshot" not in top.map:
        part.fault("changes", "is for snapshots, and the mapping has no `snapshot`.")
    if is_change and "time" in part.map:
        part.fault("time", "is not read: what changed did so between two snapshots.")
    own = part if any(key in part.map for key in ("type", "types", "otherwise")) else top
    sequence = of("sequence").map.get("sequence")
    words = _words(own)
    if words is None and "otherwise" in own.map:
        own.fault("otherwise", "is for words that `types` does not list, and there is no `types`.")
    return Emit(
        name=name,
        type=_value(of("type"), "type"),
        words=words,
        otherwise=own.word("otherwise") if "otherwise" in own.map else None,
        time=None if is_change else _time(of("time"), "time"),
        recorded_at=_time(of("recorded_at"), "recorded_at") if "recorded_at" in of("recorded_at").map else None,
        area=_value(top, "area"),
        agency=value("agency"),
        unit=value("unit"),
        sequence=None if sequence in (None, "row") else value("sequence"),
        sequence_is_row=sequence == "row",
        identifiers=tuple(_identifiers(of("identifiers"))),
        fields=dict(_values(top, "fields")) | dict(_values(part, "fields")),
        is_change=is_change,
    )


def _snapshot(top: Entry) -> Snapshot | None:
    part = top.entry("snapshot")
    if part is None:
        return None
    only(part, SNAPSHOT)
    complete = part.choice("complete", ("true", "false"), needed=False) == "true"
    if complete and "vanished" not in part.map:
        part.fault("vanished", "is missing: it says what a row means that is gone.", "Write `retract`, or {type: …}.")
    if "vanished" in part.map and not complete:
        part.fault("vanished", "is for snapshots that have every row.", "Say `complete: true`.")
    vanished = None
    if part.map.get("vanished") == "retract":
        vanished = Word("", {}, part.line("vanished"))
    elif (of := part.entry("vanished")) is not None:
        fields = {name: of.word(name) for name in of.map if name != "type"}
        vanished = Word(of.text("type"), fields, part.line("vanished"))
    as_of = _time(part, "as_of") if "as_of" in part.map else None
    return Snapshot(as_of, vanished, top.line("snapshot"))


def _value(entry: Entry, key: str, *places: Section) -> Value:
    """A value; the keys of `places` may stand beside those that every value has."""
    given = entry.map.get(key)
    line = entry.line(key)
    if isinstance(given, str):
        return Value(column=given, line=line)
    if given is None:
        entry.fault(key, "is missing.", "Name a column, or write {constant: …}.")
    part = entry.entry(key)
    if part is None:
        return Value(line=line)
    only(part, VALUE, *places)
    _one_of(part, "column", "constant", "path")
    said = {name: part.word(name) for name in ("column", "constant", "path", "otherwise", "split") if name in part.map}
    if "path" in said:
        check_pattern(part, "path", groups=1)
    repair = part.names("repair", REPAIRS)
    digits = part.text("digits", needed=False)
    if digits and not (digits.isdecimal() and len(digits) <= 3 and 1 <= int(digits) <= 100):
        part.fault("digits", "must be how many digits a number has, to 100.")
        digits = ""
    if "needed" in part.map and "constant" in part.map:
        part.fault("needed", "is for a `column` or a `path`: a constant is always there.")
    words = part.entry("values")
    if words is None and "otherwise" in said:
        part.fault("otherwise", "is for words that `values` does not list, and there is no `values`.")
    return Value(
        **said,
        words=None if words is None else {word: words.word(word) for word in words.map},
        repair=repair,
        digits=int(digits) if digits else None,
        needed=part.choice("needed", ("true", "false"), needed=False) != "false",
        form=read_form(part) if any(key in part.map for key in FORM.names) else None,
        line=line,
    )


def _one_of(part: Entry, *keys: str) -> str:
    """The key among these that is given; a fault where it is none, or more than one."""
    given = [key for key in keys if key in part.map]
    if len(given) != 1:
        part.fault(None, f"needs exactly one of {', '.join(f'`{key}`' for key in keys)}.")
    return given[0] if given else keys[0]


def _values(entry: Entry, key: str) -> Iterator[tuple[str, Value]]:
    part = entry.entry(key)
    if part is not None:
        yield from ((name, _value(part, name, LIST, FORM)) for name in part.map)


def _identifiers(entry: Entry) -> Iterator[tuple[str, Value]]:
    part = entry.entry("identifiers")
    for kind in part.map if part is not None else ():
        assert part is not None
        if isinstance(part.map[kind], list):
            yield from ((kind, Value(column=column, line=part.line(kind))) for column in part.words(kind))
        else:
            yield kind, _value(part, kind, LIST, IDENTIFIER)


def _words(entry: Entry) -> dict[str, Word] | None:
    part = entry.entry("types")
    if part is None:
        return None
    words: dict[str, Word] = {}
    for word, meaning in part.map.items():
        inner = None if isinstance(meaning, str) or meaning is None else part.entry(word)
        if inner is not None:
            fields = {name: inner.word(name) for name in inner.map if name != "type"}
            words[word] = Word(inner.text("type"), fields, part.line(word))
        elif isinstance(meaning, str) or meaning is None:
            words[word] = Word(part.text(word), {}, part.line(word))
    return words


def _time(entry: Entry, key: str) -> Value:
    value = _value(entry, key, FORM)
    return value if value.form is not None else replace(value, form=TimeForm())


def _conditions(entry: Entry, key: str) -> tuple[Condition, ...]:
    found: list[Condition] = []
    for part in entry.entries(key):
        only(part, CONDITION)
        test = _one_of(part, "in", "not_in", "present", "matches")
        words = part.words(test)
        if test == "present":
            if words not in {("true",), ("false",)}:
                part.fault("present", "must be true or false.")
            test, words = ("present" if words == ("true",) else "absent"), ()
        if test == "matches":
            check_pattern(part, "matches")
        found.append(Condition(part.word("column"), test, words, part.line("column")))
    return tuple(found)


def _identities(top: Entry) -> tuple[Identity, ...]:
    if top.map.get("id") == "row":
        return (Identity("row", line=top.line("id")),)
    found: list[Identity] = []
    for part in top.entries("id"):
        only(part, IDENTITY)
        form = _one_of(part, "columns", "hash", "row")
        columns = () if form == "row" else part.words(form)
        if form in part.map and form != "row" and not columns:
            part.fault(form, "names no column: every row would have the same id.", "Name those that tell rows apart.")
        found.append(Identity(form, columns, _conditions(part, "when"), part.line(form)))
    if top.map.get("id") is None or top.map["id"] == []:
        top.fault("id", "is missing.", "Write `id: row`, or {columns: […]}, or {hash: […]}.")
    return tuple(found)


def dated(mapping: Mapping, as_of: str) -> Mapping:
    """The mapping, for files that are as of a day, a month or an instant (RFC 3339).

    Raises UsageError where it is none, or where the mapping has no snapshots or says itself when they were taken."""
    if mapping.snapshot is None or mapping.snapshot.as_of is not None:
        said = "says when its snapshots were taken" if mapping.snapshot else "has no `snapshot`"
        raise UsageError(f"The mapping {said}.", hint="Leave `--as-of` out.")
    label = "bad_time" if "/" in as_of else read_label(as_of)
    if isinstance(label, str):
        form = TimeForm()
        if isinstance(read_instant(as_of), str):
            hint = "Give a day (2026-03-02), a month (2026-03) or an instant with its offset (2026-03-02T23:00:00Z)."
            raise UsageError(f"`{as_of}` is not a time at which a file can have been taken.", hint=hint)
    else:
        form = TimeForm(("%Y-%m-%d" if label[1] == "day" else "%Y-%m",))
    return replace(mapping, snapshot=replace(mapping.snapshot, as_of=Value(constant=as_of, form=form)))
