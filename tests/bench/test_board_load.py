"""The board answers under load while its store is written, and shows no case unrecorded (bench/board/, smaller)."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from bench.board.looks import missing
from bench.board.visitors import Answer

REPO = Path(__file__).resolve().parents[2]


def run(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=REPO, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def test_every_page_is_answered_while_a_writer_commits() -> None:
    """Six requests in a second of each page: at hand, new, and at hand beside new ones."""
    said = run("bench.board", "--events", "2000", "--rate", "6", "--seconds", "1")
    rows = re.findall(r"(cached|uncached|beside) .* (\d+)/(\d+) ", said)
    assert Counter(how for how, _, asked in rows if asked == "6" and how != "beside") == {"cached": 7, "uncached": 7}
    # slower ones are asked again, fewer in a second
    assert [row for row in rows if row[1] != row[2]] == [], said


def test_what_was_shown_is_on_the_record_whenever_the_board_was_killed() -> None:
    said = run("bench.board.looks", "--events", "1000", "--rate", "5", "--seconds", "10", "--every", "3")
    assert "0 shown without a look on the record" in said
    assert ", 0 kills" not in said


def test_a_page_without_its_look_is_noticed() -> None:
    """Two pages of one case came whole and one look is there; of another the page was cut off."""
    answers = [Answer("/cases/c1", 200, 0.1, 9), Answer("/cases/c1", 200, 0.1, 9), Answer("/cases/c2", 0, 0.1, 0)]
    assert missing(answers, Counter({"c1": 1})) == {"c1": 1}
    assert missing(answers, Counter({"c1": 2})) == {}
