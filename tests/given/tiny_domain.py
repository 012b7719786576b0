"""A domain of two types and one standard, written file by file, so that a test can put one slip into it."""

from __future__ import annotations

from pathlib import Path

DOMAIN = """\
name: tiny
title: A tiny domain
type_prefix: test.tiny
time_zone: Europe/London
calendar: null
agencies:
  - {id: police, name: Police, role: police}
  - {id: cps, name: Prosecutors, role: prosecutor}
areas: {"20": West}
identifiers:
  - {kind: urn, name: Number, pattern: '[0-9]{4}', normalise: [upper, no_spaces], source: made up}
  - {kind: crime_ref, name: Crime number, pattern: null, normalise: [], source: made up}
placeholders: [UNKNOWN]
"""
FIELDS = """\
decision: {type: string, sensitivity: shared, doc: Result.}
reasons: {type: list<string>, sensitivity: shared, doc: Why.}
reference: {type: string, sensitivity: shared, doc: What it opens.}
due_at: {type: timestamp, sensitivity: shared, doc: When it is due.}
colour: {type: enum, enum: colours, sensitivity: public, doc: Colour.}
seen_on: {type: date, sensitivity: shared, doc: Day.}
items: {type: int, unit: items, sensitivity: shared, doc: Number.}
joint: {type: bool, sensitivity: shared, doc: Whether both.}
"""
ENUMS = """\
colours: {doc: Colours., source: made up, values: [{value: red, label: Red}, {value: blue, label: Blue}]}
"""
EVENTS = """\
- type: police.file.sent
  version: 2
  brief: The file went out.
  owner: police
  since: "1.0"
  identifiers: [urn, crime_ref]
  requires: [urn]
  fields: {reference: required, colour: optional, seen_on: optional, items: optional, joint: optional,
    due_at: optional}
  effect: {sends: cps}
  summary: File sent
  sensitivity: shared
  source: [made up]
  example: {identifiers: {urn: "1234"}, reference: R1, colour: red, seen_on: "2026-03-02", items: 2,
    joint: true}
  history: [{version: 1, changes: [{rename: {ref: reference}}, {add: colour}]}]
- type: cps.file.decided
  version: 1
  brief: The file was decided on.
  owner: cps
  since: "1.0"
  identifiers: [urn]
  requires: []
  fields: {decision: {values: [accept, reject], required: true}, reasons: optional}
  effect:
    - {when: [reject], sends: police, kind: return}
    - {receives: self}
  decision: true
  summary: "Decided: {decision} {reason}"
  sensitivity: shared
  source: [made up]
  example: {decision: accept, reasons: [none]}
"""
STANDARDS = """\
- id: ANSWER
  version: "1"
  title: Answered in time
  owner: cps
  starts: [{type: police.file.sent}]
  stops: [{type: cps.file.decided, when: [accept]}]
  match: case
  within: {amount: 5, unit: working_days}
  effective_to: 2025-12-31
  confirmed: true
  source: made up
- id: ANSWER
  version: "2"
  title: Answered in time
  owner: cps
  starts: [{type: police.file.sent}]
  stops: [{type: cps.file.decided}]
  match: case
  within: {amount: 1.5, unit: hours}
  effective_from: 2026-01-01
  confirmed: true
  source: made up
"""
FILES = {
    "domain.yaml": DOMAIN,
    "fields.yaml": FIELDS,
    "enums.yaml": ENUMS,
    "events/all.yaml": EVENTS,
    "standards/all.yaml": STANDARDS,
}


def write(folder: Path, **changed: tuple[str, str]) -> Path:
    """Write the tiny domain with, by the stem of a file's first part, one text of it replaced by another."""
    for name, text in FILES.items():
        old, new = changed.get(name.split("/")[0].removesuffix(".yaml"), ("", ""))
        assert old in text, f"{old!r} does not stand in {name}"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace(old, new, 1) if old else text, encoding="utf-8")
    return folder
