"""A workspace of schema 2 that has read mail: migrated, it reads none of it again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seqctl.mail.office import Office
from seqctl.ports.mail import Folder
from seqctl.service.reading import syncing
from seqctl.store import SqliteStore, open_store, schema
from tests.mail.maildirs import Maildir

NOW = datetime(2026, 3, 9, 9, tzinfo=UTC)
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
WITH_ID = b"From: ada@x.test\nSubject: one\nMessage-ID: <one@x.test>\n\nYes.\n"
WITHOUT = b"From: ada@x.test\nSubject: two\n\nYes.\n"
LOOSE = b"From: ada@x.test\nSubject: three\nMessage-ID: three@x.test\n\nYes.\n"
FILES = {"1.one": WITH_ID, "2.one-again": WITH_ID, "3.two": WITHOUT, "4.three": LOOSE}
READ = (
    # id, validity, key, subject, message_id
    (1, 0, "1.one", "one", "<one@x.test>"),
    (2, 0, "2.one-again", "one", "<one@x.test>"),
    (3, 0, "3.two", "two", None),
    (4, 0, "4.three", "three", None),
    (5, 7, "12", "five", "<five@x.test>"),
    (6, 7, "13", "six", None),
)


def released_2(path: Path, maildir: Path) -> None:
    """A workspace as 0.2.0 left it: an inbox that reads a Maildir, and what it has read."""
    connection = sqlite3.connect(path, isolation_level=None)
    schema.migrate(connection, to=2)
    connection.executescript(
        f"""
        INSERT INTO workspace (id, clock, now, secret)
            VALUES (1, 'simulated', '2026-03-09T09:00:00Z', 's');
        INSERT INTO user (id, name, full_name, email, timezone)
            VALUES (1, 'ann', 'Ann', 'ann@acme.test', 'UTC');
        INSERT INTO inbox (id, address, user_id, connected, since, account) VALUES (1,
            'ann@acme.test', 1, 1, '2026-03-01T00:00:00Z', '{json.dumps({"maildir": str(maildir)})}');
        INSERT INTO mailbox_cursor VALUES (1, 'inbox', 7, 13);
        INSERT INTO contact (id, email) VALUES (1, 'ada@x.test');
        """
    )
    connection.executemany(
        "INSERT INTO received (id, inbox_id, folder, validity, key, read_at, at, sender, subject, "
        "message_id, kind, reason, contact_id, counted) VALUES (?, 1, 'inbox', ?, ?, "
        "'2026-03-02T10:00:00Z', '2026-03-02T09:00:00Z', 'ada@x.test', ?, ?, 'reply', 'r', 1, 1)",
        READ,
    )
    connection.close()


@pytest.fixture
def maildir(tmp_path: Path) -> Maildir:
    made = Maildir(tmp_path / "mails")
    for name, raw in FILES.items():
        made.put(name, raw, at=AT)
    return made


@pytest.fixture
def store(tmp_path: Path, maildir: Maildir) -> Iterator[SqliteStore]:
    released_2(tmp_path / "workspace.db", maildir.path)
    made = open_store(tmp_path / "workspace.db")
    yield made
    made.close()


def read(store: SqliteStore) -> int:
    (synced,) = syncing.sync(store, Office(), NOW, store.people.inboxes())
    assert synced.trouble is None
    return synced.read


def identities(store: SqliteStore) -> list[str | None]:
    rows = store.connection.execute("SELECT identity FROM received ORDER BY id")
    return [identity for (identity,) in rows]


def test_rows_are_kept_and_known(store: SqliteStore) -> None:
    rows = store.connection.execute
    assert rows("PRAGMA foreign_key_check").fetchall() == []
    kept = rows("SELECT id, validity, key, subject, message_id FROM received ORDER BY id")
    assert kept.fetchall() == list(READ)
    assert identities(store) == ["<one@x.test>", None, None, None, "<five@x.test>", None]
    assert store.received.known_keys(1, Folder.INBOX) == ["1.one", "2.one-again"]


def test_nothing_is_read_again_and_all_get_names(store: SqliteStore) -> None:
    assert read(store) == 0
    named = identities(store)
    assert named[2] is not None
    assert named[2].startswith("sha256:")
    assert named[3] == "<three@x.test>"
    changes = store.connection.total_changes
    assert read(store) == 0
    assert store.connection.total_changes == changes


@pytest.mark.parametrize("named_before", [True, False])
def test_not_even_renamed(store: SqliteStore, maildir: Maildir, named_before: bool) -> None:
    if named_before:
        read(store)
    for key in FILES:
        maildir.rename(key, f"9.{key}:2,S", into="cur")
    assert read(store) == 0
    assert len(store.received.view()) == len(READ)


def test_new_mail_is_read(store: SqliteStore, maildir: Maildir) -> None:
    maildir.put("5.new", WITHOUT.replace(b"two", b"new"), at=AT)
    assert read(store) == 1
