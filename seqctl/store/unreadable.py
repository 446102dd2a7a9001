"""Stored values that can't be read: what `doctor` looks for, and what a strange error is traced to.

A disk, a cable or another program may change any byte; a text is then still a text, and yet no moment,
no JSON, no time zone. Each table is read once, in the order of its rows.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from seqctl.domain.texts.content import from_text, sharing_from_text
from seqctl.domain.timing.schedule import known_zone
from seqctl.ports.views import Finding
from seqctl.store import accounts
from seqctl.store.history import sentence
from seqctl.store.rows import UNREADABLE, decodes, is_undecodable, to_delay, why_unreadable

MOMENTS: Mapping[str, tuple[str, ...]] = {
    "workspace": ("now", "last_tick_at", "halted_at", "restored_at", "backup_at"),
    "user": ("removed_at",),
    "inbox": ("since",),
    "contact": ("deleted_at",),
    "suppression": ("since",),
    "sequence": ("deleted_at",),
    "sequence_version": ("created_at",),
    "enrollment": (
        "base", "delay_ends_at", "due_at", "held_since", "enrolled_at", "last_step_at", "ended_at",
        "kept_due_at",
    ),
    "agenda": ("due_at",),
    "hold": ("since", "until"),
    "task": ("created_at", "done_at"),
    "message": ("at", "dated", "first_try_at"),
    "event": ("at", "due_at"),
    "slot": ("at",),
    "clock_accepted": ("at", "ahead_from", "ahead_to"),
    "received": ("read_at", "at"),
}  # fmt: skip
"""The columns that hold moments."""
_MOST = 1 << 53
"""Ids beyond it leave no room for more of them, and no program writes them."""


def is_moment(column: str) -> str:
    """The condition under which a column holds a moment, or nothing; the last year has no room for
    time zones and delays."""
    # Without a modifier SQLite gives 30 February back as it is.
    written = f"strftime('%Y-%m-%dT%H:%M:%SZ', {column}, '+0 seconds')"
    return f"({column} IS NULL OR ({written} IS {column} AND {column} >= '0001' AND {column} < '9999'))"


def unreadable(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Every row with a value that can't be read, and which value that is."""
    for table in _tables(connection):
        yield from _texts(connection, table)
        for column in MOMENTS.get(table, ()):
            yield from _other(connection, table, column, is_moment(column), "no moment")
    numbers = [(table, "id") for table in _with_ids(connection)]
    for table, column in (*numbers, ("workspace", "id_floor")):
        room = f"abs(CAST({column} AS REAL)) < {_MOST} AND {column} >= 0"
        yield from _other(connection, table, column, room, "no number that seqctl gives")
    target = f"tick_target = 'idle' OR {is_moment('tick_target')}"
    yield from _other(connection, "workspace", "tick_target", target, "no moment")
    yield from _sentences(connection)
    for (table, column), read in _READERS.items():
        yield from _misread(connection, table, column, read)


def _tables(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' "
        "AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY name"
    )
    return [name for (name,) in rows]


def _with_ids(connection: sqlite3.Connection) -> list[str]:
    return [table for table in _tables(connection) if "id" in _columns(connection, table)]


def _columns(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    return {row[1]: row[2] for row in connection.execute(f"PRAGMA table_info({table})")}


def _key(connection: sqlite3.Connection, table: str) -> str:
    """What a row is named by: its id, else the first column of its key."""
    columns = _columns(connection, table)
    return "id" if "id" in columns else next(iter(columns))


def _other(
    connection: sqlite3.Connection, table: str, column: str, right: str, what: str
) -> Iterator[Finding]:
    rows = connection.execute(
        f"SELECT {_key(connection, table)}, {column} FROM {table} WHERE NOT ({right})"
    )
    for key, value in rows:
        yield _finding(table, key, f"its {column} is {what}: {_shown(value)}")


def _misread(
    connection: sqlite3.Connection, table: str, column: str, read: Callable[[Any], object]
) -> Iterator[Finding]:
    rows = connection.execute(
        f"SELECT {_key(connection, table)}, {column} FROM {table} WHERE {column} IS NOT NULL"
    )
    for key, value in rows:
        try:
            read(value)
        except UNREADABLE as error:
            yield _finding(table, key, f"its {column} can't be read: {why_unreadable(error)}")


def _sentences(connection: sqlite3.Connection) -> Iterator[Finding]:
    query = "SELECT id, detail, moments FROM event WHERE moments IS NOT NULL"
    for id, detail, moments in connection.execute(query):
        try:
            sentence(detail, moments)
        except UNREADABLE as error:
            yield _finding("event", id, f"its moments can't be read: {why_unreadable(error)}")


def _texts(connection: sqlite3.Connection, table: str) -> Iterator[Finding]:
    """Texts that are no UTF-8; reading all of them without looking at them takes a tenth of the time."""
    texts = [name for name, type in _columns(connection, table).items() if type == "TEXT"]
    key = _key(connection, table)
    query = f"SELECT {', '.join([key, *texts])} FROM {table}"
    try:
        for _ in connection.execute(query):
            pass
        return
    except sqlite3.OperationalError as error:
        if not is_undecodable(error):
            raise
    usual, connection.text_factory = connection.text_factory, bytes
    try:
        for row in connection.execute(query):
            for column, value in zip([key, *texts], row, strict=True):
                if not decodes(value):
                    yield _finding(table, _decoded(row[0]), f"its {column} is no UTF-8 text")
    finally:
        connection.text_factory = usual


def _decoded(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _finding(table: str, key: object, message: str) -> Finding:
    if isinstance(key, int):
        return Finding("file", table, key, message)
    return Finding("file", table, None, f"{_shown(key)}: {message}")


def _shown(value: object) -> str:
    said = str(value)
    return said if len(said) <= 40 else f"{said[:39]}…"


def _zone(name: str) -> None:
    if not known_zone(name):
        raise ValueError(f"{name} is no time zone")


def _texts_by_name(text: str) -> None:
    read = json.loads(text)
    if not all(isinstance(value, str) for value in read.values()):
        raise ValueError("not every value is a text")


def _list(text: str) -> None:
    if not isinstance(json.loads(text), list):
        raise ValueError("it is no list")


def _pairs(text: str) -> None:
    for _name, _digest in json.loads(text):
        pass


_READERS: dict[tuple[str, str], Callable[[Any], object]] = {
    ("user", "timezone"): _zone,
    ("enrollment", "timezone"): _zone,
    ("enrollment", "delay"): to_delay,
    ("contact", "properties"): _texts_by_name,
    ("segment", "filters"): _list,
    ("sequence", "sharing"): sharing_from_text,
    ("sequence_version", "content"): from_text,
    ("inbox", "account"): accounts.from_text,
    ("message", "attachments"): _pairs,
    ("received", "returns"): date.fromisoformat,
}
