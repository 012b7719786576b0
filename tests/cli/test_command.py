"""The command as a user has it: what it prints, where, and what it ends with."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from io import BufferedReader, BytesIO, TextIOWrapper
from pathlib import Path
from unittest import mock

import duckdb
import pyarrow.parquet as pq
import pytest
from listed_stewards import listing_folder
from typed import run, under

from throughline.cli.main import throughline as command

ROOT = Path(__file__).resolve().parents[2]
EVENTS = ROOT / "docs" / "how-to" / "examples" / "events.jsonl"
FAULTS = ROOT / "docs" / "how-to" / "examples" / "faults.jsonl"
THROUGHLINE = Path(sys.executable).with_name("throughline")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the example events, two of them in conflict and one record with a fault."""
    path = tmp_path_factory.mktemp("cli") / "cases.duckdb"
    run("replay", EVENTS, FAULTS, "--store", path)
    return path


READING: dict[str, list[str]] = {
    "query": ["query", "from cases"],
    "timeline": ["timeline", "crime_ref:20/000123/26"],
    "handoffs": ["handoffs"],
    "delays": ["delays"],
    "quality": ["quality", "--all"],
    "quality reconcile": ["quality", "reconcile"],
    "quarantine list": ["quarantine", "list"],
    "quarantine list of one reason": ["quarantine", "list", "--reason", "conflict"],
    "conflicts list": ["conflicts", "list"],
    "conflicts show": ["conflicts", "show", "urn:throughline:police:20:rms", "police-0001"],
    "links show": ["links", "show", "crime_ref:20/000123/26", "crime_ref:20/000456/26", "--area", "20"],
    "catalogue": ["catalogue"],
    "catalogue of one type": ["catalogue", "cps.pcd.triaged"],
    "standards": ["standards"],
    "standards of one": ["standards", "VC-R6-ARREST", "--all"],
}


@pytest.mark.parametrize("name", READING)
def test_whatever_reads_gives_every_format(name: str, store: Path) -> None:
    """Table, CSV, JSON and Parquet, all with the same rows."""
    arguments = [
        *READING[name],
        *(["--store", str(store)] if name.split()[0] not in ("catalogue", "standards") else []),
    ]

    rows = json.loads(run(*arguments, "--format", "json").stdout)
    table = run(*arguments, "--format", "table").stdout
    head = run(*arguments, "--format", "csv").stdout.splitlines()[0]
    parquet = run(*arguments, "--format", "parquet").raw

    assert rows
    assert head.split(",") == list(rows[0])
    assert f"{len(rows)} row" in table
    assert pq.read_table(BytesIO(parquet)).num_rows == len(rows)


def test_a_figure_is_published_and_restated_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Publish delays without the last event, bring it in, and see which row changed and by which event."""
    monkeypatch.setenv("THROUGHLINE_DOMAIN", str(listing_folder(tmp_path)))
    store, lines = tmp_path / "s.duckdb", EVENTS.read_text().splitlines(keepends=True)
    of_cps = [line for line in lines if ":cps:" in line]
    early = tmp_path / "early.jsonl"
    early.write_text("".join(line for line in lines if line != of_cps[0]))
    run("replay", early, "--store", store)
    desk = ("--area", "20", "--events", tmp_path / "s.jsonl", "--store", store)
    said = run("figure", "publish", "delays", "--for-case-workers", *desk).stdout
    assert run("restated", "--store", store, "--format", "csv").stderr == "1 publications, 0 of them restated\n"
    run("replay", EVENTS, "--store", store)

    changes = json.loads(run("restated", "--store", store, "--format", "json").stdout)
    causes = json.loads(run("restated", "--causes", "--store", store, "--format", "json").stdout)
    (listed,) = json.loads(run("figure", "list", "--store", store, "--format", "json").stdout)

    assert said.startswith(listed["publication"])
    assert {row["publication"] for row in (*changes, *causes)} == {listed["publication"]}
    assert {row["event"] for row in causes} == {json.loads(of_cps[0])["id"]}


def test_a_manifest_of_files_agrees_with_their_replay(tmp_path: Path) -> None:
    """What was read is what is here; one event less is one line."""
    store, manifest = tmp_path / "s.duckdb", tmp_path / "manifest.json"
    manifest.write_text(run("manifest", EVENTS).stdout)
    lines = EVENTS.read_text().splitlines(keepends=True)
    (tmp_path / "most.jsonl").write_text("".join(lines[1:]))
    run("replay", tmp_path / "most.jsonl", "--store", store)

    def differing() -> list[str]:
        rows = json.loads(
            run("quality", "reconcile", "--manifest", manifest, "--store", store, "--format", "json").stdout
        )
        return [row["differ by"] for row in rows if row["difference"] == "sent_not_here"]

    assert differing() == ["-1"]
    run("replay", EVENTS, "--store", store)
    assert differing() == []


def test_one_quarantined_record_is_shown_whole_only_when_asked(store: Path) -> None:
    """`show` says what was expected; the record's content only with --raw, and brackets in it are no markup."""
    (found,) = json.loads(
        run("quarantine", "list", "--reason", "bad_time", "--store", store, "--format", "json").stdout
    )
    without = run("quarantine", "show", found["id"], "--store", store).stdout
    whole = run("quarantine", "show", found["id"], "--raw", "--store", store).stdout

    assert "IDVA-WM" not in without
    assert "IDVA-WM" in whole


