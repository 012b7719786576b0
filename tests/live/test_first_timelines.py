"""From nothing to a first timeline on a real broker, by the commands of each page, as somebody pastes them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from throughline.broker.java import find_java
from throughline.broker.ports import free_ports
from throughline.errors import BrokerToolMissing

PAGES = Path(__file__).resolve().parents[2] / "docs" / "how-to"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.M | re.S)
UP = "throughline up --folder here --port 9092 --cases 5 > up.log 2>&1 &\n"
# the service in the background by the signal of Ctrl-C, which a shell keeps from it unless it controls jobs
AROUND = "set -m\ntrap 'jobs -p | xargs -r kill -INT; wait' EXIT\n"

WALKS = {
    page.stem: block
    for page in sorted(PAGES.glob("*.md"))
    for block in BLOCK.findall(page.read_text(encoding="utf-8"))
    if UP in block
}


@dataclass(frozen=True)
class Up:
    """What `throughline up` started: its folder, and the port of the broker."""

    folder: Path
    port: int


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """The line that all walks have, once for all of them."""
    try:
        find_java()
    except BrokerToolMissing:
        pytest.skip("no Java")
    folder, port = tmp_path_factory.mktemp("up"), free_ports(1)[0]
    words = shlex.split(UP.partition(">")[0].replace("9092", str(port)))
    with (folder / "up.log").open("wb") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", *words], cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
        try:
            until = time.monotonic() + 180
            while not (folder / "here" / "board-read.duckdb").exists():
                assert running.poll() is None, (folder / "up.log").read_text()
                assert time.monotonic() < until, (folder / "up.log").read_text()
                time.sleep(0.2)
            yield Up(folder / "here", port)
        finally:
            running.send_signal(2)
            try:
                running.wait(60)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


@pytest.mark.parametrize("page", WALKS)
def test_the_page_leads_to_a_timeline(page: str, up: Up, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("no curl")
    (tmp_path / "here").symlink_to(up.folder)
    text = WALKS[page].replace(UP, "").replace("9092", str(up.port)).replace("8080", str(free_ports(1)[0]))

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", AROUND + text],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Crime recorded" in done.stdout


def test_each_live_way_in_has_a_walk() -> None:
    assert set(WALKS) == {"agencies", "ingest", "watch"}
