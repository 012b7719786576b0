"""Starts workers for a driver of faults: imports once, forks for each, and can end one at the n-th statement.

Reads one JSON object a line and answers with one.
`{"start": PART, "options": {…}, "log": FILE, "statements": N, "clock": FILE}` forks a part of PARTS and says its
process id; `{"poll": PID}` says how it ended, null while it runs: its exit code, or less the number of the signal that
ended it. Its parts end with it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

import duckdb

from bench.faults.clock import shift_clock
from bench.faults.parts import PARTS
from bench.faults.workers import die_with_parent
from throughline.errors import ThroughlineError
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.sinks.mark import MarkFile


class Countdown:
    """Ends the process, as SIGKILL would, when so many statements were executed; 0: never."""

    def __init__(self, left: int) -> None:
        self.left = left

    def pass_one(self) -> None:
        """A statement, or a writing of the mark, is behind us."""
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class CountedConnection:
    """A DuckDB connection each of whose statements is counted down."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, countdown: Countdown) -> None:
        self._connection = connection
        self._countdown = countdown

    def execute(self, *arguments: Any) -> Any:
        """Execute, and count."""
        result = self._connection.execute(*arguments)
        self._countdown.pass_one()
        return result

    def __enter__(self) -> CountedConnection:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def count_down(left: int) -> Countdown:
    """Count each statement of every connection that this process opens from now on, and each writing of a mark."""
    countdown = Countdown(left)
    connect, prepare, publish = duckdb.connect, MarkFile.prepare, MarkFile.publish

    def counted_connect(*arguments: Any, **options: Any) -> Any:
        return CountedConnection(connect(*arguments, **options), countdown)

    def counted_prepare(self: MarkFile, *arguments: Any) -> None:
        prepare(self, *arguments)
        countdown.pass_one()

    def counted_publish(self: MarkFile) -> None:
        publish(self)
        countdown.pass_one()

    duckdb.connect = counted_connect
    MarkFile.prepare = counted_prepare  # type: ignore[method-assign]
    MarkFile.publish = counted_publish  # type: ignore[method-assign]
    return countdown


def main() -> None:
    domain = load_domain()
    for line in sys.stdin:
        asked = json.loads(line)
        if "poll" in asked:
            pid, status = os.waitpid(asked["poll"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            answer = os.fork()
            if not answer:
                _work(asked, domain)
        print(json.dumps(answer), flush=True)


def _work(asked: dict[str, Any], domain: Domain) -> None:
    code = 1
    try:
        die_with_parent()
        log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for descriptor, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(descriptor, target)
        if asked["clock"]:
            shift_clock(Path(asked["clock"]))
        if asked["statements"]:
            count_down(asked["statements"])
        PARTS[asked["start"]](domain, **asked["options"])
        code = 0
    except ThroughlineError as error:
        print(error, file=sys.stderr, flush=True)
        code = error.exit_code
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
