"""Hostile input through the real readers into a real store: `python -m bench.hostile --inputs 1000000`.

Nothing may crash, hang or grow without bound; every record ends accepted or quarantined with a reason, and the counts
add up; what was accepted is judged again, slowly. Ends non-zero, and says with which seed, where one of these fails.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pyarrow as pa

from bench.hostile import exports, files, records, tables
from bench.hostile.records import Good, Run
from bench.instruments.stages import peak_bytes, reset_peak
from throughline.errors import DataError
from throughline.schemas.acceptance.events import Batch
from throughline.schemas.acceptance.judge import row_or_reject
from throughline.schemas.acceptance.normal_form import PLACEHOLDERS
from throughline.schemas.acceptance.reject import Reject
from throughline.schemas.acceptance.rows import ROW_COLUMNS
from throughline.schemas.acceptance.statement import event_object
from throughline.schemas.definitions.domain import Domain, load_domain
from throughline.sinks.store import Store, open_store
from throughline.streams.join.batch import accept_only, settle
from throughline.streams.join.replay import open_domain

SEED = 7
INPUTS = 1_000_000
CALL_SECONDS = 10
RECORD_SECONDS = 0.1
PEAK_LIMIT = 3 * 2**30
_RUN = 5_000
_SHOWN = 20
# of a hundred inputs; a file is one input
RECORD_KINDS: tuple[tuple[Callable[[Good, random.Random, int, Path], Run], int], ...] = (
    (records.json_lines, 35),
    (records.avro_messages, 34),
    (records.csv_rows, 15),
    (tables.parquet_rows, 10),
    (tables.flat_parquet_rows, 5),
)
FILES_SHARE = 0.003
BOMBS = 4


@dataclass
class Outcome:
    """What became of the inputs of one kind."""

    inputs: int = 0
    accepted: int = 0
    duplicate: int = 0
    refused_files: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


class Trial:
    """Runs hostile inputs through readers and store, and keeps what became of them and what went wrong."""

    def __init__(self, store: Store, domain: Domain) -> None:
        self.store, self.domain = store, domain
        self.outcomes: dict[str, Outcome] = {}
        self.faults: list[str] = []
        self.rejected: set[bytes] = set()
        self._received = datetime.now(UTC).replace(tzinfo=None)

    def put(self, run: Run, name: str) -> None:
        """Read a run, check it and accept it; `name` says which it was."""
        outcome = self.outcomes.setdefault(run.kind, Outcome())
        outcome.inputs += run.inputs
        batches, seconds = self._read(run, name, outcome)
        outcome.seconds += seconds
        if batches is None:
            return
        for batch in batches:
            self._check(run, batch, name)
            self._accept(batch, name, outcome)

    def _read(self, run: Run, name: str, outcome: Outcome) -> tuple[list[Batch] | None, float]:
        batches: list[Batch] = []
        refused = False
        began = time.perf_counter()
        # ends the process, with the stack of the call, where even the interpreter is held up
        faulthandler.dump_traceback_later(CALL_SECONDS, exit=True)
        try:
            batches.extend(run.read())
        except DataError as error:
            refused = True
            outcome.refused_files += 1
            if not run.may_refuse:
                self.faults.append(f"{name}: refused as a whole: {str(error)[:300]}")
        except Exception as error:  # whatever it is, it is a crash
            self.faults.append(f"{name}: {type(error).__name__}: {str(error)[:300]}")
            return None, time.perf_counter() - began
        finally:
            faulthandler.cancel_dump_traceback_later()
        seconds = time.perf_counter() - began
        if seconds / max(run.inputs, 1) > RECORD_SECONDS and run.inputs > 1:
            self.faults.append(f"{name}: {seconds / run.inputs:.3f} s a record")
        found = [place for batch in batches for place in (*_positions(batch.events), *_refused(batch.rejects, run))]
        if not refused and (lost := run.lost(found)):
            self.faults.append(f"{name}: {lost}")
        return batches, seconds

    def _check(self, run: Run, batch: Batch, name: str) -> None:
        """Judge what was accepted again, and look at the form of the rejects."""
        for row in batch.rejects.to_pylist():
            if not row["reason"] or not row["detail"] or row["origin"] is None or row["position"] is None:
                self.faults.append(f"{name}: a reject lacks its reason, detail or place")
            key = repr((row["reason"], row["raw"], row["source"], row["id"])).encode()
            self.rejected.add(blake2b(key, digest_size=8).digest())
        try:
            batch.events.validate(full=True)  # whether text is UTF-8, too
            batch.rejects.validate(full=True)
        except pa.ArrowInvalid as error:
            self.faults.append(f"{name}: not sound: {str(error)[:200]}")
            return
        for row in _plain_rows(batch.events):
            try:
                fault = doubt(row, self.domain) or differs(row, run.lines.get(row["position"]), self.domain)
            except Exception as error:  # no event that is one makes the check itself fail
                fault = f"cannot be judged: {type(error).__name__}: {str(error)[:200]}"
            if fault:
                self.faults.append(f"{name}: accepted at {row['position']}: {fault}")

    def _accept(self, batch: Batch, name: str, outcome: Outcome) -> None:
        began = time.perf_counter()
        faulthandler.dump_traceback_later(CALL_SECONDS, exit=True)
        try:
            counts = accept_only(self.store, batch, self._received)
        except Exception as error:  # whatever it is, it is a crash
            self.faults.append(f"{name}: accepting: {type(error).__name__}: {str(error)[:300]}")
            return
        finally:
            faulthandler.cancel_dump_traceback_later()
            outcome.seconds += time.perf_counter() - began
        outcome.accepted += counts.accepted
        outcome.duplicate += counts.duplicate
        outcome.quarantined.update(counts.quarantined)
        ended = counts.accepted + counts.duplicate + sum(counts.quarantined.values())
        if not ended == counts.read == batch.events.num_rows + batch.rejects.num_rows:
            self.faults.append(f"{name}: {counts.read} records read, {ended} of them counted")

    def check_store(self) -> None:
        """The store has what was counted: each event that was accepted or in conflict, each distinct reject."""
        kept = sum(one.accepted + one.quarantined["conflict"] for one in self.outcomes.values())
        rejects = "quarantined where reason <> 'conflict'"
        for table, expected in (("events", kept), (rejects, len(self.rejected))):
            row = self.store.connection.execute(f"select count(*) from {table}").fetchone()
            if row is None or row[0] != expected:
                self.faults.append(f"the store has {row} rows in {table}, {expected} were counted")

    def lines(self) -> list[str]:
        """A table for people: a line for each kind, and its reasons below it."""
        head = ("kind", "inputs", "accepted", "duplicate", "quarantined", "files refused", "seconds")
        made = ["{:<20}{:>10}{:>10}{:>10}{:>12}{:>14}{:>9}".format(*head)]
        for kind, one in self.outcomes.items():
            made.append(
                f"{kind:<20}{one.inputs:>10}{one.accepted:>10}{one.duplicate:>10}"
                f"{one.quarantined.total():>12}{one.refused_files:>14}{one.seconds:>9.1f}"
            )
            reasons = ", ".join(f"{reason} {count}" for reason, count in one.quarantined.most_common())
            made.append(f"  {reasons}")
        return made


def doubt(row: dict[str, Any], domain: Domain) -> str | None:
    """What the careful check says against an accepted row, or None."""
    texts = [value for value in row.values() if isinstance(value, str)]
    texts += [text for pair in row["identifiers"] for text in pair]
    # each text of its data is looked at by the judge: a backslash before u0000 may be text itself
    if any("\x00" in text for text in texts):
        return "has U+0000"
    data = json.loads(row["data"])
    taken_off = data.pop(PLACEHOLDERS, None)
    event = event_object(row | {"data": json.dumps(data)}, domain.type_prefix)
    parsed = row_or_reject(event, domain.rules)
    if isinstance(parsed, Reject):
        if parsed.reason == "missing_identifier" and taken_off:
            return None  # what it was required to have was a placeholder
        return f"the judge refuses it: {parsed.reason} {parsed.field}"
    again = dict(zip(ROW_COLUMNS, parsed, strict=True)) | {"data": row["data"]}
    unlike = [name for name in ROW_COLUMNS if again[name] != row[name]]
    if unlike:
        return f"the judge gives another {unlike[0]}"
    return None


def differs(row: dict[str, Any], line: bytes | None, domain: Domain) -> str | None:
    """What Python's own JSON and the careful check read in the line otherwise than the accepted row, or None."""
    if line is None:
        return None
    try:
        parsed = row_or_reject(json.loads(line), domain.rules)
    except (ValueError, RecursionError) as error:
        return f"Python's JSON refuses the line: {type(error).__name__}"
    if isinstance(parsed, Reject):
        return f"the judge refuses the line: {parsed.reason}"
    again = dict(zip(ROW_COLUMNS, parsed, strict=True))
    skip = {"identifiers", "data"} if PLACEHOLDERS in row["data"] else set()
    unlike = [name for name in ROW_COLUMNS if again[name] != row[name] and name not in skip]
    return f"the line gives another {unlike[0]}" if unlike else None


