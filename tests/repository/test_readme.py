"""README and the page for operators teach by commands: every one of them is run here, in order, in one folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = "\n".join((ROOT / page).read_text(encoding="utf-8") for page in ("README.md", "docs/how-to/operators.md"))
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGES, re.MULTILINE | re.DOTALL)
# what sets up, and what runs this very suite
NOT_HERE = ("bin/demo", "bin/test")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the command where README has it, and a small demo."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / ".venv").symlink_to(Path(sys.prefix))
    run("throughline demo --cases 150 --store demo.duckdb", folder)
    return folder


def run(script: str, folder: Path) -> str:
    """Run a shell script there with our own command first on the path; its output."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


@pytest.mark.parametrize(
    "block", [block for block in BLOCKS if not block.startswith(NOT_HERE)], ids=lambda block: block.split("\n")[0][:60]
)
def test_every_command_runs(block: str, folder: Path) -> None:
    """Each block of commands ends without an error."""
    run(block, folder)


def test_the_example_events_are_joined_into_one_case(folder: Path) -> None:
    """Police send on a crime reference and a URN, the CPS know only the URN: one case, four days in limbo."""
    block = next(block for block in BLOCKS if "cat > events.jsonl" in block)
    script = block.replace("mine.duckdb", "joined.duckdb") + (
        'throughline query "select c.events, h.from_agency, h.to_agency, h.limbo_seconds / 86400 as days '
        'from cases c join handoffs h using (case_id)" --store joined.duckdb --format csv\n'
    )

    assert run(script, folder).splitlines()[-1] == "3,police,cps,4.104166666666667"
