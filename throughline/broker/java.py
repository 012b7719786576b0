"""Java and Maven on this machine: where they are, and whether Java is new enough."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from throughline.errors import BrokerToolMissing

LEAST_JAVA = 17
_INSTALL_JAVA = (
    f"Install a Java runtime {LEAST_JAVA} or newer (Debian and Ubuntu: `apt-get install openjdk-17-jre-headless`; "
    "macOS: `brew install openjdk@17`), or set JAVA_HOME to one; or set KAFKA_BOOTSTRAP to a running broker."
)
_INSTALL_MAVEN = (
    "Install Maven (Debian and Ubuntu: `apt-get install maven`; macOS: `brew install maven`). It is needed once, to "
    "bring the broker's jars; or set KAFKA_BOOTSTRAP to a broker that runs."
)


def find_java() -> Path:
    """The `java` to use: of JAVA_HOME where that is set, else the first on PATH; 17 or newer."""
    home = os.environ.get("JAVA_HOME")
    if home:
        java = Path(home) / "bin" / "java"
        if not os.access(java, os.X_OK):
            raise BrokerToolMissing(f"JAVA_HOME is {home}, but there is no {java} to run.", hint=_INSTALL_JAVA)
    else:
        found = shutil.which("java")
        if found is None:
            raise BrokerToolMissing("There is no `java` on PATH, and JAVA_HOME is not set.", hint=_INSTALL_JAVA)
        java = Path(found)
    version = _major_version(java)
    if version < LEAST_JAVA:
        raise BrokerToolMissing(
            f"{java} is Java {version}; Kafka needs Java {LEAST_JAVA} or newer.", hint=_INSTALL_JAVA
        )
    return java


def find_maven() -> Path:
    """The first `mvn` on PATH."""
    found = shutil.which("mvn")
    if found is None:
        raise BrokerToolMissing("There is no `mvn` on PATH.", hint=_INSTALL_MAVEN)
    return Path(found)


def _major_version(java: Path) -> int:
    """17 of `openjdk version "17.0.15"`, 8 of `java version "1.8.0_392"`."""
    try:
        run = subprocess.run(
            [java, "-version"], capture_output=True, text=True, errors="replace", timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BrokerToolMissing(f"`{java} -version` does not run: {error}.", hint=_INSTALL_JAVA) from error
    said = run.stderr + run.stdout
    match = re.search(r'version "(?:1\.)?(\d+)', said)
    if run.returncode != 0 or match is None:
        raise BrokerToolMissing(
            f"`{java} -version` prints no version (exit code {run.returncode}), but: {said.strip()[:200]!r}.",
            hint=_INSTALL_JAVA,
        )
    return int(match.group(1))
