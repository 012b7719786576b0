"""What stewards write for others, from the command line: scores, the letter, the page and the lineage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from on_record import RMS, put_on_record, result
from typed import run

from throughline.sinks.store import open_store

EVENTS = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "examples" / "events.jsonl"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example events, with a run of the checks as of March."""
    folder = tmp_path_factory.mktemp("quality")
    path = folder / "cases.duckdb"
    run("replay", EVENTS, "--store", path)
    with open_store(path, write=True) as made:
        found = [result("unit_missing", RMS), result("numbers_lost", RMS, passed=False)]
        put_on_record(made, folder, "2026-03-20T12:00", found)
    return path


def test_scores_are_shown_by_month_and_feed(store: Path) -> None:
    """For the feeds, their agencies and all of them."""
    rows = json.loads(run("quality", "scores", "--format", "json", "--store", store).stdout)

    assert {(row["month"], row["scope"]) for row in rows} == {("2026-03-01", one) for one in ("all", "agency", "feed")}
    assert all(0 <= row["held"] <= row["made"] for row in rows)


def test_service_levels_are_shown_by_month_and_feed(store: Path) -> None:
    """Those of the domain's quality.yaml."""
    rows = json.loads(run("quality", "scores", "--levels", "--format", "json", "--store", store).stdout)

    assert {row["level"] for row in rows} == {"numbers_missing", "refused", "silence_days"}
    assert {row["agreed"] for row in rows if row["level"] == "silence_days"} == {"at most 7.0"}


def test_a_letter_is_written_as_html_and_pdf(store: Path, tmp_path: Path) -> None:
    """Into a folder that is made for it."""
    folder = tmp_path / "letters"
    ask = "Data desk, ext. 100"
    run("quality", "letter", "police", "--month", "2026-03", "--out", folder, "--ask", ask, "--store", store)

    assert {path.name for path in folder.iterdir()} == {"police-2026-03.html", "police-2026-03.pdf"}
    assert f"{ask}." in (folder / "police-2026-03.html").read_text(encoding="utf-8")


def test_a_month_is_given_by_year_and_number(store: Path, tmp_path: Path) -> None:
    """Anything else is a wrong call."""
    said = run("quality", "letter", "police", "--month", "March", "--out", tmp_path, "--store", store, code=2).stderr

    assert "`March` is not a month. Write 2026-05." in said


def test_the_page_is_one_file(store: Path, tmp_path: Path) -> None:
    """And the command says what it says."""
    done = run("quality", "page", "--out", tmp_path / "quality.html", "--store", store)

    assert [path.name for path in tmp_path.iterdir()] == ["quality.html"]
    assert done.stdout.split(": ", 1)[1].strip() in (tmp_path / "quality.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [["quality", "page"], ["lineage"]])
def test_what_cannot_be_written_is_named(command: list[str], store: Path, tmp_path: Path) -> None:
    """A file stands where a folder should be."""
    (tmp_path / "file").write_text("")

    said = run(*command, "--out", tmp_path / "file" / "x", "--store", store, code=70).stderr

    assert "cannot be written" in said


def test_lineage_is_printed_or_written(store: Path, tmp_path: Path) -> None:
    """The same lines; a file goes before a server."""
    printed = run("lineage", "--store", store).stdout
    run("lineage", "--store", store, "--out", tmp_path / "l.jsonl", OPENLINEAGE_URL="http://127.0.0.1:9")

    assert {json.loads(line)["schemaURL"].split("/")[4] for line in printed.splitlines()} == {"2-0-2"}
    assert (tmp_path / "l.jsonl").read_text(encoding="utf-8") == printed


@pytest.fixture
def server() -> Iterator[tuple[str, list[Any]]]:
    """A server of lineage that takes everything: its address, and what it took."""
    taken: list[Any] = []

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(201)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Taker) as made:
        Thread(target=made.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{made.server_port}", taken
        made.shutdown()


def test_lineage_is_sent_to_a_server(store: Path, server: tuple[str, list[Any]]) -> None:
    """By the standard variable, one event a request."""
    url, taken = server
    printed = run("lineage", "--store", store).stdout.splitlines()
    run("lineage", "--store", store, OPENLINEAGE_URL=url)

    assert taken == [("/api/v1/lineage", json.loads(line)) for line in printed]


def test_a_server_that_does_not_answer_is_named(store: Path) -> None:
    """Nothing listens at port 9."""
    said = run("lineage", "--store", store, "--url", "http://127.0.0.1:9", code=70).stderr

    assert "`http://127.0.0.1:9` did not take the lineage" in said
