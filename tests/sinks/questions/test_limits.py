"""A query ends at its limits of time and memory, or when told to, with a sentence, and leaves nothing on the disk."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from throughline.sinks.questions.limits import Limits, hold_memory, size_in_bytes
from throughline.sinks.spill import delete_left
from throughline.sinks.store import open_store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "cases.duckdb"
    open_store(path, write=True).close()
    return path


@pytest.mark.parametrize(
    ("sql", "seconds", "sentence"),
    [
        ("select count(*) from range(1000000000000)", 1, "took longer than 1 second and"),
        ("select list(i) from range(10000000000) r(i)", 90, "needs more than 100MB of memory and 20MB of disk"),
        # within one piece of work, where DuckDB neither counts its memory nor looks whether it was interrupted
        ("select length(repeat('x', 4000000000))", 90, "needs more than 100MB of memory"),
    ],
)
def test_what_takes_too_much_is_stopped(sql: str, seconds: int, sentence: str, store: Path, tmp_path: Path) -> None:
    """Exit code 1, one sentence; no file of it is left."""
    options = f"--store {store} --seconds {seconds} --memory 100MB --spill 20MB".split()

    done = subprocess.run(
        [sys.executable, "-m", "throughline", "query", sql, *options],
        env={"PATH": "", "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )

    assert (done.returncode, sentence in done.stderr) == (1, True), done.stderr
    assert done.stderr.startswith("throughline: The query ")
    assert list(tmp_path.iterdir()) == []
    assert {file.name for file in store.parent.iterdir()} <= {store.name + ending for ending in ("", ".lock", ".mark")}


# spills at once, and for minutes
_SORTED = "select * from range(100000) a(i), range(20000) b(j) order by hash(i * j)"


def begun(store: Path, place: Path) -> subprocess.Popen[str]:
    """A query that has spilled something into `place`."""
    before = set(place.glob("*/*/*.tmp"))
    asking = subprocess.Popen(
        [sys.executable, "-m", "throughline", "query", _SORTED, "--store", str(store), "--memory", "100MB"],
        env={"PATH": "", "TMPDIR": str(place)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not set(place.glob("*/*/*.tmp")) - before:
        assert asking.poll() is None, asking.communicate()
        time.sleep(0.05)
    return asking


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_query_that_is_told_to_stop_leaves_nothing(number: int, store: Path, tmp_path: Path) -> None:
    """One line, the exit code that a shell knows, and no file: neither beside the store nor among temporary ones."""
    with begun(store, tmp_path) as asking:
        asking.send_signal(number)
        _, said = asking.communicate(timeout=60)

    assert (asking.returncode, said) == (128 + number, "throughline: stopped; what was committed is kept.\n")
    assert list(tmp_path.iterdir()) == []
    assert not store.with_name(f"{store.name}.tmp").exists()


def test_what_a_killed_query_spilled_goes_with_the_next_one(store: Path, tmp_path: Path) -> None:
    """The next process that reads deletes it, and no folder of one that lives. Nobody else may look into it."""
    with begun(store, tmp_path) as killed:
        killed.kill()
    (left,) = tmp_path.iterdir()

    with begun(store, tmp_path) as living:
        (kept,) = tmp_path.iterdir()
        delete_left(tmp_path)
        is_there, mode = kept.is_dir(), kept.stat().st_mode & 0o777
        living.kill()

    assert left != kept
    assert (is_there, oct(mode)) == (True, "0o700")


def test_the_system_refuses_memory_far_beyond_the_limit() -> None:
    """What is asked for at once, faster than any watch can look, is refused: 8 GB under a limit of 100 MB."""
    child = os.fork()
    if not child:
        with hold_memory(Limits(memory="100MB")):
            try:
                bytearray(8 << 30)
            except MemoryError:
                os._exit(0)
        os._exit(1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_the_process_has_its_memory_back_once_it_was_answered() -> None:
    """It may do more than ask."""
    before = resource.getrlimit(resource.RLIMIT_DATA)
    with hold_memory(Limits(memory="100MB")):
        assert resource.getrlimit(resource.RLIMIT_DATA) != before

    assert resource.getrlimit(resource.RLIMIT_DATA) == before


@pytest.mark.parametrize(("text", "size"), [("500MB", 500 * 10**6), ("1.5 GB", 1_500_000_000), ("2GiB", 2 * 2**30)])
def test_sizes_are_as_duckdb_writes_them(text: str, size: int) -> None:
    assert size_in_bytes(text) == size
