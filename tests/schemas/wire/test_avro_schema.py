"""What an event type looks like as an Avro schema: Apache Avro's parser and fingerprints are the
authority."""

from __future__ import annotations

import json
import re
import shutil
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import avro.schema
import fastavro
import pytest
from catalogue_events import SMALL

from throughline.schemas.acceptance.type_form import FieldForm, TypeForm
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.wire.avro.compatibility import full_transitive
from throughline.schemas.wire.avro.schema import canonical_and_fingerprint, compile_avro, legal_name


@pytest.fixture(scope="module")
def domain() -> Domain:
    return load_domain(None)


def form(*fields: FieldForm, **changes: Any) -> TypeForm:
    made: dict[str, Any] = {
        "type": "police.referral.sent",
        "version": 1,
        "type_prefix": "uk.cjs",
        "agency": "police",
    }
    return TypeForm(**(made | {"doc": "It was sent.", "requires": (), "fields": fields} | changes))


def choice(*values: str, required: bool = True) -> FieldForm:
    return FieldForm("decision", "enum", required, values, "What was decided.", "decision")


def test_every_fingerprint_of_apache_is_ours(shared_data: Path) -> None:
    """26 schemas with the CRC-64-AVRO that the Java implementation gives."""
    text = (shared_data / "avro" / "apache_data" / "schema-tests.txt").read_text()
    cases = re.findall(r"<<INPUT (.*?)\n<<canonical (.*?)\n(?:<<fingerprint (-?\d+))?", _one_line(text))
    checked = 0
    for given, canonical, fingerprint in cases:
        # Its members stand in another order than the specification's in some; fastavro settles the text.
        ours, crc = canonical_and_fingerprint(given)
        assert json.loads(ours) == json.loads(canonical)
        if fingerprint:
            assert struct.unpack("<q", crc) == (int(fingerprint),), given
            checked += 1
    assert checked == 26


def _one_line(text: str) -> str:
    """The file's here-documents as one line each."""
    return re.sub(r"<<INPUT\n(.*?)\nINPUT", lambda m: "<<INPUT " + " ".join(m[1].split("\n")), text, flags=re.S) + "\n"


def test_every_type_of_the_catalogue_compiles(domain: Domain) -> None:
    """Apache Avro and fastavro parse each; each has its own fingerprint; every field has a doc."""
    seen = set()
    for one in domain.rules.forms:
        compiled = compile_avro(one)
        avro.schema.parse(compiled.schema_json)
        fastavro.parse_schema(json.loads(compiled.schema_json))
        assert compiled.fingerprint.hex() == _crc(compiled.schema)
        assert all(field["doc"] for field in compiled.schema["fields"])
        assert compiled.schema["doc"]
        seen.add(compiled.fingerprint)
    assert len(seen) == len(domain.rules.forms)


def _crc(schema: dict[str, Any]) -> str:
    return fastavro.schema.fingerprint(fastavro.schema.to_parsing_canonical_form(schema), "CRC-64-AVRO")


def test_the_envelope_comes_first_and_names_say_whose_it_is() -> None:
    """Namespace: type prefix, agency, version. Name: the rest of the type."""
    compiled = compile_avro(form(choice("accept")))
    assert (compiled.schema["namespace"], compiled.schema["name"]) == ("uk.cjs.police.v1", "ReferralSent")
    names = [field["name"] for field in compiled.schema["fields"]]
    assert names[:4] == ["id", "source", "occurred_at", "occurred_on"]
    assert names[-1] == "decision"


def test_a_type_of_any_agency_has_none_in_its_namespace() -> None:
    """`step.started` is nobody's."""
    compiled = compile_avro(form(type="step.started", type_prefix="log", agency=None))
    assert (compiled.schema["namespace"], compiled.schema["name"]) == ("log.v1", "StepStarted")


def test_optional_is_a_union_with_null_first() -> None:
    """And its default is null; a required field has none."""
    optional, required = compile_avro(form(choice("a", required=False))), compile_avro(form(choice("a")))
    field = optional.schema["fields"][-1]
    assert (field["type"][0], field["default"]) == ("null", None)
    assert "default" not in required.schema["fields"][-1]


