"""Identifiers: equal numbers have one normal form, ill-formed ones are told, placeholders are known."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.schemas.definitions.identifier import NORMALISERS, IdentifierKind, Placeholders

PLACEHOLDERS = Placeholders(frozenset({"UNKNOWN", "N/A", "NOT KNOWN"}), (re.compile("00[NP]P[0-9]{7}"),))


def kind(*normalise: str, pattern: str | None = None) -> IdentifierKind:
    compiled = None if pattern is None else re.compile(pattern)
    return IdentifierKind("urn", "Number", compiled, normalise, True, 20, False, "", "made up", PLACEHOLDERS)


@pytest.mark.parametrize(
    ("steps", "written", "normal"),
    [
        ((), "  aB 1 ", "aB 1"),
        (("upper",), "20pp0012326", "20PP0012326"),
        (("lower",), "ABC", "abc"),
        (("strip",), " a ", "a"),
        (("upper", "no_spaces"), "20 pp 00123\t26", "20PP0012326"),
        (("no_spaces",), "20\u00a0PP", "20PP"),
        # what a copy out of an e-mail or a web page brings along, and nobody sees
        ((), "\ufeff20\u200bPP\u200e", "20PP"),
        (("upper",), "unknown\u200b", "UNKNOWN"),
        (("single_spaces",), "a   b", "a b"),
        (("no_slashes",), "20/123456/26", "2012345626"),
        (("no_hyphens",), "CA-000042", "CA000042"),
        (("no_leading_zeros",), "000123", "123"),
        (("no_leading_zeros",), "000", "0"),
        (("alphanumeric",), "20/AB-12", "20AB12"),
        (("digits",), "No. 12/34", "1234"),
        (("no_leading_zeros", "digits"), "No. 0012", "12"),
    ],
)
def test_a_value_has_the_normal_form_of_its_kind(steps: tuple[str, ...], written: str, normal: str) -> None:
    """Each rule of normalisation does what its name says, in the order listed."""
    assert kind(*steps).normalise_value(written) == normal


@given(st.lists(st.sampled_from(sorted(NORMALISERS)), unique=True, max_size=4), st.text(max_size=20))
def test_normalising_twice_changes_nothing(steps: list[str], value: str) -> None:
    """A normal form is its own normal form, whatever the rules and the value."""
    made = kind(*steps)
    normal = made.normalise_value(value)
    assert made.normalise_value(normal) == normal


@pytest.mark.parametrize("value", ["20PP0012326", "unknown", "00NP1234567", "Not Known", " n/a "])
def test_a_value_of_its_form_or_a_placeholder_is_well_formed(value: str) -> None:
    """Placeholders are accepted, so that the rest of the event is not lost."""
    made = kind("upper", "no_spaces", "no_slashes", pattern="[0-9]{2}[A-Z]{2}[0-9]{7}")
    assert made.is_well_formed(made.normalise_value(value))


@pytest.mark.parametrize("value", ["", " ", "20PP001232", "20PP0012326X", "x20PP0012326"])
def test_a_pattern_is_for_the_whole_value(value: str) -> None:
    """What has more or less than the pattern, or nothing at all, is ill-formed."""
    made = kind("upper", pattern="[0-9]{2}[A-Z]{2}[0-9]{7}")
    assert not made.is_well_formed(made.normalise_value(value))


@pytest.mark.parametrize("value", ["unknown", " UNKNOWN ", "n/a", "not known", "00pp0000001"])
def test_placeholders_are_known_however_they_are_written(value: str) -> None:
    """Case and outer spaces do not matter, and normalising does not hide a placeholder."""
    made = kind("upper", "no_spaces", "no_slashes")
    assert made.is_placeholder(made.normalise_value(value))


def test_a_number_is_no_placeholder() -> None:
    """A placeholder is the whole value, not a part of it."""
    assert not kind("upper").is_placeholder("UNKNOWN 12")
