"""A byte of a store that has turned is said by whatever meets it, and found by `verify`."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from typed import run

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "examples"
# where the blocks of a DuckDB file begin, and how long each is
HEADERS, BLOCK = 3 * 4096, 256 * 1024


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the example events with a byte turned in the types of events: views and checks read them, and the
    digest does not."""
    path = tmp_path_factory.mktemp("damaged") / "cases.duckdb"
    run("replay", EXAMPLES / "events.jsonl", "--store", path)
    with duckdb.connect(str(path)) as connection:
        (block,) = connection.execute(
            "select max(block_id) from pragma_storage_info('event_types') where column_name = 'type'"
        ).fetchall()[0]
    with path.open("r+b") as file:
        place = HEADERS + block * BLOCK + 100
        file.seek(place)
        turned = file.read(1)[0] ^ 1
        file.seek(place)
        file.write(bytes([turned]))
    return path


@pytest.mark.parametrize("command", [["verify"], ["quality"], ["query", "from timeline"]])
def test_damage_is_said_by_what_meets_it(command: list[str], store: Path) -> None:
    """Exit code 70, the file, and what to do; no traceback."""
    said = run(*command, "--store", store, code=70).stderr

    assert "is damaged" in said
    assert "fill a new store" in said
    assert "Traceback" not in said


def test_a_digest_does_not_look_for_damage(store: Path) -> None:
    """What the digest does not need may be damaged: `verify` is the command that reads everything."""
    assert len(run("digest", "--store", store).stdout.strip()) == 64
