"""What a draft says of strange files: worked out by hand for each, with the evidence, and what is left to a person."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from crime_changes import history
from england_wales import england_wales

from throughline.errors import DataError, UsageError
from throughline.sources.changes.conversion import map_records
from throughline.sources.mapping.mapping import load_mapping
from throughline.sources.workbench.draft import Draft
from throughline.sources.workbench.dry_run import dry_run
from throughline.sources.workbench.plan import draft_of
from throughline.sources.workbench.sample import sample_of

STRANGE = """\
Extract of crimes;;;;;;;;;
Printed on a Monday;;;;;;;;;
Crime Number;URN;Occurred;Reported On;Division;Victim Name;OIC;Contact;Offence Group;Notes
'20/000111/26;20PP0011126;03/04/2026;05/04/2026 10:00;20PP;Jane Doe;PC 123 Smith;a@b.example;Stalking;He came again
'20/000112/26;20PP0011226;13/04/2026;14/04/2026 11:30;20PP;John Roe;DS Jones;c@d.example;HARASS;Seen at the door
'20/000113/26;20PP0011326;01/04/2026;02/04/2026 09:15;20PA;Ann Poe;PC 99 Brown;e@f.example;Rape;Nothing more
"""
NO_WORD = ("Jane", "Doe", "Smith", "Jones", "example", "came again", "door", "Nothing more", "Printed")


def drafted(folder: Path, text: str, name: str = "crimes.csv", **answers: str) -> Draft:
    (folder / name).write_text(text, encoding="utf-8")
    return draft_of(
        sample_of(folder / name), england_wales(), {key.replace("__", "."): v for key, v in answers.items()}
    )


def said(draft: Draft) -> dict[str, Any]:
    """The draft as its reader reads it."""
    read: dict[str, Any] = yaml.safe_load(draft.text())
    return read


def asked(draft: Draft) -> Mapping[str, tuple[str, ...]]:
    return {one.key: one.choices for one in draft.decisions}


def test_a_strange_export_is_understood(tmp_path: Path) -> None:
    """Titles above the header, an apostrophe before each number, two numbers, two times, and what is about persons."""
    draft = drafted(tmp_path, STRANGE)

    assert {key: value for key, value in said(draft).items() if key not in ("title", "source", "type", "fields")} == {
        "csv": {"delimiter": ";", "skip": "2"},
        "area": {"constant": "20"},  # every URN begins with it
        "unit": "Division",
        "identifiers": {"crime_ref": {"column": "Crime Number", "repair": ["unquote"]}, "urn": "URN"},
        "time": {"column": "Occurred", "format": "%d/%m/%Y"},
        "id": {"columns": ["Crime Number"]},
        "ignore": ["Victim Name", "OIC", "Contact", "Notes"],
    }
    fields = said(draft)["fields"]
    assert fields["reported_at"] == {"column": "Reported On", "format": "%d/%m/%Y %H:%M", "zone": "Europe/London"}
    assert fields["offence_group"]["values"] | {"HARASS": ""} == {"Stalking": "stalking", "Rape": "rape", "HARASS": ""}
    assert asked(draft)["fields.offence_group.values.HARASS"][0] == "harassment"
    assert set(asked(draft)) == {"source", "fields.offence_group.values.HARASS"}
    assert said(draft)["type"] == {"constant": "police.crime.recorded"}
    assert "1 value above 12 in the first place and none in the second, so the day is first" in draft.text().replace(
        "\n#   ", " "
    )


def test_a_log_of_objects_is_understood(tmp_path: Path) -> None:
    """Its events are rows, its type says what each is, and its objects are the identifiers: of an event with several
    of a type as a list."""
    log = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "examples" / "cases.jsonocel"
    given = {
        "source": "urn:throughline:police:20:case_log",
        "types.record crime": "police.crime.recorded",
        "types.submit file": "police.case.charge_file_submitted",
        "fields.offence_group": "stalking",
    }
    draft = draft_of(sample_of(log), england_wales(), given)

    assert {key: value for key, value in said(draft).items() if key not in ("title", "source", "fields", "ignore")} == {
        "ocel": {"rows": "events", "single": ["File", "Victim"]},
        "area": {"constant": "20"},
        "unit": "@unit",
        "identifiers": {"urn": "File", "crime_ref": {"column": "Crime", "split": "json"}},
        "time": {"column": "time", "format": "iso"},
        "type": "type",
        "types": {"record crime": "police.crime.recorded", "submit file": "police.case.charge_file_submitted"},
        "id": {"columns": ["id"]},
    }
    assert set(asked(draft_of(sample_of(log), england_wales()))) >= {"types.record crime", "types.submit file"}
    (tmp_path / "log.yaml").write_text(draft.text(), encoding="utf-8")
    made = dry_run(load_mapping(tmp_path / "log.yaml"), log, england_wales())
    assert (made.problems, made.events, made.refused.counts) == ([], 3, {})


def test_change_records_are_understood(tmp_path: Path) -> None:
    """As the console consumer prints them: the rows that they are about. Numbers are times of a clock of no zone, and a
    row comes again as it changes. What a deletion means is left to a person. The draft takes the very records."""
    written = b"\n".join(one.value or b"" for one in history())
    (tmp_path / "crime.jsonl").write_bytes(written)
    given = {"source": "urn:throughline:police:20:rms", "area": "20", "type": "police.crime.recorded"}

    draft = draft_of(sample_of(tmp_path / "crime.jsonl"), england_wales(), given)
    assert asked(draft) == {"topic.deleted": ("retract", "ignore")}
    assert "seen by the officer" not in draft.text()
    draft = draft_of(sample_of(tmp_path / "crime.jsonl"), england_wales(), given | {"topic.deleted": "retract"})

    assert {key: value for key, value in said(draft).items() if key not in ("title", "source", "area", "type")} == {
        "topic": {"records": "changes", "deleted": "retract"},
        "recorded_at": {"column": "../source.ts_ms", "format": "epoch_ms"},
        "unit": "unit",
        "identifiers": {"crime_ref": "crime_no"},
        "time": {"column": "recorded", "format": "local_us", "zone": "Europe/London"},
        "fields": {"offence_group": "offence"},
        "id": {"columns": ["crime_no"]},
        "ignore": ["id", "notes"],
    }
    (tmp_path / "crime.yaml").write_text(draft.text(), encoding="utf-8")
    made = map_records(history(), load_mapping(tmp_path / "crime.yaml"), england_wales())
    assert (made.batch.events.num_rows, made.batch.rejects.num_rows, made.left_out) == (5, 0, 1)


def test_a_draft_repeats_nothing_of_a_person(tmp_path: Path) -> None:
    """No name, address or free text, in the draft or in what it asks; also under a name that says nothing."""
    hidden = STRANGE.replace("Victim Name;OIC;Contact", "A;B;C").replace(";Notes", ";D")

    for text in (STRANGE, hidden):
        draft = drafted(tmp_path, text)
        shown = draft.text() + repr(draft.decisions)
        assert [word for word in NO_WORD if word in shown] == []
    # a name among the words of a coded column is not repeated either
    draft = drafted(tmp_path, STRANGE.replace("HARASS", "Doe, Jane"))
    assert "Doe" not in draft.text() + repr(draft.decisions)
    assert "1 words look like names and are not repeated" in draft.text()


@pytest.mark.parametrize(
    ("written", "format_", "evidence"),
    [
        (["13/04/2026", "03/04/2026"], "%d/%m/%Y", "1 value above 12 in the first place"),
        (["04/13/2026", "04/03/2026"], "%m/%d/%Y", "1 value above 12 in the second place"),
        (["01/02/2026", "03/04/2026"], ("%d/%m/%Y", "%m/%d/%Y"), "2 could be either"),
        (["13/04/2026", "04/13/2026"], ("%d/%m/%Y", "%m/%d/%Y"), "two orders of day and month are mixed"),
        (["13.04.26", "14.04.26"], "%d.%m.%y", "so the day is first"),
        (["2026-04-13", "2026-04-14"], "%Y-%m-%d", "2 of 2"),
        (["2026-04-13T09:00:00Z", "2026-04-14 10:00"], "iso", "2 of 2"),
        (["2026-04", "2026-05"], "%Y-%m", "2 of 2"),
        (["20260413", "20260414"], "%Y%m%d", "2 of 2"),
        (["1776000000000", "1776000000001"], "epoch_ms", "2 of 2"),
        (["13-Apr-2026", "14-Apr-2026"], "%d-%b-%Y", "2 of 2"),
        (["4/13/2026 9:05:00 AM", "4/3/2026 12:00:00 PM"], "%m/%d/%Y %I:%M:%S %p", "so the month is first"),
        (["2026/04/13 03:15:00+00", "2026/04/14 03:15:00+00"], "%Y/%m/%d %H:%M:%S%z", "2 of 2"),
    ],
)
def test_the_form_of_a_time_is_told_with_its_evidence(
    tmp_path: Path, written: list[str], format_: str | tuple[str, ...], evidence: str
) -> None:
    """Where both orders of day and month are possible, or both are used, a person decides."""
    rows = "".join(f"20/00011{place}/26,{text}\n" for place, text in enumerate(written))
    draft = drafted(tmp_path, f"Crime No,Event date\n{rows}")

    if isinstance(format_, str):
        assert said(draft)["time"]["format"] == format_
        assert "time.format" not in asked(draft)
    else:
        assert asked(draft)["time.format"] == format_
    assert evidence in draft.text().replace("\n#   ", " ")


def test_times_that_no_clock_showed_are_asked_about(tmp_path: Path) -> None:
    """Half past one of 29 March 2026 was shown by no clock in London: then they are of UTC, or wrong."""
    draft = drafted(tmp_path, "Crime No,Event date\n20/000111/26,2026-03-29 01:30\n20/000112/26,2026-03-29 04:30\n")

    assert asked(draft)["time.zone"] == ("UTC", "Europe/London")


def test_two_times_are_told_apart_by_a_person(tmp_path: Path) -> None:
    """Which of them says when it happened decides which is ignored."""
    text = "Crime No,Sent date,Received date\n20/000111/26,2026-03-01,2026-03-02\n20/000112/26,2026-03-03,2026-03-05\n"

    assert asked(drafted(tmp_path, text))["time.column"] == ("Sent date", "Received date")
    answered = said(drafted(tmp_path, text, time__column="Received date"))
    assert answered["time"]["column"] == "Received date"
    assert answered["ignore"] == ["Sent date"]


def test_words_of_steps_become_types(tmp_path: Path) -> None:
    """A word that is a type's own is known; what is left out becomes a filter; the fields are those of the types."""
    text = "Crime No,Event date,Status,Offence\n" + "".join(
        f"20/00011{place}/26,2026-03-0{place + 1},{word},Stalking\n"
        for place, word in enumerate(["NEW", "DRAFT", "NEW"])
    )
    answers = {"types__NEW": "police.crime.recorded", "types__DRAFT": "leave out"}

    assert set(asked(drafted(tmp_path, text))) >= {"types.NEW", "types.DRAFT"}
    answered = said(drafted(tmp_path, text, **answers))
    assert answered["type"] == "Status"
    assert answered["types"] == {"NEW": "police.crime.recorded"}
    assert answered["filters"] == [{"column": "Status", "not_in": ["DRAFT"]}]
    assert answered["fields"] == {"offence_group": {"column": "Offence", "values": {"Stalking": "stalking"}}}


