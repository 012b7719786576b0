"""Whether the tests notice a slip: it is put into a copy of the checkout, and a forked process runs them on it.

The libraries are loaded once, before the fork; what is changed, and what reads it, is read by each trial from its copy.
A slip in SQL needs no other Python: then the product, the tests and their empty stores are made before the fork too.
"""

from __future__ import annotations

import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.mutation.mutant import Mutant

# SQL that names a column or a function in a place where it is not: no test had to notice that
_DOES_NOT_RUN = re.compile(r"(Binder|Parser|Catalog|Syntax)(Exception| ?Error)\b")
_FAILED = re.compile(r"^(FAILED|ERROR) ", re.MULTILINE)
_LIBRARIES = ("duckdb", "pyarrow.compute", "pyarrow.parquet", "numpy", "scipy.sparse.csgraph", "holidays", "yaml")
_TEST_LIBRARIES = ("pytest", "_pytest.assertion.rewrite", "hypothesis.strategies", "hypothesis.extra.pytestplugin")


def load_libraries() -> None:
    """Read what every trial needs, as far as it starts no thread: a fork would lose it."""
    for name in (*_LIBRARIES, *_TEST_LIBRARIES):
        with suppress(ModuleNotFoundError):
            importlib.import_module(name)


def make_stores() -> None:
    """Make the empty stores of the tests, without threads, so that a fork has all of them."""
    from joined import scratch_store

    for second_person in (False, True):
        scratch_store(second_person).connection.execute("set threads = 1")


def renew_stores() -> None:
    """Read all SQL again: views and macros stand in the stores already."""
    from joined import scratch_store, small_domain

    from throughline.sinks.schema import public_schema, view_texts
    from throughline.sql import sql
    from throughline.streams.join.rules import prepare

    sql.cache_clear()
    public_schema.cache_clear()
    for second_person in (False, True):
        connection = scratch_store(second_person).connection
        prepare(connection, small_domain(second_person))
        for view in view_texts(connection, public_schema()).values():
            connection.execute(view)


@dataclass(frozen=True)
class Outcome:
    """`killed`, `survived`, `timed out`, `does not run`, or `broken` where no test was run at all.

    After how many seconds, and what was printed.
    """

    what: str
    seconds: float
    printed: str


@dataclass
class Bench:
    """A copy of the checkout in which one trial at a time is made, by the process that made it and nothing else.

    `tests` by file; `limit` (seconds) is that of one trial; `has_stores`: no Python is changed.
    """

    root: Path
    copy: Path
    tests: dict[str, tuple[str, ...]]
    limit: float
    has_stores: bool
    _child: int = 0
    _times: int = 0

    def make(self) -> None:
        """Copy what git knows of the checkout, as it stands now."""
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard"], cwd=self.root, check=True, capture_output=True, text=True
        )
        for name in listed.stdout.splitlines():
            source, target = self.root / name, self.copy / name
            if source.is_symlink() or source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target, follow_symlinks=False)

    def enter(self) -> None:
        """Make this process one that reads the copy."""
        os.chdir(self.copy)
        os.environ["PYTHONPATH"] = str(self.copy)
        os.environ.setdefault("THROUGHLINE_DATA", str(self.root.parent / "shared" / "data"))
        given = [str(self.copy / "tests" / name) for name in ("given", "oracle")]
        sys.path[:] = [str(self.copy), *given, *(p for p in sys.path if Path(p or ".").resolve() != self.root)]
        load_libraries()
        if self.has_stores:
            make_stores()

    def outcome(self, mutant: Mutant) -> Outcome:
        """Put the slip in, run the tests in a process of their own, and take it out."""
        begun = time.monotonic()
        self._write(mutant, mutant.changed)
        self._child = os.fork()
        if self._child == 0:
            self._run_tests(self.tests[mutant.file])
        child = status = 0
        while not child and time.monotonic() - begun < self.limit:
            time.sleep(0.05)
            child, status = os.waitpid(self._child, os.WNOHANG)
        if not child:
            self.stop()
        self._child = 0
        self._write(mutant, mutant.text)
        printed = self._printed.read_text(encoding="utf-8", errors="replace")
        seconds = time.monotonic() - begun
        if not child:
            return Outcome("timed out", seconds, printed)
        if os.waitstatus_to_exitcode(status) == 0:
            return Outcome("survived", seconds, printed)
        if _DOES_NOT_RUN.search(printed):
            return Outcome("does not run", seconds, printed)
        return Outcome("killed" if _FAILED.search(printed) else "broken", seconds, printed)

    def stop(self) -> None:
        """End the trial that is running, if one is, with all that it started."""
        if self._child:
            with suppress(ProcessLookupError):
                os.killpg(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)
            self._child = 0

    @property
    def _printed(self) -> Path:
        return self.copy.with_suffix(".printed")

    def _write(self, mutant: Mutant, text: str) -> None:
        path = self.copy / mutant.file
        path.write_text(text, encoding="utf-8")
        # a time of its own for each text, so that no bytecode of another one is taken for its own
        self._times += 1
        os.utime(path, (1e9 + self._times, 1e9 + self._times))

    def _run_tests(self, tests: tuple[str, ...]) -> None:
        code = 3
        try:
            os.setsid()
            sys.stdout.flush()
            with self._printed.open("w", encoding="utf-8") as printed:
                os.dup2(printed.fileno(), 1)
                os.dup2(printed.fileno(), 2)
            if self.has_stores:
                renew_stores()
            import pytest

            # hypothesis is loaded before pytest would rewrite its asserts
            quiet = ("-W", "ignore::pytest.PytestAssertRewriteWarning", "-p", "no:cacheprovider")
            code = int(pytest.main([*quiet, "-x", "-q", "--no-header", "--tb=short", "--durations=1", *tests]))
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
