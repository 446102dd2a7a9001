"""Real commands in processes of their own, which are killed with SIGKILL at random moments."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from tests.workspaces import opened

ROOT = Path(__file__).parents[2]
_SMALL_BATCHES = "from seqctl.service.tick import ticking; ticking.BATCH = 100; from seqctl.cli import main; main()"


class Timing(NamedTuple):
    """Seconds until a command begins its work, and until it is done."""

    begins: float
    ends: float

    def moment(self, chance: random.Random, share: float = 1.0) -> float:
        """A random moment in the first `share` of its work, now and then before it."""
        return chance.uniform(self.begins * 0.8, self.begins + share * (self.ends - self.begins))


def start(path: Path, *words: str) -> subprocess.Popen[bytes]:
    """A command at work on a workspace, in small batches."""
    command = [sys.executable, "-c", _SMALL_BATCHES, "--db", str(path), *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, env=environment, stdin=quiet, stdout=quiet, cwd=path.parent)


def run(path: Path, *words: str) -> float:
    """Let a command come to its end undisturbed; how long it took."""
    began = time.monotonic()
    assert start(path, *words).wait() == 0
    return time.monotonic() - began


def killed(path: Path, after: float, *words: str) -> bool:
    """Kill a command after so many seconds; False where it was done before."""
    process = start(path, *words)
    try:
        assert process.wait(timeout=after) == 0
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    return False


def measured(path: Path, *words: str) -> Timing:
    """How long a command takes on a workspace, and the least that any command takes."""
    least = min(run(path, "config") for _ in range(2))
    return Timing(least, least + max(0.05, run(path, *words) - least))


def content(path: Path) -> list[str]:
    """Every row of a workspace."""
    with opened(path) as store:
        return list(store.connection.iterdump())