def test_a_steward_sees_to_a_record_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Show it marked, assign, discard and restore it, judge it again; every action is a line of the outbox."""
    monkeypatch.setenv("THROUGHLINE_DOMAIN", str(listing_folder(tmp_path)))
    store = tmp_path / "s.duckdb"
    run("replay", EVENTS, FAULTS, "--store", store)
    listed = ["quarantine", "list", "--reason", "bad_time", "--store", store, "--format", "json"]
    (found,) = json.loads(run(*listed).stdout)
    given = ["--area", "20", "--events", tmp_path / "steward.jsonl", "--store", store]

    groups = json.loads(run("quarantine", "list", "--store", store, "--format", "json").stdout)
    assert [row["newest id"] for row in groups if row["reason"] == "bad_time"] == [found["id"]]
    assert '▶   "time": "2026-01-08 09:00"' in run("quarantine", "show", found["id"], "--raw", "--store", store).stdout
    run("quarantine", "assign", found["id"], "--role", "publisher", *given)
    run("quarantine", "discard", found["id"], "--reason-code", "test_record", *given)
    (seen,) = json.loads(run(*listed).stdout)
    assert (seen["state"], seen["assigned to"]) == ("discarded", "publisher")
    run("quarantine", "restore", found["id"], *given)
    (seen,) = json.loads(run(*listed).stdout)
    assert (seen["state"], seen["assigned to"]) == ("open", "publisher")
    assert "bad_time" in run("quarantine", "replay", "--reason", "bad_time", "--store", store).stdout
    assert "conflicts resolve" in run("quarantine", "replay", "--reason", "conflict", "--store", store, code=2).stderr
    assert len((tmp_path / "steward.jsonl").read_text().splitlines()) == 3


def test_two_stewards_link_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """See what it would do, propose, be refused alone, second, undo, unlink; the list says at each step what is."""
    monkeypatch.setenv("THROUGHLINE_DOMAIN", str(listing_folder(tmp_path)))
    store, pair = tmp_path / "s.duckdb", ["crime_ref:20/000123/26", "crime_ref:20/000456/26"]
    run("replay", EVENTS, "--store", store)
    given = ["--area", "20", "--events", tmp_path / "steward.jsonl", "--store", store]

    def listed() -> list[dict[str, str]]:
        found: list[dict[str, str]] = json.loads(run("links", "list", "--store", store, "--format", "json").stdout)
        return found

    shown = run("links", "show", *pair, "--area", "20", "--store", store, "--format", "table").stdout
    assert "one case of 16 events; that takes a second steward" in shown
    assert listed() == []

    because = ["--reason-code", "same_case"]
    assert "waits" in run("links", "propose", *pair, *because, "--officer", "o-5b20d4aa", *given).stdout
    (found,) = listed()
    assert (found["state"], found["by"], found["seconded by"]) == ("waiting", "o-5b20d4aa", None)

    alone = run("links", "second", found["act"], "--officer", "o-5b20d4aa", *given, code=2)
    assert "Another steward" in alone.stderr
    run("links", "second", found["act"], "--officer", "o-7c31e0bd", *given)
    assert [(row["state"], row["seconded by"]) for row in listed()] == [("linked", "o-7c31e0bd")]

    assert "1 withdrawn" in run("links", "undo", *pair, *because, *given).stdout
    assert listed() == []
    run("links", "unlink", pair[0], "urn:20PP0012326", "--reason-code", "typing_error", *given)
    assert [row["state"] for row in listed()] == ["unlinked"]
    assert len((tmp_path / "steward.jsonl").read_text().splitlines()) == 4


def test_a_steward_decides_a_conflict_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Find it, see what differs, name the copy that is true; a source by its name or by the end of it."""
    monkeypatch.setenv("THROUGHLINE_DOMAIN", str(listing_folder(tmp_path)))
    store, event = tmp_path / "s.duckdb", ["urn:throughline:police:20:rms", "police-0001"]
    run("replay", EVENTS, FAULTS, "--store", store)
    listed = ["conflicts", "list", "--store", store, "--format", "json"]
    (found,) = json.loads(run(*listed).stdout)
    assert (found["state"], found["source"], found["event"], found["copies"]) == ("open", *event, 2)

    rows = json.loads(run("conflicts", "show", *event, "--store", store, "--format", "json").stdout)
    assert [row["field"] for row in rows if row["differs"]] == ["data.offence_group"]
    chosen = next(row["copy 2"] for row in rows if row["field"] == "content hash")
    given = ["--area", "20", "--events", tmp_path / "steward.jsonl", "--store", store]
    run("conflicts", "resolve", "police:20:rms", "police-0001", chosen, "--reason-code", "source_corrected", *given)

    (found,) = json.loads(run(*listed).stdout)
    assert found["state"] == "decided"
    rows = json.loads(run("conflicts", "show", *event, "--store", store, "--format", "json").stdout)
    assert [row["copy 1"] + row["copy 2"] for row in rows if row["field"] == "stands"] == ["noyes"]


