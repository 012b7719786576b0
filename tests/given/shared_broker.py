"""One broker that several processes use, as the workers of a test run do: there from the first to the last of them.

A keeper process of its own starts it, so that no user has to outlive the others. Who uses it is known from locks on
files, which the system takes back from a process however it ends:

- `keeping`  held by the keeper as long as there is a broker
- `users`    shared by all users; the keeper waits to have it alone, then stops the broker
- `door`     held by a user while it comes or goes, so that this happens one by one
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from throughline.broker.jars import broker_jars
from throughline.broker.java import find_java
from throughline.broker.local_broker import LocalBroker
from throughline.errors import BrokerError

_START_SECONDS = 180.0
_STOP_SECONDS = 30.0
_LOOK_SECONDS = 0.05


@contextmanager
def shared_broker(folder: Path) -> Iterator[str]:
    """The address (HOST:PORT) of the one broker of `folder`, started by the first who comes.

    The last to leave returns when the broker has ended. Its log stays in `folder`/broker/broker.log, its data not.
    """
    find_java()
    broker_jars()
    folder.mkdir(parents=True, exist_ok=True)
    with _lock_file(folder, "users") as users, _lock_file(folder, "door") as door:
        with _held(door):
            fcntl.flock(users, fcntl.LOCK_SH)  # waits for a keeper that is about to end
            address = _address(folder)
        try:
            yield address
        finally:
            with _held(door):
                fcntl.flock(users, fcntl.LOCK_UN)
                _see_it_end(folder, users)


def keep(folder: Path) -> None:
    """What the keeper does: start the broker, write down where it is, and stop it when nobody uses it any more."""
    with _lock_file(folder, "keeping") as keeping, _lock_file(folder, "users") as users:
        fcntl.flock(keeping, fcntl.LOCK_EX)
        (folder / "keeper.pid").write_text(str(os.getpid()), encoding="utf-8")
        with LocalBroker(folder / "broker") as broker:
            made = folder / "address.new"
            made.write_text(broker.bootstrap, encoding="utf-8")
            made.rename(folder / "address")
            fcntl.flock(users, fcntl.LOCK_EX)
            (folder / "address").unlink()
        shutil.rmtree(folder / "broker" / "data", ignore_errors=True)


def _address(folder: Path) -> str:
    """Where the broker is; with nobody keeping one, starts a keeper and waits for it."""
    noted = folder / "address"
    with _lock_file(folder, "keeping") as keeping:
        if not _can_take(keeping, fcntl.LOCK_SH):
            return noted.read_text(encoding="utf-8")
    noted.unlink(missing_ok=True)  # of a keeper that was killed
    said = folder / "keeper.log"
    with said.open("wb") as output:
        keeper = subprocess.Popen(
            [sys.executable, __file__, str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    until = time.monotonic() + _START_SECONDS
    while not noted.exists():
        if keeper.poll() is not None:
            raise BrokerError(
                f"The shared broker did not start:\n{said.read_text(encoding='utf-8', errors='replace').strip()}",
                hint=f"Its log is {folder / 'broker' / 'broker.log'}.",
            )
        if time.monotonic() > until:
            keeper.kill()
            keeper.wait()
            raise BrokerError(f"The shared broker of {folder} did not start within {_START_SECONDS:.0f} seconds.")
        time.sleep(_LOOK_SECONDS)
    keeper.returncode = 0  # it outlives this process by right: nobody here waits for it
    return noted.read_text(encoding="utf-8")


def _see_it_end(folder: Path, users: IO[bytes]) -> None:
    """Return at once if others use the broker, else when its keeper has ended."""
    until = time.monotonic() + _STOP_SECONDS
    with _lock_file(folder, "keeping") as keeping:
        while time.monotonic() < until and not _can_take(keeping, fcntl.LOCK_SH):
            is_unused = _can_take(users, fcntl.LOCK_EX)  # and the keeper is about to see it
            if not is_unused and _can_take(users, fcntl.LOCK_SH):
                return
            time.sleep(_LOOK_SECONDS)


def _lock_file(folder: Path, name: str) -> IO[bytes]:
    return (folder / f"{name}.lock").open("ab")


@contextmanager
def _held(file: IO[bytes]) -> Iterator[None]:
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _can_take(file: IO[bytes], kind: int) -> bool:
    """Whether the lock is to be had now; takes it, and gives it back."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(file, fcntl.LOCK_UN)
    return True


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
