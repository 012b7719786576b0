"""docker-compose.yml and the Dockerfile keep the rules that no engine is needed to check.

The keys are those of the Compose specification that this file needs; one that is mistyped is not among them.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from throughline.sinks.store import open_store

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")

TOP_KEYS = {"services", "volumes"}
SERVICE_KEYS = {
    "build",
    "cap_drop",
    "command",
    "depends_on",
    "environment",
    "healthcheck",
    "image",
    "init",
    "mem_limit",
    "pids_limit",
    "ports",
    "read_only",
    "restart",
    "security_opt",
    "stop_grace_period",
    "tmpfs",
    "user",
    "volumes",
}
HEALTH_KEYS = {"test", "interval", "timeout", "retries", "start_period", "start_interval"}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
RESTARTS = {"no", "always", "on-failure", "unless-stopped"}
DIGEST = r"(?:@sha256:[0-9a-f]{64})?"
"""Of an image, for who pins it so (docs/how-to/operators.md)."""
DURATION = re.compile(r"(?:\d+(?:us|ms|s|m|h))+")

every_service = pytest.mark.parametrize("name", SERVICES)


def instructions(kind: str) -> list[str]:
    """What follows each instruction of that kind in the Dockerfile, with continued lines joined."""
    joined = re.sub(r"\\\n\s*", "", DOCKERFILE)
    return [line.split(" ", 1)[1].strip() for line in joined.splitlines() if line.startswith(f"{kind} ")]


def test_the_services_are_those_of_the_design() -> None:
    """And nothing else stands at the top than what the specification knows, or what begins with x-."""
    assert list(SERVICES) == ["broker", "topics", "worker", "sink"]
    assert {key for key in COMPOSE if not key.startswith("x-")} <= TOP_KEYS


@every_service
def test_every_key_is_known(name: str) -> None:
    """A mistyped key would refuse the whole file."""
    assert SERVICES[name].keys() <= SERVICE_KEYS
    assert SERVICES[name].get("healthcheck", {}).keys() <= HEALTH_KEYS


@every_service
def test_every_value_has_its_form(name: str) -> None:
    """Commands are lists, so that no shell reads them; texts that YAML would read as something else are quoted."""
    service = SERVICES[name]
    environment = service["environment"]

    assert all(isinstance(word, str) for word in service.get("command", []))
    assert isinstance(service.get("command", []), list)
    assert [key for key, value in environment.items() if not isinstance(value, str)] == []
    assert service["restart"] in RESTARTS
    assert DURATION.fullmatch(service["stop_grace_period"])


@every_service
def test_images_are_pinned(name: str) -> None:
    """To a whole version: what runs is what was tried."""
    assert re.fullmatch(rf"[a-z0-9/._-]+:\d+\.\d+\.\d+(?:-[a-z0-9.-]+)?{DIGEST}", SERVICES[name]["image"])


def test_the_page_says_of_each_image_that_is_fetched_how_to_pin_it() -> None:
    """By its digest, which is the registry's to say, and behind the tag that is pinned here."""
    page = (ROOT / "docs" / "how-to" / "operators.md").read_text(encoding="utf-8")
    part = page.partition("## Images by their digest")[2].partition("\n## ")[0]
    fetched = {service["image"] for service in SERVICES.values() if "build" not in service}
    fetched |= {line.split()[0] for line in instructions("FROM")}

    assert len(fetched) == 2
    for image in fetched:
        tag = image.partition("@")[0]
        assert f"docker pull {tag}\n" in part
        assert f"docker image inspect --format '{{{{index .RepoDigests 0}}}}' {tag}\n" in part
        assert f"{tag}@sha256:…`" in part


@every_service
def test_memory_and_processes_are_bounded(name: str) -> None:
    """One that grows is ended by itself, and takes no other with it."""
    assert re.fullmatch(r"\d+g", SERVICES[name]["mem_limit"])
    assert 0 < SERVICES[name]["pids_limit"] <= 1024


@every_service
def test_what_goes_on_running_says_how_it_is(name: str) -> None:
    assert ("healthcheck" in SERVICES[name]) == (SERVICES[name]["restart"] != "no")


