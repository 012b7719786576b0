"""`throughline board` as somebody starts it: where it says it is, what it shows while a store is written, its end."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.request import urlopen

import pytest
from typed import run

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "examples"
START = "from throughline.cli.main import main; main()"


@contextmanager
def started(*arguments: object) -> Iterator[str]:
    """The address that the command says; it must end by itself when it is told to."""
    command = [sys.executable, "-c", START, "board", "--port", "0", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.search(r"http://\S+", line)
            assert found is not None, line
            yield found[0]
        finally:
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
    assert "Traceback" not in said


def page(address: str) -> str:
    with urlopen(address, timeout=60) as answer:
        return str(answer.read().decode())


def test_what_is_replayed_while_it_is_open_is_shown_and_said(tmp_path: Path) -> None:
    """The replay is not held up; the stream says that there is something new; the next page has it."""
    store = tmp_path / "cases.duckdb"
    run("replay", EXAMPLES / "faults.jsonl", "--store", store)
    with started("--store", store, "--memory", "400MB") as address:
        before = page(f"{address}cases")
        with urlopen(f"{address}fresh", timeout=60) as stream:
            said = [line for line in iter(lambda: stream.readline().decode(), "\n") if line.startswith("data:")]
            first = json.loads(said[0].removeprefix("data:"))["stamp"]
            assert f'data-stamp="{first}"' in before
            run("replay", EXAMPLES / "events.jsonl", "--store", store)
            lines = iter(lambda: stream.readline().decode(), "")
            assert next(line for line in lines if line.startswith("data:") and first not in line)
        rows = before.count('<th scope="row">')
        for _ in range(200):
            # the rules are committed before the first event is
            after = page(f"{address}cases")
            if after.count('<th scope="row">') > rows:
                break
            time.sleep(0.1)
        assert "urn:" not in after
        assert after.count('<th scope="row">') > rows


def test_a_folder_of_stores_is_one_board(tmp_path: Path) -> None:
    for name in ("events", "faults"):
        run("replay", EXAMPLES / f"{name}.jsonl", "--store", tmp_path / f"{name}.duckdb")
    with started("--store", tmp_path) as both, started("--store", tmp_path / "events.duckdb") as one:
        shown = [int(found[1]) for url in (both, one) if (found := re.search(r"(\d+) cases?,", page(f"{url}cases")))]
    assert shown[0] > shown[1] > 0


def test_beyond_this_machine_the_served_board_asks_the_proxy_who_it_is(tmp_path: Path) -> None:
    """Without an access file it does not begin to listen; with one, a request without the proxy's word is refused."""
    store, access, secret = tmp_path / "cases.duckdb", tmp_path / "access.yaml", tmp_path / "secret"
    run("replay", EXAMPLES / "events.jsonl", "--store", store)
    secret.write_text("what the proxy alone can send: 0123456789")
    secret.chmod(0o600)
    secret.chmod(0o600)
    access.write_text(
        "address: https://board.example.org\nproxy:\n  addresses: [127.0.0.0/8]\n  user_header: X-Person\n"
        "  roles_header: X-Roles\n  secret_header: X-Secret\n  secret_file: secret\n"
        "roles:\n  - {claim: roles, is: stewards, role: steward}\n"
    )
    assert "nothing says who may see what" in run("board", "--store", store, "--host", "0.0.0.0", code=2).stderr

    with started("--store", store, "--host", "0.0.0.0", "--access", access) as address:
        port = re.sub(r".*:(\d+)/", r"\1", address)
        host = {"Host": "board.example.org"}
        said = {**host, "X-Person": "p1", "X-Roles": "stewards", "X-Secret": secret.read_text()}
        without = {name: value for name, value in said.items() if name != "X-Secret"}
        assert [status(port, given) for given in ({}, host, without, said)] == [421, 403, 403, 200]


def status(port: str, headers: dict[str, str]) -> int:
    with closing(HTTPConnection("127.0.0.1", int(port), timeout=60)) as connection:
        connection.request("GET", "/cases", headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (["--store", "nowhere.duckdb"], "There is no store at", 1),
        (["--store", "."], "There is no store in the folder", 1),
        (["--store", "cases.duckdb", "--store", "./cases.duckdb"], "is named twice", 2),
        (["--store", "cases.duckdb", "--host", "nowhere.invalid"], "nothing says who may see what", 2),
        (["--store", "cases.duckdb", "--as-of", "soon"], "`soon` is not a time", 2),
    ],
)
def test_what_cannot_be_opened_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str, code: int
) -> None:
    monkeypatch.chdir(tmp_path)
    if "cases.duckdb" in arguments:
        run("replay", EXAMPLES / "events.jsonl", "--store", "cases.duckdb")

    assert said in run("board", *arguments, code=code).stderr
