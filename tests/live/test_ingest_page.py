"""From nothing to a first timeline over HTTP, by the commands of the page, as somebody pastes them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from throughline.broker.java import find_java
from throughline.broker.ports import free_ports
from throughline.errors import BrokerToolMissing

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "ingest.md"
FIRST = re.compile(r"^## A first timeline$.*?^```sh\n(.*?)^```$", re.M | re.S)
# every job by the signal of Ctrl-C, which a shell keeps from its background unless it controls jobs
AROUND = "set -m\ntrap 'kill -INT $(jobs -p); wait' EXIT\n"


def test_the_page_leads_to_a_timeline(tmp_path: Path) -> None:
    try:
        find_java()
    except BrokerToolMissing:
        pytest.skip("no Java")
    if shutil.which("curl") is None:
        pytest.skip("no curl")
    found = FIRST.search(PAGE.read_text(encoding="utf-8"))
    assert found is not None
    text = found[1]
    assert len(re.findall(r"^(throughline|curl|until) ", text, re.M)) == len(re.findall(r"^\w+ ", text, re.M)) <= 6
    for port, free in zip(("9092", "8080"), free_ports(2), strict=True):
        text = text.replace(port, str(free))

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", AROUND + text],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=700,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr + (tmp_path / "up.log").read_text()
    assert '"accepted":1' in done.stdout
    assert "police.crime.recorded" in done.stdout
