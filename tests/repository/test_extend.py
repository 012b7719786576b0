"""The worked examples of docs/how-to/extend.md do what the page says: in a copy of the domain, and on a store of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from throughline.quality.checks.check import observe
from throughline.schemas.definitions.domain import DEFAULT_DOMAIN, Domain, load_domain
from throughline.schemas.definitions.quality import load_quality_rules
from throughline.sinks.measures.answer import answer
from throughline.sinks.measures.facts import facts
from throughline.sinks.measures.measure import measure_of
from throughline.sinks.questions.question import parsed
from throughline.sinks.store import Store, open_memory_store
from throughline.streams.join.replay import replay

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "examples"
RECEIVED = datetime.fromisoformat("2026-05-01T00:00")


def example(name: str) -> str:
    return (EXAMPLES / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def domain(tmp_path_factory: pytest.TempPathFactory) -> Domain:
    """England and Wales with the type, the clock, the kind of identifier, the alert, facet and measure of the page."""
    folder = Path(shutil.copytree(DEFAULT_DOMAIN, tmp_path_factory.mktemp("extended") / "england_wales"))
    (folder / "events" / "police_welfare.yaml").write_text(example("extend_event_type.yaml"), encoding="utf-8")
    (folder / "standards" / "welfare.yaml").write_text(example("extend_clock.yaml"), encoding="utf-8")
    with (folder / "measures" / "measures.yaml").open("a", encoding="utf-8") as entries:
        entries.write(f"\n{example('told_in_writing.yaml')}")
    (folder / "measures" / "told_in_writing.sql").write_text(example("told_in_writing.sql"), encoding="utf-8")
    file = folder / "domain.yaml"
    text = file.read_text(encoding="utf-8")
    for key, added in (
        ("identifiers:\n", "extend_identifier.yaml"),
        ("alerts:\n", "extend_alert.yaml"),
        ("facets:\n", "extend_facet.yaml"),
    ):
        assert f"\n{key}" in text
        text = text.replace(f"\n{key}", f"\n{key}{example(added)}", 1)
    file.write_text(text, encoding="utf-8")
    return load_domain(folder)


@pytest.fixture(scope="module")
def store(domain: Domain) -> Iterator[Store]:
    with open_memory_store() as made:
        counts = replay(made, domain, [EXAMPLES / "extend_events.jsonl"], received_at=RECEIVED)
        assert (counts.read, counts.accepted, counts.quarantined) == (3, 2, {"malformed_identifier": 1})
        yield made


def rows(store: Store, sql: str) -> list[tuple[object, ...]]:
    return store.connection.execute(sql).fetchall()


def test_an_event_type_is_an_entry_of_the_catalogue(store: Store) -> None:
    assert rows(store, "select summary, decision from timeline where type = 'police.victim.welfare_checked'") == [
        ("Welfare checked: safe", "safe")
    ]


def test_a_clock_is_an_entry_of_the_standards(store: Store) -> None:
    """Recorded on a Monday, due by the end of Thursday, checked the Monday after."""
    assert rows(store, "select state, due_at::date::varchar from clocks where standard = 'WELFARE-CHECK'") == [
        ("late", "2026-03-05")
    ]


def test_a_kind_of_identifier_links_and_is_held_to_its_form(store: Store) -> None:
    """It is brought into its normal form; the third event, which has it in another, was refused."""
    assert rows(store, "select identifiers from cases") == [(["crime_ref:20/000777/26", "housing_ref:H-0001234"],)]
    assert rows(store, "select event_id from quarantine") == [("w-3",)]


def test_an_alert_is_as_grave_as_the_domain_says(domain: Domain) -> None:
    assert {rule.kind: rule.severity for rule in domain.alerts}["both_claim"] == "high"


def test_a_facet_is_a_column_of_cases(store: Store) -> None:
    """Beside those that the domain has."""
    assert rows(store, "select offence_group, domestic_abuse, risk from cases") == [("stalking", "true", None)]


def test_a_question_is_a_file_of_sql(store: Store) -> None:
    asked = parsed("untouched_cases", example("extend_question.sql"))

    assert store.connection.execute(asked.sql, asked.values({"days": "0"})).fetchall()[0][1] is not None
    assert store.connection.execute(asked.sql, asked.values({"days": "1"})).fetchall() == []


def test_a_view_is_a_file_of_sql_with_comments(store: Store) -> None:
    store.connection.execute(example("extend_view.sql"))

    assert rows(store, "select agency, events from shares_of_agencies") == [("police", 2)]


def test_a_measure_is_an_entry_and_its_sql(domain: Domain) -> None:
    """Of four decisions told: by letter, by text message, by telephone, and nobody knows how. A fifth is not told."""
    asked = measure_of(domain, "told_in_writing")
    assert (asked.title, asked.page, asked.figure) == ("Told in writing", "promises", "tellings")
    channels = ("letter", "sms", "telephone", None)
    with open_memory_store() as told:
        told.connection.execute("create or replace view cases as select 'a' as case_id, '20' as area")
        values = [f"('{one}')" if one else "(null)" for one in channels]
        told.connection.execute(
            f"""
            create or replace view tellings as
            select 'a' as case_id, timestamp '2026-03-02' as decided_at, 'police' as told_by, channel,
              if(channel = 'untold', null, timestamp '2026-03-03') as told_at
            from (values {", ".join([*values, "('untold')"])}) v(channel)
            """
        )
        told.connection.execute(
            "insert into domain (name, title, type_prefix, time_zone) values ('d', 'D', 'd', 'Europe/London')"
        )
        rows = facts(told.connection, asked, ())

    found = answer(asked, rows).to_pylist()
    assert [(one["outcome"], one["counted"], one["share"]) for one in found] == [
        (None, 4, None),
        ("in_writing", 2, 0.666667),
        ("not_in_writing", 1, 0.333333),
        ("not_stated", 1, None),
    ]
    by_channel = answer(asked, rows, ["channel"]).to_pylist()
    assert {one["channel"] for one in by_channel} == {None, "letter", "sms", "telephone", "not stated"}


def test_a_check_is_a_measure_and_an_entry(store: Store, domain: Domain) -> None:
    (entry,) = yaml.safe_load(example("extend_check.yaml"))
    assert entry.keys() == {"check", "at_most", "why", "do"}

    cursor = store.connection.cursor()
    observe(cursor, domain, load_quality_rules(domain), RECEIVED)

    assert cursor.execute(example("extend_measure.sql")).fetchall() == [
        ("urn:throughline:police:20:rms", None, 2, 0, 0.0)
    ]
