"""Whether the tests notice a slip: it is put into a copy of the checkout, and a forked process runs them on it.

The libraries are loaded once, before the fork; the product and its tests are read by each trial from its copy, so that
whatever reads a file, in whatever process, reads the one with the slip.
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
from dataclasses import dataclass, field
from pathlib import Path

from bench.mutation.mutant import Mutant

# SQL that names a column or a function in a place where it is not: no test had to notice that
_DOES_NOT_RUN = re.compile(r"(Binder|Parser|Catalog|Syntax)(Exception| ?Error)\b")
_LIBRARIES = ("duckdb", "pyarrow.compute", "pyarrow.parquet", "numpy", "scipy.sparse.csgraph", "holidays", "yaml")
_TEST_LIBRARIES = ("pytest", "_pytest.assertion.rewrite", "hypothesis.strategies", "hypothesis.extra.pytestplugin")


def load_libraries() -> None:
    """Read what every trial needs, as far as it starts no thread: a fork would lose it."""
    for name in (*_LIBRARIES, *_TEST_LIBRARIES):
        try:
            importlib.import_module(name)
        except ModuleNotFoundError:
            continue


@dataclass(frozen=True)
class Outcome:
    """`killed`, `survived`, `timed out` or `does not run`; after how many seconds, and what was printed."""

    what: str
    seconds: float
    printed: str


@dataclass
class Bench:
    """A copy of the checkout in which one trial at a time is made. `limit` (seconds) is that of one trial."""

    root: Path
    copy: Path
    tests: tuple[str, ...]
    limit: float = 600.0
    _mutant: Mutant | None = None
    _child: int = 0
    _begun: float = 0.0
    _times: int = field(default=0, repr=False)

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

    @property
    def is_free(self) -> bool:
        return not self._child

    def start(self, mutant: Mutant | None) -> None:
        """Put the slip in, and run the tests in a process of their own; without one, as they are."""
        self._mutant, self._begun = mutant, time.monotonic()
        if mutant is not None:
            self._write(mutant.changed)
        self._child = os.fork()
        if self._child == 0:
            self._run_tests(keep_bytecode=mutant is None)

    def ended(self) -> Outcome | None:
        """What came of it, if it has ended or its time is over; the file is as it was again."""
        child, status = os.waitpid(self._child, os.WNOHANG)
        seconds = time.monotonic() - self._begun
        is_over = seconds > self.limit
        if not child and not is_over:
            return None
        if not child:
            os.killpg(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)
        self._child = 0
        if self._mutant is not None:
            self._write(self._mutant.text)
        printed = self._printed.read_text(encoding="utf-8", errors="replace")
        if not child:
            return Outcome("timed out", seconds, printed)
        if os.waitstatus_to_exitcode(status) == 0:
            return Outcome("survived", seconds, printed)
        return Outcome("does not run" if _DOES_NOT_RUN.search(printed) else "killed", seconds, printed)

    @property
    def _printed(self) -> Path:
        return self.copy.with_suffix(".printed")

    def _write(self, text: str) -> None:
        assert self._mutant is not None
        path = self.copy / self._mutant.file
        path.write_text(text, encoding="utf-8")
        # a time of its own for each text, so that no bytecode of another one is taken for its own
        self._times += 1
        os.utime(path, (1e9 + self._times, 1e9 + self._times))

    def _run_tests(self, *, keep_bytecode: bool) -> None:
        code = 3
        try:
            os.setpgid(0, 0)
            sys.stdout.flush()
            with self._printed.open("w", encoding="utf-8") as printed:
                os.dup2(printed.fileno(), 1)
                os.dup2(printed.fileno(), 2)
            os.chdir(self.copy)
            os.environ["PYTHONPATH"] = str(self.copy)
            os.environ.setdefault("THROUGHLINE_DATA", str(self.root.parent / "shared" / "data"))
            sys.path[:] = [str(self.copy), *(p for p in sys.path if Path(p or ".").resolve() != self.root)]
            sys.dont_write_bytecode = not keep_bytecode
            if not keep_bytecode:
                os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
            import pytest

            # hypothesis is loaded before pytest would rewrite its asserts
            options = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
            options += ["-x", "-q", "--no-header", "--durations=0" if keep_bytecode else "--durations=1", "--tb=short"]
            options += ["-p", "no:cacheprovider"]
            code = int(pytest.main([*options, *self.tests]))
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
