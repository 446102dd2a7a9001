"""Holds: one row for each reason why enrollments stand still."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from seqctl.domain.model import Enrollment, Hold
from seqctl.domain.timing.moments import from_iso, iso
from seqctl.ports.enrollments import Placed
from seqctl.store.rows import HOLD_COLUMNS, moment, text, to_hold

_SELECT = f"SELECT {HOLD_COLUMNS} FROM hold AS h"


class SqliteHolds:
    """Implements `ports.Holds`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def place(
        self,
        scope: str,
        user_id: int,
        at: datetime,
        until: datetime | None,
        sequence_id: int | None = None,
        contact_id: int | None = None,
    ) -> Placed:
        """Place a hold, or give the one that is there already another `until`."""
        key = (scope, sequence_id, contact_id, user_id)
        row = self._connection.execute(
            "SELECT id, until FROM hold WHERE scope = ? AND sequence_id IS ? AND contact_id IS ? "
            "AND user_id = ?",
            key,
        ).fetchone()
        if row is None:
            made = self._connection.execute(
                "INSERT INTO hold (scope, sequence_id, contact_id, user_id, since, until) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (*key, iso(at), text(until)),
            )
            assert made.lastrowid is not None
            return Placed("placed", made.lastrowid)
        id, before = row[0], moment(row[1])
        if before == until:
            return Placed("unchanged", id, before)
        self._connection.execute("UPDATE hold SET until = ? WHERE id = ?", (text(until), id))
        return Placed("moved", id, before)

    def lift(self, hold_ids: Iterable[int]) -> None:
        """Remove these holds."""
        self._connection.executemany("DELETE FROM hold WHERE id = ?", [(id,) for id in hold_ids])

    def on_sequence(self, sequence_id: int, user_id: int) -> list[Hold]:
        """The holds of scope `sequence` and `all` on a user's enrollments in a sequence."""
        return self._all(
            "WHERE h.contact_id IS NULL AND h.sequence_id = ? AND h.user_id = ?",
            (sequence_id, user_id),
        )

    def on_contact(self, contact_id: int) -> list[Hold]:
        """All holds on a contact, in one sequence or everywhere."""
        return self._all("WHERE h.contact_id = ?", (contact_id,))

    def in_sequence(self, sequence_id: int) -> list[Hold]:
        """All holds on a sequence, whoever placed them, and on contacts in it alone."""
        return self._all("WHERE h.sequence_id = ?", (sequence_id,))

    def by_all(self, user_id: int) -> list[Hold]:
        """All holds that a user has on whole sequences, of scope `sequence` and `all`."""
        return self._all("WHERE h.contact_id IS NULL AND h.user_id = ?", (user_id,))

    def on(self, enrollment: Enrollment) -> list[Hold]:
        """All holds that hold an enrollment, by id."""
        return self._all(
            "WHERE (h.contact_id IS NULL AND h.sequence_id = ? AND h.user_id = ?) "
            "OR (h.contact_id = ? AND ifnull(h.sequence_id, ?) = ?)",
            (
                enrollment.sequence_id,
                enrollment.user_id,
                enrollment.contact_id,
                enrollment.sequence_id,
                enrollment.sequence_id,
            ),
        )

    def next_until(self) -> datetime | None:
        """The earliest moment at which a hold ends by itself."""
        row = self._connection.execute(
            "SELECT min(until) FROM hold WHERE until IS NOT NULL"
        ).fetchone()
        return from_iso(row[0]) if row[0] else None

    def ending(self, at: datetime) -> list[Hold]:
        """The holds that end by themselves at this moment or before it, in that order."""
        rows = self._connection.execute(
            f"{_SELECT} WHERE h.until <= ? ORDER BY h.until, h.id", (iso(at),)
        )
        return [to_hold(row) for row in rows]

    def _all(self, where: str, values: Sequence[Any]) -> list[Hold]:
        rows = self._connection.execute(f"{_SELECT} {where} ORDER BY h.id", values)
        return [to_hold(row) for row in rows]
