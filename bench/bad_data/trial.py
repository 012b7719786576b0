"""Bad data of many kinds put into a clean population, one at a time: `python -m bench.bad_data --cases 400`.

Every kind is as severe as the others: one in twenty of the events concerned, or all of one source's, where it is a
source that goes wrong. It is found where a finding does not stand in the clean population, nor in clean ones of other
seeds, or is much smaller in all of them.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import dataclass

# each enters its kinds
from bench.bad_data import copies, encodings, identifiers, losses, order, times, values
from bench.bad_data.findings import Finding, Found, found_in, greatest
from bench.bad_data.kind import KINDS, Event, Kind, clean_population, damaged, edits_of

FAMILIES = (values, identifiers, times, order, copies, losses, encodings)
SEED = 7
CASES = 400
SEEDS = 5
# the parts of the damage after which is looked, least first
PARTS = (8, 4, 2)
_HEAD = f"{'kind':<30}{'dimension':<14}{'damaged':>8}  found  {'after':>7}  by"
_SHOWN = 3


@dataclass(frozen=True)
class Trial:
    """What became of one kind: events damaged, how many of them had been read when it was found, and by what."""

    kind: Kind
    damaged: int
    found_after: int | None
    by: list[Finding]

    def line(self) -> str:
        checks = list(dict.fromkeys(one.check for one in self.by))
        by = ", ".join(checks[:_SHOWN]) + (f" and {len(checks) - _SHOWN} more" if len(checks) > _SHOWN else "")
        found, after = ("no", "") if self.found_after is None else ("yes", str(self.found_after))
        return f"{self.kind.name:<30}{self.kind.dimension:<14}{self.damaged:>8}  {found:<5}  {after:>7}  {by}"


def tried(kind: Kind, events: list[Event], clean: Found, seed: int, *, parts: tuple[int, ...] = PARTS) -> Trial:
    """Put a kind into the population and look for it; if it is found, look after the first parts of it as well."""
    edits = edits_of(kind, events, seed)
    by = found_in(damaged(kind, events, edits)).beyond(clean)
    if not by:
        return Trial(kind, len(edits), None, [])
    for part in parts:
        first = -(-len(edits) // part)
        if first < len(edits) and found_in(damaged(kind, events, edits, first)).beyond(clean):
            return Trial(kind, len(edits), first, by)
    return Trial(kind, len(edits), len(edits), by)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=CASES)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument(
        "--seeds",
        type=int,
        default=SEEDS,
        help="clean populations to compare with, and as many to look for false alarms in",
    )
    options.add_argument("--only", help="the kinds with this in their name")
    options.add_argument("--whole", action="store_true", help="do not look how early it is found")
    given = options.parse_args()
    kinds = [kind for kind in KINDS.values() if not given.only or given.only in kind.name]
    if not kinds:
        options.error(f"no kind has `{given.only}` in its name; there are: {', '.join(KINDS)}")
    began = time.monotonic()
    events = clean_population(given.seed, given.cases)
    others = range(given.seed + 1, given.seed + 1 + given.seeds)
    clean = greatest(found_in(clean_population(seed, given.cases)) for seed in (given.seed, *others))
    print(f"{len(events)} events of {given.cases} cases, seed {given.seed}\n{_HEAD}", flush=True)
    trials = []
    for kind in kinds:
        trials.append(tried(kind, events, clean, given.seed, parts=() if given.whole else PARTS))
        print(trials[-1].line(), flush=True)
    found = sum(trial.found_after is not None for trial in trials)
    alike = sum(any(one.dimension == trial.kind.dimension for one in trial.by) for trial in trials)
    print(f"{found} of {len(trials)} kinds found ({found / len(trials):.0%}), {alike} by a check of the dimension hurt")
    for trial in trials:
        if trial.found_after is None:
            print(f"  not found: {trial.kind.name}: {trial.kind.says}")
    _print_false_alarms(clean, range(others.stop, others.stop + given.seeds), given.cases)
    print(f"{time.monotonic() - began:.0f} s")


def _print_false_alarms(clean: Found, seeds: range, cases: int) -> None:
    """Look at further clean populations: a check alarms where it fails, a count where it exceeds those seen before."""
    checks = 0
    alarms: Counter[str] = Counter()
    for seed in seeds:
        found = found_in(clean_population(seed, cases))
        checks += found.checks
        alarms.update(
            one.check for key, one in found.findings.items() if not one.is_count or one.exceeds(clean.findings.get(key))
        )
    share = f" ({alarms.total() / checks:.2%})" if checks else ""
    print(f"{alarms.total()} of {checks} checks alarm in {len(seeds)} clean populations{share}")
    for name, count in alarms.most_common():
        print(f"  {name}: {count}")