def _plain_rows(events: pa.Table) -> Iterator[dict[str, Any]]:
    """Rows as mappings with times in microseconds and identifiers as (kind, value)."""
    for one in events.schema:
        if pa.types.is_timestamp(one.type):
            place = events.schema.get_field_index(one.name)
            events = events.set_column(place, one.name, events[one.name].cast(pa.int64()))
    for row in events.to_pylist():
        row["identifiers"] = [(one["kind"], one["value"]) for one in row["identifiers"]]
        yield row


def _positions(table: pa.Table) -> list[int]:
    return list(table["position"].to_pylist())


def _refused(rejects: pa.Table, run: Run) -> Iterator[int]:
    """The positions of rejects; of one over several lines, which a value that is not closed may be, all its lines."""
    for position, raw in zip(_positions(rejects), rejects["raw"].to_pylist(), strict=True):
        more = raw.count(b"\n") if run.lines and raw else 0
        yield from (place for place in range(position, position + more + 1) if not more or place in run.lines)


def runs(inputs: int) -> Iterator[tuple[Callable[[Good, random.Random, int, Path], Run], int]]:
    """What makes each run, in order, and of how many inputs."""
    for make, share in RECORD_KINDS:
        wanted = inputs * share // 100
        yield from ((make, min(_RUN, wanted - first)) for first in range(0, wanted, _RUN))
    for number in range(int(inputs * FILES_SHARE)):
        yield (*files.FILES, exports.exports)[number % (len(files.FILES) + 1)], 1
    yield from ((files.bombs, 1) for _ in range(BOMBS))


