"""Blank files that become others: each is locked by the process that fills it, so that what a killed
one left behind is known as such, and cleared by the next command that makes the same file.
"""

from __future__ import annotations

import fcntl
import os
import re
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

COMPANIONS = ("-journal", "-wal", "-shm")
"""The files that SQLite makes beside a file, by the end of their names."""


@contextmanager
def blank_beside(path: Path) -> Generator[Path]:
    """A blank file beside `path`, gone at the end if it still has that name. Raises OSError."""
    number, temporary = _locked(path)
    try:
        yield temporary
    finally:
        for companion in ("", *COMPANIONS):
            Path(f"{temporary}{companion}").unlink(missing_ok=True)
        os.close(number)


def was_interrupted(path: Path) -> bool:
    """Whether `path` had appeared, whole, when the process that made it was killed."""
    try:
        return any(os.path.samefile(left, path) for left in _left_behind(path))
    except OSError:
        return False


def clear_left_behind(path: Path) -> bool:
    """Remove the blank files of processes that were killed while they made `path`.

    Whether one of them is `path` itself under its other name: it had appeared, whole, when its process
    was killed. Raises nothing: what can't be cleared harms nobody.
    """
    appeared = False
    with suppress(OSError):
        for left in list(_left_behind(path)):
            with suppress(OSError):
                appeared |= _clear(left, path)
    return appeared


def _locked(path: Path) -> tuple[int, Path]:
    while True:
        number, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
        fcntl.flock(number, fcntl.LOCK_EX)
        if os.fstat(number).st_nlink > 0:
            return number, Path(name)
        os.close(number)  # another process took it for one that was left behind


def _left_behind(path: Path) -> Iterator[Path]:
    named = re.compile(rf"\.{re.escape(path.name)}\.[a-z0-9_]{{8}}\.new")
    with os.scandir(path.parent) as entries:
        for entry in entries:
            if named.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                yield Path(entry.path)


def _clear(left: Path, path: Path) -> bool:
    number = os.open(left, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        appeared = os.path.lexists(path) and os.path.samestat(os.fstat(number), os.lstat(path))
        for companion in reversed(("", *COMPANIONS)):
            Path(f"{left}{companion}").unlink(missing_ok=True)
        return appeared
    finally:
        os.close(number)
