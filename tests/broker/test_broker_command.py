"""`bin/broker` runs until it is told to end, and keeps what it was given."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from brokers import local_or_skip

from throughline.broker.answer import answers
from throughline.broker.ports import free_ports


def test_it_says_where_it_is_and_ends_when_told(tmp_path: Path) -> None:
    """One line that a shell can take; a folder that is in use ends with 70 and says why."""
    local_or_skip()
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "throughline.broker", "--port", str(port), "--folder"]

    with subprocess.Popen([*command, str(tmp_path / "kept")], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"export KAFKA_BOOTSTRAP=127.0.0.1:{port}\n"
        assert answers(f"127.0.0.1:{port}")
        beside = subprocess.run([*command, str(tmp_path / "kept")], capture_output=True, text=True, check=False)
        process.send_signal(signal.SIGTERM)

    assert process.returncode == 0
    assert not answers(f"127.0.0.1:{port}")
    assert (tmp_path / "kept" / "data" / "meta.properties").exists()
    assert beside.returncode == 70
    assert beside.stderr.startswith("broker: Another broker is running in ")
