"""One broker of this process: made, started, stopped or killed, and started again where it was."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Self

from throughline.broker.answer import answers
from throughline.broker.jars import broker_jars
from throughline.broker.java import find_java
from throughline.broker.ports import HOST, free_ports
from throughline.broker.settings import NODE, Listener, server_properties
from throughline.errors import BrokerError

# the first compiler only, and one collecting thread: up in less than 3 s on two cores
QUICK_START = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
_LOG4J = Path(__file__).parent / "log4j2.xml"
_START_SECONDS = 90.0
_PORT_TRIES = 5
_SHOWN_LINES = 12
_FAULT = re.compile(r" (ERROR|FATAL) |^Exception in thread|^Error:|Exception: ")


class LocalBroker:
    """Kafka as a single node on 127.0.0.1, its own controller, with a folder and ports of its own.

    `folder` keeps `data/`, `server.properties` and `broker.log`; without one, a temporary folder is made and
    deleted by `close`. `settings` go over the defaults of `settings.py`. `heap` is as Java writes it (`512m`).
    `listeners` are further ports; `users` are made when the folder is, each as Kafka's `--add-scram` writes it.
    The broker dies with this process, however this process ends.

        with LocalBroker() as broker:
            KafkaProducer(bootstrap_servers=broker.bootstrap)
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        port: int | None = None,
        settings: Mapping[str, str | int] | None = None,
        heap: str = "512m",
        java_options: Sequence[str] = QUICK_START,
        listeners: Sequence[Listener] = (),
        users: Sequence[str] = (),
    ) -> None:
        self._is_temporary = folder is None
        self.folder = Path(tempfile.mkdtemp(prefix="throughline-broker.")) if folder is None else folder.absolute()
        self.log = self.folder / "broker.log"
        self._asked_port = port
        self._ports: tuple[int, int] | None = None
        self._listeners, self._more_ports = listeners, dict[Listener, int]()
        self._users = users
        self._settings = dict(settings or {})
        self._options = [f"-Xmx{heap}", *java_options, f"-Dlog4j2.configurationFile={_LOG4J}"]
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._lock: IO[bytes] | None = None
        self._log_begins = 0  # where in the log, in bytes, the latest start begins

    @property
    def bootstrap(self) -> str:
        """`127.0.0.1:PORT`, for clients; the same after each start."""
        if self._ports is None:
            raise BrokerError("The broker has no address until it has been started.", hint="Call `start` first.")
        return f"{HOST}:{self._ports[0]}"

    def address(self, listener: str) -> str:
        """`127.0.0.1:PORT` of a further listener, by its name; the same after each start."""
        return next(f"{HOST}:{port}" for one, port in self._more_ports.items() if one.name == listener)

    @property
    def pid(self) -> int | None:
        """The process of the broker, to signal; None where it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Start it, and return when it answers. After `stop` or `kill`: on the same folder and port."""
        if self.pid is not None:
            raise BrokerError(
                f"The broker at {self.bootstrap} is already running.", hint="Call `stop` or `kill` first."
            )
        self.kill()  # sweep up after one that died by itself
        java, jars = find_java(), broker_jars()
        command = [str(java), *self._options, "-cp", os.pathsep.join(map(str, jars))]
        moves = self._ports is None and self._asked_port is None
        for tries_left in reversed(range(_PORT_TRIES)):
            try:
                self._take_folder()
                self._log_begins = self.log.stat().st_size if self.log.exists() else 0
                # once chosen they stay; at the first start another process may take one before the broker does
                self._ports = self._ports or self._choose_ports()
                self._write_properties(self._ports)
                self._format(command)
                self._launch(command)
                return
            except BrokerError:
                self.kill()
                if not (moves and tries_left and "Address already in use" in self._said()):
                    raise
                self._ports = None
            except BaseException:
                self.kill()
                raise

    def stop(self, seconds: float = 15.0) -> None:
        """Ask it to end, and kill it where it has not ended after `seconds`. Its records are kept."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """End it at once, as a lost machine would (SIGKILL). Its acknowledged records are kept."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._guard is not None:
            assert self._guard.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                self._guard.stdin.write(b"done\n")
                self._guard.stdin.flush()
            with contextlib.suppress(BrokenPipeError):
                self._guard.stdin.close()
            self._guard.wait()
            self._guard = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def close(self) -> None:
        """Stop it, and delete its folder if that was a temporary one."""
        self.stop()
        if self._is_temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _choose_ports(self) -> tuple[int, int]:
        controller, *more = free_ports(1 + len(self._listeners) + (self._asked_port is None))
        broker = more.pop() if self._asked_port is None else self._asked_port
        self._more_ports = dict(zip(self._listeners, more, strict=True))
        return broker, controller

    def _take_folder(self) -> None:
        """Lock the folder, for as long as this process or the broker runs.

        Kafka has a lock of its own, but takes it only after its controller has written into the folder: a second
        one there would end with an error, and leave the first unable to go on.
        """
        try:
            (self.folder / "data").mkdir(parents=True, exist_ok=True)
            self._lock = (self.folder / "broker.lock").open("ab")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BrokerError(
                f"Another broker is running in {self.folder}.", hint="Stop it, or give this one another folder."
            ) from error
        except OSError as error:
            raise BrokerError(
                f"The broker's folder {self.folder} cannot be written: {error}.", hint="Give it another folder."
            ) from error

    def _write_properties(self, ports: tuple[int, int]) -> None:
        text = server_properties(self.folder / "data", ports, self._settings, self._more_ports)
        (self.folder / "server.properties").write_text(text, encoding="utf-8")

    def _format(self, command: Sequence[str]) -> None:
        """Give a new folder its cluster id; leaves one that has it alone."""
        if (self.folder / "data" / "meta.properties").exists():
            return
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # joined, because an id may begin with a hyphen
        tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "--config", "server.properties"]
        tool += [f"--add-scram={user}" for user in self._users]
        with self.log.open("ab") as log:
            run = subprocess.run(
                [*command, *tool],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=_START_SECONDS,
                check=False,
            )
        if run.returncode != 0:
            raise self._failed(f"The broker's folder cannot be formatted (exit code {run.returncode})")

    def _launch(self, command: Sequence[str]) -> None:
        assert self._lock is not None
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "kafka.Kafka", "server.properties"],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[self._lock.fileno()],
                start_new_session=True,  # Ctrl-C is for us; we end it in order
            )
        # A shell that waits on a pipe of ours: where the pipe ends without a line, we are gone, and so shall be the
        # broker.
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", 'read -r line || kill -KILL "$0" 2>/dev/null', str(self._process.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        until = time.monotonic() + _START_SECONDS
        while not answers(self.bootstrap, NODE):
            if self._process.poll() is not None:
                raise self._failed(f"The broker stopped while starting (exit code {self._process.returncode})")
            if time.monotonic() > until:
                raise self._failed(f"The broker at {self.bootstrap} did not answer within {_START_SECONDS:.0f} seconds")
            time.sleep(0.05)

    def _failed(self, what: str) -> BrokerError:
        lines = [line for line in self._said().splitlines() if not line.startswith("\tat ")]
        fault = next((at for at, line in enumerate(lines) if _FAULT.search(line)), max(0, len(lines) - _SHOWN_LINES))
        shown = "\n".join(lines[fault : fault + _SHOWN_LINES])
        return BrokerError(f"{what}; its log says:\n{shown}", hint=f"The whole log is in {self.log}.")

    def _said(self) -> str:
        """The log since the latest start."""
        with self.log.open("rb") as log:
            log.seek(self._log_begins)
            return log.read().decode("utf-8", errors="replace")
