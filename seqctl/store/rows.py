"""Rows to values of the model and back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from seqctl.domain.measures import Delay, Unit
from seqctl.domain.model import Contact, Enrollment, Hold, Status, Waiting
from seqctl.domain.moments import from_iso, iso

Row = tuple[Any, ...]

ENROLLMENT_COLUMNS = ", ".join(Enrollment._fields)
_STATUS = {status.value: status for status in Status}
_WAITING: dict[str | None, Waiting | None] = {waiting.value: waiting for waiting in Waiting}
_WAITING[None] = None


def text(moment: datetime | None) -> str | None:
    """A moment as the tables keep it."""
    return None if moment is None else iso(moment)


def moment(stored: str | None) -> datetime | None:
    """A stored moment."""
    return None if stored is None else from_iso(stored)


def columns_of(table: str) -> str:
    """The columns of an enrollment, qualified by a table's alias."""
    return ", ".join(f"{table}.{name}" for name in Enrollment._fields)


def to_delay(stored: str) -> Delay:
    """A delay from text like `3 day`."""
    amount, unit = stored.split()
    return Delay(int(amount), Unit(unit))


def to_enrollment(row: Row) -> Enrollment:
    """An enrollment from a row that begins with ENROLLMENT_COLUMNS."""
    (
        id, contact, sequence, version, user, inbox, zone, status, waiting, step, base, ends, due,
        held, enrolled, last_step, ended, reason, error, any_time, delay, left, kept, continues,
        message, event,
    ) = row[:26]  # fmt: skip
    return Enrollment(
        id, contact, sequence, version, user, inbox, zone, _STATUS[status], _WAITING[waiting], step,
        from_iso(base) if base else None,
        from_iso(ends) if ends else None,
        from_iso(due) if due else None,
        from_iso(held) if held else None,
        from_iso(enrolled),
        from_iso(last_step) if last_step else None,
        from_iso(ended) if ended else None,
        reason, error, any_time == 1,
        to_delay(delay) if delay else None,
        left,
        from_iso(kept) if kept else None,
        continues, message, event,
    )  # fmt: skip


def from_enrollment(enrollment: Enrollment) -> Row:
    """The row of an enrollment, in the order of ENROLLMENT_COLUMNS."""
    (
        id, contact, sequence, version, user, inbox, zone, status, waiting, step, base, ends, due,
        held, enrolled, last_step, ended, reason, error, any_time, delay, left, kept, continues,
        message, event,
    ) = enrollment  # fmt: skip
    return (
        id, contact, sequence, version, user, inbox, zone, status.value,
        None if waiting is None else waiting.value, step,
        iso(base) if base else None,
        iso(ends) if ends else None,
        iso(due) if due else None,
        iso(held) if held else None,
        iso(enrolled),
        iso(last_step) if last_step else None,
        iso(ended) if ended else None,
        reason, error, 1 if any_time else 0,
        f"{delay.amount} {delay.unit}" if delay else None,
        left,
        iso(kept) if kept else None,
        continues, message, event,
    )  # fmt: skip


CONTACT_COLUMNS = """
    c.id, c.email, c.first_name, c.last_name, c.company, c.phone, c.owner_id,
    (SELECT name FROM user WHERE user.id = c.owner_id),
    (SELECT group_concat(team, char(31)) FROM team_member WHERE user_id = c.owner_id),
    c.access,
    EXISTS (SELECT 1 FROM suppression WHERE address = c.email AND kind = 'opted_out'),
    EXISTS (SELECT 1 FROM suppression WHERE address = c.email AND kind = 'bounced'),
    c.properties
"""


def to_contact(row: Row) -> Contact:
    """A contact from a row of CONTACT_COLUMNS (with `contact AS c`)."""
    return Contact(
        *row[:8],
        owner_teams=frozenset(row[8].split("\x1f")) if row[8] else frozenset(),
        access=row[9],
        opted_out=bool(row[10]),
        bounced=bool(row[11]),
        properties=json.loads(row[12]),
    )


HOLD_COLUMNS = """
    h.id, h.scope, h.sequence_id, h.contact_id, h.user_id,
    (SELECT name FROM user WHERE user.id = h.user_id), h.since, h.until
"""


def to_hold(row: Row) -> Hold:
    """A hold from a row of HOLD_COLUMNS (with `hold AS h`)."""
    return Hold(*row[:6], since=from_iso(row[6]), until=moment(row[7]))


def marks(count: int) -> str:
    """`?, ?, ?`: as many placeholders."""
    return ", ".join("?" * count)


def chunks(values: Iterable[Any], size: int = 500) -> Iterable[list[Any]]:
    """Cut values into lists that one statement can take as parameters."""
    chunk: list[Any] = []
    for value in values:
        chunk.append(value)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
