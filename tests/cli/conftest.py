"""`cli("status", "--json")` runs one command in this process, in a workspace of its own."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from seqctl.cli import run
from seqctl.cli.session import Session


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def piped(content: str) -> io.TextIOWrapper:
    """A standard input that another program fills; a surrogate stands for a byte that is no UTF-8."""
    raw = content.encode(errors="surrogateescape")
    return io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8")


class Answer(NamedTuple):
    """What one command answered."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.stdout)

    @property
    def error(self) -> dict[str, str]:
        """The error document on stderr."""
        return json.loads(self.stderr)["error"]


@dataclass
class FixedClock:
    """A system clock that stands still until it is moved."""

    time: datetime

    def now(self) -> datetime:
        return self.time


class Cli:
    """Runs commands as `main` does. `db` is the workspace's file, `clock` the system's clock."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.db = folder / "workspace.db"
        self.clock = FixedClock(datetime(2026, 3, 2, 8, 0, tzinfo=UTC))
        self._patch = patch
        patch.setenv("SEQCTL_DB", str(self.db))
        patch.chdir(folder)

    def __call__(self, *arguments: str, stdin: str = "", terminal: bool = False) -> Answer:
        stream = Terminal if terminal else io.StringIO
        stdout, stderr = stream(), stream()
        with self._patch.context() as patch:
            patch.setattr(sys, "stdin", Terminal(stdin) if terminal else piped(stdin))
            patch.setattr(sys, "stdout", stdout)
            patch.setattr(sys, "stderr", stderr)
            code = run(list(arguments), Session(self.clock))
        return Answer(code, stdout.getvalue(), stderr.getvalue())

    def ok(self, *arguments: str, stdin: str = "") -> str:
        """Run a command that must succeed; what it printed."""
        answer = self(*arguments, stdin=stdin)
        assert answer.exit_code == 0, answer
        assert answer.stderr == "", answer
        return answer.stdout

    def json(self, *arguments: str, stdin: str = "") -> Any:
        """Run a command that must succeed with `--json`; its document."""
        return json.loads(self.ok(*arguments, "--json", stdin=stdin))


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(tmp_path, monkeypatch)
