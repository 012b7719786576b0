"""What `throughline replay` takes for a file on a terminal, beside a plain reader of the same file in the same run."""

from __future__ import annotations

import os
import pty
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.exports.kinds import KINDS, write
from bench.exports.plain import READERS

_COMMAND = "from throughline.cli.main import main; main()"
_COLOURS = re.compile(r"\x1b\[[?0-9;]*[A-Za-z]")
_STATE = re.compile(r"^reading \S+ \S* *(\d+)%", re.M)
_ACCEPTED = re.compile(r"^([\d,]+) +accepted", re.M)


@dataclass(frozen=True)
class Ran:
    """A process that ended: seconds of the processor, the peak of memory in bytes, what it wrote."""

    cpu: float
    peak: int
    said: str


def run_on_terminal(command: list[str]) -> Ran:
    """Run a command whose output is a terminal. Ends this process where it fails."""
    process, terminal = pty.fork()
    if process == 0:  # pragma: no cover: another process
        os.environ |= {"TERM": "xterm", "COLUMNS": "100", "LINES": "30"}
        os.execv(command[0], command)
    parts = []
    try:
        while part := os.read(terminal, 1 << 16):
            parts.append(part)
    except OSError:  # the other end is closed
        pass
    os.close(terminal)
    _, status, used = os.wait4(process, 0)
    said = _COLOURS.sub("", b"".join(parts).decode(errors="replace")).replace("\r", "\n")
    if status:
        sys.exit(f"{' '.join(command[2:])}: {said[-2000:]}")
    return Ran(used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, said)


def bar_of(said: str) -> list[int]:
    """The percentages that the bar of reading showed, each once, in their order."""
    return list(dict.fromkeys(int(one) for one in _STATE.findall(said)))


def compare_all(folder: Path, rows: int, megabytes: int, only: list[str]) -> None:
    """Print a line for each kind: the command and the plain reader."""
    print(
        f"{'kind':6} {'MB':>8} {'accepted':>10} {'CPU s':>8} {'peak MB':>8} {'bar':>20}   "
        f"{'plain reader':20} {'CPU s':>8} {'peak MB':>8} {'ratio':>6}"
    )
    for kind in only or KINDS:
        count = megabytes * 6_000 if kind == "xml" and megabytes else rows
        path, mapping = write(kind, folder, count)
        plain = run_on_terminal([sys.executable, "-m", "bench.exports.plain", str(path)])
        store = folder / f"{kind}.duckdb"
        arguments = ["replay", str(path), "--mapping", str(mapping), "--store", str(store)]
        ours = run_on_terminal([sys.executable, "-c", _COMMAND, *arguments])
        bar = bar_of(ours.said)
        steps = f"{bar[0]}% to {bar[-1]}%, {len(bar)} steps" if bar else "none"
        accepted = _ACCEPTED.search(ours.said)
        print(
            f"{kind:6} {path.stat().st_size / 1e6:8.1f} {accepted[1] if accepted else '?':>10} {ours.cpu:8.1f} "
            f"{ours.peak / 1e6:8.0f} {steps:>20}   {READERS[kind][0]:20} {plain.cpu:8.1f} {plain.peak / 1e6:8.0f} "
            f"{ours.cpu / plain.cpu:6.1f}",
            flush=True,
        )
        for made in folder.glob(f"{kind}.duckdb*"):
            made.unlink()
        path.unlink()
