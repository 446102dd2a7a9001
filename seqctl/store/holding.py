"""What a hold does to many enrollments at once: set-based, so that 100,000 take a few statements."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

from seqctl.domain.model import Event
from seqctl.domain.timing.moments import iso
from seqctl.store.history import EVENT_COLUMNS, SqliteHistory, places_in

NO_HOLD = """
    NOT EXISTS (SELECT 1 FROM hold AS h WHERE h.contact_id IS NULL
        AND h.sequence_id = e.sequence_id AND h.user_id = e.user_id)
    AND NOT EXISTS (SELECT 1 FROM hold AS h WHERE h.contact_id = e.contact_id
        AND (h.sequence_id IS NULL OR h.sequence_id = e.sequence_id))
"""
_TO_HOLD = "sequence_id = :sequence AND user_id = :user AND status = 'live' AND held_since IS NULL"
_TELL_PAUSED = f"""
    INSERT INTO event ({EVENT_COLUMNS}) SELECT :last + row_number() OVER (ORDER BY e.id), :at, :actor,
        :kind, :detail, e.contact_id, e.sequence_id, e.id, e.step, 'paused', NULL, e.last_event_id,
        NULL, NULL, :moments
    FROM enrollment AS e WHERE {{}}
"""


def hold_all(
    connection: sqlite3.Connection,
    sequence_id: int,
    user_id: int,
    at: datetime,
    actor_id: int,
    detail: str,
) -> int:
    """The twin of `lifecycle.hold`, of a user's enrollments in a sequence; give their number."""
    paused = Event(at, actor_id, "paused", detail)
    given = _given(connection, paused) | {"sequence": sequence_id, "user": user_id}
    run = connection.execute
    frozen = run(_TELL_PAUSED.format(_TO_HOLD), given).rowcount
    run(
        "DELETE FROM agenda WHERE yields IN (0, 1) AND (due_at, enrollment_id) IN "
        f"(SELECT due_at, id FROM enrollment WHERE {_TO_HOLD} AND due_at IS NOT NULL)",
        given,
    )
    run(
        "UPDATE enrollment SET held_since = :at, due_at = NULL, kept_due_at = enrollment.due_at, "
        "last_event_id = v.id FROM event AS v WHERE v.id > :last AND enrollment.id = v.enrollment_id",
        given,
    )
    return frozen


def tell_held(connection: sqlite3.Connection, event: Event, enrolled_by: int | None) -> int:
    """Write an event for each frozen enrollment that it is about and that a hold holds."""
    about = {"contact_id": event.contact_id, "sequence_id": event.sequence_id}
    about |= {"user_id": enrolled_by}
    where = " AND ".join(f"{name} = :{name}" for name, id in about.items() if id is not None)
    held = f"{where} AND status = 'live' AND held_since IS NOT NULL AND NOT ({NO_HOLD})"
    given = _given(connection, event) | about
    told = connection.execute(_TELL_PAUSED.format(held), given).rowcount
    if told:
        connection.execute(
            "UPDATE enrollment SET last_event_id = v.id "
            "FROM event AS v WHERE v.id > :last AND enrollment.id = v.enrollment_id",
            given,
        )
    return told


def _given(connection: sqlite3.Connection, event: Event) -> dict[str, Any]:
    return {
        "at": iso(event.at),
        "actor": event.actor_id,
        "kind": event.kind,
        "detail": event.detail,
        "moments": places_in(event.detail),
        "last": SqliteHistory(connection).last_id(),
    }
