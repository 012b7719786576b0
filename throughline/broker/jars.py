"""The broker's jars: brought by Maven once, then used from the cache with no network."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from throughline.broker.java import find_maven
from throughline.errors import BrokerError

POM = Path(__file__).parent / "pom.xml"
_LISTING = "jars.txt"
_MAVEN_SECONDS = 900.0
_BY_HAND = (
    f"Try `mvn --file {POM} dependency:resolve` and read what it says. The first time it needs the network, or a "
    "mirror that Maven's settings.xml names."
)


def cache_folder() -> Path:
    """Where jars are kept: THROUGHLINE_CACHE, else `throughline` in the user's cache folder."""
    own = os.environ.get("THROUGHLINE_CACHE")
    if own:
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "throughline"


def broker_jars() -> list[Path]:
    """The jars of pom.xml, in a folder of the cache that is named by its content.

    Brings them where they are not whole. Several processes may call at once: one brings, the others wait.
    """
    kept = cache_folder() / f"broker-{hashlib.sha256(POM.read_bytes()).hexdigest()[:12]}"
    jars = _whole(kept)
    if jars is not None:
        return jars
    maven = find_maven()
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with (kept.parent / f"{kept.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            jars = _whole(kept)
            if jars is None:
                _bring(maven, kept)
                jars = _whole(kept)
    except OSError as error:
        raise BrokerError(
            f"The broker's jars cannot be kept in {kept.parent}: {error}.",
            hint="Make room or allow writing there, or set THROUGHLINE_CACHE to another folder.",
        ) from error
    if jars is None:
        raise BrokerError(
            f"The broker's jars in {kept} are not the ones that Maven put there.",
            hint=f"Delete {kept} and start again.",
        )
    return jars


def _whole(kept: Path) -> list[Path] | None:
    """The jars that the listing names, if each is there with its size in bytes; else None."""
    try:
        lines = (kept / _LISTING).read_text(encoding="utf-8").splitlines()
        entries = [line.split(" ", 1) for line in lines]
        if all((kept / name).stat().st_size == int(size) for size, name in entries):
            return [kept / name for _, name in entries] or None
    except (OSError, ValueError):
        pass
    return None


def _bring(maven: Path, kept: Path) -> None:
    """Copy the jars by Maven into a folder beside `kept`, then put it in the place of `kept`."""
    made = Path(tempfile.mkdtemp(prefix=f"{kept.name}.", dir=kept.parent))
    try:
        # a copy: Maven looks for more beside the file, and must not write where Throughline is installed
        pom = Path(shutil.copy(POM, made / "pom.xml"))
        _run(maven, pom, made)
        jars = sorted(made.glob("*.jar"))
        if not jars:
            raise BrokerError(f"Maven succeeded but put no jar into {made}.", hint=_BY_HAND)
        listing = "".join(f"{jar.stat().st_size} {jar.name}\n" for jar in jars)
        (made / _LISTING).write_text(listing, encoding="utf-8")
        made.chmod(0o755)
        if kept.exists():
            shutil.rmtree(kept)
        made.rename(kept)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _run(maven: Path, pom: Path, target: Path) -> None:
    command = [str(maven), "--batch-mode", "--quiet", "--strict-checksums", "--file", str(pom)]
    command += ["dependency:copy-dependencies", f"-DoutputDirectory={target}", "-DincludeScope=runtime"]
    try:
        run = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_MAVEN_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BrokerError(
            f"Maven did not fetch the broker's jars within {_MAVEN_SECONDS:.0f} seconds.", hint=_BY_HAND
        ) from error
    if run.returncode != 0:
        said = "\n".join(run.stdout.strip().splitlines()[:8])
        raise BrokerError(
            f"Maven could not fetch the broker's jars (exit code {run.returncode}):\n{said}", hint=_BY_HAND
        )