def locked(file: str) -> dict[str, str]:
    """What a lock says of each package, by its name."""
    blocks = re.split(r"(?m)^(?=[a-z0-9])", (ROOT / file).read_text(encoding="utf-8"))
    return {block.split(" ", 2)[0] + block.partition(" ;")[2][:40]: block for block in blocks if block}


def test_the_image_holds_no_tools_for_tests() -> None:
    """Its packages are those of the tests' lock, to the hash; what only a test or a checker needs is not among them."""
    image, all_ = locked("requirements.image.lock"), locked("requirements.lock")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    def names(of: dict[str, str]) -> set[str]:
        return {one.partition("==")[0] for one in of}

    def wanted(lines: list[str]) -> set[str]:
        return {re.split(r"[^A-Za-z0-9_.-]", line)[0].lower().replace("_", "-") for line in lines}

    assert image.items() <= all_.items()
    assert wanted(project["dependencies"]) <= names(image)
    assert not wanted(project["optional-dependencies"]["dev"]) & names(image)
    assert instructions("COPY")[0] == "requirements.image.lock ./"


def test_the_image_has_the_version_of_the_package() -> None:
    """A new version is a new image."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    own = {service["image"] for service in SERVICES.values() if "build" in service}

    assert own == {f"throughline:{project['version']}"}


def test_the_broker_is_the_one_that_tests_run() -> None:
    """The image and the jars are of the same version."""
    pom = (ROOT / "throughline" / "broker" / "pom.xml").read_text(encoding="utf-8")
    found = re.search(r"<artifactId>kafka_2.13</artifactId>\s*<version>(.*?)</version>", pom)

    assert found is not None
    assert SERVICES["broker"]["image"].partition("@")[0] == f"apache/kafka:{found.group(1)}"


@every_service
def test_nobody_is_root_or_can_become_it(name: str) -> None:
    """By number, since a host knows no names of an image."""
    service = SERVICES[name]

    assert re.fullmatch(r"[1-9]\d{2,}:[1-9]\d{2,}", service["user"])
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]


def test_what_is_ours_writes_into_volumes_only() -> None:
    """The image of the broker writes its settings into itself."""
    assert [name for name, service in SERVICES.items() if not service.get("read_only")] == ["broker"]


@every_service
def test_ports_are_for_this_machine_only(name: str) -> None:
    """The broker has no authentication."""
    assert [port for port in SERVICES[name].get("ports", []) if not port.startswith("127.0.0.1:")] == []


def test_volumes_are_named_and_each_is_used_once() -> None:
    """Two writers never share a folder."""
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
    names = [mount.split(":")[0] for mount in mounts]

    assert sorted(names) == sorted(COMPOSE["volumes"])
    assert all(re.fullmatch(r"[a-z]+:/[a-z/]+", mount) for mount in mounts)


@every_service
def test_it_waits_for_what_can_come(name: str) -> None:
    """For the health of what has a health check, and for the end of what ends."""
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        condition = how["condition"]
        assert condition in CONDITIONS
        if condition == "service_healthy":
            assert "healthcheck" in SERVICES[needed]
        if condition == "service_completed_successfully":
            assert SERVICES[needed]["restart"] == "no"


def test_all_but_the_one_shot_come_back() -> None:
    """After a crash or a restart of the machine."""
    assert {name: service["restart"] for name, service in SERVICES.items()} == {
        "broker": "unless-stopped",
        "topics": "no",
        "worker": "unless-stopped",
        "sink": "unless-stopped",
    }


@pytest.mark.parametrize("name", ["broker", "worker", "sink"])
def test_health_is_asked(name: str) -> None:
    """By a program of the image itself, with bounds on how long."""
    check = SERVICES[name]["healthcheck"]

    assert check["test"][0] == "CMD"
    assert all(isinstance(word, str) for word in check["test"])
    assert isinstance(check["retries"], int)
    assert all(DURATION.fullmatch(check[key]) for key in HEALTH_KEYS - {"test", "retries"})


def test_the_worker_is_asked_where_it_listens() -> None:
    """On loopback, at the port that its command gives."""
    (asked,) = re.findall(r"http://127\.0\.0\.1:(\d+)/ready", SERVICES["worker"]["healthcheck"]["test"][-1])
    command = SERVICES["worker"]["command"]

    assert command[command.index("--health-port") + 1] == asked
    compile(SERVICES["worker"]["healthcheck"]["test"][-1], "healthcheck", "exec")


def test_the_sink_is_asked_whether_it_holds_its_store(tmp_path: Path) -> None:
    """Who writes a store stands in its lock: an empty one, or none, is nobody's."""
    command, check = SERVICES["sink"]["command"], SERVICES["sink"]["healthcheck"]["test"][-1]
    store = command[command.index("--store") + 1]
    lock = tmp_path / "throughline.duckdb.lock"
    assert f"{store}.lock" in check
    ask = [sys.executable, "-c", check.replace(f"{store}.lock", str(lock))]

    assert subprocess.run(ask, check=False, capture_output=True).returncode == 1
    with open_store(tmp_path / "throughline.duckdb", write=True):
        assert subprocess.run(ask, check=False).returncode == 0
    assert subprocess.run(ask, check=False).returncode == 1


