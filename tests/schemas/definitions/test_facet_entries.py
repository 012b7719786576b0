"""Which facets a domain may have: columns of coded values that are shared, each stated by one thing at a time."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from tiny_domain import write

from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.entry import DomainProblemsError
from throughline.schemas.definitions.facet import COLUMNS_OF_CASES, Statement
from throughline.sinks.store import open_memory_store

COLOUR = "{name: colour, title: Colour, doc: Of the file., source: made up, enum: colours, of: ["
BY_FIELD = "{type: police.file.sent, field: colour}"
RED, BLUE = (f"{{type: cps.file.decided, when: [{said}], value: red}}" for said in ("accept", "reject"))
JOINT = "{name: joint, title: Joint, doc: Of both., source: made up, of: [{type: police.file.sent, field: joint}]}"


def domain_with(folder: Path, *facets: str) -> Path:
    listed = "".join(f"\n  - {facet}" for facet in facets)
    return write(folder, domain=("calendar: null", f"calendar: null\nfacets:{listed}"))


def test_a_facet_has_a_title_a_meaning_and_the_labels_of_its_list(tmp_path: Path) -> None:
    """A flag has yes and no, and needs no list."""
    colour, joint = load_domain(domain_with(tmp_path, f"{COLOUR}{BY_FIELD}, {RED}, {BLUE}]}}", JOINT)).facets

    assert (colour.name, colour.title, colour.doc, colour.source) == ("colour", "Colour", "Of the file.", "made up")
    assert dict(colour.labels) == {"red": "Red", "blue": "Blue"}
    assert colour.of == (
        Statement("police.file.sent", "colour", None, None),
        Statement("cps.file.decided", None, "red", ("accept",)),
        Statement("cps.file.decided", None, "red", ("reject",)),
    )
    assert dict(joint.labels) == {"true": "Yes", "false": "No"}


def test_a_domain_needs_none(tmp_path: Path) -> None:
    assert load_domain(write(tmp_path)).facets == ()


@pytest.mark.parametrize(
    ("facet", "key", "says"),
    [
        (COLOUR.replace("name: colour", "name: Colour") + BY_FIELD + "]}", "facets.name", "no name of a column"),
        (
            COLOUR.replace("name: colour", "name: state") + BY_FIELD + "]}",
            "facets.name",
            "a column of the view `cases`",
        ),
        (COLOUR.replace("title: Colour, ", "") + BY_FIELD + "]}", "facets.title", "missing"),
        (COLOUR.replace("source: made up, ", "") + BY_FIELD + "]}", "facets.source", "missing"),
        (COLOUR.replace("colours", "colors") + BY_FIELD + "]}", "facets.enum", "Did you mean `colours`"),
        (COLOUR.replace(", of: [", "}"), "facets.of", "is missing"),
        (COLOUR + "{type: police.file.snet, field: colour}]}", "facets.of.type", "Did you mean `police.file.sent`"),
        (COLOUR + "{type: police.file.sent, field: color}]}", "facets.of.field", "Did you mean `colour`"),
        (COLOUR + "{type: police.file.sent}]}", "facets.of", "one of `field` and `value`"),
        (COLOUR + "{type: police.file.sent, field: colour, value: red}]}", "facets.of", "one of `field` and `value`"),
        (COLOUR + "{type: police.file.sent, value: green}]}", "facets.of.value", "not known"),
        (COLOUR + RED.replace("accept", "accpet") + "]}", "facets.of.when", "Did you mean `accept`"),
        (COLOUR + "{type: police.file.sent, field: reference}]}", "facets.of.field", "no list of values"),
        (COLOUR + "{type: police.file.sent, field: items}]}", "facets.of.field", "no list of values"),
        (COLOUR + "{type: cps.file.decided, field: reasons}]}", "facets.of.field", "no list of values"),
        (COLOUR + "{type: cps.file.decided, field: decision}]}", "facets.of.field", "`accept`, which is no value"),
        (COLOUR + "{type: police.file.sent, field: joint}]}", "facets.of.field", "no list of values"),
        (JOINT.replace("field: joint", "field: colour"), "facets.of.field", "is no bool"),
        (f"{COLOUR}{RED}, {RED}]}}", "facets.of.type", "two values at once"),
        (f"{COLOUR}{RED}, {{type: cps.file.decided, value: blue}}]}}", "facets.of.type", "two values at once"),
    ],
)
def test_a_fault_of_a_facet_is_named_where_it_stands(tmp_path: Path, facet: str, key: str, says: str) -> None:
    with pytest.raises(DomainProblemsError) as caught:
        load_domain(domain_with(tmp_path, facet))

    found = [(p.line, p.key) for p in caught.value.problems if says in f"{p.problem} {p.hint}"]
    assert found == [(7, key)], str(caught.value)
    assert "domain.yaml" in str(caught.value)


def test_no_two_have_one_name(tmp_path: Path) -> None:
    with pytest.raises(DomainProblemsError, match="`joint` stands twice"):
        load_domain(domain_with(tmp_path, JOINT, JOINT))


@pytest.mark.parametrize("field", ["colour", "joint"])
def test_a_restricted_field_is_no_facet_although_it_has_a_list(tmp_path: Path, field: str) -> None:
    """The view is public."""
    folder = domain_with(tmp_path, f"{COLOUR}{BY_FIELD}]}}", JOINT)
    fields = folder / "fields.yaml"
    lines = fields.read_text(encoding="utf-8").splitlines()
    kept = [
        line.replace("public", "shared").replace("shared", "restricted") if line.startswith(field) else line
        for line in lines
    ]
    fields.write_text("\n".join(kept), encoding="utf-8")

    with pytest.raises(DomainProblemsError, match=f"`{field}` is restricted") as caught:
        load_domain(folder)
    assert len(caught.value.problems) == 1


def test_the_names_that_are_taken_are_the_columns_of_the_view() -> None:
    with open_memory_store() as store:
        found = store.connection.execute("select column_name from (describe cases)").fetchall()

    assert tuple(name for (name,) in found) == COLUMNS_OF_CASES


def test_each_outcome_of_the_police_states_one_route_or_none() -> None:
    """Not yet assigned, taken into consideration and the National Fraud Intelligence Bureau are no route."""
    domain = load_domain()
    (route,) = (facet for facet in domain.facets if facet.name == "route")
    assigned = "police.investigation.outcome_assigned"
    stated = Counter(code for one in route.of if one.type == assigned for code in one.when or ())

    assert set(stated.values()) == {1}
    assert set(domain.enums["outcome_codes"].labels) - set(stated) == {"0", "4", "19"}
    assert {one.value for one in route.of} == set(route.labels)
