"""Faults on a real worker and a broker of their own: nothing is lost, and the stores say what a replay says.

A dozen kills and what is not a kill; sixty-four, and all rows, are `python -m bench.faults`, and hundreds its
`--lane long`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from brokers import local_or_skip

CHECKOUT = Path(__file__).resolve().parents[2]
# those of one world follow each other on one broker
WORLDS = (
    ("worker killed", "taker killed at a statement", "sink killed"),
    ("broker killed", "records spoilt", "offsets of the group lost", "topic made anew while away"),
)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("rows", WORLDS, ids=["killed", "broken"])
def test_nothing_is_lost(rows: tuple[str, ...], tmp_path: Path) -> None:
    local_or_skip()
    only = [word for row in rows for word in ("--only", row)]
    ended = subprocess.run(
        [sys.executable, "-m", "bench.faults", "--lane", "brief", *only, "--folder", str(tmp_path / "faults")],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
        timeout=850,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr[-8000:]
    assert " 0 lost; 0 faults" in ended.stdout
