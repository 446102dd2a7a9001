"""Tasks that sequences created."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from seqctl.domain.timing.moments import from_iso, iso
from seqctl.ports.views import TaskView
from seqctl.store.rows import Row, moment, of_table

INSERT_TASK = """
    INSERT INTO task (id, enrollment_id, step, assignee_id, type, title, priority, notes, subject,
        body, created_at)
    VALUES (?,?,?,?,?,?,?,?,?,?,?)
"""
_SELECT = """
    SELECT t.id, t.enrollment_id, e.contact_id, c.email, e.sequence_id, s.name, t.step,
        t.assignee_id, u.name, t.type, t.title, t.priority, t.notes, t.subject, t.body, t.status,
        t.created_at, t.done_at, t.note, t.status = 'open' AND e.status = 'unenrolled'
    FROM task AS t
    JOIN enrollment AS e ON e.id = t.enrollment_id
    JOIN contact AS c ON c.id = e.contact_id
    JOIN sequence AS s ON s.id = e.sequence_id
    JOIN user AS u ON u.id = t.assignee_id
"""


class SqliteTasks:
    """Implements `ports.Tasks`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, task_id: int) -> TaskView | None:
        """A task, or None."""
        found = self._all("t.id = ?", task_id)
        return found[0] if found else None

    def assigned(self, user_id: int) -> list[TaskView]:
        """All tasks that a user ever got, oldest first."""
        return self._all("t.assignee_id = ?", user_id)

    def open_of(self, user_id: int) -> list[TaskView]:
        """The open tasks of a user, oldest first, orphaned ones included."""
        return self._all("t.status = 'open' AND t.assignee_id = ?", user_id)

    def of_contact(self, contact_id: int) -> list[TaskView]:
        """All tasks about a contact, by id."""
        return self._all("e.contact_id = ?", contact_id)

    def of_enrollment(self, enrollment_id: int, step: int | None = None) -> list[TaskView]:
        """The tasks of an enrollment (the one of a step), by id."""
        return self._all("t.enrollment_id = ? AND t.step = ifnull(?, t.step)", enrollment_id, step)

    def close(self, task_id: int, status: str, at: datetime, note: str = "") -> None:
        """Make an open task `done` or `skipped`."""
        self._connection.execute(
            "UPDATE task SET status = ?, done_at = ?, note = ? WHERE id = ? AND status = 'open'",
            (status, iso(at), note, task_id),
        )

    def _all(self, where: str, *values: object) -> list[TaskView]:
        rows = self._connection.execute(f"{_SELECT} WHERE {where} ORDER BY t.id", values)
        return [_to_task(row) for row in rows]


@of_table("task")
def _to_task(row: Row) -> TaskView:
    return TaskView(
        *row[:16],
        created_at=from_iso(row[16]),
        done_at=moment(row[17]),
        note=row[18],
        orphaned=bool(row[19]),
    )
