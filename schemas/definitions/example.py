"""The example of a type, judged as the event that it would be: every fault of it, by the rules of acceptance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from throughline.schemas.acceptance.judge import row_or_reject
from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.acceptance.rfc3339 import write_label
from throughline.schemas.acceptance.rules import NOT_FIELDS, Rules, TypeRule
from throughline.schemas.acceptance.type_form import TypeForm
from throughline.schemas.definitions.catalogue import EventType
from throughline.schemas.definitions.entry import Entry
from throughline.schemas.definitions.yaml_lines import plain


def check_example(example: Entry, event_type: EventType, rules: Rules) -> None:
    """Note what the judge says against an example, each fault at the line of its field."""
    form = rules.by_version[event_type.type, event_type.version].form
    for path, sentence in _faults(form, plain(event_type.example), rules):
        example.fault(path, f"{sentence}.", line=example.line(path.split(".")[0]))


def _faults(form: TypeForm, data: dict[str, Any], rules: Rules) -> Iterator[tuple[str, str]]:
    """Path within `data` and sentence of every fault: what was found wrong is left out, and the rest judged again."""
    for field in form.fields:
        # YAML reads a date without quotation marks as one
        if field.kind == "date" and type(data.get(field.name)) is date:
            data[field.name] = data[field.name].isoformat()
    found: set[str] = set()
    while True:
        rule = TypeRule(form)
        verdict = row_or_reject(_event(form, data, rules), replace(rules, by_version={(form.type, form.version): rule}))
        if not isinstance(verdict, Reject) or not (verdict.field or "").startswith("data"):
            return
        path, sentence = _place(verdict, data, rule, rules)
        if path in found:
            return
        found.add(path)
        yield path, sentence
        name, _, kind = path.partition(".")
        form = _without(form, name)
        if kind:
            data["identifiers"] = {k: v for k, v in data["identifiers"].items() if k != kind}
        else:
            data = {k: v for k, v in data.items() if k != name}


def _event(form: TypeForm, data: dict[str, Any], rules: Rules) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "example",
        "source": "urn:example",
        "type": form.wire_type,
        "occurredon": write_label(rules.earliest, "day"),
        "partitionkey": min(rules.areas or ("any",)),
        "data": data,
    }


def _place(fault: Reject, data: dict[str, Any], rule: TypeRule, rules: Rules) -> tuple[str, str]:
    """Where a fault is, and its sentence. The judge names no field and no kind that it does not know, because it
    might be content; in a catalogue it is none."""
    path = (fault.field or "").removeprefix("data.")
    if path == "data":
        path = next(name for name in data if name not in rule.fields and name not in NOT_FIELDS)
        return path, f"the type has no field `{path}`"
    if path == "identifiers" and fault.reason == "malformed_identifier":
        path = f"identifiers.{next(kind for kind in data['identifiers'] if kind not in rules.identifiers)}"
    return path, fault.detail


def _without(form: TypeForm, name: str) -> TypeForm:
    """The form without any demand on a field that was found wrong."""
    return replace(
        form,
        fields=tuple(field for field in form.fields if field.name != name),
        requires=() if name == "identifiers" else form.requires,
        agency="any" if name == "agency" else form.agency,
        required_envelope=form.required_envelope - {name},
    )
