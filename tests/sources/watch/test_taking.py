"""What becomes of a file that came into a watched folder: its events in the outbox, once; its place; its report."""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from throughline.errors import InfrastructureError
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.schemas.definitions.topics import load_topics
from throughline.schemas.wire.avro.codec import SchemaStore
from throughline.schemas.wire.kafka_record import BACKLOG_HEADER
from throughline.sources.mapping.mapping import load_mapping
from throughline.sources.publish import publisher
from throughline.sources.publish.account import Account
from throughline.sources.publish.ledger import deliveries_of, refusals_of
from throughline.sources.publish.outbox import Outbox
from throughline.sources.publish.publisher import CLIENTS, Publisher
from throughline.sources.watch.finished import Finished
from throughline.sources.watch.report import Report
from throughline.sources.watch.routes import Route
from throughline.sources.watch.taking import Taking
from throughline.sources.watch.watching import watch

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "examples"
# of the eight rows of crimes.csv: those that are events
CRIMES = {f"20/000{number}/26:NEW" for number in (789, 790, 793, 794)}


@pytest.fixture(scope="module")
def domain() -> Domain:
    return load_domain()


@pytest.fixture(scope="module")
def schemas(domain: Domain) -> SchemaStore:
    return SchemaStore(domain)


class Away:
    """A client whose broker takes nothing."""

    trouble, is_broken = "", False

    def send(self, record: object, done: object) -> bool:
        return False

    def poll(self, seconds: float) -> None:
        time.sleep(min(seconds, 0.01))

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def _away(monkeypatch: pytest.MonkeyPatch, schemas: SchemaStore) -> None:
    monkeypatch.setattr(publisher, "SchemaStore", lambda domain: schemas)  # compiling them takes a second
    monkeypatch.setitem(cast(dict[str, Any], CLIENTS), "away", lambda *given, **said: Away())


class Watched:
    """A folder, and an outbox whose broker is away: what is taken stays to be seen."""

    def __init__(self, root: Path, domain: Domain) -> None:
        self.root, self.folder, self.domain = root, root / "drop", domain
        self.folder.mkdir(exist_ok=True)
        self.notes: list[str] = []

    def put(self, name: str, content: bytes | None = None) -> Path:
        file = self.folder / name
        file.write_bytes((EXAMPLES / "crimes.csv").read_bytes() if content is None else content)
        return file

    def run(self, *, mapping: Path = EXAMPLES / "crimes.yaml", **settings: Any) -> list[Report]:
        reports: list[Report] = []
        with (
            Outbox(self.root / "outbox.sqlite") as outbox,
            Publisher("nowhere", load_topics(self.domain), self.domain, outbox, client="away") as publishing,
        ):
            routes = [Route("*.csv", load_mapping(mapping))]
            taking = Taking(self.folder, routes, publishing, self.domain, self.root / "work", **settings)
            watch(
                Finished(self.folder, 0),
                taking,
                publishing,
                every_seconds=0.01,
                once=True,
                stop=threading.Event(),
                taken=reports.append,
                note=self.notes.append,
            )
        return reports

    def events(self) -> list[str]:
        """The ids of the events in the outbox, each as often as it is there."""
        with Outbox(self.root / "outbox.sqlite") as outbox:
            return sorted(dict(one.record.headers)["ce_id"].decode() for one in outbox.unsent())

    def report(self, place: str) -> dict[str, Any]:
        said: dict[str, Any] = json.loads((self.folder / f"{place}.report.json").read_text())
        return said

    def files(self) -> list[str]:
        found = (one.relative_to(self.folder).as_posix() for one in self.folder.rglob("[!.]*") if one.is_file())
        return sorted(name for name in found if not name.endswith(".report.json"))


@pytest.fixture
def watched(tmp_path: Path, domain: Domain) -> Watched:
    return Watched(tmp_path, domain)


