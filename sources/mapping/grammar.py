"""Everything that a mapping can say: each key with its meaning and an example, by the place where it stands.

The reader (`mapping.py`, `forms.py`) takes its keys from here, and docs/mappings.md is made of it. What only files of
one format have stands beside the reader of that format.
"""

from __future__ import annotations

from throughline.schemas.definitions.entry import Entry
from throughline.schemas.pages.key import Key, Section
from throughline.sources.formats.registry import row_formats
from throughline.sources.mapping.relation import KEYS as DATABASE
from throughline.sources.mapping.topic import KEYS as TOPIC

EXAMPLE = """\
title: Crimes
source: urn:example:police:20:crimes
area: {constant: "20"}
identifiers: {crime_ref: No}
type: {constant: police.crime.recorded}
time: {column: When}
fields: {offence_group: {constant: stalking}}
id: {columns: [No]}
"""
"""What each example is tried in: its own keys stand for those here."""

ROW = {"No": "20/000123/26", "When": "2026-01-05T10:15:00Z"}
"""The row that each example is tried with: what it gives stands for that."""

VALUE = Section(
    "a value",
    "Wherever a value is wanted. A plain text names a column.",
    (
        Key("column", "A column of the file.", "unit: {column: Team}", "unit → 20PP", {"Team": "20PP"}),
        Key("constant", "The same for every row.", 'area: {constant: "21"}', "area → 21"),
        Key(
            "path",
            "The first group of a regular expression in the path of the file.",
            r"unit: {path: '(\w+)\.csv$'}",
            "unit → crimes",
        ),
        Key(
            "needed",
            "`false`: a file without such a column, or a path without it, is no fault, and there is no value.",
            "unit: {column: Team, needed: false}",
            "unit → –",
        ),
        Key(
            "values",
            "What the words of the system mean. A word that is not listed refuses its row.",
            "fields: {offence_group: {column: Offence, values: {STALK: stalking}}}",
            "fields.offence_group → stalking",
            {"Offence": "STALK"},
        ),
        Key(
            "otherwise",
            "What words mean that `values` does not list; `keep` takes them as they stand.",
            "fields: {offence_group: {column: Offence, values: {STALK: stalking}, otherwise: other}}",
            "fields.offence_group → other",
            {"Offence": "THEFT"},
        ),
    ),
)

LIST = Section(
    "a list",
    "Beside a value that may be several: of identifiers, and of fields that are lists.",
    (
        Key(
            "split",
            "What stands between the values of a cell; `json` reads a list in JSON.",
            'identifiers: {crime_ref: {column: No, split: ";"}}',
            "identifiers.crime_ref → 20/000123/26, 20/000124/26",
            {"No": "20/000123/26; 20/000124/26"},
        ),
    ),
)

IDENTIFIER = Section(
    "`identifiers`",
    "By kind of the domain a value, or a list of columns. Beside a value, what undoes a spreadsheet.",
    (
        Key(
            "repair",
            "`unquote` takes quotes, apostrophes and `=` from around it; `whole` takes `.0` from its end.",
            "identifiers: {crime_ref: {column: No, repair: [unquote, whole]}}",
            "identifiers.crime_ref → 200009000101",
            {"No": "'200009000101.0"},
        ),
        Key(
            "digits",
            "How many digits it has: a shorter number has lost its leading zeros.",
            'identifiers: {crime_ref: {column: No, digits: "12"}}',
            "identifiers.crime_ref → 000123000126",
            {"No": "123000126"},
        ),
    ),
)

FORM = Section(
    "a time",
    "Beside a value that is a time or a date: `time`, `recorded_at`, `as_of`, and fields of these kinds.",
    (
        Key(
            "format",
            "`iso` (the default), strptime letters, or a number since 1970: `epoch_s`, `epoch_ms`, `epoch_us`, "
            "`epoch_ns` of an instant, `local_ms`, `local_us`, `local_ns` of what a clock of no zone showed, "
            "`epoch_days` of a day. One, or a list of which one has to fit.",
            'time: {column: When, format: "%d/%m/%Y"}',
            "time → 2026-01-05 (day)",
            {"When": "05/01/2026"},
        ),
        Key(
            "precision",
            "`instant`, `day` or `month`, of every time. Without it that of the format: a date is never a midnight.",
            "time: {column: When, format: iso, precision: month}",
            "time → 2026-01 (month)",
            {"When": "2026-01"},
        ),
        Key(
            "zone",
            "The IANA name of the clock of times without an offset. Without it the domain's.",
            "time: {column: When, zone: UTC}",
            "time → 2026-07-05T10:15:00Z (instant)",
            {"When": "2026-07-05 10:15"},
        ),
        Key(
            "twice",
            "What a local time means that the clock showed twice: `range` (its day), `refuse`, `earlier`, `later`. "
            "Without it `range` for `time`, else `refuse`.",
            "time: {column: When, twice: later}",
            "time → 2026-10-25T01:30:00Z (instant)",
            {"When": "2026-10-25 01:30"},
        ),
        Key(
            "skipped",
            "What becomes of one that no clock showed: `refuse` (the default), or `range`, for `time` only.",
            "time: {column: When, skipped: range}",
            "time → 2026-03-29 (day)",
            {"When": "2026-03-29 01:30"},
        ),
        Key(
            "at",
            "`start` or `end`: which moment of a day or month, for a field that is an instant.",
            "fields:\n  offence_group: {constant: stalking}\n"
            '  reported_at: {column: Told, format: "%d/%m/%Y", at: end}',
            "fields.reported_at → 2026-01-05T23:59:59.999999Z",
            {"Told": "05/01/2026"},
        ),
        Key(
            "short_years",
            "The first year that two digits can mean, 1901 to 2000. Without it they are refused.",
            'time: {column: When, format: "%d/%m/%y", short_years: "1950"}',
            "time → 2026-01-05 (day)",
            {"When": "05/01/26"},
        ),
        Key(
            "ahead",
            "`true`: it may have happened more than a year after it was recorded. For `time` only.",
            "time: {column: When, ahead: true}\nrecorded_at: {column: Put in}",
            "time → 2028-01-05T10:15:00Z (instant)",
            {"When": "2028-01-05T10:15:00Z", "Put in": "2026-01-05T10:15:00Z"},
        ),
    ),
)

