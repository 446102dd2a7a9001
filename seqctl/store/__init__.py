"""The SQLite workspace: the only place that knows SQL."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from seqctl.store.connection import (
    blank,
    copy_into,
    open_file,
    patiently,
    reading,
    rehearsing,
    writing,
)
from seqctl.store.history import SqliteHistory
from seqctl.store.people import SqlitePeople
from seqctl.store.sequences import SqliteSequences
from seqctl.store.tick_lock import tick_lock
from seqctl.store.workspace import SqliteWorkspace

if TYPE_CHECKING:
    import sqlite3

    from seqctl.domain.errors import SeqctlError
    from seqctl.store.contacts import SqliteContacts
    from seqctl.store.enrollments import SqliteEnrollments
    from seqctl.store.holds import SqliteHolds
    from seqctl.store.outbox import SqliteOutbox
    from seqctl.store.received import SqliteReceived
    from seqctl.store.tasks import SqliteTasks
    from seqctl.store.views import SqliteViews


class SqliteStore:
    """Implements `ports.Store` over one connection."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection = connection
        self.path = path
        self.workspace = SqliteWorkspace(connection)
        self.people = SqlitePeople(connection)
        self.sequences = SqliteSequences(connection)
        self.history = SqliteHistory(connection)
        self._told: datetime | None = None
        self._seen: datetime | None = None

    @property
    def contacts(self) -> SqliteContacts:
        """Contacts, opt-outs, blocks and segments."""
        from seqctl.store.contacts import SqliteContacts

        return SqliteContacts(self.connection)

    @property
    def enrollments(self) -> SqliteEnrollments:
        """Enrollments and their agenda."""
        from seqctl.store.enrollments import SqliteEnrollments

        return SqliteEnrollments(self.connection)

    @property
    def holds(self) -> SqliteHolds:
        """Holds."""
        from seqctl.store.holds import SqliteHolds

        return SqliteHolds(self.connection)

    @property
    def outbox(self) -> SqliteOutbox:
        """Copies of captured mail that are still to be written."""
        from seqctl.store.outbox import SqliteOutbox

        return SqliteOutbox(self.connection)

    @property
    def received(self) -> SqliteReceived:
        """Mails that were read."""
        from seqctl.store.received import SqliteReceived

        return SqliteReceived(self.connection)

    @property
    def tasks(self) -> SqliteTasks:
        """Tasks."""
        from seqctl.store.tasks import SqliteTasks

        return SqliteTasks(self.connection)

    @property
    def views(self) -> SqliteViews:
        """What people look at."""
        from seqctl.store.views import SqliteViews

        return SqliteViews(self.connection)

    def writing(self, *, patient: bool = False) -> AbstractContextManager[None]:
        """One write transaction: all or nothing; inside another one, part of that one.

        A `patient` one waits for the workspace up to PATIENCE_S, which no command takes.
        """
        if patient:
            return patiently(self.connection, writing(self.connection, self._refuse_late))
        return writing(self.connection, self._refuse_late)

    def tell(self, now: datetime) -> None:
        """A command is told that it is `now`, and will write so.

        From here on `writing` raises Busy (`CLOCK_MOVED`) where something later has happened
        meanwhile: what waited for a tick must not write into the time before it. Nor may it write
        into the time of a clock that another command has found to be ahead (`clock accept`).
        """
        self._told, self._seen = now, self.history.last_at()

    def _refuse_late(self) -> None:
        last = None if self._told is None else self.history.last_at()
        if self._told is None or last is None:
            return
        if last > self._told or (self._seen is not None and last < self._seen):
            from seqctl.domain.errors import Busy

            raise Busy(
                "The workspace's clock was moved while this command waited; nothing was changed.",
                "type the same command again",
                code="CLOCK_MOVED",
            )

    def reading(self) -> AbstractContextManager[None]:
        """Several reads that see one state."""
        return reading(self.connection)

    def rehearsing(self) -> AbstractContextManager[None]:
        """A write transaction that is undone at its end: what would happen, exactly."""
        return rehearsing(self.connection)

    def tick_lock(self) -> AbstractContextManager[None]:
        """One tick at a time; raises Busy at once where another one is at work."""
        self._told = None  # a tick makes its own time
        return tick_lock(self.path)

    def refuse_other_tables(self) -> None:
        """Raise BadFile (`DAMAGED`) where the tables are not as seqctl makes them."""
        from seqctl.store.doctor import other_tables
        from seqctl.store.trouble import damaged

        for finding in other_tables(self.connection):
            raise damaged(self.path, f"{finding.table} {finding.message}")

    def damage(self) -> str | None:
        """What is wrong with the stored rows, the first of it, or None; it reads all of them."""
        from seqctl.store.doctor import damages

        found = next(damages(self.connection), None)
        if found is None:
            return None
        named = [found.table, "" if found.row is None else str(found.row), found.message]
        return " ".join(word for word in named if word)

    def close(self) -> None:
        """Close the file."""
        self.connection.close()


def open_store(path: Path) -> SqliteStore:
    """Open an existing workspace; raises NoWorkspace, BadFile or Busy (see `open_file`)."""
    return SqliteStore(open_file(path), path)


def create_store(
    path: Path,
    *,
    simulated_now: datetime | None,
    prepare: Callable[[SqliteStore], object] | None = None,
) -> SqliteStore:
    """Create a workspace with a real clock, or a simulated one that shows `simulated_now`.

    What `prepare` writes is part of it: the file appears whole, or not at all.

    Raises BadFile where the file exists already or can't be made.
    """
    from seqctl.store.placing import appearing, refuse_existing
    from seqctl.store.temporaries import clear_left_behind

    appeared = clear_left_behind(path)
    if not appeared:
        refuse_existing(path)
    with closing(blank()) as memory:
        store = SqliteStore(memory, path)
        with store.writing():
            store.workspace.found(simulated_now=simulated_now)
            if prepare is not None:
                prepare(store)
        if appeared:
            return _as_made(open_store(path), store)
        with appearing(path) as temporary:
            copy_into(memory, temporary)
    return open_store(path)


def _as_made(found: SqliteStore, wanted: SqliteStore) -> SqliteStore:
    """What an interrupted run had made already; raises BadFile where it made, or became, another."""
    from seqctl import durable
    from seqctl.store.placing import exists

    if _newborn(found) == _newborn(wanted):
        durable.sync(found.path.parent)  # its name may not have been there for good
        return found
    found.close()
    raise exists(found.path)


def _newborn(store: SqliteStore) -> tuple[object, ...]:
    state = store.workspace.state()
    return state.simulated, state.last_tick_at, store.people.users(), store.history.last_id()


def was_interrupted(path: Path) -> bool:
    """Whether a workspace had appeared at `path` when the command that made it was killed."""
    from seqctl.store import temporaries

    return os.path.lexists(path) and temporaries.was_interrupted(path)


def translate(error: BaseException, path: Path) -> SeqctlError | None:
    """The user's trouble behind an error, or None where there is none.

    What nobody foresaw may come from a damaged file; so that is looked at.
    """
    import sqlite3

    from seqctl.store.trouble import diagnosis, sentence

    told = sentence(error, path) if isinstance(error, sqlite3.Error) else None
    return told or diagnosis(path)
