"""Rows to values of the model and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

from seqctl.domain.errors import Damaged
from seqctl.domain.model import Contact, Enrollment, Hold, Status, Waiting
from seqctl.domain.timing.measures import Delay, Unit
from seqctl.domain.timing.moments import from_iso, iso

Row = tuple[Any, ...]
Value = TypeVar("Value")
UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)
"""What making a value of a stored row raises where the row is not as it was written."""

ENROLLMENT_COLUMNS = ", ".join(Enrollment._fields)
_STATUS = {status.value: status for status in Status}
_WAITING: dict[str | None, Waiting | None] = {waiting.value: waiting for waiting in Waiting}
_WAITING[None] = None


def of_table(table: str) -> Callable[[Callable[[Row], Value]], Callable[[Row], Value]]:
    """Let the function that makes a value of a row (its id first) raise Damaged, naming the row."""

    def checked(read: Callable[[Row], Value]) -> Callable[[Row], Value]:
        @wraps(read)
        def read_row(row: Row) -> Value:
            try:
                return read(row)
            except UNREADABLE as error:
                raise Damaged(table, row[0], why_unreadable(error)) from error

        return read_row

    return checked


def why_unreadable(error: Exception) -> str:
    """What an error says of a stored value, in words for people."""
    said = str(error)
    if isinstance(error, KeyError):
        return f"{said} is not a word that can stand there"
    if "isoformat" in said:
        return f"{said.rpartition(': ')[2]} is no moment"
    return said or type(error).__name__


def rows_of(
    connection: sqlite3.Connection, table: str, query: str, values: Sequence[Any] = ()
) -> list[Row]:
    """The rows that a query gives, their id first; raises Damaged for one that is no UTF-8 text."""
    try:
        return connection.execute(query, values).fetchall()
    except sqlite3.OperationalError as error:
        if not is_undecodable(error):
            raise
    usual, connection.text_factory = connection.text_factory, bytes
    try:
        for row in connection.execute(query, values):
            if not all(decodes(value) for value in row):
                raise Damaged(table, row[0], "it holds a text that is no UTF-8")
    finally:
        connection.text_factory = usual
    return connection.execute(query, values).fetchall()


def is_undecodable(error: sqlite3.Error) -> bool:
    """Whether SQLite says that a text is no UTF-8."""
    return "Could not decode to UTF-8" in str(error)


def decodes(value: object) -> bool:
    """Whether a value that was read as bytes is UTF-8 text, or no text."""
    return not isinstance(value, bytes) or value.decode(errors="replace").encode() == value


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


@of_table("enrollment")
def to_enrollment(row: Row) -> Enrollment:
    """An enrollment from a row that begins with ENROLLMENT_COLUMNS."""
    (
        id, contact, sequence, version, user, inbox, zone, status, waiting, step, base, ends, due,
        held, enrolled, last_step, ended, reason, error, any_time, delay, left, kept, continues,
        message, mailed, event,
    ) = row[:27]  # fmt: skip
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
        continues, message, mailed == 1, event,
    )  # fmt: skip


def from_enrollment(enrollment: Enrollment) -> Row:
    """The row of an enrollment, in the order of ENROLLMENT_COLUMNS."""
    (
        id, contact, sequence, version, user, inbox, zone, status, waiting, step, base, ends, due,
        held, enrolled, last_step, ended, reason, error, any_time, delay, left, kept, continues,
        message, mailed, event,
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
        continues, message, 1 if mailed else 0, event,
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


@of_table("contact")
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


@of_table("hold")
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
