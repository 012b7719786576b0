"""Hostile input of every kind ends accepted or in quarantine, within time and memory (bench/hostile/, smaller)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]


def test_hostile_inputs_end_accepted_or_in_quarantine() -> None:
    """3,000 hostile inputs through the real readers into a real store: no crash, no hang, and the counts add up."""
    # a process of its own: the watchdog ends it, and its memory is measured
    done = subprocess.run(
        [sys.executable, "-m", "bench.hostile", "--inputs", "3000"],
        cwd=REPO,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    assert "; 0 faults" in done.stdout
