"""What in a table may be about a person, told by the names of columns and by the shape of what stands in them.

A column is taken for one too many rather than for one too few: what is told here is never printed, and its column is
left out of a draft.
"""

from __future__ import annotations

import re

from throughline.schemas.definitions.identifier import PSEUDONYM
from throughline.sources.workbench.likeness import tokens
from throughline.sources.workbench.sample import Column

_NAMED = frozenset(
    [
        "name",
        "forename",
        "surname",
        "firstname",
        "lastname",
        "fullname",
        "initial",
        "nickname",
        "alias",
        "maiden",
        "title",
        "salutation",
        "address",
        "street",
        "postcode",
        "zip",
        "town",
        "house",
        "telephone",
        "phone",
        "mobile",
        "email",
        "mail",
        "dob",
        "birth",
        "age",
        "gender",
        "sex",
        "ethnicity",
        "religion",
        "nationality",
        "nino",
        "passport",
        "licence",
        "license",
        "nhs",
        "vehicle",
        "vrm",
        "contact",
    ]
)
_PEOPLE = frozenset(
    [
        "victim",
        "suspect",
        "witness",
        "complainant",
        "offender",
        "defendant",
        "person",
        "officer",
        "oic",
        "nominal",
        "informant",
        "caller",
        "client",
        "author",
        "investigator",
        "supervisor",
        "caseworker",
        "prosecutor",
        "lawyer",
        "idva",
        "isva",
        "user",
        "staff",
        "sergeant",
        "constable",
        "assigned",
        "owner",
    ]
)
_OF_PEOPLE = frozenset(
    ["number", "ref", "id", "code", "count", "flag", "status", "type", "role", "unit", "team", "group", "rank"]
)
_OF_THINGS = frozenset(
    [
        "offence",
        "file",
        "event",
        "activity",
        "concept",
        "case",
        "unit",
        "team",
        "station",
        "force",
        "agency",
        "organisation",
        "service",
        "court",
        "lsoa",
        "system",
    ]
)
_TEXT = frozenset(
    [
        "note",
        "comment",
        "text",
        "description",
        "narrative",
        "summary",
        "detail",
        "remark",
        "circumstance",
        "statement",
        "mo",
    ]
)
_LONG = 40

_SHAPES = (
    ("e-mail addresses", re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}").fullmatch),
    ("telephone numbers", re.compile(r"(?:\+44|0)[\d ()-]{9,14}").fullmatch),
    ("postcodes", re.compile(r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}", re.IGNORECASE).fullmatch),
    ("National Insurance numbers", re.compile(r"[A-CEGHJ-PR-TW-Z]{2} ?(?:\d{2} ?){3}[A-D]", re.IGNORECASE).fullmatch),
    ("ids of persons in the Police National Computer", re.compile(r"\d{2,4}/\d{1,7}[A-HJ-NP-RT-Z]").fullmatch),
)
_NAME_SHAPE = re.compile(
    r"(?:(?:Mr|Mrs|Ms|Miss|Dr|PC|DC|DS|DI|PS|Sgt|Insp)\.? )?"
    r"(?:[A-Z][a-z]*['\u2019-]?[A-Za-z]+|[A-Z]\.?)(?:(?:, ?| )(?:[A-Z][a-z]*['\u2019-]?[A-Za-z]+|[A-Z]\.?)){1,3}"
).fullmatch
_SHOUTED = re.compile(r"[A-Z'\u2019-]{2,}, ?[A-Za-z'\u2019 -]{2,}").fullmatch
_RANKED = re.compile(r"(?:Mr|Mrs|Ms|Miss|Dr|PC|DC|DS|DI|PS|Sgt|Insp)\.? ?(?:\d+ )?[A-Z]").match


def said_by_name(name: str) -> str | None:
    """Why a column of this name is not used, or None."""
    words = set(tokens(name))
    if words & _TEXT:
        return "free text, by its name"
    if words & _NAMED and not words & _OF_THINGS:
        return "about a person, by its name"
    if words & _PEOPLE and not words & _OF_PEOPLE:
        return "about a person, by its name"
    return None


def said_by_shape(column: Column) -> str | None:
    """Why what stands in a column is not to be used, by the share of its values that have such a shape; or None."""
    values = list(column.counts)
    if not values or all(PSEUDONYM.fullmatch(value) for value in values):
        return None
    for what, has_shape in _SHAPES:
        if sum(1 for value in values if has_shape(value)) * 5 >= len(values):
            return f"{what}, by their shape"
    if sum(1 for value in values if is_name(value)) * 2 > len(values):
        return "names of persons, by their shape"
    long = sum(1 for value in values if len(value) > _LONG and value.count(" ") >= 4)
    if long * 2 > len(values) and len(values) * 2 > column.filled:
        return "free text, by its length"
    return None


def is_name(value: str) -> bool:
    """Whether a text has the shape of a person's name."""
    return bool(_NAME_SHAPE(value) or _SHOUTED(value) or _RANKED(value))


def may_be_shown(word: str) -> bool:
    """Whether a word of a coded column can be repeated: it has no shape of what is about a person."""
    return not is_name(word) and not any(has_shape(word) for _, has_shape in _SHAPES) and word.isprintable()
