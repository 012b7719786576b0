"""What is mutated, and by which tests a slip in it must be noticed: the quick and the general first."""

from __future__ import annotations

from pathlib import Path

_REFERENCE = "tests/streams/join/test_join_against_reference.py"
_HISTORIES = f"{_REFERENCE}::test_every_view_equals_the_reference"
_COUNTS = f"{_REFERENCE}::test_every_record_is_counted_once_and_delivered_once"
_COPIES, _LINKS = "tests/streams/join/test_copies.py", "tests/streams/join/test_link.py"
_DECISIONS, _REBUILD = "tests/streams/join/test_link_decisions.py", "tests/streams/join/test_rebuild.py"
_CHANGES, _STATE = "tests/streams/shared/test_changes.py", "tests/streams/shared/test_shared_state.py"
_SINK, _FORM = "tests/streams/shared/test_shared_sink.py", "tests/streams/shared/test_shared_schema.py"
_WORKER = "tests/streams/worker/test_"
_FAULTS = f"{_WORKER}committer_faults.py"
_CONFLICTS = "tests/quality/stewardship/test_conflicts.py"
_VIEWS, _CHECKS = "tests/sinks/test_views.py", "tests/quality/checks"
_WIRE = "tests/schemas/wire/test_"

# part: pattern of files, relative to the checkout: tests without a broker. The first pattern that has a file counts.
PARTS: dict[str, dict[str, tuple[str, ...]]] = {
    "join": {
        "streams/join/keys.sql": (_COPIES, _HISTORIES),
        "streams/join/accept_sql/steward_quarantine.sql": ("tests/quality/stewardship/test_kept_decisions.py",),
        "streams/join/accept_sql/*.sql": (_COPIES, _LINKS, _HISTORIES, _DECISIONS, _CONFLICTS, _REBUILD),
        "streams/join/link_sql/*.sql": (_HISTORIES, _LINKS, _DECISIONS, _REBUILD),
        "streams/join/models/*.sql": (_HISTORIES, "tests/streams/join/test_claims.py"),
        "streams/join/past_sql/*.sql": (_REBUILD, "tests/quality/figures"),
        "streams/worker/sql/heartbeats.sql": (f"{_WORKER}heartbeats.py",),
    },
    "steps": {
        "streams/join/accept.py": (_COUNTS, _COPIES, _REFERENCE),
        "streams/join/link.py": (_LINKS, _HISTORIES),
        "streams/join/rebuild.py": (_REBUILD, _STATE),
        "streams/join/derive.py": (_HISTORIES, _REBUILD),
        "streams/join/batch.py": (_COUNTS, _COPIES, _REFERENCE, _REBUILD, _CHANGES),
    },
    "shared": {
        "streams/shared/changes.py": (_CHANGES, _STATE, _SINK),
        "streams/shared/form.py": (_FORM, _CHANGES, _STATE, _SINK),
        "streams/shared/state.py": (_STATE, _SINK),
        "streams/shared/sql/*.sql": (_CHANGES, _STATE, _SINK),
    },
    "worker": {
        "streams/worker/inbox.py": (f"{_WORKER}inbox.py", f"{_WORKER}committer.py"),
        "streams/log/fetch.py": (f"{_WORKER}fetch.py", f"{_WORKER}inbox.py", f"{_WORKER}committer.py"),
        "streams/worker/records.py": (f"{_WORKER}records.py", f"{_WORKER}heartbeats.py"),
        "streams/worker/partition.py": (f"{_WORKER}heartbeats.py", f"{_WORKER}committer.py", _FAULTS),
    },
    "views": {
        "sinks/views/*.sql": (_VIEWS, _HISTORIES, "tests/sinks/test_digest.py", _CHECKS),
    },
    "measures": {"quality/checks/measures/*.sql": (f"{_CHECKS}/test_measures.py", _CHECKS)},
    "acceptance": {
        "schemas/acceptance/*.py": ("tests/schemas/acceptance", f"{_WIRE}event_json.py", f"{_WIRE}cloudevents.py"),
    },
}  # fmt: skip


def files_of(part: str, root: Path) -> dict[str, tuple[str, ...]]:
    """Each file of a part with its tests, as far as these exist."""
    found: dict[str, tuple[str, ...]] = {}
    for pattern, tests in PARTS[part].items():
        kept = tuple(test for test in tests if (root / test.split("::")[0]).exists())
        for path in sorted(root.glob(pattern)):
            if path.name != "__init__.py":
                found.setdefault(str(path.relative_to(root)), kept)
    return found
