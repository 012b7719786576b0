"""Which versions of a schema read which data, by Apache Avro's rules, and why not, in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from throughline.errors import DataError
from throughline.schemas.wire.avro.compatibility import Verdict, can_read, full_transitive


def record(*fields: dict[str, Any], version: int = 1) -> dict[str, Any]:
    return {"type": "record", "name": "Sent", "namespace": f"x.police.v{version}", "fields": list(fields)}


ID = {"name": "id", "type": "string"}


def optional(name: str, of: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": ["null", of], "default": None, **more}


def test_agrees_with_all_131_published_verdicts(shared_data: Path) -> None:
    """Apache Avro's own reader/writer verdicts are ours, and each refusal gives a reason."""
    published = json.loads((shared_data / "avro" / "avro_py_reader_writer_vectors.json").read_text())
    assert len(published["vectors"]) == 131
    for vector in published["vectors"]:
        verdict = can_read(vector["reader"], vector["writer"])
        assert verdict.compatible is vector["compatible"], vector
        assert bool(verdict.problems) is not vector["compatible"], vector


def test_adding_an_optional_field_is_compatible_both_ways() -> None:
    """Old data gives null; new data read by the old version loses the field, and that is said."""
    old, new = record(ID), record(ID, optional("reason", "string"), version=2)
    assert can_read(new, old).compatible
    back = can_read(old, new)
    assert back.compatible
    assert back.cautions == ("field `reason` of the data would be dropped",)


def test_adding_a_required_field_without_default_stops_old_data() -> None:
    """The verdict names the field."""
    verdict = can_read(record(ID, {"name": "reason", "type": "string"}), record(ID))
    assert not verdict.compatible
    assert verdict.problems == ("field `reason` is not in the data and has no default",)


def test_removing_a_required_field_stops_the_old_reader() -> None:
    """What a new version leaves out, the old one still needs."""
    old, new = record(ID, {"name": "reason", "type": "string"}), record(ID, version=2)
    assert can_read(new, old).compatible
    assert not can_read(old, new).compatible


def test_a_rename_needs_an_alias() -> None:
    """With an alias the new version reads the old data; the old one reads null where it is optional."""
    old = record(ID, optional("cause", "string"))
    new = record(ID, optional("reason", "string", aliases=["cause"]), version=2)
    verdict = can_read(new, old)
    assert verdict.compatible
    assert verdict.cautions == ()
    assert can_read(old, new).cautions == ("field `reason` of the data would be dropped",)


def test_a_rename_without_an_alias_is_a_break_or_a_loss() -> None:
    """A required field is missing under its new name; an optional one is dropped, and that is said."""
    old = record(ID, {"name": "cause", "type": "string"})
    new = record(ID, {"name": "reason", "type": "string"}, version=2)
    assert can_read(new, old).problems == ("field `reason` is not in the data and has no default",)
    verdict = can_read(record(ID, optional("reason", "string")), record(ID, optional("cause", "string")))
    assert verdict.compatible
    assert verdict.cautions == ("field `cause` of the data would be dropped",)


def test_removing_an_optional_field_loses_it_without_a_break() -> None:
    """The new version drops what the old data has; the old one reads null."""
    old, new = record(ID, optional("reason", "string")), record(ID, version=2)
    assert can_read(new, old).cautions == ("field `reason` of the data would be dropped",)
    assert can_read(old, new) == Verdict(compatible=True, problems=(), cautions=())


def test_widening_goes_one_way() -> None:
    """A long reads an int; an int does not read a long."""
    narrow, wide = record({"name": "pages", "type": "int"}), record({"name": "pages", "type": "long"})
    assert can_read(wide, narrow).compatible
    assert can_read(narrow, wide).problems == ("field `pages`: it is int, and long in the data",)


def test_a_new_enum_value_is_readable_by_default_but_lost() -> None:
    """The default symbol makes it compatible; the caution names what would be lost."""

    def decided(*symbols: str) -> dict[str, Any]:
        of = {"type": "enum", "name": "Decision", "symbols": [*symbols, "UNKNOWN"], "default": "UNKNOWN"}
        return record(ID, {"name": "decision", "type": of})

    verdict = can_read(decided("accept"), decided("accept", "defer"))
    assert verdict.compatible
    assert verdict.cautions == ("field `decision`: defer would be read as the default value",)


def test_a_changed_logical_type_is_a_caution() -> None:
    """Avro reads milliseconds as microseconds without a word; we say so."""

    def at(logical: str) -> dict[str, Any]:
        return record({"name": "at", "type": {"type": "long", "logicalType": logical}})

    verdict = can_read(at("timestamp-micros"), at("timestamp-millis"))
    assert verdict.compatible
    assert verdict.cautions == ("field `at`: timestamp-millis would be read as timestamp-micros",)


def test_full_transitive_judges_every_pair_of_versions() -> None:
    """Three versions are six verdicts, and a break between the first and the last is found."""
    verdicts = full_transitive(
        "police.referral.sent",
        {
            1: record(ID, {"name": "pages", "type": "int"}),
            2: record(ID, version=2),
            3: record(ID, optional("pages", "string"), version=3),
        },
    )
    assert len(verdicts) == 6
    assert [(v.reader, v.writer) for v in verdicts if not v.verdict.compatible] == [(1, 2), (1, 3), (3, 1)]
    assert "cannot read v3; field `pages`" in str(next(v for v in verdicts if (v.reader, v.writer) == (1, 3)))


def test_what_is_no_schema_is_a_data_error() -> None:
    """A broken schema says so."""
    with pytest.raises(DataError, match="not an Avro schema"):
        can_read({"type": "record", "name": "no fields"}, record(ID))
