"""The first migration: the tables of 0.1.0 (docs/design.md says why each is as it is)."""

from __future__ import annotations

STATEMENTS = (
    """
    CREATE TABLE workspace (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        clock TEXT NOT NULL CHECK (clock IN ('real', 'simulated')),
        now TEXT CHECK ((now IS NOT NULL) = (clock = 'simulated')),
        tick_target TEXT,
        last_tick_at TEXT,
        halted_at TEXT,
        halted_by TEXT,
        halt_reason TEXT,
        restored_at TEXT,
        secret TEXT NOT NULL
    ) STRICT
    """,
    "CREATE TABLE config (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    """
    CREATE TABLE user (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        full_name TEXT NOT NULL,
        email TEXT NOT NULL,
        timezone TEXT NOT NULL,
        signature TEXT NOT NULL DEFAULT '',
        removed_at TEXT
    ) STRICT
    """,
    """
    CREATE TABLE team_member (
        user_id INTEGER NOT NULL REFERENCES user,
        team TEXT NOT NULL,
        PRIMARY KEY (user_id, team)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE inbox (
        id INTEGER PRIMARY KEY,
        address TEXT NOT NULL UNIQUE,
        user_id INTEGER NOT NULL REFERENCES user,
        kind TEXT NOT NULL CHECK (kind IN ('capture')),
        capture_to TEXT,
        connected INTEGER NOT NULL CHECK (connected IN (0, 1))
    ) STRICT
    """,
    """
    CREATE TABLE contact (
        id INTEGER PRIMARY KEY,
        email TEXT NOT NULL UNIQUE CHECK (email = lower(email)),
        first_name TEXT NOT NULL DEFAULT '',
        last_name TEXT NOT NULL DEFAULT '',
        company TEXT NOT NULL DEFAULT '',
        phone TEXT NOT NULL DEFAULT '',
        owner_id INTEGER REFERENCES user,
        access TEXT NOT NULL DEFAULT 'everyone' CHECK (access IN ('everyone', 'owner', 'team')),
        properties TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(properties)),
        deleted_at TEXT,
        last_event_id INTEGER
    ) STRICT
    """,
    # By address and without a foreign key: a "no" outlives the contact. A blocked domain is '@domain'.
    """
    CREATE TABLE suppression (
        address TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('opted_out', 'bounced', 'blocked')),
        since TEXT NOT NULL,
        PRIMARY KEY (address, kind)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE segment (
        name TEXT PRIMARY KEY,
        filters TEXT NOT NULL CHECK (json_valid(filters))
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE sequence (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        owner_id INTEGER NOT NULL REFERENCES user,
        sharing TEXT NOT NULL CHECK (json_valid(sharing)),
        version_id INTEGER,
        deleted_at TEXT
    ) STRICT
    """,
    """
    CREATE TABLE sequence_version (
        id INTEGER PRIMARY KEY,
        sequence_id INTEGER NOT NULL REFERENCES sequence,
        number INTEGER NOT NULL,
        edit_of INTEGER,
        steps INTEGER NOT NULL CHECK (steps > 0),
        content TEXT NOT NULL CHECK (json_valid(content)),
        created_at TEXT NOT NULL
    ) STRICT
    """,
    "CREATE UNIQUE INDEX version_number ON sequence_version (sequence_id, number) WHERE edit_of IS NULL",
    """
    CREATE TABLE enrollment (
        id INTEGER PRIMARY KEY,
        contact_id INTEGER NOT NULL REFERENCES contact,
        sequence_id INTEGER NOT NULL REFERENCES sequence,
        version_id INTEGER NOT NULL REFERENCES sequence_version,
        user_id INTEGER NOT NULL REFERENCES user,
        inbox_id INTEGER REFERENCES inbox,
        timezone TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('live', 'finished', 'unenrolled')),
        waiting TEXT CHECK (waiting IN ('delay', 'task', 'inbox', 'resume', 'mail')),
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
    CREATE UNIQUE INDEX enrollment_live ON enrollment (contact_id, sequence_id)
    WHERE status = 'live'
    """,
    "CREATE INDEX enrollment_of_contact ON enrollment (contact_id)",
    "CREATE INDEX enrollment_of_user ON enrollment (sequence_id, user_id) WHERE status = 'live'",
    "CREATE INDEX enrollment_blocked ON enrollment (waiting, inbox_id) WHERE waiting IN ('inbox', 'mail')",
    """
    CREATE TABLE agenda (
        due_at TEXT NOT NULL,
        enrollment_id INTEGER NOT NULL REFERENCES enrollment,
        PRIMARY KEY (due_at, enrollment_id)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE hold (
        id INTEGER PRIMARY KEY,
        scope TEXT NOT NULL CHECK (scope IN ('sequence', 'all', 'contact')),
        sequence_id INTEGER REFERENCES sequence,
        contact_id INTEGER REFERENCES contact,
        user_id INTEGER NOT NULL REFERENCES user,
        since TEXT NOT NULL,
        until TEXT,
        CHECK ((scope = 'contact') = (contact_id IS NOT NULL)),
        CHECK (scope = 'contact' OR sequence_id IS NOT NULL)
    ) STRICT
    """,
    """
    CREATE UNIQUE INDEX hold_once
    ON hold (scope, ifnull(sequence_id, 0), ifnull(contact_id, 0), user_id)
    """,
    "CREATE INDEX hold_of_sequence ON hold (sequence_id, user_id) WHERE contact_id IS NULL",
    "CREATE INDEX hold_of_contact ON hold (contact_id) WHERE contact_id IS NOT NULL",
    "CREATE INDEX hold_until ON hold (until) WHERE until IS NOT NULL",
    """
    CREATE TABLE task (
        id INTEGER PRIMARY KEY,
        enrollment_id INTEGER NOT NULL REFERENCES enrollment,
        step INTEGER NOT NULL,
        assignee_id INTEGER NOT NULL REFERENCES user,
        type TEXT NOT NULL CHECK (type IN ('todo', 'call', 'email', 'linkedin')),
        title TEXT NOT NULL,
        priority TEXT NOT NULL CHECK (priority IN ('low', 'normal', 'high')),
        notes TEXT NOT NULL,
        subject TEXT,
        body TEXT,
        status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'done', 'skipped')),
        created_at TEXT NOT NULL,
        done_at TEXT,
        note TEXT NOT NULL DEFAULT '',
        CHECK ((status = 'open') = (done_at IS NULL)),
        UNIQUE (enrollment_id, step)
    ) STRICT
    """,
    "CREATE INDEX task_open ON task (assignee_id) WHERE status = 'open'",
    """
    CREATE TABLE message (
        id INTEGER PRIMARY KEY,
        enrollment_id INTEGER NOT NULL REFERENCES enrollment,
        step INTEGER NOT NULL,
        inbox_id INTEGER NOT NULL REFERENCES inbox,
        recipient TEXT NOT NULL,
        subject TEXT NOT NULL,
        body TEXT NOT NULL,
        answers INTEGER,
        status TEXT NOT NULL CHECK (status IN ('queued', 'claimed', 'sending', 'sent', 'failed', 'unknown')),
        at TEXT NOT NULL
    ) STRICT
    """,
    # What still has to be handed over: the Maildir copies of captured mail.
    "CREATE TABLE outbox (message_id INTEGER PRIMARY KEY REFERENCES message) STRICT",
    """
    CREATE TABLE event (
        id INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        actor_id INTEGER REFERENCES user,
        kind TEXT NOT NULL,
        detail TEXT NOT NULL,
        contact_id INTEGER,
        sequence_id INTEGER,
        enrollment_id INTEGER,
        step INTEGER,
        status TEXT,
        due_at TEXT,
        previous INTEGER,
        message_id INTEGER,
        task_id INTEGER
    ) STRICT
    """,
)
