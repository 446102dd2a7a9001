"""What SQLite says, as a sentence with the next command to type."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from seqctl.domain.errors import BadFile, Busy, Damaged, SeqctlError
from seqctl.places import look_at
from seqctl.store.rows import is_undecodable
from seqctl.store.tick_lock import moved

# The second where a journal is to be made with the mode of a file that has that name no more.
_MOVED = (sqlite3.SQLITE_READONLY_DBMOVED, sqlite3.SQLITE_IOERR_FSTAT)
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def primary_code(error: sqlite3.Error) -> int:
    """The kind of an error, without its details; 0 for an error that Python itself raised."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def damaged(path: Path, why: str) -> BadFile:
    """The trouble of a file whose bytes are not those that were written."""
    return BadFile(
        f"{path} is damaged: {why}.",
        "seqctl restore BACKUP --db NEW-FILE, from your latest backup",
        code="DAMAGED",
    )


def diagnosis(path: Path, *, refused: bool = False) -> SeqctlError | None:
    """What is wrong with the file, as a strange error may come from it; None where it is sound.

    Where the tables `refused` a row, those that were there may break a promise.
    """
    from seqctl.store.connection import connect
    from seqctl.store.doctor import damages, examine

    if not path.is_file():
        return None
    try:
        with closing(connect(path)) as connection:
            found = next((examine if refused else damages)(connection), None)
    except sqlite3.Error as error:
        return sentence(error, path) or damaged(path, str(error))
    except UnicodeDecodeError as error:
        return damaged(path, str(error))
    if found is None:
        return None
    if found.table and found.row is not None:
        return Damaged(found.table, found.row, found.message)
    return damaged(path, f"{found.table} {found.message}".strip())


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
    if getattr(error, "sqlite_errorcode", 0) in _MOVED:
        return moved(path)
    if code == sqlite3.SQLITE_READONLY:
        # The journal of a change stands beside the file.
        folder = error.sqlite_errorcode == sqlite3.SQLITE_READONLY_DIRECTORY
        place = path.parent if folder else path
        return BadFile(f"{place} can't be written to.", look_at(place), code="READ_ONLY")
    if code == sqlite3.SQLITE_CANTOPEN:
        return BadFile(f"{path} can't be opened.", look_at(path), code="CANNOT_OPEN")
    if code in DAMAGED or is_undecodable(error):
        return damaged(path, str(error))
    if code == sqlite3.SQLITE_IOERR:
        return BadFile(
            f"The disk failed while {path} was read or written.", "seqctl doctor", code="DISK"
        )
    return None
