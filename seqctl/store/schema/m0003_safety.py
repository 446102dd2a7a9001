"""The third migration: never twice, whatever happens to the file, the clock or the order."""

from __future__ import annotations

_MOMENT = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z"

# Which tick the workspace belongs to.
_OWNER: tuple[str, ...] = ("ALTER TABLE workspace ADD COLUMN tick_token TEXT",)

# When this copy was made of a workspace; NULL: it is none. Copies of earlier versions can't be known.
_BACKUP: tuple[str, ...] = ("ALTER TABLE workspace ADD COLUMN backup_at TEXT",)

# Whose turn it is at an inbox with a limit.
_LINE: tuple[str, ...] = (
    "ALTER TABLE inbox ADD COLUMN new_per_day INTEGER CHECK (new_per_day > 0)",
    # The first release kept no chain of an enrollment's mails.
    """
    UPDATE message SET previous = b.before FROM (
        SELECT id, lag(id) OVER (PARTITION BY enrollment_id ORDER BY id) AS before FROM message
    ) AS b WHERE b.id = message.id AND b.before IS NOT NULL AND previous IS NULL
    """,
    "ALTER TABLE enrollment ADD COLUMN had_mail INTEGER NOT NULL DEFAULT 0 CHECK (had_mail IN (0, 1))",
    # The latest mail went out, or there was one before it.
    """
    UPDATE enrollment SET had_mail = 1 WHERE last_message_id IN (
        SELECT id FROM message WHERE previous IS NOT NULL OR status = 'sent'
    )
    """,
    "DROP INDEX enrollment_in_line",
    """
    CREATE INDEX enrollment_in_line
    ON enrollment (inbox_id, version_id, timezone, any_time, had_mail, due_at)
    WHERE waiting = 'limit' AND held_since IS NULL
    """,
    # Those that yield, the first mails at an inbox with a limit, are clustered apart: at one instant
    # all others come before them.
    """
    CREATE TABLE agenda_again (
        yields INTEGER NOT NULL DEFAULT 0 CHECK (yields IN (0, 1)),
        due_at TEXT NOT NULL,
        enrollment_id INTEGER NOT NULL REFERENCES enrollment,
        PRIMARY KEY (yields, due_at, enrollment_id)
    ) STRICT, WITHOUT ROWID
    """,
    """
    INSERT INTO agenda_again SELECT NOT e.had_mail AND EXISTS (
        SELECT 1 FROM inbox AS i WHERE i.id = e.inbox_id
        AND (per_day IS NOT NULL OR per_minute IS NOT NULL OR gap_least IS NOT NULL)
    ), a.due_at, e.id FROM agenda AS a JOIN enrollment AS e ON e.id = a.enrollment_id ORDER BY 1, 2, 3
    """,
    "DROP TABLE agenda",
    "ALTER TABLE agenda_again RENAME TO agenda",
)

# Which delay it is that runs.
_TIMING: tuple[str, ...] = (
    # What runs where an edit gave the step another delay (`3 day`), what was left when it last ran on,
    # and the time that a step had when it was held or ended. NULL: the step's own, the whole, not kept.
    "ALTER TABLE enrollment ADD COLUMN delay TEXT",
    "ALTER TABLE enrollment ADD COLUMN left_s INTEGER",
    "ALTER TABLE enrollment ADD COLUMN kept_due_at TEXT",
)

# From when on the system's clock counts again.
_CLOCK: tuple[str, ...] = (
    # Each time that a person said so: the event that tells it, the system's clock then, and what the
    # workspace had seen: the time of its last event, and of the first that lay ahead.
    """
    CREATE TABLE clock_accepted (
        event_id INTEGER PRIMARY KEY REFERENCES event,
        at TEXT NOT NULL,
        ahead_from TEXT NOT NULL,
        ahead_to TEXT NOT NULL
    ) STRICT
    """,
)

# What the sentences of the history are made of.
_HISTORY: tuple[str, ...] = (
    # Where moments stand in `detail`, as a list of places.
    "ALTER TABLE event ADD COLUMN moments TEXT CHECK (moments IS NULL OR json_valid(moments))",
    # The sentences of earlier versions that have a moment: by their kind, at the one place of it.
    """
    UPDATE event SET moments = '[5, 29]' WHERE kind = 'clock' AND length(detail) = 49
    """,
    f"""
    UPDATE event SET moments = json_array(length(detail) - 20)
    WHERE kind IN ('hold', 'paused') AND detail GLOB '* by * until {_MOMENT}'
    """,
    f"""
    UPDATE event SET moments = json_array(length(detail) - 28)
    WHERE kind IN ('hold-lifted', 'resumed') AND detail GLOB 'the pause of * since {_MOMENT} is over'
    """,
)

# What people write in many ways, in the form in which it is compared.
_FOLDED = (
    "ALTER TABLE contact ADD COLUMN company_folded TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX contact_of_company ON contact (company_folded) WHERE company_folded <> ''",
    """
    CREATE TABLE contact_alias (
        address TEXT NOT NULL,
        contact_id INTEGER NOT NULL REFERENCES contact,
        PRIMARY KEY (address, contact_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX contact_alias_of ON contact_alias (contact_id)",
    "DROP INDEX contact_other_emails",
)

# By what a mail is known again.
_READING: tuple[str, ...] = (
    # A UID or a file's name may come again for another mail: they are not unique any more.
    """
    CREATE TABLE received_again (
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
        identity TEXT
    ) STRICT
    """,
    # Whatever was read twice before keeps both rows; the first one is known again.
    """
    INSERT INTO received_again
    SELECT id, inbox_id, folder, validity, key, read_at, at, sender, subject, message_id, kind, reason,
        recipient, contact_id, enrollment_id, answers, returns, counted, suppressed, hold_id,
        CASE row_number() OVER (PARTITION BY message_id, inbox_id, folder ORDER BY id)
            WHEN 1 THEN message_id END
    FROM received ORDER BY id
    """,
    "DROP TABLE received",
    "ALTER TABLE received_again RENAME TO received",
    """
    CREATE UNIQUE INDEX received_once ON received (identity, inbox_id, folder)
    WHERE identity IS NOT NULL
    """,
    # Mails without a Message-ID that were read before there were digests.
    """
    CREATE INDEX received_unnamed ON received (inbox_id, folder, sender)
    WHERE identity IS NULL AND message_id IS NULL
    """,
    "CREATE INDEX received_of_contact ON received (contact_id) WHERE contact_id IS NOT NULL",
    "CREATE INDEX received_from ON received (sender) WHERE kind = 'reply' AND contact_id IS NOT NULL",
    # The files of Maildirs that need not be opened again.
    """
    CREATE TABLE read_file (
        inbox_id INTEGER NOT NULL REFERENCES inbox,
        folder TEXT NOT NULL CHECK (folder IN ('inbox', 'sent')),
        key TEXT NOT NULL,
        PRIMARY KEY (inbox_id, folder, key)
    ) STRICT, WITHOUT ROWID
    """,
    # Those without a Message-ID are opened once more, for their digest.
    """
    INSERT INTO read_file
    SELECT DISTINCT inbox_id, folder, key FROM received
    WHERE validity = 0 AND message_id IS NOT NULL
    """,
)

STATEMENTS = (*_OWNER, *_BACKUP, *_LINE, *_TIMING, *_CLOCK, *_HISTORY, *_FOLDED, *_READING)
