"""The process that reads hostile inputs: within a limit of memory, and ended where one of them takes too long.

Says a line of JSON for each input on standard output; whoever started it sees by the line that is missing which input
ended it.
"""

from __future__ import annotations

import faulthandler
import os
import random
import resource
import signal
import sys
import time
import traceback
import warnings
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path

import orjson
import pyarrow as pa

from bench.hostile.__main__ import doubt
from bench.hostile_sources import changes, drafts, exports, objects, requests, tables
from bench.hostile_sources.attempt import Case, Made, Readers, Row, rows_of
from throughline.errors import InfrastructureError, ThroughlineError
from throughline.schemas.definitions.domain import Domain, load_domain

# of the processor: other work of the machine is no fault of an input
SECONDS = 5.0
# of the clock, for what waits or has others work for it
PATIENCE = 60.0
MEMORY_BYTES = 4 << 30
READERS: Readers = {
    **exports.READERS,
    **objects.READERS,
    **drafts.READERS,
    **changes.READERS,
    **requests.READERS,
    **tables.READERS,
}


@dataclass
class Told:
    """What became of one input; `seconds` of the clock, `cpu` of the processor."""

    number: int
    inputs: int = 0
    accepted: int = 0
    refused: int = 0
    left_out: int = 0
    files_refused: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    faults: list[str] = field(default_factory=list)


def read_case(case: Case, domain: Domain, told: Told) -> None:
    """Read an input, and hold what comes of it against what must."""
    told.inputs = case.inputs
    found: dict[str, list[Row]] = {}
    records = 0
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            for made in case.read():
                told.faults += _unsound(made, case, domain, found)
                records += made.rows
                told.accepted += made.events.num_rows + made.accepted
                told.refused += made.rejects.num_rows + made.refused
                told.left_out += made.left_out
        except ThroughlineError as error:
            told.files_refused = told.inputs = 1
            if isinstance(error, InfrastructureError):
                told.faults.append(f"called a fault of the machinery: {type(error).__name__}: {error.what[:300]}")
            if not case.may_refuse:
                told.faults.append(f"refused as a whole: {error.what[:300]!r}")
            if not error.what.strip() or _is_no_text(str(error)):
                told.faults.append("refused without a reason that can be written")
        except BaseException as error:  # whatever it is, it is a crash
            where = traceback.extract_tb(error.__traceback__)
            told.faults.append(
                f"{type(error).__name__}: {str(error)[:200]!r} at {where[-1].filename}:{where[-1].lineno}"
            )
            told.faults[-1] += "".join(f"\n    {one.filename}:{one.lineno} {one.name}" for one in where[-8:])
        told.faults += [f"warned: {one.category.__name__}: {str(one.message)[:200]}" for one in warned]
    if not told.files_refused and not told.faults:
        if case.records not in (None, records):
            told.faults.append(f"{records} records came of {case.records}")
        for own, row in case.untouched.items():
            if row not in found.get(own, ()):
                told.faults.append(f"the untouched record {own!r} is missing or another")
                break


def _unsound(made: Made, case: Case, domain: Domain, found: dict[str, list[Row]]) -> list[str]:
    faults = []
    try:
        made.events.validate(full=True)
        made.rejects.validate(full=True)
    except pa.ArrowInvalid as error:
        return [f"not sound: {str(error)[:200]}"]
    for row in made.rejects.to_pylist():
        if not row["reason"] or not row["detail"] or row["position"] is None or row["raw"] is None:
            faults.append(f"a reject lacks its reason, detail, place or record: {row['reason']} at {row['position']}")
    places = [*made.events["position"].to_pylist(), *made.rejects["position"].to_pylist()]
    if len(set(places)) < len(places):
        faults.append("a record came out twice")
    ended = len(places) + made.left_out + made.accepted + made.refused
    if ended != made.rows:
        faults.append(f"{made.rows} records, of which {ended} are accounted for")
    for position, row in rows_of(made.events):
        found.setdefault(row["id"], []).append(row)
        if row != case.untouched.get(row["id"]) and (fault := doubt(row, domain)):
            faults.append(f"accepted at {position}: {fault}")
    return faults


def _is_no_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def main(name: str, seed: str, first: str, inputs: str, folder: str) -> None:
    """Read inputs from the number `first` on until there were so many."""
    domain = load_domain(None)
    reader = READERS[name](domain, Path(folder))
    limit = MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # says where it stood, and then ends the process as the signal does
    faulthandler.register(signal.SIGPROF, chain=True)
    said = os.fstat(2).st_size
    done = 0
    for number in count(int(first)):
        told = Told(number)
        case = reader.case(random.Random(f"{name} {seed} {number}"))
        began, cpu = time.perf_counter(), _cpu()
        faulthandler.dump_traceback_later(PATIENCE, exit=True)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        read_case(case, domain, told)
        signal.setitimer(signal.ITIMER_PROF, 0)
        faulthandler.cancel_dump_traceback_later()
        told.seconds, told.cpu = time.perf_counter() - began, _cpu() - cpu
        if (size := os.fstat(2).st_size) > said:
            told.faults.append(f"wrote {size - said} bytes to standard error")
            said = size
        sys.stdout.buffer.write(orjson.dumps(asdict(told)) + b"\n")
        sys.stdout.buffer.flush()
        done += told.inputs
        if done >= int(inputs):
            return


def _cpu() -> float:
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


if __name__ == "__main__":
    main(*sys.argv[1:])
