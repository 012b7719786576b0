"""What does not hold together in a domain is named by file, line and key, all of it at once, with a hint."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_domain import write

from throughline.schemas.definitions.domain import load_domain
from throughline.schemas.definitions.entry import DomainProblemsError

# Part of the domain, text there, what replaces it; line and key of the fault, words of the sentence or hint.
FAULTS = [
    # domain.yaml
    ("domain", "title: A", "titel: A", 2, "titel", "Did you mean `title`"),
    ("domain", "title: A tiny domain", "title:", 2, "title", "missing or empty"),
    ("domain", "Europe/London", "Europe/Lundon", 4, "time_zone", "no time zone"),
    ("domain", "calendar: null", "calendar: {country: XX}", 5, "calendar", "XX"),
    ("domain", "id: cps", "id: police", 8, "agencies.id", "taken"),
    ("domain", "[upper,", "[uper,", 11, "identifiers.normalise", "Did you mean `upper`"),
    ("domain", "'[0-9]{4}'", "'[0-9'", 11, "identifiers.pattern", "regular expression"),
    ("domain", "name: Crime number", "name: Crime number, links_as: '(?=.)1'", 12, "identifiers.links_as", "RE2"),
    ("domain", "calendar: null", "calendar: null\njoins_nothing: ['(1)\\1']", 6, "joins_nothing", "RE2"),
    ("domain", "kind: crime_ref", "kind: urn", 12, "identifiers.kind", "stands twice"),
    ("domain", '"20": West', "20: West", 9, "domain", "quotation marks"),
    ("domain", "[UNKNOWN]", "[NO, no]", 13, "placeholders", "is not text"),
    ("domain", "calendar: null", "calendar: null\nstewards: {second: true}", 6, "stewards.second", "`second_person`"),
    ("domain", "calendar: null", "calendar: null\ndisclosure: {least: 5}", 6, "disclosure.least", "Known: threshold"),
    ("domain", "calendar: null", "calendar: null\ndisclosure: {threshold: few}", 6, "disclosure.threshold", "whole"),
    ("domain", "calendar: null", "calendar: null\ndisclosure: {threshold: 0}", 6, "disclosure.threshold", "from 1"),
    ("domain", "calendar: null", "calendar: null\ndisclosure: {threshold: 2}", 6, "disclosure.threshold", "3 or more"),
    (
        "domain",
        "calendar: null",
        "calendar: null\nstewards: {second_person: true}",
        6,
        "stewards.second_person",
        "seconded",
    ),
    ("domain", "name: tiny", "name: tiny\nname: twice", 2, "domain", "stands twice"),
    # fields.yaml and enums.yaml
    ("fields", "doc: Result.", "dok: Result.", 1, "decision.dok", "Did you mean `doc`"),
    ("fields", "type: int", "type: integer", 7, "items.type", "not known"),
    ("fields", "enum: colours", "enum: colors", 5, "colour.enum", "Did you mean `colours`"),
    ("fields", "enum: colours, ", "", 5, "colour.enum", "names its list"),
    ("fields", "sensitivity: public", "sensitivity: secret", 5, "colour.sensitivity", "Known: public"),
    (
        "fields",
        "reasons: {type: list<string>, sensitivity: shared",
        "reasons: {type: list<string>, sensitivity: restricted",
        2,
        "reasons.sensitivity",
        "sees a case sees",
    ),
    ("enums", "value: blue", "value: red", 1, "colours.values.value", "stands twice"),
    ("enums", "source: made up, ", "", 1, "colours.source", "missing"),
    # events
    ("events", "  brief: The file went out.\n", "", 1, "police.file.sent.brief", "missing"),
    (
        "events",
        "cps.file.decided",
        "police.file.sent",
        17,
        "police.file.sent.type",
        "twice; before in all.yaml:1",
    ),
    ("events", "cps.file.decided", "csp.file.decided", 17, "csp.file.decided.type", "Did you mean `cps`"),
    ("events", "owner: cps", "owner: csp", 20, "cps.file.decided.owner", "Did you mean `cps`"),
    (
        "events",
        "reference: required",
        "refrence: required",
        8,
        "police.file.sent.fields.refrence",
        "`reference`",
    ),
    ("events", "joint: optional", "joint: maybe", 8, "police.file.sent.fields.joint", "'maybe' is not known"),
    ("events", "requires: [urn]", "requires: [unr]", 7, "police.file.sent.requires", "Did you mean `urn`"),
    (
        "events",
        "identifiers: [urn, crime",
        "identifiers: [crime",
        7,
        "police.file.sent.requires",
        "not among",
    ),
    ("events", "{sends: cps}", "{sends: csp}", 10, "police.file.sent.effect.sends", "Did you mean `cps`"),
    ("events", "{sends: cps}", "{send: cps}", 10, "police.file.sent.effect.send", "Did you mean `sends`"),
    ("events", "{sends: cps}", "{holds: cps}", 10, "police.file.sent.effect.holds", "must be `self`"),
    (
        "events",
        "when: [reject]",
        "when: [rejected]",
        26,
        "cps.file.decided.effect.when",
        "Did you mean `reject`",
    ),
    ("events", "when: [reject], ", "", 27, "cps.file.decided.effect", "never reached"),
    ("events", "decision: true", "contact: tolled", 28, "cps.file.decided.contact", "Did you mean `told`"),
    ("events", "{reason}", "{resaon}", 29, "cps.file.decided.summary", "Did you mean `reason`"),
    ("events", "{reason}", "{channel}", 29, "cps.file.decided.summary", "needs the field `channel`"),
    (
        "events",
        "{values: [accept,",
        "{values: [yes,",
        24,
        "cps.file.decided.fields.decision.values",
        "marks",
    ),
    ("events", "  source: [made up]\n", "", 1, "police.file.sent.source", "missing"),
    ("events", "version: 1, changes", "version: 2, changes", 16, "police.file.sent.history.version", "older"),
    ("events", "add: colour", "add: color", 16, "police.file.sent.history.changes", "`colour`"),
    ("events", "summary: File sent", "sumary: File sent", 11, "police.file.sent.sumary", "`summary`"),
    # examples
    ("events", "reference: R1, ", "", 14, "police.file.sent.example.reference", "required"),
    ("events", "colour: red", "colour: green", 14, "police.file.sent.example.colour", "catalogue's"),
    ("events", "items: 2", "items: many", 14, "police.file.sent.example.items", "whole number"),
    ("events", 'urn: "1234"', 'urn: "12"', 14, "police.file.sent.example.identifiers.urn", "the form of"),
    (
        "events",
        'urn: "1234"',
        'crime_ref: "1"',
        14,
        "police.file.sent.example.identifiers",
        "needs one of: urn",
    ),
    ("events", "joint: true", "joined: true", 15, "police.file.sent.example.joined", "no field"),
    # standards
    ("standards", "  source: made up\n", "", 1, "ANSWER.source", "missing"),
    ("standards", "police.file.sent", "police.file.send", 5, "ANSWER.starts.type", "`police.file.sent`"),
    ("standards", "when: [accept]", "when: [acept]", 6, "ANSWER.stops.when", "Did you mean `accept`"),
    (
        "standards",
        "unit: working_days",
        "unit: workdays",
        8,
        "ANSWER.within.unit",
        "Did you mean `working_days`",
    ),
    ("standards", "amount: 5", "amount: 2.5", 8, "ANSWER.within.amount", "whole number"),
    ("standards", "amount: 5", "amount: -5", 8, "ANSWER.within.amount", "no amount"),
    ("standards", 'version: "2"', 'version: "1"', 13, "ANSWER.version", "twice; before in all.yaml:1"),
    ("standards", "  effective_to: 2025-12-31\n", "", 19, "ANSWER.effective_from", "the same days"),
    ("standards", "2025-12-31", "2025-02-30", 9, "all", "a date must exist"),
    ("standards", "2025-12-31", "soon", 9, "ANSWER.effective_to", "not a date"),
    ("standards", "match: case", "match: about", 7, "ANSWER.match", "has the field `about`"),
    ("standards", "owner: cps", "owner: court", 4, "ANSWER.owner", "not known"),
    ("standards", "confirmed: true", "confirmed: perhaps", 10, "ANSWER.confirmed", "neither true nor false"),
    ("standards", "  confirmed", "  due: due_at\n  confirmed", 10, "ANSWER.due", "beside a period"),
    (
        "standards",
        "  confirmed",
        "  pauses: [{type: cps.file.decided}]\n  confirmed",
        10,
        "ANSWER.pauses",
        "for ever",
    ),
]


@pytest.mark.parametrize(("part", "old", "new", "line", "key", "says"), FAULTS)
def test_a_fault_is_named_by_file_line_and_key(
    tmp_path: Path, part: str, old: str, new: str, line: int, key: str, says: str
) -> None:
    """Each fault that a domain can have is found where it stands, and the sentence or hint helps."""
    with pytest.raises(DomainProblemsError) as caught:
        load_domain(write(tmp_path, **{part: (old, new)}))
    found = [(p.line, p.key) for p in caught.value.problems if says in f"{p.problem} {p.hint}"]
    assert (line, key) in found, str(caught.value)
    assert f"{part}" in str(caught.value)


def test_a_slip_in_a_key_leaves_no_trail_of_others(tmp_path: Path) -> None:
    """The key that is missing and the one that is unknown are named, and nothing else."""
    with pytest.raises(DomainProblemsError) as caught:
        load_domain(write(tmp_path, events=("since:", "sinse:")))
    assert [(p.line, p.key) for p in caught.value.problems] == [
        (1, "police.file.sent.since"),
        (5, "police.file.sent.sinse"),
    ]


def test_all_faults_are_listed_at_once(tmp_path: Path) -> None:
    """Files need not be loaded again and again to find the next fault."""
    folder = write(
        tmp_path,
        domain=("title: A", "titel: A"),
        events=("brief: The file went out.", "brief:"),
        standards=("within: {amount: 5", "within: {amount: none"),
    )
    with pytest.raises(DomainProblemsError) as caught:
        load_domain(folder)
    files = {Path(problem.file).relative_to(folder).as_posix() for problem in caught.value.problems}
    assert files == {"domain.yaml", "events/all.yaml", "standards/all.yaml"}
    assert all(str(problem) in str(caught.value) for problem in caught.value.problems[1:])
    assert (caught.value.file, caught.value.line) == (str(folder / "domain.yaml"), 1)


@pytest.mark.parametrize(
    ("text", "says"),
    [("a: [", "not YAML"), ("- a\n", "must be a mapping"), ("a: &x {b: 1}\nc: *x\n", "again")],
)
def test_a_file_that_is_no_mapping_of_yaml_is_named(tmp_path: Path, text: str, says: str) -> None:
    """Broken YAML, YAML of another form, and aliases, of which a few can grow without end."""
    folder = write(tmp_path)
    (folder / "fields.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DomainProblemsError, match=says) as caught:
        load_domain(folder)
    assert any(problem.file.endswith("fields.yaml") for problem in caught.value.problems)
