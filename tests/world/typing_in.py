"""Commands typed into the program in this process, as `main` runs them."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import NamedTuple

from seqctl.cli import run
from seqctl.cli.session import Session
from tests.world.outside import Outside, WorldOffice


class Answer(NamedTuple):
    """What a command answered."""

    exit_code: int
    stdout: str
    stderr: str


def typed(outside: Outside, path: Path, *words: str) -> Answer:
    """Run one command on the workspace at `path`."""
    session = Session(outside.clock)
    session.__dict__["office"] = WorldOffice(outside)
    stdout, stderr = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        code = run(["--db", str(path), *words], session)
    return Answer(code, stdout.getvalue(), stderr.getvalue())