def run_trial(inputs: int, seed: int, folder: Path) -> tuple[Trial, float]:
    """Put `inputs` hostile inputs to readers and store; the trial, and the seconds that settling took."""
    domain = load_domain(None)
    good = Good(domain)
    with open_store(folder / "store.duckdb", write=True, memory_limit="1GB") as store:
        open_domain(store, domain)
        trial = Trial(store, domain)
        for place, (make, count) in enumerate(runs(inputs)):
            name = f"{make.__name__} seed {seed} run {place}"
            good.begin(place)
            trial.put(make(good, random.Random(name), count, folder), name)
        trial.check_store()
        began = time.perf_counter()
        settle(store)
        return trial, time.perf_counter() - began


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--inputs", type=int, default=INPUTS)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--folder", type=Path, help="for the files and the store; a temporary one otherwise")
    given = options.parse_args()
    reset_peak()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        began = time.perf_counter()
        trial, settling = run_trial(given.inputs, given.seed, Path(folder))
    print(*trial.lines(), sep="\n")
    peak = peak_bytes()
    if peak > PEAK_LIMIT:
        trial.faults.append(f"peak of {peak / 2**20:,.0f} MiB")
    print(f"linked and derived in {settling:.1f} s; {time.perf_counter() - began:.0f} s in all, the making included")
    print(f"peak of {peak / 2**20:,.0f} MiB; {len(trial.faults)} faults")
    print(*trial.faults[:_SHOWN], sep="\n")
    if trial.faults:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
