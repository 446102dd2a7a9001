"""The outbox: recorded mail of which a copy has still to be written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from seqctl.domain.moments import from_iso
from seqctl.ports.outbox import Copy

_NEXT = """
    SELECT m.id, u.full_name, i.address, m.recipient, m.subject, m.body, m.answers, m.at,
        i.capture_to, (SELECT secret FROM workspace)
    FROM outbox AS o
    JOIN message AS m ON m.id = o.message_id
    JOIN inbox AS i ON i.id = m.inbox_id
    JOIN enrollment AS e ON e.id = m.enrollment_id
    JOIN user AS u ON u.id = e.user_id
    WHERE i.capture_to IS NOT NULL
    ORDER BY m.id
    LIMIT ?
"""


class SqliteOutbox:
    """Implements `ports.Outbox`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def waiting(self) -> int:
        """How many copies are still to be written."""
        return self._connection.execute("SELECT count(*) FROM outbox").fetchone()[0]

    def next(self, limit: int) -> list[Copy]:
        """The first of them, by id."""
        rows = self._connection.execute(_NEXT, (limit,))
        return [Copy(*row[:7], at=from_iso(row[7]), folder=row[8], secret=row[9]) for row in rows]

    def written(self, ids: Iterable[int]) -> None:
        """These are written."""
        self._connection.executemany("DELETE FROM outbox WHERE message_id = ?", [(i,) for i in ids])