def test_what_looks_like_markup_is_shown_as_it_is(tmp_path: Path) -> None:
    """A record with `[/bold]` in it neither ends the command nor loses a bracket."""
    (tmp_path / "odd.jsonl").write_text("[/bold] [red]\n")
    run("replay", tmp_path / "odd.jsonl", "--store", tmp_path / "s.duckdb", code=1)
    (found,) = json.loads(
        run("quarantine", "list", "--reason", "not_json", "--store", tmp_path / "s.duckdb", "--format", "json").stdout
    )

    shown = run("quarantine", "show", found["id"], "--raw", "--store", tmp_path / "s.duckdb").stdout

    assert "[/bold] [red]" in shown


def test_a_reason_that_is_not_there_is_answered_with_those_that_are(store: Path) -> None:
    """A misspelt reason is not an empty quarantine."""
    assert "bad_time, conflict" in run("quarantine", "list", "--reason", "conflit", "--store", store, code=1).stderr


def test_a_reader_that_goes_away_is_no_fault(store: Path) -> None:
    """`| head` ends with 0 and without a word."""
    script = f"{THROUGHLINE} query 'select unnest(range(300000))' --store {store} --format csv | head -1"

    done = subprocess.run(
        ["bash", "-c", f"{script}; exit ${{PIPESTATUS[0]}}"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_standard_input_is_replayed_as_a_file_is(tmp_path: Path) -> None:
    """An array, packed: the same digest as the lines of a file."""
    array = gzip.compress(b"[%s]" % b",".join(EVENTS.read_bytes().splitlines()))
    with mock.patch("sys.stdin", TextIOWrapper(BufferedReader(BytesIO(array)))):
        run("replay", "-", "--store", tmp_path / "stdin.duckdb")
    run("replay", EVENTS, "--store", tmp_path / "file.duckdb")

    digests = [run("digest", "--store", tmp_path / f"{name}.duckdb").stdout for name in ("stdin", "file")]
    assert digests[0] == digests[1]


def test_what_cannot_be_read_leaves_no_store(tmp_path: Path) -> None:
    """A path or mapping that is not there: refused with what to do, and no empty store is left behind."""
    for arguments in (["nope.jsonl"], [EVENTS, "nope.jsonl"], [EVENTS, "--mapping", "nope"]):
        done = run("replay", *arguments, "--store", tmp_path / "s.duckdb", code=2)
        assert "`nope" in done.stderr

    assert list(tmp_path.iterdir()) == []


def test_a_mapping_that_is_not_there_is_answered_with_those_that_ship(tmp_path: Path) -> None:
    """The shipped mappings of the domain are named."""
    done = run("replay", EVENTS, "--mapping", "police", "--store", tmp_path / "s.duckdb", code=2)

    assert "police_uk_street" in done.stderr


def test_a_store_that_is_not_there_is_a_fault_in_what_was_given(tmp_path: Path) -> None:
    """Not one of the machine: a script that retries those must not retry this."""
    for name in ("nope.duckdb", "."):
        assert "store" in run("delays", "--store", tmp_path / name, code=1).stderr


def test_a_file_that_is_no_store_is_named(tmp_path: Path) -> None:
    """A DuckDB file of somebody else's."""
    with duckdb.connect(str(tmp_path / "other.duckdb")) as connection:
        connection.execute("create table t (a integer)")

    for arguments in (["delays"], ["replay", str(EVENTS)]):
        assert f"{tmp_path}/other.duckdb" in run(*arguments, "--store", tmp_path / "other.duckdb", code=70).stderr


def fines(folder: Path) -> Path:
    """A store of one road fine, and the export that it came from."""
    columns = re.findall(r"[\w:]+", "case:concept:name,concept:name,time:timestamp")
    rest = [
        "amount",
        "article",
        "dismissal",
        "expense",
        "lastSent",
        "notificationType",
        "org:resource",
        "paymentAmount",
        "totalPaymentAmount",
        "points",
        "vehicleClass",
        "lifecycle:transition",
    ]
    lines = [
        ",".join([*columns, *rest]),
        "A1,Create Fine,2006-07-24 00:00:00+02:00" + "," * len(rest),
        "A1,Send Fine,2006-12-05 00:00:00+01:00" + "," * len(rest),
    ]
    (folder / "fines.csv").write_text("\n".join(lines) + "\n")
    path = folder / "fines.duckdb"
    run("replay", folder / "fines.csv", "--domain", "road_fines", "--mapping", "roadtraffic", "--store", path)
    return path


def test_a_store_keeps_its_domain(tmp_path: Path) -> None:
    """Nobody need name it again, and another is refused rather than making all of it say something else."""
    path = fines(tmp_path)
    digest = run("digest", "--store", path).stdout

    assert run("verify", "--store", path).stdout == digest
    assert run("replay", tmp_path / "fines.csv", "--mapping", "roadtraffic", "--store", path).stdout.split()[:4] == [
        *("2", "read", "0", "accepted")
    ]
    for arguments in (["verify"], ["replay", str(EVENTS)]):
        done = run(*arguments, "--domain", "england_wales", "--store", path, code=2)
        assert "has the domain road_fines" in done.stderr
    assert run("digest", "--store", path).stdout == digest
    assert "1 cases rebuilt" in run("rebuild", "--store", path).stdout
    assert "sorted by case" in run("compact", "--store", path).stdout
    assert run("digest", "--store", path).stdout == digest


def test_a_day_is_never_shown_as_a_midnight(tmp_path: Path) -> None:
    """Fines have days; the list of handoffs and the timeline show days."""
    path = fines(tmp_path)

    shown = run("handoffs", "--store", path).stdout + run("timeline", "A1", "--store", path).stdout

    assert "2006-12-05" in shown
    assert "00:00" not in shown


def test_a_dry_run_reads_a_folder_and_says_when_it_could_not_run(tmp_path: Path) -> None:
    """Like the run itself it takes a folder; it ends with 1 where the mapping does not fit, and makes no store."""
    fines(tmp_path)
    folder = tmp_path / "exports"
    folder.mkdir()
    (tmp_path / "fines.csv").rename(folder / "fines.csv")
    arguments = ["replay", folder, "--domain", "road_fines", "--mapping", "roadtraffic", "--dry-run"]

    assert "2 rows: 2 events" in run(*arguments, "--store", tmp_path / "none.duckdb").stdout

    (folder / "fines.csv").write_text("a,b\n1,2\n")

    assert "cannot run" in run(*arguments, "--store", tmp_path / "none.duckdb", code=1).stdout
    assert not (tmp_path / "none.duckdb").exists()


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("throughline hand", ["handoffs"]),
        ("throughline quarantine ", ["assign", "discard", "list", "replay", "restore", "show"]),
        ("throughline links ", ["list", "propose", "second", "show", "undo", "unlink"]),
        ("throughline catalogue cps.pcd.tri", ["cps.pcd.triaged"]),
        ("throughline standards VC-R6-ARR", ["VC-R6-ARREST"]),
        ("throughline replay --domain ", ["england_wales", "process_log", "road_fines"]),
        ("throughline replay --mapping police", ["police_uk_street"]),
        ("throughline query --format ", ["table", "csv", "json", "parquet"]),
    ],
)
def test_a_shell_completes(line: str, completed: list[str]) -> None:
    """What bash asks for when somebody presses the tab key."""
    asked = run(COMP_WORDS=line, COMP_CWORD=str(len(line.split(" ")) - 1), _THROUGHLINE_COMPLETE="bash_complete").stdout

    assert [found.split(",")[1] for found in asked.split()] == completed


def test_bash_takes_the_completion_script() -> None:
    """The script, sourced by bash, completes a command."""
    script = (
        f"source <({THROUGHLINE} completion bash); COMP_WORDS=(throughline rebu); COMP_CWORD=1; "
        f"_throughline_completion {THROUGHLINE}; echo ${{COMPREPLY[@]}}"
    )

    assert subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout == "rebuild\n"


def test_every_command_says_in_one_line_what_it_is_for() -> None:
    """On a terminal of 80 columns no sentence of the overview is cut short."""
    overview = run("--help", COLUMNS="80").stdout

    assert "..." not in overview.partition("Start here:")[2]
    commands = under(command) | under(under(command)["source"])
    assert {name: one.name for name, one in commands.items()} == {name: name for name in commands}
    assert all(f"  {name} " in overview for name in under(command))


def test_a_case_can_be_copied_from_a_narrow_table(store: Path) -> None:
    """In 80 columns the id of a case stands in one piece."""
    shown = run("handoffs", "--store", store, "--format", "table", COLUMNS="80").stdout

    assert re.search(r"c[0-9a-f]{16}", shown)
