"""What the clock moves next: the agenda, and the lines in front of inboxes with a limit."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from seqctl.domain.enrollments.deciding import Due, mail_seed
from seqctl.domain.model import Enrollment
from seqctl.domain.sending.limits import Slot
from seqctl.domain.timing.moments import from_iso, iso
from seqctl.ports.enrollments import InLine
from seqctl.store.due import agenda_moment, from_agenda, to_due
from seqctl.store.rows import Row, columns_of, rows_of, text
from seqctl.store.selecting import ONE_OF, listed

STANDS_IN_LINE = "e.waiting = 'limit' AND e.held_since IS NULL"
"""Whether enrollment `e` has a place in the line of its inbox; a held one keeps it for its resume."""
_DUE = f"""
    SELECT {columns_of("e")}, c.email, c.first_name, c.last_name, c.company, c.phone, c.properties,
        EXISTS (SELECT 1 FROM suppression WHERE address = c.email) OR EXISTS (
            SELECT 1 FROM suppression WHERE address = substr(c.email, instr(c.email, '@'))),
        m.subject, m.step = e.step AND m.enrollment_id = e.id AND m.status = 'queued'{{more}}
    FROM {{from_}}
    LEFT JOIN contact AS c ON c.id = e.contact_id
    LEFT JOIN message AS m ON m.id = e.last_message_id
    {{where}}
"""
_IN_AGENDA = {
    "more": ", a.due_at, a.enrollment_id",
    "from_": "agenda AS a LEFT JOIN enrollment AS e ON e.id = a.enrollment_id",
}
_FROM_AGENDA = _DUE.format(
    **_IN_AGENDA,
    where="WHERE a.yields = ? AND a.due_at {until} ? ORDER BY a.due_at, a.enrollment_id LIMIT ?",
)
_FROM_LINE = _DUE.format(
    more="",
    from_="enrollment AS e INDEXED BY enrollment_in_line",
    where=f"WHERE {STANDS_IN_LINE} AND e.inbox_id = ? AND e.version_id = ? AND e.timezone = ? "
    "AND e.any_time = ? AND e.had_mail = ? AND {behind} ORDER BY e.due_at, e.id LIMIT ?",
)
# Both at once would not be found by the index.
_SAME_TIME = _FROM_LINE.format(behind="e.due_at = ? AND e.id > ?")
_LATER = _FROM_LINE.format(behind="e.due_at > ?")
_COMING = _DUE.format(
    **_IN_AGENDA,
    where="WHERE a.yields = ? AND (a.due_at, a.enrollment_id) > (?, ?) "
    "ORDER BY a.due_at, a.enrollment_id LIMIT ?",
)
_THESE = _DUE.format(
    more="", from_="enrollment AS e", where=f"WHERE e.id IN {ONE_OF} ORDER BY e.id"
)
# From one group of the index to the next, past all that stand in it ('~' is behind every time).
_NEXT_IN_LINE = f"""
    SELECT version_id, timezone, any_time, had_mail
    FROM enrollment AS e INDEXED BY enrollment_in_line WHERE {STANDS_IN_LINE} AND inbox_id = ?
        AND (version_id, timezone, any_time, had_mail, due_at) > (?, ?, ?, ?, '~')
    ORDER BY version_id, timezone, any_time, had_mail LIMIT 1
