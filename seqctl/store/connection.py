"""Opening and creating a workspace file, and its transactions."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path

from seqctl.domain.errors import BadFile, Busy, NoWorkspace
from seqctl.places import look_at
from seqctl.store.schema import APPLICATION_ID, SCHEMA_VERSION, migrate, roll_back
from seqctl.store.tick_lock import no_older_tick

BUSY_TIMEOUT_S = 5.0
PATIENCE_S = 600.0
CACHE_KIB = 65_536
"""Enough for the scattered pages of one batch of a tick, so that each is read once."""
_MAGIC = b"SQLite format 3\x00"
_HEADER_LENGTH = 100


def open_file(path: Path) -> sqlite3.Connection:
    """Open an existing workspace, migrating an older one.

    Raises:
        NoWorkspace: there is no file.
        BadFile: the file is no workspace (it is left untouched).
        Busy: the file was made by a newer seqctl (it is left untouched).
    """
    refuse_foreign(path)
    finish_by_other_names(path)
    connection = connect(path)
    try:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if version < SCHEMA_VERSION:
            with no_older_tick(path):
                migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def blank() -> sqlite3.Connection:
    """A blank workspace in memory: it becomes a file by `copy_into`, whole or not at all."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def copy_into(connection: sqlite3.Connection, path: Path) -> None:
    """Write one state of a workspace into a blank file that nobody else knows yet."""
    with closing(sqlite3.connect(path, isolation_level=None)) as copy:
        # Nobody sees the file before it is whole and synced, so a journal would help nobody.
        copy.execute("PRAGMA journal_mode = OFF")
        copy.execute("PRAGMA synchronous = OFF")
        with reading(connection):
            # Takes the lock, waiting five seconds at most: `backup` alone would wait for ever.
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            connection.backup(copy)
        # A copy is one file; in WAL its last changes would stand beside it.
        copy.execute("PRAGMA journal_mode = DELETE")


class _TidyConnection(sqlite3.Connection):
    """A connection that leaves no journal beside the file."""

    def close(self) -> None:
        """Close it; a journal that it has used is empty, and goes unless another one uses it now."""
        with suppress(sqlite3.Error):  # one that stays does no harm
            if self.total_changes and not self.in_transaction and journal_mode(self) == "persist":
                self.execute("PRAGMA journal_mode = DELETE")
        super().close()


def connect(path: Path) -> sqlite3.Connection:
    """A connection with the settings that every one needs; its commits survive a power cut."""
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_S, isolation_level=None, factory=_TidyConnection
    )
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        make_durable(connection, path)  # reads the file: it may be damaged
    except BaseException:
        connection.close()
        raise
    return connection


def finish_by_other_names(path: Path) -> None:
    """Let SQLite undo what a crash left half done under another name of the file (a hard link).

    The journal of a change stands beside the name by which it was made, and SQLite looks for it by
    the name by which it opens the file. Names in other folders can't be known.
    """
    found = path.stat()
    if found.st_nlink == 1:
        return
    here = path.resolve()
    for entry in os.scandir(here.parent):
        if entry.inode() != found.st_ino or entry.name == here.name:
            continue
        if os.path.lexists(f"{entry.path}-journal"):
            with closing(connect(Path(entry.path))) as other:
                other.execute("SELECT count(*) FROM sqlite_schema").fetchone()


def make_durable(connection: sqlite3.Connection, path: Path) -> None:
    """Let every commit survive a power cut, whatever the journal mode (docs/design.md, "Power")."""
    connection.execute("PRAGMA fullfsync = ON")  # macOS: else the disk's own cache may lose it
    connection.execute("PRAGMA synchronous = EXTRA")
    if journal_mode(connection) == "delete" and _journal_is_for_everybody(path):
        connection.execute("PRAGMA journal_mode = PERSIST")


def journal_mode(connection: sqlite3.Connection) -> str:
    """How the file's commits are made: `delete`, `persist`, `wal`, …"""
    mode: str = connection.execute("PRAGMA journal_mode").fetchone()[0]
    return mode


def _journal_is_for_everybody(path: Path) -> bool:
    """Whether all who may write the file may open a journal that stays beside it.

    SQLite gives it the file's mode, but the group that any new file of this process gets there.
    """
    folder = path.absolute().parent.stat()
    inherited = sys.platform == "darwin" or folder.st_mode & stat.S_ISGID
    group = folder.st_gid if inherited else os.getegid()
    return os.geteuid() == 0 or group == path.stat().st_gid


def refuse_foreign(path: Path) -> None:
    """Refuse what is no workspace of this version or an older one; raises as `open_file` does.

    The first bytes are read by hand: SQLite itself might write, if there is a hot journal.
    """
    try:
        # Opening a pipe would wait for its writer.
        regular = stat.S_ISREG(path.stat().st_mode)
        head = _head(path) if regular or path.is_dir() else b""
    except FileNotFoundError:
        raise _no_workspace(path) from None
    except OSError as error:
        raise BadFile(f"{path} can't be read: {error.strerror}.", look_at(path)) from None
    if len(head) < _HEADER_LENGTH or not head.startswith(_MAGIC):
        raise BadFile(f"{path} is not a seqctl workspace.", "seqctl init --db ANOTHER-FILE")
    if int.from_bytes(head[68:72], "big") != APPLICATION_ID:
        raise BadFile(
            f"{path} is an SQLite file of another program.", "seqctl init --db ANOTHER-FILE"
        )
    version = int.from_bytes(head[60:64], "big")
    if version > SCHEMA_VERSION:
        raise Busy(
            f"{path} was made by a newer seqctl (format {version}; this one knows {SCHEMA_VERSION}).",
            "pip install --upgrade seqctl",
            code="NEWER_WORKSPACE",
        )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEADER_LENGTH)


def _no_workspace(path: Path) -> NoWorkspace:
    from shlex import quote

    return NoWorkspace(
        f"There is no workspace at {path} yet.", f"seqctl init --db {quote(str(path))}"
    )


@contextmanager
def writing(
    connection: sqlite3.Connection, check: Callable[[], None] | None = None
) -> Generator[None]:
    """One write transaction: all of it or nothing. Inside another one it is part of that one.

    It begins with the `check`, which may refuse it.
    """
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        if check is not None:
            check()
        yield
        connection.execute("COMMIT")
    except BaseException:
        roll_back(connection)
        raise


@contextmanager
def patiently(
    connection: sqlite3.Connection, transaction: AbstractContextManager[None]
) -> Generator[None]:
    """The transaction, which waits for others up to PATIENCE_S, at its beginning and at its commit."""
    usual: int = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    connection.execute(f"PRAGMA busy_timeout = {int(PATIENCE_S * 1000)}")
    try:
        with transaction:
            yield
    finally:
        connection.execute(f"PRAGMA busy_timeout = {usual}")


@contextmanager
def reading(connection: sqlite3.Connection) -> Generator[None]:
    """Several reads that see one state of the workspace."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("COMMIT")


@contextmanager
def rehearsing(connection: sqlite3.Connection) -> Generator[None]:
    """A write transaction that is undone at its end, so that people see what would happen."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        roll_back(connection)
