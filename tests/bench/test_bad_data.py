"""Kinds of bad data: each really damages, and some are found end to end by what is counted on the way in."""

from __future__ import annotations

from functools import cache

import pytest

from bench.bad_data.findings import Finding, Found, found_in, greatest
from bench.bad_data.kind import KINDS, Event, Kind, clean_population, damaged, edits_of, line_of, written
from bench.bad_data.trial import FAMILIES, tried

SEED, CASES = 7, 120
DIMENSIONS = {"completeness", "uniqueness", "consistency", "timeliness", "validity", "accuracy"}


@cache
def events() -> list[Event]:
    return clean_population(SEED, CASES)


@cache
def clean() -> Found:
    return found_in(events())


def test_there_are_many_kinds_of_every_dimension() -> None:
    """At least forty, each with a name of its own and a sentence, in all six dimensions."""
    kinds = list(KINDS.values())

    assert len(kinds) >= 40
    assert len({kind.says for kind in kinds}) == len(kinds)
    assert all(kind.says.endswith(".") for kind in kinds)
    assert {kind.dimension for kind in kinds} == DIMENSIONS
    assert {kind.damage.__module__ for kind in kinds} == {family.__name__ for family in FAMILIES}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_kind_changes_the_population(kind: Kind) -> None:
    """It changes what it says it does, the same for the same seed, and leaves the events that it was given."""
    before = written(events())
    edits = edits_of(kind, events(), SEED)
    bad = written(damaged(kind, events(), edits))

    assert edits
    assert bad != before
    assert before == written(events())
    assert bad == written(damaged(kind, events(), edits_of(kind, events(), SEED)))


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_no_edit_at_all_is_the_clean_population(kind: Kind) -> None:
    """So that a part of the damage differs from it by that part only."""
    assert damaged(kind, events(), edits_of(kind, events(), SEED), 0) == events()


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("required_field_missing", "refused: missing_field"),
        ("same_id_other_content", "refused: conflict"),
        ("published_again", "copies"),
        ("lost_at_random", "sequence gaps"),
        ("written_as_latin_1", "refused: not_utf8"),
        ("year_9999", "refused: time_out_of_range"),
    ],
)
def test_a_kind_is_found_by_its_check(name: str, check: str) -> None:
    """Found by the count that names what is wrong, after some or all of the damaged events."""
    trial = tried(KINDS[name], events(), clean(), SEED, parts=(2,))

    assert check in {one.check for one in trial.by}
    assert trial.found_after is not None
    assert 0 < trial.found_after <= trial.damaged


def test_nothing_is_found_where_nothing_is_damaged() -> None:
    """What stands in the clean population is no finding beyond it."""
    assert clean().findings
    assert clean().beyond(clean()) == []


def test_a_count_must_grow_by_more_than_its_scatter() -> None:
    """Three from nothing; from a hundred, thirty are not enough."""

    def count(size: float) -> Finding:
        return Finding("copies", "uniqueness", "a", size, is_count=True)

    assert count(3).exceeds(None)
    assert not count(2).exceeds(None)
    assert not count(130).exceeds(count(100))
    assert count(131).exceeds(count(100))


def test_what_clean_populations_show_is_the_greatest_of_each() -> None:
    """A finding that one clean population has is expected, at the greatest size seen."""
    few, many = (Finding("copies", "uniqueness", "a", size, is_count=True) for size in (1.0, 9.0))
    key = ("copies", "a")

    assert greatest([Found({key: few}, 3), Found({key: many}, 4), Found({}, 2)]) == Found({key: many}, 4)


def test_an_event_is_a_line() -> None:
    assert line_of({"id": "1"}) == b'{"id":"1"}\n'