EVENT = Section(
    "an event",
    "What an event says. Each of `emits` may say it for its own.",
    (
        Key(
            "type",
            "The type of the catalogue, or with `types` the word that says it.",
            "type: {constant: police.incident.logged}",
            "type → police.incident.logged",
        ),
        Key(
            "types",
            "By word a type, or `{type: …}` with constants of its fields. A word that is not listed refuses its row.",
            "type: Step\ntypes: {NEW: police.crime.recorded, REQ: {type: police.pcd.requested, decision: green}}",
            "type → police.crime.recorded",
            {"Step": "NEW"},
        ),
        Key(
            "otherwise",
            "The type of words that `types` does not list.",
            "type: Step\ntypes: {NEW: police.crime.recorded}\notherwise: police.incident.logged",
            "type → police.incident.logged",
            {"Step": "???"},
        ),
        Key(
            "time",
            "When it happened.",
            "time: {column: When}",
            "time → 2026-01-05T10:15:00Z (instant)",
        ),
        Key(
            "recorded_at",
            "When it was written down.",
            "recorded_at: {column: Put in}",
            "recorded_at → 2026-01-06T08:00:00Z",
            {"Put in": "2026-01-06T08:00:00Z"},
        ),
        Key(
            "sequence",
            "The system's own number of the event, or `row`: that of the line.",
            "sequence: Serial",
            "sequence → 17",
            {"Serial": "17"},
        ),
        Key("agency", "The agency. Without it the type's own.", "agency: Who", "agency → police", {"Who": "police"}),
        Key("unit", "The unit within the agency.", "unit: Team", "unit → 20PP", {"Team": "20PP"}),
        Key(
            "identifiers",
            "By kind the numbers of the case: a value, or a list of columns.",
            "identifiers: {crime_ref: No, urn: URN}",
            "identifiers.urn → 20PP0012326",
            {"URN": "20PP0012326"},
        ),
        Key(
            "fields",
            "By field of the catalogue its value. It is read for the types that list it.",
            "fields: {offence_group: Offence}",
            "fields.offence_group → stalking",
            {"Offence": "stalking"},
        ),
    ),
)

CONDITION = Section(
    "a condition",
    "Of `filters` and `when`: a column and exactly one of the others.",
    (
        Key(
            "column",
            "The column that is looked at.",
            "filters: [{column: Step, in: [NEW]}]",
            "type → police.crime.recorded",
            {"Step": "NEW"},
        ),
        Key("in", "It has one of these words.", "filters: [{column: Step, in: [NEW]}]", "left out", {"Step": "DRAFT"}),
        Key(
            "not_in",
            "It has none of them.",
            "filters: [{column: Step, not_in: [DRAFT]}]",
            "left out",
            {"Step": "DRAFT"},
        ),
        Key(
            "present",
            "`true`: it is filled; `false`: it is empty.",
            "filters: [{column: Step, present: true}]",
            "left out",
            {"Step": ""},
        ),
        Key(
            "matches",
            "A regular expression fits some of it.",
            "filters: [{column: Step, matches: '^N'}]",
            "left out",
            {"Step": "DRAFT"},
        ),
    ),
)

IDENTITY = Section(
    "`id`",
    "`row`, one of these, or a list of them, of which the first counts whose `when` fits. It has to be the same each "
    "time that a row is exported.",
    (
        Key(
            "columns",
            "The columns that together name a row.",
            "id: {columns: [No, When]}",
            "id → 20/000123/26:2026-01-05T10:15:00Z",
        ),
        Key(
            "hash",
            "The columns whose whole content is the id: equal rows are one event.",
            "id: {hash: [No, When]}",
            "id → c5ca5cc7079d19fb",
        ),
        Key(
            "row",
            "`{row: …}`: file name and line, for files that are never written again; also plain `id: row`.",
            "id: [{row: true}]",
            "id → crimes.csv:2",
        ),
        Key(
            "when",
            "Conditions.",
            "id: [{columns: [Serial], when: [{column: Serial, present: true}]}, {columns: [No]}]",
            "id → 20/000123/26",
            {"Serial": ""},
        ),
    ),
)

