"""Who may see what: pages by role, cases by agency or by name; nothing that is not granted."""

from __future__ import annotations

from pathlib import Path

import pytest
from gated_board import ADVOCATE_ONLY, POLICE_ONLY, SENT_TO_CPS, SHARED, opened

from throughline.sinks.board.access.rights import NEEDS, Grant, Need, Person, make_visible_cases, may, may_see_case
from throughline.sinks.board.access.role import Role, Rule, grants_of, shipped_roles
from throughline.sinks.questions.case import case_id, case_of

ROLES = shipped_roles()
CASES = (SHARED, POLICE_ONLY, SENT_TO_CPS, ADVOCATE_ONLY)


def person(*grants: Grant) -> Person:
    return Person("provider:x", "s", grants)


def grant(role: str, agency: str | None = None, given: tuple[str, ...] = ()) -> Grant:
    return Grant(role, ROLES[role].may, ROLES[role].extent, agency, given)


def seen(store: Path, who: Person) -> set[str]:
    """The cases that a person may see, asked for one by one; the list of them says the same."""
    with opened(store) as connection:
        keys = {name: case_of(connection, name) for name in CASES}
        one_by_one = {name for name, key in keys.items() if may_see_case(connection, who, key)}
        make_visible_cases(connection, who)
        listed = connection.execute("select case_id from visible_cases").fetchall()
    assert sorted(listed) == sorted((case_id(keys[name]),) for name in one_by_one)
    return one_by_one


@pytest.mark.parametrize(
    ("role", "open_pages"),
    [
        ("board", {"figures", "downloads"}),
        ("agency", {"figures", "cases", "downloads"}),
        ("officer", {"figures", "cases", "downloads"}),
        ("steward", {"figures", "cases", "quality", "downloads"}),
    ],
)
def test_a_role_opens_the_pages_of_its_line(role: str, open_pages: set[Need]) -> None:
    assert {need for need in NEEDS if may(person(grant(role)), need)} == open_pages


def test_a_page_that_does_not_say_what_it_needs_is_open_to_nobody() -> None:
    assert not may(person(grant("steward")), None)


def test_somebody_without_a_role_sees_what_is_for_anyone_and_no_more() -> None:
    assert [need for need in (*NEEDS, "anyone") if may(person(), need)] == ["anyone"]


@pytest.mark.parametrize(
    ("grants", "expected"),
    [
        ([grant("agency", "cps")], {SHARED, SENT_TO_CPS}),  # it said something; it was sent the file
        ([grant("agency", "police")], {SHARED, POLICE_ONLY, SENT_TO_CPS}),
        ([grant("agency", "advocate")], {ADVOCATE_ONLY}),
        ([grant("agency", "hmcts")], set()),
        ([grant("agency", "advocate"), grant("agency", "cps")], {ADVOCATE_ONLY, SHARED, SENT_TO_CPS}),
        ([grant("officer", given=("crime_ref:20/000456/26",))], {POLICE_ONLY}),
        ([grant("officer", given=("20/000456/26",))], set()),  # a number alone may be of another kind
        ([grant("officer")], set()),
        ([grant("board")], set()),
        ([grant("steward")], set(CASES)),
        ([], set()),
    ],
)
def test_a_person_sees_the_cases_of_the_grants(store: Path, grants: list[Grant], expected: set[str]) -> None:
    assert seen(store, person(*grants)) == expected


def test_a_case_can_be_given_by_its_id_and_by_one_that_it_had_before(store: Path) -> None:
    """The id of each of its identifiers leads to it: one of them was its own before they were joined."""
    with opened(store) as connection:
        ids = connection.execute(
            "select 'c' || lpad(lower(to_hex(identifier_key)), 16, '0') from identifiers where case_key = ?",
            [case_of(connection, SHARED)],
        ).fetchall()

    assert len(ids) == 2
    for (id_,) in ids:
        assert seen(store, person(grant("officer", given=(id_,)))) == {SHARED}


def test_an_agency_named_without_cases_among_its_pages_opens_no_case(store: Path) -> None:
    assert seen(store, person(Grant("odd", frozenset({"figures"}), "every"))) == set()


def test_claims_bring_the_roles_of_the_rules_that_they_meet() -> None:
    officer = Rule("groups", "officers", ROLES["officer"], None, "cases", {"p1": ("urn:1",)})
    agency = Rule("groups", "cps", ROLES["agency"], "cps", None, {})
    rules = (officer, agency, Rule("dept", "cps", Role("x", frozenset(), "none"), None, None, {}))

    made = grants_of(rules, "p1", {"groups": ("cps", "officers"), "cases": ("urn:2", "urn:3")})

    assert [(one.role, one.agency, one.given) for one in made] == [
        ("officer", None, ("urn:2", "urn:3", "urn:1")),
        ("agency", "cps", ()),
    ]
    assert grants_of(rules, "p1", {"groups": ("CPS", "officer"), "cases": ("urn:2",)}) == ()
