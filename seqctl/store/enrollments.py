"""Enrollments and their agenda: what is due, and the one way in which decided changes are written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from seqctl.domain.contacts.folding import folded
from seqctl.domain.enrollments import lifecycle
from seqctl.domain.errors import Damaged
from seqctl.domain.model import Change, Enrollment, Event, Message, Status, Waiting
from seqctl.domain.timing.moments import iso
from seqctl.ports.enrollments import RowRefused, SetAside
from seqctl.store.due import with_history
from seqctl.store.history import INSERT_EVENT, places_in
from seqctl.store.holding import NO_HOLD, hold_all, tell_held
from seqctl.store.messages import (
    cancel_queued,
    limited_inboxes,
    take_earlier_slots,
    take_slots,
    write_messages,
)
from seqctl.store.queues import SqliteQueues
from seqctl.store.rows import (
    ENROLLMENT_COLUMNS,
    Row,
    chunks,
    from_enrollment,
    marks,
    to_enrollment,
)
from seqctl.store.tasks import INSERT_TASK

_WIDTH = len(Enrollment._fields)
_SELECT = f"SELECT {ENROLLMENT_COLUMNS} FROM enrollment AS e"
_INSERT = f"INSERT INTO enrollment ({ENROLLMENT_COLUMNS}) VALUES ({marks(_WIDTH)})"
# The pinned columns (contact, sequence, user, …) are never written again.
_MOVING = (
    "step", "base", "delay_ends_at", "due_at", "held_since", "last_step_at", "any_time", "delay",
    "left_s", "kept_due_at", "last_message_id", "had_mail", "last_event_id",
)  # fmt: skip
_TURNING = ("version_id", "status", "waiting", "ended_at", "reason", "error")
_CHANGING = (*_MOVING, *_TURNING)
_UPDATE = f"UPDATE enrollment SET {', '.join(f'{c} = ?' for c in _CHANGING)} WHERE id = ?"
_changing_values = itemgetter(*(Enrollment._fields.index(c) for c in (*_CHANGING, "id")))
# Most steps lead from one delay to the next. To name `status` would rewrite index entries at random
# places, though it stays as it is.
_MOVE = (
    f"UPDATE enrollment SET {', '.join(f'{c} = ?' for c in _MOVING)} "
    "WHERE id = ? AND waiting = 'delay' AND version_id = ?"
)
_moving_values = itemgetter(*(Enrollment._fields.index(c) for c in (*_MOVING, "id", "version_id")))
WITH_FLOOR = ("enrollment", "message")
"""What is named outside the workspace: after a restore their numbers are never given again."""


class SqliteEnrollments(SqliteQueues):
    """Implements `ports.Enrollments`."""

    # --- reading ------------------------------------------------------------------------------

    def get(self, ids: Iterable[int]) -> list[Enrollment]:
        """These enrollments, by id."""
        found: list[Enrollment] = []
        for chunk in chunks(sorted(ids)):
            found += self._all(f"{_SELECT} WHERE id IN ({marks(len(chunk))}) ORDER BY id", chunk)
        return found

    def live(
        self,
        *,
        contact_id: int | None = None,
        sequence_id: int | None = None,
        user_id: int | None = None,
        inbox_id: int | None = None,
        company: str | None = None,
    ) -> list[Enrollment]:
        """The live enrollments that fit all that is given, by id."""
        given = {
            "contact_id = ?": contact_id,
            "sequence_id = ?": sequence_id,
            "user_id = ?": user_id,
            "inbox_id = ?": inbox_id,
            "contact_id IN (SELECT id FROM contact WHERE company_folded = ? AND company_folded <> '')": (
                None if company is None else folded(company)
            ),
        }
        fitting = {sql: value for sql, value in given.items() if value is not None}
        where = " AND ".join(["status = 'live'", *fitting])
        return self._all(f"{_SELECT} WHERE {where} ORDER BY id", list(fitting.values()))

    def live_ids(self, sequence_id: int, user_id: int) -> list[int]:
        """A user's live enrollments in a sequence."""
        return self._ids("sequence_id = ? AND user_id = ?", (sequence_id, user_id))

    def held_ids(self, *, sequence_id: int, user_id: int) -> list[int]:
        """A user's frozen enrollments in a sequence."""
        where = "sequence_id = ? AND user_id = ? AND held_since IS NOT NULL"
        return self._ids(where, (sequence_id, user_id))

    def live_sequences(self, user_id: int) -> set[int]:
        """The sequences in which a user has live enrollments."""
        rows = self._connection.execute(
            "SELECT DISTINCT sequence_id FROM enrollment WHERE status = 'live' AND user_id = ?",
            (user_id,),
        )
        return {row[0] for row in rows}

    def live_sequences_of(self, contact_ids: Iterable[int]) -> dict[int, set[int]]:
        """The sequences in which each of these contacts is live; others are left out."""
        found: dict[int, set[int]] = {}
        for chunk in chunks(contact_ids):
            rows = self._connection.execute(
                "SELECT contact_id, sequence_id FROM enrollment WHERE status = 'live' "
                f"AND contact_id IN ({marks(len(chunk))})",
                chunk,
            )
            for contact_id, sequence_id in rows:
                found.setdefault(contact_id, set()).add(sequence_id)
        return found

    def live_by_user(self, sequence_id: int) -> dict[str, int]:
        """How many live enrollments each user has in a sequence that are not held."""
        rows = self._connection.execute(
            "SELECT user.name, count(*) FROM enrollment JOIN user ON user.id = user_id "
            "WHERE sequence_id = ? AND status = 'live' AND held_since IS NULL "
            "GROUP BY user.id ORDER BY user.id",
            (sequence_id,),
        )
        return dict(rows.fetchall())

    def latest(self, contact_id: int, sequence_id: int) -> Enrollment | None:
        """The latest enrollment of a contact in a sequence, live or ended."""
        found = self._all(
            f"{_SELECT} WHERE contact_id = ? AND sequence_id = ? ORDER BY id DESC LIMIT 1",
            (contact_id, sequence_id),
        )
        return found[0] if found else None

    def ended_by(self, user_id: int, sequence_id: int, reason: str) -> list[Enrollment]:
        """A user's enrollments in a sequence whose latest ended for this reason, by id."""
        return self._all(
            f"{_SELECT} WHERE sequence_id = ? AND user_id = ? AND reason = ? AND NOT EXISTS "
            "(SELECT 1 FROM enrollment AS f WHERE f.contact_id = e.contact_id "
            "AND f.sequence_id = e.sequence_id AND f.id > e.id) ORDER BY id",
            (sequence_id, user_id, reason),
        )

    def blocked_by_inbox(self, inbox_id: int) -> list[Enrollment]:
        """The enrollments whose step is due and waits for this inbox, held ones too, by id."""
        return self._all(
            f"{_SELECT} WHERE waiting = 'inbox' AND inbox_id = ? ORDER BY id", (inbox_id,)
        )

    def ever_in(self, sequence_id: int) -> set[int]:
        """The contacts that were ever enrolled in a sequence."""
        rows = self._connection.execute(
            "SELECT DISTINCT contact_id FROM enrollment WHERE sequence_id = ?", (sequence_id,)
        )
        return {row[0] for row in rows}

    def set_aside(self, damage: Damaged, at: datetime) -> SetAside | None:
        """Let a damaged row stop nobody any more (see `ports.Enrollments`)."""
        from seqctl.store.setting_aside import set_aside

        return set_aside(self._connection, damage, at)

    def released(
        self,
        *,
        sequence_id: int | None = None,
        user_id: int | None = None,
        contact_id: int | None = None,
        after: int = 0,
        limit: int = 1000,
    ) -> list[Enrollment]:
        """The first frozen enrollments beyond the id `after` that fit all that is given and that
        no hold holds."""
        given = {"sequence_id": sequence_id, "user_id": user_id, "contact_id": contact_id}
        fitting = {name: value for name, value in given.items() if value is not None}
        where = "".join(f" AND e.{name} = ?" for name in fitting)
        found = self._all(
            f"{_SELECT} WHERE status = 'live' AND held_since IS NOT NULL{where} AND e.id > ? "
            f"AND {NO_HOLD} ORDER BY id LIMIT ?",
            [*fitting.values(), after, limit],
        )
        return [with_history(enrollment) for enrollment in found]

    def next_id(self) -> int:
        """The id that the next enrollment will get, inside a write transaction."""
        return self._next("enrollment")

    def next_message_id(self) -> int:
        """The id that the next message will get, inside a write transaction."""
        return self._next("message")

    def _next(self, table: str) -> int:
        last = f"SELECT ifnull(max(id), 0) FROM {table}"
        if table in WITH_FLOOR:
            last = f"SELECT max(({last}), id_floor) FROM workspace"
        return self._connection.execute(last).fetchone()[0] + 1

    # --- writing ------------------------------------------------------------------------------

    def record(self, changes: Sequence[Change]) -> None:
        """Write decided changes in their order: enrollments, agenda, messages, tasks, events.

        Raises RowRefused where a row breaks a promise of the tables; nothing is written then
        that the caller's transaction would keep.
        """
        try:
            self._record(changes)
        except sqlite3.IntegrityError as error:
            raise RowRefused(str(error)) from error

    def _record(self, changes: Sequence[Change]) -> None:
        events: list[Row] = []
        messages: list[Message] = []
        going: list[Message] = []
        tasks: list[Row] = []
        latest: dict[int, tuple[Enrollment, int]] = {}
        event_id, task_id = self._next("event") - 1, self._next("task")
        for change in changes:
            after, event = change.after, change.event
            event_id += 1
            known = latest.get(after.id)
            made_message = made_task = None
            if change.message is not None:
                messages.append(change.message)
                if event.actor_id is None:  # what a person asks for waits until a tick comes to it
                    going.append(change.message)
                if not change.message.again:
                    made_message = change.message.id
            if change.task is not None:
                made_task = task_id
                tasks.append((task_id, *change.task[:9], iso(change.task.created_at)))
                task_id += 1
            events.append((
                event_id, iso(event.at), event.actor_id, event.kind, event.detail,
                after.contact_id, after.sequence_id, after.id, event.step, lifecycle.label(after),
                iso(after.due_at) if after.due_at else None,
                known[1] if known else after.last_event_id, made_message, made_task,
                None if type(event.detail) is str else places_in(event.detail),
            ))  # fmt: skip
            latest[after.id] = (after, event_id)
        self._write_enrollments(latest)
        write_messages(self._connection, messages)
        take_slots(self._connection, going)
        many = self._connection.executemany
        many(INSERT_TASK, tasks)
        many(INSERT_EVENT, events)

    def _write_enrollments(self, latest: dict[int, tuple[Enrollment, int]]) -> None:
        fresh: list[Row] = []
        moved: list[Row] = []
        turned: list[Row] = []
        agenda: list[Row] = []
        limited = limited_inboxes(self._connection)
        for id, (after, event_id) in latest.items():
            row = (*from_enrollment(after)[:-1], event_id)
            if after.last_event_id is None:
                fresh.append(row)
            elif after.waiting == Waiting.DELAY:
                moved.append(row)
            else:
                turned.append(row)
            if after.due_at is not None and after.waiting in (Waiting.DELAY, Waiting.TASK):
                yields = not after.had_mail and after.inbox_id in limited
                agenda.append((int(yields), iso(after.due_at), id))
        many = self._connection.executemany
        many(
            "DELETE FROM agenda WHERE yields IN (0, 1) AND enrollment_id = ? "
            "AND due_at = (SELECT due_at FROM enrollment WHERE id = ?)",
            [row[:1] * 2 for row in (*moved, *turned)],
        )
        many(_INSERT, fresh)
        if many(_MOVE, map(_moving_values, moved)).rowcount < len(moved):
            turned += moved
        many(_UPDATE, map(_changing_values, turned))
        cancel_queued(
            self._connection,
            [id for id, (after, _) in latest.items() if after.status == Status.UNENROLLED],
        )
        agenda.sort()
        many("INSERT INTO agenda (yields, due_at, enrollment_id) VALUES (?, ?, ?)", agenda)

    def take_earlier_slots(self, inbox_id: int, since: datetime) -> None:
        """Let the mails that an inbox sent from `since` on count, though it had no limit then."""
        take_earlier_slots(self._connection, inbox_id, since)

    def order_agenda(self, inbox_id: int) -> None:
        """Let the first mails of an inbox yield to all others at one instant where it has a limit now."""
        yields = inbox_id in limited_inboxes(self._connection)
        self._connection.execute(
            "UPDATE agenda SET yields = ? WHERE yields <> ? AND enrollment_id IN (SELECT id FROM "
            "enrollment WHERE inbox_id = ? AND status = 'live' AND NOT had_mail)",
            (yields, yields, inbox_id),
        )

    def hold_all(
        self, sequence_id: int, user_id: int, at: datetime, actor_id: int, detail: str
    ) -> int:
        """Freeze a user's enrollments in a sequence that no hold holds yet; give their number."""
        return hold_all(self._connection, sequence_id, user_id, at, actor_id, detail)

    def tell_held(self, event: Event, enrolled_by: int | None = None) -> int:
        """Write an event for each frozen enrollment that it is about and that a hold holds."""
        return tell_held(self._connection, event, enrolled_by)

    def _ids(self, where: str, values: Sequence[Any]) -> list[int]:
        rows = self._connection.execute(
            f"SELECT id FROM enrollment WHERE status = 'live' AND {where} ORDER BY id", values
        )
        return [row[0] for row in rows]

    def _all(self, query: str, values: Sequence[Any]) -> list[Enrollment]:
        return [to_enrollment(row) for row in self._rows(query, values)]