def test_what_is_required_and_missing_is_asked_for(tmp_path: Path) -> None:
    """A decision of a prosecutor needs its decision and what it answers."""
    text = "URN,Date\n20PP0011126,2026-03-01\n20PP0011226,2026-03-02\n"
    draft = drafted(tmp_path, text, type="cps.pcd.decided")

    assert asked(draft)["fields.decision"][:2] == ("charge", "nfa_evidential")
    assert "`decision` is required" in draft.text()


def test_an_answer_to_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="`sorce`"):
        drafted(tmp_path, STRANGE, sorce="urn:x")
    with pytest.raises(UsageError, match=r"no type `police\.crime\.recordet`"):
        drafted(tmp_path, STRANGE, type="police.crime.recordet")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "cases.xml",
            '<export xmlns="urn:example"><made>2026-04-01</made><case no="20/000801/26"><at>2026-03-18</at></case>'
            '<case no="20/000802/26"><at>2026-03-19</at></case></export>',
            {"xml": {"rows": "/n1:export/n1:case", "namespaces": {"n1": "urn:example"}}, "id": {"columns": ["@no"]}},
        ),
        (
            "cases.json",
            '{"area": "20", "cases": [{"crime_no": "20/000803/26", "entries": [{"at": "2026-03-18T11:00:00Z"}]}]}',
            {"json": {"rows": "cases[].entries[]"}, "area": "../../area", "identifiers": {"crime_ref": "../crime_no"}},
        ),
        (
            "cases.dat",
            "CRIME        DAY        UNIT\n20/000804/26 2026-03-18 20PP\n20/000805/26 2026-03-19 20PA\n",
            {"unit": "UNIT", "time": {"column": "DAY", "format": "%Y-%m-%d"}},
        ),
    ],
)
def test_the_layout_of_other_kinds_is_told(tmp_path: Path, name: str, text: str, expected: dict[str, Any]) -> None:
    draft = said(drafted(tmp_path, text, name))

    assert {key: draft.get(key) for key in expected} == expected
    if name.endswith(".dat"):
        assert draft["fixed"]["skip"] == "1"
        assert draft["fixed"]["columns"][1] == {"name": "DAY", "from": "14", "to": "23"}


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.csv", "", "empty"),
        ("a.csv", "Crime No,When\n", "nothing stands below"),
        ("a.csv", "a\x00b,c\n1,2\n", "U\\+0000"),
        ("a.docx", "x", "no reader for this ending"),
        ("a.xml", "<!DOCTYPE a><a><b x='1'/></a>", "declares a document type"),
        ("a.json", '{"specversion": "1.0", "id": "1"}', "need no mapping"),
        ("a.xlsx", "not a workbook", "not a spreadsheet"),
    ],
)
def test_what_cannot_be_drafted_from_is_refused_with_the_reason(
    tmp_path: Path, name: str, text: str, reason: str
) -> None:
    with pytest.raises((DataError, UsageError), match=reason):
        drafted(tmp_path, text, name)


def test_a_real_export_is_understood(shared_data: Path) -> None:
    """Street-level crime of the City of London: area, month, every word of the category, and nothing else asked."""
    path = shared_data / "police_uk" / "S2_2021-12" / "2018-06-city-of-london-street.csv.gz"

    draft = draft_of(sample_of(path), england_wales())

    read = said(draft)
    assert set(asked(draft)) == {"source"}
    assert read["type"] == {"constant": "police.crime.status_published"}
    assert read["area"] == {"column": "Reported by", "values": {"City of London Police": "48"}}
    assert read["identifiers"] == {"crime_ref": "Crime ID"}
    assert read["time"] == {"column": "Month", "format": "%Y-%m"}
    assert len(read["fields"]["open_data_category"]["values"]) == 14
    assert "hash" in read["id"], "rows without a crime id are told apart by all that they say"
