"""Faults on a real worker and a broker of their own: nothing is lost, and the stores say what a replay says.

Sixty-four kills and what is not a kill; all rows, and many more kills, are `python -m bench.faults --lane long`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from brokers import local_or_skip

CHECKOUT = Path(__file__).resolve().parents[2]
ROWS = (
    "worker killed",  # at random, and at a statement
    "taker killed at a statement",
    "sink killed",
    "broker killed",
    "records spoilt",
    "offsets of the group lost",
    "topic made anew while away",
)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("row", ROWS)
def test_nothing_is_lost(row: str, tmp_path: Path) -> None:
    local_or_skip()
    ended = subprocess.run(
        [sys.executable, "-m", "bench.faults", "--lane", "short", "--only", row, "--folder", str(tmp_path / "faults")],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
        timeout=850,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr[-8000:]
    assert " 0 lost; 0 faults" in ended.stdout
