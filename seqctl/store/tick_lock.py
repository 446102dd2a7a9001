"""The lock that lets one tick run at a time: a file of its own, freed by a killed process."""

from __future__ import annotations

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from seqctl.domain.errors import Busy


@contextmanager
def tick_lock(path: Path) -> Generator[None]:
    """Hold the tick lock of the workspace at `path`; raises Busy at once where another has it."""
    lock = path.with_name(f"{path.name}.tick-lock")
    with lock.open("a") as file:
        lock.chmod(0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(
                "Another tick is at work on this workspace.", "seqctl status", code="TICKING"
            ) from None
        yield
