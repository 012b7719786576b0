"""One finished file through its mapping into the outbox, and on to `done` or `failed` with its report.

The file is moved last. Whoever is killed before has left it where it was: it is read again, and the outbox knows which
of its events it has. What is not a file's fault (the disk, the outbox) leaves the file where it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pyarrow as pa

from throughline.errors import DataError, InfrastructureError
from throughline.schemas.acceptance.events import REJECTS, Batch
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.entry import MappingProblemsError
from throughline.sources.files import Report as Progress
from throughline.sources.files import too_few
from throughline.sources.formats.registry import read_events, read_rows
from throughline.sources.formats.text import position_in
from throughline.sources.mapping.conversion import convert
from throughline.sources.mapping.parts import Mapping
from throughline.sources.mapping.snapshots import Snapshots
from throughline.sources.publish.ledger import of_file
from throughline.sources.publish.publisher import Publisher
from throughline.sources.watch.copies import Copy, copy_of
from throughline.sources.watch.ends import missing_gzip_end
from throughline.sources.watch.finished import State, state_of
from throughline.sources.watch.report import ENDING, Report, said_of, wholly_taken
from throughline.sources.watch.routes import Route, route_of

_PORTION = 2_000


class Taking:
    """Takes files of `folder` into the outbox of `publisher`; copies are made in `work`, at most `rate` events a second
    are taken. `is_backlog`: what they say is history that is loaded for the first time. `stop` is asked between
    portions, and ends the taking of a file that is then read again."""

    def __init__(
        self,
        folder: Path,
        routes: Sequence[Route],
        publisher: Publisher,
        domain: Domain,
        work: Path,
        *,
        rate: int | None = None,
        is_backlog: bool = False,
        stop: Callable[[], bool] = lambda: False,
        progress: Progress = lambda stage, done, total: None,
    ) -> None:
        self.done, self.failed = folder / "done", folder / "failed"
        self._routes, self._publisher, self._domain, self._work = routes, publisher, domain, work
        self._rate, self._is_backlog, self._stop, self._progress = rate, is_backlog, stop, progress
        try:
            self.done.mkdir(exist_ok=True)
            self.failed.mkdir(exist_ok=True)
        except OSError as error:
            said = f"`{folder}` cannot have the folders `done` and `failed`: {error.strerror}."
            raise InfrastructureError(said, hint="Give the right to write there.") from error
        self._taken = wholly_taken(self.done)

    def take(self, file: Path, leave: Callable[[Path, str], None]) -> Report | None:
        """Take a file; what became of it, or None where it stays for now: it changed, is not whole (`leave` is told),
        or the taking was stopped. Raises InfrastructureError and its kinds; the file stays then, too."""
        with copy_of(file, self._work) as copy:
            if copy is None:
                return None
            missing = missing_gzip_end(copy.path)
            if missing is not None:
                leave(file, missing)
                return None
            report = Report(file.name, copy.content, copy.state.size)
            is_ended = self._fill(report, file, copy)
            if not is_ended or not _is_still(file, copy.state):
                return None
        return report if self._put(file, copy.state, report) else None

    def _fill(self, report: Report, file: Path, copy: Copy) -> bool:
        """Publish what a file says, and count it; False where that was stopped."""
        try:
            route = route_of(file, self._routes)
            if route.mapping is not None:
                report.mapping, report.meaning = route.mapping.file.name, route.mapping.meaning
            same = self._taken.get((report.content, report.meaning))
            if same is not None and (same != file.name or (self.done / same).exists()):
                report.outcome, report.why = "known", f"Its content was taken before, as {same}."
                return True
            with closing(self._batches(report, file, copy, route)) as batches:
                for number, batch in enumerate(batches):
                    report.refuse(batch.rejects)
                    if not self._publish(report, file, batch, is_first=number == 0):
                        return False
                    self._progress(
                        f"taking {file.name}: {report.read:,} records", position_in(copy.path) or 0, report.size or None
                    )
        except MappingProblemsError as error:
            report.outcome, report.why = "failed", " ".join(str(problem) for problem in error.problems)
        except DataError as error:
            # what was read before the damage is taken; the copy's path tells nobody anything
            report.outcome, report.why = "failed", str(error).replace(str(copy.path), file.name)
        else:
            few = too_few(Path(file.name), report.new + report.known, report.refused.total)
            if few is not None:
                report.outcome, report.why = "failed", few
        return True

    def _publish(self, report: Report, file: Path, batch: Batch, *, is_first: bool) -> bool:
        """Publish a batch and note it as a part of what the file delivered; False where that was stopped."""
        began, events = time.monotonic(), batch.events
        new, known = report.new, report.known
        for first in range(0, events.num_rows, _PORTION):
            if self._stop():
                return False
            portion = events.slice(first, _PORTION)
            if self._rate is not None:
                time.sleep(max(0.0, began + first / self._rate - time.monotonic()))
            added = self._publisher.publish(portion, is_backlog=self._is_backlog)
            report.read += portion.num_rows
            report.new += added.new
            report.known += added.known
            report.types.update(portion["type"].to_pylist())
        new, known = report.new - new, report.known - known
        said = Batch(events, _of_file(batch.rejects, file))
        self._publisher.note(
            of_file(str(file), said, new=new, known=known, is_backlog=self._is_backlog, is_first=is_first)
        )
        return not self._stop()

    def _batches(self, report: Report, file: Path, copy: Copy, route: Route) -> Generator[Batch]:
        mapping = route.mapping
        if mapping is None:
            yield from read_events(copy.path, self._domain)
        elif not mapping.compares:
            for made in convert(read_rows(copy.path, mapping.reading), mapping, self._domain, file):
                report.left_out += made.left_out
                yield made.batch
        else:
            yield from self._compared(report, file, copy, route, mapping)

    def _compared(self, report: Report, file: Path, copy: Copy, route: Route, mapping: Mapping) -> Iterator[Batch]:
        """What a snapshot says, and what differs between it and its neighbours: those of its pattern that are taken and
        whose names come before and after its own."""
        with Snapshots(mapping, self._domain) as gathered:
            for neighbour in self._neighbours(file, route):
                for made in convert(read_rows(neighbour, mapping.reading), mapping, self._domain, neighbour):
                    gathered.take(made)
            for made in convert(read_rows(copy.path, mapping.reading), mapping, self._domain, file):
                gathered.take(made)
                report.left_out += made.left_out
                yield made.batch
            if gathered.is_single:
                report.notes.append("It was compared with no other snapshot: none of its pattern is in `done`.")
            yield from gathered.differences()

    def _neighbours(self, file: Path, route: Route) -> list[Path]:
        names = sorted(
            one.name for one in self.done.iterdir() if not one.name.endswith(ENDING) and route.takes(one.name)
        )
        before = [name for name in names if name < file.name][-1:]
        after = [name for name in names if name > file.name][:1]
        return [self.done / name for name in (*before, *after)]

    def _put(self, file: Path, state: State, report: Report) -> bool:
        """Write the report and move the file to it; False where the file changed at the last moment, and stays."""
        folder = self.failed if report.outcome == "failed" else self.done
        name = _free_name(folder, file.name, report.content)
        beside = folder / f"{name}{ENDING}"
        try:
            if not _is_of_the_same_taking(said_of(beside), report):
                report.write(beside)
            file.rename(folder / name)
            if not _is_still(folder / name, state):
                # somebody writes on: it is another file now, and the report is not of it
                (folder / name).rename(file)
                beside.unlink()
                return False
            if report.outcome != "failed":
                self._forget_failure(file.name, report.content)
        except OSError as error:
            said = f"`{file}` cannot be moved to `{folder}` with its report: {error.strerror}."
            raise InfrastructureError(said, hint="See that there is room, and the right to write there.") from error
        if report.outcome == "taken" and not report.refused:
            self._taken[report.content, report.meaning] = name
        return True

    def _forget_failure(self, name: str, content: str) -> None:
        """Take away the report of an earlier failure of a file that was put back."""
        failure = self.failed / f"{name}{ENDING}"
        if said_of(failure).get("content") == content and not (self.failed / name).exists():
            failure.unlink()


def _of_file(rejects: pa.Table, file: Path) -> pa.Table:
    """Rejects (REJECTS) of a copy as those of its file."""
    place = REJECTS.get_field_index("origin")
    return rejects.set_column(
        place, REJECTS.field(place), pa.repeat(pa.scalar(str(file), REJECTS.types[place]), rejects.num_rows)
    )


def _is_still(file: Path, state: State) -> bool:
    try:
        return state_of(file) == state
    except OSError:
        return False


def _is_of_the_same_taking(said: dict[str, object], report: Report) -> bool:
    """Whether a report was written just before its file should have moved: it counts what was new then."""
    return report.new == 0 and all(
        said.get(key) == getattr(report, key) for key in ("content", "meaning", "outcome", "read")
    )


def _free_name(folder: Path, name: str, content: str) -> str:
    """The name, or one with a part of its content in it where another file has it. Of a move that was interrupted the
    report stands there already, without its file."""
    stem, dot, ending = name.partition(".")
    for number in range(10_000):
        part = "" if number == 0 else f".{content[:8]}" + (f"-{number}" if number > 1 else "")
        free = f"{stem}{part}{dot}{ending}"
        said = said_of(folder / f"{free}{ENDING}")
        if not (folder / free).exists() and said.get("content", content) == content:
            return free
    raise InfrastructureError(f"`{folder}` has too many files called `{name}`.", hint="Clear it away.")
