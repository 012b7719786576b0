"""No command takes a secret as a word: others on the machine can read the words of a process, and shells keep them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
from typed import run, under

from throughline.cli.main import throughline

_SECRET = re.compile(r"pass(word|wd|phrase)?|secret|credential|api.?key|tokens?|key|pem|pwd")


def options(command: click.Command, words: str) -> Iterator[tuple[str, click.Option]]:
    """Every option of a command and of those beneath it, with the words that call it."""
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            yield f"{words} {parameter.opts[0]}", parameter
    if isinstance(command, click.Group):
        for name, one in under(command).items():
            yield from options(one, f"{words} {name}")


def test_what_is_called_after_a_secret_takes_a_file_or_nothing() -> None:
    """A file has an owner and a mode; a command line has readers."""
    found = dict(options(throughline, "throughline"))
    secret = {words: one for words, one in found.items() if _SECRET.fullmatch(words.rpartition(" --")[2])}

    assert len(found) > 200
    assert {words.rpartition(" --")[2] for words in secret} >= {"tokens"}
    assert [w for w, one in secret.items() if not (one.is_flag or isinstance(one.type, click.Path | click.File))] == []


def test_an_address_with_a_password_is_refused_and_not_repeated() -> None:
    """Of a database: it stands in a file, or in the environment."""
    done = run("source", "new", "t", "--database", "postgresql://agency:hush-4711@127.0.0.1:1/x", code=2)

    assert "password" in done.stderr
    assert "hush-4711" not in done.stdout + done.stderr