EMIT = Section(
    "`emits`",
    "A row gives one event for each of these. Each may have every key of an event.",
    (
        Key(
            "name",
            "It becomes a part of the id.",
            "emits: [{name: logged}, {name: again}]",
            "id → 20/000123/26:logged",
        ),
        Key(
            "when",
            "Conditions: a row that fails one gives no such event.",
            "emits: [{name: logged, when: [{column: Step, in: [LOG]}]}]",
            "left out",
            {"Step": "NEW"},
        ),
        Key(
            "changes",
            "`true`, of snapshots: only where it says something else than in the snapshot before. It has no `time`.",
            "snapshot: {as_of: Taken}\nemits: [{name: recorded}, {name: changed, changes: true}]",
            "id → 20/000123/26:recorded",
            {"Taken": "2026-01-31T00:00:00Z"},
        ),
    ),
)

SNAPSHOT = Section(
    "`snapshot`",
    "The rows of a file are how things stood at a time, and those of a later file revise them by their id.",
    (
        Key(
            "as_of",
            "When it was taken, as a time; a day or month means its end. Without it `--as-of` says so.",
            'snapshot: {as_of: {column: Taken, format: "%Y-%m-%d"}}',
            "revision → 2026-01-31",
            {"Taken": "2026-01-31"},
        ),
        Key(
            "complete",
            "`true`: a row that the next file lacks has vanished.",
            "snapshot: {as_of: Taken, complete: true, vanished: retract}",
            "type → police.crime.recorded",
            {"Taken": "2026-01-31T00:00:00Z"},
        ),
        Key(
            "vanished",
            "What that means: `retract`, or `{type: …}` with constants of its fields.",
            "snapshot:\n  as_of: Taken\n  complete: true\n"
            "  vanished: {type: police.crime.cancelled, reasons: additional_information}",
            "type → police.crime.recorded",
            {"Taken": "2026-01-31T00:00:00Z"},
        ),
    ),
)

TOP = Section(
    "the file",
    "A YAML file. Every scalar is the text that stands there: `NO` is a word and `0123` a code.",
    (
        Key("title", "What is mapped, for people.", "title: Nightly export", "type → police.crime.recorded"),
        Key("note", "Anything else, for people.", "note: As of January.", "type → police.crime.recorded"),
        Key(
            "source",
            "The system that publishes: `urn:WHO:AGENCY:SYSTEM`. It keeps its name for ever.",
            "source: urn:example:police:20:crimes",
            "source → urn:example:police:20:crimes",
        ),
        Key(
            "area",
            "The area: a value. Cases of two areas are never joined.",
            "area: Force",
            "area → 20",
            {"Force": "20"},
        ),
        Key(
            "filters",
            "Conditions: a row that fails one is left out knowingly, and counted.",
            "filters: [{column: Step, not_in: [DRAFT]}]",
            "left out",
            {"Step": "DRAFT"},
        ),
        Key("id", "What makes the id of an event.", "id: {columns: [No]}", "id → 20/000123/26"),
        Key(
            "emits",
            "The events of a row, where it gives more than one.",
            "emits:\n- {name: recorded}\n- {name: logged, type: {constant: police.incident.logged}}",
            "id → 20/000123/26:recorded",
        ),
        Key(
            "snapshot",
            "How things stood at a time.",
            "snapshot: {as_of: Taken}",
            "revision → 2026-01-31T00:00:00.000000Z",
            {"Taken": "2026-01-31T00:00:00Z"},
        ),
        Key(
            "revision",
            "A value, a whole number: of several things said under one id that with the highest counts.",
            "revision: Serial",
            "revision → 000000000000000017",
            {"Serial": "17"},
        ),
        Key(
            "ignore",
            "Columns that are knowingly not used.",
            "ignore: [Notes]",
            "type → police.crime.recorded",
            {"Notes": "…"},
        ),
    ),
)

MAPPING = (TOP, EVENT, VALUE, LIST, IDENTIFIER, FORM, CONDITION, IDENTITY, EMIT, SNAPSHOT)
"""The places, in the order in which a page explains them."""


def sections() -> tuple[Section, ...]:
    """Every place of a mapping, those of the formats of files last."""
    return (*MAPPING, DATABASE, TOPIC, *(section for one in row_formats() for section in one.sections))


def format_keys() -> Section:
    """The keys of the formats that have settings, as a place beside the others of the file."""
    named = ["database", "topic", *(one.key for one in row_formats() if one.key)]
    return Section("the file", "", tuple(Key(name, "", "", "") for name in named))


def only(entry: Entry, *places: Section) -> None:
    """Every key that is of none of these places is a problem, with the nearest that is, or where it belongs."""
    places[0].only(entry, *places[1:], beyond=sections())
