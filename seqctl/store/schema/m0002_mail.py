"""The second migration: mail over the network, its accounts, limits and lines, and what was read."""

from __future__ import annotations

STATEMENTS = (
    # A CHECK can't be altered: a table whose words change is made again, with its indexes.
    """
    CREATE TABLE inbox_again (
        id INTEGER PRIMARY KEY,
        address TEXT NOT NULL UNIQUE,
        user_id INTEGER NOT NULL REFERENCES user,
        account TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(account)),
        capture_to TEXT,
        connected INTEGER NOT NULL CHECK (connected IN (0, 1)),
        per_day INTEGER CHECK (per_day > 0),
        per_minute INTEGER CHECK (per_minute > 0),
        gap_least INTEGER CHECK (gap_least >= 0),
        gap_most INTEGER CHECK (gap_most >= gap_least),
        since TEXT,
        trouble TEXT
    ) STRICT
    """,
    """
    INSERT INTO inbox_again (id, address, user_id, capture_to, connected) SELECT id,
        address, user_id, capture_to, connected FROM inbox
    """,
    "DROP TABLE inbox",
    "ALTER TABLE inbox_again RENAME TO inbox",
    """
    CREATE TABLE enrollment_again (
        id INTEGER PRIMARY KEY,
        contact_id INTEGER NOT NULL REFERENCES contact,
        sequence_id INTEGER NOT NULL REFERENCES sequence,
        version_id INTEGER NOT NULL REFERENCES sequence_version,
        user_id INTEGER NOT NULL REFERENCES user,
        inbox_id INTEGER REFERENCES inbox,
        timezone TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('live', 'finished', 'unenrolled')),
        waiting TEXT CHECK (waiting IN ('delay', 'task', 'inbox', 'resume', 'mail', 'limit')),
        step INTEGER NOT NULL CHECK (step >= 1),
        base TEXT,
        delay_ends_at TEXT,
        due_at TEXT,
        held_since TEXT,
        enrolled_at TEXT NOT NULL,
        last_step_at TEXT,
        ended_at TEXT,
        reason TEXT,
        error TEXT,
        any_time INTEGER NOT NULL DEFAULT 0 CHECK (any_time IN (0, 1)),
        continues INTEGER REFERENCES enrollment,
        last_message_id INTEGER,
        last_event_id INTEGER,
        CHECK ((status = 'live') = (waiting IS NOT NULL)),
        CHECK ((status = 'live') = (ended_at IS NULL)),
        CHECK ((status = 'unenrolled') = (reason IS NOT NULL)),
        CHECK (error IS NULL OR reason = 'error'),
        CHECK (status <> 'live' OR waiting <> 'delay' OR delay_ends_at IS NOT NULL),
        CHECK (status <> 'live' OR waiting <> 'delay' OR (due_at IS NULL) = (held_since IS NOT NULL)),
        CHECK (waiting IS NOT 'resume' OR (held_since IS NOT NULL AND delay_ends_at IS NULL)),
        CHECK (due_at IS NULL OR (status = 'live' AND held_since IS NULL))
    ) STRICT
    """,
    """
    INSERT INTO enrollment_again (id, contact_id, sequence_id, version_id, user_id,
        inbox_id, timezone, status, waiting, step, base, delay_ends_at, due_at,
        held_since, enrolled_at, last_step_at, ended_at, reason, error, any_time,
        continues, last_message_id, last_event_id) SELECT id, contact_id, sequence_id,
        version_id, user_id, inbox_id, timezone, status, waiting, step, base,
        delay_ends_at, due_at, held_since, enrolled_at, last_step_at, ended_at, reason,
        error, any_time, continues, last_message_id, last_event_id FROM enrollment
    """,
    "DROP TABLE enrollment",
    "ALTER TABLE enrollment_again RENAME TO enrollment",
    """
    CREATE UNIQUE INDEX enrollment_live ON enrollment (contact_id, sequence_id)
    WHERE status = 'live'
    """,
    "CREATE INDEX enrollment_of_contact ON enrollment (contact_id)",
    "CREATE INDEX enrollment_of_user ON enrollment (sequence_id, user_id) WHERE status = 'live'",
    "CREATE INDEX enrollment_blocked ON enrollment (waiting, inbox_id) WHERE waiting IN ('inbox', 'mail')",
    """
    CREATE TABLE hold_again (
        id INTEGER PRIMARY KEY,
        scope TEXT NOT NULL CHECK (scope IN ('sequence', 'all', 'contact', 'auto-reply', 'hand-written')),
        sequence_id INTEGER REFERENCES sequence,
        contact_id INTEGER REFERENCES contact,
        user_id INTEGER NOT NULL REFERENCES user,
        since TEXT NOT NULL,
        until TEXT,
        CHECK ((scope IN ('sequence', 'all')) = (contact_id IS NULL)),
        CHECK (contact_id IS NOT NULL OR sequence_id IS NOT NULL)
    ) STRICT
    """,
    """
    INSERT INTO hold_again (id, scope, sequence_id, contact_id, user_id, since, until)
        SELECT id, scope, sequence_id, contact_id, user_id, since, until FROM hold
    """,
    "DROP TABLE hold",
    "ALTER TABLE hold_again RENAME TO hold",
    """
    CREATE UNIQUE INDEX hold_once
    ON hold (scope, ifnull(sequence_id, 0), ifnull(contact_id, 0), user_id)
    """,
    "CREATE INDEX hold_of_sequence ON hold (sequence_id, user_id) WHERE contact_id IS NULL",
    "CREATE INDEX hold_of_contact ON hold (contact_id) WHERE contact_id IS NOT NULL",
    "CREATE INDEX hold_until ON hold (until) WHERE until IS NOT NULL",
    """
    CREATE TABLE message_again (
        id INTEGER PRIMARY KEY,
        enrollment_id INTEGER NOT NULL REFERENCES enrollment,
        step INTEGER NOT NULL,
        inbox_id INTEGER NOT NULL REFERENCES inbox,
        recipient TEXT NOT NULL,
        subject TEXT NOT NULL,
        body TEXT NOT NULL,
        answers INTEGER,
        status TEXT NOT NULL CHECK (status IN ('queued', 'claimed', 'sending', 'sent', 'failed', 'unknown', 'cancelled')),
        at TEXT NOT NULL,
        markdown INTEGER NOT NULL DEFAULT 0 CHECK (markdown IN (0, 1)),
        attachments TEXT CHECK (attachments IS NULL OR json_valid(attachments)),
        previous INTEGER,
        dated TEXT,
        tries INTEGER NOT NULL DEFAULT 0,
        first_try_at TEXT,
        words TEXT
    ) STRICT
    """,
    """
    INSERT INTO message_again (id, enrollment_id, step, inbox_id, recipient, subject,
        body, answers, status, at) SELECT id, enrollment_id, step, inbox_id, recipient,
        subject, body, answers, status, at FROM message
    """,
    "DROP TABLE message",
    "ALTER TABLE message_again RENAME TO message",
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
