"""This machine: Python, Java, and room on the disks."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from throughline.broker.java import LEAST_JAVA, find_java
from throughline.doctor.diagnosis import Diagnosis
from throughline.errors import BrokerToolMissing

_PYTHONS = ((3, 11), (3, 14))  # pyproject.toml, requires-python
_MIB = 2**20
TIGHT_BYTES = 1024 * _MIB


def look_at_python(version: tuple[int, ...] = sys.version_info[:2]) -> Iterator[Diagnosis]:
    least, beyond = _PYTHONS
    if least <= version < beyond:
        yield Diagnosis("python", "ok", f"Python {platform.python_version()}.")
        return
    yield Diagnosis(
        "python",
        "wrong",
        f"Python {'.'.join(map(str, version))} is not one that Throughline is tested on.",
        "Use Python 3.11, 3.12 or 3.13; `bin/setup` makes an environment with it.",
        1,
    )


def look_at_java() -> Iterator[Diagnosis]:
    """Only a broker on this machine needs Java, so that its absence is no fault."""
    try:
        java = find_java()
    except BrokerToolMissing as error:
        yield Diagnosis("java", "look", f"{error.what} Only `throughline up` and the tests need it.", error.hint)
        return
    yield Diagnosis("java", "ok", f"{java} is Java {LEAST_JAVA} or newer.")


def look_at_disks(folders: Iterable[Path], least: int, tight: int = TIGHT_BYTES) -> Iterator[Diagnosis]:
    """Each disk once, by its device; `least` and `tight` in bytes: what a store needs, and what is soon used up."""
    seen = set()
    for folder in folders:
        there = next(one for one in (folder, *folder.parents) if one.exists())
        device = there.stat().st_dev
        if device in seen:
            continue
        seen.add(device)
        free = shutil.disk_usage(there).free
        said = f"{free // _MIB:,} MiB free at {there}."
        if free < least:
            yield Diagnosis("disk", "wrong", said, f"Make room: below {least // _MIB} MiB nothing is written.", 70)
        elif free < tight:
            yield Diagnosis("disk", "look", said, "Make room before it is full: workers then wait.")
        else:
            yield Diagnosis("disk", "ok", said)
