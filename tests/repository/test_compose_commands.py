"""Each `throughline …` that docker-compose.yml and the Dockerfile run is a command that there is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from typed import under

from throughline.cli.main import throughline

ROOT = Path(__file__).resolve().parents[2]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))[
    "services"
]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}


def found(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that the words name, and those that are left for it."""
    command: click.Command = throughline
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        assert words[0] in under(command), f"`{command.name}` has no command `{words[0]}`"
        command, words = under(command)[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize("name", OURS)
def test_a_service_calls_a_command_with_its_options(name: str) -> None:
    """By the parser of the command itself: an option that it lacks, or a value that does not fit, is an error."""
    command, words = found(OURS[name]["command"])

    given, left, _ = command.make_parser(click.Context(command)).parse_args(list(words))

    assert not isinstance(command, click.Group)
    assert left == []
    options = {option.name: option for option in command.params}
    for option, value in given.items():
        if value is not None:
            options[option].type_cast_value(click.Context(command), value)


@pytest.mark.parametrize("name", OURS)
def test_a_service_sets_what_its_command_reads(name: str) -> None:
    """A variable of the environment that no option takes would say nothing."""
    command, _ = found(OURS[name]["command"])
    named = [option.envvar for option in command.params if option.envvar]
    read = {name for names in named for name in ([names] if isinstance(names, str) else names)}

    assert OURS[name]["environment"].keys() <= read


def test_the_image_starts_the_command() -> None:
    """And without a command of its own shows the help."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    starts = {kind: json.loads(words) for kind, words in re.findall(r"^(ENTRYPOINT|CMD) (\[.*\])$", text, re.MULTILINE)}

    assert starts["ENTRYPOINT"] == ["throughline"]
    assert throughline.make_parser(click.Context(throughline)).parse_args(list(starts["CMD"]))


def test_the_example_of_a_secured_broker_adds_to_services_what_they_read() -> None:
    """Its services are ours, and its variables are read by their commands."""
    example = yaml.safe_load((ROOT / "docs/how-to/examples/compose.secure.yaml").read_text(encoding="utf-8"))

    for name, service in example["services"].items():
        command, _ = found(OURS[name]["command"])
        assert service["environment"].keys() <= {option.envvar for option in command.params if option.envvar}
        assert all(mount.endswith(":ro") for mount in service["volumes"])
