"""The lock that lets one tick run at a time: on the workspace's file itself, whatever name it has.

A killed process frees it. The lock lies on one byte beyond any that SQLite locks, and belongs to the
descriptor (an open file description lock): SQLite's own locks, which belong to the process, are
neither met nor touched. Only closing the descriptor would drop SQLite's, so it is opened before a
transaction begins, and closed after the last one has ended.
"""

from __future__ import annotations

import fcntl
import os
import stat
import struct
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from errno import EACCES, EAGAIN
from pathlib import Path
from typing import NamedTuple

from seqctl.domain.errors import BadFile, Busy, NoWorkspace
from seqctl.places import look_at, look_beside

_BYTE = 1 << 62
"""Far behind SQLite's lock bytes (1 GiB) and the end of the largest file (281 TB)."""


class Locked(NamedTuple):
    """A workspace's file that is locked: the descriptor that holds it, and the path that led to it."""

    number: int
    path: Path

    @property
    def moved(self) -> bool:
        """Whether the path does not lead to the file any more."""
        return not self._stands_at(self.path)

    def place(self) -> Path | None:
        """Where the file lies by now, if it still has a name that can be found."""
        place = _name_of(self.number)
        return place if place is not None and self._stands_at(place) else None

    def _stands_at(self, path: Path) -> bool:
        try:
            return os.path.samestat(os.stat(path), os.fstat(self.number))
        except OSError:
            return False


@contextmanager
def tick_lock(path: Path) -> Generator[Locked]:
    """Hold the tick lock of the workspace at `path`.

    Not to be entered or left within a transaction on the same file.

    Raises:
        Busy: another tick has it (`TICKING`), or `path` leads to another file by now (`MOVED`).
        NoWorkspace: there is no file.
        BadFile: the file can't be opened for writing, or can't be locked where it lies.
    """
    locked = Locked(_opened(path), path)
    try:
        _lock(locked)
        if locked.moved:
            raise moved(path)
        yield locked
    finally:
        os.close(locked.number)


def moved(path: Path) -> Busy:
    """The error that a workspace's file was moved or replaced while a command was at work."""
    return Busy(
        f"{path} was moved or replaced while this command was at work, which stopped.",
        "seqctl status, with --db where the file lies now",
        code="MOVED",
    )


@contextmanager
def no_older_tick(path: Path) -> Generator[None]:
    """Let no tick of a seqctl before format 3 work on the workspace, which locks a file beside it.

    Whoever migrates a workspace holds that lock. An older seqctl refuses the workspace from then on,
    so the lock's file is of no use any more and goes. Raises Busy where an older tick is at work.
    """
    old = path.with_name(f"{path.name}.tick-lock")
    try:
        # What else has that name is not followed, not waited for, and stays.
        number = os.open(old, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        yield
        return
    try:
        found = os.fstat(number)
        ours = stat.S_ISREG(found.st_mode) and found.st_size == 0
        if ours:
            _lock_old(number)
        yield
        if ours:
            with suppress(OSError):  # it is in nobody's way
                old.unlink()
    finally:
        os.close(number)


def _lock_old(number: int) -> None:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _ticking() from None


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except FileNotFoundError:
        raise NoWorkspace(f"There is no workspace at {path} any more.", look_beside(path)) from None
    except OSError as error:
        raise BadFile(
            f"{path} can't be written to: {error.strerror}.", look_at(path), code="READ_ONLY"
        ) from None


def _lock(locked: Locked) -> None:
    try:
        fcntl.fcntl(locked.number, _SET_LOCK, _WANTED)
    except OSError as error:
        if error.errno in (EACCES, EAGAIN):
            raise _ticking() from None
        raise BadFile(
            f"{locked.path} can't be locked where it lies: {error.strerror}.",
            "keep the workspace on a disk of this machine",
            code="CANNOT_LOCK",
        ) from None


def _ticking() -> Busy:
    return Busy("Another tick is at work on this workspace.", "seqctl status", code="TICKING")


def _name_of(number: int) -> Path | None:
    """What the system calls the file of a descriptor now."""
    if sys.platform == "linux":
        with suppress(OSError):
            return Path(os.readlink(f"/proc/self/fd/{number}"))
    return None


if sys.platform == "linux":
    _SET_LOCK = fcntl.F_OFD_SETLK
    _WANTED = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, _BYTE, 1, 0)
elif sys.platform == "darwin":  # not tried: no such machine at hand
    _SET_LOCK = 90  # F_OFD_SETLK, which Python does not name there
    _WANTED = struct.pack("qqihh", _BYTE, 1, 0, fcntl.F_WRLCK, os.SEEK_SET)
else:  # a lock of the process: as good, as long as the process opens one workspace once
    _SET_LOCK = fcntl.F_SETLK
    _WANTED = struct.pack("qqihh", _BYTE, 1, 0, fcntl.F_WRLCK, os.SEEK_SET)
