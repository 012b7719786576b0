"""What each peer runs in, made once and kept in the cache: a virtual environment, classes and jars by Maven."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterable
from pathlib import Path

from throughline.broker.jars import cache_folder
from throughline.broker.java import find_maven

_HERE = Path(__file__).parent
_LOCK = _HERE / "quix-requirements.lock"
_KAFKA_STREAMS = _HERE / "kafka-streams"
_SECONDS = 900


def quix_python() -> Path:
    """The interpreter of an environment with exactly the packages of the lock."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return _made(f"quix-{version}", [_LOCK], _install_quix) / "bin" / "python"


def kafka_streams_classpath() -> str:
    """The class path of the compiled join and of Kafka Streams."""
    sources = [_KAFKA_STREAMS / "pom.xml", *sorted(_KAFKA_STREAMS.rglob("*.java"))]
    made = _made("kafka-streams", sources, _compile)
    return f"{made / 'target' / 'classes'}:{made / 'target' / 'lib'}/*"


def _made(name: str, sources: Iterable[Path], make: Callable[[Path], None]) -> Path:
    """A folder of the cache, named by the content of what it is made from; made where it is not whole."""
    content = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]
    folder = cache_folder() / f"bench-{name}-{content}"
    stamp = folder / "made"
    if not stamp.exists():
        # an environment cannot be moved: it is made where it stays, and the stamp says that it is whole
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        print(f"making {folder} …", flush=True)
        make(folder)
        stamp.touch()
    return folder


def _install_quix(folder: Path) -> None:
    venv.create(folder, with_pip=True)
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    _run([str(folder / "bin" / "python"), *install, "-r", str(_LOCK)])


def _compile(folder: Path) -> None:
    shutil.copytree(_KAFKA_STREAMS, folder, dirs_exist_ok=True)
    goals = ["compile", "dependency:copy-dependencies", "-DincludeScope=runtime"]
    lib = f"-DoutputDirectory={folder / 'target' / 'lib'}"
    _run([str(find_maven()), "--batch-mode", "--quiet", "--file", str(folder / "pom.xml"), *goals, lib])


def _run(command: list[str]) -> None:
    with tempfile.TemporaryFile() as said:
        run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, timeout=_SECONDS, check=False)
        if run.returncode:
            said.seek(0)
            shown = said.read().decode(errors="replace")[-4000:]
            raise RuntimeError(f"{' '.join(command[:4])} … ended with {run.returncode}:\n{shown}")
