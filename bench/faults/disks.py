"""Faults of the disk: stores damaged, deleted or put back as they were, and no room left."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

from bench.faults.check import Checked
from bench.faults.crashes import finish
from bench.faults.logs import STOPPED_DEAD
from bench.faults.workers import Failed, Worker
from bench.faults.world import Run

_MIB = 2**20
_DISK_MIB = 200
# what the store wants to have free, and something that the disk's own tables take
_KEPT_MIB = 64


def store_damaged(run: Run, times: int) -> tuple[int, float, Checked]:
    """After a kill: bytes flipped, a log short or gone, file or mark gone, an old copy put back.

    Either the worker stops dead and says that the store is damaged, and makes it anew when it was deleted; or it goes
    on, and nothing is missing.
    """
    sendings = run.sendings()
    old = run.home / "old"
    for number in range(times):
        publishing = run.publish(sendings[number::times], seconds=2.0)
        worker = run.start()
        publishing.finish()
        _while_it_takes(worker, run.random)
        worker.kill()
        stores = sorted(run.folder.glob("partition-*.duckdb"))
        if not stores:
            continue
        damage = DAMAGES[number % len(DAMAGES)]
        store = run.random.choice(stores)
        damage(store, old, run.random)
        shutil.rmtree(old, ignore_errors=True)
        shutil.copytree(run.folder, old)
        worker = run.start()
        _goes_on_or_is_made_anew(run, worker, damage.__name__)
    return times, *finish(run, run.publish([]), run.start())


def _goes_on_or_is_made_anew(run: Run, worker: Worker, what: str) -> None:
    for _ in range(20):
        with suppress(Failed):
            run.drain(worker, seconds=120)
            worker.kill()
            return
        if worker.ended() is None:
            raise Failed(f"after {what} it neither stops nor goes on\n{worker.said()}")
        said = worker.said(20_000)
        if worker.ended() != STOPPED_DEAD or "StoreDamaged" not in said:
            raise Failed(f"after {what} it ended with {worker.ended()}\n{worker.said()}")
        damaged = [file for file in run.folder.glob("partition-*.duckdb") if str(file) in said.split("worker_stops")[1]]
        if not damaged:
            raise Failed(f"after {what} it does not say which store is damaged\n{worker.said()}")
        for file in damaged:
            for part in (file, file.with_name(file.name + ".wal"), file.with_name(file.name + ".mark")):
                part.unlink(missing_ok=True)
        worker = run.start()
    raise Failed(f"after {what} it does not come back\n{worker.said()}")


def _while_it_takes(worker: Worker, random: Random) -> None:
    until = time.monotonic() + 15.0
    while not any(worker.positions().values()) and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(random.uniform(0.2, 3.0))


def _flip_bytes(store: Path, old: Path, random: Random) -> None:
    content = bytearray(store.read_bytes())
    for _ in range(40):
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    store.write_bytes(content)


def _cut_file(store: Path, old: Path, random: Random) -> None:
    with store.open("r+b") as file:
        file.truncate(random.randrange(store.stat().st_size))


def _cut_log(store: Path, old: Path, random: Random) -> None:
    log = store.with_name(store.name + ".wal")
    if log.exists():
        with log.open("r+b") as file:
            file.truncate(random.randrange(max(1, log.stat().st_size)))


def _delete_log(store: Path, old: Path, random: Random) -> None:
    store.with_name(store.name + ".wal").unlink(missing_ok=True)


def _flip_log(store: Path, old: Path, random: Random) -> None:
    log = store.with_name(store.name + ".wal")
    if log.exists() and log.stat().st_size:
        content = bytearray(log.read_bytes())
        content[random.randrange(len(content))] ^= 0xFF
        log.write_bytes(content)


def _delete_store(store: Path, old: Path, random: Random) -> None:
    store.unlink()


def _delete_mark(store: Path, old: Path, random: Random) -> None:
    store.with_name(store.name + ".mark").unlink(missing_ok=True)


def _put_back_old(store: Path, old: Path, random: Random) -> None:
    """The file and its log as they were some time ago, the mark as it is."""
    if (old / store.name).exists():
        shutil.copyfile(old / store.name, store)
        log = store.name + ".wal"
        (store.parent / log).unlink(missing_ok=True)
        if (old / log).exists():
            shutil.copyfile(old / log, store.parent / log)


def _put_back_all_old(store: Path, old: Path, random: Random) -> None:
    """All files as they were some time ago, the mark too: a copy from a backup, which only lacks what came since."""
    if (old / store.name).exists():
        for file in store.parent.glob(f"{store.name}*"):
            file.unlink()
        for file in old.glob(f"{store.name}*"):
            shutil.copyfile(file, store.parent / file.name)


DAMAGES: tuple[Callable[[Path, Path, Random], None], ...] = (
    _delete_log,
    _delete_store,
    _flip_bytes,
    _put_back_old,
    _cut_log,
    _delete_mark,
    _flip_log,
    _put_back_all_old,
    _cut_file,
)


def disk_full(run: Run, times: int) -> tuple[int, float, Checked]:
    """The worker's folder is a small disk that another file fills, and frees again; the worker waits, and goes on."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={_DISK_MIB}m", "tmpfs", str(run.folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        raise FileNotFoundError(f"no tmpfs can be mounted: {mounted.stderr.decode().strip()}")
    try:
        publishing = run.publish(run.sendings(), seconds=10.0 * times)
        worker = run.start()
        filler = run.folder / "filler"
        for number in range(times):
            _while_it_takes(worker, run.random)
            # by turns: under what the store wants to have free, and to the last byte
            _fill(filler, leaving=0 if number % 2 else _KEPT_MIB * _MIB // 2)
            time.sleep(run.random.uniform(3.0, 6.0))
            if worker.ended() is not None:
                raise Failed(f"without room the worker ended with {worker.ended()}\n{worker.said()}")
            filler.unlink()
        seconds, checked = finish(run, publishing, worker)
    finally:
        subprocess.run(["umount", "-l", str(run.folder)], check=False)
    return times, seconds, checked


def _fill(filler: Path, *, leaving: int) -> None:
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while shutil.disk_usage(filler.parent).free > leaving:
            room = shutil.disk_usage(filler.parent).free - leaving
            file.write(b"\0" * min(room, _MIB))
