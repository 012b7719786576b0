"""A secret: read from a file or a variable of the environment, and shown to nobody who prints it."""

from __future__ import annotations

import os
import stat
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
    joint = "." if "." in name else "_"
    return f"{name}{joint}file", f"{name}{joint}env"


def read_secret(entry: Entry, name: str, *, least: int = 1) -> Secret:
    """The secret of which `<name>_file` or `<name>_env` says where it is; a relative path is beside the file.

    Of a file whose keys have dots, as Kafka's do, it is `<name>.file` and `<name>.env`. A secret file must be private.
    White space around the secret is left out. What is missing, empty or shorter than `least` characters is a
    problem.
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
            entry.fault(key, f"the variable `{place}` is not set.", "Set it in the environment of this process.")
        return Secret("")
    if len(found.strip()) < least:
        entry.fault(key, f"what `{place}` holds is shorter than {least} characters.", "Make it longer, by chance.")
    return Secret(found.strip())


def why_not_private(path: Path) -> str:
    """Why others may read a file that holds a secret; empty where they may not, or where there is no such file.

    The rule is that of libpq for keys (PostgreSQL, "Client Certificates"): of a file of one's own, nobody else may do
    anything; one of root's may be read by its group.
    """
    try:
        found = path.stat()
    except OSError:
        return ""
    allowed = 0o640 if found.st_uid == 0 and os.geteuid() != 0 else 0o600
    mode = stat.S_IMODE(found.st_mode)
    return f"others than its owner may use it (its mode is {mode:04o})" if mode & 0o077 & ~allowed else ""


def _in_file(entry: Entry, key: str, place: str) -> str | None:
    path = entry.file.parent / Path(place)
    if open_to := why_not_private(path):
        entry.fault(key, f"`{place}` is not private: {open_to}.", f"Run `chmod 600 {place}`.")
        return None
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        entry.fault(key, f"`{place}` cannot be read: {why}.", "Name a file that this process may read.")
        return None
