"""`throughline source watch`, as a service runs it: it takes what comes, and ends when it is told to."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "examples"
THROUGHLINE = Path(sys.executable).with_name("throughline")
_SECONDS = 60


def test_files_are_taken_while_it_runs_and_sigterm_ends_it(tmp_path: Path) -> None:
    """No broker answers: what was taken waits in the outbox."""
    drop, came = tmp_path / "drop", tmp_path / "crimes.csv"
    drop.mkdir()
    shutil.copy(EXAMPLES / "crimes.csv", came)
    options = ["--mapping", f"crimes*.csv={EXAMPLES / 'crimes.yaml'}", "--outbox", str(tmp_path / "outbox.sqlite")]
    options += ["--bootstrap", "localhost:1", "--settle", "0.2", "--every", "0.1"]
    with subprocess.Popen(
        [THROUGHLINE, "source", "watch", drop, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as watching:
        try:
            (drop / "half.xlsx").write_bytes(b"PK\x03\x04")
            came.rename(drop / came.name)
            until = time.monotonic() + _SECONDS
            while not (drop / "done" / came.name).exists() and time.monotonic() < until and watching.poll() is None:
                time.sleep(0.05)
            watching.send_signal(signal.SIGTERM)
            out, err = watching.communicate(timeout=_SECONDS)
        finally:
            watching.kill()
    assert watching.returncode == 0, err
    assert out == "taken crimes.csv: 7 read, 4 new, 0 known, 3 refused.\n"
    assert "half.xlsx is left alone: its end, the directory of the ZIP, is missing." in err
    assert sorted(one.name for one in drop.iterdir()) == ["done", "failed", "half.xlsx"]
