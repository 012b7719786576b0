"""A domain is read whole: types, standards, identifiers; and an event's data is held against its type."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tiny_domain import write

from throughline.errors import DomainError
from throughline.schemas.definitions.domain import DEFAULT_DOMAIN, Domain, load_domain


@pytest.fixture
def tiny(tmp_path: Path) -> Domain:
    return load_domain(write(tmp_path))


def test_a_domain_is_read_whole(tiny: Domain) -> None:
    """Types, standards, kinds, agencies and areas stand in it by name."""
    assert set(tiny.types) == {"police.file.sent", "cps.file.decided"}
    assert [(s.id, s.version) for s in tiny.standards] == [("ANSWER", "1"), ("ANSWER", "2")]
    assert [kind.kind for kind in tiny.identifiers] == ["urn", "crime_ref"]
    assert tiny.agencies is not None
    assert tiny.agencies["cps"].role == "prosecutor"
    assert tiny.areas == {"20": "West"}
    assert (tiny.limits.earliest, tiny.limits.record_bytes) == (date(1900, 1, 1), 262_144)


def test_a_type_knows_its_fields_effects_and_history(tiny: Domain) -> None:
    """The field's list of values comes from its enum; an effect's target from `sends`."""
    sent = tiny.types["police.file.sent"]
    assert (sent.agency, sent.agency_any, sent.version, sent.requires) == ("police", False, 2, ("urn",))
    assert (sent.fields["colour"].values, sent.fields["colour"].required) == (("red", "blue"), False)
    assert [(e.effect, e.target, e.kind, e.when) for e in sent.effects] == [("sends", "cps", "sent", None)]
    assert [(c.action, c.old, c.new) for c in sent.history[0].changes] == [
        ("rename", "ref", "reference"),
        ("add", None, "colour"),
    ]


def test_england_and_wales_is_the_default() -> None:
    """The domain that is loaded without a path holds together."""
    assert load_domain().name == DEFAULT_DOMAIN.name == "england_wales"


def test_any_agency_and_any_area_are_null(tmp_path: Path) -> None:
    """A plain log of steps may name whoever it likes."""
    domain = load_domain(DEFAULT_DOMAIN.parent / "process_log")
    assert (domain.agencies, domain.areas) == (None, None)
    assert all(t.agency_any and t.agency == "any" for t in domain.types.values())


def test_overrides_switch_standards(tmp_path: Path) -> None:
    """By id for every version, by id@version for one, which is stronger."""
    switches = "overrides: {standards: {disable: [ANSWER], enable: [ANSWER@2]}}\nname: tiny"
    domain = load_domain(write(tmp_path, domain=("name: tiny", switches)))
    assert [s.enabled for s in domain.standards] == [False, True]


def test_counts_under_ten_are_small_unless_the_domain_says_otherwise(tmp_path: Path, tiny: Domain) -> None:
    five = load_domain(write(tmp_path, domain=("name: tiny", "disclosure: {threshold: 5}\nname: tiny")))

    assert (tiny.disclosure.threshold, five.disclosure.threshold) == (10, 5)


def test_a_folder_without_domain_yaml_is_no_domain(tmp_path: Path) -> None:
    """The error says what a domain is."""
    with pytest.raises(DomainError, match=r"no domain\.yaml"):
        load_domain(tmp_path)
