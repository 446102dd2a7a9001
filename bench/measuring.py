"""What every measurement needs: sizes, copies on a quiet disk, medians and results."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple


class Sizes(NamedTuple):
    """How much is measured."""

    total: int
    due: int
    paused: int
    imported: int
    jobs: int
    repetitions: int
    starts: int
    mails: int
    mailbox: int
    replies: int
    line: int


FULL = Sizes(1_000_000, 10_000, 100_000, 100_000, 1_000, 5, 21, 4_000, 20_000, 200, 100_000)
SHORT = Sizes(50_000, 2_000, 5_000, 5_000, 100, 3, 15, 300, 1_000, 20, 5_000)


class Result(NamedTuple):
    """One line of the table."""

    what: str
    measured: str
    target: str
    met: bool


def at_least(what: str, ratio: float, target: float, detail: str = "") -> Result:
    """A ratio that should not be smaller than the target."""
    return Result(what, f"{ratio:.2f}{detail}", f">= {target:g}", ratio >= target)


def at_most(what: str, ratio: float, target: float, detail: str = "") -> Result:
    """A ratio that should not be greater than the target."""
    return Result(what, f"{ratio:.2f}{detail}", f"<= {target:g}", ratio <= target)


def seconds(work: Callable[[], object]) -> float:
    """How long the work took."""
    start = perf_counter()
    work()
    return perf_counter() - start


@contextmanager
def copied(workspace: Path) -> Iterator[Path]:
    """A copy to spoil, with nothing of it left for the disk to do."""
    copy = workspace.with_name("copy.db")
    shutil.copyfile(workspace, copy)
    os.sync()
    try:
        yield copy
    finally:
        copy.unlink()


def alternately(repetitions: int, *works: Callable[[], float]) -> tuple[float, ...]:
    """The median of what each work gives, all of them taking turns so that none has the quiet
    hour for itself."""
    rounds = [[work() for work in works] for _ in range(repetitions)]
    return tuple(median(column) for column in zip(*rounds, strict=True))


def run(*words: object, python: Path | None = None, folder: Path | None = None) -> float:
    """How long a Python program took from its start to its end; raises where it failed."""
    command = [str(python or sys.executable), *map(str, words)]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("SEQCTL")
    }
    if python is not None:
        environment.pop("PYTHONPATH", None)

    def start() -> None:
        done = subprocess.run(
            command, check=False, capture_output=True, cwd=folder, env=environment, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")

    return seconds(start)
