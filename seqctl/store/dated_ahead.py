"""What a clock that was ahead has dated, and its end (docs/design.md)."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from seqctl.domain.timing.moments import from_iso, iso
from seqctl.ports import Ahead

_NOBODY_KNOWS_SINCE = timedelta(days=7)
"""How long a clock is thought to have been ahead where nothing was written before it was."""

# What has happened can't have happened after the clock was accepted. The history keeps what it says.
_HAPPENED = (
    ("workspace", "last_tick_at"),
    ("workspace", "halted_at"),
    ("workspace", "restored_at"),
    ("workspace", "backup_at"),
    ("suppression", "since"),
    ("enrollment", "last_step_at"),
    ("enrollment", "ended_at"),
    ("task", "created_at"),
    ("task", "done_at"),
    ("message", "at"),
    ("message", "dated"),
    ("message", "first_try_at"),
    ("slot", "at"),
)

# A mail that has come since counts as an answer, though nobody knows when these really began.
_BEGAN = (("enrollment", "enrolled_at"), ("inbox", "since"))

_AHEAD = """
    SELECT 'due', e.id, iif(e.base IS NULL, ifnull(e.due_at, e.kept_due_at), e.due_at) AS due,
        c.email, s.name FROM enrollment AS e
    JOIN event AS v ON v.id = e.last_event_id
    JOIN contact AS c ON c.id = e.contact_id JOIN sequence AS s ON s.id = e.sequence_id
    WHERE e.status = 'live' AND due > :now
        AND (v.at > :now OR e.base > :now OR (e.base IS NULL AND due >= :ahead_from))
    UNION ALL
    SELECT 'hold', h.id, ifnull(h.until, h.since), c.email, s.name FROM hold AS h
    LEFT JOIN contact AS c ON c.id = h.contact_id LEFT JOIN sequence AS s ON s.id = h.sequence_id
    WHERE h.since > :now OR (h.until > :now AND h.until > :ahead_from)
    ORDER BY 1, 2
"""


def dated_ahead(connection: sqlite3.Connection, now: datetime) -> list[Ahead]:
    """The due times and holds that a clock ahead of `now` has dated, by kind and id.

    A start that is held keeps its moment, so that it is listed too.
    """
    ahead_from = _ahead_from(connection, now)
    if ahead_from is None:
        return []
    rows = connection.execute(_AHEAD, {"now": iso(now), "ahead_from": ahead_from})
    return [Ahead(kind, id, from_iso(at), *names) for kind, id, at, *names in rows]


def accept_clock(connection: sqlite3.Connection, now: datetime) -> None:
    """Remember that the clock was right at `now`, as the event tells that has just been written.

    What has happened under a clock ahead of it is dated anew: nothing that counts mails, or that
    compares an answer with the beginning of an enrollment, may look into the future.
    """
    (event_id,) = connection.execute("SELECT max(id) FROM event").fetchone()
    first, last = connection.execute(
        "SELECT min(at), max(at) FROM event WHERE id < ? AND at > ?", (event_id, iso(now))
    ).fetchone()
    connection.execute(
        "INSERT INTO clock_accepted VALUES (?, ?, ?, ?)", (event_id, iso(now), first, last)
    )
    for table, column in _HAPPENED:
        _date_anew(connection, table, column, now, now)
    for table, column in _BEGAN:
        _date_anew(connection, table, column, now, _last_sound(connection, event_id, now))


def _date_anew(
    connection: sqlite3.Connection, table: str, column: str, now: datetime, at: datetime
) -> None:
    connection.execute(
        f"UPDATE {table} SET {column} = :at WHERE {column} > :now", {"at": iso(at), "now": iso(now)}
    )


def _last_sound(connection: sqlite3.Connection, event_id: int, now: datetime) -> datetime:
    """When the clock was right for the last time, as far as the history tells."""
    (at,) = connection.execute(
        "SELECT max(at) FROM event WHERE id < ? AND at <= ?", (event_id, iso(now))
    ).fetchone()
    return from_iso(at) if at else now - _NOBODY_KNOWS_SINCE


def _ahead_from(connection: sqlite3.Connection, now: datetime) -> str | None:
    """The first moment that the workspace has seen and that lies ahead, None where there is none.

    Only what was written since the clock was accepted last has to be looked at.
    """
    accepted: tuple[int, str | None] = connection.execute(
        "SELECT ifnull(max(event_id), 0), min(ahead_from) FILTER (WHERE ahead_to > ?) "
        "FROM clock_accepted",
        (iso(now),),
    ).fetchone()
    last = connection.execute("SELECT at FROM event ORDER BY id DESC LIMIT 1").fetchone()
    if last is None or last[0] <= iso(now):
        return accepted[1]
    (first,) = connection.execute(
        "SELECT min(at) FROM event WHERE id > ? AND at > ?", (accepted[0], iso(now))
    ).fetchone()
    return min(first, accepted[1] or first)
