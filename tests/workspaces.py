"""Workspaces in which promises are proved: builders, commands as values, and what must be equal."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from seqctl.clock import SystemClock
from seqctl.domain.model import Contact, Event, SequenceDraft, User
from seqctl.ports.contacts import ContactChange
from seqctl.service.doctor import examine
from seqctl.service.inboxes.inboxes import capturing
from seqctl.service.inboxes.people import add_first_user, add_user
from seqctl.service.sequences import sequences
from seqctl.service.tick import ticking
from seqctl.store import SqliteStore, create_store, open_store

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
CLOCK = SystemClock()
Ledger = dict[str, list[tuple[Any, ...]]]

_TABLES = {
    "agenda": "yields, due_at, enrollment_id",
    "hold": "id",
    "message": "id",
    "task": "id",
    "outbox": "message_id",
    "suppression": "address, kind",
    "inbox": "id",
    "slot": "inbox_id, at, message_id",
}


def found(
    path: Path, now: datetime, names: Iterable[str] = ("ann",), *, real: bool = False
) -> None:
    """A workspace of these users, each with an inbox of their own; the first one made it."""
    with closing(create_store(path, simulated_now=None if real else now)) as store:
        first, *others = (_user(name) for name in names)
        owner = add_first_user(store, first, now)
        for user in (owner, *(add_user(store, other, owner, now) for other in others)):
            store.people.connect_inbox(capturing(user))


def _user(name: str) -> User:
    return User(0, name, name.capitalize(), f"{name}@acme.test", "Europe/Stockholm")


def add_contacts(store: SqliteStore, contacts: Iterable[Contact], now: datetime) -> None:
    """Contacts as they are given, added by the first user."""
    changes = [ContactChange(contact, Event(now, 1, "created")) for contact in contacts]
    with store.writing():
        store.contacts.record(changes)


def apply(store: SqliteStore, drafts: Iterable[SequenceDraft], now: datetime) -> None:
    """The first user's sequences."""
    for applied in sequences.apply(store, user(store, "ann"), now, drafts):
        assert isinstance(applied, sequences.Applied), applied


def user(store: SqliteStore, name: str) -> User:
    """The user of this name."""
    return next(user for user in store.people.users() if user.name == name)


def now(store: SqliteStore) -> datetime:
    """The stored clock of a simulated workspace."""
    stored = store.workspace.state().now
    assert stored is not None
    return stored


@contextmanager
def opened(path: Path) -> Iterator[SqliteStore]:
    """A workspace that need not survive a power cut, so that a test waits for no disk."""
    store = open_store(path)
    try:
        store.connection.execute("PRAGMA synchronous = OFF")
        store.connection.execute("PRAGMA journal_mode = MEMORY")
        yield store
    finally:
        store.close()


def copied(path: Path, name: str) -> Path:
    """A copy of a closed workspace beside it."""
    copy = path.with_name(f"{name}.db")
    shutil.copy(path, copy)
    return copy


def tick_to(store: SqliteStore, moment: datetime) -> ticking.TickResult:
    """Let the simulated clock run up to a moment."""
    return ticking.tick(store, CLOCK, to=moment)


def ledger(store: SqliteStore) -> Ledger:
    """All that splitting a tick must not change: every row, but for events of kind `clock`.

    Events are numbered by their place among those that count, so that the chains can be compared.
    """
    connection = store.connection
    rows = {
        table: connection.execute(f"SELECT * FROM {table} ORDER BY {order}").fetchall()
        for table, order in _TABLES.items()
    }
    events = connection.execute("SELECT * FROM event WHERE kind <> 'clock' ORDER BY id").fetchall()
    columns = [column for (_, column, *_) in connection.execute("PRAGMA table_info (event)")]
    places: dict[int | None, int | None] = {None: None}
    places.update({event[0]: place for place, event in enumerate(events)})
    previous = columns.index("previous")
    rows["event"] = [
        (*event[1:previous], places[event[previous]], *event[previous + 1 :]) for event in events
    ]
    names = [column for (_, column, *_) in connection.execute("PRAGMA table_info (enrollment)")]
    last = names.index("last_event_id")
    enrollments = connection.execute("SELECT * FROM enrollment ORDER BY id").fetchall()
    rows["enrollment"] = [(*row[:last], places[row[last]], *row[last + 1 :]) for row in enrollments]
    return rows


def clock_of(store: SqliteStore) -> tuple[Any, ...]:
    """The clock, where a tick was going, and when the last one was."""
    row: tuple[Any, ...] = store.connection.execute(
        "SELECT now, tick_target, last_tick_at FROM workspace"
    ).fetchone()
    return row


def assert_same(one: Ledger, other: Ledger) -> None:
    """Equal ledgers; the first row that differs is named."""
    for table, rows in one.items():
        for place, (left, right) in enumerate(zip(rows, other[table], strict=False)):
            assert left == right, f"{table} {place}"
        assert len(rows) == len(other[table]), f"{table}: {rows[-3:]} {other[table][-3:]}"


def assert_sound(store: SqliteStore) -> None:
    """`doctor` finds nothing, and no step of a line of re-enrollments sent two mails."""
    assert examine(store) == []
    assert doubled(store.connection) == []


def doubled(connection: sqlite3.Connection) -> list[tuple[int, int]]:
    """First enrollment and step of each second mail, found without the doctor's queries."""
    first: dict[int, int] = {}
    for id, continues in connection.execute("SELECT id, continues FROM enrollment ORDER BY id"):
        first[id] = first.get(continues, id)
    sent = [
        (first[enrollment], step)
        for enrollment, step in connection.execute("SELECT enrollment_id, step FROM message")
    ]
    return [one for one in set(sent) if sent.count(one) > 1]


def minutes(number: int) -> timedelta:
    """A span of so many minutes."""
    return timedelta(minutes=number)