def test_values_that_are_no_names_get_symbols_and_come_back() -> None:
    """Every symbol is legal and distinct, leads back to its value, and the doc says so."""
    values = ("in custody", "in-custody", "1st", "accept", "é", "UNKNOWN")
    compiled = compile_avro(form(choice(*values)))
    symbols = compiled.fields[0].symbols
    assert sorted(symbols.values()) == sorted(values)
    assert all(legal_name(symbol) == symbol for symbol in symbols)
    assert symbols["UNKNOWN"] == "UNKNOWN"
    assert "in_custody = in custody" in compiled.schema["fields"][-1]["type"]["doc"]


def test_an_enum_has_the_default_symbol_unknown() -> None:
    """So a reader of an older version does not fail on a new value."""
    kind = compile_avro(form(choice("accept"))).schema["fields"][-1]["type"]
    assert kind["default"] == "UNKNOWN"
    assert kind["symbols"] == ["accept", "UNKNOWN"]


def test_a_field_named_as_the_envelope_gets_another_name() -> None:
    """`source` of the data is not the event's source."""
    compiled = compile_avro(form(FieldForm("source", "string", False, (), "Where from.", None)))
    assert compiled.fields[0].name == "source_2"
    assert compiled.fields[0].form.name == "source"


@pytest.fixture
def evolved(tmp_path: Path) -> Domain:
    """The small domain with a second version of a type: a field renamed, one added, one removed."""
    folder = tmp_path / "evolved"
    shutil.copytree(SMALL, folder)
    for file in (folder / "events").glob("*.yaml"):
        text = file.read_text()
        if "police.victim.assessed" in text:
            old = "- type: police.victim.assessed\n  version: 1\n"
            assert old in text
            text = text.replace(
                old,
                old.replace("1", "2") + "  history: [{version: 1, changes: ["
                "{rename: {left_kind: holder}}, {add: [enhanced]}, {remove: [channel]}]}]\n",
            )
            file.write_text(text)
    return load_domain(folder)


def test_older_versions_are_read_back_from_the_history(evolved: Domain) -> None:
    """Version 1 has the old name, lacks what was added and has what was removed; all versions read each
    other."""
    versions = {one.version: one for one in evolved.rules.forms if one.type == "police.victim.assessed"}
    assert {field.name for field in versions[1].fields} == {"left_kind", "channel"}
    assert {field.name for field in versions[2].fields} == {"enhanced", "holder"}
    schemas = {version: compile_avro(one).schema for version, one in versions.items()}
    assert all(verdict.verdict.compatible for verdict in full_transitive("police.victim.assessed", schemas))
    renamed = next(field for field in schemas[2]["fields"] if field["name"] == "holder")
    assert renamed["aliases"] == ["left_kind"]


def test_every_type_of_the_catalogue_is_compatible_with_its_versions(domain: Domain) -> None:
    """FULL_TRANSITIVE over the catalogue that ships, and the next version of each type that adds a field."""
    versions: dict[str, dict[int, Any]] = {}
    for one in domain.rules.forms:
        schemas = versions.setdefault(one.type, {})
        schemas[one.version] = compile_avro(one).schema
        schemas[one.version + 1] = compile_avro(_next(one, required=False)).schema
    for name, schemas in versions.items():
        verdicts = full_transitive(name, schemas)
        assert len(verdicts) >= 2
        assert [str(verdict) for verdict in verdicts if not verdict.verdict.compatible] == []


def test_a_required_field_more_is_a_break_in_every_type(domain: Domain) -> None:
    """The next version cannot read the data of the one before, and says which field it lacks."""
    for one in domain.rules.forms:
        schemas = {1: compile_avro(one).schema, 2: compile_avro(_next(one, required=True)).schema}
        broken = [str(verdict) for verdict in full_transitive(one.type, schemas) if not verdict.verdict.compatible]
        why = "field `new_field` is not in the data and has no default"
        assert broken == [f"{one.type} v2 cannot read v1; {why}"]


def _next(one: TypeForm, *, required: bool) -> TypeForm:
    more = FieldForm("new_field", "string", required, (), "New.", None)
    return replace(one, version=one.version + 1, fields=(*one.fields, more))
