"""Post events over HTTP on one core, and kill the service while others post: `python -m bench.ingest`.

Without a broker: the events wait in the outbox, where they are counted.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from bench.ingest.kills import measure_kills
from bench.ingest.rate import measure_rate


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--lane", choices=["rate", "kills", "both"], default="both")
    options.add_argument("--batches", type=int, default=500)
    options.add_argument("--size", type=int, default=100, help="events of a batch")
    options.add_argument("--kills", type=int, default=50)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--folder", type=Path, help="for what is made; a temporary one otherwise")
    given = options.parse_args()
    is_well = True
    for lane in ("rate", "kills"):
        if given.lane in (lane, "both"):
            with tempfile.TemporaryDirectory(dir=given.folder) as made:
                if lane == "rate":
                    is_well &= measure_rate(Path(made), given.batches, given.size)
                else:
                    is_well &= measure_kills(Path(made), given.kills, given.seed)
    sys.exit(0 if is_well else 1)


if __name__ == "__main__":
    main()
