"""A secret: read from a file or a variable of the environment, and shown to nobody who prints it."""

from __future__ import annotations

import os
from pathlib import Path

from throughline.schemas.definitions.entry import Entry


class Secret:
    """A text that `reveal` alone gives; printed, it is dots."""

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"


def secret_keys(name: str) -> tuple[str, str]:
    """The two keys under which a file may say where a secret is."""
    return f"{name}_file", f"{name}_env"


def read_secret(entry: Entry, name: str, *, least: int = 1) -> Secret:
    """The secret of which `<name>_file` or `<name>_env` says where it is; a relative path is beside the access file.

    White space around it is left out. What is missing, empty or shorter than `least` characters is a problem.
    """
    file_key, variable_key = secret_keys(name)
    if name in entry.map:
        entry.fault(name, "stands in the file itself.", f"Put it into a file of its own and write `{file_key}: PATH`.")
        return Secret("")
    if (file_key in entry.map) == (variable_key in entry.map):
        entry.fault(None, f"needs `{file_key}` or `{variable_key}`, and not both.", "A secret never stands here.")
        return Secret("")
    key = file_key if file_key in entry.map else variable_key
    place = entry.text(key)
    if not place:
        return Secret("")
    found = _in_file(entry, key, place) if key == file_key else os.environ.get(place)
    if found is None:
        if key == variable_key:
            entry.fault(key, f"the variable `{place}` is not set.", "Set it in the environment of the board.")
        return Secret("")
    if len(found.strip()) < least:
        entry.fault(key, f"what `{place}` holds is shorter than {least} characters.", "Make it longer, by chance.")
    return Secret(found.strip())


def _in_file(entry: Entry, key: str, place: str) -> str | None:
    try:
        return (entry.file.parent / Path(place)).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        entry.fault(key, f"`{place}` cannot be read: {why}.", "Name a file that the board may read.")
        return None
