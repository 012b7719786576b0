"""Faults on a real worker and a broker of their own: nothing is lost, and the stores say what a replay says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from brokers import local_or_skip

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(1800)
def test_nothing_is_lost_in_the_short_lane(tmp_path: Path) -> None:
    local_or_skip()
    ended = subprocess.run(
        [sys.executable, "-m", "bench.faults", "--lane", "short", "--folder", str(tmp_path / "faults")],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
        timeout=1700,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr[-8000:]
