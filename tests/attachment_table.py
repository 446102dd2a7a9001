"""The table of attached files, for workspaces whose schema has none yet."""

import sqlite3


def make_table(connection: sqlite3.Connection) -> None:
    """Make the table unless it is there."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS attachment (digest TEXT PRIMARY KEY, content BLOB NOT NULL) "
        "STRICT, WITHOUT ROWID"
    )