"""


class SqliteQueues:
    """The part of `ports.Enrollments` that tells what is due and who stands in line."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def due(self, until: datetime, limit: int, *, inclusive: bool = True) -> list[Due]:
        """What is due up to `until`: the first of those that yield, and of the others (see the port)."""
        query = _FROM_AGENDA.format(until="<=" if inclusive else "<")
        found: list[Due] = []
        for yields in (0, 1):
            found += map(from_agenda, self._rows(query, (yields, iso(until), limit)))
        return found

    def coming(self, yields: bool, limit: int, after: Enrollment | None = None) -> list[Due]:
        """What the clock will move, due now or later: the first of those that yield, or of the others."""
        place = ("", 0) if after is None else (text(after.due_at), after.id)
        return [from_agenda(row) for row in self._rows(_COMING, (yields, *place, limit))]

    def as_due(self, ids: Iterable[int]) -> list[Due]:
        """These with all that their step may need, by id."""
        return [to_due(row) for row in self._rows(_THESE, (listed(ids),))]

    def groups_in_line(self, inbox_id: int) -> list[InLine]:
        """Who stands in the line of an inbox, by what they have in common."""
        groups: list[InLine] = []
        found: tuple[Any, ...] | None = (0, "", 0, 0)
        while found := self._connection.execute(_NEXT_IN_LINE, (inbox_id, *found)).fetchone():
            version, zone, any_time, had_mail = found
            groups.append(InLine(version, zone, any_time == 1, had_mail == 1))
        return groups

    def in_line(
        self, inbox_id: int, group: InLine, limit: int, after: Enrollment | None = None
    ) -> list[Due]:
        """The first of a group in the line of an inbox, behind the one that stands there now."""
        due_at, rows = "", list[Row]()
        if after is not None:
            due_at = text(after.due_at)
            rows = self._rows(_SAME_TIME, (inbox_id, *group, due_at, after.id, limit))
        rows += self._rows(_LATER, (inbox_id, *group, due_at, limit - len(rows)))
        return [to_due(row) for row in rows]

    def inboxes_in_line(self) -> set[int]:
        """The inboxes that somebody stands in line for."""
        rows = self._connection.execute(
            "SELECT id FROM inbox WHERE EXISTS (SELECT 1 FROM enrollment AS e "
            f"WHERE {STANDS_IN_LINE} AND e.inbox_id = inbox.id)"
        )
        return {row[0] for row in rows}

    def latest_slots(self, inbox_id: int, limit: int) -> list[Slot]:
        """When the latest mails of an inbox with a limit went out, oldest first."""
        rows = self._connection.execute(
            "SELECT s.at, m.enrollment_id, m.step FROM slot AS s JOIN message AS m ON m.id = "
            "s.message_id WHERE s.inbox_id = ? ORDER BY s.at DESC, s.message_id DESC LIMIT ?",
            (inbox_id, limit),
        )
        slots = [Slot(from_iso(at), mail_seed(id, step)) for at, id, step in rows]
        return slots[::-1]

    def latest_starts(self, inbox_id: int, limit: int) -> list[datetime]:
        """When the latest first mails of an inbox with a limit went out, oldest first."""
        rows = self._connection.execute(
            "SELECT s.at FROM slot AS s JOIN message AS m ON m.id = s.message_id WHERE s.inbox_id = ? "
            "AND m.previous IS NULL ORDER BY s.at DESC, s.message_id DESC LIMIT ?",
            (inbox_id, limit),
        )
        return [from_iso(at) for (at,) in rows][::-1]

    def next_due(self) -> datetime | None:
        """When the clock moves the next enrollment."""
        return min(self._at_end("ORDER BY due_at"), default=None)

    def check_agenda(self) -> None:
        """Raise Damaged for a row of the agenda that stands behind every moment."""
        self._at_end("ORDER BY due_at DESC")

    def count_due(self, until: datetime) -> int:
        """How many enrollments the clock moves up to this moment."""
        return self._connection.execute(
            "SELECT count(*) FROM agenda WHERE yields IN (0, 1) AND due_at <= ?", (iso(until),)
        ).fetchone()[0]

    def waiting_due(self) -> int:
        """How many enrollments are due but wait for an inbox, a limit or an unsettled mail."""
        return self._connection.execute(
            "SELECT (SELECT count(*) FROM enrollment WHERE waiting IN ('inbox', 'mail') "
            "AND held_since IS NULL) "
            f"+ (SELECT count(*) FROM enrollment AS e WHERE {STANDS_IN_LINE})"
        ).fetchone()[0]

    def _rows(self, query: str, values: Sequence[Any]) -> list[Row]:
        return rows_of(self._connection, "enrollment", query, values)

    def _at_end(self, order: str) -> list[datetime]:
        """The times of the rows at one end of the agenda; raises Damaged."""
        query = f"SELECT enrollment_id, due_at FROM agenda WHERE yields = ? {order} LIMIT 1"
        rows = [row for y in (0, 1) for row in rows_of(self._connection, "agenda", query, (y,))]
        return [agenda_moment(row) for row in rows]
