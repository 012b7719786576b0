"""XES logs: the events of a log in the order of the file, and nothing of what a hostile file asks for."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from throughline.errors import DataError, MappingError
from throughline.schemas.definitions.domain import load_domain
from throughline.sources.formats.xes import read_xes
from throughline.sources.mapping.conversion import read_mapped
from throughline.sources.mapping.mapping import load_mapping

PROCESS_LOG = Path(__file__).resolve().parents[3] / "schemas" / "domains" / "process_log"

LOG = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
  <extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
  <global scope="event"><string key="concept:name" value="none"/></global>
  <trace>
    <string key="concept:name" value="case &amp; 1"/>
    <event>
      <string key="concept:name" value="register"><string key="by" value="hand"/></string>
      <string key="org:resource" value="Desk"/>
      <date key="time:timestamp" value="2010-12-30T14:32:00.000+01:00"/>
    </event>
    <event>
      <string key="concept:name" value="decide"/>
      <string key="org:resource" value="Board"/>
      <date key="time:timestamp" value="not a time"/>
    </event>
    <string key="late" value="x"/>
  </trace>
</log>"""

MAPPING = """
title: A log
source: urn:test:xes
area: {constant: one}
agency: org:resource
unit: concept:name
identifiers: {case_ref: "case:concept:name"}
type: {constant: step.completed}
time: {column: "time:timestamp", format: iso, precision: instant}
id: row
sequence: row
ignore: [concept:name/by, "case:late"]
"""


def columns(path: Path, batch_rows: int = 10) -> list[dict[str, str | None]]:
    found = []
    for rows in read_xes(path, batch_rows):
        for row in rows.table.to_pylist():
            found.append({name: row[f"c{i}"] for i, name in enumerate(rows.columns)} | {"position": row["position"]})
    return found


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("batch_rows", [1, 10])
def test_events_with_the_attributes_of_their_trace(tmp_path: Path, packed: bool, batch_rows: int) -> None:
    """Attributes of the trace stand beside those of the event, even where they follow it; nested ones have a
    path.
    """
    path = tmp_path / ("a.xes.gz" if packed else "a.xes")
    path.write_bytes(gzip.compress(LOG.encode()) if packed else LOG.encode())

    first, second = columns(path, batch_rows)

    assert first == {
        "concept:name": "register",
        "concept:name/by": "hand",
        "org:resource": "Desk",
        "case:concept:name": "case & 1",
        "time:timestamp": "2010-12-30T14:32:00.000+01:00",
        "case:late": "x",
        "position": 1,
    }
    assert second["concept:name"] == "decide"
    assert second["position"] == 2


def test_mapped_to_events_and_rejects(tmp_path: Path) -> None:
    """An event with a bad time is a reject that holds all that the log said of it."""
    path, mapping = tmp_path / "a.xes", tmp_path / "m.yaml"
    path.write_text(LOG)
    mapping.write_text(MAPPING)
    [batch] = read_mapped(path, load_mapping(mapping), load_domain(PROCESS_LOG))
    assert batch.events["agency"].to_pylist() == ["Desk"]
    assert [str(time) for time in batch.events["occurred_at"].to_pylist()] == ["2010-12-30 13:32:00"]
    assert batch.rejects.select(["position", "reason", "field"]).to_pylist() == [
        {"position": 2, "reason": "bad_time", "field": "time:timestamp"}
    ]
    assert b"decide" in batch.rejects["raw"][0].as_py()


def test_unused_attribute_is_an_error(tmp_path: Path) -> None:
    """What the mapping does not use is named before an event is read."""
    path, mapping = tmp_path / "a.xes", tmp_path / "m.yaml"
    path.write_text(LOG)
    mapping.write_text(MAPPING.replace(', "case:late"', ""))
    with pytest.raises(MappingError, match="case:late"):
        next(read_mapped(path, load_mapping(mapping), load_domain(PROCESS_LOG)))


BOMB = (
    '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><log>'
    '<trace><event><string key="k" value="&b;"/></event></trace></log>'
)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (BOMB, "document type"),
        ('<!DOCTYPE log SYSTEM "file:///etc/passwd"><log/>', "document type"),
        (LOG[:-20], "not well-formed"),
        ("", "not well-formed"),
        ("not xml", "not well-formed"),
        ("<html/>", "no XES log"),
        (LOG.replace("case &amp; 1", "case &unknown; 1"), "not well-formed"),
        ("<log>" + "<list>" * 100 + "</list>" * 100 + "</log>", "nests too deep"),
        ('<?xml version="1.0" encoding="no-such"?><log/>', "not well-formed"),
    ],
)
def test_hostile_log_is_refused_with_its_line(tmp_path: Path, text: str, match: str) -> None:
    """A document type, a cut file and foreign XML are errors that name file and line; no entity is
    expanded.
    """
    path = tmp_path / "a.xes"
    path.write_text(text)
    with pytest.raises(DataError, match=match) as error:
        list(read_xes(path, 10))
    assert error.value.line is not None


def test_log_without_events_has_no_rows(tmp_path: Path) -> None:
    """An empty log is a log."""
    path = tmp_path / "a.xes"
    path.write_text("<log/>")
    assert columns(path) == []
