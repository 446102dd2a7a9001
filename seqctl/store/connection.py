"""Opening and creating a workspace file, and its transactions."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seqctl.domain.errors import BadFile, Busy, NoWorkspace
from seqctl.store.schema import APPLICATION_ID, SCHEMA_VERSION, migrate

BUSY_TIMEOUT_S = 5.0
_HEADER = b"SQLite format 3\x00"


def open_file(path: Path) -> sqlite3.Connection:
    """Open an existing workspace, migrating an older one.

    Raises:
        NoWorkspace: there is no file.
        BadFile: the file is no workspace (it is left untouched).
        Busy: the file was made by a newer seqctl (it is left untouched).
    """
    _refuse_foreign(path)
    connection = _connect(path)
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        connection.close()
        raise Busy(
            f"{path} was made by a newer seqctl (format {version}; this one knows {SCHEMA_VERSION}).",
            "pip install --upgrade seqctl",
            code="NEWER_WORKSPACE",
        )
    if version < SCHEMA_VERSION:
        migrate(connection)
    return connection


def create_file(path: Path) -> sqlite3.Connection:
    """Create an empty workspace that only its owner can read; the file must not exist yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise BadFile(
            f"{path} exists already.",
            "seqctl status, or init with another --db FILE",
            code="EXISTS",
        ) from None
    except OSError as error:
        raise BadFile(
            f"{path} can't be made: {error.strerror}.", "choose another --db FILE"
        ) from None
    connection = _connect(path)
    migrate(connection)
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _refuse_foreign(path: Path) -> None:
    """Look at the first bytes by hand: SQLite itself might write to a file with a hot journal."""
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except FileNotFoundError:
        raise NoWorkspace(f"There is no workspace at {path} yet.", "seqctl init") from None
    except OSError as error:
        raise BadFile(f"{path} can't be read: {error.strerror}.", f"ls -ld {path}") from None
    if len(head) < 100 or not head.startswith(_HEADER):
        raise BadFile(f"{path} is not a seqctl workspace.", "seqctl init --db ANOTHER-FILE")
    if int.from_bytes(head[68:72], "big") != APPLICATION_ID:
        raise BadFile(
            f"{path} is an SQLite file of another program.", "seqctl init --db ANOTHER-FILE"
        )


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """One write transaction: all of it or nothing. Inside another one it is part of that one."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def reading(connection: sqlite3.Connection) -> Iterator[None]:
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