def test_good_rows_are_taken_and_refused_ones_stand_in_the_report(watched: Watched) -> None:
    watched.put("crimes.csv")
    watched.put("events.jsonl", (EXAMPLES / "events.jsonl").read_bytes())
    watched.run()

    assert watched.files() == ["done/crimes.csv", "done/events.jsonl"]
    said = watched.report("done/crimes.csv")
    assert (said["outcome"], said["read"], said["new"], said["left_out"]) == ("taken", 7, 4, 1)
    assert said["refused"] == {"bad_time": 1, "missing_id": 1, "unmapped_value": 1}
    assert [(row["position"], row["field"]) for row in said["rows"]] == [
        (4, "Recorded"), (5, "id"), (6, "offence_group"),
    ]  # fmt: skip
    assert "THEFT" not in json.dumps(said)
    # the outbox counts them as well, and knows what is refused by its file
    with Account(watched.root / "outbox.sqlite") as account:
        counts = {Path(one.origin).name: (one.read, one.new, one.refused) for one in account.look(deliveries_of)}
        refused = [(Path(one.origin).name, one.reason) for one in account.look(refusals_of)]
    assert counts == {"crimes.csv": (7, 4, 3), "events.jsonl": (16, 16, 0)}
    assert sorted(refused) == [
        ("crimes.csv", "bad_time"), ("crimes.csv", "missing_id"), ("crimes.csv", "unmapped_value"),
    ]  # fmt: skip
    assert set(watched.events()) > CRIMES
    assert len(watched.events()) == 4 + 16


def test_history_is_marked_as_a_backlog(watched: Watched) -> None:
    watched.put("crimes.csv")
    watched.run(is_backlog=True)

    with Outbox(watched.root / "outbox.sqlite") as outbox:
        marked = [dict(one.record.headers).get(BACKLOG_HEADER) for one in outbox.unsent()]
        assert [one.backlog for one in outbox.look(deliveries_of)] == [7]
    assert marked == [b"true"] * 4


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("notes.txt", b"hello", "no pattern"),
        ("crimes.csv", b"", "is empty"),
        ("crimes.csv", b"Crime No;Recorded\n20/1/26;14/03/2026 21:40\n", "has no column `Officer Unit`"),
        ("crimes.csv", b"PK\x05\x06", "crimes.csv"),
        ("events.jsonl", b'{"specversion": "1.0"}\n{}\n', "every record was refused"),
    ],
)  # fmt: skip
def test_file_that_gives_next_to_nothing_fails_with_what_is_wrong(
    watched: Watched, name: str, content: bytes, why: str
) -> None:
    watched.put(name, content)
    watched.run()
    assert watched.files() == [f"failed/{name}"]
    assert why in watched.report(f"failed/{name}")["why"]
    assert str(watched.root / "work") not in watched.report(f"failed/{name}")["why"]


def test_content_that_was_wholly_taken_is_nothing_new_under_any_name(watched: Watched) -> None:
    """Where rows were refused it is read again: the mapping may have been mended since."""
    clean = b"".join((EXAMPLES / "crimes.csv").read_bytes().splitlines(keepends=True)[:3])
    for name in ("first.csv", "second.csv"):
        watched.put(name, clean)
        watched.run()
    watched.put("first.csv", clean)
    (report,) = watched.run()
    assert (report.outcome, report.why) == ("known", "Its content was taken before, as first.csv.")
    assert len(watched.files()) == 3
    assert len(watched.events()) == 2


def test_file_that_is_put_back_after_its_mapping_was_mended_is_taken(watched: Watched, tmp_path: Path) -> None:
    good = (EXAMPLES / "crimes.yaml").read_text()
    bad = tmp_path / "bad.yaml"
    bad.write_text(good.replace("Officer Unit", "Unit"))
    watched.put("crimes.csv")
    watched.run(mapping=bad)
    assert watched.files() == ["failed/crimes.csv"]
    (watched.folder / "failed" / "crimes.csv").rename(watched.folder / "crimes.csv")
    watched.run()
    assert watched.files() == ["done/crimes.csv"]
    assert not (watched.folder / "failed" / "crimes.csv.report.json").exists()


def test_other_content_under_a_name_that_was_taken_keeps_both(watched: Watched) -> None:
    watched.put("crimes.csv")
    watched.run()
    watched.put("crimes.csv", (EXAMPLES / "crimes.csv").read_bytes().replace(b"000794", b"000795"))
    watched.run()
    first, second = watched.files()
    assert first.startswith("done/crimes.")
    assert second == "done/crimes.csv"
    assert watched.report(first)["new"] == 1


