"""Mails as rows: written with the change that makes them, cancelled with what ends their enrollment."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from seqctl.domain.model import Message
from seqctl.domain.sending.limits import DAY
from seqctl.domain.timing.moments import iso
from seqctl.store.rows import chunks, marks

_INSERT = """
    INSERT INTO message (id, enrollment_id, step, inbox_id, recipient, subject, body, answers, status,
        at, markdown, attachments, previous)
    VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)
"""
_COPY = """
    INSERT INTO outbox SELECT m.id FROM message AS m JOIN inbox AS i ON i.id = m.inbox_id
    WHERE m.id >= ? AND m.status = 'sent' AND i.capture_to IS NOT NULL
"""
LIMITED = "per_day IS NOT NULL OR per_minute IS NOT NULL OR gap_least IS NOT NULL OR new_per_day IS NOT NULL"
YIELDS = f"NOT e.had_mail AND ifnull(e.inbox_id, 0) IN (SELECT id FROM inbox WHERE {LIMITED})"
"""Whether enrollment `e` comes after all others of its moment: a start at an inbox with a limit."""
_A_DAY_AGO = timedelta(seconds=1) + DAY


def write_messages(connection: sqlite3.Connection, messages: Sequence[Message]) -> None:
    """Write new mails, and those that are on their way `again`."""
    if not messages:
        return
    fresh = [message for message in messages if not message.again]
    connection.executemany(_INSERT, map(_row, fresh))
    connection.executemany(
        "UPDATE message SET status = ?, at = ? WHERE id = ? AND status = 'queued'",
        [(m.status.value, iso(m.at), m.id) for m in messages if m.again],
    )
    if fresh:
        connection.execute(_COPY, (fresh[0].id,))
    connection.executemany(
        "INSERT OR IGNORE INTO outbox SELECT m.id FROM message AS m JOIN inbox AS i "
        "ON i.id = m.inbox_id WHERE m.id = ? AND m.status = 'sent' AND i.capture_to IS NOT NULL",
        [(m.id,) for m in messages if m.again],
    )


def cancel_queued(connection: sqlite3.Connection, enrollment_ids: Sequence[int]) -> None:
    """Of enrollments that have just ended: a mail that has not gone out never will."""
    for chunk in chunks(enrollment_ids):
        connection.execute(
            "UPDATE message SET status = 'cancelled' WHERE status = 'queued' AND id IN "
            f"(SELECT last_message_id FROM enrollment WHERE id IN ({marks(len(chunk))}))",
            chunk,
        )


def take_earlier_slots(connection: sqlite3.Connection, inbox_id: int, since: datetime) -> None:
    """Let the mails that an inbox sent from this moment on count, though it had no limit then."""
    connection.execute(
        "INSERT OR IGNORE INTO slot SELECT m.inbox_id, m.at, m.id FROM message AS m "
        f"JOIN inbox AS i ON i.id = m.inbox_id WHERE ({LIMITED}) AND m.inbox_id = ? "
        "AND m.at > ? AND m.status NOT IN ('failed', 'cancelled') AND m.id > ifnull("
        "(SELECT id FROM message WHERE at <= ? ORDER BY id DESC LIMIT 1), 0)",
        (inbox_id, iso(since), iso(since)),
    )


def limited_inboxes(connection: sqlite3.Connection) -> set[int]:
    """The ids of the inboxes that have a limit."""
    return {row[0] for row in connection.execute(f"SELECT id FROM inbox WHERE {LIMITED}")}


def take_slots(connection: sqlite3.Connection, messages: Sequence[Message]) -> None:
    """Of inboxes that have a limit: when these mails went, or are on their way."""
    limited = limited_inboxes(connection)
    taken = [(m.inbox_id, iso(m.at), m.id) for m in messages if m.inbox_id in limited]
    if taken:
        connection.executemany("INSERT OR REPLACE INTO slot VALUES (?, ?, ?)", taken)
        latest = max(message.at for message in messages)
        connection.execute("DELETE FROM slot WHERE at < ?", (iso(latest - _A_DAY_AGO),))


def _row(message: Message) -> tuple[object, ...]:
    return (
        *message[:8],
        message.status.value,
        iso(message.at),
        message.markdown,
        json.dumps([(a.name, a.digest) for a in message.attachments])
        if message.attachments
        else None,
        message.previous,
    )
