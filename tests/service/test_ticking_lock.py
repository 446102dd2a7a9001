"""One tick at a time; a killed one frees its lock; other commands go on meanwhile (spec, section 2)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from seqctl.domain.errors import Busy
from seqctl.domain.model import Contact
from seqctl.service import ticking
from tests.cli.conftest import Cli, cli
from tests.workspaces import CLOCK, MONDAY, add_contacts, found, opened

__all__ = ["cli"]
ROOT = Path(__file__).parents[2]
_HOLD = """
import sys
from pathlib import Path
from seqctl.store.tick_lock import tick_lock
with tick_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_tick(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the tick lock until it is killed."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)],
        stdin=pipe,
        stdout=pipe,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_tick_is_refused_at_once_and_others_go_on(cli: Cli) -> None:
    found(cli.db, MONDAY)
    with another_tick(cli.db):
        answer = cli("tick", "--by", "3d")
        assert answer.exit_code == 7
        assert answer.stdout == ""
        assert answer.stderr == (
            "[simulated 2026-03-02 09:00]\n"
            "Another tick is at work on this workspace.\n  try: seqctl status\n"
        )
        assert cli("tick", "--json").error["code"] == "TICKING"
        cli.ok("contact", "add", "ada@example.com")
        assert len(cli.json("contact", "list")["contacts"]) == 1
        cli.ok("status")
        assert cli("tick", "--dry-run").exit_code == 7


def test_a_killed_tick_frees_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    found(path, MONDAY)
    with opened(path) as store, another_tick(path) as process:
        with pytest.raises(Busy):
            ticking.tick(store, CLOCK)
        process.kill()
        process.wait()
        assert not ticking.tick(store, CLOCK).happened


def test_the_lock_leaves_nothing_beside_the_workspace(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    found(path, MONDAY)
    with opened(path) as store:
        add_contacts(store, [Contact(0, "ada@example.com")], MONDAY)
        ticking.tick(store, CLOCK)
    assert os.listdir(tmp_path) == ["w.db"]
