"""The SQLite workspace: the only place that knows SQL."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from seqctl.domain.errors import Busy
from seqctl.store.connection import (
    blank,
    connect,
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
from seqctl.store.tick_lock import Locked, moved, tick_lock
from seqctl.store.workspace import Marks, SqliteWorkspace

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
        self.path = path
        self._told: datetime | None = None
        self._seen: datetime | None = None
        self._owned: Marks | None = None
        self._locked: Locked | None = None
        self._moved_from: Path | None = None
        self._work_on(connection)

    def _work_on(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.workspace = SqliteWorkspace(connection)
        self.people = SqlitePeople(connection)
        self.sequences = SqliteSequences(connection)
        self.history = SqliteHistory(connection)

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

    def writing(self) -> AbstractContextManager[None]:
        """One write transaction: all or nothing; inside another one, part of that one.

        Raises Busy where the clock went on meanwhile (see `tell`), and where another tick has taken
        the workspace from this one (`LOST`).
        """
        return writing(self.connection, self._check)

    @contextmanager
    def recording(self) -> Generator[None]:
        """A write transaction for what can't be had again: an answer of a server.

        It waits for the workspace up to PATIENCE_S, which no command takes; it is not refused; and
        where the file was moved from under the tick it follows it. Raises Busy (`MOVED`) where it
        has no name any more.
        """
        self._follow()
        with patiently(self.connection, writing(self.connection, self._refuse_another)):
            yield

    def _follow(self) -> None:
        """Work on the file where it lies now: SQLite writes nothing to one that was moved."""
        if self._locked is None or not self._locked.moved:
            return
        path, place = self._locked.path, self._locked.place()
        self._moved_from = self._moved_from or path
        if place is None:
            raise moved(path)
        self.connection.close()
        self._work_on(connect(place))
        self._locked = self._locked._replace(path=place)

    def is_mine(self) -> bool:
        """Whether the workspace still belongs to the tick at work here."""
        return self._owned is None or self.workspace.marks() == self._owned

    def tell(self, now: datetime) -> None:
        """A command is told that it is `now`, and will write so.

        From here on `writing` raises Busy (`CLOCK_MOVED`) where something later has happened
        meanwhile: what waited for a tick must not write into the time before it. Nor may it write
        into the time of a clock that another command has found to be ahead (`clock accept`).
        """
        self._told, self._seen = now, self.history.last_at()

    def _check(self) -> None:
        self._refuse_late()
        if self._moved_from is not None:
            raise moved(self._moved_from)
        if not self.is_mine():
            raise _lost()

    def _refuse_another(self) -> None:
        marks = self.workspace.marks()
        if self._owned is not None and (marks is None or marks.secret != self._owned.secret):
            raise _lost()

    def _refuse_late(self) -> None:
        last = None if self._told is None else self.history.last_at()
        if self._told is None or last is None:
            return
        if last > self._told or (self._seen is not None and last < self._seen):
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

    @contextmanager
    def tick_lock(self, *, rehearsal: bool = False) -> Generator[None]:
        """One tick at a time, whatever name it has for the file; raises as `tick_lock.tick_lock`.

        The tick is known by a token of its own in the workspace, which each of its transactions
        looks for. A `rehearsal` changes nothing, and so needs none.
        """
        self._told = None  # a tick makes its own time
        with tick_lock(self._real_path()) as locked:
            if rehearsal:
                yield
                return
            with self.writing():
                owned = self.workspace.own(token_hex(16))
            if locked.moved:  # SQLite has just made sure that its own file has that name
                raise moved(locked.path)
            self._owned, self._locked = owned, locked
            try:
                yield
            finally:
                self._owned = self._locked = None

    def _real_path(self) -> Path:
        """Where the file lies that is open, also if the path that led to it leads elsewhere by now."""
        return Path(self.connection.execute("PRAGMA database_list").fetchone()[2])

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


def _lost() -> Busy:
    return Busy(
        "Another tick has taken this workspace over, or another file its place; this tick has stopped.",
        "seqctl status",
        code="LOST",
    )


def translate(error: BaseException, path: Path) -> SeqctlError | None:
    """The user's trouble behind an error, or None where there is none.

    What nobody foresaw may come from a damaged file; so that is looked at.
    """
    import sqlite3

    from seqctl.ports import RowRefused
    from seqctl.store.trouble import diagnosis, sentence

    told = sentence(error, path) if isinstance(error, sqlite3.Error) else None
    return told or diagnosis(path, refused=isinstance(error, RowRefused))
