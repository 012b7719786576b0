"""A source belongs to one agency: by the form that the domain gives its sources, or by the deployment's list."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest
from tiny_domain import write

from throughline.schemas.acceptance.admission import admit
from throughline.schemas.definitions.domain import DEFAULT_DOMAIN, Domain, load_domain
from throughline.schemas.definitions.entry import DomainProblemsError
from throughline.schemas.wire.avro.codec import SchemaStore, decode_messages, encode_row
from throughline.schemas.wire.json_lines import events_from_json_lines
from throughline.schemas.wire.kafka_record import plain_rows

FORMS = (
    "role: police}\n  - {id: cps, name: Prosecutors, role: prosecutor}",
    "role: police, sources: 'urn:[^:]+:police(:.+)?'}\n"
    "  - {id: cps, name: Prosecutors, role: prosecutor, sources: ['urn:[^:]+:cps(:.+)?', 'https://cps[.].+']}",
)
DECIDED = {"type": "test.tiny.cps.file.decided.v1", "data": {"decision": "accept"}}
SENT = {"type": "test.tiny.police.file.sent.v2", "data": {"identifiers": {"urn": "1234"}, "reference": "R1"}}


def bound(folder: Path) -> Domain:
    return load_domain(write(folder, domain=FORMS))


def line(source: str, said: dict[str, Any]) -> bytes:
    event = {"specversion": "1.0", "id": "e1", "time": "2026-03-02T10:15:00Z", "partitionkey": "20"}
    return orjson.dumps(event | {"source": source} | said)


def verdicts(domain: Domain, *lines: bytes) -> list[tuple[str, str | None]]:
    rejects = events_from_json_lines(lines, domain, "f", 1).rejects
    return [(one["reason"], one["field"]) for one in rejects.select(["reason", "field"]).to_pylist()]


@pytest.mark.parametrize(
    ("source", "said", "verdict"),
    [
        ("urn:x:police:rms", SENT, []),
        ("urn:x:police", SENT, []),
        ("urn:x:police:rms", DECIDED, [("wrong_source", "source")]),
        ("urn:x:cps:cms", SENT, [("wrong_source", "source")]),
        ("urn:x:cps:cms", DECIDED, []),
        ("https://cps.example/cms", SENT, [("wrong_source", "source")]),
        # of no agency's form: anybody's, unless the deployment lists its sources
        ("urn:x:policeman", DECIDED, []),
        ("rms", SENT, []),
    ],
)
def test_an_agency_speaks_as_its_own_sources_alone(
    tmp_path: Path, source: str, said: dict[str, Any], verdict: list[tuple[str, str]]
) -> None:
    assert verdicts(bound(tmp_path), line(source, said)) == verdict


def test_another_agency_s_source_is_refused_as_a_table_and_as_avro(tmp_path: Path) -> None:
    """The same verdict where the record is seen by column, among good neighbours of other agencies."""
    domain, free = bound(tmp_path / "bound"), load_domain(write(tmp_path / "free"))
    lines = [line("urn:x:police:rms", SENT), line("urn:x:police:rms", DECIDED), line("urn:x:cps:cms", DECIDED)]
    events = events_from_json_lines(lines, free, "f", 1).events
    store = SchemaStore(domain)
    avro = decode_messages([encode_row(row, store) for row in plain_rows(events)], store, "t-0", [1, 2, 3])

    for batch in (admit(events, domain.rules), avro):
        assert batch.events["position"].to_pylist() == [1, 3]
        assert batch.rejects.select(["position", "reason", "field"]).to_pylist() == [
            {"position": 2, "reason": "wrong_source", "field": "source"}
        ]


def test_a_deployment_lists_its_own_sources(tmp_path: Path) -> None:
    """The list is stronger than the form, and says who owns a source of no form."""
    folder = write(tmp_path, domain=FORMS)
    (folder / "sources.yaml").write_text(
        "sources:\n  - {source: rms, agency: police}\n  - {source: 'urn:x:police:joint', agency: cps}\n"
    )
    domain = load_domain(folder)

    assert verdicts(domain, line("rms", SENT), line("urn:x:police:joint", DECIDED), line("other", SENT)) == []
    assert verdicts(domain, line("rms", DECIDED), line("urn:x:police:joint", SENT)) == [("wrong_source", "source")] * 2


def test_a_deployment_may_refuse_what_it_does_not_list(tmp_path: Path) -> None:
    folder = write(tmp_path, domain=FORMS)
    (folder / "sources.yaml").write_text("only_listed: true\nsources:\n  - {source: rms, agency: police}\n")
    domain = load_domain(folder)

    assert verdicts(domain, line("rms", SENT)) == []
    assert verdicts(domain, line("urn:x:police:rms", SENT), line("rms", DECIDED)) == [
        ("unknown_source", "source"),
        ("wrong_source", "source"),
    ]


def test_what_does_not_hold_together_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path, domain=("role: police}", "role: police, sources: 'urn:('}"))
    (folder / "sources.yaml").write_text(
        "listed: true\nsources:\n  - {source: rms, agency: navy}\n  - {source: rms, agency: cps}\n"
    )
    with pytest.raises(DomainProblemsError) as caught:
        load_domain(folder)

    assert [(Path(one.file).name, one.line, one.key) for one in caught.value.problems] == [
        ("domain.yaml", 7, "agencies.sources"),
        ("sources.yaml", 1, "listed"),
        ("sources.yaml", 3, "sources.agency"),
        ("sources.yaml", 4, "sources.source"),
    ]


def test_every_agency_of_england_and_wales_has_its_own_form() -> None:
    domain = load_domain(DEFAULT_DOMAIN)
    assert domain.agencies is not None

    for agency in domain.agencies:
        assert domain.owners.of(f"urn:example:{agency}:20:any") == agency


@pytest.mark.parametrize("name", ["process_log", "road_fines"])
def test_the_sources_of_a_log_are_free(name: str) -> None:
    assert load_domain(DEFAULT_DOMAIN.parent / name).owners.bind_nothing


def test_a_list_of_stewards_that_does_not_hold_together_is_named(tmp_path: Path) -> None:
    """An unknown area, a name in place of a pseudonym, a desk without persons, one source of two agencies."""
    folder = shutil.copytree(DEFAULT_DOMAIN, tmp_path / "domain")
    (folder / "sources.yaml").write_text(
        """\
