"""The page of a broker's settings file: every key, and what it says."""

from __future__ import annotations

from throughline.schemas.pages.markdown import code, page, table
from throughline.sources.connection.settings_file import SETTINGS

_SAYS = """What the file of `--broker-settings` (or `THROUGHLINE_BROKER_SETTINGS`) may say. The names are Kafka's own,
those of librdkafka where a file is PEM. Paths are beside the settings file.
[how-to/secure-broker.md](how-to/secure-broker.md) shows how it is used.

Any other key is refused, and so is one that would have no effect: a user without SASL, an authority without TLS. There
is no key that leaves the broker's certificate or its name unchecked. A secret never stands in the file itself, and the
file that it stands in is refused where others than its owner may read it."""


def broker_settings_pages() -> dict[str, str]:
    """The page, by its name in docs/."""
    rows = [(code(key), says) for key, says in SETTINGS.items()]
    return {"broker-settings.md": page("Settings of a broker", _SAYS, table(("Key", "What it says"), rows))}
