"""A workspace on a disk that is watched, its commands in this process, and a world that keeps the mails it took."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from seqctl.cli import run
from seqctl.cli.session import Session
from seqctl.store import connection
from tests.power.operations import Recorder

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_MEMORY = Path("/dev/shm")
_STEP_OF_MAIL = re.compile(rb"^X-Seqctl-Id: *(\S+)", re.MULTILINE)


class Answer(NamedTuple):
    """What one command answered."""

    exit_code: int
    stdout: str
    stderr: str


class StandingClock:
    """A system clock that stands where it is put."""

    def __init__(self) -> None:
        self.time = MONDAY

    def now(self) -> datetime:
        return self.time


class Stage:
    """The disk is `folder`; what a power cut does not touch stands in `outside`.

    `taken` names the step of each mail that the world has taken, in order.
    """

    def __init__(self, base: Path) -> None:
        self.folder, self.outside = base / "disk", base / "outside"
        self.folder.mkdir()
        self.outside.mkdir()
        self.db = self.folder / "w.db"
        self.clock = StandingClock()
        self.taken: list[str] = []
        self.recorder: Recorder | None = None

    def __call__(self, *words: str) -> Answer:
        """Run one command as `main` does."""
        stdout, stderr = io.StringIO(), io.StringIO()
        with redirect_stdout(stdout), redirect_stderr(stderr):
            code = run(["--db", str(self.db), *words], Session(self.clock))
        return Answer(code, stdout.getvalue(), stderr.getvalue())

    def ok(self, *words: str) -> None:
        """Run a command that must succeed."""
        answer = self(*words)
        assert answer.exit_code == 0, (words, answer)

    def write(self, name: str, text: str, *, mode: int = 0o600) -> str:
        """A file outside of the disk; its path."""
        path = self.outside / name
        path.write_text(text)
        path.chmod(mode)
        return str(path)

    def later(self, **by: float) -> None:
        """Put the clock forward."""
        self.clock.time += timedelta(**by)

    def take(self, mail: bytes) -> None:
        """The world takes a mail, and answers for it."""
        step = _STEP_OF_MAIL.search(mail)
        assert step is not None, mail
        self.taken.append(step[1].decode())
        if self.recorder is not None:
            self.recorder.outside(step[1].decode())


@contextmanager
def staged(fallback: Path) -> Iterator[Stage]:
    """A stage in memory, where there is such a folder, so that no disk is waited for."""
    base = Path(tempfile.mkdtemp(dir=_MEMORY)) if _MEMORY.is_dir() else fallback
    try:
        yield Stage(base)
    finally:
        if base != fallback:
            shutil.rmtree(base)


@contextmanager
def as_in_life() -> Iterator[None]:
    """The connections of the program as it makes them; tests don't wait for the disk otherwise."""
    quick: Any = connection.connect
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "connect", getattr(quick, "__wrapped__", quick))
        yield


@contextmanager
def taking_by_command(stage: Stage) -> Iterator[str]:
    """A command that takes mail; the stage knows of each as soon as the command has ended."""
    mail = stage.outside / "mail"
    script = stage.write("take", f"#!/bin/sh\ncat > {mail}\n", mode=0o700)
    real_run = subprocess.run

    def run_and_look(words: Any, *rest: Any, **more: Any) -> Any:
        done = real_run(words, *rest, **more)
        if words[0] == script:
            stage.take(mail.read_bytes())
        return done

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "run", run_and_look)
        yield script