sources:
  - {source: "urn:x:desk", agency: police}
stewards:
  - {source: "urn:x:desk", areas: ["99"], officers: [o-5b20d4aa]}
  - {source: "urn:x:steward:a", areas: any, officers: [Smith]}
  - {source: "urn:x:steward:b", areas: ["20"]}
  - {source: "urn:x:steward:b", areas: ["20"], officers: [o-5b20d4aa], role: chief}
"""
    )
    with pytest.raises(DomainProblemsError) as caught:
        load_domain(folder)

    assert {(one.line, one.key) for one in caught.value.problems} == {
        (2, "sources.source"),
        (4, "stewards.areas"),
        (5, "stewards.officers"),
        (6, "stewards.officers"),
        (7, "stewards.role"),
        (7, "stewards.source"),
    }


def test_the_desk_of_stewards_is_theirs_whatever_its_form(tmp_path: Path) -> None:
    """Police may not speak as it; a domain without stewards has nobody to list."""
    folder = shutil.copytree(DEFAULT_DOMAIN, tmp_path / "domain")
    listed = "stewards:\n  - {source: desk, areas: any, officers: [o-5b20d4aa]}\n"
    (folder / "sources.yaml").write_text(listed)
    assert load_domain(folder).owners.of("desk") == "steward"

    tiny = write(tmp_path / "tiny")
    (tiny / "sources.yaml").write_text(listed)
    with pytest.raises(DomainProblemsError, match="no agency of stewards"):
        load_domain(tiny)
