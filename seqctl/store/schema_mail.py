"""The second migration: mail over the network (docs/design.md says why the tables are as they are)."""

from __future__ import annotations

import sqlite3

# A CHECK can't be altered: these tables are made again with a changed text.
_REBUILT: dict[str, tuple[tuple[str, str], ...]] = {
    "inbox": (
        (
            "kind TEXT NOT NULL CHECK (kind IN ('capture')),",
            "account TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(account)),",
        ),
        (
            "CHECK (connected IN (0, 1))",
            """CHECK (connected IN (0, 1)),
        per_day INTEGER CHECK (per_day > 0),
        per_minute INTEGER CHECK (per_minute > 0),
        gap_least INTEGER CHECK (gap_least >= 0),
        gap_most INTEGER CHECK (gap_most >= gap_least),
        since TEXT,
        trouble TEXT""",
        ),
    ),
    "enrollment": (("'resume', 'mail'", "'resume', 'mail', 'limit'"),),
    "hold": (
        ("'all', 'contact'", "'all', 'contact', 'auto-reply', 'hand-written'"),
        (
            "CHECK ((scope = 'contact') = (contact_id IS NOT NULL))",
            "CHECK ((scope IN ('sequence', 'all')) = (contact_id IS NULL))",
        ),
        (
            "CHECK (scope = 'contact' OR sequence_id IS NOT NULL)",
            "CHECK (contact_id IS NOT NULL OR sequence_id IS NOT NULL)",
        ),
    ),
    "message": (
        ("'failed', 'unknown')", "'failed', 'unknown', 'cancelled')"),
        (
            "at TEXT NOT NULL",
            """at TEXT NOT NULL,
        markdown INTEGER NOT NULL DEFAULT 0 CHECK (markdown IN (0, 1)),
        attachments TEXT CHECK (attachments IS NULL OR json_valid(attachments)),
        previous INTEGER,
        dated TEXT,
        tries INTEGER NOT NULL DEFAULT 0,
        first_try_at TEXT,
        words TEXT""",
        ),
    ),
}
_MAIL = (
    "UPDATE message SET previous = answers",
    # The line in front of an inbox that has sent as much as it may, and what is not settled.
    "CREATE INDEX enrollment_in_line ON enrollment (inbox_id, due_at) WHERE waiting = 'limit'",
    """
    CREATE INDEX message_open ON message (inbox_id, status)
    WHERE status IN ('queued', 'claimed', 'sending', 'unknown')
    """,
    # When the mails of the last 24 hours went out, of inboxes that have a limit.
    """
    CREATE TABLE slot (
        inbox_id INTEGER NOT NULL REFERENCES inbox,
        at TEXT NOT NULL,
        message_id INTEGER NOT NULL REFERENCES message,
        PRIMARY KEY (inbox_id, at, message_id)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE attachment (
        digest TEXT PRIMARY KEY,
        content BLOB NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE mailbox_cursor (
        inbox_id INTEGER NOT NULL REFERENCES inbox,
        folder TEXT NOT NULL CHECK (folder IN ('inbox', 'sent')),
        validity INTEGER NOT NULL,
        last_uid INTEGER NOT NULL,
        PRIMARY KEY (inbox_id, folder)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE received (
        id INTEGER PRIMARY KEY,
        inbox_id INTEGER NOT NULL REFERENCES inbox,
        folder TEXT NOT NULL CHECK (folder IN ('inbox', 'sent')),
        validity INTEGER NOT NULL,
        key TEXT NOT NULL,
        read_at TEXT NOT NULL,
        at TEXT NOT NULL,
        sender TEXT NOT NULL,
        subject TEXT NOT NULL,
        message_id TEXT,
        kind TEXT NOT NULL CHECK (kind IN ('reply', 'auto-reply', 'bounce-hard', 'bounce-soft',
            'complaint', 'unsubscribe', 'meeting', 'own', 'other')),
        reason TEXT NOT NULL,
        recipient TEXT,
        contact_id INTEGER REFERENCES contact,
        enrollment_id INTEGER REFERENCES enrollment,
        answers INTEGER REFERENCES message,
        returns TEXT,
        counted INTEGER NOT NULL CHECK (counted IN (0, 1)),
        suppressed TEXT CHECK (suppressed IN ('opted_out', 'bounced')),
        hold_id INTEGER,
        UNIQUE (inbox_id, folder, validity, key)
    ) STRICT
    """,
    "CREATE INDEX received_of_contact ON received (contact_id) WHERE contact_id IS NOT NULL",
    "CREATE INDEX received_message ON received (message_id) WHERE message_id IS NOT NULL",
    "CREATE INDEX received_from ON received (sender) WHERE kind = 'reply' AND contact_id IS NOT NULL",
    # The few contacts that have further addresses, to be found by those.
    """
    CREATE INDEX contact_other_emails ON contact (json_extract(properties, '$.other_emails'))
    WHERE json_extract(properties, '$.other_emails') IS NOT NULL
    """,
    # The enrollments that a mail ended, so that a mistake about it can be mended.
    """
    CREATE TABLE ended_by_mail (
        received_id INTEGER NOT NULL REFERENCES received,
        enrollment_id INTEGER NOT NULL REFERENCES enrollment,
        PRIMARY KEY (received_id, enrollment_id)
    ) STRICT, WITHOUT ROWID
    """,
    # After a restore ids go on from here: those given after the backup are never given again.
    "ALTER TABLE workspace ADD COLUMN id_floor INTEGER NOT NULL DEFAULT 0",
)


def add_mail(connection: sqlite3.Connection) -> None:
    """What real mail needs: accounts, limits, lines and slots, what is on its way, what was read."""
    for table, replacements in _REBUILT.items():
        _rebuild(connection, table, replacements)
    for statement in _MAIL:
        connection.execute(statement)


def _rebuild(
    connection: sqlite3.Connection, table: str, replacements: tuple[tuple[str, str], ...]
) -> None:
    """Make a table again with parts of its text replaced; its rows and its indexes stay."""
    (made,) = connection.execute(
        "SELECT sql FROM sqlite_schema WHERE name = ?", (table,)
    ).fetchone()
    indexes = connection.execute(
        "SELECT sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
        (table,),
    ).fetchall()
    columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
    for old, new in replacements:
        assert old in made, f"{table}: {old}"
        made = made.replace(old, new)
    connection.execute(made.replace(f"TABLE {table}", f"TABLE {table}_again", 1))
    kept = [
        row[1]
        for row in connection.execute(f"PRAGMA table_info({table}_again)")
        if row[1] in columns
    ]
    listed = ", ".join(kept)
    connection.execute(f"INSERT INTO {table}_again ({listed}) SELECT {listed} FROM {table}")
    connection.execute(f"DROP TABLE {table}")
    connection.execute(f"ALTER TABLE {table}_again RENAME TO {table}")
    for (index,) in indexes:
        connection.execute(index)
