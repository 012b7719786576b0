"""The quality.yaml of a domain: what was agreed with feeds, and what is wrong with how it was written down."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.entry import DomainProblemsError
from throughline.schemas.definitions.quality import ServiceLevel, load_quality_rules


def levels(folder: Path, text: str) -> tuple[ServiceLevel, ...]:
    """The service levels of a domain whose quality.yaml has this text under that key."""
    (folder / "quality.yaml").write_text(f"service_levels:\n{text}\n", encoding="utf-8")
    return load_quality_rules(replace(load_domain(), path=folder)).service_levels


def test_a_level_is_agreed_with_all_feeds_and_otherwise_with_some(tmp_path: Path) -> None:
    """The empty source stands for every other."""
    refused = "  - {level: refused, at_most: 0.01, feeds: {'urn:a': 0.05}}"
    in_time = "  - {level: recorded_in_time, days: 3, at_least: 1}"

    assert levels(tmp_path, f"{refused}\n{in_time}") == (
        ServiceLevel("refused", False, {"": 0.01, "urn:a": 0.05}),
        ServiceLevel("recorded_in_time", True, {"": 1.0}, 3),
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "  - {level: refusd, at_most: 1}",
            "quality.yaml:2: `service_levels.level`: `refusd` is not known.",
        ),
        (
            "  - {level: refused, at_least: 1}",
            "`service_levels.at_most`: None is not a number.",
        ),
        ("  - {level: recorded_in_time, at_most: 1}", "`service_levels.at_least`: None is not a number."),
        ("  - {level: refused, at_most: 1, feeds: {a: much}}", "`service_levels.feeds.a`: 'much' is not a number."),
        ("  - {level: refused, at_most: 1}\n  - {level: refused, at_most: 2}", "`refused` stands twice."),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    """And with its key."""
    with pytest.raises(DomainProblemsError, match=re.escape(fault)):
        levels(tmp_path, text)


def test_a_domain_without_the_file_has_agreed_nothing(tmp_path: Path) -> None:
    """The file may be missing."""
    assert load_quality_rules(replace(load_domain(), path=tmp_path)).service_levels == ()
