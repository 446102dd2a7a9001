"""What SQLite says, as a sentence with the next command to type."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from seqctl.domain.errors import BadFile, Busy, SeqctlError
from seqctl.store.tick_lock import moved

DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def primary_code(error: sqlite3.Error) -> int:
    """The kind of an error, without its details; 0 for an error that Python itself raised."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def sentence(error: sqlite3.Error, path: Path) -> SeqctlError | None:
    """The user's mistake or trouble behind `error`, or None where it is a defect of seqctl."""
    code = primary_code(error)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Busy(f"Another program is writing to {path}.", "wait a moment, then type it again")
    if code == sqlite3.SQLITE_FULL:
        return BadFile(
            f"The disk that holds {path} is full; nothing was changed by what failed.",
            "make room, then type the same command again",
            code="DISK_FULL",
        )
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY_DBMOVED:
        return moved(path)
    if code == sqlite3.SQLITE_READONLY:
        # The journal of a change stands beside the file.
        folder = error.sqlite_errorcode == sqlite3.SQLITE_READONLY_DIRECTORY
        place = path.parent if folder else path
        return BadFile(f"{place} can't be written to.", f"chmod u+w {place}", code="READ_ONLY")
    if code == sqlite3.SQLITE_CANTOPEN:
        return BadFile(f"{path} can't be opened.", f"ls -l {path}", code="CANNOT_OPEN")
    if code in DAMAGED:
        return BadFile(
            f"{path} is damaged: {error}.",
            "seqctl restore BACKUP --db NEW-FILE, from your latest backup",
            code="DAMAGED",
        )
    if code == sqlite3.SQLITE_IOERR:
        return BadFile(
            f"The disk failed while {path} was read or written.", "seqctl doctor", code="DISK"
        )
    return None
