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
from contextlib import contextmanager
from errno import EACCES, EAGAIN
from pathlib import Path

from seqctl.domain.errors import BadFile, Busy, NoWorkspace

_BYTE = 1 << 62
"""Far behind SQLite's lock bytes (1 GiB) and the end of the largest file (281 TB)."""


@contextmanager
def tick_lock(path: Path) -> Generator[int]:
    """Hold the tick lock of the workspace at `path`; gives the descriptor that holds it.

    Not to be entered or left within a transaction on the same file.

    Raises:
        Busy: another tick has it (`TICKING`), or `path` leads to another file by now (`MOVED`).
        NoWorkspace: there is no file.
        BadFile: the file can't be opened for writing, or can't be locked where it lies.
    """
    number = _opened(path)
    try:
        _lock(number, path)
        refuse_moved(number, path)
        yield number
    finally:
        os.close(number)


def refuse_moved(number: int, path: Path) -> None:
    """Raise Busy (`MOVED`) where `path` does not lead to the file of this descriptor any more."""
    try:
        there = os.path.samestat(os.stat(path), os.fstat(number))
    except OSError:
        there = False
    if not there:
        raise moved(path)


def moved(path: Path) -> Busy:
    """The error that a workspace's file was moved or replaced while a command was at work."""
    return Busy(
        f"{path} was moved or replaced while this command was at work, which stopped.",
        "seqctl status, with --db where the file lies now",
        code="MOVED",
    )


@contextmanager
def no_older_tick(path: Path) -> Generator[None]:
    """Wait for no tick of a seqctl before format 3, which locked a file beside the workspace.

    Whoever migrates a workspace holds that lock meanwhile; afterwards an older seqctl refuses the
    file, and the lock's file is of no use. Raises Busy where an older tick is at work.
    """
    old = path.with_name(f"{path.name}.tick-lock")
    try:
        # Whatever else has that name is not waited for, not followed, and not touched.
        number = os.open(old, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        yield
        return
    try:
        if stat.S_ISREG(os.fstat(number).st_mode):
            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise _ticking() from None
        yield
    finally:
        os.close(number)


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except FileNotFoundError:
        raise NoWorkspace(f"There is no workspace at {path} any more.", f"ls -l {path}") from None
    except OSError as error:
        raise BadFile(
            f"{path} can't be written to: {error.strerror}.", f"ls -ld {path}", code="READ_ONLY"
        ) from None


def _lock(number: int, path: Path) -> None:
    try:
        fcntl.fcntl(number, _SET_LOCK, _WANTED)
    except OSError as error:
        if error.errno in (EACCES, EAGAIN):
            raise _ticking() from None
        raise BadFile(
            f"{path} can't be locked where it lies: {error.strerror}.",
            "keep the workspace on a disk of this machine",
            code="CANNOT_LOCK",
        ) from None


def _ticking() -> Busy:
    return Busy("Another tick is at work on this workspace.", "seqctl status", code="TICKING")


if sys.platform == "linux":
    _SET_LOCK = fcntl.F_OFD_SETLK
    _WANTED = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, _BYTE, 1, 0)
elif sys.platform == "darwin":  # not tried: no such machine at hand
    _SET_LOCK = 90  # F_OFD_SETLK, which Python does not name there
    _WANTED = struct.pack("qqihh", _BYTE, 1, 0, fcntl.F_WRLCK, os.SEEK_SET)
else:  # a lock of the process: as good, as long as the process opens one workspace once
    _SET_LOCK = fcntl.F_SETLK
    _WANTED = struct.pack("qqihh", _BYTE, 1, 0, fcntl.F_WRLCK, os.SEEK_SET)
