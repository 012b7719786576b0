"""`compatibility`: may this version of a type be read by those who have another, and why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tiny_domain
from typed import run

COLOUR = "colour: optional"


def asked(*arguments: object, code: int = 0) -> list[tuple[Any, ...]]:
    """Type, who has, can read, answer and why: of each pair of versions."""
    done = run("compatibility", *arguments, "--format", "json", code=code)
    return [tuple(row.values()) for row in json.loads(done.stdout)]


def test_a_version_that_only_adds_is_read_by_those_who_have_the_old_one(tmp_path: Path) -> None:
    """And what they lose is said."""
    domain = tiny_domain.write(tmp_path, events=("{rename: {ref: reference}}, ", ""))

    assert asked("--domain", domain) == [
        ("police.file.sent", "1", "2", "yes", "field `colour` of the data would be dropped"),
        ("police.file.sent", "2", "1", "yes", None),
    ]


def test_a_version_with_another_name_for_a_required_field_is_not(tmp_path: Path) -> None:
    """The exit code is 1, and the field is named; those who have the new version read the old data by its alias."""
    answers = asked("police.file.sent", "--domain", tiny_domain.write(tmp_path), code=1)

    assert [answer[1:4] for answer in answers] == [("1", "2", "no"), ("2", "1", "yes")]
    assert "field `ref` is not in the data and has no default" in answers[0][4]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ((COLOUR, "colour: required"), "it was published with other fields or values"),
        (("version: 2", "version: 3"), "it is no longer in the catalogue"),
    ],
)
def test_what_was_published_is_not_changed_in_place(change: tuple[str, str], why: str, tmp_path: Path) -> None:
    """Beside the domain as it was published, a version that says something else under its number is refused."""
    kept = ("{rename: {ref: reference}}, ", "")
    before = tiny_domain.write(tmp_path / "before", events=kept)
    draft = tiny_domain.write(tmp_path / "draft", events=kept)
    file = draft / "events" / "all.yaml"
    file.write_text(file.read_text().replace(*change, 1))

    answers = asked("--domain", draft, "--before", before, code=1)

    assert [answer[3] for answer in answers if why in (answer[4] or "")] == ["no"]


def test_a_new_version_beside_the_published_one(tmp_path: Path) -> None:
    """What `--before` has and the draft keeps is compared with what the draft adds."""
    kept = ("{rename: {ref: reference}}, ", "")
    before = tiny_domain.write(tmp_path / "before", events=kept)
    draft = tiny_domain.write(tmp_path / "draft", events=kept)
    file = draft / "events" / "all.yaml"
    text = file.read_text().replace("version: 2", "version: 3", 1).replace(COLOUR, f"{COLOUR}, reasons: optional", 1)
    file.write_text(text.replace("{add: colour}]}]", "{add: colour}]}, {version: 2, changes: [{add: reasons}]}]"))

    answers = asked("--domain", draft, "--before", before)

    assert ("police.file.sent", "2", "3", "yes", "field `reasons` of the data would be dropped") in answers


def test_one_version_has_nothing_to_be_compared_with() -> None:
    assert "nothing to compare" in run("compatibility", "police.crime.recorded").stderr


def test_a_type_that_is_not_there_is_answered_with_the_nearest() -> None:
    assert "police.crime.recorded" in run("compatibility", "police.crime.record", code=2).stderr
