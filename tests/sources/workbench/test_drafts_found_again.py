"""Events written by a known mapping come back by its draft, in whatever words, dates and order of columns."""

from __future__ import annotations

import csv
import random
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from england_wales import england_wales
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from throughline.sources.formats.registry import read_rows
from throughline.sources.mapping.conversion import read_mapped
from throughline.sources.mapping.fit import check_mapping
from throughline.sources.mapping.mapping import load_mapping
from throughline.sources.workbench.draft import Draft
from throughline.sources.workbench.plan import draft_of
from throughline.sources.workbench.sample import sample_of

SOURCE = "urn:throughline:police:20:crime_export"
FORMS = ("%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%Y-%m-%d %H:%M", "%d-%b-%Y %H:%M", "%d.%m.%Y %H:%M")
# how a system may say a value of the catalogue
WORDS = {
    "stalking": ("stalking", "Stalking", "STALK", "S01"),
    "harassment": ("harassment", "Harassment", "HAR", "H02"),
    "rape": ("rape", "Rape", "RAPE", "R03"),
}
NAMES = ("Jane Doe", "John Roe", "Ann O'Poe", "DS Jones")


@st.composite
def exports(draw: st.DrawFn) -> dict[str, Any]:
    """What happened, and how a system writes it: winter days, so that no clock is changed."""
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(1, 28), st.integers(1, 2), st.sampled_from(list(WORDS)), st.sampled_from(["20PP", "20PA"])
            ),
            min_size=2,
            max_size=9,
        )
    )
    return {
        "rows": rows,
        "form": draw(st.sampled_from(FORMS)),
        "delimiter": draw(st.sampled_from(",;\t|")),
        "number": draw(st.sampled_from(["Crime No", "CRIME_REF", "crimeNumber"])),
        "way": draw(st.integers(0, 3)),
        "order": draw(st.permutations(range(6))),
        "skip": draw(st.integers(0, 2)),
    }


def written(folder: Path, export: dict[str, Any]) -> tuple[Path, list[dict[str, Any]]]:
    """The file, and the events that are in it."""
    columns = [export["number"], "Event date", "Unit", "Offence group", "Victim name", "Notes"]
    events, lines = [], []
    for place, (day, month, offence, unit) in enumerate(export["rows"]):
        at = datetime(2026, month, day, 10, place)  # noqa: DTZ001 — the clock of London in winter is UTC
        number = f"20/{place + 1:06}/26"
        word = WORDS[offence][export["way"]]
        lines.append(
            [number, at.strftime(export["form"]), unit, word, NAMES[place % 4], "What was said of it at length"]
        )
        events.append({"at": at, "number": number, "unit": unit, "offence": offence})
    path = folder / "crimes.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        for _ in range(export["skip"]):
            file.write("Printed by the system\n")
        out = csv.writer(file, delimiter=export["delimiter"])
        for line in [columns, *lines]:
            out.writerow([line[place] for place in export["order"]])
    return path, events


def answered(path: Path, export: dict[str, Any]) -> Draft:
    """The draft with the right answers to all that is asked."""
    truth = {"source": SOURCE, "area": "20", "type": "police.crime.recorded", "time.format": export["form"]}
    truth |= {f"fields.offence_group.values.{words[export['way']]}": value for value, words in WORDS.items()}
    truth |= {f"identifiers.{export['number']}": "crime_ref"}
    sample, given_so_far = sample_of(path), {"type": truth["type"]}
    for _ in range(4):
        draft = draft_of(sample, england_wales(), given_so_far)
        if not draft.decisions:
            return draft
        given_so_far |= {one.key: truth[one.key] for one in draft.decisions}
    raise AssertionError(draft.decisions)


@given(export=exports())
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_draft_with_the_right_answers_gives_the_events_back(export: dict[str, Any], tmp_path: Path) -> None:
    path, events = written(tmp_path, export)
    draft = answered(path, export)
    (tmp_path / "m.yaml").write_text(draft.text(), encoding="utf-8")

    found = [
        {
            "at": event["occurred_at"],
            "number": event["identifiers"][0]["value"],
            "unit": event["unit"],
            "offence": re.findall(r'"offence_group":"(\w+)"', event["data"])[0],
        }
        for batch in read_mapped(path, load_mapping(tmp_path / "m.yaml"), england_wales())
        for event in batch.events.to_pylist()
    ]

    assert found == events
    assert [name for name in (*NAMES, "at length") if name in draft.text()] == []


@pytest.mark.parametrize("kind", [None, "police.crime.recorded", "cps.pcd.decided", "advocate.contact.made"])
def test_a_draft_loads_whichever_of_its_choices_are_taken(tmp_path: Path, kind: str | None) -> None:
    """For every decision some choice is put in its place, as a person would in an editor."""
    rng = random.Random(7)
    path = tmp_path / "crimes.csv"
    path.write_text(
        "Crime No,Event date,Step,Offence,Channel\n20/000111/26,01/02/2026,NEW,STALK,phone\n"
        "20/000112/26,03/04/2026,OLD,Rape,e-mail\n",
        encoding="utf-8",
    )
    text = draft_of(sample_of(path), england_wales(), {} if kind is None else {"type": kind}).text()
    assert "DECIDE: " in text

    def choice(found: re.Match[str]) -> str:
        return '"' + rng.choice([one for one in found[1].split(" | ") if one != "…"]) + '"'

    for _ in range(3):
        (tmp_path / "m.yaml").write_text(re.sub(r'"DECIDE: ([^"]*)"', choice, text), encoding="utf-8")
        mapping = load_mapping(tmp_path / "m.yaml")
        rows = next(iter(read_rows(path, mapping.reading)))
        assert check_mapping(mapping, rows.columns, england_wales(), path) == []
