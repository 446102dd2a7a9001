"""Mails and history as people look at them, always the latest ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime

from seqctl.domain.timing.moments import from_iso, iso
from seqctl.ports.views import EventView, MessageView
from seqctl.store.history import sentence
from seqctl.store.rows import Row, of_table
from seqctl.store.selecting import Conditions, at_most, listed

# All that ever happened to a contact: its own chain, and the chain of each of its enrollments.
CHAINS_OF_CONTACT = """
    WITH RECURSIVE chain (id) AS (
        SELECT last_event_id FROM contact WHERE id = :contact
        UNION ALL SELECT last_event_id FROM enrollment WHERE contact_id = :contact
        UNION ALL SELECT event.previous FROM chain JOIN event ON event.id = chain.id
    )
    SELECT id FROM chain WHERE id IS NOT NULL
"""
_EVENTS = """
    SELECT v.id, v.at, u.name, v.kind, c.email, v.sequence_id, s.name, v.enrollment_id, e.user_id,
        v.step, v.detail, v.status, v.message_id, v.task_id, v.moments
    FROM event AS v
    LEFT JOIN user AS u ON u.id = v.actor_id
    LEFT JOIN contact AS c ON c.id = v.contact_id
    LEFT JOIN sequence AS s ON s.id = v.sequence_id
    LEFT JOIN enrollment AS e ON e.id = v.enrollment_id
"""
_MESSAGES = """
    SELECT m.id, m.enrollment_id, e.user_id, c.email, e.sequence_id, s.name, m.step, i.address,
        m.recipient, m.subject, m.body, m.status, m.at, m.words
    FROM message AS m
    CROSS JOIN enrollment AS e ON e.id = m.enrollment_id
    JOIN contact AS c ON c.id = e.contact_id
    JOIN sequence AS s ON s.id = e.sequence_id
    JOIN inbox AS i ON i.id = m.inbox_id
"""


class SqliteHistoryViews:
    """The part of `ports.Views` that is about what happened."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def sent_since(self, since: datetime) -> dict[int, int]:
        """How many mails each inbox has sent from this moment on, by inbox id."""
        return dict(
            self._connection.execute(
                "SELECT inbox_id, count(*) FROM message WHERE status = 'sent' AND id > ifnull("
                "(SELECT id FROM message WHERE at < ? ORDER BY id DESC LIMIT 1), 0) "
                "GROUP BY inbox_id",
                (iso(since),),
            )
        )

    def events(
        self,
        *,
        contact_id: int | None = None,
        sequence_id: int | None = None,
        limit: int | None = None,
    ) -> list[EventView]:
        """The latest events that fit, by id."""
        asked = Conditions()
        asked.add("v.sequence_id = ?", sequence_id)
        if contact_id is not None:
            asked.add_list("v.id", self._events_of(contact_id))
        rows = self._latest(_EVENTS, asked, "v.id", limit)
        return [_to_event(row) for row in rows]

    def messages(
        self,
        *,
        ids: Iterable[int] | None = None,
        contact_id: int | None = None,
        sequence_id: int | None = None,
        status: str | None = None,
        visible_to: tuple[int, Iterable[int]] | None = None,
        limit: int | None = None,
    ) -> list[MessageView]:
        """The latest messages that fit, by id.

        `visible_to` is a user and the sequences that this user sees: only messages that the user
        enrolled for, or of these sequences.
        """
        asked = Conditions()
        asked.add_list("m.id", ids)
        asked.add("e.sequence_id = ?", sequence_id)
        asked.add("m.status = ?", status)
        if contact_id is not None:
            asked.add_list("m.id", self._messages_of(contact_id))
        if visible_to is not None:
            user_id, sequences = visible_to
            asked.add(
                "(e.user_id = ? OR e.sequence_id IN (SELECT value FROM json_each(?)))",
                user_id,
                listed(sequences),
            )
        rows = self._latest(_MESSAGES, asked, "m.id", limit)
        return [_to_message(row) for row in rows]

    def _events_of(self, contact_id: int) -> list[int]:
        rows = self._connection.execute(CHAINS_OF_CONTACT, {"contact": contact_id})
        return [row[0] for row in rows]

    def _messages_of(self, contact_id: int) -> list[int]:
        rows = self._connection.execute(
            f"SELECT message_id FROM event WHERE id IN ({CHAINS_OF_CONTACT}) "
            "AND message_id IS NOT NULL",
            {"contact": contact_id},
        )
        return [row[0] for row in rows]

    def _latest(self, select: str, asked: Conditions, id: str, limit: int | None) -> list[Row]:
        rows = self._connection.execute(
            f"{select} {asked.where} ORDER BY {id} DESC LIMIT ?",
            [*asked.values, at_most(limit)],
        ).fetchall()
        rows.reverse()
        return rows


@of_table("event")
def _to_event(row: Row) -> EventView:
    told = sentence(row[10], row[14])
    return EventView._make((row[0], from_iso(row[1]), *row[2:10], told, *row[11:14]))


@of_table("message")
def _to_message(row: Row) -> MessageView:
    return MessageView(*row[:12], at=from_iso(row[12]), words=row[13])