def test_clients_find_the_listener_that_is_for_them() -> None:
    """Containers by the name of the broker, this machine by its published port."""
    environment = SERVICES["broker"]["environment"]
    advertised = dict(word.split("://") for word in environment["KAFKA_ADVERTISED_LISTENERS"].split(","))
    listening = dict(word.split("://") for word in environment["KAFKA_LISTENERS"].split(","))
    protocols = dict(word.split(":") for word in environment["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(","))
    inside = {service["environment"]["KAFKA_BOOTSTRAP"] for service in SERVICES.values() if "build" in service}

    assert inside == {advertised["INSIDE"]}
    assert SERVICES["broker"]["ports"] == [f"{advertised['OUTSIDE']}{listening['OUTSIDE']}"]
    assert listening.keys() == protocols.keys() == advertised.keys() | {"CONTROLLER"}
    assert all(advertised[name].endswith(listening[name]) for name in advertised)
    assert environment["KAFKA_CONTROLLER_QUORUM_VOTERS"] == f"1@broker{listening['CONTROLLER']}"
    assert advertised["INSIDE"] in SERVICES["broker"]["healthcheck"]["test"]


def test_the_dockerfile_installs_what_is_locked() -> None:
    """By hash, from whatever registry pip is set up for, on one pinned base."""
    installs = [line for line in instructions("RUN") if "pip install" in line]

    assert all(
        re.fullmatch(rf"python:3\.13\.\d+-slim-[a-z]+{DIGEST}(?: AS build)?", line) for line in instructions("FROM")
    )
    assert len({line.split()[0] for line in instructions("FROM")}) == 1
    assert all("--require-hashes" in line or "--no-deps --no-index" in line for line in installs)
    assert not re.search(r"https?://|--index-url|--trusted-host|curl|wget", DOCKERFILE)


def test_the_dockerfile_ends_as_the_user_of_the_services() -> None:
    """And what it makes for volumes is where they are mounted."""
    users = {service["user"] for service in SERVICES.values() if "build" in service}
    mounts = [m.split(":")[1] for s in SERVICES.values() if "build" in s for m in s.get("volumes", [])]

    assert instructions("USER") == [*users]
    assert all(mount in DOCKERFILE for mount in mounts)


def test_every_package_is_in_the_image() -> None:
    """A new folder of the package is copied, and not ignored: the package itself, and each folder it links to."""
    links = [path for path in (ROOT / "throughline").iterdir() if path.is_symlink()]
    folders = {"throughline", *(link.resolve().name for link in links)}
    assert links
    sources = {word for line in instructions("COPY") if "--from" not in line for word in line.split()[:-1]}
    seen = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }

    assert folders <= {word.rstrip("/") for word in sources}
    assert {word.rstrip("/") for word in sources} == seen
    assert all((ROOT / name).exists() for name in seen)
