"""The tables, as append-only migrations: a file each, with its whole text.

How they are read and written stands beside this folder. Times are text, UTC to the second
(`2026-03-02T08:00:00Z`), so that they sort as they are. What grows with the number of enrollments has
no index entry and no wide row that a step would have to change at a random place: history is a chain
(`previous`), and the agenda is clustered by due time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import NamedTuple

from seqctl.store.aliases import fill
from seqctl.store.schema import m0001_initial, m0002_mail, m0003_safety

APPLICATION_ID = 0x73657163  # "seqc"


class Migration(NamedTuple):
    """Its name in the workspace, its statements, and what SQL alone can't do, which comes last."""

    name: str
    statements: tuple[str, ...]
    finish: Callable[[sqlite3.Connection], object] | None = None

    def apply(self, connection: sqlite3.Connection) -> None:
        """Run it, inside a transaction."""
        for statement in self.statements:
            connection.execute(statement)
        if self.finish is not None:
            self.finish(connection)


MIGRATIONS = (
    Migration("0001_initial", m0001_initial.STATEMENTS),
    Migration("0002_mail", m0002_mail.STATEMENTS),
    Migration("0003_safety", m0003_safety.STATEMENTS, fill),
)
SCHEMA_VERSION = len(MIGRATIONS)


def roll_back(connection: sqlite3.Connection) -> None:
    """End a transaction; where the disk is full or fails, SQLite has ended it already."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def migrate(connection: sqlite3.Connection, to: int = SCHEMA_VERSION) -> None:
    """Bring a blank or an older workspace to a version, all in one transaction."""
    from sqlite_utils import Database, Migrations

    known = Migrations("seqctl")
    for migration in MIGRATIONS[:to]:

        @known(name=migration.name)
        def apply(db: Database, migration: Migration = migration) -> None:  # pyright: ignore[reportUnusedFunction] - registered by the decorator
            migration.apply(db.conn)

    # Has no effect inside a transaction. A table made again is dropped while others point to it.
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("BEGIN IMMEDIATE")
    try:
        known.apply(Database(connection, execute_plugins=False))
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {to}")
    except BaseException:
        roll_back(connection)
        raise
    connection.execute("COMMIT")
    connection.execute("PRAGMA foreign_keys = ON")
