"""Kafka to committed store, beside two peers and the limit: `python -m bench.live --events N`.

N generated events are published once to a broker of this machine; then each of the contestants reads the same topics
from the beginning to the end, one after the other. What the peers do and leave out is in `bench/peers/README.md`.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from bench.generate.population import SEED
from bench.instruments.encoded import encoded_records
from bench.live.answers import Answer, check_settled, differences, own_answer, peer_answer
from bench.live.contestants import Place, Run, bare_loop, kafka_streams, pause, quix_streams, throughline_worker
from bench.live.input import Input, benchmark_broker, publish_encoded
from bench.peers.catalogue import write_catalogue
from bench.peers.environments import kafka_streams_classpath, quix_python
from throughline.broker.jars import cache_folder
from throughline.schemas.definitions.domain import load_domain

ALL = ("aiokafka", "confluent", "throughline", "reduced", "kafka-streams", "quix")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=SEED)
    options.add_argument("--folder", type=Path, help="for broker, stores and state; a temporary one otherwise")
    options.add_argument("--kept", type=Path, help="where encoded records stay for the next time; the cache otherwise")
    options.add_argument("--only", default=",".join(ALL), help=f"which of {','.join(ALL)}, with commas")
    options.add_argument("--quix-processes", default="1,2", help="numbers with commas: a run for each")
    options.add_argument("--rounds", type=int, default=1, help="runs of each; the median by seconds is shown")
    given = options.parse_args()
    only = given.only.split(",")
    if unknown := set(only) - set(ALL):
        options.error(f"unknown: {', '.join(sorted(unknown))}")

    domain = load_domain(None)
    records = encoded_records(given.kept or cache_folder() / "bench-records", given.events, given.seed)
    # what is made once is made before anything is measured
    if "quix" in only:
        quix_python()
    if "kafka-streams" in only:
        kafka_streams_classpath()
    if given.folder is not None:
        given.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=given.folder) as made, benchmark_broker(Path(made) / "broker") as broker:
        began = time.perf_counter()
        topics = publish_encoded(broker, "live.", domain, records)
        print(
            f"{topics.events:,} records published in {time.perf_counter() - began:.1f} s; "
            f"{topics.bytes_ / topics.events:.0f} bytes each as the broker keeps them (zstd)",
            flush=True,
        )
        assert broker.pid is not None
        folder = Path(made) / "runs"
        folder.mkdir()
        place = Place(topics, broker.pid, folder, write_catalogue(folder / "catalogue.json", domain))
        own: Answer | None = None
        shown: list[Run] = []
        failed: list[str] = []
        for name, number in _plan(only, [int(one) for one in given.quix_processes.split(",")]):
            runs = []
            for round_ in range(given.rounds):
                pause()
                here = _renamed(place, folder / f"{name}-{number}-{round_}", round_)
                try:
                    runs.append(_run(here, name, number))
                except RuntimeError as error:
                    failed.append(name)
                    print(f"{name} FAILED: {error}", flush=True)
                    break  # what the others did is still to be had
                print(f"{runs[-1].name}: {runs[-1].seconds:.1f} s", flush=True)
                if name == "throughline":
                    check_settled(here.folder / "throughline", topics.events)
                    own = own_answer(here.folder / "throughline")
                elif "output" in runs[-1].said and own is not None:
                    _compare(runs[-1], own, topics, here.folder)
                shutil.rmtree(here.folder)
            shown += sorted(runs, key=lambda run: run.seconds)[(len(runs) - 1) // 2 :][:1]
    print(*table(shown), sep="\n")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def _plan(only: list[str], processes: list[int]) -> list[tuple[str, int]]:
    plan = []
    for name in ALL:
        if name in only:
            plan += [(name, count) for count in processes] if name == "quix" else [(name, 1)]
    return plan


def _renamed(place: Place, folder: Path, round_: int) -> Place:
    """A folder of its own; and groups and topics of its own, since a group has read the topics only once."""
    folder.mkdir()
    return Place(place.input, place.broker_pid, folder, place.catalogue, f"-{round_}" if round_ else "")


def _run(place: Place, name: str, number: int) -> Run:
    match name:
        case "aiokafka" | "confluent":
            return bare_loop(place, name)
        case "throughline":
            return throughline_worker(place, "Throughline", place.folder / "throughline")
        case "reduced":
            return throughline_worker(place, "Throughline, reduced", place.folder / "reduced", reduced=True)
        case "kafka-streams":
            return kafka_streams(place)
        case _:
            return quix_streams(place, number)


def _compare(run: Run, own: Answer, topics: Input, folder: Path) -> None:
    """Print what the peer found beside what Throughline found."""
    found = peer_answer(run.said, topics.bootstrap, folder)
    print(f"  what {run.name} left out or did besides: {run.said['merges']:,} cases merged, ", end="")
    print(f"{run.said['duplicates']:,} duplicates dropped, {run.said['emitted']:,} handoffs or changes of one emitted")
    print(*differences(found, own), sep="\n", flush=True)


def table(runs: list[Run]) -> list[str]:
    """The runs as a table for people. CPU seconds and memory are of the whole life of the processes."""
    own = next((run for run in runs if run.name == "Throughline"), None)
    head = f"{'':<32}{'events':>12}{'seconds':>9}{'events/s':>11}{'CPU s':>8}{'peak MiB':>10}{'broker CPU s':>14}"
    lines = [f"{head}{'rate to ours':>14}"]
    for run in runs:
        ratio = f"{run.rate / own.rate:>13.2f}x" if own else f"{'–':>14}"
        lines.append(
            f"{run.name:<32}{run.events:>12,}{run.seconds:>9.1f}{run.rate:>11,.0f}{run.usage.cpu_seconds:>8.1f}"
            f"{run.usage.peak_bytes / 2**20:>10,.0f}{run.broker_cpu:>14.1f}{ratio}"
        )
    return lines


if __name__ == "__main__":
    main()
