"""What is mutated, and by which tests it must be noticed: the quick and the general first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Part:
    """Files (patterns relative to the checkout) and the tests, without a broker, that have to notice a slip in them."""

    files: tuple[str, ...]
    tests: tuple[str, ...]

    @property
    def is_sql(self) -> bool:
        return all(pattern.endswith(".sql") for pattern in self.files)

    def found(self, root: Path) -> list[Path]:
        return sorted(path for pattern in self.files for path in root.glob(pattern) if path.name != "__init__.py")


_REFERENCE = "tests/streams/join/test_join_against_reference.py"
_HISTORIES = f"{_REFERENCE}::test_every_view_equals_the_reference"
_LINKS = ("tests/streams/join/test_link.py", "tests/streams/join/test_link_decisions.py")
_SHARED = (
    "tests/streams/shared/test_changes.py",
    "tests/streams/shared/test_shared_state.py",
    "tests/streams/shared/test_shared_schema.py",
    "tests/streams/shared/test_shared_sink.py",
)

PARTS = {
    "join": Part(
        (
            "streams/join/accept_sql/*.sql",
            "streams/join/link_sql/*.sql",
            "streams/join/models/*.sql",
            "streams/join/past_sql/*.sql",
            "streams/join/*.sql",
            "streams/worker/sql/*.sql",
        ),
        (
            _HISTORIES,
            *_LINKS,
            "tests/streams/worker/test_heartbeats.py",
            _REFERENCE,
            "tests/streams/join/test_rebuild.py",
            *_SHARED,
            "tests/quality/stewardship/test_quarantine_acts.py",
            "tests/quality/stewardship/test_conflict_acts.py",
            "tests/quality/stewardship/test_link_acts.py",
        ),
    ),
    "steps": Part(
        tuple(f"streams/join/{name}.py" for name in ("accept", "link", "derive", "batch", "rebuild")),
        (_HISTORIES, *_LINKS, _REFERENCE, "tests/streams/join/test_rebuild.py", "tests/sinks/test_digest.py"),
    ),
    "shared": Part(
        ("streams/shared/sql/*.sql", "streams/shared/changes.py", "streams/shared/form.py", "streams/shared/state.py"),
        _SHARED,
    ),
    "worker": Part(
        tuple(f"streams/worker/{name}.py" for name in ("inbox", "fetch", "records", "partition")),
        (
            "tests/streams/worker/test_inbox.py",
            "tests/streams/worker/test_fetch.py",
            "tests/streams/worker/test_records.py",
            "tests/streams/worker/test_committer.py",
            "tests/streams/worker/test_committer_faults.py",
            "tests/streams/worker/test_heartbeats.py",
        ),
    ),
    "views": Part(
        ("sinks/views/*.sql",),
        (
            _HISTORIES,
            "tests/sinks/views",
            "tests/sinks/test_digest.py",
            "tests/quality/checks",
            "tests/sinks/quarantine",
            "tests/streams/shared/test_changes.py",
        ),
    ),
    "measures": Part(("quality/checks/measures/*.sql",), ("tests/quality/checks",)),
    "acceptance": Part(("schemas/acceptance/*.py", "schemas/acceptance/*.sql"), ("tests/schemas/acceptance",)),
}