def test_what_changes_while_it_is_read_is_read_again(watched: Watched) -> None:
    """Each state is read whole: no event comes of half of one and half of the other."""
    text = (EXAMPLES / "crimes.csv").read_bytes()
    file = watched.put("crimes.csv", text.replace(b"20PP", b"20PQ"))
    changes = iter([lambda: file.write_bytes(text)])

    def change(stage: str, done: float, total: float | None) -> None:
        next(changes, lambda: None)()

    (report,) = watched.run(progress=change)
    assert report.read == 7
    assert (watched.folder / "done" / "crimes.csv").read_bytes() == text
    assert sorted(watched.events()) == sorted([*CRIMES, *CRIMES]), "those of the first state, and of the second"


def test_a_stop_leaves_the_file_where_it_is(watched: Watched) -> None:
    watched.put("crimes.csv")
    answers = iter([False, True])
    stopped = watched.run(stop=lambda: next(answers, False))
    assert [report.outcome for report in stopped] == ["taken"], "taken when it was looked at again"
    assert set(watched.events()) == CRIMES


class Killed(BaseException):
    """The process is gone."""


def _killed_at(call: int, patch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Be killed before and after each step by which anything is changed that outlives the process."""
    counted = 0

    def killing(real: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **named: Any) -> Any:
            nonlocal counted
            counted += 1
            if counted == call:
                raise Killed
            made = real(*given, **named)
            counted += 1
            if counted == call:
                raise Killed
            return made

        return run

    for owner, name in ((Path, "rename"), (Path, "replace"), (Publisher, "publish"), (shutil, "rmtree")):
        patch.setattr(owner, name, killing(getattr(owner, name)))
    return lambda: counted


def test_kill_at_any_step_leaves_a_file_untouched_or_wholly_taken(tmp_path: Path, domain: Domain) -> None:
    """At each step that changes something, before it and after it; then what a new start makes of it."""
    steps = 0
    for call in range(1, 100):
        root = tmp_path / str(call)
        root.mkdir()
        watched = Watched(root, domain)
        text = watched.put("crimes.csv").read_bytes()
        with pytest.MonkeyPatch.context() as patch:
            counted = _killed_at(call, patch)
            with contextlib.suppress(Killed):
                watched.run()
            steps = max(steps, counted())
        (left,) = watched.files()
        assert (watched.folder / left).read_bytes() == text
        if left == "done/crimes.csv":
            assert watched.report(left)["new"] + watched.report(left)["known"] == 4
        watched.run()
        assert watched.files() == ["done/crimes.csv"]
        assert set(watched.events()) == CRIMES
        assert len(watched.events()) == 4
        if counted() < call:
            break
    assert steps >= 10


SNAPSHOTS = """
title: Nightly
source: urn:throughline:police:20:open_cases
area: {constant: "20"}
identifiers: {crime_ref: crime}
type: {constant: police.crime.recorded}
time: {column: at, format: "%Y-%m-%d"}
fields: {offence_group: {constant: stalking}}
snapshot: {as_of: {path: '(\\d{4}-\\d{2}-\\d{2})\\.csv', format: "%Y-%m-%d"}, complete: true, vanished: retract}
id: {columns: [crime]}
"""


def test_snapshot_is_compared_with_those_before_and_after_it(watched: Watched, tmp_path: Path) -> None:
    """20/2/26 is gone on the third night; the second comes last, and lacks 20/1/26, which the third has again."""
    mapping = tmp_path / "open.yaml"
    mapping.write_text(SNAPSHOTS)
    retracted = []
    for night, crimes in (("01", "12"), ("03", "1"), ("02", "2")):
        rows = "".join(f"20/{crime}/26,2026-01-01\n" for crime in crimes)
        watched.put(f"open-2026-03-{night}.csv", f"crime,at\n{rows}".encode())
        (report,) = watched.run(mapping=mapping)
        assert report.outcome == "taken", report.why
        retracted.append(report.new)
        assert bool(report.notes) is (night == "01")
    with Outbox(watched.root / "outbox.sqlite") as outbox:
        said = [dict(one.record.headers) for one in outbox.unsent()]
    gone = {(one["ce_id"].decode(), one["ce_revision"].decode()) for one in said if "ce_retracts" in one}
    assert gone == {("20/2/26", "2026-03-03"), ("20/1/26", "2026-03-02")}


def test_folder_that_cannot_be_written_is_told(tmp_path: Path, domain: Domain) -> None:
    watched = Watched(tmp_path, domain)
    (watched.folder / "done").write_text("a file")
    with pytest.raises(InfrastructureError, match="cannot have the folders"):
        watched.run()
