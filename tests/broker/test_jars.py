"""What a machine lacks is said in words; jars are brought once and used from then on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from throughline.broker.jars import broker_jars
from throughline.broker.java import find_java, find_maven
from throughline.errors import BrokerError, BrokerToolMissing, InfrastructureError

Script = Callable[[str, str], Path]


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Puts a program of that name and shell text on a PATH that has nothing else but the system's basic ones."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "cat", "touch", "sed", "sleep"):
        (programs / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("THROUGHLINE_CACHE", str(tmp_path / "cache"))

    def put(name: str, text: str) -> Path:
        made = programs / name
        made.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        made.chmod(0o755)
        return made

    return put


# what Maven does here: two jars into the folder that -DoutputDirectory names, and a note that it was run
_MAVEN = """
for word in "$@"; do case "$word" in -DoutputDirectory=*) target=${word#*=};; esac; done
echo one > "$target/one.jar"; echo two > "$target/two.jar"; echo run >> "$0.runs"
"""


def test_no_java_says_what_to_install(script: Script) -> None:
    """Without java on PATH."""
    with pytest.raises(BrokerToolMissing, match=r"(?s)no `java` on PATH.*apt-get install openjdk-17-jre-headless"):
        find_java()


@pytest.mark.parametrize("said", ['java version "1.8.0_392"', 'openjdk version "11.0.20" 2023-07-18'])
def test_an_old_java_says_which_is_needed(script: Script, said: str) -> None:
    """Java 8 names itself 1.8."""
    java = script("java", f"cat >&2 <<'END'\n{said}\nEND")

    with pytest.raises(BrokerToolMissing, match=rf"{java} is Java (8|11); Kafka needs Java 17"):
        find_java()


@pytest.mark.parametrize("version", ["17.0.15", "21", "25-ea"])
def test_a_newer_java_is_taken(script: Script, version: str) -> None:
    """Also where it says first that it picked up options."""
    java = script("java", f"cat >&2 <<'END'\nPicked up JAVA_TOOL_OPTIONS: -Xss1m\nopenjdk version \"{version}\"\nEND")

    assert find_java() == java


@pytest.mark.parametrize("text", ["exit 1", "exit 0", "echo nothing to see"])
def test_a_java_that_says_nothing_is_none(script: Script, text: str) -> None:
    """A stub, as macOS has one, is no Java."""
    script("java", text)

    with pytest.raises(BrokerToolMissing, match="prints no version"):
        find_java()


def test_java_home_goes_before_path(script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And where nothing is there, that is said rather than another Java taken."""
    script("java", "echo 'openjdk version \"17\"' >&2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nowhere"))

    with pytest.raises(BrokerToolMissing, match=r"JAVA_HOME is .*nowhere"):
        find_java()


def test_no_maven_says_what_to_install(script: Script) -> None:
    """The first time needs it; the kind of error is one of the machine."""
    with pytest.raises(BrokerToolMissing, match=r"(?s)no `mvn` on PATH.*apt-get install maven") as raised:
        broker_jars()

    assert isinstance(raised.value, InfrastructureError)
    assert raised.value.exit_code == 70


def test_jars_are_brought_once(script: Script) -> None:
    """From then on Maven is not needed, nor a network."""
    maven = script("mvn", _MAVEN)
    assert find_maven() == maven

    first = broker_jars()
    again = broker_jars()
    maven.unlink()
    without = broker_jars()

    assert [jar.name for jar in first] == ["one.jar", "two.jar"]
    assert first == again == without
    assert Path(f"{maven}.runs").read_text(encoding="utf-8") == "run\n"


@pytest.mark.parametrize("damage", ["lost", "shortened"])
def test_what_is_not_whole_is_brought_again(script: Script, damage: str) -> None:
    """A jar that went missing, or of which a part was written."""
    maven = script("mvn", _MAVEN)
    (_, two) = broker_jars()
    if damage == "lost":
        two.unlink()
    else:
        two.write_text("t", encoding="utf-8")

    assert broker_jars()[1].read_text(encoding="utf-8") == "two\n"
    assert Path(f"{maven}.runs").read_text(encoding="utf-8") == "run\n" * 2


def test_what_maven_says_is_passed_on(script: Script, tmp_path: Path) -> None:
    """And nothing half brought is kept."""
    script("mvn", "echo '[ERROR] Could not transfer artifact'; exit 1")

    with pytest.raises(BrokerError, match=r"(?s)exit 1.*Could not transfer artifact.*needs the network"):
        broker_jars()

    assert [path.name for path in (tmp_path / "cache").iterdir() if path.is_dir()] == []


def test_a_maven_that_brings_nothing_is_an_error(script: Script) -> None:
    """No empty class path."""
    script("mvn", "exit 0")

    with pytest.raises(BrokerError, match="put no jar"):
        broker_jars()
