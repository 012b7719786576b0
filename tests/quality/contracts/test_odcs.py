"""A domain as a data contract: by the standard's own schema and model, and true to the domain's rules."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from open_data_contract_standard.model import OpenDataContractStandard

from throughline.cli.agencies.contract import odcs
from throughline.schemas.definitions.domain import DEFAULT_DOMAIN, load_domain


@cache
def contract(path: Path = DEFAULT_DOMAIN) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(odcs(load_domain(path))))
    return made


def schema_called(name: str) -> dict[str, Any]:
    return next(one for one in contract()["schema"] if one["name"] == name)


def property_called(schema: str, name: str) -> dict[str, Any]:
    return next(one for one in schema_called(schema)["properties"] if one["name"] == name)


@pytest.mark.parametrize("name", ["england_wales", "road_fines"])
def test_contract_is_one_by_the_standard(name: str) -> None:
    made = contract(DEFAULT_DOMAIN.parent / name)
    official = json.loads(files("open_data_contract_standard").joinpath("schema.json").read_bytes())
    validator = jsonschema_rs.Draft201909Validator(official)
    assert [(fault.message[:200], list(fault.instance_path)) for fault in validator.iter_errors(made)] == []
    assert not validator.is_valid(made | {"kind": "Something"})
    read = OpenDataContractStandard.model_validate(made)
    assert read.schema_ is not None
    assert len(read.schema_) == len(made["schema"])


def test_field_has_its_type_its_values_and_its_sensitivity() -> None:
    assert property_called("cps.pcd.triaged", "decision")["required"] is True
    (values,) = property_called("cps.pcd.triaged", "decision")["quality"]
    assert values["metric"] == "invalidValues"
    assert "reject" in values["arguments"]["validValues"]
    assert property_called("police.crime.recorded", "da_flag_police")["logicalType"] == "boolean"


def test_what_agencies_agreed_and_expect_are_rules_of_quality() -> None:
    """`agreed` and `expectations` of quality.yaml: a field of all events, one of some decisions, a column of none."""
    due, unit = (property_called("police.pcd.requested", name)["quality"][0] for name in ("due_at", "unit"))
    assert (due["metric"], due["unit"]) == ("nullValues", "percent")
    assert (unit["name"], unit["mustBeLessOrEqualTo"]) == ("police_name_the_unit_that_asks", 2)
    told = [
        one["description"] for one in property_called("cps.pcd.decided", "reasons")["quality"] if "description" in one
    ]
    assert any("where the decision is `nfa_evidential`" in one for one in told)
    dated = next(one for one in schema_called("cps.pcd.decided")["quality"] if one["type"] == "custom")
    assert dated["implementation"]["kwargs"] == {"column": "occurred_precision", "value_set": ["instant"]}


def test_public_views_stand_with_every_column_and_what_holds_of_them() -> None:
    assert property_called("cases", "opened_at")["logicalType"] == "timestamp"
    (unique,) = property_called("cases", "case_id")["quality"][:1]
    assert (unique["metric"], unique["mustBe"]) == ("duplicateValues", 0)
    assert schema_called("handoffs")["physicalType"] == "view"


def test_service_levels_are_the_sla() -> None:
    assert {(one["property"], one["value"], one["unit"]) for one in contract()["slaProperties"]} == {
        ("latency", 7, "d"),
        ("errorRate", 1, "percent"),
        ("completeness", 0, "events"),
        ("frequency", 7, "d"),
    }
