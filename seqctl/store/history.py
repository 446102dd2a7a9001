"""The history: append-only, a chain per enrollment and per contact (docs/design.md)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime

from seqctl.domain.model import Event
from seqctl.domain.texts.sentences import Sentence
from seqctl.domain.timing.moments import STORED_LENGTH, from_iso, iso
from seqctl.ports.people import Concerned
from seqctl.store.rows import Row, of_table

EVENT_COLUMNS = (
    "id, at, actor_id, kind, detail, contact_id, sequence_id, enrollment_id, step, "
    "status, due_at, previous, message_id, task_id, moments"
)
INSERT_EVENT = f"INSERT INTO event ({EVENT_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"


def places_in(detail: str) -> str | None:
    """Where moments stand in a sentence, as `event.moments` keeps it; None where there are none."""
    return f"[{', '.join(map(str, detail.places))}]" if isinstance(detail, Sentence) else None


def sentence(detail: str, moments: str | None) -> str:
    """The reverse of `places_in`; raises ValueError where no moment stands there."""
    if moments is None:
        return detail
    told = Sentence(detail, json.loads(moments))
    for place in told.places:
        from_iso(detail[place : place + STORED_LENGTH])
    return told


class SqliteHistory:
    """Implements `ports.History`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, events: Iterable[Event]) -> None:
        """Write events that concern no single enrollment; those about a contact join its chain."""
        id = self.last_id()
        for event in events:
            id += 1
            self._connection.execute(
                INSERT_EVENT,
                (
                    id, iso(event.at), event.actor_id, event.kind, event.detail, event.contact_id,
                    event.sequence_id, event.enrollment_id, event.step, None, None,
                    self._join_chain(event.contact_id, id), None, None, places_in(event.detail),
                ),
            )  # fmt: skip

    def last_id(self) -> int:
        """The id of the latest event, 0 if there is none."""
        return self._connection.execute("SELECT ifnull(max(id), 0) FROM event").fetchone()[0]

    def concerned_since(self, event_id: int) -> Concerned:
        """Whose enrollments have been started and ended by the events after this one."""
        return Concerned(
            *self._connection.execute(
                "SELECT count(*) FILTER (WHERE kind IN ('enrolled', 'reenrolled', 'revived')), "
                "count(*) FILTER (WHERE kind IN ('unenrolled', 'finished')), "
                "count(DISTINCT contact_id) FROM event WHERE id > ? AND enrollment_id IS NOT NULL "
                "AND kind IN ('enrolled', 'reenrolled', 'revived', 'unenrolled', 'finished')",
                (event_id,),
            ).fetchone()
        )

    def last_at(self) -> datetime | None:
        """When the latest event happened."""
        last = "SELECT id, at FROM event ORDER BY id DESC LIMIT 1"
        return next(map(_moment_of, self._connection.execute(last)), None)

    def _join_chain(self, contact_id: int | None, event_id: int) -> int | None:
        if contact_id is None:
            return None
        previous: int | None = self._connection.execute(
            "SELECT last_event_id FROM contact WHERE id = ?", (contact_id,)
        ).fetchone()[0]
        self._connection.execute(
            "UPDATE contact SET last_event_id = ? WHERE id = ?", (event_id, contact_id)
        )
        return previous


@of_table("event")
def _moment_of(row: Row) -> datetime:
    return from_iso(row[1])
